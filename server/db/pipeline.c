/* The only file that calls libpq.  Statements are queued and sent in one pipeline with what must go
 * before them; answers are awaited without blocking, up to the call's deadline.  Everything that an
 * answer holds is copied into the call's arena before the result is freed.  */
#include "db/db.h"
#include "db/bind.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_MAX = 12, /* statements in one pipeline: begin, context, claim, own, store, audit … */
    TENANTS_BITS = 1 << 16, /* of the set that counts a connection's tenants */
    RECONNECT_PAUSE_MS =
        200,       /* between two attempts to connect, so that calls fail at once meanwhile */
    GRACE_MS = 500 /* beyond the deadline, for PostgreSQL's own time-out to arrive */
};

typedef struct Queued {
    const Query *query;
    BindValue *values;
    bool own; /* the statement whose answer is wanted */
} Queued;

struct Db {
    const DbOptions *options;
    PGconn *connection;    /* NULL: none */
    uint8_t *prepared;     /* one per statement of queries[] */
    uint8_t *tenants_seen; /* a set of hashed tenant ids */
    unsigned tenants_count, creations_count;
    int64_t retry_us; /* no attempt to connect before this */
    bool stale;       /* replace it before the next call */

    /* the call's transaction */
    DbMode mode;
    bool begun, open; /* begun: asked for; open: BEGIN was sent and not ended */
    Queued queue[QUEUE_MAX];
    size_t queue_size;
};

Db *
db_new(const DbOptions *options)
{
    Db *db = calloc(1, sizeof *db);

    if (db == NULL)
        return NULL;
    db->options = options;
    db->prepared = calloc(queries_count + 1, 1);
    db->tenants_seen = calloc(TENANTS_BITS / 8, 1);
    if (db->prepared == NULL || db->tenants_seen == NULL) {
        db_free(db);
        return NULL;
    }
    return db;
}

static void
db_close(Db *db)
{
    PQfinish(db->connection);
    db->connection = NULL;
    memset(db->prepared, 0, queries_count);
    memset(db->tenants_seen, 0, TENANTS_BITS / 8);
    db->tenants_count = db->creations_count = 0;
    db->begun = db->open = db->stale = false;
    db->queue_size = 0;
}

void
db_free(Db *db)
{
    if (db == NULL)
        return;
    if (db->prepared != NULL && db->tenants_seen != NULL)
        db_close(db);
    free(db->prepared);
    free(db->tenants_seen);
    free(db);
}

/* True if the server has closed an idle connection: libpq notices only when it reads. */
static bool
was_closed(PGconn *connection)
{
    struct pollfd descriptor = {.fd = PQsocket(connection), .events = POLLIN};

    if (poll(&descriptor, 1, 0) > 0 && PQconsumeInput(connection) == 0)
        return true;
    return PQstatus(connection) != CONNECTION_OK;
}

static void
ignore_notice(void *argument UNUSED, const PGresult *result UNUSED)
{
}

bool
db_ready(Db *db, char *reason, size_t size)
{
    if (db->connection != NULL &&
        (db->stale || db->tenants_count >= db->options->tenants_max ||
         db->creations_count >= db->options->creations_max ||
         PQtransactionStatus(db->connection) != PQTRANS_IDLE || was_closed(db->connection)))
        db_close(db);
    if (db->connection != NULL)
        return true;

    int64_t now_us = clock_us();

    if (now_us < db->retry_us) {
        snprintf(reason, size, "waiting to connect again");
        return false;
    }

    const char *const keywords[] = {"dbname",
                                    "application_name",
                                    "connect_timeout",
                                    "client_encoding",
                                    "tcp_user_timeout",
                                    db->options->user != NULL ? "user" : NULL,
                                    NULL};
    const char *const values[] = {db->options->conninfo, "clientiq", "2", "UTF8", "10000",
                                  db->options->user,     NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);

    if (PQstatus(connection) != CONNECTION_OK || PQsetnonblocking(connection, 1) != 0 ||
        PQenterPipelineMode(connection) != 1) {
        snprintf(reason, size, "%s", PQerrorMessage(connection));
        PQfinish(connection);
        db->retry_us = clock_us() + RECONNECT_PAUSE_MS * 1000;
        return false;
    }
    PQsetNoticeReceiver(connection, ignore_notice, NULL);
    db->connection = connection;
    return true;
}

