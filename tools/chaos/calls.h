/* Who calls while things break: each caller writes and reads in a tenant of its own, knows what was
 * acknowledged, and repeats what was not under the same idempotency key until it is decided.  */
#ifndef CIQ_CHAOS_CALLS_H
#define CIQ_CHAOS_CALLS_H

#include "client/call.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

enum { WRITES_MAX = 20000 /* of one caller */ };

/* What must all be 0 in the end. */
typedef struct Wrongs {
    atomic_long lost;      /* acknowledged, and not there */
    atomic_long doubled;   /* happened more than once */
    atomic_long wrong;     /* another answer or another value than what was asked for */
    atomic_long elsewhere; /* in another tenant, or of another tenant */
    atomic_long stale;     /* read older than what the same caller had been told was written */
    atomic_long undecided; /* neither acknowledged nor refused, long after all was well again */
} Wrongs;

typedef struct Crowd {
    atomic_bool stop, give_up;
    atomic_long writes, reads, repeats, slowest_ms;
    Wrongs wrongs;
} Crowd;

typedef struct Caller {
    Crowd *crowd;
    CiqClient *client; /* signed in to the tenant */
    const char *schema;
    int number; /* in the tenant */
    int64_t user_id;
    long groups, names; /* acknowledged: they are numbered from 1 */
    bool is_in_flight;  /* the next group or name may be there, too */
    pthread_t thread;
} Caller;

/* Writes and reads until the crowd stops; in a thread. */
void *caller_run(void *caller);

/* Compares what one tenant's schema has with what its callers were told. */
void callers_compare(PGconn *database, const char *schema, Caller *callers, int count);

#endif
