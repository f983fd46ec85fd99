/* Called wherever a secret is made or done with.  Says nothing of one, to nobody.  */
#include "base/secret.h"

#include <sodium.h>

void
secret_random(void *out, size_t size)
{
    randombytes_buf(out, size);
}

void
secret_wipe(void *memory, size_t size)
{
    sodium_memzero(memory, size);
}

bool
secret_is_equal(const void *one, const void *other, size_t size)
{
    return sodium_memcmp(one, other, size) == 0;
}
