/* The threads of migration runs.  Each runner takes schemas of running runs until there are none;
 * the keeper notices runs that nobody told this server of, and interrupts what belongs to a
 * canceled one.  Nothing here is kept in memory that a run needs.  */
#include "migration/runs.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/wake.h"
#include "call/internal.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "migration/item.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CALL_MAX_MS = 86400000, /* bounds nothing: each statement has its own time limit */
    KEEPER_MS = 5000,       /* between two looks of the keeper when nobody wakes it */
    KEEPER_POOLED_MS = 500, /* where the owner's login is behind a pooler: what it keeps up */
    INTERRUPT_MS = 50,      /* until a canceled statement is looked at again */
    RETRY_MS = 500          /* until a lost database is tried again */
};

typedef struct Runner {
    Runs *runs;
    const DbOptions *options;
    Db *db; /* NULL while there is nothing to do */
    Arena *arena;
    Wake *wake;
    pthread_t thread;
    ItemId lost; /* a schema over which the connection went; tenant_id -1: none */
    ItemDesk desk;
    int stop_fd; /* readable: its statement ends */
} Runner;

struct Runs {
    Core *core;
    atomic_bool stop;
    size_t count;         /* of runners; the last one is the keeper */
    size_t made_count;    /* that must be freed */
    size_t started_count; /* that have a thread */
    Runner *runners;
};

static void
begin_call(Runner *runner, Call *call)
{
    const Config *config = runner->runs->core->config;

    arena_wipe(runner->arena);
    internal_call(call, runner->runs->core, runner->arena, runner->db, CALL_MAX_MS);
    call->statement_timeout_ms = config->migration_statement_timeout_ms;
    call->lock_timeout_ms = config->migration_lock_timeout_ms;
    call->stop_fd = &runner->stop_fd;
}

/* False: not now. */
static bool
is_ready(Runner *runner)
{
    char reason[512], text[1024];

    if (runner->db == NULL)
        runner->db = db_new(runner->options);
    if (runner->db == NULL)
        return false;
    if (db_ready(runner->db, &runner->stop_fd, reason, sizeof reason))
        return true;
    log_write(LOG_LEVEL_DEBUG, "runs wait for the database", "reason=%s",
              log_quote(text, sizeof text, reason));
    return false;
}

static bool
next_run(Runner *runner, int64_t *run_id)
{
    const Apps *apps = runner->runs->core->apps;
    const DbRow *row;
    Call call;

    begin_call(runner, &call);

    const char *after = call_printf(&call, "%" PRId64, *run_id);

    *run_id = 0;
    db_begin(&call, DB_READ);
    if (after == NULL || !db_row(&call, &query_run_next, NULL,
                                 (DbArg[]){{.name = "after", .text = after},
                                           {.name = "tenant", .text = apps->heads},
                                           {.name = "shared", .text = apps->shared_heads},
                                           {0}},
                                 &row)) {
        db_rollback(&call);
        return false;
    }
    if (row != NULL)
        *run_id = db_row_int64(row, "id");
    return true;
}

static bool
finish_run(Runner *runner, int64_t run_id)
{
    Call call;
    uint64_t rows = 0;

    begin_call(runner, &call);

    const char *id = call_printf(&call, "%" PRId64, run_id);

    db_begin(&call, DB_WRITE);
    if (id == NULL ||
        !db_run(&call, &query_run_finish, NULL, (DbArg[]){{.name = "id", .text = id}, {0}},
                &rows) ||
        !db_commit(&call)) {
        db_rollback(&call);
        return false;
    }
    if (rows > 0)
        log_write(LOG_LEVEL_INFO, "migration run ended", "run=%s", id);
    return true;
}

/* What interrupted one schema must not interrupt the next.  Whoever stops the runs says so before
 * the runner is interrupted, and the runner looks after this. */
static void
forget_interrupt(const Runner *runner)
{
    uint64_t count;

    (void) !read(runner->stop_fd, &count, sizeof count);
}

/* One schema after the other, until this run has none that nobody works on.  False: the database is
 * lost. */
