/* The classes and contexts of RFC 8264, 9, in its order, by ICU's properties of characters.  What
 * all of ASCII means is written down, so that most passwords need no look at them.  */
#include "access/opaque.h"
#include "call/form.h"
#include "proto/utf8.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

typedef enum Class {
    CLASS_VALID,
    CLASS_CONTEXT, /* where its neighbours allow it */
    CLASS_WRONG
} Class;

/* Exceptions (RFC 5892, 2.6); the two that are valid in PRECIS because of their classes are left
 * out. */
static Class
exception_class(UChar32 character, bool *is_one)
{
    static const UChar32 wrong[] = {0x640, 0x7fa, 0x302e, 0x302f, 0x303b};
    static const UChar32 in_context[] = {0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb};

    *is_one = true;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (character == wrong[i])
            return CLASS_WRONG;
    for (size_t i = 0; i < sizeof in_context / sizeof *in_context; i++)
        if (character == in_context[i])
            return CLASS_CONTEXT;
    if (character >= 0x3031 && character <= 0x3035)
        return CLASS_WRONG;
    if ((character >= 0x660 && character <= 0x669) || (character >= 0x6f0 && character <= 0x6f9))
        return CLASS_CONTEXT;
    *is_one = false;
    return CLASS_VALID;
}

static bool
is_old_jamo(UChar32 character)
{
    int32_t type = u_getIntPropertyValue(character, UCHAR_HANGUL_SYLLABLE_TYPE);

    return type == U_HST_LEADING_JAMO || type == U_HST_VOWEL_JAMO || type == U_HST_TRAILING_JAMO;
}

static Class
class_of(UChar32 character)
{
    bool is_exception;
    Class exception;

    if (character < 0x80)
        return character >= 0x20 && character != 0x7f ? CLASS_VALID : CLASS_WRONG;
    exception = exception_class(character, &is_exception);
    if (is_exception)
        return exception;
    if (u_charType(character) == U_UNASSIGNED)
        return CLASS_WRONG;
    if (u_hasBinaryProperty(character, UCHAR_JOIN_CONTROL))
        return CLASS_CONTEXT;
    if (is_old_jamo(character) ||
        u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
        return CLASS_WRONG;
    /* letters, digits, marks, symbols, punctuation and spaces */
    return (U_GET_GC_MASK(character) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK | U_GC_S_MASK |
                                        U_GC_P_MASK | U_GC_ZS_MASK)) != 0
               ? CLASS_VALID
               : CLASS_WRONG;
}

/* ---- contexts (RFC 5892, appendix A) ---- */

static bool
is_of_script(UChar32 character, UScriptCode script)
{
    UErrorCode error = U_ZERO_ERROR;

    return character != 0 && uscript_getScript(character, &error) == script;
}

/* The next one that joins, to one side or the other, past those that are transparent. */
static bool
joins(const uint32_t *text, size_t count, size_t at, bool forwards)
{
    for (size_t i = at; forwards ? ++i < count : i-- > 0;) {
        int32_t type = u_getIntPropertyValue((UChar32) text[i], UCHAR_JOINING_TYPE);

        if (type != U_JT_TRANSPARENT)
            return type == U_JT_DUAL_JOINING ||
                   type == (forwards ? U_JT_RIGHT_JOINING : U_JT_LEFT_JOINING);
    }
    return false;
}

static bool
has_between(const uint32_t *text, size_t count, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < count; i++)
        if (text[i] >= from && text[i] <= to)
            return true;
    return false;
}

static bool
has_japanese(const uint32_t *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_of_script((UChar32) text[i], USCRIPT_HIRAGANA) ||
            (text[i] != 0x30fb && is_of_script((UChar32) text[i], USCRIPT_KATAKANA)) ||
            is_of_script((UChar32) text[i], USCRIPT_HAN))
            return true;
    return false;
}

static bool
is_in_context(const uint32_t *text, size_t count, size_t at)
{
    UChar32 before = at > 0 ? (UChar32) text[at - 1] : 0;
    UChar32 after = at + 1 < count ? (UChar32) text[at + 1] : 0;
    enum { VIRAMA = 9 };

    switch (text[at]) {
    case 0x200c: /* ZERO WIDTH NON-JOINER */
        return u_getCombiningClass(before) == VIRAMA ||
               (joins(text, count, at, false) && joins(text, count, at, true));
    case 0x200d: /* ZERO WIDTH JOINER */
        return u_getCombiningClass(before) == VIRAMA;
    case 0xb7: /* MIDDLE DOT */
        return before == 'l' && after == 'l';
    case 0x375: /* GREEK LOWER NUMERAL SIGN */
        return is_of_script(after, USCRIPT_GREEK);
    case 0x5f3: /* HEBREW PUNCTUATION GERESH and GERSHAYIM */
    case 0x5f4:
        return is_of_script(before, USCRIPT_HEBREW);
    case 0x30fb: /* KATAKANA MIDDLE DOT */
        return has_japanese(text, count);
    default: /* digits of Arabic, and of Persian and Urdu: not both */
        return text[at] < 0x6f0 ? !has_between(text, count, 0x6f0, 0x6f9)
                                : !has_between(text, count, 0x660, 0x669);
    }
}

/* ---- a password ---- */

/* Its characters, with spaces of all kinds as U+0020; out has its bytes again.  The count. */
static size_t
read_characters(const char *text, uint32_t *characters, char *out)
{
    size_t count = 0;

    for (size_t left = strlen(text); left > 0;) {
        uint32_t character = 0xfffd; /* messages are UTF-8 */
        size_t size = utf8_read(text, left, &character);

        size = size > 0 ? size : 1;
        if (u_charType((UChar32) character) == U_SPACE_SEPARATOR) {
            character = ' ';
            *out++ = ' ';
        } else {
            memcpy(out, text, size);
            out += size;
        }
        characters[count++] = character;
        text += size;
        left -= size;
    }
    *out = '\0';
    return count;
}

static bool
is_visible_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char) *text < 0x20 || (unsigned char) *text >= 0x7f)
            return false;
    return true;
}

bool
opaque_prepare(Call *call, const char *text, const char **prepared, OpaqueWrong *wrong)
{
    *wrong = (OpaqueWrong){0};
    *prepared = text[0] != '\0' ? text : NULL;
    if (is_visible_ascii(text))
        return true;

    /* a space is no part of what is composed, so that it does not matter which comes first */
    const char *composed = form_nfc(call, text);
    size_t size = composed == NULL ? 0 : strlen(composed), count;
    uint32_t *characters = call_alloc(call, (size + 1) * sizeof *characters);
    char *out = call_alloc(call, size + 1);

    if (composed == NULL || characters == NULL || out == NULL)
        return false;
    count = read_characters(composed, characters, out);
    *prepared = out;
    for (size_t i = 0; i < count && *prepared != NULL; i++) {
        Class class = class_of((UChar32) characters[i]);

        if (class == CLASS_WRONG ||
            (class == CLASS_CONTEXT && !is_in_context(characters, count, i))) {
            *wrong = (OpaqueWrong){.character = characters[i], .place = i + 1};
            *prepared = NULL;
        }
    }
    return true;
}
