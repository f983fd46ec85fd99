/* The client: one nng REQ socket with a dialer for each URL, and a context for each call in flight.
 * A call is a small state machine that nng's callbacks drive: send → receive → done, or pause →
 * send again.  nng's own resending is off, because it would deliver a write twice; whether a call
 * is repeated is decided here.  */
#include "client/call.h"
#include "proto/aio.h"
#include "proto/message.h"
#include "client/error.h"
#include "proto/guard.h"
#include "server/base/clock.h"

#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CALLS_MAX = 1024, /* in flight; a caller's mistake cannot take all memory */
    URLS_MAX = 16,
    TIMEOUT_STANDARD_MS = 10000,
    ATTEMPTS_STANDARD = 5,
    PAUSE_FIRST_MS = 20, /* before the second attempt; doubles, with jitter */
    PAUSE_MAX_MS = 2000,
    CONNECT_STANDARD_MS = 1000, /* how long a call waits while there is no connection */
    RECONNECT_MAX_MS = 200,     /* between two attempts to connect */
    CLOSE_GRACE_MS = 250,       /* for what is under way when a client is closed; see await_idle */
    CLOSE_ROUND_MS = 10,        /* between two rounds in which a closing client ends its calls */
    TIMEOUT_FIELD_MAX = 6,      /* bytes of Request.timeout_ms, which each attempt appends */
    NNG_HEADER_SIZE = 4 /* bytes of REQ's id, which the peer's NNG_OPT_RECVMAXSZ counts too */
};

typedef struct Flight Flight;

struct CiqClient {
    nng_socket socket;
    char *urls;
    uint32_t timeout_ms, connect_ms;
    unsigned attempts_max;
    _Atomic bool closing;
    pthread_mutex_t lock; /* for all members below */
    pthread_cond_t idle;
    size_t flying;
    Flight *flights, *free_flights; /* all of them; those that have no call */
    uint32_t pipes[URLS_MAX];       /* a dialer has one connection at most */
    size_t pipes_count;
    char *tenant, *token, *origin;
};

typedef enum Step { STEP_SEND, STEP_RECEIVE, STEP_PAUSE } Step;

struct Flight {
    CiqClient *client;
    Flight *next;      /* in the list of all */
    Flight *next_free; /* in the list of free ones */
    nng_aio *aio;
    AioPause *pause; /* between two attempts */
    nng_ctx context;
    const Method *method;
    uint8_t *packed; /* the Request, packed once for all attempts */
    size_t size;
    int64_t deadline_ms; /* monotonic */
    unsigned attempt, attempts_max;
    _Atomic Step step;
    CiqThunk thunk;
    CiqAnyFunction done;
    void *arg;
    Reply **reply;
    CiqError *last; /* why the previous attempt failed */
};

static int64_t
now_ms(void)
{
    return clock_us() / 1000;
}

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

/* ---- attempts ---- */

/* nng gives the message to a connection as soon as one has room for it, and only then the send is
 * over.  The first wait is short: if there is no connection at all, the caller learns it before the
 * deadline. */
static void
hand_over(Flight *flight, int64_t wait_ms)
{
    int64_t left_ms = flight->deadline_ms - now_ms();

    if (wait_ms > left_ms)
        wait_ms = left_ms;
    flight->step = STEP_SEND;
    nng_aio_set_timeout(flight->aio, wait_ms > 0 ? (nng_duration) wait_ms : 1);
    nng_ctx_send(flight->context, flight->aio);
}

/* The packed request, with the time that is left at its end: if a field comes twice in a message,
 * the last one counts.  NULL: no memory. */
static nng_msg *
attempt_message(const Flight *flight, uint32_t left_ms)
{
    uint8_t field[TIMEOUT_FIELD_MAX];
    size_t size = 0;
    nng_msg *message;
    uint8_t *body;

    field[size++] = 6 << 3; /* Request.timeout_ms, a varint */
    for (; left_ms >= 0x80; left_ms >>= 7)
        field[size++] = (uint8_t) (left_ms | 0x80);
    field[size++] = (uint8_t) left_ms;
    message = message_new(flight->size + size);
    if (message == NULL)
        return NULL;
    body = nng_msg_body(message);
    memcpy(body, flight->packed, flight->size);
    memcpy(body + flight->size, field, size);
    return message;
}

