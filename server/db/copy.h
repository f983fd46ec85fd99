/* Rows in bulk, for archives and clones: owner only, in an open transaction.  A false answer has
 * failed the call: what PostgreSQL says of the rows, or of what the tenant's own types and
 * constraints do with them, is told as for db_user_script.  */
#ifndef CIQ_SERVER_DB_COPY_H
#define CIQ_SERVER_DB_COPY_H

#include "call/call.h"

/* Runs a "copy … to stdout" and hands each row, with its line end, to take, which fails the call if
 * it gives false.  The row is good until take returns. */
typedef bool (*DbTake)(void *argument, const char *data, size_t size);
MUST_CHECK bool db_copy_out(Call *call, const char *statement, DbTake take, void *argument);

/* The other way: runs a "copy … from stdin" with the pieces that give gives, until one has no
 * bytes.  *rows: how many PostgreSQL took. */
typedef bool (*DbGive)(void *argument, const char **data, size_t *size);
MUST_CHECK bool db_copy_in(Call *call, const char *statement, DbGive give, void *argument,
                           uint64_t *rows);

#endif
