/* The client library with three servers of the test's own, one of which does not answer: what its
 * callers see, and how much the silent one still gets.  And what a request says of its deadline. */
#include "client/call.h"
#include "harness/cases.h"
#include "harness/fake.h"
#include "harness/wait.h"
#include "server/base/clock.h"

#include <nng/nng.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { FAKES = 3, SILENT = 2, CALLS = 60, AT_ONCE = 300, RUN = 77 };

static const FakeScript answers[] = {{.act = ACT_ANSWER}}, holds[] = {{.act = ACT_HOLD}};

typedef struct Three {
    Fake fakes[FAKES];
    CiqClient *client;
} Three;

static Code
get_user(CiqClient *client)
{
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    CiqError *error = NULL;
    Code code;

    ciq_get_user_response_free(ciq_get_user(client, &request, &error));
    code = error == NULL ? CODE_OK : (Code) ciq_error_code(error);
    ciq_error_free(error);
    return code;
}

static Code
write_for(CiqClient *client, const char *name, uint32_t timeout_ms)
{
    const Method *method = method_find(name);
    CiqCreateUserRequest create = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqError *error = NULL;
    ProtobufCMessage *response =
        ciq_call(client, method, method->never_replayed ? &login.base : &create.base,
                 &(CiqCallOptions){.timeout_ms = timeout_ms}, &error);
    Code code = error == NULL ? CODE_OK : (Code) ciq_error_code(error);

    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    ciq_error_free(error);
    return code;
}

static Code
create_user(CiqClient *client)
{
    return write_for(client, "clientiq.v1.UserService/CreateUser", 0);
}

/* Calls until each of them has got one, which is so when all are connected. */
static bool
each_is_asked(void *argument)
{
    Three *three = argument;
    size_t asked = 0;

    assert_int_equal(create_user(three->client), CODE_OK);
    for (int i = 0; i < FAKES; i++)
        asked += fake_requests(&three->fakes[i]) > 0;
    return asked == FAKES;
}

/* silent: what the third one does. */
static void
three_open(Three *three, const FakeScript *silent, uint32_t attempt_ms)
{
    char urls[400];

    for (int i = 0; i < FAKES; i++) {
        fake_open(&three->fakes[i], i == SILENT ? silent : answers, 1);
        three->fakes[i].run = RUN + (uint64_t) i;
        fake_listen(&three->fakes[i]);
    }
    snprintf(urls, sizeof urls, "%s,%s,%s", three->fakes[0].url, three->fakes[1].url,
             three->fakes[2].url);
    three->client = ciq_client_new(
        &(CiqOptions){.urls = urls, .timeout_ms = 20000, .attempt_ms = attempt_ms}, NULL);
    assert_non_null(three->client);
}

static void
three_close(Three *three)
{
    ciq_client_free(three->client);
    for (int i = 0; i < FAKES; i++)
        fake_close(&three->fakes[i]);
}

static void
test_stopped_server__is_passed_by(void **state)
{
    Three three;
    Fake *silent = &three.fakes[SILENT];
    size_t asked;

    (void) state;
    three_open(&three, answers, 0);
    wait_until("each server to be asked", each_is_asked, &three);
    fake_stop(silent);
    asked = fake_requests(silent);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(i % 2 == 0 ? get_user(three.client) : create_user(three.client), CODE_OK);
    /* one that it keeps, by which it is found out */
    assert_true(fake_requests(silent) <= asked + 1);
    three_close(&three);
}

static _Atomic int ended_well, ended;

static void
ended_one(void *unused, CiqCreateUserResponse *response, CiqError *error)
{
    (void) unused;
    atomic_fetch_add(&ended_well, error == NULL);
    ciq_error_free(error);
    ciq_create_user_response_free(response);
    atomic_fetch_add(&ended, 1);
}

static bool
all_ended(void *unused)
{
    (void) unused;
    return ended == AT_ONCE;
}

/* Each of them is repeated at most once, and none of those that come later is given to it. */
static void
test_stopped_server__with_many_in_flight(void **state)
{
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    Three three;
    size_t before = 0, after = 0, kept;

    (void) state;
    ended = ended_well = 0;
    three_open(&three, answers, 0);
    wait_until("each server to be asked", each_is_asked, &three);
    fake_stop(&three.fakes[SILENT]);
    for (int i = 0; i < FAKES; i++)
        before += fake_requests(&three.fakes[i]);
    kept = fake_requests(&three.fakes[SILENT]);
    for (int i = 0; i < AT_ONCE; i++)
        ciq_create_user_async(three.client, &request, NULL, ended_one, NULL);
    wait_until("all calls to end", all_ended, NULL);
    assert_int_equal(ended_well, AT_ONCE);
    for (int i = 0; i < FAKES; i++)
        after += fake_requests(&three.fakes[i]);
    kept = fake_requests(&three.fakes[SILENT]) - kept;
    assert_int_equal(after - before, AT_ONCE + kept);

    kept = fake_requests(&three.fakes[SILENT]);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(create_user(three.client), CODE_OK);
    assert_int_equal(fake_requests(&three.fakes[SILENT]), kept);
    three_close(&three);
}

typedef struct More {
    Three *three;
    size_t than;
} More;

static bool
is_asked_more(void *argument)
{
    More *more = argument;

    assert_int_equal(get_user(more->three->client), CODE_OK);
    return fake_requests(&more->three->fakes[SILENT]) > more->than;
}

