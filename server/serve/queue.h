/* Calls that wait for a worker: one queue per lane, bounded in calls and in bytes.  Inside a queue
 * the tenants take turns, so that one tenant's thousand calls do not delay another's one.  An idle
 * worker whose connection served the same tenant last is preferred.  */
#ifndef CIQ_SERVER_QUEUE_H
#define CIQ_SERVER_QUEUE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which threads serve a call; see Rule.database and Rule.hashes_password. */
typedef enum Lane { LANE_CALLS, LANE_PASSWORDS, LANE_OWNER, LANE_COUNT } Lane;

/* One waiting call; embedded in the listener's own struct. */
typedef struct Ticket Ticket;
struct Ticket {
    Ticket *next;
    uint64_t tenant_hash; /* of the request's tenant field */
    size_t size;          /* bytes of the message */
};

typedef struct Queue Queue;

/* NULL: no memory. */
MUST_CHECK Queue *queue_new(size_t calls_max, size_t bytes_max, size_t workers);
void queue_free(Queue *queue);

/* False: the queue is full, or closed. */
MUST_CHECK bool queue_push(Queue *queue, Ticket *ticket);

/* Waits at most idle_ms for a call for this worker (0 … workers-1).  NULL: none came, or the queue
 * is closed and empty; *closed tells which. */
Ticket *queue_pop(Queue *queue, size_t worker, int idle_ms, bool *closed);

/* Refuses further calls; those that wait are still served. */
void queue_close(Queue *queue);

#endif
