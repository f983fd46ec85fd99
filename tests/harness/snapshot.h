/* What a schema is, without the server's own view of it: its objects as pg_dump tells them, and its
 * rows and sequences by counts and checksums.  */
#ifndef CIQ_TESTS_SNAPSHOT_H
#define CIQ_TESTS_SNAPSHOT_H

#include "harness/database.h"

/* Texts of lines, in order.  The tenant's schema and role are called SCHEMA and ROLE in shape. */
typedef struct Snapshot {
    char *shape; /* definitions, rights, comments; columns in whatever order */
    char *rows; /* each table, partition and materialized view: count and checksum; each sequence */
    char *named; /* the same of rows whose columns may have another order */
} Snapshot;

/* Tables whose rows belong to one tenant alone (ledger, sessions, mail) are left out of rows. */
void snapshot_take(Snapshot *snapshot, const TestDatabase *database, const char *schema);
void snapshot_free(Snapshot *snapshot);

/* Fails the test, with the lines that only one of both texts has, unless they are the same. */
void assert_same_lines(const char *what, const char *got, const char *expected);

#endif
