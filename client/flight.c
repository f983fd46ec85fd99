/* A call is a small state machine that nng's callbacks drive: it looks for a server, sends,
 * receives, and is done, or begins again at once, after a pause, or elsewhere.  nng's own resending
 * is off, because it would deliver a write twice; whether a call is repeated is decided here.  */
#include "client/flight.h"
#include "client/endpoint.h"
#include "client/error.h"
#include "client/request.h"
#include "proto/message.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAUSE_FIRST_MS = 20, /* before the second attempt; doubles, with jitter */
    PAUSE_MAX_MS = 2000,
    LIMIT_MIN_MS = 1000,  /* of an attempt, if the client's options name none */
    LOOK_MS = 100,        /* between two looks at servers and calls */
    CLOSE_GRACE_MS = 250, /* for what is under way when a client is closed; see flights_end */
    CLOSE_ROUND_MS = 10   /* between two rounds in which a closing client ends its calls */
};

typedef enum Step {
    STEP_PARK, /* no server is there yet */
    STEP_SEND,
    STEP_RECEIVE,
    STEP_PAUSE
} Step;

struct Flight {
    CiqClient *client;
    Flight *next;      /* in the list of all */
    Flight *next_free; /* in the list of free ones */
    nng_aio *aio;
    AioPause *pause; /* while it is parked, and between two attempts */
    Parked parked;
    nng_ctx contexts[URLS_MAX]; /* by endpoint; opened when first used */
    const Method *method;
    uint8_t *packed; /* the Request, packed once for all attempts */
    size_t size;
    int64_t deadline_ms, limit_ms; /* monotonic; of one attempt */
    int64_t parked_until_ms;       /* if no server is connected by then, there is none */
    unsigned attempt, attempts_max;
    _Atomic Step step;
    Endpoint *endpoint; /* that has it, or had it last; NULL: none yet */
    bool is_moved;      /* it was taken from a server that does not answer */
    bool was_moved;     /* such a server may be at work on it all the same */
    bool was_limited;   /* it was moved once because its attempt had reached the limit */
    int64_t sent_ms, sent_us;
    uint64_t run, server_deadline_us; /* Request.run and deadline_us of this attempt */
    CiqThunk thunk;
    CiqAnyFunction done;
    void *arg;
    Reply **reply;
    CiqError *last; /* why the previous attempt failed */
};

/* ---- the end of a call ---- */

static void
flight_release(Flight *flight)
{
    CiqClient *client = flight->client;

    sodium_memzero(flight->packed, flight->size); /* it can hold a token and a password */
    free(flight->packed);
    flight->packed = NULL;
    ciq_error_free(flight->last);
    flight->last = NULL;
    pthread_mutex_lock(&client->lock);
    flight->next_free = client->free_flights;
    client->free_flights = flight;
    if (--client->flying == 0)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->lock);
}

static void
flight_finish(Flight *flight, ProtobufCMessage *response, CiqError *error)
{
    CiqThunk thunk = flight->thunk;
    CiqAnyFunction done = flight->done;
    void *arg = flight->arg;

    /* the callback comes first, so that ciq_client_free, which waits for flights, waits for it */
    thunk(done, arg, response, error);
    flight_release(flight);
}

/* Its time is over: why the attempt before failed tells more than that. */
static void
finish_late(Flight *flight)
{
    CiqError *last = flight->last;

    flight->last = NULL;
    flight_finish(flight, NULL,
                  last != NULL ? last : ciq_error_new(CODE_DEADLINE_EXCEEDED, "no answer in time"));
}

static void
finish_closed(Flight *flight)
{
    flight_finish(flight, NULL, ciq_error_new(CODE_CANCELLED, "the client was closed"));
}

/* ---- attempts ---- */

/* Its context on this endpoint's socket.  False: no memory. */
static bool
open_context(Flight *flight)
{
    nng_ctx *context = &flight->contexts[flight->endpoint - flight->client->endpoints];

    if (nng_ctx_id(*context) > 0)
        return true;
    if (nng_ctx_open(context, flight->endpoint->socket) != 0)
        return false;
    if (nng_ctx_set_ms(*context, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE) == 0)
        return true;
    nng_ctx_close(*context);
    *context = (nng_ctx) NNG_CTX_INITIALIZER;
    return false;
}

