/* SipHash-2-4 (crypto_shorthash), which is made for this.  Called on the way of every call, so it
 * takes no lock.  */
#include "base/hash.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

static uint8_t key[crypto_shorthash_KEYBYTES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_key(void)
{
    crypto_shorthash_keygen(key);
}

uint64_t
hash_bytes(const void *data, size_t size)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t hash;

    _Static_assert(sizeof out == sizeof hash, "a hash is a number");
    pthread_once(&once, make_key);
    crypto_shorthash(out, data, size, key);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

uint64_t
hash_pair(int64_t one, int64_t other)
{
    return hash_bytes((int64_t[]){one, other}, 2 * sizeof(int64_t));
}
