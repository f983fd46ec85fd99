/* The server as nng's peers see it: REQ sockets with many contexts, that send again, come through
 * devices and come back; nngcat; and peers that speak the protocol by hand, rightly and wrongly. */
#include "harness/harness.h"

#include "client/call.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static Request
health(void)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;

    request.method = TEXT("grpc.health.v1.Health/Check");
    return request;
}

/* A request for a method that does not exist, packed to exactly so many bytes. */
static uint8_t *
request_of_size(size_t size)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t *packed = malloc(size), *payload = calloc(1, size);

    request.method = TEXT("nobody/Nothing");
    request.payload.data = payload;
    request.payload.len = size;
    while (clientiq__v1__request__get_packed_size(&request) > size)
        request.payload.len--;
    assert_int_equal(clientiq__v1__request__pack(&request, packed), size);
    free(payload);
    return packed;
}

static nng_socket
req_new(const char *url)
{
    nng_socket socket;

    assert_int_equal(nng_req0_open(&socket), 0);
    nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 10000);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 1);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, 10);
    nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    assert_int_equal(nng_dial(socket, url, NULL, 0), 0);
    return socket;
}

/* Sends bytes and gives the code of the reply, or -1 and nng's error. */
static int
ask_bytes(nng_socket socket, const void *data, size_t size, int *error)
{
    nng_msg *message;
    int code = -1;

    assert_int_equal(nng_msg_alloc(&message, 0), 0);
    assert_int_equal(nng_msg_append(message, data, size), 0);
    assert_int_equal(nng_sendmsg(socket, message, 0), 0);
    *error = nng_recvmsg(socket, &message, 0);
    if (*error == 0) {
        Reply *reply =
            clientiq__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));

        assert_non_null(reply);
        code = (int) reply->code;
        clientiq__v1__reply__free_unpacked(reply, NULL);
        nng_msg_free(message);
    }
    return code;
}

static void
expect_health(nng_socket socket)
{
    Request request = health();
    uint8_t packed[128];
    int error;

    assert_int_equal(
        ask_bytes(socket, packed, clientiq__v1__request__pack(&request, packed), &error), CODE_OK);
}

/* ---- REQ ---- */

enum { CONTEXTS = 64, ROUNDS = 40 };

typedef struct Asking {
    nng_ctx context;
    nng_aio *aio;
    int number;
} Asking;

static void
send_number(Asking *asking)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    nng_msg *message;
    char method[32];

    snprintf(method, sizeof method, "nobody/Number%d", asking->number);
    request.method = method;
    assert_int_equal(nng_msg_alloc(&message, clientiq__v1__request__get_packed_size(&request)), 0);
    clientiq__v1__request__pack(&request, nng_msg_body(message));
    nng_aio_set_msg(asking->aio, message);
    nng_ctx_send(asking->context, asking->aio);
}

static void
expect_number(Asking *asking)
{
    nng_msg *message = nng_aio_get_msg(asking->aio);
    char text[64];

    assert_int_equal(nng_aio_result(asking->aio), 0);
    Reply *reply = clientiq__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
    assert_non_null(reply);
    snprintf(text, sizeof text, "no method nobody/Number%d", asking->number);
    assert_string_equal(reply->message, text);
    clientiq__v1__reply__free_unpacked(reply, NULL);
    nng_msg_free(message);
}

/* Each context gets the answer to its own request, also if nng sends requests again. */
static void
test_req__many_contexts_that_send_again(void **state)
{
    World *world = *state;
    nng_socket socket = req_new(world->server.url);
    Asking asking[CONTEXTS];

    for (int i = 0; i < CONTEXTS; i++) {
        assert_int_equal(nng_ctx_open(&asking[i].context, socket), 0);
        assert_int_equal(nng_ctx_set_ms(asking[i].context, NNG_OPT_REQ_RESENDTIME, 1), 0);
        assert_int_equal(nng_aio_alloc(&asking[i].aio, NULL, NULL), 0);
        nng_aio_set_timeout(asking[i].aio, 10000);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CONTEXTS; i++) {
            asking[i].number = round * CONTEXTS + i;
            send_number(&asking[i]);
        }
        for (int i = 0; i < CONTEXTS; i++) {
            nng_aio_wait(asking[i].aio);
            assert_int_equal(nng_aio_result(asking[i].aio), 0);
            nng_ctx_recv(asking[i].context, asking[i].aio);
        }
        for (int i = 0; i < CONTEXTS; i++) {
            nng_aio_wait(asking[i].aio);
            expect_number(&asking[i]);
        }
    }
    /* nng may wait for ever in closing a socket to which answers still come; what is asked last is
     * answered last, since these are answered from memory */
    assert_int_equal(
        nng_ctx_set_ms(asking[0].context, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE), 0);
    send_number(&asking[0]);
    nng_aio_wait(asking[0].aio);
    nng_ctx_recv(asking[0].context, asking[0].aio);
    nng_aio_wait(asking[0].aio);
    expect_number(&asking[0]);
    nng_close(socket);
    for (int i = 0; i < CONTEXTS; i++)
        nng_aio_free(asking[i].aio);
}

