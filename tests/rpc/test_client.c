/* The client library: many calls in flight, several threads, several servers, and no server.  */
#include "harness/harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { CALLS = 300, THREADS = 8 };

typedef struct Tally {
    _Atomic int done, ok, cancelled, exhausted;
} Tally;

static void
tally(void *argument, CiqGetUserResponse *response, CiqError *error)
{
    Tally *results = argument;

    if (error == NULL && response->user->id == 1)
        results->ok++;
    if (error != NULL && ciq_error_code(error) == CODE_CANCELLED)
        results->cancelled++;
    if (error != NULL && ciq_error_code(error) == CODE_RESOURCE_EXHAUSTED)
        results->exhausted++; /* it would have been repeated */
    ciq_error_free(error);
    ciq_get_user_response_free(response);
    results->done++;
}

static bool
is_complete(void *argument)
{
    Tally *results = argument;

    return results->done == CALLS;
}

static void
test_async__many_in_flight(void **state)
{
    World *world = *state;
    Tally results = {0};
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

    request.id = 1;
    for (int i = 0; i < CALLS; i++)
        ciq_get_user_async(world->acme, &request, &(CiqCallOptions){.timeout_ms = 20000}, tally,
                           &results);
    wait_until("all callbacks", is_complete, &results);
    assert_int_equal(results.ok, CALLS);
}

static void
test_free__ends_what_is_in_flight(void **state)
{
    World *world = *state;
    CiqClient *client = sign_in(&world->server, "acme", world_email, world_password);
    Tally results = {0};
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

    request.id = 1;
    for (int i = 0; i < CALLS; i++)
        ciq_get_user_async(client, &request, &(CiqCallOptions){.timeout_ms = 20000}, tally,
                           &results);
    ciq_client_free(client);
    assert_int_equal(results.done, CALLS); /* every callback has run, once */
    assert_int_equal(results.ok + results.cancelled + results.exhausted, CALLS);
}

typedef struct Thread {
    CiqClient *client;
    int wrong;
} Thread;

static void *
call_and_change(void *argument)
{
    Thread *thread = argument;

    for (int i = 0; i < 50; i++) {
        CiqError *error = NULL;
        CiqGetUserResponse *response = user_get(thread->client, 1, &error);

        thread->wrong += response == NULL;
        ciq_error_free(error);
        ciq_get_user_response_free(response);
        ciq_client_set_tenant(thread->client, i % 2 == 0 ? "acme" : "acme.localhost");
    }
    return NULL;
}

static void
test_client__is_every_threads(void **state)
{
    World *world = *state;
    Thread threads[THREADS];
    pthread_t ids[THREADS];

    for (int i = 0; i < THREADS; i++) {
        threads[i] = (Thread){.client = world->acme};
        assert_int_equal(pthread_create(&ids[i], NULL, call_and_change, &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(ids[i], NULL);
        assert_int_equal(threads[i].wrong, 0);
    }
    ciq_client_set_tenant(world->acme, "acme.localhost");
}

static void
test_no_server__is_unavailable(void **state)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = "ipc:///tmp/ciq-nobody.sock", .timeout_ms = 5000}, &error);

    (void) state;
    assert_ok(error);
    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_UNAVAILABLE, "no server at ipc:///tmp/ciq-nobody.sock");
    ciq_client_free(client);
    assert_null(ciq_client_new(&(CiqOptions){.urls = "what is this"}, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "cannot dial");
}

/* Two servers of one database: one goes away, and the calls go on. */
static void
test_two_servers__one_goes_away(void **state)
{
    World *world = *state;
    TestServer other;
    CiqError *error = NULL;
    char urls[200];

    server_up(&other, &world->database, NULL);
    snprintf(urls, sizeof urls, "%s,%s", other.ipc, world->server.ipc);
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = urls, .timeout_ms = 20000}, &error);
    assert_ok(error);
    CiqListTenantsRequest request = CLIENTIQ__V1__LIST_TENANTS_REQUEST__INIT;

    for (int i = 0; i < 20; i++) {
        ciq_list_tenants_response_free(ciq_list_tenants(client, &request, &error));
        assert_ok(error);
    }
    server_down(&other);
    for (int i = 0; i < 50; i++) {
        ciq_list_tenants_response_free(ciq_list_tenants(client, &request, &error));
        assert_ok(error);
    }
    ciq_client_free(client);
}

/* ---- one call otherwise than its client ---- */

