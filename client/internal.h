/* What the files of libciq share: the client, its servers (endpoint.h) and its calls (flight.h).
 *
 * Many threads meet here: those that call, and nng's, which run the callbacks.  The client's lock
 * guards what is marked so; it is held for moments, never while a callback of the user's runs.  */
#ifndef CIQ_CLIENT_INTERNAL_H
#define CIQ_CLIENT_INTERNAL_H

#include "client/call.h"
#include "proto/aio.h"
#include "server/base/clock.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>

enum {
    CALLS_MAX = 1024, /* in flight; a caller's mistake cannot take all memory */
    URLS_MAX = 16
};

/* Whether a server answers; only where a client has several does it matter. */
typedef enum Health {
    HEALTH_GOOD,
    HEALTH_MUTE, /* it leaves Health unanswered, which a server that runs answers at once */
    HEALTH_SLOW  /* it answers Health, but for the whole limit of an attempt no call */
} Health;

/* What a server has told of its clock; see Request.deadline_us. */
typedef struct ServerClock {
    uint64_t run;      /* 0: nothing is known */
    int64_t offset_us; /* to be added to our clock: what its clock shows now at the latest */
    int64_t learnt_us; /* on our clock */
} ServerClock;

typedef struct Flight Flight;

/* A call that waits for a server. */
typedef struct Parked {
    struct Parked *next;
    AioPause *pause; /* its end wakes it */
} Parked;

/* One server. */
typedef struct Endpoint {
    CiqClient *client;
    nng_socket socket;
    nng_ctx probe_context;
    nng_aio *probe_aio;

    /* under the client's lock */
    uint32_t pipe;    /* the connection's number; 0: there is none */
    bool has_greeted; /* it has answered on this connection */
    Health health;
    size_t waiting;      /* calls that it has and has not answered */
    int64_t owes_ms;     /* since when there are any */
    int64_t heard_ms;    /* its last answer */
    int64_t answered_ms; /* its last answer to a call */
    int64_t trial_ms;    /* if slow: when it may get a call again */
    bool probe_due;
    enum { PROBE_NONE, PROBE_SEND, PROBE_RECEIVE } probe_step;
    int64_t probe_ms, probe_us; /* when it was sent; the second on the clock of ServerClock */
    ServerClock clock;
} Endpoint;

struct CiqClient {
    char *urls, *ca_file;
    uint32_t timeout_ms, connect_ms, attempt_ms;
    unsigned attempts_max;
    Endpoint endpoints[URLS_MAX];
    size_t endpoints_count;
    _Atomic bool closing;
    AioPause *watch; /* between two looks at servers and calls */

    pthread_mutex_t lock; /* for all members below */
    pthread_cond_t idle;
    size_t turn; /* the endpoint whose turn it is */
    size_t flying;
    Flight *flights, *free_flights; /* all of them; those that have no call */
    Parked *parked;
    bool watching;
    char *tenant, *token, *origin;
};

/* The monotonic clock in milliseconds, for deadlines and intervals. */
static inline int64_t
client_now_ms(void)
{
    return clock_us() / 1000;
}

#endif
