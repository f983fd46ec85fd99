/* The audit as it is read, and what it rests on: the row is in the write's own transaction,
 * refusals across tenants are rows where they were tried, and nobody changes a row.  The second
 * tenant has the same addresses and numbers.  */
#include "harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many events the filters leave. */
static size_t
events(CiqClient *client, const char *filters)
{
    CiqError *error = NULL;
    json_t *page = call_json(client, "UserService/ListAuditEvents", &error, "{%s}", filters);

    assert_ok(error);
    size_t count = json_array_size(json_object_get(page, "events"));
    json_decref(page);
    return count;
}

static void
test_list__newest_first_with_all_fields(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListAuditEventsRequest request = CLIENTIQ__V1__LIST_AUDIT_EVENTS_REQUEST__INIT;
    char target[64];

    snprintf(target, sizeof target, "user %lld",
             (long long) user_new(world->acme, "seen@same.example", false));
    CiqListAuditEventsResponse *page = ciq_list_audit_events(world->acme, &request, &error);
    assert_ok(error);
    const CiqAuditEvent *event = page->events[0];
    assert_string_equal(event->method, "clientiq.v1.UserService/CreateUser");
    assert_string_equal(event->target, target);
    assert_string_equal(event->caller_kind, "user");
    assert_int_equal(event->caller_id, 1);
    assert_string_equal(event->caller_email, world_email);
    assert_string_equal(event->code, "OK");
    assert_int_equal(event->count, 1);
    assert_true(strlen(event->origin) > 0);
    assert_true(strlen(event->request_id) > 0);
    assert_true(event->time->seconds > 1700000000);
    for (size_t i = 1; i < page->n_events; i++)
        assert_true(page->events[i - 1]->id > page->events[i]->id);
    ciq_list_audit_events_response_free(page);
}

static void
test_list__shows_one_tenant(void **state)
{
    World *world = *state;

    user_new(world->acme, "only@acme.example", false);
    size_t techcorp = events(world->techcorp, "\"method\": \"CreateUser\"");
    user_new(world->acme, "again@acme.example", false);
    assert_true(events(world->acme, "\"method\": \"CreateUser\"") >= 2);
    assert_int_equal(events(world->techcorp, "\"method\": \"CreateUser\""), techcorp);
    /* the platform's is another one */
    assert_int_equal(events(world->platform, "\"method\": \"CreateUser\""), 0);
    assert_int_equal(events(world->platform, "\"method\": \"CreateTenant\""), 2);
    assert_int_equal(events(world->acme, "\"method\": \"CreateTenant\""), 0);
}

static void
test_list__filters(void **state)
{
    World *world = *state;
    char filter[256], request_id[64], time[64];
    int64_t id = user_new(world->acme, "filtered@same.example", false);
    CiqClient *user = sign_in(&world->server, "acme", "filtered@same.example", world_password);

    expect_json(user, "UserService/ListUsers", CODE_PERMISSION_DENIED, NULL, "{}");
    expect_json(user, "UserService/UpdateMe", CODE_OK, NULL,
                "{\"profile\": {\"first_name\": \"F\"}, \"update_mask\": \"first_name\"}");

    snprintf(filter, sizeof filter, "\"target\": \"user %lld\"", (long long) id);
    assert_int_equal(events(world->acme, filter), 2); /* made, and changed by themselves */
    assert_int_equal(events(world->acme, "\"target\": \"use\""), 0);
    assert_true(events(world->acme, "\"target\": \"user\"") >= 2);
    assert_int_equal(
        events(world->acme, "\"caller_email\": \"FILTERED@same.example\", \"code\": \"OK\""), 1);
    assert_int_equal(
        events(world->acme, "\"code\": \"PERMISSION_DENIED\", \"method\": \"ListUsers\""), 1);
    snprintf(filter, sizeof filter, "\"caller_id\": %lld, \"caller_kind\": \"user\"",
             (long long) id);
    assert_int_equal(events(world->acme, filter), 3); /* login, refusal, change */
    snprintf(filter, sizeof filter, "\"caller_id\": %lld, \"caller_kind\": \"operator\"",
             (long long) id);
    assert_int_equal(events(world->acme, filter), 0);
    assert_int_equal(
        events(world->acme,
               "\"method\": \"clientiq.v1.UserService/UpdateMe\", \"target\": \"user\""),
        events(world->acme, "\"method\": \"UserService/UpdateMe\""));
    assert_int_equal(events(world->acme, "\"method\": \"pdateMe\""), 0);

    snprintf(request_id, sizeof request_id, "%s",
             database_value(&world->database,
                            "select request_id from acme.core_audit where method like "
                            "'%%UpdateMe' and caller_id = %lld",
                            (long long) id));
    snprintf(filter, sizeof filter, "\"request_id\": \"%s\"", request_id);
    assert_int_equal(events(world->acme, filter), 1);

    /* from the start inclusive to the end exclusive */
    snprintf(
        time, sizeof time, "%s",
        database_value(
            &world->database,
            "select to_char(time at time zone 'UTC', "
            "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from acme.core_audit where request_id = '%s'",
            request_id));
    snprintf(filter, sizeof filter, "\"request_id\": \"%s\", \"start_time\": \"%s\"", request_id,
             time);
    assert_int_equal(events(world->acme, filter), 1);
    snprintf(filter, sizeof filter, "\"request_id\": \"%s\", \"end_time\": \"%s\"", request_id,
             time);
    assert_int_equal(events(world->acme, filter), 0);
    assert_int_equal(events(world->acme, "\"start_time\": \"2100-01-01T00:00:00Z\""), 0);
    assert_true(events(world->acme, "\"end_time\": \"2100-01-01T00:00:00Z\"") > 0);
    ciq_client_free(user);
}

