/* Names for statements of one tenant: who gets one, who loses it, and what is known of each.  */
#include "harness/cases.h"

#include "server/db/plans.h"

#include <stdlib.h>

static Plan *
used_twice(Plans *plans, unsigned query, int64_t tenant)
{
    Plan *first = plans_take(plans, query, tenant);

    return first != NULL ? first : plans_take(plans, query, tenant);
}

static void
prepared(Plan *plan)
{
    plan->is_there = plan->is_right = true;
}

static void
test_plans__from_the_second_use_on(void **state)
{
    Plans *plans = plans_new(4);
    Plan *plan;

    (void) state;
    assert_null(plans_take(plans, 1, 7));
    plan = plans_take(plans, 1, 7);
    assert_non_null(plan);
    assert_false(plan->is_there || plan->is_right);
    prepared(plan);
    assert_ptr_equal(plans_take(plans, 1, 7), plan);
    assert_true(plan->is_right);
    /* another statement of the tenant, and the statement of another one */
    assert_ptr_not_equal(used_twice(plans, 2, 7), plan);
    assert_ptr_not_equal(used_twice(plans, 1, 8), plan);
    assert_ptr_equal(plans_take(plans, 1, 7), plan);
    plans_free(plans);
}

static void
test_plans__the_longest_unused_goes(void **state)
{
    Plans *plans = plans_new(3);
    Plan *taken[3];
    char name[PLAN_NAME_SIZE], other[PLAN_NAME_SIZE];

    (void) state;
    for (int i = 0; i < 3; i++) {
        taken[i] = used_twice(plans, 1, i + 1);
        prepared(taken[i]);
    }
    assert_ptr_equal(plans_take(plans, 1, 1), taken[0]); /* so that 2 is the oldest */
    plan_name(taken[1], name);

    Plan *next = used_twice(plans, 1, 9);

    assert_ptr_equal(next, taken[1]);
    plan_name(next, other);
    assert_string_equal(name, other);
    assert_true(next->is_there);
    assert_false(next->is_right);
    assert_ptr_equal(plans_take(plans, 1, 1), taken[0]);
    assert_ptr_equal(plans_take(plans, 1, 3), taken[2]);
    assert_true(taken[0]->is_right && taken[2]->is_right);
    plans_free(plans);
}

static void
test_plans__a_new_connection_has_none(void **state)
{
    Plans *plans = plans_new(2);

    (void) state;
    prepared(used_twice(plans, 1, 1));
    plans_forget(plans);
    assert_null(plans_take(plans, 1, 1));
    assert_false(plans_take(plans, 1, 1)->is_there);
    plans_free(plans);
}

/* Against a list that is kept by hand, with names that are taken away again and again. */
static void
test_plans__many(void **state)
{
    enum { MAX = 50, TENANTS = 200, STEPS = 20000 };
    Plans *plans = plans_new(MAX);
    int64_t holder[MAX] = {0}; /* whose statement each name has at PostgreSQL */
    size_t own = 0, right = 0;

    (void) state;
    srand(1);
    for (int step = 0; step < STEPS; step++) {
        int64_t tenant = rand() % (step % 2 == 0 ? 20 : TENANTS) + 1;
        Plan *plan = plans_take(plans, 3, tenant);

        if (plan == NULL)
            continue;
        own++;
        assert_true(plan->number < MAX);
        assert_int_equal(plan->is_there, holder[plan->number] != 0);
        assert_true(!plan->is_right || holder[plan->number] == tenant);
        right += plan->is_right;
        if (plan->is_right || step % 5 == 0) /* or the pipeline was cut off before */
            continue;
        holder[plan->number] = tenant;
        prepared(plan);
    }
    assert_true(own > STEPS / 3 && right > STEPS / 4);
    plans_free(plans);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans__from_the_second_use_on),
        cmocka_unit_test(test_plans__the_longest_unused_goes),
        cmocka_unit_test(test_plans__a_new_connection_has_none),
        cmocka_unit_test(test_plans__many),
    };

    return run_cases(tests, NULL, NULL);
}
