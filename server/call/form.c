/* ICU works on UTF-16, of which a text has no more units than it has bytes in UTF-8.  */
#include "call/form.h"

#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

/* A character becomes at most three in NFC (UAX 15, 9); room for more is not needed elsewhere. */
enum { GROWTH = 3, UNITS = GROWTH * LIMIT_PASSWORD };

bool
form_is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char) *text >= 0x80)
            return false;
    return true;
}

/* Nothing below U+0300 can be composed with anything, so letters of Latin-1 are NFC as they are. */
static bool
is_surely_nfc(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char) *text >= 0xcc)
            return false;
    return true;
}

/* They are made once and live as long as the process, whoever asks. */
static const UNormalizer2 *
normaliser_of(Form form, UErrorCode *error)
{
    switch (form) {
    case FORM_NFC:
        return unorm2_getNFCInstance(error);
    case FORM_NFD:
        return unorm2_getNFDInstance(error);
    case FORM_NFKC:
        return unorm2_getNFKCInstance(error);
    case FORM_FOLDED:
        break;
    }
    return unorm2_getNFKCCasefoldInstance(error);
}

const char *
form_nfc(Call *call, const char *text)
{
    UErrorCode error = U_ZERO_ERROR;
    int32_t size = (int32_t) strlen(text), count = 0;

    if (is_surely_nfc(text))
        return text;

    UChar *units = call_alloc(call, ((size_t) size + 1) * sizeof *units);

    if (units == NULL)
        return NULL;
    u_strFromUTF8(units, size + 1, &count, text, size, &error);
    if (U_FAILURE(error))
        return text;

    const UNormalizer2 *nfc = normaliser_of(FORM_NFC, &error);

    if (unorm2_isNormalized(nfc, units, count, &error) && U_SUCCESS(error))
        return text;

    UChar *composed = call_alloc(call, ((size_t) count * GROWTH + 1) * sizeof *composed);
    char *out = call_alloc(call, (size_t) size * GROWTH + 1);

    if (composed == NULL || out == NULL)
        return NULL;
    count = unorm2_normalize(nfc, units, count, composed, count * GROWTH + 1, &error);
    u_strToUTF8(out, size * GROWTH + 1, NULL, composed, count, &error);
    if (U_SUCCESS(error))
        return out;
    (void) !call_defect(call, "a text has no NFC: %s", u_errorName(error));
    return NULL;
}

bool
form_into(Form form, const char *text, char *out, size_t room)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar units[LIMIT_PASSWORD + 1], made[UNITS];
    int32_t count = 0, size = 0;

    u_strFromUTF8(units, LIMIT_PASSWORD + 1, &count, text, -1, &error);
    count = unorm2_normalize(normaliser_of(form, &error), units, count, made, UNITS, &error);
    u_strToUTF8(out, (int32_t) room, &size, made, count, &error);
    return U_SUCCESS(error) && error != U_STRING_NOT_TERMINATED_WARNING;
}
