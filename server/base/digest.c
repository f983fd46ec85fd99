/* Called for idempotency keys, counters, seals, archives and page tokens.  Keeps nothing.  */
#include "base/digest.h"

#include <sodium.h>
#include <stdlib.h>

static void
hash_parts(const uint8_t *key, const DigestPart *parts, size_t count, uint8_t out[DIGEST_SIZE])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, key != NULL ? DIGEST_SIZE : 0, DIGEST_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint64_t size = parts[i].size;

        crypto_generichash_update(&state, (const uint8_t *) &size, sizeof size);
        if (size > 0)
            crypto_generichash_update(&state, parts[i].data, size);
    }
    crypto_generichash_final(&state, out, DIGEST_SIZE);
}

void
digest_parts(const DigestPart *parts, size_t count, uint8_t out[DIGEST_SIZE])
{
    hash_parts(NULL, parts, count, out);
}

void
digest_mac(const uint8_t key[DIGEST_SIZE], const DigestPart *parts, size_t count,
           uint8_t out[DIGEST_SIZE])
{
    hash_parts(key, parts, count, out);
}

struct DigestStream {
    crypto_generichash_state state;
};

DigestStream *
digest_stream_new(void)
{
    /* the state's type says how it must lie, more than malloc promises */
    DigestStream *stream = aligned_alloc(_Alignof(DigestStream), sizeof *stream);

    if (stream != NULL)
        crypto_generichash_init(&stream->state, NULL, 0, DIGEST_SIZE);
    return stream;
}

void
digest_stream_add(DigestStream *stream, const void *data, size_t size)
{
    crypto_generichash_update(&stream->state, data, size);
}

void
digest_stream_end(DigestStream *stream, uint8_t out[DIGEST_SIZE])
{
    crypto_generichash_final(&stream->state, out, DIGEST_SIZE);
    crypto_generichash_init(&stream->state, NULL, 0, DIGEST_SIZE);
}

void
digest_stream_free(DigestStream *stream)
{
    free(stream);
}