static void
send_attempt(Flight *flight)
{
    int64_t left_ms = flight->deadline_ms - now_ms();
    nng_msg *message;

    if (left_ms <= 0) {
        CiqError *last = flight->last;

        flight->last = NULL;
        flight_finish(flight, NULL,
                      last != NULL ? last
                                   : ciq_error_new(CODE_DEADLINE_EXCEEDED, "no answer in time"));
        return;
    }
    message = attempt_message(flight, (uint32_t) left_ms);
    if (message == NULL) {
        flight_finish(flight, NULL, ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory"));
        return;
    }
    flight->attempt++;
    nng_aio_set_msg(flight->aio, message);
    hand_over(flight, flight->client->connect_ms);
}

static void
pause_then_send(Flight *flight, uint32_t asked_ms)
{
    int64_t pause_ms = (int64_t) PAUSE_FIRST_MS << (flight->attempt < 8 ? flight->attempt - 1 : 7);

    if (pause_ms > PAUSE_MAX_MS)
        pause_ms = PAUSE_MAX_MS;
    if (pause_ms < asked_ms)
        pause_ms = asked_ms;
    pause_ms = pause_ms / 2 + randombytes_uniform((uint32_t) pause_ms / 2 + 1);
    if (asked_ms > 0 && pause_ms < asked_ms)
        pause_ms = asked_ms;
    if (pause_ms > flight->deadline_ms - now_ms())
        pause_ms = flight->deadline_ms > now_ms() ? flight->deadline_ms - now_ms() : 0;
    flight->step = STEP_PAUSE;
    aio_pause_begin(flight->pause, pause_ms);
}

/* Whether the same request may be sent again.  delivered: a server may have seen it. */
static bool
may_repeat(const Flight *flight, bool delivered)
{
    const CiqClient *client = flight->client;

    return !client->closing && flight->attempt < flight->attempts_max &&
           flight->deadline_ms > now_ms() && !(delivered && flight->method->never_replayed);
}

static void
fail_or_repeat(Flight *flight, CiqError *error, bool delivered)
{
    uint32_t asked_ms = ciq_error_retry_after_ms(error);

    if (flight->client->closing) {
        ciq_error_free(error);
        flight_finish(flight, NULL, ciq_error_new(CODE_CANCELLED, "the client was closed"));
        return;
    }
    if (!may_repeat(flight, delivered) || now_ms() + asked_ms >= flight->deadline_ms) {
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
take_reply(Flight *flight, nng_msg *message)
{
    Reply *reply = clientiq__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));

    message_free(message);
    if (reply == NULL) {
        flight_finish(flight, NULL,
                      ciq_error_new(CODE_INTERNAL, "the reply is not a clientiq.v1.Reply"));
        return;
    }
    if (reply->code != CLIENTIQ__V1__CODE__CODE_UNSPECIFIED) {
        bool asks = reply->code == CLIENTIQ__V1__CODE__CODE_UNAVAILABLE ||
                    (reply->retry_after_ms > 0 &&
                     (reply->code == CLIENTIQ__V1__CODE__CODE_ABORTED ||
                      reply->code == CLIENTIQ__V1__CODE__CODE_RESOURCE_EXHAUSTED));

        if (asks)
            fail_or_repeat(flight, error_of_reply(reply), true);
        else
            flight_finish(flight, NULL, error_of_reply(reply));
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

static void
transport_failed(Flight *flight, int error, bool delivered)
{
    if (flight->client->closing)
        flight_finish(flight, NULL, ciq_error_new(CODE_CANCELLED, "the client was closed"));
    else if (error == NNG_ETIMEDOUT)
        flight_finish(flight, NULL, ciq_error_new(CODE_DEADLINE_EXCEEDED, "no answer in time"));
    else
        fail_or_repeat(
            flight,
            ciq_error_new(CODE_UNAVAILABLE, "the connection was lost: %s", nng_strerror(error)),
            delivered);
}

static void
drop_message(Flight *flight)
{
    message_free(nng_aio_get_msg(flight->aio));
    nng_aio_set_msg(flight->aio, NULL);
}

/* The message is still ours, and no server has seen it. */
static void
send_failed(Flight *flight, int error)
{
    CiqClient *client = flight->client;

    if (error == NNG_ETIMEDOUT) {
        pthread_mutex_lock(&client->lock);
        bool connected = client->pipes_count > 0;
        pthread_mutex_unlock(&client->lock);

        if (connected && flight->deadline_ms > now_ms()) {
            hand_over(flight, flight->deadline_ms - now_ms());
            return;
        }
        if (!connected) {
            drop_message(flight);
            flight_finish(flight, NULL,
                          ciq_error_new(CODE_UNAVAILABLE, "no server at %s", client->urls));
            return;
        }
    }
    drop_message(flight);
    transport_failed(flight, error, false);
}

static void
flight_pause_over(void *argument, int error)
{
    Flight *flight = argument;

    if (error != 0)
        transport_failed(flight, error, false);
    else
        send_attempt(flight);
}

static void
flight_sent(Flight *flight)
{
    int error = nng_aio_result(flight->aio);
    int64_t left_ms;

    /* a message that is still ours was not sent, whatever the result says (proto/aio.h) */
    if (error == 0 && nng_aio_get_msg(flight->aio) != NULL)
        error = NNG_ETIMEDOUT;
    if (error != 0) {
        send_failed(flight, error);
        return;
    }
    flight->step = STEP_RECEIVE;
    left_ms = flight->deadline_ms - now_ms();
    nng_aio_set_timeout(flight->aio, left_ms > 0 ? (nng_duration) left_ms : 1);
    nng_ctx_recv(flight->context, flight->aio);
}

static void
flight_callback(void *argument)
{
    Flight *flight = argument;
    nng_msg *message;
    int error;

    if (flight->step == STEP_SEND) {
        flight_sent(flight);
        return;
    }
    /* after an error nng has forgotten the request: receiving again is not possible */
    error = aio_received(flight->aio, &message);
    if (error != 0)
        transport_failed(flight, error, true);
    else
        take_reply(flight, message);
}

/* ---- starting a call ---- */

static Flight *
flight_new(CiqClient *client)
{
    Flight *flight = calloc(1, sizeof *flight);

    if (flight == NULL)
        return NULL;
    flight->client = client;
    if (nng_ctx_open(&flight->context, client->socket) != 0) {
        free(flight);
        return NULL;
    }
    if (nng_ctx_set_ms(flight->context, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE) != 0 ||
        (flight->pause = aio_pause_new(flight_pause_over, flight)) == NULL ||
        nng_aio_alloc(&flight->aio, flight_callback, flight) != 0) {
        aio_pause_free(flight->pause);
        nng_ctx_close(flight->context);
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
    pthread_mutex_unlock(&client->lock);
    return error;
}

static char *
text_of(const char *text)
{
    return (char *) (uintptr_t) (text != NULL ? text : "");
}

/* Packs the envelope without the timeout, which each attempt appends.  NULL: it worked. */
static CiqError *
request_pack(CiqClient *client, const Method *method, const ProtobufCMessage *message,
             const CiqCallOptions *options, uint8_t **packed, size_t *size)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t key[WIRE_KEY_SIZE];
    CiqError *error = NULL;
    size_t on_wire;

    request.method = text_of(method->name);
    request.explain = options->explain;
    request.payload.len = protobuf_c_message_get_packed_size(message);
    request.payload.data = malloc(request.payload.len + 1);
    if (request.payload.data == NULL)
        return ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
    protobuf_c_message_pack(message, request.payload.data);
    if (method->writes && !method->never_replayed) {
        if (options->idempotency_key != NULL)
            memcpy(key, options->idempotency_key, sizeof key);
        else
            randombytes_buf(key, sizeof key);
        request.idempotency_key = (ProtobufCBinaryData){sizeof key, key};
    }

    pthread_mutex_lock(&client->lock);
    request.tenant = text_of(options->tenant != NULL ? options->tenant : client->tenant);
    request.token = text_of(options->token != NULL ? options->token : client->token);
    request.origin = text_of(options->origin != NULL ? options->origin : client->origin);
    *size = clientiq__v1__request__get_packed_size(&request);
    on_wire = *size + TIMEOUT_FIELD_MAX + NNG_HEADER_SIZE;
    *packed = on_wire <= WIRE_MESSAGE_MAX ? malloc(*size) : NULL;
    if (on_wire > WIRE_MESSAGE_MAX)
        error =
            ciq_error_new(CODE_INVALID_ARGUMENT,
                          "the request has %zu bytes, more than the %d that one message may have",
                          on_wire, WIRE_MESSAGE_MAX);
    else if (*packed == NULL)
        error = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
    else
        clientiq__v1__request__pack(&request, *packed);
    pthread_mutex_unlock(&client->lock);

    sodium_memzero(request.payload.data, request.payload.len);
    free(request.payload.data);
    return error;
}

static void
flight_start(CiqClient *client, const Method *method, const ProtobufCMessage *request,
             const CiqCallOptions *options, Reply **reply, CiqThunk thunk, CiqAnyFunction done,
             void *arg)
{
    uint32_t timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : client->timeout_ms;
    Flight *flight = NULL;
    uint8_t *packed = NULL;
    size_t size = 0;
    CiqError *error = request_pack(client, method, request, options, &packed, &size);

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
    flight->deadline_ms = now_ms() + timeout_ms;
    flight->attempt = 0;
    flight->attempts_max = options->once ? 1 : client->attempts_max;
    flight->thunk = thunk;
    flight->done = done;
    flight->arg = arg;
    flight->reply = reply;
    send_attempt(flight);
}

void
ciq_call_async(CiqClient *client, const Method *method, const ProtobufCMessage *request,
               uint32_t timeout_ms, CiqThunk thunk, CiqAnyFunction done, void *arg)
{
    flight_start(client, method, request, &(CiqCallOptions){.timeout_ms = timeout_ms}, NULL, thunk,
                 done, arg);
}

/* ---- waiting ---- */

typedef struct Waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    ProtobufCMessage *response;
    CiqError *error;
} Waiter;

static void
waiter_done(CiqAnyFunction done, void *arg, ProtobufCMessage *response, CiqError *error)
{
    Waiter *waiter = arg;

    (void) done;
    pthread_mutex_lock(&waiter->lock);
    waiter->response = response;
    waiter->error = error;
    waiter->is_done = true;
    pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

ProtobufCMessage *
ciq_call_with(CiqClient *client, const Method *method, const ProtobufCMessage *request,
              const CiqCallOptions *options, Reply **reply, CiqError **error)
{
    Waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER};

    clock_cond_init(&waiter.done);
    if (reply != NULL)
        *reply = NULL;
    flight_start(client, method, request, options, reply, waiter_done, NULL, &waiter);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.is_done)
        pthread_cond_wait(&waiter.done, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_mutex_destroy(&waiter.lock);
    pthread_cond_destroy(&waiter.done);

    if (error != NULL)
        *error = waiter.error;
    else
        ciq_error_free(waiter.error);
    return waiter.response;
}

ProtobufCMessage *
ciq_call(CiqClient *client, const Method *method, const ProtobufCMessage *request, CiqError **error)
{
    return ciq_call_with(client, method, request, &(CiqCallOptions){0}, NULL, error);
}

/* ---- the client itself ---- */

/* Connections are kept by their ids and not counted: nng reports the end of a connection to a peer
 * that is not our server without having reported its start. */
static void
pipe_changed(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    CiqClient *client = argument;
    uint32_t id = (uint32_t) nng_pipe_id(pipe);

    pthread_mutex_lock(&client->lock);
    if (event == NNG_PIPE_EV_ADD_POST && client->pipes_count < URLS_MAX)
        client->pipes[client->pipes_count++] = id;
    for (size_t i = 0; event == NNG_PIPE_EV_REM_POST && i < client->pipes_count; i++)
        if (client->pipes[i] == id)
            client->pipes[i] = client->pipes[--client->pipes_count];
    pthread_mutex_unlock(&client->lock);
}

/* A socket that somebody else has put where the server's would be must not get our passwords. */
static bool
is_trusted(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && (status.st_uid == geteuid() || status.st_uid == 0) &&
           access(path, W_OK) == 0;
}

char *
ciq_default_urls(void)
{
    const char *named = getenv("CIQ_URL");
    char url[300];

    if (named != NULL && named[0] != '\0')
        return strdup(named);
    if (wire_default_url(url, sizeof url) && is_trusted(url + strlen("ipc://")))
        return strdup(url);
    return strdup("tcp://127.0.0.1:7420");
}

static CiqError *
client_dial(CiqClient *client, const char *url)
{
    nng_dialer dialer;
    int error = nng_dialer_create(&dialer, client->socket, url);

    if (error == 0)
        error = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    if (error == 0)
        error = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, 10);
    if (error == 0)
        error = nng_dialer_set_size(dialer, NNG_OPT_RECVMAXSZ, WIRE_MESSAGE_MAX);
    /* a connection that cannot be made now is made later, in the background */
    if (error == 0)
        error = nng_dialer_start(dialer, NNG_FLAG_NONBLOCK);
    if (error != 0)
        return ciq_error_new(CODE_INVALID_ARGUMENT,
                             "cannot dial %s: %s (a URL is ipc://PATH or tcp://HOST:PORT)", url,
                             nng_strerror(error));
    return NULL;
}

static CiqError *
client_dial_all(CiqClient *client)
{
    char *urls = strdup(client->urls), *rest = urls, *url;
    CiqError *error = urls == NULL ? ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory") : NULL;

    for (int i = 0; error == NULL && (url = strsep(&rest, ",")) != NULL; i++) {
        url += strspn(url, " ");
        url[strcspn(url, " ")] = '\0';
        error = i < URLS_MAX
                    ? client_dial(client, url)
                    : ciq_error_new(CODE_INVALID_ARGUMENT,
                                    "there are more than %d URLs, the most that a client may have",
                                    URLS_MAX);
    }
    free(urls);
    return error;
}

CiqClient *
ciq_client_new(const CiqOptions *options, CiqError **error)
{
    CiqClient *client = calloc(1, sizeof *client);
    CiqError *why = NULL;
    int failed;

    wire_guard();
    if (options == NULL)
        options = &(const CiqOptions){0};
    if (client == NULL || sodium_init() < 0) {
        free(client);
        if (error != NULL)
            *error = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    pthread_mutex_init(&client->lock, NULL);
    clock_cond_init(&client->idle);
    client->urls = options->urls != NULL ? strdup(options->urls) : ciq_default_urls();
    client->tenant = strdup(options->tenant != NULL ? options->tenant : "");
    client->token = strdup(options->token != NULL ? options->token : "");
    client->origin = strdup(options->origin != NULL ? options->origin : "");
    client->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_STANDARD_MS;
    client->connect_ms = options->connect_ms != 0 ? options->connect_ms : CONNECT_STANDARD_MS;
    client->attempts_max = options->attempts_max != 0 ? options->attempts_max : ATTEMPTS_STANDARD;
    failed = nng_req0_open(&client->socket);
    if (failed != 0)
        why = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "cannot open a socket: %s",
                            nng_strerror(failed));
    else if (client->urls == NULL || client->tenant == NULL || client->token == NULL ||
             client->origin == NULL)
        why = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
    else {
        (void) nng_pipe_notify(client->socket, NNG_PIPE_EV_ADD_POST, pipe_changed, client);
        (void) nng_pipe_notify(client->socket, NNG_PIPE_EV_REM_POST, pipe_changed, client);
        why = client_dial_all(client);
    }
    if (why == NULL)
        return client;
    ciq_client_free(client);
    if (error != NULL)
        *error = why;
    else
        ciq_error_free(why);
    return NULL;
}

static void
free_secret(char *text)
{
    if (text != NULL)
        sodium_memzero(text, strlen(text));
    free(text);
}

static void
flight_cancel(Flight *flight)
{
    nng_aio_abort(flight->aio, NNG_ECANCELED);
    aio_pause_cancel(flight->pause);
}

/* Ends every call.  Answers that are under way get a moment to arrive: nng before 1.6 waits for
 * ever in closing a tcp:// connection that is just receiving (nng's pull request 1636).  A call
 * that is between two steps cannot be aborted, so this is repeated until no call is left. */
static void
await_idle(CiqClient *client)
{
    int64_t grace_until_ms = now_ms() + CLOSE_GRACE_MS;

    pthread_mutex_lock(&client->lock);
    while (client->flying > 0) {
        bool grace = now_ms() < grace_until_ms;
        struct timespec until = clock_after_ms(CLOSE_ROUND_MS);

        for (Flight *flight = client->flights; flight != NULL; flight = flight->next)
            if (!grace || flight->step != STEP_RECEIVE)
                flight_cancel(flight);
        pthread_cond_timedwait(&client->idle, &client->lock, &until);
    }
    pthread_mutex_unlock(&client->lock);
}

void
ciq_client_free(CiqClient *client)
{
    if (client == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    client->closing = true;
    pthread_mutex_unlock(&client->lock);
    await_idle(client);
    while (client->flights != NULL) {
        Flight *flight = client->flights;

        client->flights = flight->next;
        aio_pause_free(flight->pause);
        nng_aio_stop(flight->aio);
        nng_aio_free(flight->aio);
        nng_ctx_close(flight->context);
        free(flight);
    }
    /* last, with nothing on it: nng 1.5.2 may wait for ever in closing a socket that is in use */
    nng_close(client->socket);
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->lock);
    free(client->urls);
    free(client->tenant);
    free_secret(client->token);
    free(client->origin);
    free(client);
}

static void
client_set_text(CiqClient *client, char **text, const char *value)
{
    char *copy = strdup(value != NULL ? value : ""), *before;

    if (copy == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    before = *text;
    *text = copy;
    pthread_mutex_unlock(&client->lock);
    free_secret(before);
}

void
ciq_client_set_tenant(CiqClient *client, const char *tenant)
{
    client_set_text(client, &client->tenant, tenant);
}

void
ciq_client_set_token(CiqClient *client, const char *token)
{
    client_set_text(client, &client->token, token);
}

void
ciq_client_set_origin(CiqClient *client, const char *origin)
{
    client_set_text(client, &client->origin, origin);
}
