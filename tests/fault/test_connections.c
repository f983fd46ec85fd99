/* Limits of connections, and calls whose callers have gone: who is closed, who waits and who is
 * served, while a lock holds calls up.  */
#include "harness/harness.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { FRAME_MAX = 1024, LOCK_WAIT_MS = 20000 };

static char *
token_of_admin(World *world)
{
    CiqError *error = NULL;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    login.email = TEXT(world_email);
    login.password = TEXT(world_password);
    CiqLoginResponse *session = ciq_login(world->acme, &login, &error);
    assert_ok(error);
    char *token = strdup(session->token);
    ciq_login_response_free(session);
    return token;
}

/* Health, or GetUser of number 1, by a peer. */
static void
ask_health(int peer, const char *url, uint32_t id)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t frame[FRAME_MAX];

    request.method = TEXT("grpc.health.v1.Health/Check");
    assert_true(peer_send(peer, frame, peer_frame(url, &request, id, frame)));
}

static void
ask_user(int peer, const char *url, uint32_t id, char *token)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t frame[FRAME_MAX];

    request.method = TEXT("clientiq.v1.UserService/GetUser");
    request.tenant = TEXT("acme");
    request.token = token;
    request.timeout_ms = LOCK_WAIT_MS;
    request.payload.data = (uint8_t *) (uintptr_t) "\x08\x01";
    request.payload.len = 2;
    assert_true(peer_send(peer, frame, peer_frame(url, &request, id, frame)));
}

/* The number of the next answer, which must be good or tell of the lock. */
static uint32_t
next_answer(int peer, const char *url)
{
    uint32_t id;
    Reply *reply = peer_reply(peer, url, &id);

    assert_non_null(reply);
    assert_true((int) reply->code == CODE_OK || (int) reply->code == CODE_ABORTED);
    clientiq__v1__reply__free_unpacked(reply, NULL);
    return id;
}

static void
expect_served(int peer, const char *url)
{
    ask_health(peer, url, 9);
    assert_int_equal(next_answer(peer, url), 9);
}

/* A session that is in memory, or the lock would be met before the rpc's own statement. */
static void
warm(const char *url, char *token)
{
    int peer = peer_new(url);

    ask_user(peer, url, 1, token);
    assert_int_equal(next_answer(peer, url), 1);
    close(peer);
}

typedef struct Waiting {
    World *world;
    int count;
} Waiting;

static bool
do_wait(void *argument)
{
    const Waiting *waiting = argument;
    const char *value = database_value(
        &waiting->world->database,
        "select count(*) from pg_stat_activity where datname = current_database() and "
        "wait_event_type = 'Lock'");

    return atoi(value) >= waiting->count;
}

static void
wait_for_calls(World *world, int count)
{
    Waiting waiting = {world, count};

    wait_until("calls that wait for the lock", do_wait, &waiting);
}

/* ---- connections ---- */

static void
sixteen(Config *config)
{
    config->connections = 16;
}

static void
three_of_an_address(Config *config)
{
    config->connections_per_address = 3;
    config->tenant_workers = config->workers; /* all of which one tenant holds here */
}

/* Whoever is idle longest makes room; whoever came later, or called, stays. */
static void
idlest_goes(World *world, void (*limit)(Config *), int count)
{
    TestServer server;
    int peers[17];

    server_up(&server, &world->database, limit);
    const char *urls[] = {server.ipc, server.tcp};
    for (int t = 0; t < 2; t++) {
        for (int i = 0; i < count; i++) {
            peers[i] = peer_new(urls[t]);
            expect_served(peers[i], urls[t]);
        }
        expect_served(peers[0], urls[t]);
        peers[count] = peer_new(urls[t]);
        expect_served(peers[count], urls[t]);
        peer_wait_closed(peers[1]);
        for (int i = 0; i <= count; i++) {
            if (i != 1)
                expect_served(peers[i], urls[t]);
            close(peers[i]);
        }
    }
    server_down(&server);
}

static void
test_connections__idlest_makes_room(void **state)
{
    idlest_goes(*state, sixteen, 16);
}

