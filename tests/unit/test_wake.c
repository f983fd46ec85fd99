/* The bell on which jobs wait.  */
#include "harness/cases.h"
#include "harness/wait.h"

#include "server/base/wake.h"

#include <pthread.h>

enum {
    SHORT_MS = 20,
    LONG_MS = 60000, /* what rings or stops ends it long before */
    ROUNDS = 100
};

static int
setup(void **state)
{
    Wake *wake = wake_new();

    assert_non_null(wake);
    *state = wake;
    return 0;
}

static int
teardown(void **state)
{
    wake_free(*state);
    return 0;
}

static void
test_wake__rung_before_the_wait(void **state)
{
    int64_t start_ms = now_ms();

    wake_ring(*state);
    wake_ring(*state);
    assert_true(wake_wait(*state, LONG_MS));
    assert_true(now_ms() - start_ms < LONG_MS / 2);

    /* both were one: the next wait is not ended by them */
    start_ms = now_ms();
    assert_true(wake_wait(*state, SHORT_MS));
    assert_true(now_ms() - start_ms >= SHORT_MS - 1);
}

static void *
ring(void *wake)
{
    wake_ring(wake);
    return NULL;
}

static void *
stop(void *wake)
{
    wake_stop(wake);
    return NULL;
}

/* Whether the wait has begun or not. */
static void
test_wake__rung_and_stopped_by_another_thread(void **state)
{
    pthread_t thread;

    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(pthread_create(&thread, NULL, ring, *state), 0);
        assert_true(wake_wait(*state, WAKE_FOR_EVER));
        pthread_join(thread, NULL);
    }
    assert_int_equal(pthread_create(&thread, NULL, stop, *state), 0);
    assert_false(wake_wait(*state, WAKE_FOR_EVER));
    pthread_join(thread, NULL);
}

static void
test_wake__stopped_stays_so(void **state)
{
    wake_stop(*state);
    for (int i = 0; i < 3; i++) {
        assert_false(wake_wait(*state, i == 0 ? WAKE_FOR_EVER : LONG_MS));
        wake_ring(*state);
    }
}

static void
test_wake__ends_by_itself(void **state)
{
    int64_t start_ms = now_ms();

    assert_true(wake_wait(*state, 0));
    assert_true(wake_wait(*state, SHORT_MS));
    assert_true(now_ms() - start_ms >= SHORT_MS - 1);
}

static void
test_wake__of_nobody(void **state)
{
    (void) state;
    wake_ring(NULL);
    wake_free(NULL);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wake__rung_before_the_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wake__rung_and_stopped_by_another_thread, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_wake__stopped_stays_so, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wake__ends_by_itself, setup, teardown),
        cmocka_unit_test(test_wake__of_nobody),
    };

    return run_cases(tests, NULL, NULL);
}
