/* The life of a connection: opened, warmed, found closed, replaced.  */
#include "db/connection.h"
#include "base/clock.h"
#include "db/connect.h"
#include "db/plans.h"
#include "db/private.h"
#include "db/queries.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECONNECT_PAUSE_MS =
        200, /* between two attempts to connect, so that calls fail at once meanwhile */
    CONNECT_STEP_MS = 2000,
    LOGIN_STEP_MS = 5000, /* at start, when the database may be starting too */
    WARM_MAX_MS = 2000
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
    if (options->tenant_plans > 0)
        db->plans = plans_new(options->tenant_plans);
    if (db->prepared == NULL || db->tenants_seen == NULL ||
        (options->tenant_plans > 0 && db->plans == NULL)) {
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
    if (db->plans != NULL)
        plans_forget(db->plans);
    memset(db->tenants_seen, 0, TENANTS_BITS / 8);
    db->tenants_count = db->creations_count = 0;
    db->begun = db->open = db->stale = db->is_soiled = false;
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
    plans_free(db->plans);
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

bool
db_ready(Db *db, const int *stop_fd, char *reason, size_t size)
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

    PGconn *connection = connect_open(&(Connect){.conninfo = db->options->conninfo,
                                                 .user = db->options->user,
                                                 .name = "clientiq",
                                                 .step_ms = CONNECT_STEP_MS,
                                                 .stop_fd = stop_fd,
                                                 .is_pooled = db->options->is_pooled},
                                      reason, size);

    if (connection != NULL && PQenterPipelineMode(connection) != 1) {
        snprintf(reason, size, "%s", PQerrorMessage(connection));
        PQfinish(connection);
        connection = NULL;
    }
    db->connection = connection;
    if (connection == NULL)
        db->retry_us = clock_us() + RECONNECT_PAUSE_MS * 1000;
    return connection != NULL;
}

void
db_count_creation(Call *call)
{
    call->db->creations_count++;
}

bool
db_warm(Db *db, const int *stop_fd)
{
    char text[LIMIT_ROLE_NAME + 64], reason[256];

    if (db->options->owner)
        return true;
    /* the end of the transaction takes the role back */
    snprintf(text, sizeof text, "begin; set local role \"%s\"; rollback",
             db->options->platform_role);
    if (PQexitPipelineMode(db->connection) == 1 &&
        connect_run(db->connection, text, clock_us() + WARM_MAX_MS * 1000, stop_fd, NULL, reason,
                    sizeof reason) &&
        PQenterPipelineMode(db->connection) == 1)
        return true;
    db->stale = true;
    return false;
}

bool
db_login(const char *conninfo, const int *stop_fd, char login[LIMIT_ROLE_NAME + 1], bool *pooled,
         char *reason, size_t size)
{
    /* whether a pooler stands between is what is asked here */
    PGconn *connection = connect_open(&(Connect){.conninfo = conninfo,
                                                 .name = "clientiq",
                                                 .step_ms = LOGIN_STEP_MS,
                                                 .stop_fd = stop_fd,
                                                 .is_pooled = true},
                                      reason, size);
    PGresult *result = NULL;
    bool ok = connection != NULL &&
              connect_run(connection, "select session_user, pg_backend_pid()",
                          clock_us() + LOGIN_STEP_MS * 1000, stop_fd, &result, reason, size);

    if (ok) {
        snprintf(login, LIMIT_ROLE_NAME + 1, "%s", PQgetvalue(result, 0, 0));
        /* a pooler gives out process ids of its own making */
        *pooled = atoi(PQgetvalue(result, 0, 1)) != PQbackendPID(connection);
    }
    PQclear(result);
    PQfinish(connection);
    return ok;
}
