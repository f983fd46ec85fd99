/* What keeps the platform and its tenants tidy while they are used.  */
#include "tenant/sweep.h"
#include "base/log.h"
#include "call/internal.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/migrate.h"

enum { SWEEP_LOCK_MS = 1000 }; /* a sweep that waits keeps others from its tenant's row */

bool
sweep_roles(Call *call, void *state UNUSED)
{
    int64_t block = call->core->config->role_block;
    const DbRow *row;

    db_begin(call, DB_READ);
    if (!db_row(call, &query_role_pool_count, NULL, NULL, &row))
        return false;
    if (row != NULL && db_row_int64(row, "count") * 2 >= block)
        return true;
    if (!migrate_role_block(call, (unsigned) block))
        return false;
    log_write(LOG_LEVEL_INFO, "roles made", "count=%lld", (long long) block);
    return true;
}

bool
sweep_platform(Call *call, void *state UNUSED)
{
    db_begin(call, DB_WRITE);
    return db_queue(call, &query_sweep_idempotency, NULL, NULL) &&
           db_queue(call, &query_sweep_platform_sessions, NULL, NULL) &&
           db_queue(call, &query_sweep_platform_tokens, NULL, NULL) &&
           db_queue(call, &query_sweep_throttle, NULL, NULL) &&
           db_queue(call, &query_sweep_mail_limit, NULL, NULL) &&
           db_queue(call, &query_sweep_mails, NULL, NULL) &&
           db_queue(call, &query_sweep_act_sessions, NULL, NULL) && db_commit(call);
}

/* One tenant, in a transaction that holds its row: what is swept cannot be renamed, deleted or
 * become another's meanwhile.  A schema that somebody has damaged has had its turn all the same, or
 * nobody else would. */
static bool
sweep_tenant(Call *call, bool *done)
{
    const DbRow *row;

    call->tenant = (TenantContext){0};
    call->lock_timeout_ms = SWEEP_LOCK_MS;
    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_tenant_to_sweep, NULL, NULL, &row))
        return false;
    *done = row == NULL;
    if (*done) {
        db_rollback(call);
        return true;
    }
    if (!db_enter_tenant(call, db_row_int64(row, "id"), db_row_text(row, "schema_name")) ||
        !db_queue(call, &query_tenant_swept, NULL, NULL) || !db_savepoint(call))
        return false;
    if (!db_queue(call, &query_sweep_idempotency, NULL, NULL) ||
        (db_row_bool(row, "has_tokens") && !db_queue(call, &query_sweep_tokens, NULL, NULL)) ||
        (db_row_bool(row, "has_outbox") && !db_queue(call, &query_sweep_mails, NULL, NULL)) ||
        !db_run(call, &query_sweep_sessions, NULL, NULL, NULL)) {
        internal_log(call, LOG_LEVEL_WARNING, "tenant not swept");
        if (!db_savepoint_rollback(call))
            return false;
    }
    return db_commit(call);
}

/* The tenants take turns: each look sweeps the next few, so that no look is long. */
bool
sweep_tenants(Call *call, void *state UNUSED)
{
    enum { TENANTS = 50 };
    bool done = false;

    for (int i = 0; i < TENANTS && !done; i++)
        if (!sweep_tenant(call, &done))
            return false;
    return true;
}
