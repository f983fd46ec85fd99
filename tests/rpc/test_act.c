/* The platform's staff inside a tenant: by a right of its own, for a while and for a reason, marked
 * in the tenant's own audit, and over in the moment in which the superuser may not have it any
 * more, on every server.  */
#include "harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CiqClient *
superuser_new(World *world, const char *email, const char *role, int64_t *id)
{
    CiqError *error = NULL;
    json_t *made = call_json(
        world->platform, "UserService/CreateSuperuser", &error,
        "{\"superuser\": {\"email\": \"%s\", \"platform_role\": \"%s\"}, \"password\": \"%s\"}",
        email, role, world_password);

    assert_ok(error);
    *id = strtoll(json_at(made, "superuser.id"), NULL, 10);
    json_decref(made);
    return sign_in(&world->server, NULL, email, world_password);
}

/* A client with a new act-as session. */
static CiqClient *
act(const TestServer *server, CiqClient *who, const char *schema)
{
    CiqError *error = NULL;
    CiqActAsRequest request = CLIENTIQ__V1__ACT_AS_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    request.reason = TEXT("ticket 7");
    CiqActAsResponse *response = ciq_act_as(who, &request, &error);
    assert_ok(error);
    assert_string_equal(response->schema_name, schema);
    CiqClient *client = client_new(server, schema, response->token);
    ciq_act_as_response_free(response);
    return client;
}

static const char *
value(World *world, const char *statement)
{
    return database_value(&world->database, "%s", statement);
}

static void
assert_ended(CiqClient *client)
{
    expect_json(client, "UserService/ListUsers", CODE_UNAUTHENTICATED, "act-as session has ended",
                "{}");
}

static void
test_act_as__is_an_admin_with_a_mark(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id;
    CiqClient *owner = superuser_new(world, "owner@platform.example", "owner", &id);
    CiqClient *inside = act(&world->server, owner, "acme");

    json_t *who = call_json(inside, "UserService/WhoAmI", &error, "{}");
    assert_ok(error);
    assert_string_equal(json_at(who, "kind"), "act_as");
    assert_string_equal(json_at(who, "email"), "owner@platform.example");
    assert_int_equal(strtoll(json_at(who, "superuser_id"), NULL, 10), id);
    assert_string_equal(json_at(who, "user_id"),
                        "0"); /* no user of the tenant, whatever the number */
    assert_string_equal(json_at(who, "is_admin"), "true");
    assert_string_equal(json_at(who, "schema_name"), "acme");
    json_decref(who);

    expect_json(inside, "UserService/CreateUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"by@act.example\"}}");
    assert_int_equal(user_count(world->acme, "by@act.example"), 1);
    assert_int_equal(user_count(world->techcorp, "by@act.example"), 0);

    /* the tenant sees who came, why, and what they did; the platform has a row too */
    char marked[128];
    snprintf(marked, sizeof marked, "act_as %lld owner@platform.example", (long long) id);
    assert_string_equal(
        value(world, "select concat_ws(' ', caller_kind, caller_id, caller_email) from "
                     "acme.core_audit where method like '%CreateUser' and caller_kind = 'act_as'"),
        marked);
    assert_non_null(
        strstr(value(world, "select caller_kind || ' ' || caller_email || ' ' || target from "
                            "acme.core_audit where method like '%ActAs'"),
               "minutes: ticket 7"));
    assert_string_equal(
        value(world, "select count(*) from public.core_audit where method like '%ActAs' and "
                     "target = 'tenant 1' and caller_email = 'owner@platform.example'"),
        "1");
    expect_json(world->acme, "UserService/ListAuditEvents", CODE_OK, NULL,
                "{\"caller_kind\": \"act_as\"}");
    ciq_client_free(inside);
    ciq_client_free(owner);
}

/* A superuser in a tenant is no user of it: what users have of their own (a password, sessions) is
 * refused, also where a user has the superuser's number. */
static void
test_act_as__is_no_user(void **state)
{
    World *world = *state;
    CiqClient *inside = act(&world->server, world->platform, "acme");

    expect_json(inside, "UserService/GetMe", CODE_NOT_FOUND, NULL, "{}");
    expect_json(inside, "UserService/UpdateMe", CODE_NOT_FOUND, NULL,
                "{\"profile\": {\"first_name\": \"X\"}, \"update_mask\": \"first_name\"}");
    expect_json(inside, "UserService/Logout", CODE_FAILED_PRECONDITION, "EndActAs", "{}");
    /* and the local operator is named as one, too */
    expect_json(inside, "UserService/CreateGroup", CODE_OK, NULL,
                "{\"group\": {\"name\": \"Made outside\"}}");
    assert_string_equal(
        value(world, "select concat_ws(' ', caller_kind, caller_id, caller_email = '') from "
                     "acme.core_audit where method like '%CreateGroup'"),
        "act_as 0 t");
    ciq_client_free(inside);
}

