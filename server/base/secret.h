/* Random bytes, and what is done with bytes that nobody else may see.  libsodium must have been
 * started (auth_init).  */
#ifndef CIQ_SERVER_SECRET_H
#define CIQ_SERVER_SECRET_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes that nobody can guess. */
void secret_random(void *out, size_t size);

/* Overwrites memory; the compiler leaves it alone. */
void secret_wipe(void *memory, size_t size);

/* Whether two secrets of the same size are the same, in the same time wherever they differ. */
MUST_CHECK bool secret_is_equal(const void *one, const void *other, size_t size);

#endif
