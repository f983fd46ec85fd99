/* What memory alone says of a call before it is queued: whose share of the queue it takes, and
 * whether the tenant's limit of calls refuses it, before it costs anything.  Called by the
 * listener; never waits.  What a request says of itself is not proved here, and decides nothing
 * else.  */
#ifndef CIQ_SERVER_ADMISSION_H
#define CIQ_SERVER_ADMISSION_H

#include "call/call.h"
#include "serve/shares.h"

typedef struct AdmissionRefusal {
    char text[128];
    uint32_t retry_after_ms;
} AdmissionRefusal;

/* Fills the ticket's share, and whether the call is counted already.  False: it must be refused
 * with RESOURCE_EXHAUSTED. */
MUST_CHECK bool admission_ask(Core *core, const WirePeek *peek, const Peer *peer, Ticket *ticket,
                              AdmissionRefusal *refusal);

#endif
