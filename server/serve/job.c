/* One thread, one connection.  If a task fails, that is logged, and the task runs again in the next
 * round.  */
#include "serve/job.h"
#include "base/log.h"
#include "call/internal.h"
#include "db/db.h"

#include <pthread.h>
#include <stdlib.h>

enum { TASK_MAX_MS = 60000 }; /* for one task */

struct Job {
    Core *core;
    const JobKind *kind;
    Wake *wake;
    Db *db;
    Arena *arena;
    pthread_t thread;
};

static void
run_task(Job *job, const JobTask *task)
{
    Call call;
    char reason[512], text[1024];

    internal_call(&call, job->core, job->arena, job->db, TASK_MAX_MS);
    if (!db_ready(job->db, reason, sizeof reason)) {
        log_write(LOG_LEVEL_WARNING, "job waits for the database", "task=%s reason=%s", task->name,
                  log_quote(text, sizeof text, reason));
    } else if (!task->run(&call, task->state)) {
        db_rollback(&call);
        internal_log(&call, LOG_LEVEL_WARNING, task->name);
    }
    arena_wipe(job->arena);
}

static void
job_run_tasks(Job *job)
{
    for (size_t i = 0; i < job->kind->tasks_count; i++)
        run_task(job, &job->kind->tasks[i]);
}

static void *
job_loop(void *argument)
{
    Job *job = argument;

    do
        job_run_tasks(job);
    while (wake_wait(job->wake, job->kind->interval_s * 1000));
    if (job->kind->looks_at_end)
        job_run_tasks(job);
    return NULL;
}

static void
job_free(Job *job)
{
    db_free(job->db);
    arena_free(job->arena);
    free(job);
}

Job *
job_start(Core *core, const JobKind *kind, Wake *wake)
{
    Job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return NULL;
    job->core = core;
    job->kind = kind;
    job->wake = wake;
    job->db = db_new(core->owner_options);
    job->arena = arena_new(LIMIT_ARENA);
    if (job->db == NULL || job->arena == NULL ||
        pthread_create(&job->thread, NULL, job_loop, job) != 0) {
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
    wake_stop(job->wake);
    pthread_join(job->thread, NULL);
    job_free(job);
}
