/* Sends the mails that transactions have put into the outboxes: core_outbox of the platform and of
 * each tenant.  A hint names an outbox with new mail; a sweep, a few tenants at a time, finds the
 * rest.  */
#ifndef CIQ_SERVER_OUTBOX_H
#define CIQ_SERVER_OUTBOX_H

#include "call/call.h"

typedef struct Outbox Outbox;

/* NULL: no memory. */
MUST_CHECK Outbox *outbox_new(void);
void outbox_free(Outbox *outbox);

/* To be called before the thread that runs outbox_work is joined: a letter that is being sent is
 * interrupted, and sent again later. */
void outbox_stop(Outbox *outbox);

/* A transaction has written to the tenant's outbox (0: the platform's).  From any thread. */
void outbox_hint(Outbox *outbox, int64_t tenant_id);

/* A task of a job: sends what is due in the outboxes with hints, then looks into those of the next
 * few tenants.  state is an Outbox. */
MUST_CHECK bool outbox_work(Call *call, void *state);

#endif
