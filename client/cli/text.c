/* Makes texts fit for a terminal.  What a server sends may hold anything that somebody once typed
 * into a form, so all of it is printed by these functions.  */
#include "client/cli/text.h"
#include "proto/visible.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 64 }; /* letters that are compared; commands and flags are shorter */

char *
text_visible(const char *text)
{
    return visible_copy(text, VISIBLE_ONE_LINE);
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
    size_t left = text != NULL ? strlen(text) : 0;
    uint32_t before = 0, character;

    /* outside of strings JSON has line ends only; inside strings jansson escapes them */
    for (const char *at = text; left > 0;) {
        bool is_shown;
        size_t size = visible_read(before, at, left, VISIBLE_LINES, &character, &is_shown);

        /* as jansson writes its own: a pair of surrogates for what is over U+FFFF */
        if (is_shown)
            fwrite(at, 1, size, out);
        else if (character < 0x10000)
            fprintf(out, "\\u%04X", (unsigned) character);
        else
            fprintf(out, "\\u%04X\\u%04X", (unsigned) (0xd7c0 + (character >> 10)),
                    (unsigned) (0xdc00 + (character & 0x3ff)));
        before = is_shown ? character : 0;
        at += size;
        left -= size;
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
