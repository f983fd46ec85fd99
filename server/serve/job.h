/* Work in the background: a thread with a connection of the owner's goes through its tasks, at
 * intervals and whenever its bell is rung.  Which jobs there are is the composition root's
 * (jobs.c). */
#ifndef CIQ_SERVER_JOB_H
#define CIQ_SERVER_JOB_H

#include "base/wake.h"
#include "call/call.h"

typedef struct Job Job;

/* False: the call has failed, which is logged; the task is tried again at the next look. */
typedef struct JobTask {
    const char *name;
    bool (*run)(Call *call, void *state);
    void *state; /* the task's own */
} JobTask;

typedef struct JobKind {
    int64_t interval_s; /* between two looks when nobody rings */
    bool looks_at_end;  /* once more when the server stops */
    const JobTask *tasks;
    size_t tasks_count;
} JobKind;

/* Starts a thread; kind and wake must outlive it.  NULL: no memory or no thread. */
MUST_CHECK Job *job_start(Core *core, const JobKind *kind, Wake *wake);

/* Ends it after the task that runs.  NULL is fine. */
void job_stop(Job *job);

#endif
