/* What runs beside the calls: keeping the pool of tenant roles filled, and deleting rows whose time
 * is over.  Each task is a short transaction of its own; a failure is logged and tried again next
 * time.  */
#include "serve/job.h"
#include "base/clock.h"
#include "db/db.h"
#include "call/internal.h"
#include "access/key_use.h"
#include "base/log.h"
#include "migration/migrate.h"
#include "mail/outbox.h"
#include "tenant/ownership.h"
#include "tenant/purge.h"
#include "db/queries.h"
#include "server_state.h"
#include "access/use.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TASK_MAX_MS = 60000, /* for one task */
    SWEEP_LOCK_MS = 1000 /* a sweep that waits keeps others from its tenant's row */
};

struct Job {
    Server *server;
    const JobKind *kind;
    Db *db;
    Arena *arena;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken, stop;
};

/* Makes the next block of roles when less than half of one is left. */
static bool
refill_roles(Call *call)
{
    int64_t block = server_config(call->server)->role_block;
    const DbRow *row;

    db_begin(call, DB_READ);
    if (!db_row(call, &query_role_pool_count, NULL, NULL, &row))
        return false;
    if (row != NULL && db_row_int64(row, "count") * 2 >= block)
        return true;
    if (!migrate_role_block(call, (unsigned) block))
        return false;
    log_write(LOG_LEVEL_INFO, "roles made", "count=%lld", (long long) block);
    return true;
}

static bool
sweep_platform(Call *call)
{
    db_begin(call, DB_WRITE);
    return db_queue(call, &query_sweep_idempotency, NULL, NULL) &&
           db_queue(call, &query_sweep_platform_sessions, NULL, NULL) &&
           db_queue(call, &query_sweep_platform_tokens, NULL, NULL) &&
           db_queue(call, &query_sweep_throttle, NULL, NULL) &&
           db_queue(call, &query_sweep_mails, NULL, NULL) &&
           db_queue(call, &query_sweep_act_sessions, NULL, NULL) && db_commit(call);
}

/* One tenant, in a transaction that holds its row: what is swept cannot be renamed, deleted or
 * become another's meanwhile.  A schema that somebody has damaged has had its turn all the same, or
 * nobody else would. */
static bool
sweep_tenant(Call *call, bool *done)
{
    const DbRow *row;

    call->tenant = (TenantContext){0};
    call->lock_timeout_ms = SWEEP_LOCK_MS;
    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_tenant_to_sweep, NULL, NULL, &row))
        return false;
    *done = row == NULL;
    if (*done) {
        db_rollback(call);
        return true;
    }
    if (!db_enter_tenant(call, db_row_int64(row, "id"), db_row_text(row, "schema_name")) ||
        !db_queue(call, &query_tenant_swept, NULL, NULL) || !db_savepoint(call))
        return false;
    if (!db_queue(call, &query_sweep_idempotency, NULL, NULL) ||
        (db_row_bool(row, "has_tokens") && !db_queue(call, &query_sweep_tokens, NULL, NULL)) ||
        (db_row_bool(row, "has_outbox") && !db_queue(call, &query_sweep_mails, NULL, NULL)) ||
        !db_run(call, &query_sweep_sessions, NULL, NULL, NULL)) {
        internal_log(call, LOG_LEVEL_WARNING, "tenant not swept");
        if (!db_savepoint_rollback(call))
            return false;
    }
    return db_commit(call);
}

/* The tenants take turns: each look sweeps the next few, so that no look is long. */
static bool
sweep_tenants(Call *call)
{
    enum { TENANTS = 50 };
    bool done = false;

    for (int i = 0; i < TENANTS && !done; i++)
        if (!sweep_tenant(call, &done))
            return false;
    return true;
}

static const JobTask housekeeping_tasks[] = {
    {"refill_roles", refill_roles},     {"key_use", key_use_write},
    {"sweep_platform", sweep_platform}, {"sweep_tenants", sweep_tenants},
    {"purge_tenants", purge_tenants},
};
const JobKind job_housekeeping = {
    .interval_s = 30,
    .tasks = housekeeping_tasks,
    .tasks_count = sizeof housekeeping_tasks / sizeof *housekeeping_tasks,
};

static const JobTask sessions_tasks[] = {{"use", use_write}};
const JobKind job_sessions = {
    .interval_s = 1, .looks_at_end = true, .tasks = sessions_tasks, .tasks_count = 1};

static const JobTask mail_tasks[] = {{"outbox", outbox_work}};
const JobKind job_mail = {.interval_s = 1, .tasks = mail_tasks, .tasks_count = 1};

static const JobTask domain_tasks[] = {{"domains", ownership_work}};
const JobKind job_domains = {.interval_s = 30, .tasks = domain_tasks, .tasks_count = 1};

static void
run_task(Job *job, const JobTask *task)
{
    Call call;
    char reason[512], text[1024];

    internal_call(&call, job->server, job->arena, job->db, TASK_MAX_MS);
    if (!db_ready(job->db, reason, sizeof reason)) {
        log_write(LOG_LEVEL_WARNING, "job waits for the database", "task=%s reason=%s", task->name,
                  log_quote(text, sizeof text, reason));
    } else if (!task->run(&call)) {
        db_rollback(&call);
        internal_log(&call, LOG_LEVEL_WARNING, task->name);
    }
    arena_wipe(job->arena);
}

static void
look(Job *job)
{
    for (size_t i = 0; i < job->kind->tasks_count; i++)
        run_task(job, &job->kind->tasks[i]);
}

static void *
loop(void *argument)
{
    Job *job = argument;

    pthread_mutex_lock(&job->lock);
    while (!job->stop) {
        struct timespec until;

        job->woken = false;
        pthread_mutex_unlock(&job->lock);
        look(job);
        pthread_mutex_lock(&job->lock);

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += job->kind->interval_of != NULL
                            ? (time_t) job->kind->interval_of(server_config(job->server))
                            : (time_t) job->kind->interval_s;
        while (!job->stop && !job->woken &&
               pthread_cond_timedwait(&job->wake, &job->lock, &until) == 0)
            ;
    }
    pthread_mutex_unlock(&job->lock);
    if (job->kind->looks_at_end)
        look(job);
    return NULL;
}

static void
job_free(Job *job)
{
    db_free(job->db);
    arena_free(job->arena);
    pthread_cond_destroy(&job->wake);
    pthread_mutex_destroy(&job->lock);
    free(job);
}

Job *
job_start(Server *server, const JobKind *kind)
{
    Job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return NULL;
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->wake, NULL);
    job->server = server;
    job->kind = kind;
    job->db = db_new(&server->owner_options);
    job->arena = arena_new(LIMIT_ARENA);
    if (job->db == NULL || job->arena == NULL ||
        pthread_create(&job->thread, NULL, loop, job) != 0) {
        job_free(job);
        return NULL;
    }
    return job;
}

void
job_stop(Job *job)
{
    if (job == NULL)
        return;
    pthread_mutex_lock(&job->lock);
    job->stop = true;
    pthread_cond_signal(&job->wake);
    pthread_mutex_unlock(&job->lock);
    pthread_join(job->thread, NULL);
    job_free(job);
}

void
job_wake(Job *job)
{
    if (job == NULL)
        return;
    pthread_mutex_lock(&job->lock);
    job->woken = true;
    pthread_cond_signal(&job->wake);
    pthread_mutex_unlock(&job->lock);
}
