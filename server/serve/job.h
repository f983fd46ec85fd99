/* The one mechanism for work in the background: a thread with a connection of the owner's, woken
 * when there is something to do and at intervals otherwise, goes through its tasks.  */
#ifndef CIQ_SERVER_JOB_H
#define CIQ_SERVER_JOB_H

#include "call/call.h"
#include "base/config.h"

typedef struct Job Job;

/* False: the call has failed, which is logged; the task is tried again at the next look. */
typedef struct JobTask {
    const char *name;
    bool (*run)(Call *call);
} JobTask;

typedef struct JobKind {
    unsigned interval_s; /* between two looks when nobody wakes the thread */
    int64_t (*interval_of)(
        const Config *config); /* NULL: interval_s; otherwise a setting says it */
    bool looks_at_end;         /* once more when the server stops */
    const JobTask *tasks;
    size_t tasks_count;
} JobKind;

extern const JobKind job_housekeeping; /* roles, what has outlived its time, purges */
extern const JobKind
    job_sessions; /* what calls have noted: of its own, since it must not wait for a purge */
extern const JobKind job_mail;    /* the outboxes: a thread of its own, since SMTP may be slow */
extern const JobKind job_domains; /* customers' domains: the same, since DNS may be slow */

/* Starts a thread.  NULL: no memory or no thread. */
MUST_CHECK Job *job_start(Server *server, const JobKind *kind);
void job_stop(Job *job);

/* Something is to be done now.  NULL is fine. */
void job_wake(Job *job);

#endif