static nng_ctx
flight_context(const Flight *flight)
{
    return flight->contexts[flight->endpoint - flight->client->endpoints];
}

/* The server has it no more; true: it was taken away from there. */
static bool
flight_leaves(Flight *flight)
{
    CiqClient *client = flight->client;
    bool is_moved;

    pthread_mutex_lock(&client->lock);
    endpoint_end(flight->endpoint);
    is_moved = flight->is_moved;
    if (is_moved && flight->step == STEP_SEND)
        flight->attempt--; /* nobody has seen it */
    else if (is_moved)
        flight->was_moved = true;
    flight->step = STEP_PAUSE;
    pthread_mutex_unlock(&client->lock);
    return is_moved;
}

/* nng gives the message to the connection as soon as it has room, and only then the send is over.
 */
static void
send_to_server(Flight *flight)
{
    int64_t left_ms = flight->deadline_ms - client_now_ms();
    nng_msg *message = NULL;

    if (left_ms <= 0)
        left_ms = 1;
    if (open_context(flight))
        message = request_message(flight->packed, flight->size, (uint32_t) left_ms, flight->run,
                                  flight->server_deadline_us);
    if (message == NULL) {
        (void) flight_leaves(flight);
        flight_finish(flight, NULL, ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory"));
        return;
    }
    nng_aio_set_msg(flight->aio, message);
    nng_aio_set_timeout(flight->aio, (nng_duration) left_ms);
    nng_ctx_send(flight_context(flight), flight->aio);
}

/* Under the client's lock. */
static void
take_endpoint(Flight *flight, Endpoint *endpoint)
{
    endpoint_begin(endpoint);
    flight->endpoint = endpoint;
    flight->step = STEP_SEND;
    flight->attempt++;
    flight->is_moved = false;
    flight->sent_ms = client_now_ms();
    flight->sent_us = clock_boot_us();
    flight->run = endpoint->clock.run;
    flight->server_deadline_us =
        endpoint_deadline_us(endpoint, flight->deadline_ms * 1000 - clock_us());
}

/* Under the client's lock; whoever woke it has taken it out already. */
static void
unpark(Flight *flight)
{
    Parked **at = &flight->client->parked;

    while (*at != NULL && *at != &flight->parked)
        at = &(*at)->next;
    if (*at != NULL)
        *at = flight->parked.next;
}

/* A call that finds no server is parked until one connects, or answers for the first time; if none
 * is connected for a while, the caller learns it before the deadline. */
static void
look_for_server(Flight *flight)
{
    CiqClient *client = flight->client;
    int64_t now_ms = client_now_ms(), until_ms = flight->deadline_ms;
    bool is_late = until_ms <= now_ms, is_connected, is_parked;
    Endpoint *endpoint = NULL;

    pthread_mutex_lock(&client->lock);
    unpark(flight);
    is_connected = endpoints_are_connected(client);
    if (!is_late && !client->closing)
        endpoint = endpoint_choose(client, flight->method, flight->endpoint);
    if (endpoint != NULL)
        take_endpoint(flight, endpoint);
    if (!is_connected && until_ms > flight->parked_until_ms)
        until_ms = flight->parked_until_ms;
    is_parked = endpoint == NULL && !client->closing && until_ms > now_ms;
    if (is_parked) {
        flight->step = STEP_PARK;
        flight->parked = (Parked){client->parked, flight->pause};
        client->parked = &flight->parked;
        aio_pause_begin(flight->pause, until_ms - now_ms);
    }
    pthread_mutex_unlock(&client->lock);

    endpoints_probe(client);
    if (is_parked) /* it may be over by now: it is not ours any more */
        return;
    if (endpoint != NULL)
        send_to_server(flight);
    else if (client->closing)
        finish_closed(flight);
    else if (!is_connected && flight->last == NULL)
        flight_finish(flight, NULL,
                      ciq_error_new(CODE_UNAVAILABLE, "no server at %s", client->urls));
    else
        finish_late(flight);
}

static void
send_attempt(Flight *flight)
{
    flight->parked_until_ms = client_now_ms() + flight->client->connect_ms;
    look_for_server(flight);
}

static void
pause_then_send(Flight *flight, uint32_t asked_ms)
{
    unsigned doublings = flight->attempt > 1 ? flight->attempt - 1 : 0;
    int64_t pause_ms = (int64_t) PAUSE_FIRST_MS << (doublings < 7 ? doublings : 7);
    int64_t left_ms = flight->deadline_ms - client_now_ms();

    if (pause_ms > PAUSE_MAX_MS)
        pause_ms = PAUSE_MAX_MS;
    if (pause_ms < asked_ms)
        pause_ms = asked_ms;
    pause_ms = pause_ms / 2 + randombytes_uniform((uint32_t) pause_ms / 2 + 1);
    if (asked_ms > 0 && pause_ms < asked_ms)
        pause_ms = asked_ms;
    if (pause_ms > left_ms)
        pause_ms = left_ms > 0 ? left_ms : 0;
    flight->step = STEP_PAUSE;
    aio_pause_begin(flight->pause, pause_ms);
}

/* Whether the same request may be sent again.  delivered: a server may have seen it. */
static bool
may_repeat(const Flight *flight, bool delivered)
{
    const CiqClient *client = flight->client;

    return !client->closing && flight->attempt < flight->attempts_max &&
           flight->deadline_ms > client_now_ms() && !(delivered && flight->method->never_replayed);
}

static void
fail_or_repeat(Flight *flight, CiqError *error, bool delivered)
{
    uint32_t asked_ms = ciq_error_retry_after_ms(error);

    if (flight->client->closing) {
        ciq_error_free(error);
        finish_closed(flight);
        return;
    }
    if (!may_repeat(flight, delivered) || client_now_ms() + asked_ms >= flight->deadline_ms) {
        flight_finish(flight, NULL, error);
        return;
    }
    ciq_error_free(flight->last);
    flight->last = error;
    pause_then_send(flight, asked_ms);
}

static ProtobufCMessage *
unpack_payload(const Flight *flight, const Reply *reply)
{
    return protobuf_c_message_unpack(flight->method->response->descriptor, NULL, reply->payload.len,
                                     reply->payload.data);
}

static void
take_failure(Flight *flight, Reply *reply)
{
    bool later =
        reply->code == CLIENTIQ__V1__CODE__CODE_UNAVAILABLE ||
        (reply->retry_after_ms > 0 && (reply->code == CLIENTIQ__V1__CODE__CODE_ABORTED ||
                                       reply->code == CLIENTIQ__V1__CODE__CODE_RESOURCE_EXHAUSTED));

    /* the server from which it was taken is still at work on it: to wait for that is no attempt */
    if (later && flight->was_moved && reply->code == CLIENTIQ__V1__CODE__CODE_ABORTED)
        flight->attempt--;
    if (later)
        fail_or_repeat(flight, error_of_reply(reply), true);
    else
        flight_finish(flight, NULL, error_of_reply(reply));
}

static void
take_reply(Flight *flight, nng_msg *message)
{
    CiqClient *client = flight->client;
    Reply *reply = clientiq__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));

    message_free(message);
    pthread_mutex_lock(&client->lock);
    endpoint_answered(flight->endpoint);
    if (reply != NULL)
        endpoint_learn(flight->endpoint, reply, flight->sent_us);
    flight->step = STEP_PAUSE;
    pthread_mutex_unlock(&client->lock);
    if (reply == NULL) {
        flight_finish(flight, NULL,
                      ciq_error_new(CODE_INTERNAL, "the reply is not a clientiq.v1.Reply"));
        return;
    }
    if (reply->code != CLIENTIQ__V1__CODE__CODE_UNSPECIFIED) {
        take_failure(flight, reply);
        return;
    }

    ProtobufCMessage *response = unpack_payload(flight, reply);

    if (response != NULL && flight->reply != NULL)
        *flight->reply = reply;
    else
        ciq_reply_free(reply);
    flight_finish(flight, response,
                  response != NULL ? NULL
                                   : ciq_error_new(CODE_INTERNAL, "the reply's payload is not a %s",
                                                   flight->method->response->descriptor->name));
}