static bool
work_on(Runner *runner, int64_t run_id, size_t *written)
{
    ItemId id = {.run_id = run_id, .tenant_id = -1};

    while (!atomic_load(&runner->runs->stop)) {
        bool was_start = id.tenant_id < 0;
        Call call;

        if (!is_ready(runner))
            return false;
        begin_call(runner, &call);

        ItemResult result = item_work(&call, &id, &runner->desk);

        if (!atomic_load(&runner->runs->stop))
            forget_interrupt(runner);
        switch (result) {
        case ITEM_WRITTEN:
            (*written)++;
            break;
        case ITEM_NONE:
            /* else once more from the start: somebody may have put one off that we have passed */
            if (was_start)
                return true;
            break;
        case ITEM_LOST:
            internal_log(&call, LOG_LEVEL_WARNING, "migration interrupted");
            db_rollback(&call);
            runner->lost = id;
            return false;
        }
    }
    return true;
}

/* Notes what the lost connection was about. */
static bool
note_lost(Runner *runner)
{
    Call call;

    if (runner->lost.tenant_id < 0)
        return true;
    begin_call(runner, &call);
    if (!item_lost(&call, &runner->lost)) {
        db_rollback(&call);
        return false;
    }
    runner->lost.tenant_id = -1;
    return true;
}

/* How many runs are running, and how long to wait before looking again. */
static bool
look_around(Runner *runner, int64_t *running, int64_t *wait_ms)
{
    const DbRow *row;
    Call call;

    begin_call(runner, &call);
    db_begin(&call, DB_READ);
    if (!db_row(&call, &query_run_wait, NULL, NULL, &row) || row == NULL) {
        db_rollback(&call);
        return false;
    }
    *running = db_row_int64(row, "running");
    *wait_ms = db_row_int64(row, "wait_ms");
    return true;
}

/* Works until nothing is left; gives how long to wait. */
static int64_t
run_once(Runner *runner)
{
    int64_t running = 0, wait_ms = 0;
    size_t written;

    if (!is_ready(runner) || !note_lost(runner))
        return RETRY_MS;
    do {
        int64_t run_id = 0;

        written = 0;
        while (next_run(runner, &run_id) && run_id != 0)
            if (!work_on(runner, run_id, &written) || !is_ready(runner) ||
                !finish_run(runner, run_id))
                return RETRY_MS;
    } while (written > 0 && !atomic_load(&runner->runs->stop));
    if (!is_ready(runner) || !look_around(runner, &running, &wait_ms))
        return RETRY_MS;
    if (running > 0)
        return wait_ms;
    db_free(runner->db);
    runner->db = NULL;
    return WAKE_FOR_EVER;
}

/* All but the keeper. */
static void
ring_runners(Runs *runs)
{
    for (size_t i = 0; i + 1 < runs->count; i++)
        wake_ring(runs->runners[i].wake);
}

/* Behind a pooler: keeps up the claims on schemas whose steps run outside a transaction, and
 * interrupts what this server must not work on any more, as what is of a canceled run. */
static bool
keep_items(Runner *keeper)
{
    Runs *runs = keeper->runs;

    for (size_t i = 0; i + 1 < runs->count; i++) {
        Runner *runner = &runs->runners[i];
        ItemWork work = item_desk_read(&runner->desk), now;
        bool is_wanted;
        Call call;

        if (work.id.tenant_id < 0)
            continue;
        begin_call(keeper, &call);
        if (!item_keep(&call, &work, &is_wanted)) {
            db_rollback(&call);
            return false;
        }
        now = item_desk_read(&runner->desk);
        if (!is_wanted && now.id.run_id == work.id.run_id && now.id.tenant_id == work.id.tenant_id)
            stop_raise(runner->stop_fd);
    }
    return true;
}

/* Interrupts what runs of canceled runs, on whatever server; *left: so many were not over yet. */
static bool
interrupt_canceled(Runner *keeper, int64_t *left)
{
    const DbRow *row;
    Call call;

    begin_call(keeper, &call);
    db_begin(&call, DB_READ);
    if (!db_row(&call, &query_run_interrupt, NULL, NULL, &row) || row == NULL) {
        db_rollback(&call);
        return false;
    }
    *left = db_row_int64(row, "count");
    return true;
}

