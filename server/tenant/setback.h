/* What background work cannot do for one tenant is put off, so that the others have their turn: the
 * tenant's next one comes after a pause that grows with each failure.  The queries that choose the
 * next tenant pass over those whose pause is not over; ciq-client tenant reconcile shows them. */
#ifndef CIQ_SERVER_SETBACK_H
#define CIQ_SERVER_SETBACK_H

#include "call/call.h"

/* The tasks, as tenants_setback.task has them. */
#define SETBACK_PURGE "purge"
#define SETBACK_SWEEP "sweep"

/* Puts off a tenant for which an owner's call has failed: ends the call's transaction, and notes
 * the failure in another one, on a new connection if the old one is lost.  False: that has failed
 * too, and was logged. */
MUST_CHECK bool setback_note(Call *failed, const char *task, int64_t tenant_id);

/* The tenant's next turn may come at once (queued, in the open transaction). */
MUST_CHECK bool setback_end(Call *call, const char *task, const char *tenant_id);

#endif
