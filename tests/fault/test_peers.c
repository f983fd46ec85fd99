/* Hostile peers: thousands that connect and close at once (nng issue 1518), and some that send and
 * never read. An honest client is served all the same.  */
#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTIONS = 2000 };

static void
test_peers__that_connect_and_close(void **state)
{
    World *world = *state;
    for (int i = 0; i < CONNECTIONS; i++) {
        int ipc = peer_connect(world->server.ipc);
        int tcp = peer_connect(world->server.tcp);

        assert_true(ipc >= 0 && tcp >= 0);
        peer_close(ipc, i % 2 == 0);
        peer_close(tcp, i % 2 == 0);
    }
    /* new connections, not the one that the client has had all along */
    for (int i = 0; i < 3; i++) {
        const char *urls[] = {world->server.ipc, world->server.tcp};

        for (size_t u = 0; u < 2; u++) {
            CiqError *error = NULL;
            CiqClient *client = ciq_client_new(&(CiqOptions){.urls = urls[u]}, &error);
            CiqHealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

            ciq_check_response_free(ciq_check(client, &request, &error));
            assert_ok(error);
            ciq_client_free(client);
        }
    }
    assert_int_equal(user_count(world->acme, world_email), 1);
}

static bool
answers(const char *url)
{
    nng_socket socket;
    char *answer;
    size_t size;
    bool ok;

    assert_int_equal(nng_req0_open(&socket), 0);
    nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 1000);
    ok = nng_dial(socket, url, NULL, 0) == 0 &&
         nng_send(socket, (void *) (uintptr_t) "x", 1, 0) == 0 &&
         nng_recv(socket, &answer, &size, NNG_FLAG_ALLOC) == 0;
    if (ok)
        nng_free(answer, size);
    nng_close(socket);
    return ok;
}

/* nng's own listener dies of the same attack, as its dialer does: otherwise neither the client's
 * guard would be needed, nor that the server has no socket of nng's. */
static void
test_unguarded_listener__dies_of_it(void **state)
{
    char url[64], program[256], line[16];
    char *arguments[] = {program, url, NULL};
    int ends[2], died = 0;
    pid_t pid;
    posix_spawn_file_actions_t actions;

    (void) state;
    if (strcmp(nng_version(), "1.6") >= 0)
        skip(); /* mended there */
    snprintf(url, sizeof url, "ipc:///tmp/ciq-unguarded-%ld.sock", (long) getpid());
    snprintf(program, sizeof program, "%s/unguarded", CIQ_BIN_DIR);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    assert_true(read(ends[0], line, sizeof line) > 0);
    close(ends[0]);
    assert_true(answers(url));

    for (int i = 0; i < CONNECTIONS && !died; i++) {
        int descriptor = peer_connect(url);

        if (descriptor >= 0)
            peer_close(descriptor, i % 2 == 0);
        if (i % 100 == 99)
            died = !answers(url);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    unlink(url + strlen("ipc://"));
    assert_true(died);
}

enum { SILENT = 8 };

/* Peers that each send so many requests with large answers over ipc:// and read none. */
static void
silent_peers(World *world, const char *url, int requests, int descriptors[SILENT])
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t frame[256];
    CiqError *error = NULL;

    /* a page of users that is large */
    database_value(&world->database,
                   "insert into acme.users_customuser (email, job_title, department) select "
                   "'bulk' || i || '@acme.example', repeat('x', 100), repeat('y', 100) "
                   "from generate_series(1, 1000) i on conflict do nothing");
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    login.email = TEXT(world_email);
    login.password = TEXT(world_password);
    CiqLoginResponse *session = ciq_login(world->acme, &login, &error);
    assert_ok(error);
    request.method = TEXT("clientiq.v1.UserService/ListUsers");
    request.tenant = TEXT("acme");
    request.token = session->token;
    request.payload.data = (uint8_t *) (uintptr_t) "\x08\xe8\x07"; /* page_size: 1000 */
    request.payload.len = 3;
    for (int p = 0; p < SILENT; p++) {
        descriptors[p] = peer_connect(url);
        assert_true(descriptors[p] >= 0);
        assert_int_equal(write(descriptors[p], peer_greeting, sizeof peer_greeting),
                         sizeof peer_greeting);
        fcntl(descriptors[p], F_SETFL, O_NONBLOCK);
        for (int i = 0; i < requests; i++) {
            size_t size = peer_frame(url, &request, (uint32_t) (p << 8 | i), frame);

            if (write(descriptors[p], frame, size) != (ssize_t) size)
                break; /* its buffer is full, or the server has had enough of it */
        }
    }
    ciq_login_response_free(session);
}

