/* The one mechanism for work in the background: a thread with a connection of the owner's, woken when
 * there is something to do and at intervals otherwise.  */
#ifndef CIQ_SERVER_JOB_H
#define CIQ_SERVER_JOB_H

#include "call.h"

typedef struct Job Job;

/* Starts the thread.  NULL: no memory or no thread. */
MUST_CHECK Job *job_start(Server *server);
void job_stop(Job *job);

/* Something is to be done now: a role was taken from the pool. */
void job_wake(Job *job);

#endif