static void
test_list__pages_while_rows_are_added(void **state)
{
    World *world = *state;
    char token[600] = "";
    int64_t last = INT64_MAX;
    size_t count = 0, i, all = events(world->techcorp, "\"page_size\": 1000");

    do {
        CiqError *error = NULL;
        json_t *event, *page = call_json(world->techcorp, "UserService/ListAuditEvents", &error,
                                         "{\"page_size\": 1, \"page_token\": \"%s\"}", token);

        assert_ok(error);
        json_array_foreach(json_object_get(page, "events"), i, event)
        {
            assert_true(strtoll(json_at(event, "id"), NULL, 10) < last);
            last = strtoll(json_at(event, "id"), NULL, 10);
            count++;
        }
        snprintf(token, sizeof token, "%s", json_at(page, "next_page_token"));
        json_decref(page);
        expect_json(world->techcorp, "UserService/UpdateMe", CODE_OK, NULL,
                    "{\"profile\": {\"first_name\": \"F\"}, \"update_mask\": \"first_name\"}");
        if (token[0] == '\0')
            continue;
        /* another list's, with other filters or of another tenant */
        expect_json(world->techcorp, "UserService/ListAuditEvents", CODE_INVALID_ARGUMENT,
                    "page_token", "{\"code\": \"OK\", \"page_token\": \"%s\"}", token);
        expect_json(world->acme, "UserService/ListAuditEvents", CODE_INVALID_ARGUMENT, "page_token",
                    "{\"page_token\": \"%s\"}", token);
        expect_json(world->platform, "UserService/ListAuditEvents", CODE_INVALID_ARGUMENT,
                    "page_token", "{\"page_token\": \"%s\"}", token);
    } while (token[0] != '\0' && count < 100);
    assert_int_equal(count, all);
}

static void
test_list__bad_filters(void **state)
{
    static const struct {
        const char *request, *text;
    } bad[] = {
        {"{\"code\": \"FINE\"}", "code must be OK or a status code"},
        {"{\"code\": \"ok\"}", "code must be OK or a status code"},
        {"{\"caller_kind\": \"ghost\"}", "caller_kind must be one of"},
        {"{\"page_size\": -1}", "page_size must not be negative"},
        {"{\"page_token\": \"x\"}", "page_token"},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_json(world->acme, "UserService/ListAuditEvents", CODE_INVALID_ARGUMENT, bad[i].text,
                    "%s", bad[i].request);
    /* characters of LIKE patterns are taken as they are */
    assert_int_equal(events(world->acme, "\"target\": \"%\""), 0);
    assert_int_equal(events(world->acme, "\"method\": \"%\""), 0);
}

static void
test_list__needs_the_permission_of_the_place(void **state)
{
    World *world = *state;

    int64_t id = user_new(world->acme, "curious@same.example", false);
    CiqClient *user = sign_in(&world->server, "acme", "curious@same.example", world_password);
    expect_json(user, "UserService/ListAuditEvents", CODE_PERMISSION_DENIED, "users.view_audit",
                "{}");
    expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %lld, \"permission\": \"users.view_audit\"}", (long long) id);
    expect_json(user, "UserService/ListAuditEvents", CODE_OK, NULL, "{}");
    ciq_client_free(user);

    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"r@platform.example\", \"platform_role\": \"read-only\"}, "
        "\"password\": \"%s\"}",
        world_password);
    CiqClient *reader = sign_in(&world->server, NULL, "r@platform.example", world_password);
    assert_true(events(reader, "") > 0);
    database_value(&world->database,
                   "update public.platform_superuser set platform_role = 'support'; "
                   "delete from public.platform_role_permission where platform_role = "
                   "'support' and codename = 'view_audit'; select pg_notify('ciq', 't0')");
    CiqClient *support = sign_in(&world->server, NULL, "r@platform.example", world_password);
    expect_json(support, "UserService/ListAuditEvents", CODE_PERMISSION_DENIED,
                "platform.view_audit", "{}");
    ciq_client_free(reader);
    ciq_client_free(support);
}

