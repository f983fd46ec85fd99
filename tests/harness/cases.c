/* How a suite runs its cases; see cases.h.  */
#include "harness/cases.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATUS_SKIPPED = 77 }; /* tests/CMakeLists.txt tells it to ctest */

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
    if (chosen_count > 0)
        status = _cmocka_run_group_tests(suite, chosen, chosen_count, setup, teardown);
    else {
        fprintf(stderr, "%s has no case that CIQ_TEST_CASE=%s matches; it has:\n", suite, pattern);
        for (size_t i = 0; i < count; i++)
            fprintf(stderr, "  %s\n", cases[i].name);
    }
    free(chosen);
    return status;
}
