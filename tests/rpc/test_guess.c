/* Guessing passwords is slowed, on every server and over restarts, and locks nobody out who is
 * signed in or was here before.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>
#include <string.h>

enum { FAILURES = 3, ACCOUNT_FAILURES = 6, ORIGIN_FAILURES = 8 };

typedef struct Servers {
    TestDatabase database;
    TestServer first, second;
    CiqClient *platform, *admin;
} Servers;

/* Nothing is forgiven while a test runs. */
static void
guess_little(Config *config)
{
    config->login_failures = FAILURES;
    config->login_failures_account = ACCOUNT_FAILURES;
    config->login_failures_origin = ORIGIN_FAILURES;
    config->login_failure_s = 3600;
}

static int
servers_setup(void **state)
{
    Servers *pair = calloc(1, sizeof *pair);

    assert_non_null(pair);
    database_new(&pair->database);
    server_up(&pair->first, &pair->database, guess_little);
    server_up(&pair->second, &pair->database, guess_little);
    pair->platform = operator_new(&pair->first);
    tenant_new(pair->platform, "acme");
    tenant_new(pair->platform, "techcorp");
    pair->admin = sign_in(&pair->first, "acme", world_email, world_password);
    *state = pair;
    return 0;
}

static int
servers_teardown(void **state)
{
    Servers *pair = *state;

    ciq_client_free(pair->admin);
    ciq_client_free(pair->platform);
    server_down(&pair->first);
    server_down(&pair->second);
    database_drop(&pair->database);
    free(pair);
    return 0;
}

/* Each test begins with nothing counted. */
static int
forget(void **state)
{
    Servers *pair = *state;

    database_value(&pair->database, "delete from public.core_throttle");
    return 0;
}

/* Signs in over a transport: ipc:// and tcp:// are different addresses.  The code, and when to come
 * back. */
static int
try(const char *url, const char *tenant, const char *email, const char *password,
    uint32_t *retry_after_ms)
{
    CiqError *error = NULL;
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = url, .tenant = tenant, .timeout_ms = 20000}, &error);

    assert_ok(error);
    request.email = TEXT(email);
    request.password = TEXT(password);
    ciq_login_response_free(ciq_login(client, &request, &error));

    int code = error == NULL ? CODE_OK : ciq_error_code(error);

    if (retry_after_ms != NULL)
        *retry_after_ms = error == NULL ? 0 : ciq_error_retry_after_ms(error);
    if (code == CODE_RESOURCE_EXHAUSTED)
        assert_non_null(strstr(ciq_error_message(error), "too many failed sign-ins"));
    if (code == CODE_UNAUTHENTICATED)
        assert_string_equal(ciq_error_message(error), "e-mail or password is wrong");
    ciq_error_free(error);
    ciq_client_free(client);
    return code;
}

static void
fail_often(const char *url, const char *tenant, const char *email, int times)
{
    for (int i = 0; i < times; i++)
        assert_int_equal(try(url, tenant, email, "wrong password", NULL), CODE_UNAUTHENTICATED);
}

/* Of one account from one address, known or not: the same, also in the words. */
static void
test_guess__is_slowed_whether_the_account_exists_or_not(void **state)
{
    Servers *pair = *state;
    const char *const emails[] = {"victim@same.example", "nobody@same.example"};
    uint32_t retry_after_ms;

    user_new(pair->admin, "victim@same.example", false);
    for (int i = 0; i < 2; i++) {
        fail_often(pair->first.ipc, "acme", emails[i], FAILURES);
        assert_int_equal(try(pair->first.ipc, "acme", emails[i], "wrong password", &retry_after_ms),
                         CODE_RESOURCE_EXHAUSTED);
        assert_true(retry_after_ms > 3500 * 1000 && retry_after_ms <= 3600 * 1000);
        /* in any case, and also with the right password: otherwise it could be guessed on */
        assert_int_equal(try(pair->first.ipc, "acme", "VICTIM@same.example", world_password, NULL),
                         CODE_RESOURCE_EXHAUSTED);
    }
    /* what is refused is not counted, so it ends */
    database_value(&pair->database,
                   "update public.core_throttle set paid_time = paid_time - interval '1 hour'");
    assert_int_equal(try(pair->first.ipc, "acme", "victim@same.example", world_password, NULL),
                     CODE_OK);
}

