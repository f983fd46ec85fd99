/* Finds statements by their semicolons, which count only outside comments, quotes, parentheses and
 * the bodies of functions that SQL's standard knows (begin atomic … end): as psql does.  */
#include "migration/statement.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

bool
statement_is_letter(char c)
{
    return isalpha((unsigned char) c) || c == '_' || (c & 0x80) != 0;
}

static bool
goes_on(char c)
{
    return statement_is_letter(c) || isdigit((unsigned char) c) || c == '$';
}

const char *
statement_word(const char *text)
{
    if (statement_is_letter(*text))
        while (goes_on(*text))
            text++;
    return text;
}

static const char *
skip_comment(const char *text)
{
    unsigned depth = 1; /* in PostgreSQL comments nest */

    if (text[0] == '-')
        return text + strcspn(text, "\r\n");
    for (text += 2; *text != '\0' && depth > 0; text++) {
        if (text[0] == '/' && text[1] == '*') {
            depth++;
            text++;
        } else if (text[0] == '*' && text[1] == '/') {
            depth--;
            text++;
        }
    }
    return text;
}

/* A string goes on behind a line's end: 'one' and, on the next line, 'two' are one string, of the
 * first one's kind. */
static const char *
next_part(const char *end)
{
    bool has_line_end = false;

    while (isspace((unsigned char) *end) || (end[0] == '-' && end[1] == '-')) {
        if (*end == '-') {
            end = skip_comment(end);
            continue;
        }
        has_line_end = has_line_end || *end == '\n' || *end == '\r';
        end++;
    }
    return has_line_end && *end == '\'' ? end : NULL;
}

static const char *
skip_string(const char *text, bool has_escapes)
{
    for (;;) {
        const char *next;

        for (text++; *text != '\0' && *text != '\''; text++)
            if (has_escapes && *text == '\\' && text[1] != '\0')
                text++;
        if (*text == '\0')
            return text;
        text++;
        if (*text == '\'')
            continue;
        next = next_part(text);
        if (next == NULL)
            return text;
        text = next;
    }
}

static const char *
skip_dollars(const char *text)
{
    size_t tag = 1;

    if (text[1] != '$' && !statement_is_letter(text[1]))
        return text;
    while (statement_is_letter(text[tag]) || isdigit((unsigned char) text[tag]))
        tag++;
    if (text[tag] != '$')
        return text;
    tag++;
    for (const char *end = text + tag; *end != '\0'; end++)
        if (strncmp(end, text, tag) == 0)
            return end + tag;
    return text + strlen(text);
}

const char *
statement_skip(const char *start, const char *text)
{
    const char *end;

    if ((text[0] == '-' && text[1] == '-') || (text[0] == '/' && text[1] == '*'))
        return skip_comment(text);
    if (*text == '\'') {
        bool has_escapes = text > start && toupper((unsigned char) text[-1]) == 'E' &&
                           (text - 1 == start || !goes_on(text[-2]));

        return skip_string(text, has_escapes);
    }
    if (*text == '"') {
        end = strchr(text + 1, '"');
        return end == NULL ? text + strlen(text) : end + 1;
    }
    return *text == '$' ? skip_dollars(text) : text;
}

/* How far a statement is read, to know which of its semicolons are inside. */
typedef struct Depth {
    char first[4]; /* the letters of its first words, of those that can begin a function */
    size_t words, parentheses, blocks;
} Depth;

static bool
is_word(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

static bool
makes_function(const Depth *depth)
{
    const char *f = depth->first;
    size_t i = f[1] == 'o' && f[2] == 'r' ? 3 : 1; /* create [or replace] */

    return f[0] == 'c' && (f[i] == 'f' || f[i] == 'p');
}

static void
count_word(Depth *depth, const char *text, size_t size)
{
    static const char *const heads[] = {"create", "or", "replace", "function", "procedure"};

    for (size_t i = 0; depth->words < sizeof depth->first && i < sizeof heads / sizeof *heads; i++)
        if (is_word(text, size, heads[i]))
            depth->first[depth->words] = (char) tolower((unsigned char) *text);
    depth->words++;
    if (depth->parentheses > 0 || !makes_function(depth))
        return;
    if (is_word(text, size, "begin") || (depth->blocks > 0 && is_word(text, size, "case")))
        depth->blocks++;
    else if (depth->blocks > 0 && is_word(text, size, "end"))
        depth->blocks--;
}

/* Where the statement that starts here has its semicolon, or the text its end. */
static const char *
statement_end(const char *text, const char *at)
{
    Depth depth = {0};

    while (*at != '\0') {
        const char *end = statement_word(at);

        if (end != at) {
            count_word(&depth, at, (size_t) (end - at));
            at = end;
            continue;
        }
        end = statement_skip(text, at);
        if (end != at) {
            at = end;
            continue;
        }
        if (*at == ';' && depth.parentheses == 0 && depth.blocks == 0)
            break;
        depth.parentheses += *at == '(';
        depth.parentheses -= *at == ')' && depth.parentheses > 0;
        at++;
    }
    return at;
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
    at = statement_end(text, at);
    *size = (size_t) (at - *start);
    return *at == ';' ? at + 1 : at;
}
