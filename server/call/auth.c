/* Called from handlers and dispatch.  No function here logs, or keeps a secret after it returns;
 * what lives as long as the process is a hash that fits no password.  */
#include "call/auth.h"
#include "base/pace.h"
#include "proto/password.h"

#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    OPERATIONS = 2,            /* Argon2id's t */
    MEMORY = 19 * 1024 * 1024, /* bytes */
    SECRET_SIZE = 32           /* of a token: 256 bits */
};

/* A hash of nothing that anybody knows: verifying against it costs what verifying costs. */
static char dummy_hash[AUTH_HASH_SIZE];

static pthread_once_t start_once = PTHREAD_ONCE_INIT;
static bool has_started;

static void
start(void)
{
    char nobody[33];
    uint8_t random[16];

    if (sodium_init() < 0)
        return;
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(nobody, sizeof nobody, random, sizeof random);
    has_started = crypto_pwhash_str_alg(dummy_hash, nobody, strlen(nobody), OPERATIONS, MEMORY,
                                        crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool
auth_init(void)
{
    pthread_once(&start_once, start);
    return has_started;
}

bool
auth_hash(Call *call, const char *password, char out[AUTH_HASH_SIZE])
{
    _Static_assert(AUTH_HASH_SIZE == crypto_pwhash_STRBYTES, "a hash of libsodium fits");

    pace_begin(&call->core->last_call_us);

    bool done = crypto_pwhash_str_alg(out, password, strlen(password), OPERATIONS, MEMORY,
                                      crypto_pwhash_ALG_ARGON2ID13) == 0;

    (void) pace_end();
    if (!done)
        return call_fail(call, CODE_RESOURCE_EXHAUSTED, "no memory to hash a password");
    return true;
}

bool
auth_verify(Call *call, const char *password, const char *stored, bool *ok, bool *needs_rehash)
{
    bool known = stored != NULL && stored[0] == '$' && strlen(stored) < AUTH_HASH_SIZE;
    const char *hash = known ? stored : dummy_hash;

    pace_begin(&call->core->last_call_us);

    bool right = crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;

    (void) pace_end();
    *ok = known && right;
    *needs_rehash = *ok && crypto_pwhash_str_needs_rehash(hash, OPERATIONS, MEMORY) != 0;
    return true;
}

const char *
auth_password_random(Call *call)
{
    char *password = call_alloc(call, PASSWORD_RANDOM_LENGTH + 1);

    if (password != NULL)
        password_random(password);
    return password;
}

static void
secret_hash(const uint8_t secret[SECRET_SIZE], uint8_t hash[AUTH_SECRET_HASH_SIZE])
{
    /* the secret is 256 random bits: a plain hash cannot be guessed backwards */
    crypto_generichash(hash, AUTH_SECRET_HASH_SIZE, secret, SECRET_SIZE, NULL, 0);
}

bool
auth_token_new(Call *call, AuthTokenKind kind, int64_t tenant_id, char token[AUTH_TOKEN_SIZE],
               uint8_t hash[AUTH_SECRET_HASH_SIZE])
{
    uint8_t secret[SECRET_SIZE];
    char text[sodium_base64_ENCODED_LEN(SECRET_SIZE, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];

    randombytes_buf(secret, sizeof secret);
    sodium_bin2base64(text, sizeof text, secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    int size =
        snprintf(token, AUTH_TOKEN_SIZE, "ciq_%c_%" PRId64 "_%s", (char) kind, tenant_id, text);

    secret_hash(secret, hash);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, sizeof text);
    if (size < 0 || size >= AUTH_TOKEN_SIZE)
        return call_fail(call, CODE_INTERNAL, "a token does not fit its buffer");
    return true;
}

bool
auth_token_read(const char *text, AuthToken *token)
{
    static const char kinds[] = {AUTH_TOKEN_SESSION, AUTH_TOKEN_API_KEY, AUTH_TOKEN_ACT_AS,
                                 AUTH_TOKEN_LINK};
    const char *kind, *number, *end;
    uint8_t secret[SECRET_SIZE];
    size_t digits, size;

    if (strncmp(text, "ciq_", 4) != 0 || (kind = memchr(kinds, text[4], sizeof kinds)) == NULL ||
        text[5] != '_')
        return false;
    *token = (AuthToken){.kind = (AuthTokenKind) *kind};
    number = text + 6;
    digits = strspn(number, "0123456789");
    /* a number has one spelling, and so a token */
    if (digits == 0 || digits > 18 || number[digits] != '_' || (number[0] == '0' && digits > 1))
        return false;
    for (size_t i = 0; i < digits; i++)
        token->tenant_id = token->tenant_id * 10 + (number[i] - '0');
    text = number + digits + 1;
    if (sodium_base642bin(secret, sizeof secret, text, strlen(text), NULL, &size, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        *end != '\0' || size != SECRET_SIZE)
        return false;
    secret_hash(secret, token->hash);
    sodium_memzero(secret, sizeof secret);
    return true;
}

/* The database keeps only a hash of the client's key, made by another function than this one, so
 * whoever reads the table cannot open what is sealed. */
static void
seal_key(const uint8_t *client_key, uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES])
{
    static const uint8_t purpose[] = "clientiq sealed reply 1";

    crypto_generichash(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, purpose, sizeof purpose,
                       client_key, WIRE_KEY_SIZE);
}

bool
auth_seal(Call *call, const uint8_t *client_key, const void *text, size_t size, uint8_t **sealed,
          size_t *sealed_size)
{
    enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t *out = call_alloc(call, NONCE + size + crypto_aead_xchacha20poly1305_ietf_ABYTES);
    unsigned long long written;

    if (out == NULL)
        return false;
    randombytes_buf(out, NONCE);
    seal_key(client_key, key);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, &written, text, size, NULL, 0, NULL,
                                               out, key);
    sodium_memzero(key, sizeof key);
    *sealed = out;
    *sealed_size = NONCE + (size_t) written;
    return true;
}

bool
auth_unseal(Call *call, const uint8_t *client_key, const uint8_t *sealed, size_t sealed_size,
            uint8_t **text, size_t *size)
{
    enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];

    if (sealed_size < NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES)
        return call_fail(call, CODE_DATA_LOSS, "the stored reply is damaged");

    uint8_t *out = call_alloc(call, sealed_size);
    unsigned long long written;

    if (out == NULL)
        return false;
    seal_key(client_key, key);

    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, &written, NULL, sealed + NONCE, sealed_size - NONCE, NULL, 0, sealed, key);

    sodium_memzero(key, sizeof key);
    if (failed != 0)
        return call_fail(call, CODE_DATA_LOSS, "the stored reply is damaged");
    *text = out;
    *size = (size_t) written;
    return true;
}