static void
test_connections__of_one_address(void **state)
{
    idlest_goes(*state, three_of_an_address, 3);
}

/* Whoever has a call that is being served stays, and where all have the newcomer is told so. */
static void
test_connections__busy_ones_stay(void **state)
{
    World *world = *state;
    TestServer server;
    char *token = token_of_admin(world);
    int peers[4];

    server_up(&server, &world->database, three_of_an_address);
    warm(server.ipc, token);
    PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");
    for (int i = 0; i < 3; i++) {
        peers[i] = peer_new(server.ipc);
        if (i > 0)
            ask_user(peers[i], server.ipc, (uint32_t) i, token);
    }
    wait_for_calls(world, 2);
    peers[3] = peer_new(server.ipc);
    ask_user(peers[3], server.ipc, 3, token);
    peer_wait_closed(peers[0]); /* the only one that was idle, though it came first */
    wait_for_calls(world, 3);
    close(peers[0]);
    peers[0] = peer_connect(server.ipc);
    assert_true(peers[0] >= 0);
    peer_wait_closed(peers[0]);
    int other = peer_new(server.tcp); /* another address */
    expect_served(other, server.tcp);
    close(other);
    database_release(holder);
    for (int i = 1; i < 4; i++)
        assert_int_equal(next_answer(peers[i], server.ipc), i);
    for (int i = 0; i < 4; i++)
        close(peers[i]);
    server_down(&server);
    free(token);
}

static void
two_calls(Config *config)
{
    config->connection_calls = 2;
    config->tenant_workers = config->workers;
}

/* Of one connection two calls are served at a time, and the next message is read when one is
 * answered; another connection does not wait for them. */
static void
test_connection__calls_at_a_time(void **state)
{
    World *world = *state;
    TestServer server;
    char *token = token_of_admin(world);

    server_up(&server, &world->database, two_calls);
    const char *urls[] = {server.ipc, server.tcp};
    for (int t = 0; t < 2; t++) {
        warm(urls[t], token);
        PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");
        int peer = peer_new(urls[t]), other = peer_new(urls[t]), place = -1;

        for (uint32_t i = 0; i < 4; i++)
            ask_user(peer, urls[t], i, token);
        ask_health(peer, urls[t], 4);
        wait_for_calls(world, 2);
        expect_served(other, urls[t]);
        database_release(holder);
        for (int i = 0; i < 5; i++)
            if (next_answer(peer, urls[t]) == 4)
                place = i;
        assert_true(place >= 3); /* unbounded, it would be the first */
        close(peer);
        close(other);
    }
    server_down(&server);
    free(token);
}

/* ---- callers who have gone ---- */

static void
one_worker(Config *config)
{
    config->workers = 1;
}

/* A write by a peer, whose answer nobody will read. */
static void
ask_to_create(int peer, const char *url, char *token, const char *name)
{
    Clientiq__V1__Group group = CLIENTIQ__V1__GROUP__INIT;
    CiqCreateGroupRequest create = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t payload[256], frame[FRAME_MAX];

    group.name = TEXT(name);
    create.group = &group;
    request.method = TEXT("clientiq.v1.UserService/CreateGroup");
    request.tenant = TEXT("acme");
    request.token = token;
    request.timeout_ms = LOCK_WAIT_MS;
    request.payload.data = payload;
    request.payload.len = clientiq__v1__create_group_request__pack(&create, payload);
    assert_true(peer_send(peer, frame, peer_frame(url, &request, 1, frame)));
}

typedef struct Served {
    const char *url;
    size_t count;
} Served;

/* How many sockets of the server, which is in this process, are bound to its URL: the one that
 * listens, and those of its connections. */
static size_t
served(const char *url)
{
    const char *colon = strrchr(url, ':');
    size_t count = 0;

    for (int descriptor = 0; descriptor < 4096; descriptor++) {
        union {
            struct sockaddr any;
            struct sockaddr_un path;
            struct sockaddr_in port;
        } name = {{0}};
        socklen_t size = sizeof name;

        if (getsockname(descriptor, &name.any, &size) != 0)
            continue;
        if (name.any.sa_family == AF_UNIX)
            count += strcmp(name.path.sun_path, url + strlen("ipc://")) == 0;
        if (name.any.sa_family == AF_INET)
            count += ntohs(name.port.sin_port) == atoi(colon + 1);
    }
    return count;
}

