/* Who has to go where a limit of connections is reached.  */
#include "harness/cases.h"

#include "server/call/auth.h"
#include "server/serve/census.h"

#include <stddef.h>
#include <string.h>

enum { ALL = 6, OF_ADDRESS = 4, BYTES = 1000, GUESTS = 12 };

static Guest *closed[GUESTS];
static size_t closed_count;

static void
note(Guest *guest)
{
    closed[closed_count++] = guest;
}

static Census *
census(void)
{
    closed_count = 0;
    return census_new(&(CensusLimits){.connections = ALL,
                                      .of_address = OF_ADDRESS,
                                      .bytes = BYTES,
                                      .message_us = 1000,
                                      .reply_us = 100,
                                      .close = note});
}

static CensusAnswer
come(Census *all, Guest *guest, const char *address, int64_t now_us)
{
    *guest = (Guest){.active_us = now_us};
    return census_enter(all, guest, address);
}

/* At the limit of all the idlest goes, however many come; it is forgotten when it has left. */
static void
test_limit_of_all__idlest_goes(void **state)
{
    static const char *const addresses[] = {"a", "b"};
    Census *all = census();
    Guest guests[GUESTS];

    (void) state;
    for (int i = 0; i < ALL; i++)
        assert_int_equal(come(all, &guests[i], addresses[i % 2], 100 + i), CENSUS_IN);
    assert_int_equal(closed_count, 0);
    guests[0].active_us = 200; /* it has just called */
    assert_int_equal(come(all, &guests[6], "c", 201), CENSUS_IN);
    assert_int_equal(closed_count, 1);
    assert_ptr_equal(closed[0], &guests[1]);
    /* the one that is leaving does not count, and is not told again */
    assert_int_equal(come(all, &guests[7], "c", 202), CENSUS_IN);
    assert_ptr_equal(closed[1], &guests[2]);
    census_leave(all, &guests[1]);
    census_leave(all, &guests[2]);
    assert_int_equal(come(all, &guests[1], "d", 203), CENSUS_IN);
    assert_ptr_equal(closed[2], &guests[3]);
    for (int i = 0; i < 8; i++)
        if (i != 2)
            census_leave(all, &guests[i]);
    census_free(all);
}

/* Those who only connect, however often, push out one another and nobody who asks; but while they
 * are few, one that is idle makes room also for them, who may be about to ask. */
static void
test_limit_of_all__silent_ones_hold_half_at_most(void **state)
{
    Census *all = census();
    Guest guests[GUESTS];

    (void) state;
    for (int i = 0; i < ALL; i++)
        assert_int_equal(come(all, &guests[i], i < 3 ? "a" : "b", 100 + i), CENSUS_IN);
    for (int i = 0; i < ALL / 2 - 1; i++)
        guests[i].has_asked = true; /* longest ago of all */
    assert_true(census_close_idlest(all));
    assert_ptr_equal(closed[0], &guests[ALL / 2 - 1]);
    assert_true(census_close_idlest(all));
    assert_ptr_equal(closed[1], &guests[ALL / 2]);
    assert_true(census_close_idlest(all));
    assert_ptr_equal(closed[2], &guests[0]);
    for (int i = 0; i < ALL; i++)
        census_leave(all, &guests[i]);
    census_free(all);
}

/* Who has calls that are being served stays, and the newcomer is told no. */
static void
test_busy__never_has_to_go(void **state)
{
    Census *all = census();
    Guest guests[GUESTS];

    (void) state;
    for (int i = 0; i < ALL; i++) {
        assert_int_equal(come(all, &guests[i], i % 2 ? "b" : "a", i), CENSUS_IN);
        guests[i].serving = guests[i].calls = 1;
    }
    assert_int_equal(come(all, &guests[ALL], "c", 100), CENSUS_FULL);
    assert_false(census_close_idlest(all));
    assert_int_equal(closed_count, 0);
    /* one that has closed by itself and waits only for its call is not counted */
    census_leaving(all, &guests[3]);
    assert_int_equal(come(all, &guests[ALL], "c", 100), CENSUS_IN);
    /* who has only answers to take goes if nobody is idle */
    guests[ALL].serving = guests[ALL].calls = 1;
    guests[4].serving = 0;
    assert_true(census_close_idlest(all) && closed[0] == &guests[4]);
    guests[2].serving = guests[2].calls = guests[1].serving = 0;
    assert_true(census_close_idlest(all) && closed[1] == &guests[2]);
    assert_true(census_close_idlest(all) && closed[2] == &guests[1]);
    for (int i = 0; i <= ALL; i++)
        census_leave(all, &guests[i]);
    census_free(all);
}