/* ---- failures ---- */

static bool
fail_lost(Call *call)
{
    Db *db = call->db;

    if (db->connection != NULL)
        call->failure.detail = call_strdup(call, PQerrorMessage(db->connection));
    db->stale = true;
    return call_fail(call, CODE_UNAVAILABLE, "the database is not available");
}

/* "users_customuser_email_key" on "users_customuser" is about "email". */
static const char *
constraint_field(Call *call, const char *constraint, const char *table)
{
    size_t prefix = strlen(table), size = strlen(constraint);
    char *field;

    if (strncmp(constraint, table, prefix) == 0 && constraint[prefix] == '_')
        constraint += prefix + 1;
    field = call_strdup(call, constraint);
    if (field == NULL)
        return "value";
    size = strlen(field);
    if (size > 4 && strcmp(field + size - 4, "_key") == 0)
        field[size - 4] = '\0';
    return field;
}

typedef struct StateCode {
    const char *prefix; /* of the SQLSTATE */
    Code code;
    const char *text;
} StateCode;

/* The first row that fits wins; what is not here is INTERNAL. */
static const StateCode state_codes[] = {
    {"23503", CODE_FAILED_PRECONDITION,
     "something else still refers to this, or it does not exist"},
    {"23514", CODE_INVALID_ARGUMENT, "a value is outside what the database allows"},
    {"23502", CODE_INVALID_ARGUMENT, "a value is missing"},
    {"22", CODE_INVALID_ARGUMENT, "a value is outside what the database allows"},
    {"40", CODE_ABORTED, "the call lost against another one"},
    {"55P03", CODE_ABORTED, "another call holds what this one needs"},
    {"57014", CODE_DEADLINE_EXCEEDED, "the deadline passed while the database worked"},
    {"53", CODE_RESOURCE_EXHAUSTED, "the database has no room for this now"},
    {"57P", CODE_UNAVAILABLE, "the database is not available"},
    {"08", CODE_UNAVAILABLE, "the database is not available"},
    {"42P06", CODE_ALREADY_EXISTS, "a schema of this name exists already"},
    {"25006", CODE_INTERNAL, "the call tried to write without saying so"},
};

static bool
fail_result(Call *call, const Query *query, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);

    if (state == NULL)
        return fail_lost(call);
    snprintf(call->failure.sqlstate, sizeof call->failure.sqlstate, "%s", state);
    if (query == NULL) {
        const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);

        call->failure.script_position = position == NULL ? 0 : atoi(position);
    }
    /* the first line only: the others quote values of the row */
    call->failure.detail = call_printf(call, "%s: %s", query == NULL ? "script" : query->name,
                                       PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));

    if (query == &query_idempotency_claim && strcmp(state, "23505") == 0) {
        call->failure.is_replay = true;
        return call_fail(call, CODE_ABORTED, "this idempotency key was used before");
    }
    if (strcmp(state, "23505") == 0 && constraint != NULL && table != NULL)
        return call_fail_field_code(call, CODE_ALREADY_EXISTS,
                                    constraint_field(call, constraint, table), "is taken already");
    if (strcmp(state, "0A000") == 0) {
        call->failure.is_stale_plan = true;
        call->db->stale = true;
        return call_fail(call, CODE_ABORTED, "the schema changed while the call ran");
    }
    /* a tenant that was closed on another server, or whose schema somebody damaged */
    if (call->tenant.id != 0 && (strcmp(state, "42501") == 0 || strcmp(state, "42P01") == 0 ||
                                 strcmp(state, "3F000") == 0 || strcmp(state, "42704") == 0))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the tenant's schema is closed or incomplete (SQLSTATE %s)", state);
    if (strcmp(state, "57014") == 0 && call_left_ms(call) > 0 &&
        call_statement_ms(call) == (int64_t) call->tenant.limits.statement_ms)
        return call_fail(
            call, CODE_RESOURCE_EXHAUSTED,
            "a statement ran longer than the tenant's limit: max_statement_ms is %" PRIu32,
            call->tenant.limits.statement_ms);
    for (size_t i = 0; i < sizeof state_codes / sizeof *state_codes; i++) {
        const StateCode *row = &state_codes[i];

        if (strncmp(state, row->prefix, strlen(row->prefix)) != 0)
            continue;
        if (row->code == CODE_ABORTED)
            call->failure.retry_after_ms = 100;
        return call_fail(call, row->code, "%s", row->text);
    }
    return call_fail(call, CODE_INTERNAL, "the server has a defect; its log names this call");
}

