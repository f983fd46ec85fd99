/* A server that is stopped while peers ask it without a pause, or hold it up in every way that a
 * peer can.  nng 1.5.2 waits for ever in one of four attempts to close a socket of its own on which
 * messages come in (its pull request 1636).  */
#include "harness/fleet.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 4, ASKERS = 32, HEADER = 9 /* of ipc://: a 1, and the length */ };

typedef struct Asker {
    pthread_t thread;
    const char *url;
    _Atomic unsigned *answers;
} Asker;

static bool
read_all(int descriptor, uint8_t *data, size_t size)
{
    for (ssize_t got; size > 0; data += got, size -= (size_t) got)
        if ((got = read(descriptor, data, size)) <= 0)
            return false;
    return true;
}

/* Health is answered from memory, so at once, however the server is.  Without nng, whose own
 * closing would be tested as well.  Ends when the server has closed the connection. */
static void *
ask(void *argument)
{
    const Asker *asker = argument;
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t frame[128], answer[1024];
    int descriptor = peer_connect(asker->url);

    request.method = TEXT("grpc.health.v1.Health/Check");
    size_t size = peer_frame(asker->url, &request, 0, frame);
    if (descriptor >= 0 &&
        send(descriptor, peer_greeting, sizeof peer_greeting, MSG_NOSIGNAL) ==
            sizeof peer_greeting &&
        read_all(descriptor, answer, sizeof peer_greeting)) {
        while (send(descriptor, frame, size, MSG_NOSIGNAL) == (ssize_t) size &&
               read_all(descriptor, answer, HEADER) && answer[7] == 0 &&
               read_all(descriptor, answer + HEADER, answer[8]))
            (*asker->answers)++;
    }
    close(descriptor);
    return NULL;
}

static bool
are_answered(void *argument)
{
    return *(_Atomic unsigned *) argument >= 10 * ASKERS;
}

static void
test_stop__ends_under_load(void **state)
{
    Fleet *fleet = *state;

    for (int round = 0; round < ROUNDS; round++) {
        ServerProcess process;
        Asker askers[ASKERS];
        _Atomic unsigned answers = 0;

        process_start(&process, &fleet->database, fleet->apps, NULL);
        for (size_t i = 0; i < ASKERS; i++) {
            askers[i] = (Asker){.url = process.url, .answers = &answers};
            assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
        }
        wait_until("answers", are_answered, &answers);
        process_stop(&process); /* it would never return */
        for (size_t i = 0; i < ASKERS; i++)
            pthread_join(askers[i].thread, NULL);
    }
}

/* Peers that are idle, in the middle of a hello or of a message, that do not read, whose answers
 * pause, and whose calls are being served. */
static void
test_stop__ends_with_peers_of_all_kinds(void **state)
{
    enum { KINDS = 6, OF_EACH = 8 };
    Fleet *fleet = *state;
    ServerProcess process;
    int peers[KINDS * OF_EACH];
    uint8_t frame[512], *zeros = calloc(1, 100000);
    Request health = CLIENTIQ__V1__REQUEST__INIT, refused = health;

    process_start(&process, &fleet->database, fleet->apps, NULL);
    health.method = TEXT("grpc.health.v1.Health/Check");
    refused.method = TEXT("clientiq.v1.TenantService/ListTenants");
    refused.token = TEXT("ciq_s_0_nobodyknowsthis");
    for (int i = 0; i < KINDS * OF_EACH; i++) {
        const char *url = i / KINDS % 2 == 0 ? process.url : process.tcp;

        peers[i] = i % KINDS == 0 ? peer_connect(url) : peer_new(url);
        assert_true(peers[i] >= 0);
        if (i % KINDS == 0)
            assert_true(peer_send(peers[i], peer_greeting, 3));
        if (i % KINDS == 1)
            assert_true(peer_send(peers[i], frame, peer_head(url, 100000, 1, frame) / 2));
        if (i % KINDS == 2) {
            assert_true(peer_send(peers[i], frame, peer_head(url, 100000, 1, frame)));
            assert_true(peer_send(peers[i], zeros, 90000));
        }
        for (uint32_t j = 0; i % KINDS == 3 && j < 20000; j++) {
            size_t size = peer_frame(url, &health, j, frame);

            if (send(peers[i], frame, size, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t) size)
                break;
        }
        for (uint32_t j = 0; i % KINDS == 4 && j < 200; j++)
            (void) peer_send(peers[i], frame, peer_frame(url, &refused, j, frame));
    }
    process_stop(&process);
    for (int i = 0; i < KINDS * OF_EACH; i++)
        close(peers[i]);
    free(zeros);
}

static int
setup(void **state)
{
    static Fleet fleet;

    fleet_new(&fleet);
    *state = &fleet;
    return 0;
}

static int
teardown(void **state)
{
    fleet_free(*state);
    return 0;
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop__ends_under_load),
        cmocka_unit_test(test_stop__ends_with_peers_of_all_kinds),
    };

    return run_cases(tests, setup, teardown);
}
