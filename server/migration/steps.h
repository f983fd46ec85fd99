/* The steps of one schema on its way to a target: what is applied and undone, and what the ledger
 * says of it.  Called by item.c.  */
#ifndef CIQ_SERVER_STEPS_H
#define CIQ_SERVER_STEPS_H

#include "call/call.h"
#include "migration/file.h"
#include "migration/plan.h"

typedef struct Steps {
    Call *call;
    const MigrationSet *set;
    const char *run_text, *schema, *role, *mode;
    bool is_shared;
    int64_t tenant_id; /* 0: the shared schema */
    bool *applied;     /* by file of the set, as the ledger has it after the steps that are done */
    Plan plan;

    size_t done;
    bool more;          /* the next step needs a transaction of its own */
    bool moves_own_app; /* an app of the server's, not of the user's */
    bool outside;       /* step allows no transaction, and must wait until the caller's has ended */

    /* for a failure: what ran */
    const PlanStep *step;
    const char *script; /* somewhere in the step's section */
    int64_t script_us;
} Steps;

/* Runs the plan's steps, or as many as one transaction can hold.  False: the call has failed, and
 * step and script say at what. */
MUST_CHECK bool steps_run(Steps *steps);

/* If they ended with outside: the step, after the caller has committed what keeps others from the
 * schema; and its row in the ledger, in a new transaction in which applied was read again. */
MUST_CHECK bool steps_run_outside(Steps *steps);
MUST_CHECK bool steps_finish_outside(Steps *steps);

/* The text of a step: the section of its file that applies or undoes it. */
const char *steps_section(const PlanStep *step);

#endif