static void
test_guess__is_slowed_on_both_servers_and_after_a_restart(void **state)
{
    Servers *pair = *state;

    fail_often(pair->first.ipc, "acme", world_email, 1);
    fail_often(pair->second.ipc, "acme", world_email, FAILURES - 2);
    server_down(&pair->second);
    server_up(&pair->second, &pair->database, guess_little);
    fail_often(pair->second.ipc, "acme", world_email, 1);
    assert_int_equal(try(pair->second.ipc, "acme", world_email, world_password, NULL),
                     CODE_RESOURCE_EXHAUSTED);
    assert_int_equal(try(pair->first.ipc, "acme", world_email, world_password, NULL),
                     CODE_RESOURCE_EXHAUSTED);
}

/* The account of the same address in another tenant is another one. */
static void
test_guess__of_one_tenant_is_not_counted_in_another(void **state)
{
    Servers *pair = *state;

    fail_often(pair->first.ipc, "acme", world_email, FAILURES);
    assert_int_equal(try(pair->first.ipc, "acme", world_email, world_password, NULL),
                     CODE_RESOURCE_EXHAUSTED);
    assert_int_equal(try(pair->first.ipc, "techcorp", world_email, world_password, NULL), CODE_OK);
}

/* Who is signed in goes on; a right password from elsewhere is taken; and one that was right clears
 * the slate. */
static void
test_guess__locks_nobody_out(void **state)
{
    Servers *pair = *state;

    fail_often(pair->first.ipc, "acme", world_email, FAILURES);
    assert_int_equal(try(pair->first.ipc, "acme", world_email, world_password, NULL),
                     CODE_RESOURCE_EXHAUSTED);
    assert_int_equal(user_count(pair->admin, world_email), 1);
    assert_int_equal(try(pair->first.tcp, "acme", world_email, world_password, NULL), CODE_OK);

    fail_often(pair->first.tcp, "acme", world_email, FAILURES - 1);
    assert_int_equal(try(pair->first.tcp, "acme", world_email, world_password, NULL), CODE_OK);
    fail_often(pair->first.tcp, "acme", world_email, FAILURES - 1);
    assert_int_equal(try(pair->first.tcp, "acme", world_email, world_password, NULL), CODE_OK);
}

/* Raises the counter of failures, as failures from many addresses would; a test has only two. */
static void
owe(Servers *pair, int failures)
{
    database_value(&pair->database,
                   "update public.core_throttle set paid_time = now() + interval '1 hour' * %d "
                   "where paid_time < now() + interval '1 day'",
                   failures);
}

/* An account that is guessed from everywhere is closed to strangers' addresses, and to nobody else.
 */
static void
test_guess__softer_cap_of_an_account(void **state)
{
    Servers *pair = *state;

    assert_int_equal(try(pair->first.ipc, "acme", world_email, world_password, NULL), CODE_OK);
    fail_often(pair->first.tcp, "acme", world_email, 1);
    owe(pair, ACCOUNT_FAILURES);
    database_value(&pair->database,
                   "delete from public.core_throttle where key not in (select key from "
                   "public.core_throttle order by paid_time desc limit 4)");
    assert_int_equal(try(pair->first.tcp, "acme", world_email, world_password, NULL),
                     CODE_RESOURCE_EXHAUSTED);
    /* from where the account was signed in before */
    assert_int_equal(try(pair->first.ipc, "acme", world_email, world_password, NULL), CODE_OK);
    /* there the usual limit holds too */
    fail_often(pair->first.ipc, "acme", world_email, FAILURES);
    assert_int_equal(try(pair->first.ipc, "acme", world_email, world_password, NULL),
                     CODE_RESOURCE_EXHAUSTED);
}

/* Many accounts from one address. */
static void
test_guess__softer_cap_of_an_address(void **state)
{
    Servers *pair = *state;
    char email[64];

    assert_int_equal(try(pair->first.tcp, "techcorp", world_email, world_password, NULL), CODE_OK);
    for (int i = 0; i < ORIGIN_FAILURES; i++) {
        snprintf(email, sizeof email, "spray%d@same.example", i);
        assert_int_equal(
            try(pair->first.tcp, i % 2 == 0 ? "acme" : "techcorp", email, "wrong password", NULL),
            CODE_UNAUTHENTICATED);
    }
    assert_int_equal(try(pair->first.tcp, "acme", "another@same.example", "wrong password", NULL),
                     CODE_RESOURCE_EXHAUSTED);
    /* its own users may still sign in, and other addresses are not concerned */
    assert_int_equal(try(pair->first.tcp, "techcorp", world_email, world_password, NULL), CODE_OK);
    assert_int_equal(try(pair->first.ipc, "acme", world_email, world_password, NULL), CODE_OK);
}