/* ---- sending and receiving ---- */

/* The server stops in the middle of a long statement.  libpq's cancel blocks, but not for long on a
 * machine that answers, and nobody else waits for this thread. */
static bool
give_up(Call *call)
{
    PGcancel *cancel = PQgetCancel(call->db->connection);
    char reason[256];

    if (cancel != NULL)
        (void) PQcancel(cancel, reason, sizeof reason);
    PQfreeCancel(cancel);
    call->db->stale = true;
    return call_fail(call, CODE_UNAVAILABLE, "the server stops");
}

static bool
wait_for_socket(Call *call, int64_t until_us, short events)
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
            return fail_lost(call);
    }
}

/* The next result of the pipeline, NULL between two statements.  Flushes while it reads, so that
 * two full socket buffers cannot wait for each other. */
static bool
next_result(Call *call, int64_t until_us, PGresult **result)
{
    PGconn *connection = call->db->connection;

    for (;;) {
        int unsent = PQflush(connection);

        if (unsent < 0)
            return fail_lost(call);
        if (PQisBusy(connection) == 0) {
            *result = PQgetResult(connection);
            return true;
        }
        if (!wait_for_socket(call, until_us, (short) (unsent > 0 ? POLLIN | POLLOUT : POLLIN)))
            return false;
        if (PQconsumeInput(connection) == 0)
            return fail_lost(call);
    }
}

static bool
send_statement(Call *call, const Queued *queued, bool *prepares)
{
    Db *db = call->db;
    const Query *query = queued->query;
    int count = (int) query->parameters_count;
    const char *values[LIMIT_PARAMETERS + 1];
    int sizes[LIMIT_PARAMETERS + 1], formats[LIMIT_PARAMETERS + 1];

    for (int i = 0; i < count; i++) {
        values[i] = queued->values[i].data;
        sizes[i] = queued->values[i].size;
        formats[i] = queued->values[i].format;
    }
    *prepares = db->options->named && db->prepared[query->index] == 0;
    if (!db->options->named)
        return PQsendQueryParams(db->connection, query->text, count, NULL, values, sizes, formats,
                                 1) == 1;
    if (*prepares && PQsendPrepare(db->connection, query->name, query->text, 0, NULL) != 1)
        return false;
    /* the same statement may come again in this pipeline; if it fails, collecting takes it back */
    db->prepared[query->index] = 1;
    return PQsendQueryPrepared(db->connection, query->name, count, values, sizes, formats, 1) == 1;
}

/* Waits for the results of one statement of the pipeline; keeps the last if *keep is wanted. */
static bool
collect(Call *call, int64_t until_us, const Query *query, PGresult **keep)
{
    PGresult *result;
    bool ok = true;

    for (;;) {
        if (!next_result(call, until_us, &result))
            return false;
        if (result == NULL)
            return ok;

        ExecStatusType status = PQresultStatus(result);

        if (status != PGRES_FATAL_ERROR && query == NULL && ok)
            call->failure.script_statement++;
        if (status == PGRES_FATAL_ERROR) {
            ok = fail_result(call, query, result);
        } else if (status == PGRES_PIPELINE_ABORTED) {
            ok = false;
        } else if (keep != NULL) {
            PQclear(*keep);
            *keep = result;
            continue;
        }
        PQclear(result);
    }
}

static bool
collect_sync(Call *call, int64_t until_us)
{
    PGresult *result;

    for (;;) {
        if (!next_result(call, until_us, &result))
            return false;

        bool is_sync = result != NULL && PQresultStatus(result) == PGRES_PIPELINE_SYNC;

        PQclear(result);
        if (is_sync)
            return true;
    }
}

