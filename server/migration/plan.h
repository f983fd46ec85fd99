/* Which migrations bring one schema to its target, and in which order.  Knows no database: what is
 * applied is given.  */
#ifndef CIQ_SERVER_PLAN_H
#define CIQ_SERVER_PLAN_H

#include "migration/apps.h"

enum { PLAN_NEWEST = -1 };

typedef struct PlanTarget {
    const char *app; /* "": all apps, to their newest */
    int64_t number;  /* of app; PLAN_NEWEST; 0: all of the app is undone */
} PlanTarget;

typedef struct PlanStep {
    const MigrationFile *file;
    bool down;
} PlanStep;

typedef struct Plan {
    PlanStep *steps; /* in call memory, in the order in which they run: first down, then up */
    size_t count;
} Plan;

/* applied says of each file of the set whether the schema has it.  Up takes along what the target
 * depends on; down takes along, newest first, what depends on what goes. */
MUST_CHECK bool plan_make(Call *call, const MigrationSet *set, const bool *applied,
                          PlanTarget target, Plan *plan);

#endif
