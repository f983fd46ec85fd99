/* What a password must be, wherever one is set, and its hash.  */
#ifndef CIQ_SERVER_PASSWORD_H
#define CIQ_SERVER_PASSWORD_H

#include "call/auth.h"

/* The commonest passwords of server/access/password/common.txt in lower case, ended by NULL. */
extern const char *const common_passwords[];

/* Hashes a new password of the account with this address.  False: it is too short
 * (--password-length), one of the commonest also without digits and signs behind it, one sign
 * repeated, or the address; field names it in what is said.  Every handler that takes a new
 * password calls this, and none auth_hash. */
MUST_CHECK bool password_hash(Call *call, const char *field, const char *password,
                              const char *email, char out[AUTH_HASH_SIZE]);

/* The same rules without the hash: NULL if it is good, or what is wrong, to follow the field's
 * name. */
const char *password_wrong(const char *password, const char *email);

#endif
