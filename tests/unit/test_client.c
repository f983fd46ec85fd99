/* The client library against a server of the test's own, which does as it is told: answers late,
 * drops the connection, talks nonsense.  What is shown is what a caller sees and how often the
 * server was asked.  */
#include "client/call.h"
#include "harness/cases.h"
#include "harness/fake.h"
#include "harness/wait.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVE(server, ...)                                                                         \
    static const FakeScript script[] = {__VA_ARGS__};                                              \
    Fake server;                                                                                   \
    fake_open(&server, script, sizeof script / sizeof *script);                                    \
    fake_listen(&server)

static CiqClient *
client_of(const char *url)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = url, .timeout_ms = 5000}, &error);

    assert_null(error);
    assert_non_null(client);
    return client;
}

/* The code of the call's end, and its message. */
static int
end_of(CiqError *error, char text[200])
{
    int code = error == NULL ? CODE_OK : ciq_error_code(error);

    snprintf(text, 200, "%s", error == NULL ? "" : ciq_error_message(error));
    ciq_error_free(error);
    return code;
}

static int
get_user(CiqClient *client, char text[200])
{
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    CiqError *error = NULL;

    ciq_get_user_response_free(ciq_get_user(client, &request, &error));
    return end_of(error, text);
}

static int
create_user(CiqClient *client, char text[200])
{
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    CiqError *error = NULL;

    ciq_create_user_response_free(ciq_create_user(client, &request, &error));
    return end_of(error, text);
}

static int
login(CiqClient *client, char text[200])
{
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqError *error = NULL;

    ciq_login_response_free(ciq_login(client, &request, &error));
    return end_of(error, text);
}

typedef struct Ended {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count;
    int codes[2048];
} Ended;

static void
one_ended(Ended *all, CiqError *error)
{
    pthread_mutex_lock(&all->lock);
    all->codes[all->count++] = error == NULL ? CODE_OK : ciq_error_code(error);
    pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->lock);
    ciq_error_free(error);
}

static void
ended(void *arg, CiqGetUserResponse *response, CiqError *error)
{
    ciq_get_user_response_free(response);
    one_ended(arg, error);
}

static void
login_ended(void *arg, CiqLoginResponse *response, CiqError *error)
{
    ciq_login_response_free(response);
    one_ended(arg, error);
}

static void
await(Ended *all, size_t count)
{
    pthread_mutex_lock(&all->lock);
    while (all->count < count)
        pthread_cond_wait(&all->changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
}

/* The first call of a client goes out before there is a connection; its answer may take its time.
 */
static void
test_client__first_answer_late(void **state)
{
    static const FakeScript script[] = {{.act = ACT_ANSWER, .delay_ms = 1500}};
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    Ended all = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    Fake server;
    CiqClient *client;

    (void) state;
    fake_open(&server, script, 1);
    client = client_of(server.url);
    ciq_login_async(client, &request, NULL, login_ended, &all);
    fake_listen(&server);

    await(&all, 1);
    assert_int_equal(all.codes[0], CODE_OK);
    assert_int_equal(fake_requests(&server), 1);

    ciq_client_free(client);
    fake_close(&server);
}

static void
test_client__nobody_there(void **state)
{
    char text[200];
    CiqClient *client = client_of("ipc:///tmp/ciq-unit-nobody.sock");
    int64_t start_ms = now_ms();

    (void) state;
    assert_int_equal(get_user(client, text), CODE_UNAVAILABLE);
    assert_string_equal(text, "no server at ipc:///tmp/ciq-unit-nobody.sock");
    assert_true(now_ms() - start_ms < 3000); /* not the 5 s of its deadline */

    ciq_client_free(client);
}

/* A request made before the server is up waits for it. */
static void
test_client__server_comes_later(void **state)
{
    static const FakeScript script[] = {{.act = ACT_ANSWER}};
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    Ended all = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    Fake server;
    CiqClient *client;

    (void) state;
    fake_open(&server, script, 1);
    client = client_of(server.url);
    ciq_get_user_async(client, &request, NULL, ended, &all);
    fake_listen(&server);

    await(&all, 1);
    assert_int_equal(all.codes[0], CODE_OK);

    ciq_client_free(client);
    fake_close(&server);
}

static void
test_client__deadline(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_HOLD});
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    CiqClient *client = client_of(server.url);
    CiqError *error = NULL;
    int64_t start_ms = now_ms();
    char text[200];

    assert_null(ciq_call(client, method_find("clientiq.v1.UserService/GetUser"), &request.base,
                         &(CiqCallOptions){.timeout_ms = 300}, &error));
    assert_int_equal(end_of(error, text), CODE_DEADLINE_EXCEEDED);
    assert_true(now_ms() - start_ms >= 300);
    assert_int_equal(fake_requests(&server), 1);

    ciq_client_free(client);
    fake_close(&server);
}