/* An honest client is served all the while. */
static void
test_peers__that_never_read(void **state)
{
    World *world = *state;
    int descriptors[SILENT];

    silent_peers(world, world->server.ipc, 200, descriptors);

    int64_t start_ms = now_ms();
    for (int i = 0; i < 20; i++)
        assert_int_equal(user_count(world->techcorp, world_email), 1);
    assert_true(now_ms() - start_ms < 20000); /* unbounded, it would wait for ever */
    for (int p = 0; p < SILENT; p++)
        close(descriptors[p]);
    assert_int_equal(user_count(world->acme, world_email), 1);
}

static void
few_exchanges(Config *config)
{
    config->queue_calls = 64;
}

/* Sign-ins that are refused, and so answered after a pause; half of its deadline at most. */
static void
refused_sign_ins(const char *url)
{
    enum { PEERS = 8, ROUNDS = 80, TIMEOUT_MS = 60 };
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t payload[128], frame[256], answer[4096];
    int descriptors[PEERS];

    login.email = TEXT("nobody@acme.example");
    login.password = TEXT("wrong-wrong-1");
    request.method = TEXT("clientiq.v1.UserService/Login");
    request.tenant = TEXT("acme");
    request.payload.data = payload;
    request.payload.len = clientiq__v1__login_request__pack(&login, payload);
    for (int p = 0; p < PEERS; p++) {
        descriptors[p] = peer_connect(url);
        assert_true(descriptors[p] >= 0);
        assert_int_equal(write(descriptors[p], peer_greeting, sizeof peer_greeting),
                         sizeof peer_greeting);
        assert_int_equal(read(descriptors[p], answer, sizeof peer_greeting), sizeof peer_greeting);
    }
    for (int round = 0; round < ROUNDS; round++) {
        /* the first ones are hashed, until there were too many */
        request.timeout_ms = round < 4 ? 10000 : TIMEOUT_MS;
        for (int p = 0; p < PEERS; p++) {
            size_t size = peer_frame(url, &request, (uint32_t) round, frame);

            assert_int_equal(write(descriptors[p], frame, size), size);
        }
        for (int p = 0; p < PEERS; p++)
            assert_true(read(descriptors[p], answer, sizeof answer) > 0);
    }
    for (int p = 0; p < PEERS; p++)
        close(descriptors[p]);
}

static bool
are_closed(void *argument)
{
    const int *descriptors = argument;
    int closed = 0;

    for (int p = 0; p < SILENT; p++) {
        struct pollfd peer = {.fd = descriptors[p], .events = POLLIN};

        (void) poll(&peer, 1, 0);
        closed += (peer.revents & (POLLHUP | POLLERR)) != 0;
    }
    return closed == SILENT;
}

/* A pause leaves its mark on nng's aio (proto/aio.h): it must not keep a time-out of the send from
 * being seen, or the answers are never freed and the peers never closed. */
static void
test_peers__that_never_read_after_pauses(void **state)
{
    World *world = *state;
    TestServer other;
    int descriptors[SILENT];

    server_up(&other, &world->database, few_exchanges);
    refused_sign_ins(other.ipc);
    silent_peers(world, other.ipc, 6, descriptors); /* all have room in the queue */
    wait_until("all silent peers to be closed", are_closed, descriptors);
    for (int p = 0; p < SILENT; p++)
        close(descriptors[p]);
    server_down(&other);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers__that_connect_and_close),
        cmocka_unit_test(test_unguarded_listener__dies_of_it),
        cmocka_unit_test(test_peers__that_never_read),
        cmocka_unit_test(test_peers__that_never_read_after_pauses),
    };

    return run_cases(tests, world_setup, world_teardown);
}
