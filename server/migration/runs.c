/* The threads of migration runs.  Each runner takes schemas of running runs until there are none;
 * the keeper notices runs that nobody told this server of, and interrupts what belongs to a
 * canceled one.  Nothing here is kept in memory that a run needs.  */
#include "migration/runs.h"
#include "base/clock.h"
#include "db/db.h"
#include "call/internal.h"
#include "migration/item.h"
#include "base/log.h"
#include "db/queries.h"
#include "migration/apps.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    CALL_MAX_MS = 86400000, /* bounds nothing: each statement has its own time limit */
    KEEPER_MS = 5000,       /* between two looks of the keeper when nobody wakes it */
    KEEPER_POOLED_MS = 500, /* where a pooler stands between, and nobody can */
    INTERRUPT_MS = 50,      /* until a canceled statement is looked at again */
    RETRY_MS = 500,         /* until a lost database is tried again */
    FOR_EVER = -1
};

typedef struct Runner {
    Runs *runs;
    Db *db; /* NULL while there is nothing to do */
    Arena *arena;
    pthread_t thread;
    ItemId lost; /* a schema over which the connection went; tenant_id -1: none */
} Runner;

struct Runs {
    Core *core;
    int stop_fd;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    unsigned work, attention; /* grow with each waking of the runners, and of the keeper */
    size_t runners_count;     /* that have started; the last one is the keeper */
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
    call->stop_fd = &runner->runs->stop_fd;
}

static bool
is_stopping(Runs *runs)
{
    pthread_mutex_lock(&runs->lock);

    bool stop = runs->stop;

    pthread_mutex_unlock(&runs->lock);
    return stop;
}

