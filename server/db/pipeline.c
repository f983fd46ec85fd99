/* Statements are sent in one pipeline, and their answers awaited without blocking, up to the call's
 * deadline.  */
#include "db/pipeline.h"
#include "call/metrics.h"
#include "base/clock.h"
#include "db/connection.h"
#include "db/explain.h"
#include "db/failure.h"
#include "db/plans.h"
#include "db/private.h"
#include "db/queries.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

bool
pipeline_queue(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
               bool own)
{
    Db *db = call->db;
    BindValue *values = call_alloc(call, (query->parameters_count + 1) * sizeof *values);

    if (db->queue_size == QUEUE_MAX || query->parameters_count > LIMIT_PARAMETERS)
        return call_defect(call, "%s: more than one pipeline holds", query->file);
    if (values == NULL || !bind_parameters(call, query, message, args, values))
        return false;
    db->queue[db->queue_size++] = (Queued){.query = query, .values = values, .own = own};
    for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
        if ((query->changes & CHANGE_BIT(kind)) != 0)
            call_change(call, kind, kind == CHANGE_TENANT ? call->tenant.id : 0);
    return true;
}

void
pipeline_queue_text(Call *call, const char *text)
{
    Db *db = call->db;

    assert(db->queue_size < QUEUE_MAX);
    db->queue[db->queue_size++] = (Queued){.text = text};
}

/* The server stops in the middle of a statement, or the statement must end: PostgreSQL ends it when
 * it sees that the connection has ended (client_connection_check_interval).  libpq's cancel would
 * block. */
static bool
give_up(Call *call)
{
    call->db->stale = true;
    return call_fail(call, CODE_UNAVAILABLE, "the server stops, or the work was canceled");
}

bool
pipeline_wait(Call *call, int64_t until_us, short events)
{
    struct pollfd descriptors[] = {
        {.fd = PQsocket(call->db->connection), .events = events},
        {.fd = call->stop_fd == NULL ? -1 : *call->stop_fd, .events = POLLIN}};

    for (;;) {
        int64_t left_us = until_us - clock_us();

        if (left_us <= 0) {
            call->db->stale = true;
            return call_fail(call, CODE_DEADLINE_EXCEEDED, "the database did not answer in time");
        }

        int64_t left_ms = left_us / 1000 + 1;
        int ready = poll(descriptors, 2, left_ms > INT_MAX ? INT_MAX : (int) left_ms);

        if (ready > 0 && (descriptors[1].revents & POLLIN) != 0)
            return give_up(call);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return failure_lost(call);
    }
}

/* Flushes while it reads, so that two full socket buffers cannot wait for each other. */
bool
pipeline_next(Call *call, int64_t until_us, PGresult **result)
{
    PGconn *connection = call->db->connection;

    for (;;) {
        int unsent = PQflush(connection);

        if (unsent < 0)
            return failure_lost(call);
        if (PQisBusy(connection) == 0) {
            *result = PQgetResult(connection);
            return true;
        }
        if (!pipeline_wait(call, until_us, (short) (unsent > 0 ? POLLIN | POLLOUT : POLLIN)))
            return false;
        if (PQconsumeInput(connection) == 0)
            return failure_lost(call);
    }
}

/* The name of the tenant's own for what reads in one; NULL: the statement has that of all tenants.
 */
static Plan *
find_plan(Call *call, const Queued *queued)
{
    const Db *db = call->db;

    if (db->plans == NULL || !queued->own || db->is_block || call->tenant.id == 0)
        return NULL;
    return plans_take(db->plans, queued->query->index, call->tenant.id);
}

static bool
send_own_plan(Db *db, Queued *queued, char name[PLAN_NAME_SIZE])
{
    char text[PLAN_NAME_SIZE + 16];

    plan_name(queued->plan, name);
    queued->prepares = !queued->plan->is_right;
    queued->removes = queued->prepares && queued->plan->is_there;
    snprintf(text, sizeof text, "deallocate %s", name);
    return (!queued->removes ||
            PQsendQueryParams(db->connection, text, 0, NULL, NULL, NULL, NULL, 1) == 1) &&
           (!queued->prepares ||
            PQsendPrepare(db->connection, name, queued->query->text, 0, NULL) == 1);
}

/* The same statement may come again in this pipeline; if it fails, collecting takes it back. */
static bool
send_shared_plan(Db *db, Queued *queued)
{
    const Query *query = queued->query;

    queued->prepares = db->prepared[query->index] == 0;
    db->prepared[query->index] = 1;
    return !queued->prepares ||
           PQsendPrepare(db->connection, query->name, query->text, 0, NULL) == 1;
}

static bool
send_statement(Call *call, Queued *queued)
{
    Db *db = call->db;
    const Query *query = queued->query;
    int count = query == NULL ? 0 : (int) query->parameters_count;
    const char *values[LIMIT_PARAMETERS + 1];
    int sizes[LIMIT_PARAMETERS + 1], formats[LIMIT_PARAMETERS + 1];
    char name[PLAN_NAME_SIZE];

    for (int i = 0; i < count; i++) {
        values[i] = queued->values[i].data;
        sizes[i] = queued->values[i].size;
        formats[i] = queued->values[i].format;
    }
    if (query == NULL)
        return PQsendQueryParams(db->connection, queued->text, 0, NULL, NULL, NULL, NULL, 1) == 1;
    if (!db->options->named)
        return PQsendQueryParams(db->connection, query->text, count, NULL, values, sizes, formats,
                                 1) == 1;
    queued->plan = find_plan(call, queued);
    if (!(queued->plan != NULL ? send_own_plan(db, queued, name) : send_shared_plan(db, queued)))
        return false;
    return PQsendQueryPrepared(db->connection, queued->plan != NULL ? name : query->name, count,
                               values, sizes, formats, 1) == 1;
}

