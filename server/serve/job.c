/* One thread, one connection.  If a task fails, that is logged, and the task runs again in the next
 * round.  */
#include "serve/job.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "call/internal.h"
#include "db/db.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { TASK_MAX_MS = 60000 }; /* for one task */

struct Job {
    Core *core;
    const JobKind *kind;
    Wake *wake;
    Db *db;
    Arena *arena;
    pthread_t thread;
    int ended_fd; /* readable: the thread does nothing more */
};

static void
run_task(Job *job, const JobTask *task)
{
    Call call;
    char reason[512], text[1024];

    internal_call(&call, job->core, job->arena, job->db, TASK_MAX_MS);
    if (!db_ready(job->db, call.stop_fd, reason, sizeof reason)) {
        log_write(LOG_LEVEL_WARNING, "job waits for the database", "task=%s reason=%s", task->name,
                  log_quote(text, sizeof text, reason));
    } else if (!task->run(&call, task->state)) {
        db_rollback(&call);
        internal_log(&call, LOG_LEVEL_WARNING, task->name);
    } else if (call.is_unfinished) {
        log_write(LOG_LEVEL_INFO, "job goes on", "task=%s", task->name);
        wake_ring(job->wake);
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
    stop_raise(job->ended_fd);
    return NULL;
}

static void
job_forget(Job *job)
{
    db_free(job->db);
    arena_free(job->arena);
    if (job->ended_fd >= 0)
        close(job->ended_fd);
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
    job->ended_fd = stop_new();
    job->db = db_new(core->owner_options);
    job->arena = arena_new(LIMIT_ARENA);
    if (job->ended_fd < 0 || job->db == NULL || job->arena == NULL ||
        pthread_create(&job->thread, NULL, job_loop, job) != 0) {
        job_forget(job);
        return NULL;
    }
    return job;
}

void
job_end(Job *job)
{
    if (job != NULL)
        wake_stop(job->wake);
}

bool
job_has_ended(const Job *job, int64_t until_us)
{
    int64_t left_us = until_us - clock_us();
    struct pollfd ended = {.fd = job == NULL ? -1 : job->ended_fd, .events = POLLIN};

    return job == NULL || poll(&ended, 1, left_us > 0 ? (int) (left_us / 1000) + 1 : 0) > 0;
}

void
job_free(Job *job)
{
    if (job == NULL)
        return;
    pthread_join(job->thread, NULL);
    job_forget(job);
}
