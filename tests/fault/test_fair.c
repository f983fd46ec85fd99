/* One caller's flood is that caller's alone: beside it another tenant's call is never refused, and
 * finds a worker.  Locks of the test's keep the flood's calls running, so that nothing depends on
 * how fast the machine is.  */
#include "harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 4, ROOM = 16, FLOOD = 60, TIMEOUT_MS = 20000 };

static void
little_room(Config *config)
{
    config->workers = WORKERS;
    config->queue_calls = ROOM;
}

static void
one_worker(Config *config)
{
    config->workers = 1;
    config->queue_calls = ROOM;
}

/* Signed in, and in the server's memory; it does not try again by itself. */
static CiqClient *
lone_client(const TestServer *server, const char *tenant)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){
            .urls = server->ipc, .tenant = tenant, .timeout_ms = TIMEOUT_MS, .attempts_max = 1},
        &error);
    char token[TOKEN_SIZE];

    assert_ok(error);
    token_new(server, tenant, world_email, token);
    ciq_client_set_token(client, token);
    assert_user_code(client, CODE_OK, NULL);
    return client;
}

static void
count(void *argument, CiqGetUserResponse *response, CiqError *error)
{
    ciq_get_user_response_free(response);
    ends_add(argument, error);
}

static void
send_calls(CiqClient *client, int calls, Ends *ends)
{
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

    request.id = 1;
    for (int i = 0; i < calls; i++)
        ciq_get_user_async(client, &request, &(CiqCallOptions){.timeout_ms = TIMEOUT_MS}, count,
                           ends);
}

static bool
room_is_full(void *argument)
{
    const Ends *ends = argument;

    return ends->codes[CODE_RESOURCE_EXHAUSTED] > 0;
}

/* Half of the workers wait for a lock, and all that the flood gets more is refused. */
static void
test_flood__leaves_workers(void **state)
{
    World *world = *state;
    CiqClient *busy = lone_client(&world->server, "acme");
    CiqClient *other = lone_client(&world->server, "techcorp");
    PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");
    Ends ends = {0};

    send_calls(busy, FLOOD, &ends);
    wait_for_waiters(&world->database, WORKERS / 2);
    wait_until("a full queue", room_is_full, &ends);
    for (int i = 0; i < 20; i++)
        assert_user_code(other, CODE_OK, NULL);
    database_release(holder);
    wait_for_ends(&ends, FLOOD);
    ciq_client_free(busy);
    ciq_client_free(other);
}

/* One worker, which the flood holds, and no room left: another tenant's calls get some of it, wait
 * their turn and are answered. */
static void
test_flood__gives_room(void **state)
{
    World *world = *state;
    TestServer narrow;

    server_up(&narrow, &world->database, one_worker);

    CiqClient *busy = lone_client(&narrow, "acme"), *other = lone_client(&narrow, "techcorp");
    PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");
    Ends flood = {0}, quiet = {0};

    send_calls(busy, FLOOD, &flood);
    wait_until("a full queue", room_is_full, &flood);
    send_calls(other, ROOM / 2, &quiet);
    database_release(holder);
    wait_for_ends(&quiet, ROOM / 2);
    assert_int_equal(quiet.codes[CODE_OK], ROOM / 2);
    wait_for_ends(&flood, FLOOD);
    ciq_client_free(busy);
    ciq_client_free(other);
    server_down(&narrow);
}

/* A peer without a token: so many calls, each about another tenant that there is not, or all about
 * one that there is. */
static int
anonymous_flood(const char *url, const char *tenant)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t frame[512];
    char name[64];
    int descriptor = peer_connect(url);

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, peer_greeting, sizeof peer_greeting), sizeof peer_greeting);
    request.method = TEXT("clientiq.v1.UserService/GetUser");
    request.tenant = name;
    request.timeout_ms = TIMEOUT_MS;
    for (int i = 0; i < FLOOD; i++) {
        snprintf(name, sizeof name, tenant, i);

        size_t size = peer_frame(url, &request, (uint32_t) i, frame);

        assert_int_equal(write(descriptor, frame, size), size);
    }
    return descriptor;
}