/* Waits for the results of one statement of the pipeline; keeps the last if *keep is wanted.  What
 * is no answer to a statement ends the connection: libpq gives a COPY that nobody serves again and
 * again. */
static bool
collect(Call *call, int64_t until_us, const Query *query, PGresult **keep)
{
    PGresult *result = NULL;
    bool ok = true;

    for (;;) {
        if (!pipeline_next(call, until_us, &result))
            return false;
        if (result == NULL)
            return ok;

        ExecStatusType status = PQresultStatus(result);
        bool is_answer =
            status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;

        if (is_answer && query == NULL && ok)
            call->failure.script_statement++;
        if (is_answer && keep != NULL) {
            PQclear(*keep);
            *keep = result;
            continue;
        }
        if (status == PGRES_FATAL_ERROR)
            ok = failure_of_result(call, query, result);
        else if (status == PGRES_PIPELINE_ABORTED)
            ok = false;
        PQclear(result);
        if (!is_answer && status != PGRES_FATAL_ERROR && status != PGRES_PIPELINE_ABORTED)
            return failure_of_status(call, query, status);
    }
}

/* What came before a statement: what is known of its name follows from whether that went well.
 * False: the connection is of no use any more. */
static bool
collect_preparation(Call *call, int64_t until_us, const Queued *queued, bool *ok)
{
    Db *db = call->db;

    if (queued->removes) {
        *ok = collect(call, until_us, queued->query, NULL) && *ok;
        if (*ok)
            queued->plan->is_there = false;
    }
    if (queued->prepares && !db->stale) {
        *ok = collect(call, until_us, queued->query, NULL) && *ok;
        if (queued->plan == NULL && !*ok)
            db->prepared[queued->query->index] = 0;
        if (queued->plan != NULL && *ok)
            queued->plan->is_right = queued->plan->is_there = true;
    }
    return !db->stale;
}

/* The end of a pipeline whose last statement is query; an error in its place is one of the
 * transaction's end. */
static bool
collect_sync(Call *call, int64_t until_us, const Query *query)
{
    PGresult *result;

    if (!pipeline_next(call, until_us, &result))
        return false;

    ExecStatusType status = PQresultStatus(result); /* of NULL: PGRES_FATAL_ERROR */
    bool ok = status == PGRES_PIPELINE_SYNC ||
              (status == PGRES_FATAL_ERROR ? failure_of_result(call, query, result)
                                           : failure_of_status(call, query, status));

    PQclear(result);
    if (!ok)
        call->db->stale = true;
    return ok;
}

bool
pipeline_flush(Call *call, PGresult **own)
{
    Db *db = call->db;
    int64_t until_us = call->deadline_us + PIPELINE_GRACE_MS * 1000, start_us = clock_us();
    bool ok = true;
    size_t count = db->queue_size;

    db->queue_size = 0;
    if (count == 0)
        return call_defect(call, "a pipeline without a statement");
    if (db->connection == NULL)
        return failure_lost(call);
    for (size_t i = 0; i < count; i++) {
        if (!send_statement(call, &db->queue[i]))
            return failure_lost(call);
        if (db->queue[i].query == &query_begin || db->queue[i].query == &query_begin_snapshot)
            db->open = true;
    }
    if (PQpipelineSync(db->connection) != 1)
        return failure_lost(call);
    metrics_add(call->core->metrics, METRIC_ROUND_TRIPS);

    for (size_t i = 0; i < count; i++) {
        const Query *query = db->queue[i].query;
        PGresult *locks = NULL;
        PGresult **keep = db->queue[i].own ? own : query == &query_locks ? &locks : NULL;

        if (!collect_preparation(call, until_us, &db->queue[i], &ok))
            return false;
        ok = collect(call, until_us, query, keep) && ok;
        if (locks != NULL)
            explain_schemas(call, locks);
        PQclear(locks);
        if (db->stale && !call->failure.is_outdated)
            return false;
        if (query != NULL)
            explain_statement(call, query, clock_us() - start_us);
    }
    return collect_sync(call, until_us, db->queue[count - 1].query) && ok;
}

bool
pipeline_leave(Call *call, const char *text)
{
    PGconn *connection = call->db->connection;

    return (PQexitPipelineMode(connection) == 1 && PQsendQuery(connection, text) == 1) ||
           failure_lost(call);
}

bool
pipeline_return(Call *call, int64_t until_us, PGresult **last)
{
    Db *db = call->db;
    bool ok = collect(call, until_us, NULL, last);

    if (db->stale || PQenterPipelineMode(db->connection) != 1)
        return call->failure.code != CODE_OK ? false : failure_lost(call);
    return ok;
}
