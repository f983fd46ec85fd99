/* A computation that gives way: only while calls come in, and only between its begin and its end.
 */
#include "harness/harness.h"

#include "server/base/clock.h"
#include "server/base/pace.h"

#include <pthread.h>
#include <signal.h>

enum { SPIN_US = 20000 };

static void
spin(_Atomic int64_t *last_call_us, bool calls_come)
{
    int64_t until_us = clock_us() + SPIN_US;

    while (clock_us() < until_us)
        if (calls_come)
            *last_call_us = clock_us();
}

/* However busy the machine is, one of many spins sees a rest. */
static void
test_pace__rests_while_calls_come(void **state)
{
    _Atomic int64_t last_call_us = 0;
    unsigned rests = 0;

    (void) state;
    while (rests == 0) {
        pace_begin(&last_call_us);
        spin(&last_call_us, true);
        rests = pace_end();
    }
}

static void
test_pace__does_not_rest_without_calls(void **state)
{
    _Atomic int64_t last_call_us = 0;

    (void) state;
    pace_begin(&last_call_us);
    spin(&last_call_us, false);
    assert_int_equal(pace_end(), 0);
}

static void
test_pace__late_signal_does_nothing(void **state)
{
    _Atomic int64_t last_call_us = clock_us();

    (void) state;
    pace_begin(&last_call_us);
    unsigned rests = pace_end();
    raise(SIGURG);
    assert_int_equal(pace_end(), rests);
}

static void *
spin_in_calm(void *argument)
{
    unsigned *rests = argument;
    _Atomic int64_t last_call_us = 0;

    pace_begin(&last_call_us);
    spin(&last_call_us, false);
    *rests = pace_end();
    return NULL;
}

static void
test_pace__is_of_one_thread(void **state)
{
    _Atomic int64_t last_call_us = 0;
    unsigned others = 1, rests = 0;
    pthread_t thread;

    (void) state;
    while (rests == 0) {
        assert_int_equal(pthread_create(&thread, NULL, spin_in_calm, &others), 0);
        pace_begin(&last_call_us);
        spin(&last_call_us, true);
        rests = pace_end();
        pthread_join(thread, NULL);
        assert_int_equal(others, 0);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace__rests_while_calls_come),
        cmocka_unit_test(test_pace__does_not_rest_without_calls),
        cmocka_unit_test(test_pace__late_signal_does_nothing),
        cmocka_unit_test(test_pace__is_of_one_thread),
    };

    return run_cases(tests, NULL, NULL);
}