static int64_t
keep_once(Runner *runner)
{
    Runs *runs = runner->runs;
    int64_t running, wait_ms, left;

    if (!is_ready(runner) || !look_around(runner, &running, &wait_ms))
        return RETRY_MS;
    if (running > 0)
        ring_runners(runs);
    if (runs->core->owner_options->is_pooled)
        return keep_items(runner) ? KEEPER_POOLED_MS : RETRY_MS;
    if (!interrupt_canceled(runner, &left))
        return RETRY_MS;
    return left > 0 ? INTERRUPT_MS : KEEPER_MS;
}

static void *
run_loop(void *argument)
{
    Runner *runner = argument;
    int64_t wait_ms = WAKE_FOR_EVER; /* the keeper's first look rings, if there is anything to do */

    while (wake_wait(runner->wake, wait_ms))
        wait_ms = run_once(runner);
    return NULL;
}

static void *
keep_loop(void *argument)
{
    Runner *runner = argument;

    while (wake_wait(runner->wake, keep_once(runner)))
        ;
    return NULL;
}

static bool
make_runner(Runs *runs, Runner *runner)
{
    const Core *core = runs->core;
    bool is_keeper = runner == &runs->runners[runs->count - 1];

    /* the owner's few connections of a pooler may all be in use by what the keeper must interrupt
     */
    *runner = (Runner){.runs = runs,
                       .options = is_keeper && core->owner_options->is_pooled ? core->worker_options
                                                                              : core->owner_options,
                       .arena = arena_new(LIMIT_ARENA),
                       .wake = wake_new(),
                       .lost = {.tenant_id = -1},
                       .stop_fd = stop_new()};
    item_desk_init(&runner->desk);
    return runner->arena != NULL && runner->wake != NULL && runner->stop_fd >= 0;
}

static bool
start_runner(Runs *runs, size_t i)
{
    void *(*loop)(void *) = i + 1 == runs->count ? keep_loop : run_loop;

    if (pthread_create(&runs->runners[i].thread, NULL, loop, &runs->runners[i]) != 0)
        return false;
    runs->started_count++;
    return true;
}

Runs *
runs_start(Core *core)
{
    Runs *runs = calloc(1, sizeof *runs);
    bool ok;

    if (runs == NULL)
        return NULL;
    runs->core = core;
    runs->count = (size_t) core->config->migration_workers + 1;
    runs->runners = calloc(runs->count, sizeof *runs->runners);
    ok = runs->runners != NULL;
    /* all of them before the first thread, since the keeper rings every other one */
    for (size_t i = 0; ok && i < runs->count; i++) {
        ok = make_runner(runs, &runs->runners[i]);
        runs->made_count++;
    }
    for (size_t i = 0; ok && i < runs->count; i++)
        ok = start_runner(runs, i);
    if (ok)
        return runs;
    runs_stop(runs);
    return NULL;
}

void
runs_stop(Runs *runs)
{
    if (runs == NULL)
        return;
    atomic_store(&runs->stop, true);
    for (size_t i = 0; i < runs->started_count; i++) {
        stop_raise(runs->runners[i].stop_fd);
        wake_stop(runs->runners[i].wake);
    }
    for (size_t i = 0; i < runs->started_count; i++)
        pthread_join(runs->runners[i].thread, NULL);
    for (size_t i = 0; i < runs->made_count; i++) {
        Runner *runner = &runs->runners[i];

        db_free(runner->db);
        arena_free(runner->arena);
        wake_free(runner->wake);
        pthread_mutex_destroy(&runner->desk.lock);
        if (runner->stop_fd >= 0)
            close(runner->stop_fd);
    }
    free(runs->runners);
    free(runs);
}

void
runs_wake(Runs *runs)
{
    if (runs == NULL)
        return;
    ring_runners(runs);
    wake_ring(runs->runners[runs->count - 1].wake);
}
