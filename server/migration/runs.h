/* Works on migration runs: some threads that each take one schema after the other, and one that
 * looks after them.  What is to be done, and what was done, is rows of public.migration_run and
 * migration_item; this server may die at any moment, and any other goes on.  */
#ifndef CIQ_SERVER_RUNS_H
#define CIQ_SERVER_RUNS_H

#include "call/call.h"

typedef struct Runs Runs;

/* Starts the threads; runs that were left are taken up at once.  NULL: no memory or no thread. */
MUST_CHECK Runs *runs_start(Core *core);

/* What is under way is rolled back, and waits for the next server. */
void runs_stop(Runs *runs);

/* A run was started, ended or goes on.  NULL is fine. */
void runs_wake(Runs *runs);

#endif
