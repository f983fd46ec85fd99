/* Plans and applies migrations.  Everything here runs as the owner, in calls that the caller has made with
 * an owner's connection.  */
#ifndef CIQ_SERVER_MIGRATE_H
#define CIQ_SERVER_MIGRATE_H

#include "call.h"
#include "query.h"

/* Installs what is missing and applies the pending shared migrations, in one transaction under a lock, so
 * that several servers may start at once.  An edited migration fails and is named.  Also claims no role:
 * the pool is migrate_role_block's. */
MUST_CHECK bool migrate_shared(Call *call, const char *worker_login);

/* Makes count roles for tenants to come, in a transaction of its own. */
MUST_CHECK bool migrate_role_block(Call *call, unsigned count);

/* Makes a tenant's schema with all that belongs into it, in the transaction that is open; afterwards its
 * search_path is the schema. */
MUST_CHECK bool migrate_new_tenant(Call *call, const char *schema, const char *role);

/* The same with the migrations that heads (as below) has, and no newer ones. */
MUST_CHECK bool migrate_tenant_at(Call *call, const char *schema, const char *role, const char *heads);

/* Runs one migration's up section in the open transaction, where nobody uses its tables yet: what it does
 * concurrently elsewhere it does here without. */
MUST_CHECK bool migrate_up(Call *call, const MigrationFile *file);

/* What keeps this server from serving a tenant with these heads (tenants_tenant.heads): the first app that is
 * below the oldest migration that this release can work on.  Its app is NULL: nothing does. */
HeadsBehind migrate_heads_behind(const char *heads);

#endif
