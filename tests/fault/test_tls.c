/* tls+tcp://: who is served, who is not, and what peers that speak no TLS leave behind.  */
#include "harness/harness.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALLS = 200, STRANGERS = 300 };

static char folder[64];
static World *world;
static char tls_url[96], raw_url[96]; /* the second for peers, which know no TLS */

/* A certificate that is its own authority, for localhost: <name>.pem and <name>.key. */
static void
make_certificate(const char *name)
{
    char command[600];

    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
             "/CN=localhost -addext subjectAltName=DNS:localhost -keyout %s/%s.key -out %s/%s.pem "
             "2>%s/openssl",
             folder, name, folder, name, folder);
    assert_int_equal(system(command), 0);
}

static const char *
path_of(const char *name)
{
    static char paths[4][128];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void
with_tls(Config *config)
{
    char urls[300];

    snprintf(urls, sizeof urls, "%s,tls+tcp://127.0.0.1:0", config->listen);
    setting_set(&config->listen, urls);
    setting_set(&config->tls_certificate, path_of("server.pem"));
    setting_set(&config->tls_key, path_of("server.key"));
}

static int
setup(void **state)
{
    char bound[64];

    folder_new(folder);
    make_certificate("server");
    make_certificate("other");
    if (world_up(state, with_tls) != 0)
        return -1;
    world = *state;
    assert_true(server_url(world->server.server, "tls+tcp", bound, sizeof bound));
    snprintf(tls_url, sizeof tls_url, "tls+tcp4://localhost%s", strrchr(bound, ':'));
    snprintf(raw_url, sizeof raw_url, "tcp://127.0.0.1%s", strrchr(bound, ':'));
    return 0;
}

static int
teardown(void **state)
{
    folder_remove(folder);
    return world_teardown(state);
}

static CiqClient *
client_of(const char *url, const char *authority, const char *token)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = url,
                                                     .ca_file = path_of(authority),
                                                     .tenant = "acme",
                                                     .token = token,
                                                     .connect_ms = 500,
                                                     .timeout_ms = 10000},
                                       &error);

    assert_ok(error);
    return client;
}

typedef struct Tally {
    _Atomic int ok, failed;
} Tally;

static void
count(void *argument, CiqGetUserResponse *response, CiqError *error)
{
    Tally *tally = argument;

    if (response != NULL)
        tally->ok++;
    else
        tally->failed++;
    ciq_get_user_response_free(response);
    ciq_error_free(error);
}

static bool
all_have_ended(void *argument)
{
    const Tally *tally = argument;

    return tally->ok + tally->failed == CALLS;
}

static void
expect_served(void)
{
    char token[TOKEN_SIZE];
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    Tally tally = {0};

    token_new(&world->server, "acme", world_email, token);

    CiqClient *client = client_of(tls_url, "server.pem", token);

    request.id = 1;
    for (int i = 0; i < CALLS; i++)
        ciq_get_user_async(client, &request, NULL, count, &tally);
    wait_until("all calls to end", all_have_ended, &tally);
    assert_int_equal(tally.failed, 0);
    ciq_client_free(client);
}

static void
test_tls__serves(void **state)
{
    (void) state;
    expect_served();
}

static void
expect_no_connection(const char *url, const char *authority)
{
    CiqError *error = NULL;
    CiqClient *client = client_of(url, authority, NULL);
    CiqHealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

    assert_null(ciq_check(client, &request, &error));
    assert_code(error, CODE_UNAVAILABLE, NULL);
    ciq_client_free(client);
}

static void
test_tls__who_is_not_trusted(void **state)
{
    char other_name[96], plain[96];

    (void) state;
    snprintf(other_name, sizeof other_name, "tls+tcp4://127.0.0.1%s", strrchr(tls_url, ':'));
    snprintf(plain, sizeof plain, "tls+tcp4://localhost%s", strrchr(world->server.tcp, ':'));
    expect_no_connection(tls_url, "other.pem");
    expect_no_connection(other_name, "server.pem");
    expect_no_connection(raw_url, "server.pem"); /* without TLS where it is spoken */
    expect_no_connection(plain, "server.pem");   /* with TLS where it is not */
    expect_served();
}

