/* Hordes of hostile peers, over ipc:// and tcp://, against a server of a process of its own: they
 * connect and close, send half of something, ask and go before the answer, never read.  Honest
 * clients are served all the while, and afterwards the server has not one descriptor more than
 * before.  */
#include "harness/fleet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEALTH_MAX = 128, LARGE = 1000000 };

typedef struct Storm {
    Fleet fleet;
    ServerProcess process;
    size_t descriptors; /* before the storm */
} Storm;

static const char *const options[] = {"--message-timeout-ms", "300", "--reply-timeout-ms", "300",
                                      NULL};

static size_t
health(const char *url, uint32_t id, uint8_t frame[HEALTH_MAX])
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;

    request.method = TEXT("grpc.health.v1.Health/Check");
    return peer_frame(url, &request, id, frame);
}

/* On a connection that said hello. */
static void
expect_answer(int peer, const char *url)
{
    uint8_t frame[HEALTH_MAX];
    uint32_t id;
    Reply *reply;

    assert_true(peer_send(peer, frame, health(url, 99, frame)));
    reply = peer_reply(peer, url, &id);
    assert_non_null(reply);
    assert_int_equal(reply->code, CODE_OK);
    assert_int_equal(id, 99);
    clientiq__v1__reply__free_unpacked(reply, NULL);
}

static void
expect_served(const char *url)
{
    int peer = peer_new(url);

    expect_answer(peer, url);
    close(peer);
}

static bool
are_given_back(void *argument)
{
    const Storm *storm = argument;

    return process_descriptors(&storm->process) <= storm->descriptors;
}

/* Runs a storm over both kinds of URL, and looks what it leaves behind. */
static void
over_both(Storm *storm, void (*run)(const Storm *storm, const char *url))
{
    const char *urls[] = {storm->process.url, storm->process.tcp};

    for (size_t i = 0; i < 2; i++) {
        run(storm, urls[i]);
        expect_served(urls[i]);
        wait_until("all descriptors to be given back", are_given_back, storm);
    }
}

/* ---- connecting and closing ---- */

static void
connect_and_close(const Storm *storm, const char *url)
{
    (void) storm;
    for (int i = 0; i < 3000; i++) {
        int peer = peer_connect(url);

        assert_true(peer >= 0);
        if (i % 3 == 0)
            (void) peer_send(peer, peer_greeting, sizeof peer_greeting);
        peer_close(peer, i % 2 == 0);
        if (i % 1000 == 999)
            expect_served(url);
    }
}

static void
test_storm__connects_and_closes(void **state)
{
    over_both(*state, connect_and_close);
}

/* ---- asking and going ---- */

static void
ask_and_go(const Storm *storm, const char *url)
{
    enum { REQUESTS = 60 };
    uint8_t frames[REQUESTS * HEALTH_MAX];
    size_t size = 0;

    (void) storm;
    for (uint32_t i = 0; i < REQUESTS; i++)
        size += health(url, i, frames + size);
    for (int i = 0; i < 400; i++) {
        int peer = peer_new(url);

        (void) peer_send(peer, frames, size);
        if (i % 3 == 0)
            clientiq__v1__reply__free_unpacked(peer_reply(peer, url, NULL), NULL);
        peer_close(peer, i % 2 == 0);
    }
}

static void
test_storm__asks_and_goes(void **state)
{
    over_both(*state, ask_and_go);
}

/* ---- half of something ---- */

/* The connection with the i-th kind of half: of a hello, of a length, of a message. */
static int
half(const char *url, int i, const uint8_t *zeros)
{
    uint8_t head[PEER_HEAD_MAX];
    size_t size = peer_head(url, LARGE, 1, head);
    int peer = i % 5 == 0 ? peer_connect(url) : peer_new(url);

    assert_true(peer >= 0);
    if (i % 5 == 0)
        (void) peer_send(peer, peer_greeting, 4);
    else if (i % 5 == 1)
        (void) peer_send(peer, head, size / 2);
    else
        (void) peer_send(peer, head, size);
    if (i % 5 > 2)
        (void) peer_send(peer, zeros, i % 5 == 3 ? 100 : LARGE - 10);
    return peer;
}

/* All are closed when their time is over, and nobody has to ask. */
static void
send_halves(const Storm *storm, const char *url)
{
    enum { PEERS = 100 };
    int peers[PEERS];
    uint8_t *zeros = calloc(1, LARGE);

    (void) storm;
    for (int i = 0; i < PEERS; i++)
        peers[i] = half(url, i, zeros);
    expect_served(url);
    for (int i = 0; i < PEERS; i++) {
        peer_wait_closed(peers[i]);
        close(peers[i]);
    }
    free(zeros);
}

static void
test_storm__of_halves(void **state)
{
    over_both(*state, send_halves);
}

static bool
drips(void *argument)
{
    return peer_send(*(int *) argument, "", 1) == false;
}

/* One byte from time to time does not make the time longer. */
static void
send_drops(const Storm *storm, const char *url)
{
    uint8_t head[PEER_HEAD_MAX];
    int peer = peer_new(url);

    (void) storm;
    assert_true(peer_send(peer, head, peer_head(url, LARGE, 1, head)));
    wait_until("a dripping peer to be closed", drips, &peer);
    close(peer);
}

static void
test_drops__do_not_make_it_longer(void **state)
{
    over_both(*state, send_drops);
}

/* ---- not reading ---- */

enum { ASKERS = 6 };

typedef struct Askers {
    const Storm *storm;
    const uint8_t *frames; /* what they ask again and again */
    size_t size;
    int descriptors[ASKERS];
    size_t at[ASKERS];
} Askers;

