/* A worker: one thread, one connection, one arena.  Takes calls from its lane's queue until the
 * queue is closed and empty.  */
#ifndef CIQ_SERVER_WORKER_H
#define CIQ_SERVER_WORKER_H

#include "call/call.h"
#include "db/db.h"
#include "serve/queue.h"

typedef struct Worker Worker;

/* Starts the index-th worker of a queue; niceness as in nice(1), 0: none.  NULL: no memory or no
 * thread. */
MUST_CHECK Worker *worker_start(Core *core, Queue *queue, size_t index, const DbOptions *options,
                                int niceness);

/* Waits for its end, which comes after queue_close, and frees it. */
void worker_join(Worker *worker);

#endif
