/* Finds statements by their semicolons, which count only outside comments and quotes.  */
#include "migration/statement.h"

#include <ctype.h>
#include <string.h>

const char *
statement_skip(const char *start, const char *text)
{
    const char *end;

    if (text[0] == '-' && text[1] == '-')
        return text + strcspn(text, "\n");
    if (text[0] == '/' && text[1] == '*') {
        unsigned depth = 1; /* in PostgreSQL comments nest */

        for (end = text + 2; *end != '\0' && depth > 0; end++) {
            if (end[0] == '/' && end[1] == '*') {
                depth++;
                end++;
            } else if (end[0] == '*' && end[1] == '/') {
                depth--;
                end++;
            }
        }
        return end;
    }
    if (*text == '\'' || *text == '"') {
        for (end = text + 1; *end != '\0' && *end != *text; end++)
            if (*end == '\\' && *text == '\'' && text > start &&
                toupper((unsigned char) text[-1]) == 'E' && end[1] != '\0')
                end++;
        return *end == '\0' ? end : end + 1;
    }
    if (*text == '$' && (text[1] == '$' || isalpha((unsigned char) text[1]) || text[1] == '_')) {
        size_t tag = 1;

        while (isalnum((unsigned char) text[tag]) || text[tag] == '_')
            tag++;
        if (text[tag] != '$')
            return text;
        tag++;
        for (end = text + tag; *end != '\0'; end++)
            if (strncmp(end, text, tag) == 0)
                return end + tag;
        return end;
    }
    return text;
}

const char *
statement_next(const char *text, const char **start, size_t *size)
{
    const char *at = text;

    for (;;) {
        const char *end = *at == '-' || *at == '/' ? statement_skip(text, at) : at;

        if (end != at) {
            at = end;
            continue;
        }
        if (*at != ';' && !isspace((unsigned char) *at))
            break;
        at++;
    }
    if (*at == '\0')
        return NULL;
    *start = at;
    while (*at != '\0' && *at != ';') {
        const char *end = statement_skip(text, at);

        at = end == at ? at + 1 : end;
    }
    *size = (size_t) (at - *start);
    return *at == ';' ? at + 1 : at;
}
