/* Plans one schema's way to a target; see plan.h.  Called by item.c for each schema and by the
 * handler of CreateMigrationRun for a whole fleet.  */
#include "migration/plan.h"

#include <string.h>

static bool
is_app(PlanTarget target, const MigrationFile *file)
{
    return target.app[0] == '\0' || strcmp(file->app, target.app) == 0;
}

bool
plan_make(Call *call, const MigrationSet *set, const bool *applied, PlanTarget target, Plan *plan)
{
    bool *goes = call_alloc(call, set->count + 1), *comes = call_alloc(call, set->count + 1);

    *plan = (Plan){.steps = call_alloc(call, (set->count * 2 + 1) * sizeof *plan->steps)};
    if (goes == NULL || comes == NULL || plan->steps == NULL)
        return false;

    /* the set is in order, so what depends on a file stands after it */
    for (size_t i = 0; i < set->count && target.number != PLAN_NEWEST; i++) {
        goes[i] =
            applied[i] && is_app(target, &set->files[i]) && set->files[i].number > target.number;
        for (size_t j = 0; j < i && applied[i] && !goes[i]; j++)
            goes[i] = goes[j] && migration_depends(&set->files[i], &set->files[j]);
    }
    for (size_t i = set->count; i-- > 0;)
        if (goes[i])
            plan->steps[plan->count++] = (PlanStep){.file = &set->files[i], .down = true};

    for (size_t i = set->count; i-- > 0;) {
        comes[i] =
            comes[i] || (is_app(target, &set->files[i]) &&
                         (target.number == PLAN_NEWEST || set->files[i].number <= target.number));
        for (size_t j = 0; j < i && comes[i] && !applied[i]; j++)
            comes[j] = comes[j] || migration_depends(&set->files[i], &set->files[j]);
    }
    for (size_t i = 0; i < set->count; i++)
        if (comes[i] && !applied[i])
            plan->steps[plan->count++] = (PlanStep){.file = &set->files[i], .down = false};
    return true;
}
