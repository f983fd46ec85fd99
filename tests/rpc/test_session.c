/* Sessions: who gets in, who does not, and when it ends.  */
#include "harness/harness.h"

#include <pthread.h>
#include <string.h>

static CiqLoginResponse *
login(CiqClient *client, const char *email, const char *password, CiqError **error)
{
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    request.email = TEXT(email);
    request.password = TEXT(password);
    return ciq_login(client, &request, error);
}

static void
test_login__wrong_is_wrong_the_same_way(void **state)
{
    World *world = *state;
    CiqClient *client = client_new(&world->server, "acme", NULL);
    CiqError *error = NULL;

    assert_null(login(client, world_email, "not the password", &error));
    assert_code(error, CODE_UNAUTHENTICATED, "e-mail or password is wrong");
    assert_null(login(client, "nobody@same.example", world_password, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "e-mail or password is wrong");
    /* a tenant's user is nobody on the platform */
    ciq_client_set_tenant(client, "");
    assert_null(login(client, world_email, world_password, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "e-mail or password is wrong");
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) > 0 from acme.core_audit where code = 16 and "
                       "method like '%%Login'"),
        "t");
    ciq_client_free(client);
}

static void
test_login__is_stored_hashed(void **state)
{
    World *world = *state;
    CiqClient *client = client_new(&world->server, "acme", NULL);
    CiqError *error = NULL;
    CiqLoginResponse *response = login(client, world_email, world_password, &error);

    assert_ok(error);
    assert_non_null(strstr(response->token, "ciq_s_1_"));
    assert_true(response->expire_time->seconds > 0);
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.core_session where "
                                       "position(convert_to('%s', 'UTF8') in secret_hash) > 0 or "
                                       "octet_length(secret_hash) <> 32",
                                       response->token + 8),
                        "0");
    assert_string_equal(database_value(&world->database, "select left(password, 10) from "
                                                         "acme.users_customuser where id = 1"),
                        "$argon2id$");
    ciq_login_response_free(response);
    ciq_client_free(client);
}

/* One attempt that finds the password right, and then waits for somebody who changes the user. */
typedef struct Attempt {
    const TestServer *server;
    int code;
} Attempt;

static void *
log_in_once(void *argument)
{
    Attempt *attempt = argument;
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = attempt->server->ipc, .tenant = "acme", .timeout_ms = 30000}, &error);

    ciq_login_response_free(login(client, "leaving@acme.example", world_password, &error));
    attempt->code = (int) code_of(error);
    ciq_client_free(client);
    return NULL;
}

static int
log_in_during(World *world, const char *change)
{
    Attempt attempt = {.server = &world->server, .code = -1};
    PGconn *holder = database_hold(&world->database, "%s", change);
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, log_in_once, &attempt), 0);
    wait_for_waiters(&world->database, 1); /* the sign-in, for the user */
    PGresult *result = PQexec(holder, "commit");
    assert_string_equal(PQcmdStatus(result), "COMMIT");
    PQclear(result);
    PQfinish(holder);
    pthread_join(thread, NULL);
    return attempt.code;
}

/* A user who is shut out while the password is compared gets no session. */
static void
test_login__while_the_user_goes(void **state)
{
    World *world = *state;
    int code;

    user_new(world->acme, "leaving@acme.example", false);
    code = log_in_during(world, "update acme.users_customuser set is_active = false where email = "
                                "'leaving@acme.example'");
    assert_true(code == CODE_ABORTED || code == CODE_UNAUTHENTICATED); /* the latter from a retry */
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from acme.core_session s join "
                       "acme.users_customuser u on u.id = s.user_id where u.email = "
                       "'leaving@acme.example'"),
        "0");

    database_value(&world->database,
                   "update acme.users_customuser set is_active = true where email = "
                   "'leaving@acme.example'");
    code = log_in_during(world, "delete from acme.users_customuser where email = "
                                "'leaving@acme.example'");
    assert_true(code == CODE_ABORTED || code == CODE_UNAUTHENTICATED);
}

