/* cmocka, with what its header wants to be there before it, and the one way in which every suite
 * runs its cases.  */
#ifndef CIQ_TESTS_CASES_H
#define CIQ_TESTS_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* It does not return, and cmocka does not say so.
 * NOLINTNEXTLINE(readability-redundant-declaration) */
_Noreturn void _fail(const char *file, int line);

/* Runs an array of cases between the group's setup and teardown (NULL: none), and gives main's exit
 * status.  If CIQ_TEST_CASE is set, only those whose names it matches, as a shell's pattern:
 * "*rename*".  If it matches none, they are listed and the status is that of a skipped suite. */
#define run_cases(cases, setup, teardown)                                                          \
    cases_run(cases, sizeof(cases) / sizeof *(cases), setup, teardown)

int cases_run(const struct CMUnitTest *cases, size_t count, CMFixtureFunction setup,
              CMFixtureFunction teardown);

#endif