/* Each of their calls looks for a name, which a lock prevents. */
static void
test_flood__of_invented_names(void **state)
{
    World *world = *state;
    CiqClient *other = lone_client(&world->server, "techcorp");
    PGconn *holder = database_hold(&world->database, "lock table public.tenants_domain");
    int peers[2];

    for (int i = 0; i < 2; i++)
        peers[i] = anonymous_flood(world->server.ipc, i == 0 ? "a%d.localhost" : "b%d.localhost");
    wait_for_waiters(&world->database, 1);
    for (int i = 0; i < 20; i++)
        assert_user_code(other, CODE_OK, NULL);
    database_release(holder);
    for (int i = 0; i < 2; i++)
        close(peers[i]);
    ciq_client_free(other);
}

/* Sessions of a tenant that nobody has: whether they are sessions is looked up, which a lock
 * prevents; those whose session is in memory are served. */
static void
test_flood__of_invented_sessions(void **state)
{
    World *world = *state;
    CiqClient *other = lone_client(&world->server, "acme");
    PGconn *holder = database_hold(&world->database, "lock table acme.core_session");
    CiqClient *strangers[2];
    Ends ends = {0};
    char token[TOKEN_SIZE];

    for (int i = 0; i < 2; i++) {
        char secret[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

        secret[0] = (char) ('B' + i);
        snprintf(token, sizeof token, "ciq_s_%s_%s",
                 database_value(&world->database,
                                "select id from public.tenants_tenant where schema_name = 'acme'"),
                 secret);
        strangers[i] = client_new(&world->server, "acme", token);
        send_calls(strangers[i], FLOOD / 2, &ends);
    }
    wait_for_waiters(&world->database, WORKERS / 2);
    for (int i = 0; i < 20; i++)
        assert_user_code(other, CODE_OK, NULL);
    database_release(holder);
    wait_for_ends(&ends, FLOOD / 2 * 2);
    for (int i = 0; i < 2; i++)
        ciq_client_free(strangers[i]);
    ciq_client_free(other);
}

/* How calls were refused: for want of room, or by the tenant's limit. */
typedef struct Refusals {
    Ends ends;
    _Atomic int room, limit;
} Refusals;

static void
count_refusal(void *argument, CiqGetUserResponse *response, CiqError *error)
{
    Refusals *refusals = argument;
    const char *text = error == NULL ? "" : ciq_error_message(error);

    refusals->room += strstr(text, "are waiting") != NULL;
    refusals->limit += strstr(text, "max_requests_per_second") != NULL;
    ciq_get_user_response_free(response);
    ends_add(&refusals->ends, error);
}

/* The only worker is held, but calls over the limit neither wait for it nor take room in the queue.
 */
static void
test_rate__is_asked_before_queueing(void **state)
{
    World *world = *state;
    TestServer narrow;
    Ends held = {0};
    Refusals refusals = {0};
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

    tenant_new(world->platform, "hasty");
    database_value(&world->database, "update public.tenants_tenant set max_requests_per_second = 1 "
                                     "where schema_name = 'hasty'");
    server_up(&narrow, &world->database, one_worker);

    CiqClient *other = lone_client(&narrow, "acme"), *client = lone_client(&narrow, "hasty");
    PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");

    send_calls(other, 1, &held);
    wait_for_waiters(&world->database, 1);
    request.id = 1;
    for (int i = 0; i < FLOOD; i++)
        ciq_get_user_async(client, &request, &(CiqCallOptions){.timeout_ms = TIMEOUT_MS},
                           count_refusal, &refusals);
    wait_for_ends(&refusals.ends, FLOOD);
    assert_int_equal(refusals.room, 0);
    assert_true(refusals.limit > FLOOD / 2);
    database_release(holder);
    wait_for_ends(&held, 1);
    ciq_client_free(other);
    ciq_client_free(client);
    server_down(&narrow);
}

static int
fair_setup(void **state)
{
    return world_up(state, little_room);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood__leaves_workers),
        cmocka_unit_test(test_flood__gives_room),
        cmocka_unit_test(test_flood__of_invented_names),
        cmocka_unit_test(test_flood__of_invented_sessions),
        cmocka_unit_test(test_rate__is_asked_before_queueing),
    };

    return run_cases(tests, fair_setup, world_teardown);
}
