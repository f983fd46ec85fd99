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

/* The newest migration of each app as tenants_tenant.heads has it: {"core":1,"users":1}.  From malloc at
 * the first call, then the same text. */
const char *migrate_heads(void);

/* Whether this server can serve a tenant with these heads: each app at least at its number of the release
 * before.  If not and problem is not NULL, it says what is missing. */
bool migrate_heads_ok(const char *heads, char *problem, size_t size);

#endif
