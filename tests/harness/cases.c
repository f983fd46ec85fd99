/* How a suite runs its cases; see cases.h.  */
#include "harness/cases.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATUS_SKIPPED = 77 }; /* tests/CMakeLists.txt tells it to ctest */

static CMFixtureFunction group_setup, group_teardown;
static bool group_is_set_up;

static int
run_group_setup(void **state)
{
    int status = group_setup == NULL ? 0 : group_setup(state);

    group_is_set_up = status == 0;
    return status;
}

/* cmocka calls it also where the setup has failed, and there is nothing to tear down. */
static int
run_group_teardown(void **state)
{
    return group_is_set_up && group_teardown != NULL ? group_teardown(state) : 0;
}

int
cases_run(const struct CMUnitTest *cases, size_t count, CMFixtureFunction setup,
          CMFixtureFunction teardown)
{
    const char *pattern = getenv("CIQ_TEST_CASE"), *suite = program_invocation_short_name;
    struct CMUnitTest *chosen = calloc(count, sizeof *chosen);
    size_t chosen_count = 0;
    int status = STATUS_SKIPPED;

    if (chosen == NULL)
        abort();
    if (pattern == NULL || pattern[0] == '\0')
        pattern = "*";
    for (size_t i = 0; i < count; i++)
        if (fnmatch(pattern, cases[i].name, 0) == 0)
            chosen[chosen_count++] = cases[i];
    group_setup = setup;
    group_teardown = teardown;
    if (chosen_count > 0)
        status = _cmocka_run_group_tests(suite, chosen, chosen_count, run_group_setup,
                                         run_group_teardown);
    else {
        fprintf(stderr, "%s has no case that CIQ_TEST_CASE=%s matches; it has:\n", suite, pattern);
        for (size_t i = 0; i < count; i++)
            fprintf(stderr, "  %s\n", cases[i].name);
    }
    free(chosen);
    /* what a failed case has left running would keep exit's handlers waiting */
    if (status != 0 && status != STATUS_SKIPPED) {
        fflush(NULL);
        _exit(status > 125 ? 125 : status < 0 ? 1 : status);
    }
    return status;
}