/* After an error nng has forgotten the request: receiving again is not possible. */
static void
transport_failed(Flight *flight, int error, bool delivered)
{
    bool is_moved = flight_leaves(flight);

    if (flight->client->closing)
        finish_closed(flight);
    else if (is_moved)
        send_attempt(flight);
    else if (error == NNG_ETIMEDOUT)
        flight_finish(flight, NULL, ciq_error_new(CODE_DEADLINE_EXCEEDED, "no answer in time"));
    else
        fail_or_repeat(
            flight,
            ciq_error_new(CODE_UNAVAILABLE, "the connection was lost: %s", nng_strerror(error)),
            delivered);
}

static void
flight_pause_over(void *argument, int error)
{
    Flight *flight = argument;

    if (flight->step == STEP_PARK)
        look_for_server(flight);
    else if (error != 0)
        finish_closed(flight); /* nobody else ends a pause early */
    else
        send_attempt(flight);
}

static void
flight_callback(void *argument)
{
    Flight *flight = argument;
    nng_msg *message;
    int64_t left_ms;
    int error;

    if (flight->step == STEP_RECEIVE) {
        error = aio_received(flight->aio, &message);
        if (error != 0)
            transport_failed(flight, error, true);
        else
            take_reply(flight, message);
        return;
    }
    error = aio_sent(flight->aio);
    if (error != 0) {
        transport_failed(flight, error, false);
        return;
    }
    pthread_mutex_lock(&flight->client->lock);
    flight->step = STEP_RECEIVE;
    flight->is_moved = false;
    pthread_mutex_unlock(&flight->client->lock);
    left_ms = flight->deadline_ms - client_now_ms();
    nng_aio_set_timeout(flight->aio, left_ms > 0 ? (nng_duration) left_ms : 1);
    nng_ctx_recv(flight_context(flight), flight->aio);
}

