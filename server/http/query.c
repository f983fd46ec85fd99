/* See query.h.  */
#include "http/query.h"

#include <ctype.h>

Slice
query_value(Slice query, const char *name, bool *is_twice)
{
    Slice found = {NULL, 0}, pair, key;

    *is_twice = false;
    while (slice_next(&query, '&', &pair)) {
        if (!slice_next(&pair, '=', &key) || !slice_is(key, name))
            continue;
        *is_twice = *is_twice || found.at != NULL;
        found = pair.at == NULL ? (Slice){"", 0} : pair;
    }
    return found;
}

static int
digit_of(char c)
{
    if (!isxdigit((unsigned char) c))
        return -1;
    return isdigit((unsigned char) c) ? c - '0' : tolower((unsigned char) c) - 'a' + 10;
}

bool
query_decode(Slice value, char *out, size_t *size)
{
    *size = 0;
    for (size_t i = 0; i < value.size; i++) {
        char c = value.at[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            bool is_whole = i + 2 < value.size;
            int high = is_whole ? digit_of(value.at[i + 1]) : -1;
            int low = is_whole ? digit_of(value.at[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char) (high * 16 + low);
            i += 2;
        }
        out[(*size)++] = c;
    }
    return true;
}
