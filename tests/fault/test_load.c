/* A server that is full: one worker, held up by a lock of the test's, and a queue for three.  What
 * is too much is refused at once with advice, deadlines end calls, Health answers all the same, and
 * one tenant's calls do not keep another's waiting for all of them.  */
#include "harness/harness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 12 };

static void
one_worker(Config *config)
{
    config->workers = 1;
    config->queue_calls = 3;
}

typedef struct Results {
    Ends ends;
    _Atomic bool retry_advice; /* with the last refusal */
} Results;

static void
count(void *argument, CiqGetUserResponse *response, CiqError *error)
{
    Results *results = argument;

    if (error != NULL && ciq_error_code(error) == CODE_RESOURCE_EXHAUSTED)
        results->retry_advice = ciq_error_retry_after_ms(error) > 0;
    ciq_get_user_response_free(response);
    ends_add(&results->ends, error);
}

static bool
some_are_refused(void *argument)
{
    Results *results = argument;

    return results->ends.codes[CODE_RESOURCE_EXHAUSTED] > 0;
}

/* The session must be in memory, or the lock would be met before the rpc's own statement. */
static CiqClient *
warm_client(World *world, const char *tenant, unsigned attempts_max)
{
    CiqError *error = NULL;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = world->server.url,
                                                     .tenant = tenant,
                                                     .timeout_ms = 20000,
                                                     .attempts_max = attempts_max},
                                       &error);

    login.email = TEXT(world_email);
    login.password = TEXT(world_password);
    CiqLoginResponse *session = ciq_login(client, &login, &error);
    assert_ok(error);
    ciq_client_set_token(client, session->token);
    ciq_login_response_free(session);
    assert_int_equal(user_count(client, world_email), 1);
    return client;
}

static void
test_full_queue__refuses_and_health_answers(void **state)
{
    World *world = *state;
    CiqClient *client = warm_client(world, "acme", 1);
    PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");
    Results results = {0};
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    CiqHealthCheckRequest health = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    CiqError *error = NULL;
    int served, refused;

    request.id = 1;
    for (int i = 0; i < CALLS; i++)
        ciq_get_user_async(client, &request, &(CiqCallOptions){.timeout_ms = 20000}, count,
                           &results);
    wait_until("refusals", some_are_refused, &results);
    for (int i = 0; i < 50; i++) {
        ciq_check_response_free(ciq_check(client, &health, &error));
        assert_ok(error);
    }
    database_release(holder);
    wait_for_ends(&results.ends, CALLS);
    assert_true(results.retry_advice);
    served = results.ends.codes[CODE_OK] + results.ends.codes[CODE_ABORTED];
    refused = results.ends.codes[CODE_RESOURCE_EXHAUSTED];
    assert_int_equal(served + refused, CALLS);
    assert_true(served >= 3 && refused >= CALLS - 4);
    ciq_client_free(client);
}

static void
test_deadline__ends_a_call(void **state)
{
    World *world = *state;
    CiqClient *client = warm_client(world, "acme", 1);
    PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    Results results = {0};

    /* the first waits in PostgreSQL past its deadline, the second in the queue */
    request.id = 1;
    ciq_get_user_async(client, &request, &(CiqCallOptions){.timeout_ms = 300}, count, &results);
    ciq_get_user_async(client, &request, &(CiqCallOptions){.timeout_ms = 200}, count, &results);
    wait_for_ends(&results.ends, 2);
    assert_int_equal(results.ends.codes[CODE_DEADLINE_EXCEEDED], 2);
    database_release(holder);
    assert_int_equal(user_count(client, world_email), 1); /* the worker is free again */
    ciq_client_free(client);
}

static void
test_lock_held_elsewhere__is_aborted(void **state)
{
    World *world = *state;
    CiqClient *client = warm_client(world, "acme", 1);
    PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");
    CiqError *error = NULL;

    assert_null(user_get(client, 1, &error));
    assert_true(ciq_error_retry_after_ms(error) > 0);
    assert_code(error, CODE_ABORTED, "another call holds what this one needs");
    database_release(holder);
    ciq_client_free(client);
}

static int
load_setup(void **state)
{
    return world_up(state, one_worker);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_queue__refuses_and_health_answers),
        cmocka_unit_test(test_deadline__ends_a_call),
        cmocka_unit_test(test_lock_held_elsewhere__is_aborted),
    };

    return run_cases(tests, load_setup, world_teardown);
}
