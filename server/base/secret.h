/* Random bytes, and what is done with bytes that nobody else may see.  libsodium must have been
 * started (auth_init).  */
#ifndef CIQ_SERVER_SECRET_H
#define CIQ_SERVER_SECRET_H

#include "base/compiler.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Bytes that nobody can guess. */
void secret_random(void *out, size_t size);

/* Overwrites memory; the compiler leaves it alone. */
void secret_wipe(void *memory, size_t size);

/* Whole pages of zeros for what nobody else may see: a core dump does not show them.  NULL: no
 * memory.  They are freed by giving them back to the system, which clears them; NULL is fine, and
 * size is that of the request. */
MUST_CHECK void *secret_pages_new(size_t size);
void secret_pages_free(void *pages, size_t size);

/* From here on nobody but root can look into this process, and it leaves no core dump. */
void secret_hide_process(void);

/* Whether two secrets of the same size are the same, in the same time wherever they differ. */
MUST_CHECK bool secret_is_equal(const void *one, const void *other, size_t size);

/* Reads a file of secret bytes, at most the first size of them; *got says how many there were.
 * False: it cannot be read, and reason says why; secret holds nothing of it. */
MUST_CHECK bool secret_read_file(const char *path, void *secret, size_t size, size_t *got,
                                 char *reason, size_t reason_size);

/* Reads a password: the first line, without its end, of a file; or of a stream that is called
 * source in reason ("standard input").  False: it cannot be read, is empty, or is longer than a
 * password can be; reason says which, and password is "". */
MUST_CHECK bool secret_read_password_file(const char *path, char password[LIMIT_PASSWORD + 1],
                                          char *reason, size_t reason_size);
MUST_CHECK bool secret_read_password(FILE *stream, const char *source,
                                     char password[LIMIT_PASSWORD + 1], char *reason,
                                     size_t reason_size);

#endif
