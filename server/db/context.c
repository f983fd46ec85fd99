/* Role, search_path, read-only and time-outs, in one statement ahead of all others.  */
#include "db/context.h"
#include "db/clean.h"
#include "db/connection.h"
#include "db/path.h"
#include "db/pipeline.h"
#include "db/private.h"
#include "db/queries.h"

#include <inttypes.h>

/* A transaction that is idle for longer is that of a server that hangs, or was lost without a word;
 * others wait for its locks.  A call of a user has nothing to do between two statements that takes
 * more than moments; a job may read a file. */
enum { IDLE_CALL_MS = 3000, IDLE_JOB_MORE_MS = 5000 };

void
context_count_tenant(Db *db, int64_t tenant_id)
{
    uint64_t hash = (uint64_t) tenant_id * 0x9E3779B97F4A7C15u >> 48;
    uint8_t *byte = &db->tenants_seen[hash / 8];
    uint8_t bit = (uint8_t) (1u << hash % 8);

    if ((*byte & bit) == 0)
        db->tenants_count++;
    *byte |= bit;
}

static int64_t
idle_max_ms(const Call *call, int64_t left_ms)
{
    if (call->method != NULL)
        return IDLE_CALL_MS;
    return (call->statement_timeout_ms != 0 ? call->statement_timeout_ms : left_ms) +
           IDLE_JOB_MORE_MS;
}

static bool
queue_context(Call *call)
{
    Db *db = call->db;
    const DbOptions *options = db->options;
    int64_t left_ms = call_left_ms(call);
    const char *path = "public, pg_temp", *timeout, *lock_timeout, *idle_timeout;
    const char *role = options->owner ? "none" : options->platform_role;

    if (left_ms == 0)
        return call_fail(call, CODE_DEADLINE_EXCEEDED,
                         "the deadline passed before the database was asked");
    if (call->tenant.id != 0) {
        path = db_path(call, call->tenant.schema);
        if (!options->owner)
            role = call->tenant.role;
        context_count_tenant(db, call->tenant.id);
    }
    timeout = call_printf(call, "%" PRId64, call_statement_ms(call));
    /* a call of a user gives way after a second; the server's own work may wait */
    lock_timeout = call->method != NULL && left_ms > 1000 ? "1000" : timeout;
    if (call->lock_timeout_ms != 0)
        lock_timeout = call_printf(call, "%" PRId64, call->lock_timeout_ms);
    idle_timeout = call_printf(call, "%" PRId64, idle_max_ms(call, left_ms));
    if (path == NULL || timeout == NULL || lock_timeout == NULL || idle_timeout == NULL)
        return false;
    if (role[0] == '\0')
        return call_fail(call, CODE_DATA_LOSS, "the tenant's row has no role");
    return pipeline_queue(call, &query_context, NULL,
                          (DbArg[]){{.name = "role", .text = role},
                                    {.name = "search_path", .text = path},
                                    {.name = "read_only", .text = db->writes ? "off" : "on"},
                                    {.name = "statement_timeout", .text = timeout},
                                    {.name = "lock_timeout", .text = lock_timeout},
                                    {.name = "idle_timeout", .text = idle_timeout},
                                    {0}},
                          false);
}

bool
context_queue_start(Call *call)
{
    Db *db = call->db;

    if (!db->begun)
        return call_defect(call, "a statement outside a transaction");
    if (db->open)
        return true;
    if (db->is_soiled && db->queue_size == 0 && !clean_connection(call))
        return false;
    if (!db->is_block)
        return queue_context(call);
    if (db->queue_size > 0) /* a statement was queued before, and the start before it */
        return true;
    return pipeline_queue(call, db->writes ? &query_begin : &query_begin_snapshot, NULL, NULL,
                          false) &&
           queue_context(call);
}

bool
context_start(Call *call)
{
    PGresult *none = NULL;

    return context_queue_start(call) && (call->db->queue_size == 0 || pipeline_flush(call, &none));
}