/* 1 MiB is served; one byte more closes the connection, and the next one is served again. */
static void
test_req__largest_message(void **state)
{
    World *world = *state;
    uint8_t *largest = request_of_size(WIRE_MESSAGE_MAX);
    uint8_t *larger = request_of_size(WIRE_MESSAGE_MAX + 1);
    nng_socket socket = req_new(world->server.url);
    int error;

    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask_bytes(socket, largest, WIRE_MESSAGE_MAX, &error), CODE_UNIMPLEMENTED);
        assert_int_equal(ask_bytes(socket, larger, WIRE_MESSAGE_MAX + 1, &error), -1);
        assert_int_equal(error, NNG_ECONNRESET);
        expect_health(socket);
    }
    nng_close(socket);
    free(largest);
    free(larger);
}

typedef struct Device {
    nng_socket front, back;
    pthread_t thread;
} Device;

static void *
forward(void *argument)
{
    const Device *device = argument;

    (void) nng_device(device->front, device->back);
    return NULL;
}

/* Words that devices put before a message come back with the answer. */
static void
test_req__through_two_devices(void **state)
{
    World *world = *state;
    Device devices[2];
    char urls[2][80];
    const char *next = world->server.url;

    for (int i = 0; i < 2; i++) {
        snprintf(urls[i], sizeof urls[i], "ipc:///tmp/ciq-device-%ld-%d.sock", (long) getpid(), i);
        assert_int_equal(nng_rep0_open_raw(&devices[i].front), 0);
        assert_int_equal(nng_req0_open_raw(&devices[i].back), 0);
        assert_int_equal(nng_dial(devices[i].back, next, NULL, 0), 0);
        assert_int_equal(nng_listen(devices[i].front, urls[i], NULL, 0), 0);
        assert_int_equal(pthread_create(&devices[i].thread, NULL, forward, &devices[i]), 0);
        next = urls[i];
    }
    nng_socket sockets[] = {req_new(next), req_new(next)};
    for (int i = 0; i < 20; i++)
        expect_health(sockets[i % 2]);
    nng_close(sockets[0]);
    nng_close(sockets[1]);
    for (int i = 1; i >= 0; i--) {
        nng_close(devices[i].front);
        nng_close(devices[i].back);
        pthread_join(devices[i].thread, NULL);
    }
}

/* A program that is not ours. */
static void
test_nngcat__is_answered(void **state)
{
    World *world = *state;
    Request request = health();
    uint8_t packed[128], answer[1024];
    char path[64], line[512];
    size_t size = clientiq__v1__request__pack(&request, packed);

    if (system("command -v nngcat >/dev/null") != 0)
        skip();
    snprintf(path, sizeof path, "/tmp/ciq-nngcat-%ld", (long) getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(packed, 1, size, file), size);
    fclose(file);
    snprintf(line, sizeof line, "nngcat --req --raw --recv-timeout 10 --file=%s --dial %s", path,
             world->server.url);
    FILE *stream = popen(line, "r");
    assert_non_null(stream);
    size = fread(answer, 1, sizeof answer, stream);
    assert_int_equal(pclose(stream), 0);
    unlink(path);
    Reply *reply = clientiq__v1__reply__unpack(NULL, size, answer);
    assert_non_null(reply);
    assert_int_equal(reply->code, CODE_OK);
    clientiq__v1__reply__free_unpacked(reply, NULL);
}

/* ---- by hand ---- */

static void
expect_served(const char *url)
{
    Request request = health();
    uint8_t frame[128];
    int peer = peer_new(url);
    uint32_t id;

    assert_true(peer_send(peer, frame, peer_frame(url, &request, 77, frame)));
    Reply *reply = peer_reply(peer, url, &id);
    assert_non_null(reply);
    assert_int_equal(reply->code, CODE_OK);
    assert_int_equal(id, 77);
    clientiq__v1__reply__free_unpacked(reply, NULL);
    close(peer);
}

/* The hello and a request, byte by byte. */
static void
test_peer__sends_bytes_one_by_one(void **state)
{
    World *world = *state;
    const char *url = world->server.url;
    Request request = health();
    uint8_t frame[128];
    size_t size = peer_frame(url, &request, 5, frame);
    int peer = peer_connect(url);
    char hello[8];

    for (size_t i = 0; i < sizeof peer_greeting; i++)
        assert_true(peer_send(peer, peer_greeting + i, 1));
    for (size_t i = 0; i < size; i++)
        assert_true(peer_send(peer, frame + i, 1));
    assert_int_equal(recv(peer, hello, sizeof hello, MSG_WAITALL), sizeof hello);
    Reply *reply = peer_reply(peer, url, NULL);
    assert_non_null(reply);
    assert_int_equal(reply->code, CODE_OK);
    clientiq__v1__reply__free_unpacked(reply, NULL);
    close(peer);
}

