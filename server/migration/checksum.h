/* The checksums of a migration file, by which a ledger knows that what was applied is what the file
 * says.  Version 1 is over the file's bytes, as releases before 0.2 wrote it; version 2, "2:" and
 * 64 hexadecimal digits, is over what PostgreSQL reads of its statements, so that comments, white
 * space and the ends of lines do not count.  */
#ifndef CIQ_SERVER_CHECKSUM_H
#define CIQ_SERVER_CHECKSUM_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

enum { CHECKSUM_SIZE = 67 }; /* with the NUL */

/* What counts of a file. */
typedef struct ChecksumParts {
    const char *const *depends; /* ended by NULL */
    const char *up, *down;
    bool no_transaction;
} ChecksumParts;

/* Version 2.  False: no memory. */
MUST_CHECK bool checksum_write(const ChecksumParts *parts, char checksum[CHECKSUM_SIZE]);

/* Version 1 of a text as it is; with_returns: as if each of its lines ended with CR LF. */
void checksum_write_1(const char *text, size_t size, bool with_returns,
                      char checksum[CHECKSUM_SIZE]);

#endif