/* After a pause nng tells a time-out as success (proto/aio.h): it must not be taken for an answer,
 * neither in this call nor in a later one that uses what this one left. */
static void
test_client__silence_after_a_pause(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_FAIL, .code = CODE_UNAVAILABLE}, {.act = ACT_HOLD});
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    CiqClient *client = client_of(server.url);
    char text[200];

    for (int i = 0; i < 2; i++) {
        CiqError *error = NULL;

        assert_null(ciq_call(client, method_find("clientiq.v1.UserService/GetUser"), &request.base,
                             &(CiqCallOptions){.timeout_ms = 500}, &error));
        assert_int_equal(end_of(error, text), CODE_DEADLINE_EXCEEDED);
    }
    assert_int_equal(fake_requests(&server), 3);
    ciq_client_free(client);
    fake_close(&server);
}

/* Lost twice on its way, a write arrives three times under one key, each with less time than
 * before. */
static void
test_client__lost_write_is_repeated(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_DROP, .delay_ms = 20}, {.act = ACT_DROP, .delay_ms = 20},
          {.act = ACT_ANSWER});
    char text[200];
    CiqClient *client = client_of(server.url);

    assert_int_equal(create_user(client, text), CODE_OK);
    assert_int_equal(fake_requests(&server), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(server.key_sizes[i], WIRE_KEY_SIZE);
        assert_memory_equal(server.keys[i], server.keys[0], WIRE_KEY_SIZE);
    }
    assert_true(server.timeouts_ms[0] <= 5000);
    assert_true(server.timeouts_ms[1] < server.timeouts_ms[0]);
    assert_true(server.timeouts_ms[2] < server.timeouts_ms[1]);

    ciq_client_free(client);
    fake_close(&server);
}

/* A login that may have been delivered is not sent again, and carries no key. */
static void
test_client__lost_login_is_not_repeated(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_DROP}, {.act = ACT_ANSWER});
    char text[200];
    CiqClient *client = client_of(server.url);

    assert_int_equal(login(client, text), CODE_UNAVAILABLE);
    assert_int_equal(fake_requests(&server), 1);
    assert_int_equal(server.key_sizes[0], 0);

    ciq_client_free(client);
    fake_close(&server);
}

static void
test_client__repeats_when_asked(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_FAIL, .code = CODE_UNAVAILABLE},
          {.act = ACT_FAIL, .code = CODE_ABORTED, .retry_after_ms = 50},
          {.act = ACT_FAIL, .code = CODE_RESOURCE_EXHAUSTED, .retry_after_ms = 50},
          {.act = ACT_ANSWER});
    char text[200];
    CiqClient *client = client_of(server.url);
    int64_t start_ms = now_ms();

    assert_int_equal(create_user(client, text), CODE_OK);
    assert_int_equal(fake_requests(&server), 4);
    assert_true(now_ms() - start_ms >= 100);

    ciq_client_free(client);
    fake_close(&server);
}

static void
test_client__does_not_repeat_what_is_final(void **state)
{
    static const int codes[] = {CODE_INVALID_ARGUMENT,   CODE_NOT_FOUND, CODE_ABORTED,
                                CODE_RESOURCE_EXHAUSTED, CODE_INTERNAL,  99};

    (void) state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        FakeScript script = {.act = ACT_FAIL, .code = codes[i]};
        Fake server;
        CiqClient *client;
        char text[200];

        fake_open(&server, &script, 1);
        fake_listen(&server);
        client = client_of(server.url);
        assert_int_equal(get_user(client, text), codes[i] == 99 ? CODE_UNKNOWN : codes[i]);
        assert_string_equal(text, "as told");
        assert_int_equal(fake_requests(&server), 1);
        ciq_client_free(client);
        fake_close(&server);
    }
}

static void
test_client__nonsense(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_NONSENSE}, {.act = ACT_WRONG_PAYLOAD});
    char text[200];
    CiqClient *client = client_of(server.url);

    assert_int_equal(get_user(client, text), CODE_INTERNAL);
    assert_non_null(strstr(text, "not a clientiq.v1.Reply"));
    assert_int_equal(get_user(client, text), CODE_INTERNAL);
    assert_non_null(strstr(text, "GetUserResponse"));

    ciq_client_free(client);
    fake_close(&server);
}

