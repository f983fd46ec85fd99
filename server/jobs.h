/* Everything that runs beside the calls: which jobs exist, their state, and what a change makes
 * memory forget and whom it wakes.  */
#ifndef CIQ_SERVER_JOBS_H
#define CIQ_SERVER_JOBS_H

#include "call/core.h"

typedef struct Jobs Jobs;

/* Their state, without a thread yet.  Sets core->changes and core->usage.  NULL: no memory. */
MUST_CHECK Jobs *jobs_new(Core *core);

/* Starts the threads.  False: no memory or no thread. */
MUST_CHECK bool jobs_start(Jobs *jobs);

/* Ends them when nothing can make work for them any more.  Tasks that do not end soon are cut off
 * by raising the core's stop_work_fd. */
void jobs_stop(Jobs *jobs, int stop_work_fd);

/* After jobs_stop.  NULL is fine. */
void jobs_free(Jobs *jobs);

#endif
