/* The grammar of RFC 5321 and RFC 6531, less all that can be written in two ways or hides what it
 * is.  Called by check.c for every field that is an address, and by mail/letter.c.  */
#include "call/address.h"
#include "base/limits.h"
#include "call/form.h"
#include "call/lookalike.h"
#include "call/text.h"
#include "proto/utf8.h"
#include "proto/visible.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

enum {
    LOCAL_MAX = 64,                  /* bytes before the @ (RFC 5321, 4.5.3.1.1) */
    SPELLING_SIZE = 5 * LIMIT_EMAIL, /* of an address in any form that is looked at */
};

/* A letter of an address in one form (NFC and NFKC), as Unicode's tables have it. */
static bool
is_letter(uint32_t character)
{
    switch (u_charType((UChar32) character)) {
    case U_UNASSIGNED:
    case U_PRIVATE_USE_CHAR:
    case U_SPACE_SEPARATOR:
        return false;
    default:
        return true;
    }
}

/* atext of RFC 5322, 3.2.3. */
static bool
is_atext(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Before the @: the text is visible, and its end is the @. */
static const char *
local_wrong(const char *text, const char *end)
{
    uint32_t character;

    if (end - text > LOCAL_MAX)
        return "must be at most 64 bytes before the @";
    for (const char *at = text; at < end;) {
        size_t size = utf8_read(at, (size_t) (end - at), &character);

        if (size == 0)
            return "must be valid UTF-8";
        if (size == 1 && *at == '.' && (at == text || at + 1 == end || at[1] == '.'))
            return "must not begin or end with a dot before the @, or have two in a row";
        if (size == 1 ? *at != '.' && !is_atext(*at) : !is_letter(character))
            return "must be an address alone, with letters, digits and .!#$%&'*+-/=?^_`{|}~ before "
                   "the @";
        at += size;
    }
    return NULL;
}

const char *
address_domain(const char *text, char host[HOST_SIZE])
{
    static const char wrong[] = "must have a domain after the @: example.com";
    char work[LIMIT_EMAIL + sizeof ".localhost"];
    size_t size = strlen(text);

    /* a port, a final dot and the dots of other scripts are for whoever types a host */
    if (size == 0 || size > LIMIT_EMAIL || strpbrk(text, ":/[]") != NULL || text[0] == '.' ||
        text[size - 1] == '.' || strstr(text, "..") != NULL ||
        strstr(text, "\xe3\x80\x82") != NULL || strstr(text, "\xef\xbc\x8e") != NULL ||
        strstr(text, "\xef\xbd\xa1") != NULL)
        return wrong;
    /* a host of the registry has a dot; a domain of the mail system need not */
    snprintf(work, sizeof work, "%s%s", text, strchr(text, '.') == NULL ? ".localhost" : "");
    if (host_normalise(work, false, host) != NULL)
        return wrong;
    if (strchr(text, '.') == NULL)
        *strrchr(host, '.') = '\0';
    return NULL;
}

/* Whether composing is all that its letters need: it has no compatibility
 * characters. */
static bool
is_composable(const char *text)
{
    char composed[SPELLING_SIZE], compatible[SPELLING_SIZE];

    return form_into(FORM_NFC, text, composed, sizeof composed) &&
           form_into(FORM_NFKC, text, compatible, sizeof compatible) &&
           strcmp(composed, compatible) == 0;
}

/* Of an address that is not all ASCII, or whose domain is written in ASCII for other letters. */
static const char *
letters_wrong(const char *text, const char *host)
{
    char letters[HOST_LETTERS_SIZE], seen[SPELLING_SIZE];
    const char *at = strrchr(text, '@');

    if (!is_composable(text))
        return "must not have compatibility characters, such as full-width letters or ligatures";
    host_to_letters(host, letters);
    snprintf(seen, sizeof seen, "%.*s@%s", (int) (at - text), text, letters);
    if (lookalike_mixes(seen))
        return "must not mix letters of several scripts in one word";
    if (lookalike_of_ascii(seen))
        return "must not have letters of another script that look like Latin ones";
    return NULL;
}

/* Whether it has one spelling only, but for case: every address but a few. */
static bool
is_plain(const char *text)
{
    return form_is_ascii(text) && strcasestr(text, "xn--") == NULL;
}

const char *
address_wrong(const char *text)
{
    const char *at = strrchr(text, '@'), *wrong;
    char host[HOST_SIZE];
    uint32_t character;
    size_t place;

    if (!visible_is(text, VISIBLE_ONE_LINE, &character, &place) || strchr(text, ' ') != NULL)
        return "must not contain spaces, or control, direction or invisible characters";
    if (at == NULL || at == text || at[1] == '\0' || strchr(text, '@') != at)
        return "must be an e-mail address with one @";
    if (strlen(text) > LIMIT_EMAIL)
        return "must be at most 254 bytes";
    if ((wrong = local_wrong(text, at)) != NULL || (wrong = address_domain(at + 1, host)) != NULL)
        return wrong;
    return is_plain(text) ? NULL : letters_wrong(text, host);
}

/* ---- its spellings ---- */

/* An address in its parts, by no other rule than that it has them: a row may be older than
 * address_wrong. */
typedef struct Parts {
    char local[SPELLING_SIZE]; /* composed */
    char host[HOST_SIZE], letters[HOST_LETTERS_SIZE];
} Parts;

static bool
read_parts(const char *text, Parts *parts)
{
    const char *at = strrchr(text, '@');
    char local[LIMIT_EMAIL + 1];

    if (at == NULL || at == text || strlen(text) > LIMIT_EMAIL || strchr(text, ' ') != NULL ||
        address_domain(at + 1, parts->host) != NULL)
        return false;
    memcpy(local, text, (size_t) (at - text));
    local[at - text] = '\0';
    host_to_letters(parts->host, parts->letters);
    return form_into(FORM_NFC, local, parts->local, sizeof parts->local);
}

const char *
address_kept(Call *call, const char *text)
{
    const char *domain;
    Parts parts;

    if (is_plain(text) || !read_parts(text, &parts) || !is_composable(text))
        return text;
    domain = strrchr(text, '@') + 1;
    return call_printf(call, "%s@%s", parts.local, is_plain(domain) ? domain : parts.letters);
}

/* One letter in two small forms of which the capital is the same: what case is to other letters. */
typedef enum Sigma { SIGMA_AS_IT_IS, SIGMA_WITHIN, SIGMA_BY_PLACE, SIGMAS } Sigma;

/* False: there is none, or no room. */
static bool
write_sigma(Sigma sigma, const char *text, char *out, size_t room)
{
    enum { CAPITAL = 0x3a3, FINAL = 0x3c2, WITHIN = 0x3c3 };
    UErrorCode error = U_ZERO_ERROR;
    UChar units[SPELLING_SIZE], lower[SPELLING_SIZE];
    int32_t count = 0, size = 0;
    bool has = false;

    u_strFromUTF8(units, SPELLING_SIZE, &count, text, -1, &error);
    for (int32_t i = 0; U_SUCCESS(error) && i < count; i++)
        if (units[i] == CAPITAL || units[i] == FINAL || units[i] == WITHIN) {
            units[i] = sigma == SIGMA_WITHIN ? WITHIN : CAPITAL;
            has = true;
        }
    /* of a capital one, the place in the word decides */
    count = u_strToLower(lower, SPELLING_SIZE, units, count, "", &error);
    u_strToUTF8(out, (int32_t) room, &size, lower, count, &error);
    return has && U_SUCCESS(error) && error != U_STRING_NOT_TERMINATED_WARNING;
}

static void
add_spelling(Text *spellings, const char *spelling)
{
    text_add(spellings, "%s%s", spellings->size > 0 ? " " : "", spelling);
}

/* Both forms of Unicode's. */
static void
add_spellings(Text *spellings, const char *local, const char *domain)
{
    char spelling[2 * SPELLING_SIZE], decomposed[2 * SPELLING_SIZE];

    snprintf(spelling, sizeof spelling, "%s@%s", local, domain);
    add_spelling(spellings, spelling);
    if (strlen(spelling) <= LIMIT_PASSWORD &&
        form_into(FORM_NFD, spelling, decomposed, sizeof decomposed) &&
        strcmp(spelling, decomposed) != 0)
        add_spelling(spellings, decomposed);
}

const char *
address_spellings(Call *call, const char *text)
{
    Text spellings = text_new(call);
    char local[SPELLING_SIZE];
    Parts parts;

    if (is_plain(text) || !read_parts(text, &parts))
        return "";
    for (Sigma sigma = SIGMA_AS_IT_IS; sigma < SIGMAS; sigma++) {
        if (sigma != SIGMA_AS_IT_IS && !write_sigma(sigma, parts.local, local, sizeof local))
            break;
        add_spellings(&spellings, sigma == SIGMA_AS_IT_IS ? parts.local : local, parts.letters);
        if (strcmp(parts.letters, parts.host) != 0)
            add_spellings(&spellings, sigma == SIGMA_AS_IT_IS ? parts.local : local, parts.host);
    }
    return text_end(&spellings);
}

const char *
address_counted(Call *call, const char *text)
{
    char local[SPELLING_SIZE];
    Parts parts;

    if (is_plain(text) || !read_parts(text, &parts) ||
        !form_into(FORM_FOLDED, parts.local, local, sizeof local))
        return text;
    return call_printf(call, "%s@%s", local, parts.host);
}
