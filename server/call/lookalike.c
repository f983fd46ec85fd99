/* One checker for all, made at the first address that is not ASCII; ICU lets threads share it.  */
#include "call/lookalike.h"
#include "base/limits.h"
#include "call/form.h"
#include "proto/utf8.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>

/* What a character looks like is some characters long, of four bytes each. */
enum { SKELETON_SIZE = 16 * LIMIT_EMAIL };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static USpoofChecker *checker; /* NULL: ICU's data are missing */

static void
open_checker(void)
{
    UErrorCode error = U_ZERO_ERROR;

    checker = uspoof_open(&error);
    uspoof_setChecks(checker, USPOOF_RESTRICTION_LEVEL, &error);
    if (U_FAILURE(error)) {
        uspoof_close(checker);
        checker = NULL;
        return;
    }
    uspoof_setRestrictionLevel(checker, USPOOF_HIGHLY_RESTRICTIVE);
}

static bool
is_of_word(char c)
{
    return (unsigned char) c >= 0x80 || (c >= '0' && c <= '9') ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool
lookalike_mixes(const char *text)
{
    pthread_once(&once, open_checker);
    while (*text != '\0') {
        UErrorCode error = U_ZERO_ERROR;
        int32_t size = 0;

        while (is_of_word(text[size]))
            size++;
        if (size > 0 &&
            (checker == NULL || uspoof_checkUTF8(checker, text, size, NULL, &error) != 0))
            return true;
        text += size > 0 ? size : 1;
    }
    return false;
}

static bool
has_other_script(const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        UErrorCode error = U_ZERO_ERROR;
        uint32_t character;
        size_t size = utf8_read(text, left, &character);
        UScriptCode script;

        if (size == 0)
            return false;
        script = uscript_getScript((UChar32) character, &error);
        if (script != USCRIPT_LATIN && script != USCRIPT_COMMON && script != USCRIPT_INHERITED)
            return true;
        text += size;
        left -= size;
    }
    return false;
}

bool
lookalike_of_ascii(const char *text)
{
    UErrorCode error = U_ZERO_ERROR;
    char skeleton[SKELETON_SIZE];

    if (!has_other_script(text))
        return false;
    pthread_once(&once, open_checker);
    if (checker == NULL)
        return true;
    uspoof_getSkeletonUTF8(checker, 0, text, -1, skeleton, SKELETON_SIZE, &error);
    return U_FAILURE(error) || error == U_STRING_NOT_TERMINATED_WARNING || form_is_ascii(skeleton);
}