/* Each asks on as long as the other side takes it.  True: the server has closed all, whatever a
 * peer that reads nothing can know of that. */
static bool
are_all_closed(void *argument)
{
    Askers *askers = argument;

    for (int i = 0; i < ASKERS; i++) {
        ssize_t put;

        while ((put = send(askers->descriptors[i], askers->frames + askers->at[i],
                           askers->size - askers->at[i], MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
            askers->at[i] = (askers->at[i] + (size_t) put) % askers->size;
    }
    return process_descriptors(&askers->storm->process) <= askers->storm->descriptors;
}

static void
never_read(const Storm *storm, const char *url)
{
    enum { REQUESTS = 100, FRAME_MAX = 256 };
    uint8_t frames[REQUESTS * FRAME_MAX];
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    char method[WIRE_METHOD_MAX] = "nobody/";
    Askers askers = {.storm = storm, .frames = frames};

    /* the answer repeats the name, and so fills the buffers sooner */
    memset(method + strlen(method), 'x', sizeof method - 1 - strlen(method));
    request.method = method;
    for (uint32_t i = 0; i < REQUESTS; i++)
        askers.size += peer_frame(url, &request, i, frames + askers.size);
    for (int i = 0; i < ASKERS; i++)
        askers.descriptors[i] = peer_new(url);
    (void) are_all_closed(&askers); /* asks; each has been greeted, so all of them were let in */
    expect_served(url);
    wait_until("peers that never read to be closed", are_all_closed, &askers);
    for (int i = 0; i < ASKERS; i++)
        close(askers.descriptors[i]);
}

static void
test_storm__never_reads(void **state)
{
    over_both(*state, never_read);
}

/* ---- limits ---- */

typedef struct Peers {
    int count, at_most;
    int descriptors[24];
} Peers;

static bool
at_most_are_open(void *argument)
{
    Peers *peers = argument;
    int open = 0;

    for (int i = 0; i < peers->count; i++) {
        char byte;
        ssize_t got = recv(peers->descriptors[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK);

        open += got < 0 && errno == EAGAIN;
    }
    return open <= peers->at_most;
}

/* What is read of messages that do not end is bounded in sum, and whoever ends one is served. */
static void
test_halves__are_bounded_in_sum(void **state)
{
    Storm *storm = *state;
    const char *few[] = {"--connection-bytes", "4194304", NULL};
    uint8_t *zeros = calloc(1, LARGE);
    ServerProcess process;

    process_start(&process, &storm->fleet.database, storm->fleet.apps, few);
    for (int t = 0; t < 2; t++) {
        const char *url = t == 0 ? process.url : process.tcp;
        Peers peers = {.count = 24, .at_most = 4};

        for (int i = 0; i < peers.count; i++)
            peers.descriptors[i] = half(url, 4, zeros);
        wait_until("what is too much to be closed", at_most_are_open, &peers);
        int honest = half(url, 4, zeros);
        assert_true(peer_send(honest, zeros, 10));
        Reply *reply = peer_reply(honest, url, NULL);
        assert_non_null(reply); /* it is no request, but was read to its end */
        clientiq__v1__reply__free_unpacked(reply, NULL);
        close(honest);
        for (int i = 0; i < peers.count; i++)
            close(peers.descriptors[i]);
    }
    process_stop(&process);
    free(zeros);
}

/* Without descriptors whoever has been idle longest makes room for whoever comes. */
static void
test_no_descriptors__idlest_makes_room(void **state)
{
    enum { PEERS = 60, MORE = 12 };
    Storm *storm = *state;
    int peers[PEERS];

    for (int t = 0; t < 2; t++) {
        ServerProcess process;
        struct rlimit limit;

        process_start(&process, &storm->fleet.database, storm->fleet.apps, NULL);
        const char *url = t == 0 ? process.url : process.tcp;
        expect_served(url);
        limit.rlim_cur = limit.rlim_max = process_descriptors(&process) + MORE;
        assert_int_equal(prlimit(process.pid, RLIMIT_NOFILE, &limit, NULL), 0);
        for (int i = 0; i < PEERS; i++) {
            peers[i] = peer_new(url);
            expect_answer(peers[i], url);
        }
        peer_wait_closed(peers[0]);
        for (int i = 0; i < PEERS; i++)
            close(peers[i]);
        expect_served(url);
        process_stop(&process);
    }
}

static int
setup(void **state)
{
    static Storm storm;

    fleet_new(&storm.fleet);
    process_start(&storm.process, &storm.fleet.database, storm.fleet.apps, options);
    assert_true(storm.process.tcp[0] != '\0');
    /* connections to the database that are opened late are not ours to count */
    for (int i = 0; i < 100; i++)
        expect_served(i % 2 == 0 ? storm.process.url : storm.process.tcp);
    storm.descriptors = process_descriptors(&storm.process);
    *state = &storm;
    return 0;
}

static int
teardown(void **state)
{
    Storm *storm = *state;

    process_stop(&storm->process);
    fleet_free(&storm->fleet);
    return 0;
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storm__connects_and_closes),
        cmocka_unit_test(test_storm__asks_and_goes),
        cmocka_unit_test(test_storm__of_halves),
        cmocka_unit_test(test_drops__do_not_make_it_longer),
        cmocka_unit_test(test_storm__never_reads),
        cmocka_unit_test(test_halves__are_bounded_in_sum),
        cmocka_unit_test(test_no_descriptors__idlest_makes_room),
    };

    return run_cases(tests, setup, teardown);
}
