/* A table of fixed size by hash, in the order of use; and marks of what was used once.  */
#include "db/plans.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = PLANS_MAX /* no plan's number */ };

struct Plans {
    size_t max, buckets_count; /* the second is a power of two */
    Plan *plans;
    uint16_t *buckets; /* the first plan of each */
    uint32_t *marks;   /* of what was used lately, by the same places; 0: nothing */
    uint16_t used, newest, oldest;
};

void
plans_forget(Plans *plans)
{
    memset(plans->plans, 0, plans->max * sizeof *plans->plans);
    for (size_t i = 0; i < plans->buckets_count; i++)
        plans->buckets[i] = NONE;
    memset(plans->marks, 0, plans->buckets_count * sizeof *plans->marks);
    plans->used = 0;
    plans->newest = plans->oldest = NONE;
}

Plans *
plans_new(size_t max)
{
    Plans *plans = calloc(1, sizeof *plans);

    if (plans == NULL)
        return NULL;
    plans->max = max;
    for (plans->buckets_count = 1; plans->buckets_count < max * 2;)
        plans->buckets_count *= 2;
    plans->plans = calloc(max, sizeof *plans->plans);
    plans->buckets = calloc(plans->buckets_count, sizeof *plans->buckets);
    plans->marks = calloc(plans->buckets_count, sizeof *plans->marks);
    if (plans->plans == NULL || plans->buckets == NULL || plans->marks == NULL) {
        plans_free(plans);
        return NULL;
    }
    plans_forget(plans);
    return plans;
}

void
plans_free(Plans *plans)
{
    if (plans == NULL)
        return;
    free(plans->plans);
    free(plans->buckets);
    free(plans->marks);
    free(plans);
}

/* ---- the order of use ---- */

static void
unlink_plan(Plans *plans, Plan *plan)
{
    if (plan->newer == NONE)
        plans->newest = plan->older;
    else
        plans->plans[plan->newer].older = plan->older;
    if (plan->older == NONE)
        plans->oldest = plan->newer;
    else
        plans->plans[plan->older].newer = plan->newer;
}

static void
link_newest(Plans *plans, Plan *plan)
{
    plan->newer = NONE;
    plan->older = plans->newest;
    if (plans->newest == NONE)
        plans->oldest = plan->number;
    else
        plans->plans[plans->newest].newer = plan->number;
    plans->newest = plan->number;
}

/* ---- the table ---- */

static size_t
place_of(const Plans *plans, uint64_t hash)
{
    return hash & (plans->buckets_count - 1);
}

static void
remove_from_bucket(Plans *plans, const Plan *plan)
{
    uint16_t *at = &plans->buckets[place_of(plans, hash_pair(plan->tenant, plan->query))];

    while (*at != plan->number)
        at = &plans->plans[*at].next;
    *at = plan->next;
}

/* The one that was never used, or that used longest ago; in no list. */
static Plan *
take_free(Plans *plans)
{
    Plan *plan;

    if (plans->used < plans->max) {
        plan = &plans->plans[plans->used];
        plan->number = plans->used++;
        return plan;
    }
    plan = &plans->plans[plans->oldest];
    remove_from_bucket(plans, plan);
    unlink_plan(plans, plan);
    return plan;
}

Plan *
plans_take(Plans *plans, unsigned query, int64_t tenant)
{
    uint64_t hash = hash_pair(tenant, query);
    uint16_t *bucket = &plans->buckets[place_of(plans, hash)];
    uint32_t *mark = &plans->marks[place_of(plans, hash)];
    uint32_t own_mark = (uint32_t) (hash >> 32) | 1;

    for (uint16_t i = *bucket; i != NONE; i = plans->plans[i].next) {
        Plan *plan = &plans->plans[i];

        if (plan->query == query && plan->tenant == tenant) {
            unlink_plan(plans, plan);
            link_newest(plans, plan);
            return plan;
        }
    }
    if (*mark != own_mark) {
        *mark = own_mark;
        return NULL;
    }

    Plan *plan = take_free(plans);

    plan->is_right = false;
    plan->query = query;
    plan->tenant = tenant;
    plan->next = *bucket;
    *bucket = plan->number;
    link_newest(plans, plan);
    return plan;
}

void
plan_name(const Plan *plan, char name[PLAN_NAME_SIZE])
{
    snprintf(name, PLAN_NAME_SIZE, "t%u", (unsigned) plan->number);
}
