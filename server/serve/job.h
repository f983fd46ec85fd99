/* Work in the background: a thread with a connection of the owner's login runs its tasks, at
 * intervals and whenever its Wake is rung.  server/jobs.c decides which jobs there are. */
#ifndef CIQ_SERVER_JOB_H
#define CIQ_SERVER_JOB_H

#include "base/wake.h"
#include "call/call.h"

typedef struct Job Job;

/* run returns false if the call has failed: that is logged, and the task runs again in the next
 * round.  No task is long, so each has bounds; one that has stopped at a bound says so by
 * call->is_unfinished, and the next round begins at once. */
typedef struct JobTask {
    const char *name;
    bool (*run)(Call *call, void *state);
    void *state; /* the task's own */
} JobTask;

typedef struct JobKind {
    int64_t interval_s; /* between two rounds when nobody rings */
    bool looks_at_end;  /* it runs once more when the server stops */
    const JobTask *tasks;
    size_t tasks_count;
} JobKind;

/* Starts a thread; kind and wake must outlive it.  NULL: no memory or no thread. */
MUST_CHECK Job *job_start(Core *core, const JobKind *kind, Wake *wake);

/* Tells it to end after the task that runs.  NULL is fine. */
void job_end(Job *job);

/* Waits for that until a time (clock_us).  False: it has not ended.  NULL is fine. */
MUST_CHECK bool job_has_ended(const Job *job, int64_t until_us);

/* Waits for its end, however long that takes, and frees it.  NULL is fine. */
void job_free(Job *job);

#endif