static void
test_guess__of_superusers(void **state)
{
    Servers *pair = *state;

    expect_json(
        pair->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"owner@guess.example\", \"platform_role\": \"owner\"}, "
        "\"password\": \"%s\"}",
        world_password);
    fail_often(pair->first.ipc, "", "owner@guess.example", FAILURES);
    assert_int_equal(try(pair->second.ipc, "", "owner@guess.example", world_password, NULL),
                     CODE_RESOURCE_EXHAUSTED);
    assert_int_equal(try(pair->second.tcp, "", "owner@guess.example", world_password, NULL),
                     CODE_OK);
}

/* The table tells nobody who was guessed, and is swept. */
static void
test_guess__is_kept_by_hashes(void **state)
{
    Servers *pair = *state;

    fail_often(pair->first.ipc, "acme", "secret.address@same.example", 1);
    assert_string_equal(database_value(&pair->database, "select count(*) from public.core_throttle "
                                                        "where key !~ '^[0-9a-f]{32}$'"),
                        "0");
    assert_string_equal(
        database_value(&pair->database, "select count(*) from public.core_throttle"), "3");
    assert_string_equal(database_value(&pair->database,
                                       "select count(*) > 0 from acme.core_audit where "
                                       "method like '%%Login' and code = 16"),
                        "t");
}

/* A failed call's statements, as the local operator sees them: bare nng, since the client library
 * keeps only those of calls that succeed. */
static void
explain_login(const char *url, const char *email, char *text, size_t size)
{
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t payload[512], packed[1024];
    nng_socket socket;
    nng_msg *message;

    login.email = TEXT(email);
    login.password = TEXT("wrong password");
    request.method = TEXT("clientiq.v1.UserService/Login");
    request.tenant = TEXT("acme");
    request.explain = true;
    request.payload.data = payload;
    request.payload.len = clientiq__v1__login_request__pack(&login, payload);
    assert_int_equal(nng_req0_open(&socket), 0);
    nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 10000);
    assert_int_equal(nng_dial(socket, url, NULL, 0), 0);
    assert_int_equal(nng_msg_alloc(&message, 0), 0);
    assert_int_equal(nng_msg_append(message, packed, clientiq__v1__request__pack(&request, packed)),
                     0);
    assert_int_equal(nng_sendmsg(socket, message, 0), 0);
    assert_int_equal(nng_recvmsg(socket, &message, 0), 0);

    Reply *reply = clientiq__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));

    assert_non_null(reply);
    assert_int_equal(reply->code, CODE_UNAUTHENTICATED);
    assert_string_equal(reply->message, "e-mail or password is wrong");
    text[0] = '\0';
    for (size_t i = 0; i < reply->n_statements; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s;\n", reply->statements[i]->text);
    clientiq__v1__reply__free_unpacked(reply, NULL);
    nng_msg_free(message);
    nng_close(socket);
}

/* The same statements, whether the account exists or not; a hash is made in every case (auth.h),
 * and what it takes is measured by tools/bench. */
static void
test_login__does_the_same_for_unknown_accounts(void **state)
{
    Servers *pair = *state;
    const char *const emails[] = {world_email, "nobody@same.example", "invited@same.example"};
    char texts[3][8192];

    database_value(&pair->database,
                   "insert into acme.users_customuser (email) values ('invited@same.example')");
    /* one call before, so that tenant and statements are known */
    explain_login(pair->first.ipc, world_email, texts[0], sizeof texts[0]);
    for (int i = 0; i < 3; i++)
        explain_login(pair->first.ipc, emails[i], texts[i], sizeof texts[i]);
    assert_non_null(strstr(texts[0], "core_throttle"));
    assert_non_null(strstr(texts[0], "users_customuser"));
    assert_string_equal(texts[0], texts[1]);
    assert_string_equal(texts[0], texts[2]);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_guess__is_slowed_whether_the_account_exists_or_not, forget),
        cmocka_unit_test_setup(test_guess__is_slowed_on_both_servers_and_after_a_restart, forget),
        cmocka_unit_test_setup(test_guess__of_one_tenant_is_not_counted_in_another, forget),
        cmocka_unit_test_setup(test_guess__locks_nobody_out, forget),
        cmocka_unit_test_setup(test_guess__softer_cap_of_an_account, forget),
        cmocka_unit_test_setup(test_guess__softer_cap_of_an_address, forget),
        cmocka_unit_test_setup(test_guess__of_superusers, forget),
        cmocka_unit_test_setup(test_guess__is_kept_by_hashes, forget),
        cmocka_unit_test_setup(test_login__does_the_same_for_unknown_accounts, forget),
    };

    return run_cases(tests, servers_setup, servers_teardown);
}
