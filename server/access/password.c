/* The rules follow NIST SP 800-63B: length counts, kinds of characters do not, and what everybody
 * takes is refused. The list is short because a guess against the server costs tens of milliseconds
 * and few are allowed; it holds what is tried first.  */
#include "access/password.h"
#include "proto/utf8.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static void
fold(const char *text, char folded[LIMIT_PASSWORD + 1])
{
    size_t i = 0;

    for (; text[i] != '\0' && i < LIMIT_PASSWORD; i++)
        folded[i] = (char) tolower((unsigned char) text[i]);
    folded[i] = '\0';
}

static bool
is_common(const char *folded)
{
    for (const char *const *word = common_passwords; *word != NULL; word++)
        if (strcmp(folded, *word) == 0)
            return true;
    return false;
}

static bool
is_repeated(const char *folded)
{
    return folded[0] != '\0' && strspn(folded, (char[]){folded[0], '\0'}) == strlen(folded);
}

/* The address, or what stands before its @. */
static bool
is_address(const char *folded, const char *email)
{
    char address[LIMIT_PASSWORD + 1];

    fold(email, address);
    if (strcmp(folded, address) == 0)
        return true;
    address[strcspn(address, "@")] = '\0';
    return address[0] != '\0' && strcmp(folded, address) == 0;
}

const char *
password_wrong(const char *password, const char *email)
{
    char folded[LIMIT_PASSWORD + 1];
    size_t size;

    fold(password, folded);
    if (is_address(folded, email))
        return "must not be the e-mail address";
    if (is_common(folded) || is_repeated(folded))
        return "is one of the commonest: take one that nobody else has";
    /* "Password2026!" is "password" with what people put behind it */
    for (size = strlen(folded); size > 0 && isalpha((unsigned char) folded[size - 1]) == 0 &&
                                (unsigned char) folded[size - 1] < 0x80;)
        folded[--size] = '\0';
    if (size > 0 && is_address(folded, email))
        return "must not be the e-mail address";
    if (size > 0 && is_common(folded))
        return "is one of the commonest with something behind it: take one that nobody else has";
    return NULL;
}

bool
password_hash(Call *call, const char *field, const char *password, const char *email,
              char out[AUTH_HASH_SIZE])
{
    int64_t least = call->core->config->password_length;
    int64_t length = (int64_t) utf8_length(password);
    const char *wrong;

    if (length < least)
        return call_fail_field(
            call, field, "must have at least %" PRId64 " characters, got %" PRId64, least, length);
    if ((wrong = password_wrong(password, email)) != NULL)
        return call_fail_field(call, field, "%s", wrong);
    return auth_hash(call, password, out);
}
