/* What memory may answer instead of the database, and for how long it may: tenants by name,
 * sessions by the hash of their secret.  Valid or silent: a transaction
 * that changes what is cached notifies with the tenant's id; each server's heartbeat notifies the
 * server itself, and what came before a returned heartbeat has arrived too.  While the newest
 * heartbeat that came back was sent less than CACHE_FRESH_MS ago, entries answer; otherwise nothing
 * does.
 *
 * An entry carries the epoch of its tenant; an invalidation raises the epoch, so it costs nothing
 * however much was cached.  Safe from any thread; each look-up holds one of many short locks.  */
#ifndef CIQ_SERVER_CACHE_H
#define CIQ_SERVER_CACHE_H

#include "call/auth.h"
#include "call/call.h"

enum {
    CACHE_FRESH_MS = 900,
    CACHE_FACTS_MAX = 8192,       /* bytes of what one user may do; more are read each time */
    CACHE_PERMISSIONS_MAX = 16384 /* bytes of one session's permissions; more are read each time */
};

typedef struct Cache Cache;

/* NULL: no memory. */
MUST_CHECK Cache *cache_new(size_t tenants_max, size_t sessions_max);
void cache_free(Cache *cache);

/* Taken before the database is asked; an entry read since is kept only if nothing was invalidated.
 */
typedef uint64_t CacheMoment;
CacheMoment cache_moment(const Cache *cache);

/* Tenants by schema name ("acme"), domain ("acme.localhost") or number ("#7").  False: ask the
 * database. */
MUST_CHECK bool cache_tenant_get(Cache *cache, const char *name, TenantContext *tenant);
void cache_tenant_put(Cache *cache, CacheMoment moment, const char *name,
                      const TenantContext *tenant);

/* The number of the tenant that the name led to when the database was last asked, however long ago:
 * right for who is to share with whom, and for nothing else. */
MUST_CHECK bool cache_tenant_hint(Cache *cache, const char *name, int64_t *id);

/* Names that lead to no tenant, so that asking for them again costs nothing; few of them, so that
 * they cannot drive out the others. */
MUST_CHECK bool cache_unknown_get(Cache *cache, const char *name);
void cache_unknown_put(Cache *cache, CacheMoment moment, const char *name);

/* Sessions and API keys, by the whole of their token; email and permissions of the caller go to
 * call memory.  expire_us is of the monotonic clock: what has expired in the database must not live
 * on in a server whose calendar is set back.
 */
MUST_CHECK bool cache_session_get(Cache *cache, Call *call, const AuthToken *token, Caller *caller);
/* Whether it would find the token. */
MUST_CHECK bool cache_session_has(Cache *cache, const AuthToken *token);
void cache_session_put(Cache *cache, CacheMoment moment, const AuthToken *token,
                       const Caller *caller, int64_t expire_us);

/* What a user of the tenant (or a superuser, tenant 0) may do and why, in the form of who asks;
 * there are as many places as for sessions.  facts goes to call memory. */
MUST_CHECK bool cache_facts_get(Cache *cache, Call *call, int64_t tenant_id, int64_t user_id,
                                const char **facts);
void cache_facts_put(Cache *cache, CacheMoment moment, int64_t tenant_id, int64_t user_id,
                     const char *facts, size_t size);

/* What notifications say. */
void cache_changed_tenant(Cache *cache, int64_t tenant_id);
void cache_changed_names(Cache *cache);
void cache_changed_all(Cache *cache);

/* Whether memory may answer at present: for who watches. */
bool cache_is_fresh(Cache *cache);

/* The heartbeat that was sent at sent_us (monotonic) came back. */
void cache_heartbeat(Cache *cache, int64_t sent_us);

#endif
