/* The grammar of RFC 5321 and RFC 6531, less all that can be written in two ways or hides what it
 * is.  Called by check.c for every field that is an address, and by mail/letter.c.  */
#include "call/address.h"
#include "base/limits.h"
#include "proto/utf8.h"
#include "proto/visible.h"

#include <stdio.h>
#include <string.h>

enum { LOCAL_MAX = 64 }; /* bytes before the @ (RFC 5321, 4.5.3.1.1) */

/* Spaces, and characters that some systems read as a sign of ASCII: "＠" as "@". */
static bool
is_like_ascii(uint32_t character)
{
    return character == 0xa0 || character == 0x1680 ||
           (character >= 0x2000 && character <= 0x200a) || character == 0x202f ||
           character == 0x205f || character == 0x3000 ||
           (character >= 0xfe50 && character <= 0xfe6b) ||
           (character >= 0xff01 && character <= 0xff5e);
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
        if (size == 1 ? *at != '.' && !is_atext(*at) : is_like_ascii(character))
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
    wrong = local_wrong(text, at);
    return wrong != NULL ? wrong : address_domain(at + 1, host);
}
