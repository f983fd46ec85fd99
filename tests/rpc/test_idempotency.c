/* Exactly once: one key, one effect, one answer; also at once, after a restart, and for what
 * creates a tenant.  */
#include "harness/harness.h"

#include "client/call.h"

#include <pthread.h>
#include <string.h>

static const Method *
method(const char *name)
{
    return method_find(name);
}

static CiqCreateUserResponse *
create(CiqClient *client, const char *email, const uint8_t key[WIRE_KEY_SIZE], CiqError **error)
{
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

    user.email = TEXT(email);
    request.user = &user;
    return (CiqCreateUserResponse *) ciq_call(client, method("clientiq.v1.UserService/CreateUser"),
                                              &request.base,
                                              &(CiqCallOptions){.idempotency_key = key}, error);
}

static void
test_create_user__twice_with_one_key(void **state)
{
    static const uint8_t key[WIRE_KEY_SIZE] = "twice-one-key..";
    World *world = *state;
    CiqError *error = NULL;
    CiqCreateUserResponse *first = create(world->acme, "once@acme.example", key, &error);

    assert_ok(error);
    CiqCreateUserResponse *second = create(world->acme, "once@acme.example", key, &error);
    assert_ok(error);
    assert_int_equal(first->user->id, second->user->id);
    assert_int_equal(first->user->date_joined->nanos, second->user->date_joined->nanos);
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.users_customuser "
                                       "where email = 'once@acme.example'"),
                        "1");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.core_audit where code = 0 and "
                                       "method like '%%CreateUser' and target = 'user %ld'",
                                       (long) first->user->id),
                        "1");
    ciq_create_user_response_free(first);
    ciq_create_user_response_free(second);
}

static void
test_create_user__key_of_another_request(void **state)
{
    static const uint8_t key[WIRE_KEY_SIZE] = "another-request";
    World *world = *state;
    CiqError *error = NULL;

    ciq_create_user_response_free(create(world->acme, "first@acme.example", key, &error));
    assert_ok(error);
    assert_null(create(world->acme, "other@acme.example", key, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "idempotency_key was used for another request");
    /* the same key of another tenant's caller is another key */
    ciq_create_user_response_free(create(world->techcorp, "other@acme.example", key, &error));
    assert_ok(error);
}

static void
test_create_user__a_failure_is_not_stored(void **state)
{
    static const uint8_t key[WIRE_KEY_SIZE] = "fails-then-works";
    World *world = *state;
    CiqError *error = NULL;

    assert_null(create(world->acme, world_email, key, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "email");
    database_value(&world->database,
                   "update acme.users_customuser set email = 'moved@same.example' "
                   "where id = 1");
    ciq_create_user_response_free(create(world->acme, world_email, key, &error));
    assert_ok(error);
}

static void
test_stored_reply__is_sealed(void **state)
{
    World *world = *state;

    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.core_idempotency where "
                                       "position(convert_to('once@acme', 'UTF8') in reply) > 0"),
                        "0");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) > 0 from "
                                       "acme.core_idempotency where reply is not null"),
                        "t");
    /* and the client's key is not there either */
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.core_idempotency where "
                                       "position(convert_to('twice-one-key', 'UTF8') in key) > 0"),
                        "0");
}

enum { SENDERS = 8 };

typedef struct Sender {
    World *world;
    int64_t id;
    int code;
} Sender;

static void *
send_same(void *argument)
{
    static const uint8_t key[WIRE_KEY_SIZE] = "all-at-once....";
    Sender *sender = argument;
    CiqError *error = NULL;
    CiqCreateUserResponse *response =
        create(sender->world->acme, "racer@acme.example", key, &error);

    sender->code = error == NULL ? CODE_OK : ciq_error_code(error);
    sender->id = response == NULL ? 0 : response->user->id;
    ciq_error_free(error);
    ciq_create_user_response_free(response);
    return NULL;
}

/* The second waits for the first, and gets its answer. */
static void
test_create_user__at_once_with_one_key(void **state)
{
    World *world = *state;
    Sender senders[SENDERS];
    pthread_t threads[SENDERS];

    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (Sender){.world = world};
        assert_int_equal(pthread_create(&threads[i], NULL, send_same, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(senders[i].code, CODE_OK);
        assert_int_equal(senders[i].id, senders[0].id);
    }
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.users_customuser "
                                       "where email = 'racer@acme.example'"),
                        "1");
}

/* While the first still runs: a lock of the test's holds it up; a caller that does not repeat is
 * told when to come back. */
static void
test_create_user__while_the_first_runs(void **state)
{
    static const uint8_t key[WIRE_KEY_SIZE] = "still-running..";
    World *world = *state;
    CiqError *error = NULL;
    PGconn *holder = database_connect(&world->database);
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

    /* what the server would write as its claim: the key's row, not committed */
    ciq_create_user_response_free(create(world->acme, "running@acme.example", key, &error));
    assert_ok(error);
    connection_run(holder, "begin");
    connection_run(holder, "create temp table kept on commit drop as select * from "
                           "acme.core_idempotency order by create_time desc limit 1");
    connection_run(holder, "delete from acme.core_idempotency where key in (select key from kept)");
    connection_run(holder, "commit");
    connection_run(holder, "begin");
    database_value(&world->database, "delete from acme.users_customuser where "
                                     "email = 'running@acme.example'");
    connection_run(holder, "lock table acme.core_idempotency in exclusive mode");

    user.email = TEXT("running@acme.example");
    request.user = &user;
    assert_null(ciq_call(world->acme, method("clientiq.v1.UserService/CreateUser"), &request.base,
                         &(CiqCallOptions){.idempotency_key = key, .once = true}, &error));
    assert_true(ciq_error_retry_after_ms(error) > 0);
    assert_code(error, CODE_ABORTED, NULL);

    database_release(holder);
    ciq_create_user_response_free(create(world->acme, "running@acme.example", key, &error));
    assert_ok(error);
}