/* ---- looking after calls ---- */

/* A call whose server does not answer goes to another one, if it may: what was not sent yet in any
 * case, what was sent if it can be repeated. */
static void
look_at(Flight *flight)
{
    Endpoint *endpoint = flight->endpoint;
    Step step = flight->step;
    bool is_mute, is_limited, has_other;

    if (step != STEP_SEND && step != STEP_RECEIVE)
        return;
    has_other = endpoints_have_other(flight->client, endpoint);
    is_mute = endpoint->health == HEALTH_MUTE;
    is_limited = step == STEP_RECEIVE && endpoint->answered_ms < flight->sent_ms &&
                 client_now_ms() - flight->sent_ms >= flight->limit_ms;
    if (is_limited && flight->client->endpoints_count > 1)
        endpoint_is_slow(endpoint);
    if (step == STEP_SEND)
        flight->is_moved = endpoint->pipe == 0 || (is_mute && has_other);
    else
        flight->is_moved = has_other && may_repeat(flight, true) &&
                           (is_mute || (is_limited && !flight->was_limited));
    flight->was_limited |= flight->is_moved && !is_mute && step == STEP_RECEIVE;
    if (flight->is_moved)
        nng_aio_abort(flight->aio, NNG_ECANCELED);
}

void
flights_watch(void *argument, int error)
{
    CiqClient *client = argument;

    pthread_mutex_lock(&client->lock);
    for (size_t i = 0; client->endpoints_count > 1 && i < client->endpoints_count; i++)
        endpoint_look(&client->endpoints[i]);
    for (Flight *flight = client->flights; flight != NULL; flight = flight->next)
        look_at(flight);
    client->watching = error == 0 && !client->closing && client->flying > 0;
    if (client->watching)
        aio_pause_begin(client->watch, LOOK_MS);
    pthread_mutex_unlock(&client->lock);
    endpoints_probe(client);
}

/* ---- starting a call ---- */

static Flight *
flight_new(CiqClient *client)
{
    Flight *flight = calloc(1, sizeof *flight);

    if (flight == NULL)
        return NULL;
    flight->client = client;
    flight->step = STEP_PAUSE;
    if ((flight->pause = aio_pause_new(flight_pause_over, flight)) == NULL ||
        nng_aio_alloc(&flight->aio, flight_callback, flight) != 0) {
        aio_pause_free(flight->pause);
        free(flight);
        return NULL;
    }
    return flight;
}

