/* Whether tenants can be made with a set of migrations.  What runs step by step on old tenants may
 * be impossible in one transaction, or in the order in which a new tenant gets it; files that were
 * applied cannot change, so it would be too late to find that out afterwards.  So a set is tried in
 * a scratch schema, which is rolled back, before it is applied anywhere. */
#ifndef CIQ_SERVER_TRIAL_H
#define CIQ_SERVER_TRIAL_H

#include "call/call.h"
#include "migration/plan.h"

/* Tries all that this server knows, unless a server of the installation has done so before, and
 * logs what fails: existing tenants are served all the same, new ones and runs are refused. */
void trial_at_start(Call *call);

/* False: all that this server knows fits, and whatever comes needs no check. */
bool trial_is_due(const Core *core);

/* Whether what tenants have and what comes (by file of the set of tenants' migrations) fit
 * together. False: the call has failed, with file and line.  A set that did not fit before is no
 * reason to refuse more. */
MUST_CHECK bool trial_check(Call *call, const bool *comes);

/* The same for a plan's steps, leaving the caller's savepoint as it is. */
MUST_CHECK bool trial_check_plan(Call *call, const Plan *plan);

#endif
