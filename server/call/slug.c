/* The letters are ICU's to know: https://unicode-org.github.io/icu/userguide/transforms/general/
 */
#include "call/slug.h"

#include <stdbool.h>
#include <stddef.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

/* What is read from a name at most; its Latin form is rarely longer than twice this. */
enum { NAME_MAX_UNITS = 256, LATIN_MAX_UNITS = 1024 };

/* Modifier letters, such as those for soft signs, say nothing in ASCII. */
static const UChar rules[] = u"[:^Han:] Any-Latin; [:Lm:] Remove; Latin-ASCII; Any-NFKD";

/* False: no memory, or ICU's data are missing. */
static bool
to_latin(const char *name, UChar latin[LATIN_MAX_UNITS], int32_t *length)
{
    UErrorCode error = U_ZERO_ERROR;
    UTransliterator *letters = utrans_openU(rules, -1, UTRANS_FORWARD, NULL, 0, NULL, &error);
    int32_t limit;

    if (U_FAILURE(error))
        return false;
    /* characters that are not UTF-8 cannot come, and would be replaced */
    u_strFromUTF8WithSub(latin, NAME_MAX_UNITS, length, name, -1, 0xfffd, NULL, &error);
    if (error == U_BUFFER_OVERFLOW_ERROR)
        *length = NAME_MAX_UNITS;
    error = U_ZERO_ERROR;
    limit = *length;
    utrans_transUChars(letters, latin, length, LATIN_MAX_UNITS, 0, &limit, &error);
    utrans_close(letters);
    if (*length > LATIN_MAX_UNITS)
        *length = LATIN_MAX_UNITS;
    return !U_FAILURE(error) || error == U_BUFFER_OVERFLOW_ERROR;
}

static char
as_lower(UChar unit)
{
    if (unit >= 'A' && unit <= 'Z')
        return (char) (unit - 'A' + 'a');
    return (unit >= 'a' && unit <= 'z') || (unit >= '0' && unit <= '9') ? (char) unit : '\0';
}

void
slug_make(const char *name, char *slug, size_t size)
{
    UChar latin[LATIN_MAX_UNITS];
    int32_t length = 0;
    size_t used = 0;
    bool gap = false;

    if (!to_latin(name, latin, &length))
        length = 0;
    for (int32_t i = 0; i < length; i++) {
        char letter = as_lower(latin[i]);
        bool is_mark = latin[i] >= 0x300 && latin[i] <= 0x36f;

        if (letter == '\0') {
            gap = gap || !is_mark;
            continue;
        }
        if (used + (gap && used > 0) + 1 >= size)
            break;
        if (gap && used > 0)
            slug[used++] = '_';
        gap = false;
        slug[used++] = letter;
    }
    slug[used] = '\0';
}