static void
test_create_user__after_a_restart(void **state)
{
    static const uint8_t key[WIRE_KEY_SIZE] = "after-a-restart";
    World *world = *state;
    CiqError *error = NULL;
    CiqCreateUserResponse *first = create(world->acme, "restart@acme.example", key, &error);

    assert_ok(error);
    ciq_client_free(world->platform);
    ciq_client_free(world->acme);
    ciq_client_free(world->techcorp);
    server_down(&world->server);
    server_up(&world->server, &world->database, NULL);
    world->platform = operator_new(&world->server);
    world->techcorp = sign_in(&world->server, "techcorp", world_email, world_password);
    database_value(&world->database,
                   "update acme.users_customuser set email = 'z' || id || '@same.example'"
                   " where id <> 1 and email = '%s'",
                   world_email);
    database_value(&world->database, "update acme.users_customuser set email = '%s' where id = 1",
                   world_email);
    world->acme = sign_in(&world->server, "acme", world_email, world_password);

    CiqCreateUserResponse *second = create(world->acme, "restart@acme.example", key, &error);
    assert_ok(error);
    assert_int_equal(first->user->id, second->user->id);
    ciq_create_user_response_free(first);
    ciq_create_user_response_free(second);
}

/* The made password is in the stored reply, for the one who has the key. */
static void
test_create_tenant__twice_with_one_key(void **state)
{
    static const uint8_t key[WIRE_KEY_SIZE] = "tenant-one-key.";
    World *world = *state;
    CiqError *error = NULL;
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest request = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    CiqCreateTenantResponse *responses[2];

    tenant.name = TEXT("Keyed");
    tenant.schema_name = TEXT("keyed");
    request.tenant = &tenant;
    request.domain = TEXT("keyed.localhost");
    request.admin_email = TEXT("a@b.c");
    for (int i = 0; i < 2; i++) {
        responses[i] = (CiqCreateTenantResponse *) ciq_call(
            world->platform, method("clientiq.v1.TenantService/CreateTenant"), &request.base,
            &(CiqCallOptions){.idempotency_key = key}, &error);
        assert_ok(error);
    }
    assert_int_equal(strlen(responses[0]->admin_password), 20);
    assert_string_equal(responses[0]->admin_password, responses[1]->admin_password);
    for (int i = 0; i < 2; i++)
        ciq_create_tenant_response_free(responses[i]);
}

static int64_t
demo_request(CiqClient *client, const char *token, const uint8_t key[WIRE_KEY_SIZE])
{
    CiqDemoRequest demo = CLIENTIQ__V1__DEMO_REQUEST__INIT;
    CiqCreateDemoRequestRequest request = CLIENTIQ__V1__CREATE_DEMO_REQUEST_REQUEST__INIT;
    CiqError *error = NULL;

    demo.company_name = demo.first_name = TEXT("Once");
    demo.email = TEXT("once@demo.example");
    request.demo_request = &demo;

    CiqCreateDemoRequestResponse *response = (CiqCreateDemoRequestResponse *) ciq_call(
        client, method("clientiq.v1.TenantService/CreateDemoRequest"), &request.base,
        &(CiqCallOptions){.token = token, .idempotency_key = key}, &error);
    int64_t id = response == NULL ? 0 : response->id;

    assert_ok(error);
    ciq_create_demo_request_response_free(response);
    return id;
}

/* What anybody may call is the same call whoever the caller is known as: the session may end
 * between two attempts, and over tcp:// nobody is the local operator. */
static void
test_create_demo_request__whoever_calls(void **state)
{
    static const uint8_t keys[2][WIRE_KEY_SIZE] = {"session-ends...", "operator-or-not"};
    World *world = *state;
    char token[TOKEN_SIZE];
    CiqClient *remote =
        ciq_client_new(&(CiqOptions){.urls = world->server.tcp, .timeout_ms = 20000}, NULL);

    expect_json(world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
                "{\"superuser\": {\"email\": \"s@platform.example\", \"platform_role\": "
                "\"support\"}, \"password\": \"%s\"}",
                world_password);
    token_new(&world->server, NULL, "s@platform.example", token);

    int64_t first = demo_request(remote, token, keys[0]);

    assert_value(&world->database, "superuser s@platform.example",
                 "select actor from public.demo_event where demo_id = %lld", (long long) first);
    database_value(&world->database, "delete from public.platform_session");
    assert_int_equal(demo_request(remote, token, keys[0]), first);

    int64_t local = demo_request(world->platform, NULL, keys[1]);

    assert_int_not_equal(local, first);
    assert_int_equal(demo_request(remote, NULL, keys[1]), local);
    ciq_client_free(remote);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_user__twice_with_one_key),
        cmocka_unit_test(test_create_user__key_of_another_request),
        cmocka_unit_test(test_create_user__a_failure_is_not_stored),
        cmocka_unit_test(test_stored_reply__is_sealed),
        cmocka_unit_test(test_create_user__at_once_with_one_key),
        cmocka_unit_test(test_create_user__while_the_first_runs),
        cmocka_unit_test(test_create_user__after_a_restart),
        cmocka_unit_test(test_create_tenant__twice_with_one_key),
        cmocka_unit_test(test_create_demo_request__whoever_calls),
    };

    return run_cases(tests, world_setup, world_teardown);
}
