/* A server that is stopped in the middle of things (SIGSTOP), as one that hangs would be: it costs
 * its callers little as long as there are others, and what they have given up does not happen when
 * it runs again.  */
#include "harness/fleet.h"

#include "client/call.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVERS = 3, STOPPED = 2, THREADS = 16, WRITES = 10 };

typedef struct Stopped {
    World *world;
    ServerProcess servers[SERVERS];
    char token[TOKEN_SIZE]; /* of acme's admin */
} Stopped;

static int
stopped_setup(void **state)
{
    Stopped *stopped = calloc(1, sizeof *stopped);
    void *world;

    assert_non_null(stopped);
    world_setup(&world);
    stopped->world = world;
    token_new(&stopped->world->server, "acme", world_email, stopped->token);
    for (int i = 0; i < SERVERS; i++)
        process_start(&stopped->servers[i], &stopped->world->database, "", NULL);
    *state = stopped;
    return 0;
}

static int
stopped_teardown(void **state)
{
    Stopped *stopped = *state;
    void *world = stopped->world;

    for (int i = 0; i < SERVERS; i++)
        process_stop(&stopped->servers[i]);
    world_teardown(&world);
    free(stopped);
    return 0;
}

/* All its threads stand when this returns. */
static void
stop_one(Stopped *stopped)
{
    pid_t pid = stopped->servers[STOPPED].pid;
    int status;

    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
}

static void
continue_one(Stopped *stopped)
{
    assert_int_equal(kill(stopped->servers[STOPPED].pid, SIGCONT), 0);
}

/* A case may have failed; the next one finds all servers running. */
static int
case_teardown(void **state)
{
    continue_one(*state);
    return 0;
}

static CiqClient *
admin_at(const Stopped *stopped, const char *urls)
{
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = urls, .tenant = "acme", .token = stopped->token, .timeout_ms = 20000},
        NULL);

    assert_non_null(client);
    return client;
}

/* ---- one of three ---- */

typedef struct Writer {
    pthread_t thread;
    CiqClient *client;
    int number, failed;
} Writer;

static void *
write_users(void *argument)
{
    Writer *writer = argument;

    for (int i = 0; i < WRITES; i++) {
        CiqUser user = CLIENTIQ__V1__USER__INIT;
        CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
        CiqError *error = NULL;
        char email[64];

        snprintf(email, sizeof email, "w%d-%d@acme.example", writer->number, i);
        user.email = email;
        request.user = &user;
        ciq_create_user_response_free(ciq_create_user(writer->client, &request, &error));
        writer->failed += error != NULL;
        ciq_error_free(error);
    }
    return NULL;
}

static void
assert_all_written_once(Stopped *stopped)
{
    char expected[64];

    snprintf(expected, sizeof expected, "%d %d", THREADS * WRITES, THREADS * WRITES);
    assert_value(&stopped->world->database, expected,
                 "select concat((select count(*) from acme.users_customuser where email like "
                 "'w%%@acme.example'), ' ', (select count(*) from acme.core_audit where method "
                 "like '%%/CreateUser' and code = 0))");
}

/* It answers on every connection again, so it has read all that lay there. */
static void
wait_until_it_runs(Stopped *stopped)
{
    CiqClient *client = admin_at(stopped, stopped->servers[STOPPED].url);

    assert_user_code(client, CODE_OK, NULL);
    ciq_client_free(client);
}

static void
test_one_of_three__loses_no_write(void **state)
{
    Stopped *stopped = *state;
    Writer writers[THREADS];
    char urls[400];
    CiqClient *client;

    snprintf(urls, sizeof urls, "%s,%s,%s", stopped->servers[0].url, stopped->servers[1].url,
             stopped->servers[2].url);
    client = admin_at(stopped, urls);
    for (int i = 0; i < SERVERS; i++)
        assert_user_code(client, CODE_OK, NULL);
    stop_one(stopped);
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (Writer){.client = client, .number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_users, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_int_equal(writers[i].failed, 0);
    }
    assert_all_written_once(stopped);
    continue_one(stopped);
    wait_until_it_runs(stopped);
    assert_all_written_once(stopped);
    ciq_client_free(client);
}

/* ---- late writes ---- */

static Code
set_title(CiqClient *client, const char *title, uint32_t timeout_ms)
{
    const Method *method = method_find("clientiq.v1.UserService/UpdateUser");
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUpdateUserRequest request = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;
    CiqError *error = NULL;
    char *path = TEXT("job_title");

    user.job_title = TEXT(title);
    mask.paths = &path;
    mask.n_paths = 1;
    request.id = 1;
    request.user = &user;
    request.update_mask = &mask;

    ProtobufCMessage *response = ciq_call(client, method, &request.base,
                                          &(CiqCallOptions){.timeout_ms = timeout_ms}, &error);

    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    return code_of(error);
}

typedef struct Said {
    const ServerProcess *server;
    const char *text;
} Said;

static bool
has_said(void *argument)
{
    const Said *said = argument;
    char *log = file_read(said->server->log, NULL);
    bool is_there = strstr(log, said->text) != NULL;

    free(log);
    return is_there;
}

static void
update_ended(void *argument, CiqUpdateUserResponse *response, CiqError *error)
{
    ciq_update_user_response_free(response);
    ends_add(argument, error);
}

