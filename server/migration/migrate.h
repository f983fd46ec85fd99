/* Plans and applies migrations.  Everything here runs as the owner, in calls that the caller has
 * made with an owner's connection.  */
#ifndef CIQ_SERVER_MIGRATE_H
#define CIQ_SERVER_MIGRATE_H

#include "call/call.h"
#include "migration/file.h"

/* Installs what is missing and applies the pending shared migrations, in one transaction under a
 * lock, so that several servers may start at once.  An edited migration fails the call, which names
 * it; with keeps_changed it is left to migration/accept.h, and what is noted of it too.  Also
 * claims no role: the pool is migrate_role_block's. */
MUST_CHECK bool migrate_shared(Call *call, const char *worker_login, bool keeps_changed);

/* Makes count roles for tenants to come, in a transaction of its own. */
MUST_CHECK bool migrate_role_block(Call *call, unsigned count);

/* Runs a tenant migration's up section in the transaction that is open, also one that asks for
 * none: only where nobody uses the tables yet. */
MUST_CHECK bool migrate_up(Call *call, const MigrationFile *file);

/* Makes an empty schema, which becomes the first of search_path, to be rolled back. */
MUST_CHECK bool migrate_scratch(Call *call, const char *schema);

/* Makes a tenant's schema with all that belongs in it, in the transaction that is open;
 * afterwards its search_path is the schema. */
MUST_CHECK bool migrate_new_tenant(Call *call, const char *schema, const char *role);

/* The same with some of the migrations (by file of the set), in their order. */
MUST_CHECK bool migrate_tenant_of(Call *call, const char *schema, const char *role,
                                  const bool *in_set);

/* The same with the migrations that heads (migration/heads.h) has, and no newer ones. */
MUST_CHECK bool migrate_tenant_at(Call *call, const char *schema, const char *role,
                                  const char *heads);

/* Brings a schema with these heads, which is first in search_path and which nobody uses yet, to the
 * newest migrations, in the transaction that is open. */
MUST_CHECK bool migrate_to_newest(Call *call, const char *heads, const char *role);

#endif
