/* The loop of one worker.  Between two calls it looks after its connection: opens it, replaces it,
 * warms it after new roles were created, so that no call has to wait for that.  */
#include "serve/worker.h"
#include "base/clock.h"
#include "serve/dispatch.h"
#include "serve/exchange.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { IDLE_MS = 1000 }; /* between two looks at an idle connection */

struct Worker {
    Core *core;
    Queue *queue;
    size_t index;
    Db *db;
    Arena *arena;
    pthread_t thread;
    int niceness;
    unsigned roles_seen;
    bool was_ready;
    bool is_counted; /* among core->workers_connected */
};

/* Logs once that the connection is lost, and once that it is back. */
static void
look_after_connection(Worker *worker)
{
    char reason[512] = "", text[1024];
    const int *stop_fd = worker->core->stop_calls_fd;
    bool ready = db_ready(worker->db, stop_fd, reason, sizeof reason);
    unsigned roles_made = atomic_load(&worker->core->roles_made);

    if (ready && worker->roles_seen != roles_made && db_warm(worker->db, stop_fd))
        worker->roles_seen = roles_made;
    if (ready != worker->is_counted)
        atomic_fetch_add(&worker->core->workers_connected, ready ? 1U : -1U);
    worker->is_counted = ready;
    if (ready == worker->was_ready)
        return;
    worker->was_ready = ready;
    if (ready)
        log_write(LOG_LEVEL_INFO, "database connected", "worker=%zu", worker->index);
    else
        log_write(LOG_LEVEL_WARNING, "database not available", "worker=%zu reason=%s",
                  worker->index, log_quote(text, sizeof text, reason));
}

static void
worker_serve(Worker *worker, const Ticket *ticket, Exchange *exchange)
{
    Call call = {
        .core = worker->core,
        .arena = worker->arena,
        .db = worker->db,
        .stop_fd = worker->core->stop_calls_fd,
        .receive_us = exchange->receive_us,
        .peer = *exchange->peer,
        .is_counted = ticket->is_counted,
    };
    Reply reply;

    if (exchange_is_gone(exchange)) {
        exchange_drop(exchange);
        return;
    }
    dispatch(&call, exchange->data, exchange->size, &reply);
    exchange_reply(exchange, &reply, call.failure.pause_ms);
    arena_wipe(worker->arena);
}

static void *
worker_loop(void *argument)
{
    Worker *worker = argument;
    bool closed = false;

    /* on Linux this is the niceness of this thread alone; a failure does no harm */
    if (worker->niceness > 0)
        (void) setpriority(PRIO_PROCESS, (id_t) gettid(), worker->niceness);
    worker->was_ready = true;
    while (!closed) {
        look_after_connection(worker);

        Ticket *ticket = queue_pop(worker->queue, worker->index, IDLE_MS, &closed);

        if (ticket == NULL)
            continue;
        /* the connection may have died while the worker slept */
        look_after_connection(worker);
        worker_serve(worker, ticket, exchange_of(ticket));
    }
    return NULL;
}

static void
worker_free(Worker *worker)
{
    db_free(worker->db);
    arena_free(worker->arena);
    free(worker);
}

Worker *
worker_start(Core *core, Queue *queue, size_t index, const DbOptions *options, int niceness)
{
    Worker *worker = calloc(1, sizeof *worker);

    if (worker == NULL)
        return NULL;
    worker->core = core;
    worker->queue = queue;
    worker->index = index;
    worker->niceness = niceness;
    worker->db = db_new(options);
    worker->arena = arena_new(LIMIT_ARENA);
    if (worker->db == NULL || worker->arena == NULL ||
        pthread_create(&worker->thread, NULL, worker_loop, worker) != 0) {
        worker_free(worker);
        return NULL;
    }
    return worker;
}

void
worker_join(Worker *worker)
{
    if (worker == NULL)
        return;
    pthread_join(worker->thread, NULL);
    worker_free(worker);
}
