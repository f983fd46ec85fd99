/* How far a schema is: the number of the newest migration of each app that it has applied, as
 * tenants_tenant.heads keeps them: {"core":3,"users":5}.  Here they are read, compared and written;
 * nobody else knows what they look like, but PostgreSQL as jsonb. */
#ifndef CIQ_SERVER_HEADS_H
#define CIQ_SERVER_HEADS_H

#include "call/call.h"
#include "migration/file.h"
#include "migration/ledger.h"

/* The number of an app; 0: it has applied nothing of it. */
uint32_t heads_number(const char *heads, const char *app);

/* What keeps this server from serving a tenant with these heads: the first app that is below the
 * oldest migration that this release can work on.  Its app is NULL: nothing does. */
HeadsBehind heads_behind(const char *heads);

/* Which files of the set a schema with these heads has applied. */
MUST_CHECK bool heads_applied(Call *call, const MigrationSet *set, const char *heads,
                              bool **applied);

/* The heads of a schema that has applied the whole set; to be freed.  NULL: no memory. */
MUST_CHECK char *heads_newest(const MigrationSet *set);

/* The heads of a tenant's schema with this ledger, if the set has all its migrations; otherwise
 * FAILED_PRECONDITION says what the tenant has and what there is. */
MUST_CHECK bool heads_of_ledger(Call *call, const MigrationSet *set, const LedgerRow *rows,
                                size_t count, const char **heads);

/* Fails the call because a tenant has a migration ("users", "0007" or its whole name) that is not
 * in the set. */
MUST_CHECK bool heads_fail_unknown(Call *call, const MigrationSet *set, const char *app,
                                   const char *name);

/* What the registry is to say of a schema that has applied these files of the set.  unknown: by
 * file, the highest number of its app in the ledger that no file has.  gone: the set's apps of
 * which nothing is applied, as PostgreSQL reads a text[]. */
MUST_CHECK bool heads_of_applied(Call *call, const MigrationSet *set, const bool *applied,
                                 const uint32_t *unknown, const char **heads, const char **gone);

#endif
