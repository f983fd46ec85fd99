/* COPY in either direction, outside the pipeline.  One row, or one piece, is in memory at a time.
 */
#include "db/copy.h"
#include "db/connection.h"
#include "db/context.h"
#include "db/failure.h"
#include "db/pipeline.h"
#include "db/private.h"

#include <poll.h>
#include <stdlib.h>

/* Sends a COPY, outside the pipeline, and waits until PostgreSQL is ready for it. */
static bool
copy_start(Call *call, const char *statement, ExecStatusType wanted)
{
    Db *db = call->db;
    PGresult *result = NULL;

    if (!db->options->owner || !db->begun || !db->is_block)
        return call_defect(call, "a copy outside an owner's transaction");
    if (db->connection == NULL)
        return failure_lost(call);
    if (!context_start(call) || !pipeline_leave(call, statement) ||
        !pipeline_next(call, call->deadline_us, &result))
        return false;
    if (PQresultStatus(result) == wanted) {
        PQclear(result);
        return true;
    }

    bool ok = PQresultStatus(result) == PGRES_FATAL_ERROR
                  ? failure_of_result(call, NULL, result)
                  : call_fail(call, CODE_INTERNAL, "the statement is not a COPY of this direction");

    PQclear(result);
    /* the connection is in the middle of something: it ends, and the transaction with it */
    db->stale = true;
    return ok;
}

/* One row at a time, so that no more than one is in memory. */
static bool
copy_rows_out(Call *call, DbTake take, void *argument)
{
    PGconn *connection = call->db->connection;

    for (;;) {
        char *row = NULL;
        int size = PQgetCopyData(connection, &row, 1);

        if (size > 0) {
            bool ok = take(argument, row, (size_t) size);

            PQfreemem(row);
            if (!ok)
                return false;
        } else if (size < 0) {
            return true; /* the end, or an error: pipeline_return says which */
        } else if (!pipeline_wait(call, call->deadline_us, POLLIN)) {
            return false;
        } else if (PQconsumeInput(connection) == 0) {
            return failure_lost(call);
        }
    }
}

static bool
copy_out(Call *call, const char *statement, DbTake take, void *argument)
{
    PGresult *result = NULL;

    if (!copy_start(call, statement, PGRES_COPY_OUT))
        return false;
    if (!copy_rows_out(call, take, argument)) {
        call->db->stale = true;
        return false;
    }

    bool ok = pipeline_return(call, call->deadline_us, &result);

    PQclear(result);
    return ok;
}

bool
db_copy_out(Call *call, const char *statement, DbTake take, void *argument)
{
    Db *db = call->db;
    bool ok;

    db->runs_user_script = true;
    ok = copy_out(call, statement, take, argument);
    db->runs_user_script = false;
    return ok;
}

/* Until all that was put is on its way; libpq would keep it in a buffer that grows. */
static bool
copy_flush(Call *call)
{
    PGconn *connection = call->db->connection;
    int unsent;

    while ((unsent = PQflush(connection)) > 0) {
        if (!pipeline_wait(call, call->deadline_us, POLLIN | POLLOUT))
            return false;
        if (PQconsumeInput(connection) == 0)
            return failure_lost(call);
    }
    /* an error that has come meanwhile is noticed by the next put */
    (void) PQisBusy(connection);
    return unsent == 0 || failure_lost(call);
}

static bool
copy_rows_in(Call *call, DbGive give, void *argument)
{
    PGconn *connection = call->db->connection;

    for (;;) {
        const char *data;
        size_t size;

        if (!give(argument, &data, &size))
            return false;
        if (size == 0)
            break;
        if (PQputCopyData(connection, data, (int) size) != 1)
            return true; /* PostgreSQL has had enough: pipeline_return says why */
        if (!copy_flush(call))
            return false;
    }
    (void) PQputCopyEnd(connection, NULL); /* if it fails, PostgreSQL has failed before it */
    return true;
}

static bool
copy_in(Call *call, const char *statement, DbGive give, void *argument, uint64_t *rows)
{
    PGresult *result = NULL;

    if (!copy_start(call, statement, PGRES_COPY_IN))
        return false;
    if (!copy_rows_in(call, give, argument)) {
        call->db->stale = true;
        return false;
    }

    bool ok = pipeline_return(call, call->deadline_us, &result);

    if (ok)
        *rows = strtoull(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return ok;
}

bool
db_copy_in(Call *call, const char *statement, DbGive give, void *argument, uint64_t *rows)
{
    Db *db = call->db;
    bool ok;

    db->runs_user_script = db->is_soiled = true; /* functions of constraints and indexes run */
    ok = copy_in(call, statement, give, argument, rows);
    db->runs_user_script = false;
    return ok;
}
