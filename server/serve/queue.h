/* Calls that wait for a worker: one queue per lane, bounded in calls and in bytes.  Which call is
 * next, and which is refused where there is no room, is decided by shares.h.  An idle worker whose
 * connection served the same tenant last is preferred.  */
#ifndef CIQ_SERVER_QUEUE_H
#define CIQ_SERVER_QUEUE_H

#include "serve/shares.h"

/* Which threads serve a call; see Rule.database and Rule.hashes_password. */
typedef enum Lane { LANE_CALLS, LANE_PASSWORDS, LANE_OWNER, LANE_COUNT } Lane;

typedef struct Queue Queue;

/* NULL: no memory. */
MUST_CHECK Queue *queue_new(const SharesSize *size);
void queue_free(Queue *queue);

/* Gives the calls that must be refused, linked by next, which may be this one: there is no room for
 * them any more, or the queue is closed.  NULL: none. */
MUST_CHECK Ticket *queue_push(Queue *queue, Ticket *ticket);

/* Waits at most idle_ms for a call for this worker (0 … workers-1), whose call before has ended
 * with that.  NULL: none came, or the queue is closed and empty; *closed tells which. */
Ticket *queue_pop(Queue *queue, size_t worker, int idle_ms, bool *closed);

/* How many calls wait, and their bytes: for who watches. */
void queue_waiting(Queue *queue, size_t *calls, size_t *bytes);

/* Refuses further calls; those that wait are still served. */
void queue_close(Queue *queue);

#endif
