/* One thread, one connection that only LISTENs.  Besides db.c the only file that calls libpq,
 * because notifications belong to no call.  PostgreSQL delivers them in commit order, so when a
 * heartbeat comes back, every change that was committed before it has come too.  */
#include "db/heartbeat.h"
#include "access/cache.h"
#include "base/clock.h"
#include "serve/job.h"
#include "base/log.h"
#include "mail/outbox.h"
#include "migration/runs.h"
#include "server_state.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    BEAT_MS = 200,
    RETRY_MS = 500,
    FLIGHT_MAX = 16 /* heartbeats that may be under way; an older one that comes back is ignored */
};

struct Heartbeat {
    Server *server;
    PGconn *connection;
    int stop_fd;
    pthread_t thread;
    uint64_t number;
    int64_t sent_us[FLIGHT_MAX];
};

static bool
connect_and_listen(Heartbeat *heartbeat)
{
    const char *const keywords[] = {"dbname", "application_name", "connect_timeout",
                                    "tcp_user_timeout", NULL};
    const char *const values[] = {heartbeat->server->conninfo_worker, "clientiq-heartbeat", "2",
                                  "10000", NULL};
    PGresult *result;
    bool ok;

    heartbeat->connection = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(heartbeat->connection) != CONNECTION_OK)
        return false;
    result = PQexec(heartbeat->connection, "listen ciq");
    ok = PQresultStatus(result) == PGRES_COMMAND_OK &&
         PQsetnonblocking(heartbeat->connection, 1) == 0;
    PQclear(result);

    /* what changed while nobody listened is unknown */
    cache_changed_all(heartbeat->server->cache);
    return ok;
}

static void
take_notification(Heartbeat *heartbeat, const char *payload)
{
    Server *server = heartbeat->server;
    uint64_t number;
    int64_t id;

    switch (payload[0]) {
    case 'h':
        if (strncmp(payload + 1, server->run_id, 8) == 0 &&
            sscanf(payload + 9, ":%" SCNu64, &number) == 1 && number <= heartbeat->number &&
            heartbeat->number - number < FLIGHT_MAX)
            cache_heartbeat(server->cache, heartbeat->sent_us[number % FLIGHT_MAX]);
        break;
    case 't':
        if (sscanf(payload + 1, "%" SCNd64, &id) == 1)
            cache_changed_tenant(server->cache, id);
        break;
    case 'n':
        cache_changed_names(server->cache);
        break;
    case 'r':
        atomic_fetch_add(&server->roles_made, 1);
        break;
    case 'o':
        if (sscanf(payload + 1, "%" SCNd64, &id) == 1) {
            outbox_hint(server->outbox, id);
            job_wake(server->mailer);
        }
        break;
    case 'm':
        runs_wake(server->runs);
        break;
    default:
        break; /* a newer server's; whatever it means, forgetting is always right */
    }
}

/* False: the connection is lost. */
static bool
take_input(Heartbeat *heartbeat)
{
    PGconn *connection = heartbeat->connection;
    PGnotify *notification;

    if (PQconsumeInput(connection) == 0)
        return false;
    while (PQisBusy(connection) == 0) {
        PGresult *result = PQgetResult(connection);

        if (result == NULL)
            break;
        PQclear(result);
    }
    while ((notification = PQnotifies(connection)) != NULL) {
        take_notification(heartbeat, notification->extra);
        PQfreemem(notification);
    }
    return PQstatus(connection) == CONNECTION_OK;
}

static bool
beat(Heartbeat *heartbeat)
{
    char statement[64];

    /* the one before is still under way: PostgreSQL is slow, and memory will soon be silent */
    if (PQisBusy(heartbeat->connection) != 0)
        return true;

    uint64_t number = ++heartbeat->number;

    heartbeat->sent_us[number % FLIGHT_MAX] = clock_us();
    snprintf(statement, sizeof statement, "notify ciq, 'h%.8s:%" PRIu64 "'",
             heartbeat->server->run_id, number);
    return PQsendQuery(heartbeat->connection, statement) == 1 &&
           PQflush(heartbeat->connection) >= 0;
}

/* Waits for input, at most until then.  False: it is time to stop. */
static bool
wait_for_input(Heartbeat *heartbeat, int64_t until_us)
{
    struct pollfd descriptors[] = {
        {.fd = heartbeat->stop_fd, .events = POLLIN},
        {.fd = heartbeat->connection == NULL ? -1 : PQsocket(heartbeat->connection),
         .events = POLLIN},
    };
    int64_t left_us = until_us - clock_us();

    (void) poll(descriptors, 2, left_us > 0 ? (int) (left_us / 1000) + 1 : 0);
    return (descriptors[0].revents & POLLIN) == 0;
}

static void *
loop(void *argument)
{
    Heartbeat *heartbeat = argument;
    bool was_up = true;

    for (;;) {
        bool up = connect_and_listen(heartbeat);

        if (up != was_up)
            log_write(up ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
                      up ? "cache valid again" : "cache silent: no listener connection", "%s", "");
        was_up = up;
        for (bool alive = up; alive;) {
            int64_t next_us = clock_us() + BEAT_MS * 1000;

            alive = beat(heartbeat);
            while (alive && clock_us() < next_us) {
                if (!wait_for_input(heartbeat, next_us))
                    goto stop;
                alive = take_input(heartbeat);
            }
        }
        PQfinish(heartbeat->connection);
        heartbeat->connection = NULL;
        if (!wait_for_input(heartbeat, clock_us() + RETRY_MS * 1000))
            goto stop;
    }
stop:
    PQfinish(heartbeat->connection);
    return NULL;
}

Heartbeat *
heartbeat_start(Server *server)
{
    Heartbeat *heartbeat = calloc(1, sizeof *heartbeat);

    if (heartbeat == NULL)
        return NULL;
    heartbeat->server = server;
    heartbeat->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (heartbeat->stop_fd < 0 || pthread_create(&heartbeat->thread, NULL, loop, heartbeat) != 0) {
        if (heartbeat->stop_fd >= 0)
            close(heartbeat->stop_fd);
        free(heartbeat);
        return NULL;
    }
    return heartbeat;
}

void
heartbeat_stop(Heartbeat *heartbeat)
{
    uint64_t one = 1;

    if (heartbeat == NULL)
        return;
    if (write(heartbeat->stop_fd, &one, sizeof one) == sizeof one)
        pthread_join(heartbeat->thread, NULL);
    close(heartbeat->stop_fd);
    free(heartbeat);
}
