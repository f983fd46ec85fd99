/* What keeps the platform and its tenants tidy while they are used.  */
#include "tenant/sweep.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/migrate.h"
#include "tenant/setback.h"

#include <inttypes.h>

enum {
    SWEEP_LOCK_MS = 1000, /* a sweep that waits keeps others from its tenant's row */
    SWEEP_MAX_MS = 10000, /* of one tenant */
    SWEEP_ROWS = 10000    /* of one table in one transaction */
};

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

/* Deletes a bounded number of rows, since a transaction that deletes for long keeps others waiting.
 */
static bool
sweep_some(Call *call, const Query *query, bool *more)
{
    const char *count = call_printf(call, "%d", SWEEP_ROWS);
    uint64_t rows;

    if (count == NULL ||
        !db_run(call, query, NULL, (DbArg[]){{.name = "count", .text = count}, {0}}, &rows))
        return false;
    *more = *more || rows >= SWEEP_ROWS;
    return true;
}

bool
sweep_platform(Call *call, void *state UNUSED)
{
    static const Query *const queries_all[] = {
        &query_sweep_idempotency,     &query_sweep_platform_sessions,
        &query_sweep_platform_tokens, &query_sweep_throttle,
        &query_sweep_mails,           &query_sweep_act_sessions,
        &query_sweep_mail_limit,      &query_sweep_demo};
    bool more = false;

    db_begin(call, DB_WRITE);
    for (size_t i = 0; i < sizeof queries_all / sizeof *queries_all; i++)
        if (!sweep_some(call, queries_all[i], &more))
            return false;
    if (!db_commit(call))
        return false;
    call->is_unfinished = more;
    return true;
}

bool
sweep_strangers(Call *call, void *state UNUSED)
{
    const char *count = call_printf(call, "%d", SWEEP_ROWS);
    const char *bound = call_printf(call, "%" PRId64, call->core->config->throttle_rows);
    uint64_t rows;

    db_begin(call, DB_WRITE);
    if (count == NULL || bound == NULL ||
        !db_run(call, &query_sweep_strangers, NULL,
                (DbArg[]){{.name = "count", .text = count}, {.name = "bound", .text = bound}, {0}},
                &rows) ||
        !db_commit(call))
        return false;
    if (rows > 0 && log_due(&call->core->throttle_full_us))
        log_write(LOG_LEVEL_WARNING, "strangers' tries are forgotten early",
                  "count=%" PRIu64 " throttle_rows=%s", rows, bound);
    call->is_unfinished = rows >= SWEEP_ROWS;
    return true;
}

/* One tenant, in a transaction that holds its row: what is swept cannot be renamed, deleted or
 * become another's meanwhile; one that has more has another turn behind those who wait.  *id: the
 * tenant, also where it fails; 0: nobody's turn has come. */
static bool
sweep_tenant(Call *call, int64_t *id)
{
    const DbRow *row;
    bool more = false;

    call->tenant = (TenantContext){0};
    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_tenant_to_sweep, NULL, NULL, &row))
        return false;
    if (row == NULL) {
        db_rollback(call);
        return true;
    }
    *id = db_row_int64(row, "id");
    return db_enter_tenant(call, *id, db_row_text(row, "schema_name")) &&
           db_queue(call, &query_tenant_swept, NULL, NULL) &&
           sweep_some(call, &query_sweep_idempotency, &more) &&
           (!db_row_bool(row, "has_tokens") || sweep_some(call, &query_sweep_tokens, &more)) &&
           (!db_row_bool(row, "has_outbox") || sweep_some(call, &query_sweep_mails, &more)) &&
           sweep_some(call, &query_sweep_sessions, &more) &&
           (!more || db_queue(call, &query_tenant_sweep_again, NULL, NULL)) && db_commit(call);
}

/* The tenants take turns: each look sweeps the next few, so that no look is long.  A schema that
 * somebody has damaged, or that somebody else holds, is put off. */
bool
sweep_tenants(Call *call, void *state UNUSED)
{
    enum { TENANTS = 50 };
    int64_t id = 1;

    for (int i = 0; i < TENANTS && id != 0; i++) {
        Call sweep = *call;

        id = 0;
        sweep.deadline_us = clock_us() + SWEEP_MAX_MS * 1000;
        sweep.lock_timeout_ms = SWEEP_LOCK_MS;
        if (sweep_tenant(&sweep, &id))
            continue;
        if (id == 0) {
            call->failure = sweep.failure;
            return false;
        }
        if (!setback_note(&sweep, SETBACK_SWEEP, id))
            return true;
    }
    call->is_unfinished = id != 0;
    return true;
}