static void
test_logout__ends_the_session(void **state)
{
    World *world = *state;
    CiqClient *client = sign_in(&world->server, "acme", world_email, world_password);
    CiqLogoutRequest request = CLIENTIQ__V1__LOGOUT_REQUEST__INIT;
    CiqError *error = NULL;

    assert_int_equal(user_count(client, world_email), 1);
    ciq_logout_response_free(ciq_logout(client, &request, &error));
    assert_ok(error);
    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "has ended");
    ciq_client_free(client);
}

static void
test_token__damaged_or_foreign(void **state)
{
    static const char *const tokens[] = {
        "x",
        "ciq_s_1_",
        "ciq_s_x_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "ciq_s_99999999999999999999_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "ciq_s_1_AAAA",
        "ciq_s_1_!!!!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "ciq_k_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    World *world = *state;
    CiqError *error = NULL;

    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        CiqClient *client = client_new(&world->server, "acme", tokens[i]);

        assert_null(user_get(client, 1, &error));
        assert_code(error, CODE_UNAUTHENTICATED, NULL);
        ciq_client_free(client);
    }

    /* right form, right tenant, no such session */
    CiqClient *client =
        client_new(&world->server, "acme", "ciq_s_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "has ended or does not exist");
    ciq_client_free(client);
}

static void
test_session__ends_when_its_time_is_over(void **state)
{
    World *world = *state;
    CiqClient *client = sign_in(&world->server, "acme", world_email, world_password);
    CiqError *error = NULL;

    /* before the session was ever used, so that no memory knows it */
    database_value(&world->database,
                   "update acme.core_session set expire_time = now() - interval '1 s' "
                   "where id = (select max(id) from acme.core_session)");
    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "has ended");
    ciq_client_free(client);
}

static void
test_no_token__is_nobody(void **state)
{
    World *world = *state;
    CiqClient *client = client_new(&world->server, "acme", NULL);
    CiqError *error = NULL;

    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "sign in first");
    ciq_client_free(client);
}

static void
test_who_am_i__on_both_sides(void **state)
{
    World *world = *state;
    CiqWhoAmIRequest request = CLIENTIQ__V1__WHO_AM_IREQUEST__INIT;
    CiqError *error = NULL;
    CiqWhoAmIResponse *response = ciq_who_am_i(world->acme, &request, &error);

    assert_ok(error);
    assert_string_equal(response->kind, "user");
    assert_string_equal(response->schema_name, "acme");
    assert_string_equal(response->email, world_email);
    assert_true(response->is_admin);
    ciq_who_am_i_response_free(response);

    response = ciq_who_am_i(world->platform, &request, &error);
    assert_ok(error);
    assert_string_equal(response->kind, "operator");
    assert_int_equal(response->tenant_id, 0);
    ciq_who_am_i_response_free(response);
}

/* tcp:// says nothing of who is at the other end: nobody is an operator there. */
static void
test_operator__only_over_ipc(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListTenantsRequest request = CLIENTIQ__V1__LIST_TENANTS_REQUEST__INIT;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = world->server.tcp}, &error);

    assert_null(ciq_list_tenants(client, &request, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "sign in first");
    ciq_client_free(client);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login__wrong_is_wrong_the_same_way),
        cmocka_unit_test(test_login__is_stored_hashed),
        cmocka_unit_test(test_login__while_the_user_goes),
        cmocka_unit_test(test_logout__ends_the_session),
        cmocka_unit_test(test_token__damaged_or_foreign),
        cmocka_unit_test(test_session__ends_when_its_time_is_over),
        cmocka_unit_test(test_no_token__is_nobody),
        cmocka_unit_test(test_who_am_i__on_both_sides),
        cmocka_unit_test(test_operator__only_over_ipc),
    };

    return run_cases(tests, world_setup, world_teardown);
}