static size_t
open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t open_count = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL)
        open_count++;
    closedir(directory);
    return open_count;
}

static bool
are_given_back(void *argument)
{
    return open_descriptors() <= *(size_t *) argument;
}

/* A ClientHello begins like this, and goes on for 200 bytes. */
static const uint8_t half_hello[] = {0x16, 0x03, 0x01, 0x00, 0xc8, 0x01, 0x00, 0x00, 0xc4, 0x03};

static void
test_tls__strangers(void **state)
{
    size_t before = open_descriptors();
    int silent[20];

    (void) state;
    for (int i = 0; i < STRANGERS; i++) {
        int peer = peer_connect(raw_url);

        assert_true(peer >= 0);
        if (i % 3 == 1)
            (void) peer_send(peer, peer_greeting, sizeof peer_greeting);
        else if (i % 3 == 2)
            (void) peer_send(peer, half_hello, sizeof half_hello);
        peer_close(peer, i % 2 == 0);
    }
    for (size_t i = 0; i < 20; i++) {
        silent[i] = peer_connect(raw_url);
        assert_true(silent[i] >= 0);
        if (i % 2 == 0)
            (void) peer_send(silent[i], half_hello, sizeof half_hello);
    }
    expect_served();
    for (size_t i = 0; i < 20; i++)
        close(silent[i]);
    wait_until("all descriptors to be given back", are_given_back, &before);
    expect_served();
}

static void
test_tls__settings(void **state)
{
    static const struct {
        const char *words, *text;
    } wrong[] = {
        {"--listen tls+tcp://127.0.0.1:0", "without --tls-certificate and --tls-key"},
        {"--listen tls+tcp://127.0.0.1:0 --tls-key %s/server.key", "without --tls-certificate"},
        {"--listen tcp://0.0.0.0:0", "other machines would send tokens and passwords readable"},
        {"--listen tcp://*:0", "--plaintext-beyond-loopback on"},
        {"--listen tcp6://[::]:0", "--plaintext-beyond-loopback on"},
        {"--listen tcp://localhost.example:0", "--plaintext-beyond-loopback on"},
        {"--listen tcp://127.other.example:0", "--plaintext-beyond-loopback on"},
        {"--listen tcp6://[::ffff:10.0.0.1]:0", "--plaintext-beyond-loopback on"},
        {"--listen tls+tcp://127.0.0.1:0 --tls-key %s/none --tls-certificate %s/server.pem",
         "none: No such file or directory"},
        {"--listen tls+tcp://127.0.0.1:0 --tls-key %s/server.pem --tls-certificate %s/server.pem",
         "are no certificate and its private key in PEM"},
        {"--listen tls+tcp://127.0.0.1:0 --tls-key %s/other.key --tls-certificate %s/server.pem",
         "are no certificate and its private key in PEM"},
    };
    char output[20000], words[600];

    (void) state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(words, sizeof words, wrong[i].words, folder, folder);
        assert_true(server_command(&world->database, output, sizeof output, "%s", words) > 0);
        if (strstr(output, wrong[i].text) == NULL)
            fail_msg("%s: says %s", words, output);
    }
    assert_int_equal(server_command(&world->database, output, sizeof output,
                                    "--check-config --listen tcp://127.0.0.1:0,tcp://[::1]:0,tcp://"
                                    "localhost:0"),
                     0);
    assert_int_equal(server_command(&world->database, output, sizeof output,
                                    "--check-config --listen tcp://0.0.0.0:0 "
                                    "--plaintext-beyond-loopback on"),
                     0);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls__serves),
        cmocka_unit_test(test_tls__who_is_not_trusted),
        cmocka_unit_test(test_tls__strangers),
        cmocka_unit_test(test_tls__settings),
    };

    return run_cases(tests, setup, teardown);
}