static void
test_act_as__needs_the_right(void **state)
{
    World *world = *state;
    int64_t id;
    CiqClient *support = superuser_new(world, "support@platform.example", "support", &id);

    expect_json(support, "TenantService/ActAs", CODE_PERMISSION_DENIED, "tenants.act_as",
                "{\"schema_name\": \"acme\", \"reason\": \"x\"}");
    expect_json(world->acme, "TenantService/ActAs", CODE_INVALID_ARGUMENT, "tenant must be empty",
                "{\"schema_name\": \"techcorp\", \"reason\": \"x\"}");
    expect_json(world->platform, "TenantService/ActAs", CODE_INVALID_ARGUMENT, "reason is required",
                "{\"schema_name\": \"acme\"}");
    expect_json(world->platform, "TenantService/ActAs", CODE_INVALID_ARGUMENT,
                "schema_name must be given", "{\"reason\": \"x\"}");
    expect_json(world->platform, "TenantService/ActAs", CODE_NOT_FOUND, "no tenant",
                "{\"schema_name\": \"nobody\", \"reason\": \"x\"}");
    ciq_client_free(support);
}

/* A key that may act is nobody with whom a session could end: neither the superuser of its number
 * nor the local operator. */
static void
test_act_as__is_not_a_keys(void **state)
{
    World *world = *state;
    int64_t id;
    char token[TOKEN_SIZE];
    CiqClient *staff = superuser_new(world, "same@platform.example", "operator", &id);
    CiqClient *inside = act(&world->server, staff, "acme");

    database_value(
        &world->database,
        "select setval(pg_get_serial_sequence('public.core_api_key', 'id'), %lld, false)",
        (long long) id);
    assert_int_equal(key_new(world->platform, "actor", "\"tenants.act_as\"", token), id);

    CiqClient *key = client_new(&world->server, NULL, token);

    expect_json(key, "TenantService/ActAs", CODE_PERMISSION_DENIED, "an API key may not act",
                "{\"schema_name\": \"acme\", \"reason\": \"x\"}");
    expect_json(key, "TenantService/EndActAs", CODE_PERMISSION_DENIED, "an API key may not act",
                "{\"schema_name\": \"acme\"}");
    assert_int_equal(user_count(inside, world_email), 1);
    ciq_client_free(key);
    ciq_client_free(inside);
    ciq_client_free(staff);
}

static void
test_act_as__stays_in_its_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    json_t *session = call_json(world->platform, "TenantService/ActAs", &error,
                                "{\"schema_name\": \"acme\", \"reason\": \"x\"}");

    assert_ok(error);
    CiqClient *elsewhere = client_new(&world->server, "techcorp", json_at(session, "token"));
    CiqClient *platform = client_new(&world->server, NULL, json_at(session, "token"));
    expect_json(elsewhere, "UserService/ListUsers", CODE_UNAUTHENTICATED,
                "does not belong to this tenant", "{}");
    expect_json(platform, "TenantService/ListTenants", CODE_UNAUTHENTICATED,
                "the token belongs to a tenant", "{}");

    /* a token with another tenant's number in it is not taken there */
    char forged[160];
    const char *secret = strrchr(json_at(session, "token"), '_');
    snprintf(forged, sizeof forged, "ciq_a_2%s", strstr(json_at(session, "token"), "_1_") + 2);
    assert_non_null(secret);
    CiqClient *forger = client_new(&world->server, "techcorp", forged);
    assert_ended(forger);
    snprintf(forged, sizeof forged, "ciq_s_1%s", strstr(json_at(session, "token"), "_1_") + 2);
    CiqClient *other_kind = client_new(&world->server, "acme", forged);
    expect_json(other_kind, "UserService/ListUsers", CODE_UNAUTHENTICATED, NULL, "{}");
    ciq_client_free(elsewhere);
    ciq_client_free(platform);
    ciq_client_free(forger);
    ciq_client_free(other_kind);
    json_decref(session);
}