/* A write whose row cannot be written does not happen. */
static void
test_write__needs_its_row(void **state)
{
    World *world = *state;

    database_value(&world->database,
                   "alter table acme.core_audit add constraint none check (false) not valid");
    expect_json(world->acme, "UserService/CreateUser", CODE_FAILED_PRECONDITION,
                "none of core_audit", "{\"user\": {\"email\": \"unseen@same.example\"}}");
    assert_int_equal(user_count(world->acme, "unseen@same.example"), 0);
    database_value(&world->database, "alter table acme.core_audit drop constraint none");
    expect_json(world->acme, "UserService/CreateUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"unseen@same.example\"}}");
    /* and a write that fails leaves none */
    size_t before = events(world->acme, "\"page_size\": 1000");
    expect_json(world->acme, "UserService/CreateUser", CODE_ALREADY_EXISTS, NULL,
                "{\"user\": {\"email\": \"unseen@same.example\"}}");
    assert_int_equal(events(world->acme, "\"page_size\": 1000"), before);
}

/* A token of acme where it does not belong: a row at once, and one row for all that follow within a
 * minute. */
static void
test_refusal__across_tenants(void **state)
{
    static const char filter[] = "\"code\": \"UNAUTHENTICATED\", \"method\": \"GetMe\"";
    static const char platform_filter[] =
        "\"code\": \"UNAUTHENTICATED\", \"method\": \"ListTenants\"";
    World *world = *state;
    CiqError *error = NULL;
    json_t *session =
        call_json(world->acme, "UserService/Login", &error,
                  "{\"email\": \"%s\", \"password\": \"%s\"}", world_email, world_password);

    assert_ok(error);
    CiqClient *elsewhere = client_new(&world->server, "techcorp", json_at(session, "token"));
    CiqClient *platform = client_new(&world->server, NULL, json_at(session, "token"));
    for (int i = 0; i < 5; i++) {
        expect_json(elsewhere, "UserService/GetMe", CODE_UNAUTHENTICATED,
                    "does not belong to this tenant", "{}");
        expect_json(platform, "TenantService/ListTenants", CODE_UNAUTHENTICATED,
                    "the token belongs to a tenant", "{}");
    }
    assert_int_equal(events(world->techcorp, filter), 1);
    assert_int_equal(events(world->acme, filter), 0);
    assert_int_equal(events(world->platform, platform_filter), 1);
    assert_string_equal(
        database_value(
            &world->database,
            "select concat(caller_kind, ' ', caller_id, ' ', count, ' ', origin <> '', ' ', "
            "request_id <> '') from techcorp.core_audit where method like '%%GetMe'"),
        "anonymous 0 1 t t");
    json_decref(session);
    ciq_client_free(elsewhere);
    ciq_client_free(platform);
}

/* Neither role of the workers' can change or lose a row; a tenant's is also tried in
 * test_isolation. */
static void
test_rows__stay(void **state)
{
    static const char *const refused[] = {
        "update public.core_audit set code = 1",
        "delete from public.core_audit",
        "truncate public.core_audit",
        "select nextval('acme.core_audit_id_seq')",
        "insert into acme.core_audit select * from public.core_audit",
    };
    World *world = *state;
    PGconn *connection = PQconnectdb(world->database.worker);
    char set_role[128];

    snprintf(
        set_role, sizeof set_role, "set role %s",
        database_value(&world->database, "select platform_role from public.core_installation"));
    connection_run(connection, "%s", set_role);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        PGresult *result = PQexec(connection, refused[i]);
        const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        if (code == NULL || strcmp(code, "42501") != 0)
            fail_msg("%s: %s", refused[i], code != NULL ? code : "succeeded");
        PQclear(result);
    }
    PQfinish(connection);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list__newest_first_with_all_fields),
        cmocka_unit_test(test_list__shows_one_tenant),
        cmocka_unit_test(test_list__filters),
        cmocka_unit_test(test_list__pages_while_rows_are_added),
        cmocka_unit_test(test_list__bad_filters),
        cmocka_unit_test(test_list__needs_the_permission_of_the_place),
        cmocka_unit_test(test_write__needs_its_row),
        cmocka_unit_test(test_refusal__across_tenants),
        cmocka_unit_test(test_rows__stay),
    };

    return run_cases(tests, world_setup, world_teardown);
}