static void
explain_statement(Call *call, const Query *query, int64_t duration_us)
{
    if (!call->explain.wanted || call->explain.statements_count == LIMIT_STATEMENTS)
        return;

    Statement *statement = call_alloc(call, sizeof *statement);

    if (call->explain.statements == NULL)
        call->explain.statements = call_alloc(call, LIMIT_STATEMENTS * sizeof(Statement *));
    if (statement == NULL || call->explain.statements == NULL)
        return;
    clientiq__v1__statement__init(statement);
    statement->text = call_strdup(call, query->text);
    statement->duration_us = (uint64_t) duration_us;
    if (statement->text != NULL)
        call->explain.statements[call->explain.statements_count++] = statement;
}

static void
explain_schemas(Call *call, const PGresult *result)
{
    int count = PQntuples(result);

    for (int i = 0; i < count && call->explain.schemas_count < LIMIT_STATEMENTS; i++) {
        const char *schema = PQgetvalue(result, i, 0);
        size_t known = 0;

        if (call->explain.schemas == NULL)
            call->explain.schemas = call_alloc(call, LIMIT_STATEMENTS * sizeof(char *));
        if (call->explain.schemas == NULL)
            return;
        while (known < call->explain.schemas_count &&
               strcmp(call->explain.schemas[known], schema) != 0)
            known++;
        if (known < call->explain.schemas_count)
            continue;
        call->explain.schemas[known] = call_strdup(call, schema);
        if (call->explain.schemas[known] != NULL)
            call->explain.schemas_count++;
    }
}

/* Sends all that is queued and waits for it.  *own: the result of the statement marked so. */
static bool
flush(Call *call, PGresult **own)
{
    Db *db = call->db;
    int64_t until_us = call->deadline_us + GRACE_MS * 1000, start_us = clock_us();
    bool prepares[QUEUE_MAX], ok = true;
    size_t count = db->queue_size;

    db->queue_size = 0;
    if (db->connection == NULL)
        return fail_lost(call);
    for (size_t i = 0; i < count; i++) {
        if (!send_statement(call, &db->queue[i], &prepares[i]))
            return fail_lost(call);
        if (db->queue[i].query == &query_begin || db->queue[i].query == &query_begin_snapshot)
            db->open = true;
    }
    if (PQpipelineSync(db->connection) != 1)
        return fail_lost(call);

    for (size_t i = 0; i < count; i++) {
        const Query *query = db->queue[i].query;
        PGresult *locks = NULL;
        PGresult **keep = db->queue[i].own ? own : query == &query_locks ? &locks : NULL;

        if (prepares[i]) {
            ok = collect(call, until_us, query, NULL) && ok;
            if (db->stale)
                return false;
            if (!ok)
                db->prepared[query->index] = 0;
        }
        ok = collect(call, until_us, query, keep) && ok;
        if (locks != NULL)
            explain_schemas(call, locks);
        PQclear(locks);
        if (db->stale && !call->failure.is_stale_plan)
            return false;
        explain_statement(call, query, clock_us() - start_us);
    }
    return collect_sync(call, until_us) && ok;
}

static bool
queue(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args, bool own)
{
    Db *db = call->db;
    BindValue *values = call_alloc(call, (query->parameters_count + 1) * sizeof *values);

    assert(db->queue_size < QUEUE_MAX);
    if (values == NULL || !bind_parameters(call, query, message, args, values))
        return false;
    db->queue[db->queue_size++] = (Queued){query, values, own};
    for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
        if ((query->changes & CHANGE_BIT(kind)) != 0)
            call_change(call, kind, kind == CHANGE_TENANT ? call->tenant.id : 0);
    return true;
}

/* ---- transactions ---- */

static void
count_tenant(Db *db, int64_t tenant_id)
{
    uint64_t hash = (uint64_t) tenant_id * 0x9E3779B97F4A7C15u >> 48;
    uint8_t *byte = &db->tenants_seen[hash / 8];
    uint8_t bit = (uint8_t) (1u << hash % 8);

    if ((*byte & bit) == 0)
        db->tenants_count++;
    *byte |= bit;
}

void
db_count_creation(Call *call)
{
    call->db->creations_count++;
}

