/* Tells the encodings apart in which editors save text.  */
#include "migration/encoding.h"
#include "proto/utf8.h"

#include <stdbool.h>
#include <string.h>

size_t
encoding_mark_size(const char *text)
{
    static const char mark[] = "\xEF\xBB\xBF";

    return strncmp(text, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
}

static bool
is_utf16(const char *text, size_t size)
{
    return size >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0 ||
                         (text[0] == '\0') != (text[1] == '\0'));
}

const char *
encoding_wrong(const char *text, size_t size, size_t *line)
{
    size_t valid = utf8_valid(text, size);
    const char *nul = memchr(text, '\0', size);

    *line = 1;
    if (valid == size && nul == NULL)
        return NULL;
    if (is_utf16(text, size))
        return "the file is UTF-16: save it as UTF-8";
    if (nul != NULL && (size_t) (nul - text) < valid)
        valid = (size_t) (nul - text);
    for (size_t i = 0; i < valid; i++)
        *line += text[i] == '\n';
    return text[valid] == '\0' ? "must not have a NUL character"
                               : "this is not UTF-8: the file seems to be Latin-1 or Windows-1252; "
                                 "save it as UTF-8";
}
