/* Begin, commit, the ways back, and the step from the platform into a tenant.  */
#include "db/transaction.h"
#include "base/clock.h"
#include "db/clean.h"
#include "db/connection.h"
#include "db/context.h"
#include "db/path.h"
#include "db/pipeline.h"
#include "db/private.h"
#include "db/queries.h"
#include "db/statement.h"

#include <stdio.h>
#include <string.h>

void
db_begin(Call *call, DbMode mode)
{
    Db *db = call->db;

    if (db->open) {
        /* what follows would be part of another transaction: nothing more is sent in this one */
        (void) !call_defect(call, "a transaction begins in another");
        db->stale = true;
        db->begun = false;
        return;
    }
    db->is_block = mode != DB_READ;
    db->writes = mode == DB_WRITE;
    db->begun = true;
    db->queue_size = 0;
    call->has_defect = false;
    call->changes = (Changes){.is_open = db->writes};
}

/* The other servers hear of it when, and only if, the transaction is committed. */
static bool
queue_notifications(Call *call)
{
    for (size_t i = 0; i < call->changes.count; i++) {
        char *payload = call_alloc(call, CHANGE_PAYLOAD_SIZE);

        if (payload == NULL)
            return false;
        if (change_encode(call->changes.list[i], payload) &&
            !pipeline_queue(call, &query_notify, NULL,
                            (DbArg[]){{.name = "payload", .text = payload}, {0}}, false))
            return false;
    }
    return true;
}

/* This server does not wait for its own notification. */
static void
tell_changes(Call *call)
{
    for (size_t i = 0; i < call->changes.count; i++)
        call_tell(call, call->changes.list[i].kind, call->changes.list[i].tenant_id);
    call->changes = (Changes){0};
}

bool
db_commit(Call *call)
{
    Db *db = call->db;
    PGresult *result = NULL;

    if (!db->begun || !db->writes)
        return call_defect(call, "a commit without a transaction that writes");
    if (call->has_defect || !context_queue_start(call))
        return false;
    if (!queue_notifications(call))
        return false;
    if (call->explain.wanted && !pipeline_queue(call, &query_locks, NULL, NULL, false))
        return false;
    if (!pipeline_queue(call, &query_commit, NULL, NULL, true) || !pipeline_flush(call, &result)) {
        PQclear(result);
        return false;
    }
    db->open = db->begun = false;

    /* PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and calls that success */
    bool committed = result != NULL && strcmp(PQcmdStatus(result), "COMMIT") == 0;

    PQclear(result);
    if (!committed)
        return call_fail(call, CODE_INTERNAL, "the transaction had failed before it was committed");
    tell_changes(call);
    return true;
}

/* A rollback takes back all that somebody else's script has done, but for its locks; behind a
 * pooler they must go in the same message, elsewhere they do before the next transaction. */
static bool
queue_rollback(Call *call)
{
    Db *db = call->db;

    if (!pipeline_queue(call, &query_rollback, NULL, NULL, false))
        return false;
    if (db->is_soiled && db->options->is_pooled) {
        db->is_soiled = false;
        pipeline_queue_text(call, "select pg_catalog.pg_advisory_unlock_all()");
    }
    return true;
}

void
db_rollback(Call *call)
{
    Db *db = call->db;
    PGresult *none = NULL;
    bool open;

    call->changes = (Changes){0};
    if (db == NULL)
        return;
    open = db->open && !db->stale && db->connection != NULL;
    db->queue_size = 0;
    db->begun = db->open = false;
    if (!open)
        return;

    /* even a call whose time is over may end its transaction */
    int64_t deadline_us = call->deadline_us;

    call->deadline_us = clock_us() + PIPELINE_GRACE_MS * 1000;
    if (!queue_rollback(call) || !pipeline_flush(call, &none) ||
        PQtransactionStatus(db->connection) != PQTRANS_IDLE)
        db->stale = true;
    call->deadline_us = deadline_us;
}

TenantContext
db_as_platform(Call *call)
{
    TenantContext tenant = call->tenant;

    db_rollback(call);
    call->tenant = (TenantContext){0};
    return tenant;
}

void
db_as_tenant(Call *call, const TenantContext *tenant)
{
    db_rollback(call);
    call->tenant = *tenant;
}

bool
db_savepoint(Call *call)
{
    return db_queue(call, &query_savepoint, NULL, NULL);
}

bool
db_savepoint_rollback(Call *call)
{
    Db *db = call->db;

    if (!db->open || db->stale || db->connection == NULL)
        return false;
    db->queue_size = 0;
    call_forget_failure(call);
    return db_run(call, &query_savepoint_rollback, NULL, NULL, NULL);
}

bool
db_begin_after_failure(Call *call)
{
    Db *db = call->db;

    if (db->stale || db->connection == NULL)
        return false;
    call_forget_failure(call);
    db_begin(call, DB_WRITE);
    return true;
}

bool
db_enter_tenant(Call *call, int64_t id, const char *schema)
{
    call->tenant = (TenantContext){.id = id};
    snprintf(call->tenant.schema, sizeof call->tenant.schema, "%s", schema);
    context_count_tenant(call->db, id);

    const char *path = db_path(call, schema);

    return path != NULL &&
           db_queue(call, &query_path, NULL, (DbArg[]){{.name = "search_path", .text = path}, {0}});
}

bool
db_leave_tenant(Call *call)
{
    call->tenant = (TenantContext){0};
    return db_queue(call, &query_path_public, NULL, NULL);
}