static bool
queue_context(Call *call)
{
    Db *db = call->db;
    const DbOptions *options = db->options;
    int64_t left_ms = call_left_ms(call);
    const char *path = "public, pg_temp", *timeout, *lock_timeout;
    const char *role = options->owner ? "none" : options->platform_role;

    if (left_ms == 0)
        return call_fail(call, CODE_DEADLINE_EXCEEDED,
                         "the deadline passed before the database was asked");
    if (call->tenant.id != 0) {
        path =
            call_printf(call, "\"%s\", %spg_temp", call->tenant.schema, options->extension_schemas);
        if (!options->owner)
            role = call->tenant.role;
        count_tenant(db, call->tenant.id);
    }
    timeout = call_printf(call, "%" PRId64,
                          call->statement_timeout_ms != 0 ? call->statement_timeout_ms
                                                          : call_statement_ms(call));
    /* a call of a user gives way after a second; the server's own work may wait */
    lock_timeout = call->method != NULL && left_ms > 1000 ? "1000" : timeout;
    if (call->lock_timeout_ms != 0)
        lock_timeout = call_printf(call, "%" PRId64, call->lock_timeout_ms);
    if (path == NULL || timeout == NULL || lock_timeout == NULL)
        return false;
    assert(role[0] != '\0');
    return queue(call, &query_context, NULL,
                 (DbArg[]){{.name = "role", .text = role},
                           {.name = "search_path", .text = path},
                           {.name = "read_only", .text = db->mode == DB_WRITE ? "off" : "on"},
                           {.name = "statement_timeout", .text = timeout},
                           {.name = "lock_timeout", .text = lock_timeout},
                           {0}},
                 false);
}

void
db_begin(Call *call, DbMode mode)
{
    Db *db = call->db;

    assert(!db->open);
    db->mode = mode;
    db->begun = true;
    db->queue_size = 0;
    call->changes.count = 0;
}

/* The transaction's start, queued ahead of its first statement. */
static bool
queue_start(Call *call)
{
    Db *db = call->db;

    assert(db->begun);
    if (db->open)
        return true;
    if (db->mode == DB_READ)
        return queue_context(call);
    if (db->queue_size > 0) /* a statement was queued before, and the start before it */
        return true;
    return queue(call, db->mode == DB_WRITE ? &query_begin : &query_begin_snapshot, NULL, NULL,
                 false) &&
           queue_context(call);
}

bool
db_queue(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args)
{
    assert(call->db->mode != DB_READ);
    return queue_start(call) && queue(call, query, message, args, false);
}

static bool
run(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
    PGresult **result)
{
    Db *db = call->db;

    *result = NULL;
    if (!queue_start(call) || !queue(call, query, message, args, true)) {
        db->queue_size = 0;
        return false;
    }
    if (call->explain.wanted && db->mode == DB_READ &&
        !queue(call, &query_locks, NULL, NULL, false))
        return false;
    if (flush(call, result) && *result != NULL)
        return true;
    PQclear(*result);
    *result = NULL;
    if (call->failure.code == CODE_OK)
        return fail_lost(call);
    return false;
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
            !queue(call, &query_notify, NULL, (DbArg[]){{.name = "payload", .text = payload}, {0}},
                   false))
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
    call->changes.count = 0;
}

bool
db_commit(Call *call)
{
    Db *db = call->db;
    PGresult *result = NULL;

    assert(db->begun && db->mode == DB_WRITE);
    if (!queue_start(call))
        return false;
    if (!queue_notifications(call))
        return false;
    if (call->explain.wanted && !queue(call, &query_locks, NULL, NULL, false))
        return false;
    if (!queue(call, &query_commit, NULL, NULL, true) || !flush(call, &result)) {
        PQclear(result);
        return false;
    }
    db->open = db->begun = false;

    /* PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and calls that success */
    bool committed = result != NULL && strcmp(PQcmdStatus(result), "COMMIT") == 0;

    PQclear(result);
    if (!committed)
        return call_fail(call, CODE_INTERNAL, "a failed transaction was committed");
    tell_changes(call);
    return true;
}

