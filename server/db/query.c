/* Back from a statement's text to the line of the file that it comes from.  */
#include "db/query.h"

#include <ctype.h>
#include <string.h>

const QueryLine *
query_line(const Query *query, size_t at)
{
    static const QueryLine none = {0};
    const QueryLine *found = query->lines_count > 0 ? query->lines : &none;

    for (size_t i = 0; i < query->lines_count && query->lines[i].at <= at; i++)
        found = &query->lines[i];
    return found;
}

static bool
is_word(char c)
{
    return isalnum((unsigned char) c) || c == '_';
}

size_t
query_find_word(const Query *query, const char *word)
{
    const char *text = query->text, *at = text;
    size_t size = strlen(word), characters = 0;

    while (size > 0 && (at = strstr(at, word)) != NULL &&
           ((at > text && is_word(at[-1])) || is_word(at[size])))
        at += size;
    for (const char *c = text; at != NULL && c < at; c++)
        characters += ((unsigned char) *c & 0xc0) != 0x80;
    return characters;
}