static void
test_end_act_as__ends_ones_own(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id;
    CiqClient *one = superuser_new(world, "one@platform.example", "operator", &id);
    CiqClient *mine = act(&world->server, one, "acme"),
              *there = act(&world->server, one, "techcorp");
    CiqClient *others = act(&world->server, world->platform, "acme");
    CiqEndActAsRequest request = CLIENTIQ__V1__END_ACT_AS_REQUEST__INIT;

    request.schema_name = TEXT("acme");
    CiqEndActAsResponse *response = ciq_end_act_as(one, &request, &error);
    assert_ok(error);
    assert_int_equal(response->ended, 1);
    ciq_end_act_as_response_free(response);
    assert_ended(mine);
    assert_int_equal(user_count(there, world_email), 1);
    assert_int_equal(user_count(others, world_email), 1);
    assert_string_equal(
        value(world, "select target from acme.core_audit where method like '%EndActAs'"),
        "act-as sessions ended: 1");
    /* again: nothing to end */
    response = ciq_end_act_as(one, &request, &error);
    assert_ok(error);
    assert_int_equal(response->ended, 0);
    ciq_end_act_as_response_free(response);
    ciq_client_free(mine);
    ciq_client_free(there);
    ciq_client_free(others);
    ciq_client_free(one);
}

/* Over at once, also on a server that served the session a moment ago. */
static void
test_act_as__ends_with_the_superuser(void **state)
{
    static const struct {
        const char *method, *request;
    } ends[] = {
        {"UserService/DeactivateSuperuser", "{\"id\": %lld}"},
        {"UserService/UpdateSuperuser",
         "{\"id\": %lld, \"superuser\": {\"platform_role\": \"support\"}, \"update_mask\": \"platform_role\"}"},
        {"UserService/DeleteSuperuser", "{\"id\": %lld}"},
    };
    World *world = *state;
    TestServer second;

    server_up(&second, &world->database, NULL);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char email[64], request[256];
        int64_t id;

        snprintf(email, sizeof email, "leaver%zu@platform.example", i);
        CiqClient *leaver = superuser_new(world, email, "operator", &id);
        CiqClient *here = act(&world->server, leaver, "acme"),
                  *there = act(&second, leaver, "acme");
        assert_int_equal(user_count(here, world_email), 1);
        assert_int_equal(user_count(there, world_email), 1);
        snprintf(request, sizeof request, ends[i].request, (long long) id);
        expect_json(world->platform, ends[i].method, CODE_OK, NULL, "%s", request);
        assert_ended(here);
        assert_ended(there);
        ciq_client_free(leaver);
        ciq_client_free(here);
        ciq_client_free(there);
    }
    server_down(&second);
}

static void
test_act_as__ends_with_its_time_and_its_tenant(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "closing");
    CiqClient *inside = act(&world->server, world->platform, "closing");
    assert_string_equal(
        value(world, "select count(*) from public.platform_act_session where expire_time between "
                     "now() + interval '14 minutes' and now() + interval '15 minutes'"),
        value(world, "select count(*) from public.platform_act_session"));
    expect_json(world->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closing\", \"reason\": \"a test\"}");
    expect_json(inside, "UserService/ListUsers", CODE_FAILED_PRECONDITION, "is suspended: a test",
                "{}");
    expect_json(world->platform, "TenantService/ActAs", CODE_FAILED_PRECONDITION,
                "is suspended, not active", "{\"schema_name\": \"closing\", \"reason\": \"x\"}");
    expect_json(world->platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closing\"}");
    assert_int_equal(user_count(inside, world_email), 1);
    value(world, "update public.platform_act_session set expire_time = now()");
    assert_ended(inside);
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closing\"}");
    expect_json(world->platform, "TenantService/ActAs", CODE_FAILED_PRECONDITION,
                "is deleted, not active", "{\"schema_name\": \"closing\", \"reason\": \"x\"}");
    ciq_client_free(inside);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_act_as__is_an_admin_with_a_mark),
        cmocka_unit_test(test_act_as__is_no_user),
        cmocka_unit_test(test_act_as__needs_the_right),
        cmocka_unit_test(test_act_as__is_not_a_keys),
        cmocka_unit_test(test_act_as__stays_in_its_tenant),
        cmocka_unit_test(test_end_act_as__ends_ones_own),
        cmocka_unit_test(test_act_as__ends_with_the_superuser),
        cmocka_unit_test(test_act_as__ends_with_its_time_and_its_tenant),
    };

    return run_cases(tests, world_setup, world_teardown);
}