void
db_rollback(Call *call)
{
    Db *db = call->db;
    PGresult *none = NULL;
    bool open = db->open && !db->stale && db->connection != NULL;

    db->queue_size = 0;
    db->begun = db->open = false;
    if (!open)
        return;

    /* even a call whose time is over may end its transaction */
    int64_t deadline_us = call->deadline_us;

    call->deadline_us = clock_us() + GRACE_MS * 1000;
    if (!queue(call, &query_rollback, NULL, NULL, false) || !flush(call, &none) ||
        PQtransactionStatus(db->connection) != PQTRANS_IDLE)
        db->stale = true;
    call->deadline_us = deadline_us;
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
db_enter_tenant(Call *call, int64_t id, const char *schema)
{
    const char *path;

    call->tenant = (TenantContext){.id = id};
    snprintf(call->tenant.schema, sizeof call->tenant.schema, "%s", schema);
    count_tenant(call->db, id);
    path = call_printf(call, "\"%s\", %spg_temp", schema, call->db->options->extension_schemas);
    return path != NULL &&
           db_queue(call, &query_path, NULL, (DbArg[]){{.name = "search_path", .text = path}, {0}});
}

/* ---- answers ---- */

static bool
copy_answer(Call *call, const PGresult *result, BindColumn **columns, size_t *columns_count,
            BindCell **cells, size_t *rows_count)
{
    size_t width = (size_t) PQnfields(result), height = (size_t) PQntuples(result);

    *columns = call_alloc(call, width * sizeof **columns + 1);
    *cells = call_alloc(call, width * height * sizeof **cells + 1);
    if (*columns == NULL || *cells == NULL)
        return false;
    for (size_t x = 0; x < width; x++) {
        (*columns)[x].name = call_strdup(call, PQfname(result, (int) x));
        (*columns)[x].type = PQftype(result, (int) x);
        if ((*columns)[x].name == NULL)
            return false;
    }
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            if (!PQgetisnull(result, (int) y, (int) x))
                (*cells)[y * width + x] =
                    (BindCell){PQgetvalue(result, (int) y, (int) x),
                               (size_t) PQgetlength(result, (int) y, (int) x)};
    *columns_count = width;
    *rows_count = height;
    return true;
}

bool
db_fill(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
        ProtobufCMessage *out)
{
    PGresult *result;
    BindColumn *columns;
    BindCell *cells;
    size_t columns_count, rows_count;

    if (!run(call, query, message, args, &result))
        return false;

    bool ok = copy_answer(call, result, &columns, &columns_count, &cells, &rows_count) &&
              bind_answer(call, query, message, columns, columns_count, cells, rows_count, out);

    PQclear(result);
    return ok;
}

struct DbRow {
    Call *call;
    BindColumn *columns;
    BindCell *cells;
    size_t count;
};

bool
db_row(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
       const DbRow **row)
{
    PGresult *result;
    size_t rows_count;
    DbRow *copy = call_alloc(call, sizeof *copy);

    *row = NULL;
    if (copy == NULL || !run(call, query, message, args, &result))
        return false;
    copy->call = call;

    bool ok = copy_answer(call, result, &copy->columns, &copy->count, &copy->cells, &rows_count);

    for (size_t i = 0; ok && rows_count > 0 && i < copy->count; i++) {
        if (copy->cells[i].data == NULL)
            continue;

        char *data = call_alloc(call, copy->cells[i].size + 1);

        ok = data != NULL;
        if (ok)
            copy->cells[i].data = memcpy(data, copy->cells[i].data, copy->cells[i].size);
    }
    PQclear(result);
    if (ok && rows_count > 0)
        *row = copy;
    return ok;
}

static size_t
row_column(const DbRow *row, const char *name)
{
    for (size_t i = 0; i < row->count; i++)
        if (strcmp(row->columns[i].name, name) == 0)
            return i;
    assert(false && "a statement does not return this column");
    return 0;
}

const char *
db_row_text(const DbRow *row, const char *column)
{
    size_t i = row_column(row, column);

    return bind_text(row->call, row->columns[i], row->cells[i]);
}

int64_t
db_row_int64(const DbRow *row, const char *column)
{
    size_t i = row_column(row, column);

    return bind_int64(row->columns[i], row->cells[i]);
}

bool
db_row_bool(const DbRow *row, const char *column)
{
    size_t i = row_column(row, column);

    return bind_bool(row->columns[i], row->cells[i]);
}

int64_t
db_row_time_us(const DbRow *row, const char *column)
{
    size_t i = row_column(row, column);

    return bind_time_us(row->columns[i], row->cells[i]);
}

const uint8_t *
db_row_bytes(const DbRow *row, const char *column, size_t *size)
{
    size_t i = row_column(row, column);

    *size = row->cells[i].size;
    return (const uint8_t *) row->cells[i].data;
}

bool
db_run(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
       uint64_t *rows)
{
    PGresult *result;

    if (!run(call, query, message, args, &result))
        return false;
    if (rows != NULL)
        *rows = strtoull(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return true;
}

/* ---- scripts ---- */

/* Appends text to a growing buffer in call memory. */
typedef struct Text {
    char *data;
    size_t size, room;
} Text;

static bool
text_add(Call *call, Text *text, const char *data, size_t size)
{
    if (size > text->room - text->size) {
        size_t room = (text->size + size) * 2;
        char *bigger = call_alloc(call, room + 1);

        if (bigger == NULL)
            return false;
        if (text->size > 0)
            memcpy(bigger, text->data, text->size);
        text->data = bigger;
        text->room = room;
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
    return true;
}

/* Replaces :"name" and :'name' by what args give, quoted by libpq. */
static bool
script_text(Call *call, const char *script, const DbArg *args, Text *text)
{
    PGconn *connection = call->db->connection;

    for (;;) {
        const char *colon = strchr(script, ':');
        size_t before = colon == NULL ? strlen(script) : (size_t) (colon - script);

        if (!text_add(call, text, script, before))
            return false;
        if (colon == NULL)
            return true;

        char quote = colon[1];
        const char *end = quote == '"' || quote == '\'' ? strchr(colon + 2, quote) : NULL;
        const DbArg *arg = args;

        while (end != NULL && arg != NULL && arg->name != NULL &&
               (strlen(arg->name) != (size_t) (end - colon - 2) ||
                memcmp(arg->name, colon + 2, strlen(arg->name)) != 0))
            arg++;
        if (end == NULL || arg == NULL || arg->name == NULL) {
            if (!text_add(call, text, colon, 1))
                return false;
            script = colon + 1;
            continue;
        }

        char *quoted = quote == '"' ? PQescapeIdentifier(connection, arg->text, strlen(arg->text))
                                    : PQescapeLiteral(connection, arg->text, strlen(arg->text));
        bool ok = quoted != NULL && text_add(call, text, quoted, strlen(quoted));

        PQfreemem(quoted);
        if (!ok)
            return call_fail(call, CODE_INTERNAL, "a name cannot be quoted");
        script = end + 1;
    }
}

bool
db_script(Call *call, const char *script, const DbArg *args)
{
    Db *db = call->db;
    PGresult *none = NULL;
    Text text = {0};
    int64_t until_us = call->deadline_us + GRACE_MS * 1000;

    assert(db->options->owner || db->options->tries);
    if (db->connection == NULL)
        return fail_lost(call);
    if (db->begun && db->mode != DB_READ &&
        (!queue_start(call) || (db->queue_size > 0 && !flush(call, &none))))
        return false;
    if (!script_text(call, script, args, &text))
        return false;
    call->failure.script_statement = 0;
    call->failure.script_position = 0;

    /* several statements in one message exist outside pipeline mode only */
    if (PQexitPipelineMode(db->connection) != 1 || PQsendQuery(db->connection, text.data) != 1)
        return fail_lost(call);

    bool ok = collect(call, until_us, NULL, NULL);

    if (db->stale || PQenterPipelineMode(db->connection) != 1)
        return call->failure.code != CODE_OK ? false : fail_lost(call);
    return ok;
}

/* ---- copies ---- */

/* Sends a COPY, outside the pipeline, and waits until PostgreSQL is ready for it. */
static bool
copy_start(Call *call, const char *statement, ExecStatusType wanted)
{
    Db *db = call->db;
    PGresult *result = NULL, *none = NULL;

    assert(db->options->owner && db->begun && db->mode != DB_READ);
    if (db->connection == NULL)
        return fail_lost(call);
    if (!queue_start(call) || (db->queue_size > 0 && !flush(call, &none)))
        return false;
    if (PQexitPipelineMode(db->connection) != 1 || PQsendQuery(db->connection, statement) != 1 ||
        !next_result(call, call->deadline_us, &result))
        return fail_lost(call);
    if (PQresultStatus(result) == wanted) {
        PQclear(result);
        return true;
    }

    bool ok = PQresultStatus(result) == PGRES_FATAL_ERROR
                  ? fail_result(call, NULL, result)
                  : call_fail(call, CODE_INTERNAL, "PostgreSQL does not copy");

    PQclear(result);
    /* the connection is in the middle of something: it ends, and the transaction with it */
    db->stale = true;
    return ok;
}

/* The results that close a COPY, and back into the pipeline. */
static bool
copy_end(Call *call, PGresult **result)
{
    Db *db = call->db;
    bool ok = collect(call, call->deadline_us, NULL, result);

    if (db->stale || PQenterPipelineMode(db->connection) != 1)
        return call->failure.code != CODE_OK ? false : fail_lost(call);
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
            return true; /* the end, or an error: copy_end says which */
        } else if (!wait_for_socket(call, call->deadline_us, POLLIN)) {
            return false;
        } else if (PQconsumeInput(connection) == 0) {
            return fail_lost(call);
        }
    }
}

bool
db_copy_out(Call *call, const char *statement, DbTake take, void *argument)
{
    PGresult *result = NULL;

    if (!copy_start(call, statement, PGRES_COPY_OUT))
        return false;
    if (!copy_rows_out(call, take, argument)) {
        call->db->stale = true;
        return false;
    }

    bool ok = copy_end(call, &result);

    PQclear(result);
    return ok;
}

/* Until all that was put is on its way; libpq would keep it in a buffer that grows. */
static bool
copy_flush(Call *call)
{
    PGconn *connection = call->db->connection;
    int unsent;

    while ((unsent = PQflush(connection)) > 0) {
        if (!wait_for_socket(call, call->deadline_us, POLLIN | POLLOUT))
            return false;
        if (PQconsumeInput(connection) == 0)
            return fail_lost(call);
    }
    /* an error that has come meanwhile is noticed by the next put */
    (void) PQisBusy(connection);
    return unsent == 0 || fail_lost(call);
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
            return true; /* PostgreSQL has had enough: copy_end says why */
        if (!copy_flush(call))
            return false;
    }
    (void) PQputCopyEnd(connection, NULL); /* if it fails, PostgreSQL has failed before it */
    return true;
}