static void
assert_title(Stopped *stopped, const char *title)
{
    assert_value(&stopped->world->database, title,
                 "select job_title from acme.users_customuser where id = 1");
}

/* Whoever has a clock of the server's is told the truth by it: the message says when it is over. */
static void
test_late_write__does_not_run(void **state)
{
    Stopped *stopped = *state;
    CiqClient *client = admin_at(stopped, stopped->servers[STOPPED].url);
    Said said = {&stopped->servers[STOPPED], "the deadline passed before the call began"};

    assert_int_equal(set_title(client, "before", 0), CODE_OK);
    stop_one(stopped);
    assert_int_equal(set_title(client, "late", 200), CODE_DEADLINE_EXCEEDED);
    assert_int_equal(set_title(stopped->world->acme, "after", 0), CODE_OK);
    continue_one(stopped);
    wait_until("the server to refuse what is late", has_said, &said);
    assert_title(stopped, "after");
    ciq_client_free(client);
}

/* ---- what it holds ---- */

/* Its open transaction has the user's row: that ends while the others' calls still have time. */
static void
test_locks__of_a_stopped_server_end(void **state)
{
    Stopped *stopped = *state;
    CiqClient *client = admin_at(stopped, stopped->servers[STOPPED].url);
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUpdateUserRequest request = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;
    Ends ends = {0};
    char *path = TEXT("job_title");

    assert_int_equal(set_title(client, "before", 0), CODE_OK);
    user.job_title = TEXT("stopped");
    mask.paths = &path;
    mask.n_paths = 1;
    request.id = 1;
    request.user = &user;
    request.update_mask = &mask;

    /* its first statement waits, and the next ones have not been sent */
    PGconn *holder = database_hold(&stopped->world->database,
                                   "lock table acme.core_idempotency in exclusive mode");

    ciq_update_user_async(client, &request, &(CiqCallOptions){.timeout_ms = 10000, .once = true},
                          update_ended, &ends);
    wait_for_waiters(&stopped->world->database, 1);
    stop_one(stopped);
    database_release(holder);
    wait_for_value(&stopped->world->database, "1",
                   "select count(*) from pg_stat_activity where datname = current_database() and "
                   "state = 'idle in transaction'");
    assert_int_equal(set_title(stopped->world->acme, "after", 10000), CODE_OK);
    continue_one(stopped);
    wait_for_ends(&ends, 1);
    assert_title(stopped, "after");
    ciq_client_free(client);
}

/* ---- senders that know no clock of ours ---- */

static bool
has_passed(void *argument)
{
    return now_ms() >= *(int64_t *) argument;
}

/* Sends an UpdateUser as a client of another language would, while the server is stopped, which it
 * is for a second in all. */
static int
send_while_stopped(Stopped *stopped, const char *title, uint32_t timeout_ms)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t payload[128], frame[512], greeting[8];
    int descriptor = peer_connect(stopped->servers[STOPPED].url);
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUpdateUserRequest update = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;
    char *path = TEXT("job_title");
    int64_t until_ms;

    user.job_title = TEXT(title);
    mask.paths = &path;
    mask.n_paths = 1;
    update.id = 1;
    update.user = &user;
    update.update_mask = &mask;
    request.method = TEXT("clientiq.v1.UserService/UpdateUser");
    request.tenant = TEXT("acme");
    request.token = stopped->token;
    request.timeout_ms = timeout_ms;
    request.payload.len = clientiq__v1__update_user_request__pack(&update, payload);
    request.payload.data = payload;
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, peer_greeting, sizeof peer_greeting), sizeof peer_greeting);
    assert_int_equal(read(descriptor, greeting, sizeof greeting), sizeof greeting);
    stop_one(stopped);

    size_t size = peer_frame(stopped->servers[STOPPED].url, &request, 1, frame);

    assert_int_equal(write(descriptor, frame, size), size);
    until_ms = now_ms() + 1000;
    wait_until("a second", has_passed, &until_ms);
    return descriptor;
}

static void
test_late_write__without_a_clock_does_not_run(void **state)
{
    Stopped *stopped = *state;
    Said said = {&stopped->servers[STOPPED], "the call may have come too late: nothing was done"};
    int descriptor = send_while_stopped(stopped, "late", 500);

    assert_int_equal(set_title(stopped->world->acme, "after it", 0), CODE_OK);
    continue_one(stopped);
    wait_until("the server to refuse what may be late", has_said, &said);
    assert_title(stopped, "after it");
    close(descriptor);
}

static void
test_write__that_has_time_left_runs(void **state)
{
    Stopped *stopped = *state;
    int descriptor = send_while_stopped(stopped, "in time", 60000);

    continue_one(stopped);
    wait_for_value(&stopped->world->database, "in time",
                   "select job_title from acme.users_customuser where id = 1");
    close(descriptor);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_one_of_three__loses_no_write, case_teardown),
        cmocka_unit_test_teardown(test_late_write__does_not_run, case_teardown),
        cmocka_unit_test_teardown(test_locks__of_a_stopped_server_end, case_teardown),
        cmocka_unit_test_teardown(test_late_write__without_a_clock_does_not_run, case_teardown),
        cmocka_unit_test_teardown(test_write__that_has_time_left_runs, case_teardown),
    };

    return run_cases(tests, stopped_setup, stopped_teardown);
}