/* More requests at once than a connection may have calls: each is answered once. */
static void
test_peer__sends_many_at_once(void **state)
{
    enum { REQUESTS = 3000 };
    World *world = *state;
    const char *url = world->server.url;
    Request request = health();
    uint8_t frame[128];
    bool answered[REQUESTS] = {false};
    int peer = peer_new(url);

    for (uint32_t i = 0; i < REQUESTS; i++) {
        size_t size = peer_frame(url, &request, i, frame);

        /* the answers must be read too, or both sides would wait */
        assert_true(peer_send(peer, frame, size));
        if (i % 200 != 199)
            continue;
        for (int j = 0; j < 200; j++) {
            uint32_t id;
            Reply *reply = peer_reply(peer, url, &id);

            assert_non_null(reply);
            assert_true(id < REQUESTS && !answered[id]);
            answered[id] = true;
            clientiq__v1__reply__free_unpacked(reply, NULL);
        }
    }
    close(peer);
}

static void
expect_closed_after(const char *url, const void *first, size_t first_size, const void *then,
                    size_t then_size)
{
    int peer = peer_connect(url);

    assert_true(peer >= 0);
    (void) peer_send(peer, first, first_size);
    (void) peer_send(peer, then, then_size);
    peer_wait_closed(peer);
    close(peer);
    expect_served(url);
}

static void
test_hello__wrong(void **state)
{
    static const char *const hellos[] = {"\0SP\0\0\x31\0\0", "\0SP\0\0\x20\0\0", "\0SP\1\0\x30\0\0",
                                         "GET / HT", "\x16\3\1\2\0\1\0\1"};
    World *world = *state;

    for (size_t i = 0; i < sizeof hellos / sizeof *hellos; i++)
        expect_closed_after(world->server.url, hellos[i], 8, "", 0);
}

static void
test_frame__wrong(void **state)
{
    World *world = *state;
    const char *url = world->server.url;
    size_t type = strncmp(url, "ipc", 3) == 0 ? 1 : 0;
    static const uint8_t lengths[][9] = {
        {1, 0, 0, 0, 0, 0, 0, 0, 0},    /* no words */
        {1, 0, 0, 0, 0, 0, 0, 0, 3},    /* less than one word */
        {1, 0, 0, 0, 0, 0, 0x20, 0, 0}, /* 2 MiB */
        {1, 0, 0, 0, 2, 0, 0, 0, 0},    /* 8 GiB */
        {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
    };
    uint8_t unended[1 + 8 + 6] = {1, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0};

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        expect_closed_after(url, peer_greeting, sizeof peer_greeting, lengths[i] + 1 - type,
                            8 + type);
    expect_closed_after(url, peer_greeting, sizeof peer_greeting, unended + 1 - type,
                        sizeof unended - 1 + type);
    if (type > 0)
        expect_closed_after(url, peer_greeting, sizeof peer_greeting, "\2\0\0\0\0\0\0\0\4", 9);
}

/* What passed seven devices is answered; what passed eight is not, and the connection goes on. */
static void
test_words__of_too_many_devices(void **state)
{
    World *world = *state;
    const char *url = world->server.url;
    size_t type = strncmp(url, "ipc", 3) == 0 ? 1 : 0;
    Request request = health();
    uint8_t packed[64], frame[256];
    size_t size = clientiq__v1__request__pack(&request, packed);
    int peer = peer_new(url);

    for (size_t devices = 7; devices <= 8; devices++) {
        uint8_t *at = frame;

        memset(frame, 0, sizeof frame);
        if (type > 0)
            *at++ = 1;
        at[7] = (uint8_t) (size + 4 * devices + 4);
        at += 8;
        for (size_t i = 0; i < devices; i++, at += 4)
            at[3] = (uint8_t) (i + 1);
        at[0] = 0x80;
        at += 4;
        memcpy(at, packed, size);
        at += size;
        assert_true(peer_send(peer, frame, (size_t) (at - frame)));
        if (devices == 7) {
            uint8_t answer[1 + 8 + 32];

            assert_int_equal(recv(peer, answer, type + 8 + 32, MSG_WAITALL), type + 8 + 32);
            assert_memory_equal(answer + type + 8, frame + type + 8, 32);
            /* the rest of it */
            uint8_t rest[256];
            size_t left = (size_t) answer[type + 7] - 32;
            assert_int_equal(recv(peer, rest, left, MSG_WAITALL), left);
        }
    }
    uint32_t id;
    assert_true(peer_send(peer, frame, peer_frame(url, &request, 3, frame)));
    Reply *reply = peer_reply(peer, url, &id);
    assert_non_null(reply);
    assert_int_equal(id, 3);
    clientiq__v1__reply__free_unpacked(reply, NULL);
    close(peer);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req__many_contexts_that_send_again),
        cmocka_unit_test(test_req__largest_message),
        cmocka_unit_test(test_req__through_two_devices),
        cmocka_unit_test(test_nngcat__is_answered),
        cmocka_unit_test(test_peer__sends_bytes_one_by_one),
        cmocka_unit_test(test_peer__sends_many_at_once),
        cmocka_unit_test(test_hello__wrong),
        cmocka_unit_test(test_frame__wrong),
        cmocka_unit_test(test_words__of_too_many_devices),
    };

    return run_cases(tests, world_setup, world_teardown);
}
