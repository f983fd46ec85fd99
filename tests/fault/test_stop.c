/* A server that is stopped while peers ask it without a pause.  nng 1.5.2 waits for ever in closing a socket on which
 * messages come in, in one stop of four under such a load (its pull request 1636).  */
#include "harness.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { ROUNDS = 6, ASKERS = 32, WAIT_MS = 200 };

typedef struct Asker {
    nng_socket socket;
    pthread_t thread;
    const atomic_bool *stop;
    _Atomic unsigned *answers;
} Asker;

/* Health is answered from memory, so at once, however the server is. */
static void *
ask(void *argument)
{
    Asker *asker = argument;
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t packed[128];

    request.method = TEXT("grpc.health.v1.Health/Check");
    size_t size = clientiq__v1__request__pack(&request, packed);
    while (!*asker->stop) {
        nng_msg *message;

        if (nng_msg_alloc(&message, 0) != 0)
            break;
        nng_msg_append(message, packed, size);
        if (nng_sendmsg(asker->socket, message, 0) != 0)
            nng_msg_free(message);
        else if (nng_recvmsg(asker->socket, &message, 0) == 0) {
            nng_msg_free(message);
            (*asker->answers)++;
        }
    }
    return NULL;
}

static bool
are_answered(void *argument)
{
    return *(_Atomic unsigned *) argument >= 10 * ASKERS;
}

static void
stop_under_load(TestDatabase *database, bool tcp)
{
    TestServer server;
    Asker askers[ASKERS];
    atomic_bool stop = false;
    _Atomic unsigned answers = 0;

    server_up(&server, database, NULL);
    for (size_t i = 0; i < ASKERS; i++) {
        Asker *asker = &askers[i];

        asker->stop = &stop;
        asker->answers = &answers;
        assert_int_equal(nng_req0_open(&asker->socket), 0);
        nng_socket_set_ms(asker->socket, NNG_OPT_SENDTIMEO, WAIT_MS);
        nng_socket_set_ms(asker->socket, NNG_OPT_RECVTIMEO, WAIT_MS);
        assert_int_equal(nng_dial(asker->socket, tcp ? server.tcp : server.ipc, NULL, 0), 0);
        assert_int_equal(pthread_create(&asker->thread, NULL, ask, asker), 0);
    }
    wait_until("answers", are_answered, &answers);
    server_down(&server); /* it would never return */
    stop = true;
    for (size_t i = 0; i < ASKERS; i++) {
        pthread_join(askers[i].thread, NULL);
        nng_close(askers[i].socket);
    }
}

static void
test_stop__ends_under_load(void **state)
{
    World *world = *state;

    for (int i = 0; i < ROUNDS; i++)
        stop_under_load(&world->database, i % 2 == 1);
    assert_int_equal(user_count(world->acme, world_email), 1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop__ends_under_load),
    };

    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
