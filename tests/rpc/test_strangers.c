/* What people without a session leave behind has a bound in all, however many addresses they come
 * from; and a flood of it takes nothing from those who have an account: neither the counts of tries
 * at it, nor its rows in the audit, nor the place of who asks once.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 50, EVENTS = 5, WAITING = 10, TRIES = 3, FLOOD = 120 };

static void
bound_little(Config *config)
{
    config->throttle_rows = ROWS;
    config->audit_strangers = EVENTS;
    config->demo_waiting = WAITING;
    config->login_failures = TRIES;
    config->login_failure_s = 3600;
    config->demo_per_email = 1000000;
}

static int
strangers_setup(void **state)
{
    return world_up(state, bound_little);
}

/* A service that says for which address it calls. */
static CiqClient *
gate_new(World *world, const char *tenant)
{
    static int number;
    char name[32], token[TOKEN_SIZE];

    snprintf(name, sizeof name, "gate %d", ++number);
    key_new(world->platform, name, "\"platform.forward\"", token);
    return client_new(&world->server, tenant, token);
}

/* As from the n-th network. */
static void
come_from(CiqClient *client, int number)
{
    char origin[64];

    snprintf(origin, sizeof origin, "2001:db8:%x::1", number);
    ciq_client_set_origin(client, origin);
}

static void
flood_resets(CiqClient *client)
{
    for (int i = 0; i < FLOOD; i++) {
        come_from(client, i);
        expect_json(client, "UserService/RequestPasswordReset", CODE_OK, NULL,
                    "{\"email\": \"nobody%d@same.example\"}", i);
    }
}

static Code
sign_in_code(CiqClient *client, const char *password)
{
    return call_code(client, "UserService/Login", "{\"email\": \"%s\", \"password\": \"%s\"}",
                     world_email, password);
}

static void
test_strangers__tries_are_bounded_and_accounts_stay_counted(void **state)
{
    World *world = *state;
    CiqClient *gate = gate_new(world, "acme");
    char kept[24];

    come_from(gate, 4711);
    assert_int_equal(sign_in_code(gate, world_password), CODE_OK);
    for (int i = 0; i < TRIES; i++)
        assert_int_equal(sign_in_code(gate, "wrong one"), CODE_UNAUTHENTICATED);
    snprintf(kept, sizeof kept, "%s",
             database_value(&world->database,
                            "select count(*) from public.core_throttle where is_kept"));
    assert_true(atoi(kept) >= 2); /* the account's failures, and where it signed in */
    flood_resets(gate);
    /* it is looked after at each tenth of the bound */
    wait_for_value(&world->database, "t",
                   "select count(*) < %d from public.core_throttle where not is_kept",
                   ROWS + ROWS / 10);
    /* what was tried often is not forgotten for what was tried once */
    come_from(gate, 4711);
    assert_int_equal(sign_in_code(gate, world_password), CODE_RESOURCE_EXHAUSTED);
    assert_value(&world->database, kept, "select count(*) from public.core_throttle where is_kept");
    ciq_client_free(gate);
}

static const char *
events(World *world, const char *method, const char *more)
{
    return database_value(&world->database,
                          "select count(*) from acme.core_audit where method like '%%/%s' and %s",
                          method, more);
}

