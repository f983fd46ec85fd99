/* Every rpc that writes leaves exactly one row in the audit of where it was called: who, from
 * where, what, about what, how it ended, and the request id.  A new writing rpc needs a row in
 * tests/harness/writes.c; without one this test names it.  */
#include "harness/harness.h"
#include "harness/writes.h"

#include "proto/method.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t
last_event(World *world, const char *schema)
{
    return strtoll(
        database_value(&world->database, "select coalesce(max(id), 0) from %s.core_audit", schema),
        NULL, 10);
}

static void
assert_one_row(World *world, const Write *write, int64_t after)
{
    char expected[512], got[512];

    snprintf(expected, sizeof expected, "1 clientiq.v1.%s %s | %s | 0 1 yes", write->method,
             write->caller != NULL ? write->caller
             : write->on_tenant    ? "user 1"
                                   : "operator 0",
             write->target);
    snprintf(
        got, sizeof got, "%s",
        database_value(&world->database,
                       "select count(*) || ' ' || string_agg(concat(method, ' ', caller_kind, ' ', "
                       "caller_id, ' | ', target, ' | ', code, ' ', count, ' ', "
                       "case when origin <> '' and request_id like '%%-%%' then 'yes' end), "
                       "'; ') from %s.core_audit where id > %lld",
                       write->on_tenant ? "acme" : "public", (long long) after));
    if (fnmatch(expected, got, 0) != 0)
        fail_msg("%s: the audit has %s, expected %s", write->method, got, expected);
}

static void
test_writes__leave_one_row(void **state)
{
    World *world = *state;
    int64_t techcorp = last_event(world, "techcorp");

    for (size_t i = 0; i < writes_count; i++) {
        const Write *write = &writes[i];
        int64_t acme, platform;

        write_prepare(&world->database, write);
        acme = last_event(world, "acme");
        platform = last_event(world, "public");
        expect_json(write->on_tenant ? world->acme : world->platform, write->method, CODE_OK, NULL,
                    "%s", write->request);
        assert_one_row(world, write, write->on_tenant ? acme : platform);
        if (write->on_tenant)
            assert_int_equal(last_event(world, "public"), platform);
        else
            assert_int_equal(last_event(world, "acme"), acme);
    }
    /* what is done from outside is in the tenant's own audit too: a session inside it, and its end
     */
    assert_int_equal(last_event(world, "techcorp"), techcorp + 2);
    /* no two calls have the same request id */
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) - count(distinct request_id) from (select request_id "
                       "from acme.core_audit union all select request_id from "
                       "public.core_audit) a where request_id <> ''"),
        "0");
}

static void
test_writes__are_all_tried(void **state)
{
    (void) state;
    for (size_t i = 0; i < methods_count; i++) {
        bool is_tried = !methods[i].writes;

        for (size_t j = 0; j < writes_count && !is_tried; j++)
            is_tried = strcmp(writes[j].method, methods[i].name + strlen("clientiq.v1.")) == 0;
        if (!is_tried)
            fail_msg("%s writes: give it a row in tests/harness/writes.c", methods[i].name);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes__are_all_tried),
        cmocka_unit_test(test_writes__leave_one_row),
    };

    return run_cases(tests, world_setup, world_teardown);
}