/* NULL: it worked. */
static CiqError *
flight_take(CiqClient *client, Flight **taken)
{
    CiqError *error = NULL;

    pthread_mutex_lock(&client->lock);
    if (client->closing) {
        error = ciq_error_new(CODE_CANCELLED, "the client was closed");
    } else if (client->flying == CALLS_MAX) {
        error = ciq_error_new(CODE_RESOURCE_EXHAUSTED,
                              "this client has %d calls in flight already, and may have no more",
                              CALLS_MAX);
    } else if (client->free_flights != NULL) {
        *taken = client->free_flights;
        client->free_flights = (*taken)->next_free;
    } else if ((*taken = flight_new(client)) != NULL) {
        (*taken)->next = client->flights;
        client->flights = *taken;
    } else {
        error = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory for another call");
    }
    client->flying += error == NULL;
    if (error == NULL && !client->watching) {
        client->watching = true;
        aio_pause_begin(client->watch, LOOK_MS);
    }
    pthread_mutex_unlock(&client->lock);
    return error;
}

/* A quarter of the call's time, so that there is enough left for another server. */
static int64_t
attempt_limit_ms(const CiqClient *client, uint32_t timeout_ms)
{
    if (client->attempt_ms != 0)
        return client->attempt_ms;
    return timeout_ms / 4 > LIMIT_MIN_MS ? timeout_ms / 4 : LIMIT_MIN_MS;
}

void
flight_start(CiqClient *client, const Method *method, const ProtobufCMessage *request,
             const CiqCallOptions *options, bool explain, Reply **reply, CiqThunk thunk,
             CiqAnyFunction done, void *arg)
{
    static const CiqCallOptions none = {0};
    uint32_t timeout_ms;
    Flight *flight = NULL;
    uint8_t *packed = NULL;
    size_t size = 0;
    CiqError *error;

    options = options != NULL ? options : &none;
    timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : client->timeout_ms;
    error = request_pack(client, method, request, options, explain, &packed, &size);
    if (error != NULL) {
        thunk(done, arg, NULL, error);
        return;
    }
    error = flight_take(client, &flight);
    if (error != NULL) {
        sodium_memzero(packed, size);
        free(packed);
        thunk(done, arg, NULL, error);
        return;
    }
    assert(flight != NULL);
    flight->method = method;
    flight->packed = packed;
    flight->size = size;
    flight->deadline_ms = client_now_ms() + timeout_ms;
    flight->limit_ms = attempt_limit_ms(client, timeout_ms);
    flight->attempt = 0;
    flight->attempts_max = options->once ? 1 : client->attempts_max;
    flight->endpoint = NULL;
    flight->was_moved = flight->was_limited = false;
    flight->thunk = thunk;
    flight->done = done;
    flight->arg = arg;
    flight->reply = reply;
    send_attempt(flight);
}

/* ---- closing ---- */

static bool
probes_are_under_way(const CiqClient *client)
{
    for (size_t i = 0; i < client->endpoints_count; i++)
        if (client->endpoints[i].probe_step == PROBE_RECEIVE)
            return true;
    return false;
}

/* Answers that are under way get a moment to arrive: nng before 1.6 waits for ever in closing a
 * tcp:// connection that is just receiving (nng's pull request 1636).  A call that is between two
 * steps cannot be aborted, so this is repeated until no call is left. */
void
flights_end(CiqClient *client)
{
    int64_t grace_until_ms = client_now_ms() + CLOSE_GRACE_MS;
    bool grace = true;

    pthread_mutex_lock(&client->lock);
    while (client->flying > 0 || (grace && probes_are_under_way(client))) {
        struct timespec until = clock_after_ms(CLOSE_ROUND_MS);

        for (Flight *flight = client->flights; flight != NULL; flight = flight->next) {
            if (grace && flight->step == STEP_RECEIVE)
                continue;
            nng_aio_abort(flight->aio, NNG_ECANCELED);
            aio_pause_cancel(flight->pause);
        }
        pthread_cond_timedwait(&client->idle, &client->lock, &until);
        grace = client_now_ms() < grace_until_ms;
    }
    pthread_mutex_unlock(&client->lock);
}

void
flights_free(CiqClient *client)
{
    while (client->flights != NULL) {
        Flight *flight = client->flights;

        client->flights = flight->next;
        aio_pause_free(flight->pause);
        nng_aio_stop(flight->aio);
        nng_aio_free(flight->aio);
        for (size_t i = 0; i < URLS_MAX; i++)
            if (nng_ctx_id(flight->contexts[i]) > 0)
                nng_ctx_close(flight->contexts[i]);
        free(flight);
    }
}
