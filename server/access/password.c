/* The rules follow NIST SP 800-63B: length counts, kinds of characters do not, and what everybody
 * takes is refused. The list is short because a guess against the server costs tens of milliseconds
 * and few are allowed; it holds what is tried first.  */
#include "access/password.h"
#include "access/opaque.h"
#include "call/form.h"
#include "proto/utf8.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { FOLDED_SIZE = 2 * LIMIT_PASSWORD };

/* Without case and width, for comparing only. */
static void
fold(const char *text, char folded[FOLDED_SIZE])
{
    size_t i = 0;

    if (!form_is_ascii(text) && form_into(FORM_FOLDED, text, folded, FOLDED_SIZE))
        return;
    for (; text[i] != '\0' && i < FOLDED_SIZE - 1; i++)
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
    char address[FOLDED_SIZE];

    fold(email, address);
    if (strcmp(folded, address) == 0)
        return true;
    address[strcspn(address, "@")] = '\0';
    return address[0] != '\0' && strcmp(folded, address) == 0;
}

const char *
password_wrong(const char *password, const char *email)
{
    char folded[FOLDED_SIZE];
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

/* The form in which a new password is taken; NULL: the call has failed. */
static const char *
prepare_new(Call *call, const char *field, const char *password)
{
    const char *prepared;
    OpaqueWrong wrong;

    if (!opaque_prepare(call, password, &prepared, &wrong))
        return NULL;
    if (prepared != NULL)
        return prepared;
    if (wrong.place == 0)
        (void) !call_fail_field(call, field, "must not be empty");
    else
        (void) !call_fail_field(call, field,
                                "must be letters, digits, signs and spaces, has U+%04" PRIX32
                                " as character %zu, which nobody sees, or is not allowed there",
                                wrong.character, wrong.place);
    return NULL;
}

bool
password_hash(Call *call, const char *field, const char *password, const char *email,
              char out[AUTH_HASH_SIZE])
{
    int64_t least = call->core->config->password_length;
    const char *prepared = prepare_new(call, field, password), *wrong;
    int64_t length;

    if (prepared == NULL)
        return false;
    length = (int64_t) utf8_length(prepared);
    if (length < least)
        return call_fail_field(
            call, field, "must have at least %" PRId64 " characters, got %" PRId64, least, length);
    if ((wrong = password_wrong(prepared, email)) != NULL)
        return call_fail_field(call, field, "%s", wrong);
    return auth_hash(call, prepared, out);
}

bool
password_verify(Call *call, const char *password, const char *stored, bool *ok, const char **rehash)
{
    const char *prepared;
    OpaqueWrong wrong;
    bool is_old;

    *rehash = NULL;
    if (!opaque_prepare(call, password, &prepared, &wrong) ||
        !auth_verify(call, prepared != NULL ? prepared : password, stored, ok, &is_old))
        return false;
    if (*ok && is_old)
        *rehash = prepared != NULL ? prepared : password;
    /* whether there is a second try says what was typed, and nothing of the account */
    if (*ok || prepared == NULL || strcmp(prepared, password) == 0)
        return true;
    if (!auth_verify(call, password, stored, ok, &is_old))
        return false;
    if (*ok)
        *rehash = prepared;
    return true;
}

bool
password_same(Call *call, const char *one, const char *other, bool *same)
{
    const char *prepared[2];
    OpaqueWrong wrong;

    if (!opaque_prepare(call, one, &prepared[0], &wrong) ||
        !opaque_prepare(call, other, &prepared[1], &wrong))
        return false;
    *same = strcmp(prepared[0] != NULL ? prepared[0] : one,
                   prepared[1] != NULL ? prepared[1] : other) == 0;
    return true;
}
