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
    bool *applied; /* by file of the set, as the ledger has it after the steps that are done */
    Plan plan;

    size_t done;
    bool more;          /* the next step needs a transaction of its own */
    bool moves_own_app; /* an app of the server's, not of the user's */

    /* for a failure: what ran */
    const PlanStep *step;
    const char *script; /* somewhere in the step's section */
    int64_t script_us;
} Steps;

/* Runs the plan's steps, or as many as one transaction can hold.  False: the call has failed, and
 * step and script say at what. */
MUST_CHECK bool steps_run(Steps *steps);

/* The text of a step: the section of its file that applies or undoes it. */
const char *steps_section(const PlanStep *step);

#endif