/* The same e-mail and the same number in both: only the name tells them apart. */
static void
test_with__one_client_for_many_tenants(void **state)
{
    static const char *const tenants[] = {"acme", "techcorp.localhost"};
    World *world = *state;
    CiqClient *client = client_new(&world->server, NULL, NULL);
    CiqGetMeRequest request = CLIENTIQ__V1__GET_ME_REQUEST__INIT;
    CiqError *error = NULL;
    char tokens[2][TOKEN_SIZE];

    for (int i = 0; i < 2; i++) {
        CiqUpdateMeRequest update = CLIENTIQ__V1__UPDATE_ME_REQUEST__INIT;
        Clientiq__V1__Profile profile = CLIENTIQ__V1__PROFILE__INIT;
        Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
        char *paths[] = {TEXT("first_name")};

        token_new(&world->server, tenants[i], world_email, tokens[i]);
        mask.n_paths = 1;
        mask.paths = paths;
        profile.first_name = TEXT(tenants[i]);
        update.profile = &profile;
        update.update_mask = &mask;
        ciq_update_me_response_free(ciq_update_me_with(
            client, &update, &(CiqCallOptions){.tenant = tenants[i], .token = tokens[i]}, &error));
        assert_ok(error);
    }
    for (int i = 0; i < 20; i++) {
        CiqCallOptions options = {.tenant = tenants[i % 2], .token = tokens[i % 2]};
        CiqGetMeResponse *response = ciq_get_me_with(client, &request, &options, &error);

        assert_ok(error);
        assert_int_equal(response->user->id, 1);
        assert_string_equal(response->user->first_name, tenants[i % 2]);
        ciq_get_me_response_free(response);

        options.token = tokens[1 - i % 2];
        assert_null(ciq_get_me_with(client, &request, &options, &error));
        assert_code(error, CODE_UNAUTHENTICATED, NULL);
        options.token = "";
        assert_null(ciq_get_me_with(client, &request, &options, &error));
        assert_code(error, CODE_UNAUTHENTICATED, NULL);
    }
    /* nothing of it stays with the client */
    assert_null(ciq_get_me(client, &request, &error));
    assert_int_equal(ciq_error_code(error) == CODE_UNAUTHENTICATED ||
                         ciq_error_code(error) == CODE_INVALID_ARGUMENT,
                     true);
    ciq_error_free(error);
    ciq_client_free(client);
}

static void
test_with__key_of_the_callers(void **state)
{
    World *world = *state;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    Clientiq__V1__User user = CLIENTIQ__V1__USER__INIT;
    uint8_t key[CIQ_KEY_SIZE] = "0123456789abcdef";
    int64_t id = 0;

    user.email = TEXT("once@acme.example");
    request.password = TEXT(world_password);
    request.user = &user;
    for (int i = 0; i < 2; i++) {
        CiqError *error = NULL;
        CiqCreateUserResponse *response = ciq_create_user_with(
            world->acme, &request, &(CiqCallOptions){.idempotency_key = key}, &error);

        assert_ok(error);
        assert_true(i == 0 || response->user->id == id);
        id = response->user->id;
        ciq_create_user_response_free(response);
    }
}

static void
test_packed__any_method(void **state)
{
    static const char get_user[] = "clientiq.v1.UserService/GetUser";
    World *world = *state;
    CiqError *error = NULL;
    void *response;
    size_t size;

    assert_true(
        ciq_call_packed(world->acme, get_user, "\x08\x01", 2, NULL, &response, &size, &error));

    CiqGetUserResponse *unpacked = clientiq__v1__get_user_response__unpack(NULL, size, response);

    assert_string_equal(unpacked->user->email, world_email);
    clientiq__v1__get_user_response__free_unpacked(unpacked, NULL);
    free(response);

    assert_false(ciq_call_packed(world->acme, get_user, "\x08\x01", 2,
                                 &(CiqCallOptions){.token = ""}, &response, &size, &error));
    assert_null(response);
    assert_code(error, CODE_UNAUTHENTICATED, NULL);
    assert_false(ciq_call_packed(world->acme, "clientiq.v1.UserService/Nothing", NULL, 0, NULL,
                                 &response, &size, &error));
    assert_code(error, CODE_UNIMPLEMENTED, "this library has no method clientiq.v1.UserService/N");
    assert_false(ciq_call_packed(world->acme, get_user, "\x08", 1, NULL, &response, &size, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "the request is no GetUserRequest");
    assert_false(ciq_call_packed(world->acme, get_user, "\x08", 1, NULL, &response, &size, NULL));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_async__many_in_flight),
        cmocka_unit_test(test_free__ends_what_is_in_flight),
        cmocka_unit_test(test_client__is_every_threads),
        cmocka_unit_test(test_no_server__is_unavailable),
        cmocka_unit_test(test_two_servers__one_goes_away),
        cmocka_unit_test(test_with__one_client_for_many_tenants),
        cmocka_unit_test(test_with__key_of_the_callers),
        cmocka_unit_test(test_packed__any_method),
    };

    return run_cases(tests, world_setup, world_teardown);
}