/* One address makes room for itself only among its own. */
static void
test_limit_of_address__of_its_own(void **state)
{
    Census *all = census();
    Guest guests[GUESTS];

    (void) state;
    assert_int_equal(come(all, &guests[0], "b", 1), CENSUS_IN); /* the idlest of all */
    for (int i = 1; i <= OF_ADDRESS; i++)
        assert_int_equal(come(all, &guests[i], "a", 10 + i), CENSUS_IN);
    assert_int_equal(come(all, &guests[5], "a", 20), CENSUS_IN);
    assert_int_equal(closed_count, 1);
    assert_ptr_equal(closed[0], &guests[1]);
    for (int i = 2; i <= 5; i++)
        guests[i].serving = guests[i].calls = 1;
    assert_int_equal(come(all, &guests[6], "a", 21), CENSUS_ADDRESS_FULL);
    for (int i = 0; i <= 5; i++)
        census_leave(all, &guests[i]);
    census_free(all);
}

/* Of what is held the address with most loses what has been held for longest, until the rest is
 * within the limit. */
static void
test_bytes__who_holds_most_goes(void **state)
{
    Census *all = census();
    Guest guests[4];

    (void) state;
    assert_int_equal(come(all, &guests[0], "honest", 1), CENSUS_IN);
    for (int i = 1; i < 4; i++)
        assert_int_equal(come(all, &guests[i], "greedy", 1 + i), CENSUS_IN);
    guests[0].unfinished_us = 1; /* longest of all, but its address holds less */
    guests[1].untaken_us = 30;
    guests[2].unfinished_us = 20;
    census_hold(all, &guests[0], 300);
    census_hold(all, &guests[1], 300);
    census_hold(all, &guests[2], 300);
    census_hold(all, &guests[3], 100);
    assert_int_equal(closed_count, 0);
    census_hold(all, &guests[0], 1);
    assert_int_equal(closed_count, 1);
    assert_ptr_equal(closed[0], &guests[2]);
    /* what is being closed is not counted twice */
    census_hold(all, &guests[0], 1);
    assert_int_equal(closed_count, 1);
    census_leave(all, &guests[2]);
    census_hold(all, &guests[3], 400);
    assert_int_equal(closed_count, 2);
    assert_ptr_equal(closed[1], &guests[1]);
    census_leave(all, &guests[0]);
    census_leave(all, &guests[1]);
    census_leave(all, &guests[3]);
    census_free(all);
}

/* Late is whose message is not whole in its time, or who does not take answers in theirs. */
static void
test_late__are_closed(void **state)
{
    Census *all = census();
    Guest guests[4];

    (void) state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(come(all, &guests[i], "a", 1), CENSUS_IN);
    guests[1].unfinished_us = 5000;
    guests[2].untaken_us = 5000;
    census_close_late(all, 5100);
    assert_int_equal(closed_count, 0);
    census_close_late(all, 5101);
    assert_int_equal(closed_count, 1);
    assert_ptr_equal(closed[0], &guests[2]);
    census_close_late(all, 6001);
    assert_int_equal(closed_count, 2);
    assert_ptr_equal(closed[1], &guests[1]);
    census_close_late(all, 1000000);
    assert_int_equal(closed_count, 2); /* an idle one may stay */
    for (int i = 0; i < 4; i++)
        census_leave(all, &guests[i]);
    census_free(all);
}

/* Where there is a limit for it, also who is idle; who has a call, or asks again, stays. */
static void
test_idle__are_closed(void **state)
{
    Census *all;
    Guest guests[3];

    (void) state;
    closed_count = 0;
    all = census_new(&(CensusLimits){.connections = ALL,
                                     .of_address = OF_ADDRESS,
                                     .bytes = BYTES,
                                     .message_us = 1000,
                                     .reply_us = 100,
                                     .idle_us = 5000,
                                     .close = note});
    for (int i = 0; i < 3; i++)
        assert_int_equal(come(all, &guests[i], "a", 100), CENSUS_IN);
    guests[1].calls = guests[1].serving = 1;
    guests[2].active_us = 200;
    census_close_late(all, 5100);
    assert_int_equal(closed_count, 0);
    census_close_late(all, 5101);
    assert_int_equal(closed_count, 1);
    assert_ptr_equal(closed[0], &guests[0]);
    census_close_late(all, 1000000);
    assert_int_equal(closed_count, 2);
    assert_ptr_equal(closed[1], &guests[2]);
    for (int i = 0; i < 3; i++)
        census_leave(all, &guests[i]);
    census_free(all);
}

static void
test_close_all(void **state)
{
    Census *all = census();
    Guest guests[3];

    (void) state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(come(all, &guests[i], "a", i), CENSUS_IN);
        guests[i].serving = guests[i].calls = 1;
    }
    census_close_all(all);
    assert_int_equal(closed_count, 3);
    for (int i = 0; i < 3; i++)
        census_leave(all, &guests[i]);
    census_free(all);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit_of_all__idlest_goes),
        cmocka_unit_test(test_limit_of_all__silent_ones_hold_half_at_most),
        cmocka_unit_test(test_busy__never_has_to_go),
        cmocka_unit_test(test_limit_of_address__of_its_own),
        cmocka_unit_test(test_bytes__who_holds_most_goes),
        cmocka_unit_test(test_late__are_closed),
        cmocka_unit_test(test_idle__are_closed),
        cmocka_unit_test(test_close_all),
    };

    return auth_init() ? run_cases(tests, NULL, NULL) : 1;
}