static void
test_strangers__events_are_bounded_and_accounts_have_theirs(void **state)
{
    World *world = *state;
    CiqClient *gate = gate_new(world, "acme");
    int64_t id;
    CiqClient *holder = holder_new(world, "holder@same.example", "users.view_group", &id);

    flood_resets(gate);
    assert_true(atoi(events(world, "RequestPasswordReset", "target like '%nobody%'")) <= EVENTS);

    /* of an account: asked for, tried, and refused */
    come_from(gate, FLOOD + 1);
    expect_json(gate, "UserService/RequestPasswordReset", CODE_OK, NULL, "{\"email\": \"%s\"}",
                world_email);
    assert_string_equal(events(world, "RequestPasswordReset", "target like '%admin@same.example'"),
                        "1");
    assert_int_equal(sign_in_code(gate, "wrong one"), CODE_UNAUTHENTICATED);
    assert_string_equal(events(world, "Login", "code <> 0 and target like '%admin@same.example'"),
                        "1");
    /* a refusal of somebody, in the minute in which strangers are refused the same */
    CiqClient *foreign = client_new(&world->server, "acme", NULL);
    char token[TOKEN_SIZE];
    token_new(&world->server, "techcorp", world_email, token);
    ciq_client_set_token(foreign, token);
    for (int i = 0; i < 3; i++)
        expect_json(foreign, "UserService/DeleteGroup", CODE_UNAUTHENTICATED, "does not belong",
                    "{\"id\": 1}");
    expect_json(holder, "UserService/DeleteGroup", CODE_PERMISSION_DENIED, NULL, "{\"id\": 1}");
    assert_string_equal(events(world, "DeleteGroup", "caller_email = 'holder@same.example'"), "1");
    assert_true(atoi(events(world, "%",
                            "caller_kind = 'anonymous' and (target = '' or "
                            "target like '%nobody%')")) <= EVENTS);
    ciq_client_free(foreign);
    ciq_client_free(holder);
    ciq_client_free(gate);
}

static Code
ask(CiqClient *client, int number)
{
    come_from(client, number);
    return call_code(client, "TenantService/CreateDemoRequest",
                     "{\"demo_request\": {\"company_name\": \"Flood\", \"first_name\": \"F\", "
                     "\"email\": \"flood@demo.example\"}}");
}

static void
test_strangers__demo_requests_are_bounded_and_all_addresses_have_a_place(void **state)
{
    World *world = *state;
    CiqClient *gate = gate_new(world, NULL);

    /* two addresses fill half of it, and no more */
    for (int i = 0; i < WAITING; i++)
        assert_int_equal(ask(gate, i % 2), i < WAITING / 2 ? CODE_OK : CODE_RESOURCE_EXHAUSTED);
    /* every other one may ask once, to the end */
    for (int i = WAITING / 2; i < WAITING; i++) {
        assert_int_equal(ask(gate, 100 + i), CODE_OK);
        assert_int_equal(ask(gate, 100 + i), CODE_RESOURCE_EXHAUSTED);
    }
    assert_int_equal(ask(gate, 4711), CODE_RESOURCE_EXHAUSTED);
    /* who is known is no stranger, and nothing that was taken is gone */
    expect_json(world->platform, "TenantService/CreateDemoRequest", CODE_OK, NULL,
                "{\"demo_request\": {\"company_name\": \"Known\", \"first_name\": \"K\", "
                "\"email\": \"known@demo.example\"}}");
    assert_value(&world->database, "11", "select count(*) from public.demo_demorequest");
    /* an answer makes room */
    expect_json(world->platform, "TenantService/RejectDemoRequest", CODE_OK, NULL,
                "{\"id\": 1, \"reason\": \"a flood\"}");
    expect_json(world->platform, "TenantService/RejectDemoRequest", CODE_OK, NULL,
                "{\"id\": 2, \"reason\": \"a flood\"}");
    assert_int_equal(ask(gate, 4711), CODE_OK);
    ciq_client_free(gate);
}

/* A demo request that was rejected is not kept for ever. */
static void
test_strangers__rejected_demo_requests_are_swept(void **state)
{
    World *world = *state;

    database_value(&world->database,
                   "insert into public.demo_demorequest (company_name, first_name, email, state, "
                   "update_time) values ('Old', 'O', 'old@demo.example', 'rejected', now() - "
                   "interval '91 days'), ('Young', 'Y', 'young@demo.example', 'rejected', now() - "
                   "interval '89 days')");
    tenant_new(world->platform, "rings"); /* housekeeping */
    wait_for_value(&world->database, "Young",
                   "select string_agg(company_name, ' ') from public.demo_demorequest "
                   "where company_name in ('Old', 'Young')");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strangers__tries_are_bounded_and_accounts_stay_counted),
        cmocka_unit_test(test_strangers__events_are_bounded_and_accounts_have_theirs),
        cmocka_unit_test(test_strangers__demo_requests_are_bounded_and_all_addresses_have_a_place),
        cmocka_unit_test(test_strangers__rejected_demo_requests_are_swept),
    };

    return run_cases(tests, strangers_setup, world_teardown);
}