static bool
are_served(void *argument)
{
    const Served *expected = argument;

    return served(expected->url) == expected->count;
}

/* A call that waits in the queue while its connection closes is not served; and its connection does
 * not wait for it. */
static void
test_caller_gone__call_is_dropped(void **state)
{
    World *world = *state;
    TestServer server;
    char *token = token_of_admin(world);

    server_up(&server, &world->database, one_worker);
    const char *urls[] = {server.ipc, server.tcp};
    for (int t = 0; t < 2; t++) {
        warm(urls[t], token);
        wait_until("the peer before to have left", are_served, &(Served){urls[t], 1});
        int first = peer_new(urls[t]);
        PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");
        ask_user(first, urls[t], 1, token);
        wait_for_calls(world, 1);

        int gone = peer_new(urls[t]);
        ask_to_create(gone, urls[t], token, "made for nobody");
        expect_served(gone, urls[t]); /* so the one before was read, and is queued */
        assert_int_equal(served(urls[t]), 3);
        close(gone);
        wait_until("the server to see that the caller has gone", are_served, &(Served){urls[t], 2});
        database_release(holder);
        assert_int_equal(next_answer(first, urls[t]), 1);
        ask_user(first, urls[t], 2, token); /* behind the one that was dropped */
        assert_int_equal(next_answer(first, urls[t]), 2);
        assert_string_equal(
            database_value(&world->database,
                           "select count(*) from acme.auth_group where name = 'made for nobody'"),
            "0");
        close(first);
    }
    server_down(&server);
    free(token);
}

/* ---- who is the local operator ---- */

static char operator_text[64], mode_text[8];

static void
other_operator(Config *config)
{
    setting_set(&config->operator_uids, operator_text);
    setting_set(&config->socket_mode, mode_text);
}

static Code
operator_code(World *world, const char *operator)
{
    TestServer server;
    CiqError *error = NULL;
    CiqListTenantsRequest request = CLIENTIQ__V1__LIST_TENANTS_REQUEST__INIT;

    snprintf(operator_text, sizeof operator_text, "%s", operator);
    server_up(&server, &world->database, other_operator);
    CiqClient *client = operator_new(&server);
    ciq_list_tenants_response_free(ciq_list_tenants(client, &request, &error));
    ciq_client_free(client);
    server_down(&server);
    return code_of(error);
}

static void
test_operator__as_the_setting_says(void **state)
{
    World *world = *state;
    char uids[64];

    assert_int_equal(operator_code(world, ""), CODE_OK);
    assert_int_equal(operator_code(world, "off"), CODE_UNAUTHENTICATED);
    snprintf(uids, sizeof uids, "%ju", (uintmax_t) geteuid());
    assert_int_equal(operator_code(world, uids), CODE_OK);
    snprintf(uids, sizeof uids, "%ju,7,%ju", (uintmax_t) geteuid() + 1, (uintmax_t) geteuid());
    assert_int_equal(operator_code(world, uids), CODE_OK);
    snprintf(uids, sizeof uids, "%ju,7", (uintmax_t) geteuid() + 1);
    assert_int_equal(operator_code(world, uids), CODE_UNAUTHENTICATED);
}