bool
db_copy_in(Call *call, const char *statement, DbGive give, void *argument, uint64_t *rows)
{
    PGresult *result = NULL;

    if (!copy_start(call, statement, PGRES_COPY_IN))
        return false;
    if (!copy_rows_in(call, give, argument)) {
        call->db->stale = true;
        return false;
    }

    bool ok = copy_end(call, &result);

    if (ok)
        *rows = strtoull(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return ok;
}

/* ---- outside calls ---- */

bool
db_warm(Db *db)
{
    char role[LIMIT_ROLE_NAME + 32];
    bool ok;

    if (db->options->owner)
        return true;
    /* one message of several statements: one transaction, whose end takes the role back */
    snprintf(role, sizeof role, "set local role \"%s\"", db->options->platform_role);
    if (PQexitPipelineMode(db->connection) != 1)
        return false;

    PGresult *result = PQexec(db->connection, "begin");

    PQclear(result);
    result = PQexec(db->connection, role);
    ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    PQclear(PQexec(db->connection, "rollback"));
    return PQenterPipelineMode(db->connection) == 1 && ok;
}

bool
db_login(const char *conninfo, char login[LIMIT_ROLE_NAME + 1], bool *pooled, char *reason,
         size_t size)
{
    const char *const keywords[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *const values[] = {conninfo, "clientiq", "5", NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);
    bool ok = false;

    if (PQstatus(connection) == CONNECTION_OK) {
        PGresult *result = PQexec(connection, "select session_user, pg_backend_pid()");

        ok = PQresultStatus(result) == PGRES_TUPLES_OK;
        if (ok) {
            snprintf(login, LIMIT_ROLE_NAME + 1, "%s", PQgetvalue(result, 0, 0));
            /* a pooler gives out process ids of its own making */
            *pooled = atoi(PQgetvalue(result, 0, 1)) != PQbackendPID(connection);
        }
        PQclear(result);
    }
    if (!ok)
        snprintf(reason, size, "%s", PQerrorMessage(connection));
    PQfinish(connection);
    return ok;
}
