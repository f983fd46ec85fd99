/* One thread, one connection that only LISTENs, because notifications belong to no call. PostgreSQL
 * delivers them in commit order, so when a heartbeat comes back, every change that was committed
 * before it has come too.  */
#include "db/listen.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "db/connect.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BEAT_MS = 200,
    SILENT_MS = 5000, /* a connection over which no heartbeat comes back for so long is replaced */
    CONNECT_STEP_MS = 2000,
    RETRY_MS = 500,
    FLIGHT_MAX = 16 /* heartbeats that may be under way; an older one that comes back is ignored */
};

/* The first letter of a heartbeat's payload. */
#define BEAT_LETTER 'h'

#define CHANGE(name, letter, what)                                                                 \
    _Static_assert((letter) != BEAT_LETTER, #name " has the letter of heartbeats");
#include "call/changes.def"
#undef CHANGE

struct Listen {
    const Core *core;
    const char *conninfo;
    PGconn *connection;
    int stop_fd;
    pthread_t thread;
    uint64_t number;
    int64_t sent_us[FLIGHT_MAX];
    int64_t answered_us; /* when the last one came back, or the connection was made */
};

static bool
connect_and_listen(Listen *listen)
{
    char reason[512] = "";

    listen->connection = connect_open(&(Connect){.conninfo = listen->conninfo,
                                                 .name = "clientiq-heartbeat",
                                                 .step_ms = CONNECT_STEP_MS,
                                                 .stop_fd = &listen->stop_fd},
                                      reason, sizeof reason);

    bool ok = listen->connection != NULL &&
              connect_run(listen->connection, "listen ciq", clock_us() + CONNECT_STEP_MS * 1000,
                          &listen->stop_fd, NULL, reason, sizeof reason);

    if (!ok)
        log_write(LOG_LEVEL_DEBUG, "no listener connection", "reason=%s",
                  log_quote((char[1024]){0}, 1024, reason));
    listen->answered_us = clock_us();
    /* what changed while nobody listened is unknown */
    if (listen->connection != NULL)
        listen->core->changes.tell(listen->core->changes.argument, (Change){CHANGE_ALL, 0});
    return ok;
}

/* One of this server's own heartbeats: all that was committed before it was sent has been told. */
static void
take_beat(Listen *listen, const char *payload)
{
    const Core *core = listen->core;
    uint64_t number;

    if (strncmp(payload, core->run_id, 8) == 0 && sscanf(payload + 8, ":%" SCNu64, &number) == 1 &&
        number <= listen->number && listen->number - number < FLIGHT_MAX) {
        listen->answered_us = clock_us();
        core->changes.tell_current(core->changes.argument, listen->sent_us[number % FLIGHT_MAX]);
    }
}

static void
take_notification(Listen *listen, const char *payload)
{
    const ChangeListener *changes = &listen->core->changes;

    if (payload[0] == BEAT_LETTER)
        take_beat(listen, payload + 1);
    else
        changes->tell(changes->argument, change_decode(payload));
}

/* False: the connection is lost. */
static bool
take_input(Listen *listen)
{
    PGconn *connection = listen->connection;
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
        take_notification(listen, notification->extra);
        PQfreemem(notification);
    }
    return PQstatus(connection) == CONNECTION_OK;
}

/* False: the connection is lost, or silent for too long. */
static bool
beat(Listen *listen)
{
    char statement[64];

    if (clock_us() - listen->answered_us > SILENT_MS * 1000)
        return false;
    /* the one before is still under way: PostgreSQL is slow, and memory will soon be silent */
    if (PQisBusy(listen->connection) != 0)
        return true;

    uint64_t number = ++listen->number;

    listen->sent_us[number % FLIGHT_MAX] = clock_us();
    snprintf(statement, sizeof statement, "notify ciq, '%c%.8s:%" PRIu64 "'", BEAT_LETTER,
             listen->core->run_id, number);
    return PQsendQuery(listen->connection, statement) == 1 && PQflush(listen->connection) >= 0;
}

/* Waits for input, at most until then.  False: it is time to stop. */
static bool
wait_for_input(Listen *listen, int64_t until_us)
{
    struct pollfd descriptors[] = {
        {.fd = listen->stop_fd, .events = POLLIN},
        {.fd = listen->connection == NULL ? -1 : PQsocket(listen->connection), .events = POLLIN},
    };
    int64_t left_us = until_us - clock_us();

    (void) poll(descriptors, 2, left_us > 0 ? (int) (left_us / 1000) + 1 : 0);
    return (descriptors[0].revents & POLLIN) == 0;
}

static void *
listen_loop(void *argument)
{
    Listen *listen = argument;
    bool was_up = true;

    for (;;) {
        bool up = connect_and_listen(listen);

        if (up != was_up)
            log_write(up ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
                      up ? "cache valid again" : "cache silent: no listener connection", "%s", "");
        was_up = up;
        for (bool alive = up; alive;) {
            int64_t next_us = clock_us() + BEAT_MS * 1000;

            alive = beat(listen);
            while (alive && clock_us() < next_us) {
                if (!wait_for_input(listen, next_us))
                    goto stop;
                alive = take_input(listen);
            }
        }
        PQfinish(listen->connection);
        listen->connection = NULL;
        if (!wait_for_input(listen, clock_us() + RETRY_MS * 1000))
            goto stop;
    }
stop:
    PQfinish(listen->connection);
    return NULL;
}

Listen *
listen_start(const Core *core, const char *conninfo)
{
    Listen *listen = calloc(1, sizeof *listen);

    if (listen == NULL)
        return NULL;
    listen->core = core;
    listen->conninfo = conninfo;
    listen->stop_fd = stop_new();
    if (listen->stop_fd < 0 || pthread_create(&listen->thread, NULL, listen_loop, listen) != 0) {
        if (listen->stop_fd >= 0)
            close(listen->stop_fd);
        free(listen);
        return NULL;
    }
    return listen;
}

void
listen_stop(Listen *listen)
{
    if (listen == NULL)
        return;
    stop_raise(listen->stop_fd);
    pthread_join(listen->thread, NULL);
    close(listen->stop_fd);
    free(listen);
}
