/* A server that is stopped while peers ask it without a pause.  nng 1.5.2 may wait for ever in
 * closing a socket on which messages come in (its pull request 1636): so it did in one stop of four
 * under such a load.  */
#include "harness/fleet.h"

#include <pthread.h>
#include <stdatomic.h>
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
    int descriptor = ipc_connect(asker->url);

    request.method = TEXT("grpc.health.v1.Health/Check");
    size_t size = ipc_frame(&request, 0, frame);
    if (descriptor >= 0 &&
        send(descriptor, ipc_greeting, sizeof ipc_greeting, MSG_NOSIGNAL) == sizeof ipc_greeting &&
        read_all(descriptor, answer, sizeof ipc_greeting)) {
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
    };

    return run_cases(tests, setup, teardown);
}
