/* See slice.h.  */
#include "http/slice.h"

#include <string.h>
#include <strings.h>

bool
slice_is(Slice slice, const char *text)
{
    return slice.at != NULL && slice.size == strlen(text) &&
           memcmp(slice.at, text, slice.size) == 0;
}

bool
slice_same_nocase(Slice one, Slice other)
{
    return one.size == other.size &&
           (one.size == 0 || strncasecmp(one.at, other.at, one.size) == 0);
}

bool
slice_is_nocase(Slice slice, const char *text)
{
    return slice.at != NULL && slice_same_nocase(slice, (Slice){text, strlen(text)});
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

Slice
slice_trim(Slice slice)
{
    while (slice.size > 0 && is_blank(slice.at[0])) {
        slice.at++;
        slice.size--;
    }
    while (slice.size > 0 && is_blank(slice.at[slice.size - 1]))
        slice.size--;
    return slice;
}

bool
slice_next(Slice *rest, char mark, Slice *part)
{
    const char *end;

    if (rest->at == NULL)
        return false;
    end = rest->size == 0 ? NULL : memchr(rest->at, mark, rest->size);
    *part = (Slice){rest->at, end == NULL ? rest->size : (size_t) (end - rest->at)};
    *rest = end == NULL ? (Slice){NULL, 0} : (Slice){end + 1, rest->size - part->size - 1};
    return true;
}

bool
slice_copy(Slice slice, char *text, size_t size)
{
    if (slice.size >= size || (slice.size > 0 && memchr(slice.at, '\0', slice.size) != NULL))
        return false;
    if (slice.size > 0)
        memcpy(text, slice.at, slice.size);
    text[slice.size] = '\0';
    return true;
}