static void
test_stopped_server__gets_calls_when_it_runs_again(void **state)
{
    Three three;
    More more = {.three = &three};

    (void) state;
    three_open(&three, answers, 0);
    wait_until("each server to be asked", each_is_asked, &three);
    fake_stop(&three.fakes[SILENT]);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(create_user(three.client), CODE_OK);
    more.than = fake_requests(&three.fakes[SILENT]);
    fake_continue(&three.fakes[SILENT]);
    wait_until("calls to the server that runs again", is_asked_more, &more);
    three_close(&three);
}

/* Signing in must not happen twice, so it waits where it is. */
static void
test_stopped_server__keeps_what_cannot_be_repeated(void **state)
{
    enum { LOGINS = 6 };
    Three three;
    size_t before = 0, after = 0;
    int late = 0;

    (void) state;
    three_open(&three, answers, 0);
    wait_until("each server to be asked", each_is_asked, &three);
    fake_stop(&three.fakes[SILENT]);
    for (int i = 0; i < FAKES; i++)
        before += fake_requests(&three.fakes[i]);
    for (int i = 0; i < LOGINS; i++) {
        Code code = write_for(three.client, "clientiq.v1.UserService/Login", 2000);

        late += code == CODE_DEADLINE_EXCEEDED;
        assert_true(code == CODE_OK || code == CODE_DEADLINE_EXCEEDED);
    }
    for (int i = 0; i < FAKES; i++)
        after += fake_requests(&three.fakes[i]);
    assert_int_equal(after - before, LOGINS);
    assert_int_equal(late, 1);
    three_close(&three);
}

/* Its Health is good, but a call gets no answer: its database may be mute. */
static void
test_server_without_answers__is_passed_by(void **state)
{
    Three three;
    size_t asked;

    (void) state;
    three_open(&three, holds, 300);
    wait_until("each server to be asked", each_is_asked, &three);
    asked = fake_requests(&three.fakes[SILENT]);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(i % 2 == 0 ? get_user(three.client) : create_user(three.client), CODE_OK);
    /* it is tried again once a second */
    assert_true(fake_requests(&three.fakes[SILENT]) < asked + CALLS / FAKES / 2);
    three_close(&three);
}

/* A long call is no silent server: while the others of its kind are slow as well, or its server
 * answers another call, it stays where it is. */
static void
test_long_call__stays_where_it_is(void **state)
{
    static const FakeScript script[] = {{.act = ACT_ANSWER, .delay_ms = 2000}};
    Fake fake;
    CiqClient *client;

    (void) state;
    fake_open(&fake, script, 1);
    fake_listen(&fake);
    client = ciq_client_new(&(CiqOptions){.urls = fake.url, .timeout_ms = 20000, .attempt_ms = 100},
                            NULL);
    assert_int_equal(create_user(client), CODE_OK);
    assert_int_equal(fake_requests(&fake), 1);
    ciq_client_free(client);
    fake_close(&fake);
}

/* The server's clock showed RECEIVE_US after our request was sent, so that a deadline on it is
 * never earlier than ours. */
static void
test_deadline__is_on_the_servers_clock(void **state)
{
    Fake fake;
    CiqClient *client;
    int64_t start_us = clock_boot_us(), took_us;

    (void) state;
    fake_open(&fake, answers, 1);
    fake.run = RUN;
    fake_listen(&fake);
    client = ciq_client_new(&(CiqOptions){.urls = fake.url}, NULL);
    for (int i = 0; i < 2; i++)
        assert_int_equal(write_for(client, "clientiq.v1.UserService/CreateUser", 4000), CODE_OK);
    took_us = clock_boot_us() - start_us;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fake.runs[i], RUN);
        assert_in_range(fake.deadlines_us[i], FAKE_RECEIVE_US + 4000000 - (uint64_t) took_us - 1000,
                        FAKE_RECEIVE_US + 4000000 + (uint64_t) took_us);
    }
    ciq_client_free(client);
    fake_close(&fake);
}

/* A server that has not answered on its connection gets no write, so that none can lie there beyond
 * its deadline. */
static void
test_first_write__waits_for_the_servers_clock(void **state)
{
    Fake fake;
    CiqClient *client;

    (void) state;
    fake_open(&fake, answers, 1);
    fake_stop(&fake);
    fake_listen(&fake);
    client = ciq_client_new(&(CiqOptions){.urls = fake.url}, NULL);
    assert_int_equal(write_for(client, "clientiq.v1.UserService/CreateUser", 500),
                     CODE_DEADLINE_EXCEEDED);
    assert_int_equal(fake_requests(&fake), 0);
    fake_continue(&fake);
    assert_int_equal(create_user(client), CODE_OK);
    assert_int_equal(fake_requests(&fake), 1);
    ciq_client_free(client);
    fake_close(&fake);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped_server__is_passed_by),
        cmocka_unit_test(test_stopped_server__with_many_in_flight),
        cmocka_unit_test(test_stopped_server__gets_calls_when_it_runs_again),
        cmocka_unit_test(test_stopped_server__keeps_what_cannot_be_repeated),
        cmocka_unit_test(test_server_without_answers__is_passed_by),
        cmocka_unit_test(test_long_call__stays_where_it_is),
        cmocka_unit_test(test_deadline__is_on_the_servers_clock),
        cmocka_unit_test(test_first_write__waits_for_the_servers_clock),
    };

    int failed = run_cases(tests, NULL, NULL);

    nng_fini(); /* what was closed is freed by a thread of nng's, which may not have come to it */
    return failed;
}
