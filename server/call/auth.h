/* Passwords, tokens and sealed replies, by libsodium, for one call each.  What knows no call is in
 * base/secret.h and base/digest.h.  */
#ifndef CIQ_SERVER_AUTH_H
#define CIQ_SERVER_AUTH_H

#include "call/call.h"

enum {
    AUTH_HASH_SIZE = 128,      /* crypto_pwhash_STRBYTES: a password's hash, with its parameters */
    AUTH_TOKEN_SIZE = 96,      /* a token with its NUL */
    AUTH_SECRET_HASH_SIZE = 32 /* what is stored of a token's secret */
};

/* Once per process, before anything else here.  False: libsodium cannot start. */
MUST_CHECK bool auth_init(void);

/* Argon2id, 19 MiB, t = 2 (OWASP's recommendation).  Tens of milliseconds: only in lanes made for
 * it. */
MUST_CHECK bool auth_hash(Call *call, const char *password, char out[AUTH_HASH_SIZE]);

/* Compares in the same time whether stored is NULL (nobody of that name) or not.  False only if the
 * call failed; *ok says whether the password is right, *needs_rehash whether to store it anew. */
MUST_CHECK bool auth_verify(Call *call, const char *password, const char *stored, bool *ok,
                            bool *needs_rehash);

/* A password for somebody who did not bring one (proto/password.h).  NULL: the call has failed. */
MUST_CHECK const char *auth_password_random(Call *call);

/* What a token is good for: its letter. */
typedef enum AuthTokenKind {
    AUTH_TOKEN_SESSION = 's',
    AUTH_TOKEN_API_KEY = 'k',
    AUTH_TOKEN_ACT_AS = 'a', /* one of the platform's inside a tenant */
    AUTH_TOKEN_LINK = 'l'    /* in a mail: sets a password, once */
} AuthTokenKind;

/* A token, "ciq_<kind>_<tenant id>_<secret>", and the hash under which it is stored. */
MUST_CHECK bool auth_token_new(Call *call, AuthTokenKind kind, int64_t tenant_id,
                               char token[AUTH_TOKEN_SIZE], uint8_t hash[AUTH_SECRET_HASH_SIZE]);

/* What a token says of itself.  All of it belongs to whatever is found by it: a secret that was
 * made for one kind or tenant is nothing in another. */
typedef struct AuthToken {
    AuthTokenKind kind;
    int64_t tenant_id; /* 0: the platform's */
    uint8_t hash[AUTH_SECRET_HASH_SIZE];
} AuthToken;

/* Reads a token of any kind.  False: it is not one. */
MUST_CHECK bool auth_token_read(const char *text, AuthToken *token);

/* Seals a reply under a key that only the holder of the client's idempotency key can derive. */
MUST_CHECK bool auth_seal(Call *call, const uint8_t *client_key, const void *text, size_t size,
                          uint8_t **sealed, size_t *sealed_size);
/* False: the call has failed with DATA_LOSS or for want of memory. */
MUST_CHECK bool auth_unseal(Call *call, const uint8_t *client_key, const uint8_t *sealed,
                            size_t sealed_size, uint8_t **text, size_t *size);

#endif
