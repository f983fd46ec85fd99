/* Hashes that nobody can forge: BLAKE2b-256 over several parts, or over bytes that come in pieces.
 */
#ifndef CIQ_SERVER_DIGEST_H
#define CIQ_SERVER_DIGEST_H

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32 };

typedef struct DigestPart {
    const void *data;
    size_t size;
} DigestPart;

/* Over the parts, each with its length, so that no two lists of parts give the same. */
void digest_parts(const DigestPart *parts, size_t count, uint8_t out[DIGEST_SIZE]);

/* The same, keyed: only who has the key can make it or check it. */
void digest_mac(const uint8_t key[DIGEST_SIZE], const DigestPart *parts, size_t count,
                uint8_t out[DIGEST_SIZE]);

/* Over bytes that come in pieces, without lengths; end gives the hash and begins anew. */
typedef struct DigestStream DigestStream;
MUST_CHECK DigestStream *digest_stream_new(void); /* NULL: no memory */
void digest_stream_add(DigestStream *stream, const void *data, size_t size);
void digest_stream_end(DigestStream *stream, uint8_t out[DIGEST_SIZE]);
void digest_stream_free(DigestStream *stream); /* NULL is fine */

#endif