/* The largest request that is let out arrives; one byte more is refused here, with its size. */
static void
test_client__size_limit(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_ANSWER});
    CiqListUsersRequest request = CLIENTIQ__V1__LIST_USERS_REQUEST__INIT;
    CiqClient *client = client_of(server.url);
    char *search = malloc(WIRE_MESSAGE_MAX + 1), text[200];
    size_t sent = 0, refused = 0;

    assert_non_null(search);
    memset(search, 'x', WIRE_MESSAGE_MAX);
    request.search = search;
    for (size_t size = WIRE_MESSAGE_MAX - 100; size <= WIRE_MESSAGE_MAX; size++) {
        CiqError *error = NULL;
        int code;

        search[size] = '\0';
        ciq_list_users_response_free(ciq_list_users(client, &request, &error));
        code = end_of(error, text);
        search[size] = 'x';
        if (code == CODE_OK) {
            sent++;
        } else {
            assert_int_equal(code, CODE_INVALID_ARGUMENT);
            assert_non_null(strstr(text, "bytes"));
            refused++;
        }
    }
    assert_true(sent > 0 && refused > 0);
    assert_int_equal(fake_requests(&server), sent);

    free(search);
    ciq_client_free(client);
    fake_close(&server);
}

/* More calls than may be in flight: those are refused, at once, and the others go on. */
static void
test_client__too_many_in_flight(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_HOLD});
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    Ended all = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    CiqClient *client = client_of(server.url);

    for (int i = 0; i < 1030; i++)
        ciq_get_user_async(client, &request, NULL, ended, &all);
    await(&all, 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(all.codes[i], CODE_RESOURCE_EXHAUSTED);

    /* freeing ends the rest, each exactly once */
    ciq_client_free(client);
    assert_int_equal(all.count, 1030);
    for (int i = 6; i < 1030; i++)
        assert_int_equal(all.codes[i], CODE_CANCELLED);
    fake_close(&server);
}

static bool
is_asked(void *server)
{
    return fake_requests(server) > 0;
}

/* Freeing does not wait for a pause that the server has asked for. */
static void
test_client__free_during_pause(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_FAIL, .code = CODE_ABORTED, .retry_after_ms = 4000});
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    Ended all = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    CiqClient *client = client_of(server.url);
    int64_t start_ms = now_ms();

    ciq_get_user_async(client, &request, NULL, ended, &all);
    wait_until("the request", is_asked, &server);
    ciq_client_free(client);
    assert_int_equal(all.count, 1);
    assert_true(now_ms() - start_ms < 2000);
    fake_close(&server);
}

enum { THREADS = 8, CALLS = 200 };

static void *
caller(void *argument)
{
    CiqClient *client = argument;
    char text[200];
    size_t failed = 0;

    for (int i = 0; i < CALLS; i++) {
        ciq_client_set_token(client, i % 2 == 0 ? "even" : "odd");
        failed += get_user(client, text) != CODE_OK;
    }
    return (void *) failed;
}

static void
test_client__several_threads(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_ANSWER});
    CiqClient *client = client_of(server.url);
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, caller, client), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(fake_requests(&server), THREADS * CALLS);
    for (int i = 0; i < REQUESTS_MAX; i++)
        assert_true(strcmp(server.tokens[i], "even") == 0 || strcmp(server.tokens[i], "odd") == 0);

    ciq_client_free(client);
    fake_close(&server);
}

/* Of two servers one is gone: calls go to the other. */
static void
test_client__several_urls(void **state)
{
    (void) state;
    SERVE(server, {.act = ACT_ANSWER});
    char urls[160], text[200];
    CiqError *error = NULL;
    CiqClient *client;

    snprintf(urls, sizeof urls, "ipc:///tmp/ciq-unit-nobody.sock, %s", server.url);
    client = client_of(urls);
    for (int i = 0; i < 10; i++)
        assert_int_equal(get_user(client, text), CODE_OK);
    ciq_client_free(client);
    fake_close(&server);

    error = NULL;
    assert_null(ciq_client_new(&(CiqOptions){.urls = "nonsense"}, &error));
    assert_int_equal(end_of(error, text), CODE_INVALID_ARGUMENT);
    error = NULL;
    assert_null(ciq_client_new(&(CiqOptions){.urls = ""}, &error));
    assert_int_equal(end_of(error, text), CODE_INVALID_ARGUMENT);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client__first_answer_late),
        cmocka_unit_test(test_client__nobody_there),
        cmocka_unit_test(test_client__server_comes_later),
        cmocka_unit_test(test_client__deadline),
        cmocka_unit_test(test_client__silence_after_a_pause),
        cmocka_unit_test(test_client__lost_write_is_repeated),
        cmocka_unit_test(test_client__lost_login_is_not_repeated),
        cmocka_unit_test(test_client__repeats_when_asked),
        cmocka_unit_test(test_client__does_not_repeat_what_is_final),
        cmocka_unit_test(test_client__nonsense),
        cmocka_unit_test(test_client__size_limit),
        cmocka_unit_test(test_client__too_many_in_flight),
        cmocka_unit_test(test_client__free_during_pause),
        cmocka_unit_test(test_client__several_threads),
        cmocka_unit_test(test_client__several_urls),
    };

    int failed = run_cases(tests, NULL, NULL);

    nng_fini(); /* what was closed is freed by a thread of nng's, which may not have come to it */
    return failed;
}
