/* What a password must be, wherever one is set, and its hash.  */
#ifndef CIQ_SERVER_PASSWORD_H
#define CIQ_SERVER_PASSWORD_H

#include "call/auth.h"

/* The commonest passwords of server/access/password/common.txt in lower case, ended by NULL. */
extern const char *const common_passwords[];

/* Hashes a new password of the account with this address, in the form of access/opaque.h.  False:
 * it has no such form, is too short in it (--password-length), one of the commonest also without
 * digits and signs behind it, one sign repeated, or the address; field names it in what is said.
 * Every handler that takes a new password calls this, and none auth_hash. */
MUST_CHECK bool password_hash(Call *call, const char *field, const char *password,
                              const char *email, char out[AUTH_HASH_SIZE]);

/* Compares a password with a stored hash (auth_verify) in its form, and as the bytes that were sent
 * if these differ: hashes were made of them once, and passwords may be older than the form's rules.
 * So what is in ASCII costs one hash, and nothing costs more than two.  *rehash is what to hash and
 * store anew, or NULL.  Every handler that takes an old password calls this, and none auth_verify.
 */
MUST_CHECK bool password_verify(Call *call, const char *password, const char *stored, bool *ok,
                                const char **rehash);

/* Whether two passwords are the same in their form. */
MUST_CHECK bool password_same(Call *call, const char *one, const char *other, bool *same);

/* The same rules for a password in its form, without the hash: NULL if it is good, or what is
 * wrong, to follow the field's name. */
const char *password_wrong(const char *password, const char *email);

#endif