/* False: not now. */
static bool
is_ready(Runner *runner)
{
    char reason[512], text[1024];

    if (runner->db == NULL)
        runner->db = db_new(runner->runs->core->owner_options);
    if (runner->db == NULL)
        return false;
    if (db_ready(runner->db, reason, sizeof reason))
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

/* One schema after the other, until this run has none that nobody works on.  False: the database is
 * lost. */
static bool
work_on(Runner *runner, int64_t run_id, size_t *written)
{
    ItemId id = {.run_id = run_id, .tenant_id = -1};

    while (!is_stopping(runner->runs)) {
        bool was_start = id.tenant_id < 0;
        Call call;

        if (!is_ready(runner))
            return false;
        begin_call(runner, &call);
        switch (item_work(&call, &id)) {
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
    } while (written > 0 && !is_stopping(runner->runs));
    if (!is_ready(runner) || !look_around(runner, &running, &wait_ms))
        return RETRY_MS;
    if (running > 0)
        return wait_ms;
    db_free(runner->db);
    runner->db = NULL;
    return FOR_EVER;
}

static int64_t
keep_once(Runner *runner)
{
    Runs *runs = runner->runs;
    int64_t running, wait_ms;
    const DbRow *row;
    Call call;

    if (!is_ready(runner) || !look_around(runner, &running, &wait_ms))
        return RETRY_MS;
    if (running > 0) {
        pthread_mutex_lock(&runs->lock);
        runs->work++;
        pthread_cond_broadcast(&runs->wake);
        pthread_mutex_unlock(&runs->lock);
    }
    begin_call(runner, &call);
    db_begin(&call, DB_READ);
    if (!db_row(&call, &query_run_interrupt, NULL, NULL, &row) || row == NULL) {
        db_rollback(&call);
        return RETRY_MS;
    }
    if (db_row_int64(row, "count") > 0)
        return INTERRUPT_MS;
    return runs->core->pooled ? KEEPER_POOLED_MS : KEEPER_MS;
}

/* Until the counter has grown, or so long.  False: it is time to stop. */
static bool
wait_for(Runs *runs, const unsigned *counter, unsigned seen, int64_t wait_ms)
{
    int64_t until_us = clock_unix_us() + wait_ms * 1000;
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};

    pthread_mutex_lock(&runs->lock);
    while (!runs->stop && *counter == seen)
        if (wait_ms == FOR_EVER)
            pthread_cond_wait(&runs->wake, &runs->lock);
        else if (pthread_cond_timedwait(&runs->wake, &runs->lock, &until) != 0)
            break;

    bool goes_on = !runs->stop;

    pthread_mutex_unlock(&runs->lock);
    return goes_on;
}

static unsigned
read_counter(Runs *runs, const unsigned *counter)
{
    pthread_mutex_lock(&runs->lock);

    unsigned seen = *counter;

    pthread_mutex_unlock(&runs->lock);
    return seen;
}

static void *
run_loop(void *argument)
{
    Runner *runner = argument;
    Runs *runs = runner->runs;
    unsigned seen = read_counter(runs, &runs->work);

    /* the keeper's first look wakes the runners, if there is anything to do */
    while (wait_for(runs, &runs->work, seen, FOR_EVER)) {
        int64_t wait_ms;

        do {
            seen = read_counter(runs, &runs->work);
            wait_ms = run_once(runner);
        } while (wait_ms != FOR_EVER && wait_for(runs, &runs->work, seen, wait_ms));
        if (is_stopping(runs))
            break;
    }
    return NULL;
}

static void *
keep_loop(void *argument)
{
    Runner *runner = argument;
    Runs *runs = runner->runs;
    unsigned seen;
    int64_t wait_ms;

    do {
        seen = read_counter(runs, &runs->attention);
        wait_ms = keep_once(runner);
    } while (wait_for(runs, &runs->attention, seen, wait_ms));
    return NULL;
}

Runs *
runs_start(Core *core)
{
    Runs *runs = calloc(1, sizeof *runs);
    size_t count = (size_t) core->config->migration_workers + 1;

    if (runs == NULL)
        return NULL;
    pthread_mutex_init(&runs->lock, NULL);
    pthread_cond_init(&runs->wake, NULL);
    runs->core = core;
    runs->stop_fd = eventfd(0, EFD_CLOEXEC);
    runs->runners = calloc(count, sizeof *runs->runners);
    for (size_t i = 0; i < count && runs->runners != NULL && runs->stop_fd >= 0; i++) {
        Runner *runner = &runs->runners[i];

        *runner =
            (Runner){.runs = runs, .arena = arena_new(LIMIT_ARENA), .lost = {.tenant_id = -1}};
        if (runner->arena == NULL ||
            pthread_create(&runner->thread, NULL, i + 1 == count ? keep_loop : run_loop, runner) !=
                0) {
            arena_free(runner->arena);
            break;
        }
        runs->runners_count++;
    }
    if (runs->runners_count == count)
        return runs;
    runs_stop(runs);
    return NULL;
}

void
runs_stop(Runs *runs)
{
    uint64_t one = 1;

    if (runs == NULL)
        return;
    pthread_mutex_lock(&runs->lock);
    runs->stop = true;
    pthread_cond_broadcast(&runs->wake);
    pthread_mutex_unlock(&runs->lock);
    if (runs->stop_fd >= 0 && write(runs->stop_fd, &one, sizeof one) != sizeof one)
        log_write(LOG_LEVEL_WARNING, "migrations finish their statements first", "%s", "");
    for (size_t i = 0; i < runs->runners_count; i++) {
        pthread_join(runs->runners[i].thread, NULL);
        db_free(runs->runners[i].db);
        arena_free(runs->runners[i].arena);
    }
    if (runs->stop_fd >= 0)
        close(runs->stop_fd);
    pthread_cond_destroy(&runs->wake);
    pthread_mutex_destroy(&runs->lock);
    free(runs->runners);
    free(runs);
}

void
runs_wake(Runs *runs)
{
    if (runs == NULL)
        return;
    pthread_mutex_lock(&runs->lock);
    runs->work++;
    runs->attention++;
    pthread_cond_broadcast(&runs->wake);
    pthread_mutex_unlock(&runs->lock);
}
