/* Lines end with a line feed; the last may end without.  An empty text has no line.  */
#include "base/lines.h"

#include <string.h>

size_t
lines_count(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; count++) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return count;
}

char *
lines_next(char **text)
{
    char *line = *text, *end = line + strcspn(line, "\n");

    if (*line == '\0')
        return NULL;
    if (*end != '\0')
        *end++ = '\0';
    *text = end;
    return line;
}

static bool
have(const char *text, const char *wanted, size_t size, bool is_whole)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        if ((is_whole ? length == size : length >= size) && memcmp(text, wanted, size) == 0)
            return true;
        text += length + (text[length] == '\n');
    }
    return false;
}

bool
lines_have(const char *text, const char *line, size_t size)
{
    const bool is_whole = true;

    return have(text, line, size, is_whole);
}

bool
lines_have_start(const char *text, const char *start, size_t size)
{
    const bool is_whole = false;

    return have(text, start, size, is_whole);
}
