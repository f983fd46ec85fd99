/* A REP socket with many contexts; see fake.h.  */
#include "harness/fake.h"

#include "harness/cases.h"

#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Notes the request, and looks up what is to be done with it. */
static void
turn_begin(FakeTurn *turn)
{
    Fake *fake = turn->fake;
    Request *request = clientiq__v1__request__unpack(NULL, nng_msg_len(turn->message),
                                                     nng_msg_body(turn->message));
    bool is_probe = request != NULL && strcmp(request->method, "grpc.health.v1.Health/Check") == 0;
    size_t i;

    pthread_mutex_lock(&fake->lock);
    i = is_probe ? fake->probes++ : fake->requests++;
    turn->script = is_probe ? (FakeScript){.act = ACT_ANSWER}
                            : fake->script[i < fake->script_size ? i : fake->script_size - 1];
    if (fake->is_stopped)
        turn->script = (FakeScript){.act = ACT_HOLD};
    if (request != NULL && !is_probe && i < REQUESTS_MAX) {
        fake->runs[i] = request->run;
        fake->deadlines_us[i] = request->deadline_us;
        fake->key_sizes[i] = request->idempotency_key.len;
        if (request->idempotency_key.len == WIRE_KEY_SIZE)
            memcpy(fake->keys[i], request->idempotency_key.data, WIRE_KEY_SIZE);
        fake->timeouts_ms[i] = request->timeout_ms;
        snprintf(fake->tokens[i], sizeof fake->tokens[i], "%s", request->token);
    }
    pthread_mutex_unlock(&fake->lock);
    if (request != NULL)
        clientiq__v1__request__free_unpacked(request, NULL);
}

static void
turn_receive(FakeTurn *turn)
{
    turn->step = TURN_RECEIVE;
    nng_ctx_recv(turn->context, turn->aio);
}

static void
turn_end(FakeTurn *turn)
{
    Reply reply = CLIENTIQ__V1__REPLY__INIT;
    uint8_t packed[256];
    size_t size = 0;

    switch (turn->script.act) {
    case ACT_DROP:
        nng_pipe_close(nng_msg_get_pipe(turn->message));
        nng_msg_free(turn->message);
        turn_receive(turn);
        return;
    case ACT_HOLD:
        pthread_mutex_lock(&turn->fake->lock);
        turn->step = TURN_HELD;
        pthread_mutex_unlock(&turn->fake->lock);
        return;
    case ACT_NONSENSE:
        memset(packed, 0xff, size = 40);
        break;
    case ACT_WRONG_PAYLOAD:
        reply.payload = (ProtobufCBinaryData){3, (uint8_t *) (uintptr_t) "\xff\xff\xff"};
        break;
    case ACT_FAIL:
        reply.code = (Clientiq__V1__Code) turn->script.code;
        reply.message = (char *) (uintptr_t) "as told";
        reply.retry_after_ms = turn->script.retry_after_ms;
        break;
    case ACT_ANSWER:
        reply.run = turn->fake->run;
        reply.receive_us = FAKE_RECEIVE_US;
        break;
    }
    if (size == 0)
        size = clientiq__v1__reply__pack(&reply, packed);
    nng_msg_clear(turn->message);
    nng_msg_append(turn->message, packed, size);
    nng_aio_set_msg(turn->aio, turn->message);
    turn->step = TURN_SEND;
    nng_ctx_send(turn->context, turn->aio);
}

static void
turn_callback(void *argument)
{
    FakeTurn *turn = argument;
    int error = nng_aio_result(turn->aio);

    switch (turn->step) {
    case TURN_RECEIVE:
        if (error != 0)
            return; /* the test is over */
        turn->message = nng_aio_get_msg(turn->aio);
        turn_begin(turn);
        turn->step = TURN_DELAY;
        nng_sleep_aio(turn->script.delay_ms, turn->aio);
        return;
    case TURN_DELAY:
        if (error != 0)
            nng_msg_free(turn->message);
        else
            turn_end(turn);
        return;
    case TURN_SEND:
        if (error != 0)
            nng_msg_free(nng_aio_get_msg(turn->aio));
        turn_receive(turn);
        return;
    case TURN_HELD:
        return;
    }
}

void
fake_open(Fake *fake, const FakeScript *script, size_t script_size)
{
    static int number;

    memset(fake, 0, sizeof *fake);
    fake->script = script;
    fake->script_size = script_size;
    pthread_mutex_init(&fake->lock, NULL);
    snprintf(fake->url, sizeof fake->url, "ipc:///tmp/ciq-unit-%ld-%d.sock", (long) getpid(),
             ++number);
    assert_int_equal(nng_rep0_open(&fake->socket), 0);
    for (size_t i = 0; i < DEPTH; i++) {
        FakeTurn *turn = &fake->turns[i];

        turn->fake = fake;
        assert_int_equal(nng_ctx_open(&turn->context, fake->socket), 0);
        assert_int_equal(nng_aio_alloc(&turn->aio, turn_callback, turn), 0);
        turn_receive(turn);
    }
}

void
fake_listen(Fake *fake)
{
    nng_socket_set_size(fake->socket, NNG_OPT_RECVMAXSZ, WIRE_MESSAGE_MAX);
    assert_int_equal(nng_listen(fake->socket, fake->url, NULL, 0), 0);
}

void
fake_close(Fake *fake)
{
    for (size_t i = 0; i < DEPTH; i++)
        nng_aio_stop(fake->turns[i].aio);
    nng_close(fake->socket);
    for (size_t i = 0; i < DEPTH; i++) {
        if (fake->turns[i].step == TURN_HELD)
            nng_msg_free(fake->turns[i].message);
        nng_aio_free(fake->turns[i].aio);
    }
    pthread_mutex_destroy(&fake->lock);
}

size_t
fake_requests(Fake *fake)
{
    size_t requests;

    pthread_mutex_lock(&fake->lock);
    requests = fake->requests;
    pthread_mutex_unlock(&fake->lock);
    return requests;
}

void
fake_stop(Fake *fake)
{
    pthread_mutex_lock(&fake->lock);
    fake->is_stopped = true;
    pthread_mutex_unlock(&fake->lock);
}

void
fake_continue(Fake *fake)
{
    bool is_held[DEPTH];

    pthread_mutex_lock(&fake->lock);
    fake->is_stopped = false;
    for (size_t i = 0; i < DEPTH; i++)
        is_held[i] = fake->turns[i].step == TURN_HELD;
    pthread_mutex_unlock(&fake->lock);
    for (size_t i = 0; i < DEPTH; i++) {
        if (!is_held[i])
            continue;
        fake->turns[i].script = (FakeScript){.act = ACT_ANSWER};
        turn_end(&fake->turns[i]);
    }
}
