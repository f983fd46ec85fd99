/* Counts statements and characters as PostgreSQL does.  */
#include "migration/place.h"
#include "migration/statement.h"
#include "proto/utf8.h"

/* PostgreSQL counts characters from 1. */
static const char *
position_in(const char *script, int position)
{
    for (int i = 1; i < position && *script != '\0'; i++) {
        script++;
        while (utf8_goes_on(*script))
            script++;
    }
    return script;
}

/* The statement that PostgreSQL points into, or the first whose answer did not come. */
Place
place_find(const char *script, const CallFailure *failure)
{
    const char *point =
        failure->script_position > 0 ? position_in(script, failure->script_position) : NULL;
    const char *at = script, *next;
    Place place = {0};

    for (size_t i = 0; (next = statement_next(at, &place.statement, &place.size)) != NULL; i++) {
        if (point != NULL ? point < next : i == failure->script_statement)
            break;
        at = next;
    }
    place.point = point != NULL ? point : place.statement;
    return place;
}

uint32_t
place_line(const char *section, uint32_t first_line, const char *point)
{
    for (const char *c = section; point != NULL && c < point && *c != '\0'; c++)
        first_line += *c == '\n';
    return first_line;
}