/* The first superuser can be made also where nobody is the local operator. */
static void
test_operator__is_not_needed_for_the_first_superuser(void **state)
{
    World *world = *state;
    char path[64], output[1024];

    snprintf(path, sizeof path, "/tmp/ciq-password-%ld", (long) getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("correct horse battery\n", file);
    fclose(file);
    int status = server_command(&world->database, output, sizeof output,
                                "create-superuser --operator off --email first@example.com "
                                "--password-file %s",
                                path);
    unlink(path);
    if (status != 0)
        fail_msg("exit status %d: %s", status, output);
}

/* What another user gets who connects: the kernel tells who it is. */
static void
test_operator__another_user_is_none(void **state)
{
    enum { NOBODY = 65534 };
    World *world = *state;
    TestServer server;
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t frame[FRAME_MAX];

    if (geteuid() != 0)
        skip(); /* only root can be somebody else */
    snprintf(operator_text, sizeof operator_text, "%s", "");
    snprintf(mode_text, sizeof mode_text, "0666");
    server_up(&server, &world->database, other_operator);
    request.method = TEXT("clientiq.v1.TenantService/ListTenants");
    for (int i = 0; i < 2; i++) {
        /* of this thread alone, unlike setresuid() */
        if (i == 1)
            assert_int_equal(syscall(SYS_setresuid, -1, NOBODY, -1), 0);
        int peer = peer_connect(server.ipc);
        if (i == 1)
            assert_int_equal(syscall(SYS_setresuid, -1, 0, -1), 0);
        assert_true(peer >= 0);
        assert_true(peer_send(peer, peer_greeting, sizeof peer_greeting));
        assert_int_equal(recv(peer, frame, sizeof peer_greeting, MSG_WAITALL),
                         sizeof peer_greeting);
        assert_true(peer_send(peer, frame, peer_frame(server.ipc, &request, 1, frame)));
        Reply *reply = peer_reply(peer, server.ipc, NULL);
        assert_non_null(reply);
        assert_int_equal(reply->code, i == 0 ? CODE_OK : CODE_UNAUTHENTICATED);
        clientiq__v1__reply__free_unpacked(reply, NULL);
        close(peer);
    }
    server_down(&server);
    mode_text[0] = '\0';
}

static void
test_socket_mode__as_the_setting_says(void **state)
{
    static const char *const modes[] = {"0600", "660", "0777"};
    World *world = *state;

    operator_text[0] = '\0';
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        TestServer server;
        struct stat status;

        snprintf(mode_text, sizeof mode_text, "%s", modes[i]);
        server_up(&server, &world->database, other_operator);
        assert_int_equal(stat(server.ipc + strlen("ipc://"), &status), 0);
        assert_int_equal(status.st_mode & 0777, strtol(modes[i], NULL, 8));
        server_down(&server);
    }
    mode_text[0] = '\0';
}

/* What cannot be meant is refused before anything listens, and --check-config says so too. */
static void
test_settings__that_are_wrong(void **state)
{
    static const char *const words[][3] = {
        {"--operator", "root", "--operator must be off, or uids separated by commas, got \"root\""},
        {"--operator", "0,", "--operator must be off"},
        {"--operator", "-1", "--operator must be off"},
        {"--operator", "4294967295", "--operator must be off"},
        {"--operator", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "at most 16 uids"},
        {"--socket-mode", "rw", "--socket-mode must be an octal number from 0 to 0777"},
        {"--socket-mode", "1777", "--socket-mode must be"},
        {"--socket-mode", "-1", "--socket-mode must be"},
        {"--socket-mode", "068", "--socket-mode must be"},
        {"--listen", "inproc://ciq", "a URL must begin with ipc://, abstract://, tcp:// or "},
        {"--listen", "ws://127.0.0.1:7420/", "a URL must begin with"},
    };
    World *world = *state;
    char output[1024];

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(server_command(&world->database, output, sizeof output,
                                        "--check-config %s '%s'", words[i][0], words[i][1]),
                         2);
        if (strstr(output, words[i][2]) == NULL)
            fail_msg("%s %s: got %s, expected %s", words[i][0], words[i][1], output, words[i][2]);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connections__idlest_makes_room),
        cmocka_unit_test(test_connections__of_one_address),
        cmocka_unit_test(test_connections__busy_ones_stay),
        cmocka_unit_test(test_connection__calls_at_a_time),
        cmocka_unit_test(test_caller_gone__call_is_dropped),
        cmocka_unit_test(test_operator__as_the_setting_says),
        cmocka_unit_test(test_operator__is_not_needed_for_the_first_superuser),
        cmocka_unit_test(test_operator__another_user_is_none),
        cmocka_unit_test(test_socket_mode__as_the_setting_says),
        cmocka_unit_test(test_settings__that_are_wrong),
    };

    return run_cases(tests, world_setup, world_teardown);
}
