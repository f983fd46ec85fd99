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
        ciq_get_user_async(world->acme, &request, 20000, tally, &results);
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
        ciq_get_user_async(client, &request, 20000, tally, &results);
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

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_async__many_in_flight),
        cmocka_unit_test(test_free__ends_what_is_in_flight),
        cmocka_unit_test(test_client__is_every_threads),
        cmocka_unit_test(test_no_server__is_unavailable),
        cmocka_unit_test(test_two_servers__one_goes_away),
    };

    return run_cases(tests, world_setup, world_teardown);
}
