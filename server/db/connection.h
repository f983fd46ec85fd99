/* A Db is one connection, owned by one thread.  It is opened before the first call and replaced
 * between calls: after a failure that leaves it in an unknown state, and when it has grown.  */
#ifndef CIQ_SERVER_DB_CONNECTION_H
#define CIQ_SERVER_DB_CONNECTION_H

#include "call/call.h"

typedef struct DbOptions {
    const char *conninfo;          /* libpq's */
    bool is_pooled;                /* a pooler stands between: the session is not ours alone, and
                                      what it keeps may be gone with the next transaction */
    bool named;                    /* prepare statements by name */
    unsigned tenant_plans;         /* how many are prepared for one tenant alone; needs named */
    unsigned tenants_max;          /* replace the connection after this many distinct tenants */
    unsigned creations_max;        /* the same after this many tenants that were made */
    const char *extension_schemas; /* for search_path, quoted, "" or "ext, " */
    bool owner;                    /* no role is set: the login itself owns what it touches */
    bool tries;       /* scripts may run although it is not the owner's: see rpc/isolation.c */
    const char *user; /* signs in as this role instead of conninfo's; NULL: as conninfo says */
    const char *platform_role; /* the role of platform calls, unless owner */
} DbOptions;

/* One connection, not opened yet.  NULL: no memory.  options must outlive it. */
MUST_CHECK Db *db_new(const DbOptions *options);

/* NULL is fine. */
void db_free(Db *db);

/* Between calls: opens or replaces the connection if that is due, unless stop_fd (NULL: none) is
 * readable.  False: it cannot be opened now; reason (of size bytes) says why, for the log. */
MUST_CHECK bool db_ready(Db *db, const int *stop_fd, char *reason, size_t size);

/* Says that the call makes a tenant: DbOptions.creations_max. */
void db_count_creation(Call *call);

/* Outside calls, on a ready connection: makes PostgreSQL read the login's memberships again, which
 * the first SET ROLE after new roles does and which takes milliseconds with thousands of roles. */
MUST_CHECK bool db_warm(Db *db, const int *stop_fd);

/* Who the connection string signs in, and whether a pooler stands between; gives up when stop_fd
 * (NULL: none) is readable.  False: it signs nobody in; reason (of size bytes) says why. */
MUST_CHECK bool db_login(const char *conninfo, const int *stop_fd, char login[LIMIT_ROLE_NAME + 1],
                         bool *pooled, char *reason, size_t size);

#endif
