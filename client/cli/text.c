/* Makes texts fit for a terminal.  What a server sends may hold anything that somebody once typed
 * into a form, so all of it is printed by these functions.  */
#include "client/cli/text.h"
#include "proto/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 64 }; /* letters that are compared; commands and flags are shorter */

/* Whether a terminal would act on it: C0 and C1 controls, line separators, and the marks that turn
 * the direction of writing, by which a text can look like another one. */
static bool
is_obeyed(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character <= 0x9f) || character == 0x200e ||
           character == 0x200f || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

char *
text_visible(const char *text)
{
    const char *at = text;
    char *out = calloc(1, strlen(text) * 4 + 1), *end = out; /* one byte becomes four at most */

    while (out != NULL && *at != '\0') {
        uint32_t character = 0;
        size_t size = utf8_read(at, UTF8_SIZE_MAX, &character);

        if (size == 0) {
            end += snprintf(end, sizeof "\\x00", "\\x%02x", (unsigned) (unsigned char) *at);
            size = 1;
        } else if (is_obeyed(character)) {
            end += snprintf(end, sizeof "\\u0000", character < 0x100 ? "\\x%02x" : "\\u%04x",
                            (unsigned) character);
        } else {
            memcpy(end, at, size);
            end += size;
        }
        at += size;
    }
    return out;
}

void
text_print(const char *text, FILE *out)
{
    char *visible = text_visible(text);

    fputs(visible != NULL ? visible : "?", out);
    free(visible);
}

void
text_print_line(const char *text, FILE *out)
{
    char *line = strdup(text);

    for (char *c = line; c != NULL && *c != '\0'; c++)
        if (*c == '\n' || *c == '\t')
            *c = ' ';
    text_print(line != NULL ? line : "?", out);
    free(line);
}

void
text_print_json(const json_t *json, FILE *out)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    const char *at = text;

    while (at != NULL && *at != '\0') {
        uint32_t character = 0;
        size_t size = utf8_read(at, UTF8_SIZE_MAX, &character);

        /* outside of strings JSON has line ends only; inside strings jansson escapes them */
        if (size > 0 && is_obeyed(character) && character != '\n')
            fprintf(out, "\\u%04X", (unsigned) character); /* as jansson writes its own */
        else
            fwrite(at, 1, size > 0 ? size : 1, out);
        at += size > 0 ? size : 1;
    }
    fputc('\n', out);
    free(text);
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
text_distance(const char *one, const char *other)
{
    size_t rows[3][WORD_MAX + 1], height = strnlen(one, WORD_MAX), width = strnlen(other, WORD_MAX);
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t x = 0; x <= width; x++)
        row[x] = x;
    for (size_t y = 1; y <= height; y++) {
        size_t *free_row = before;

        before = last;
        last = row;
        row = free_row;
        row[0] = y;
        for (size_t x = 1; x <= width; x++) {
            row[x] =
                least(last[x - 1] + (one[y - 1] != other[x - 1]), least(last[x], row[x - 1]) + 1);
            if (y > 1 && x > 1 && one[y - 1] == other[x - 2] && one[y - 2] == other[x - 1])
                row[x] = least(row[x], before[x - 2] + 1);
        }
    }
    return row[width];
}
