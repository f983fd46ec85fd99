/* One REP socket, many contexts.  Each context is an Exchange that repeats: receive → (answer from
 * memory | queue) → send → receive.  There are more of them than calls that can be queued or
 * served, so that Health is answered even when the queues are full.  Runs on nng's own threads;
 * nothing here may block.  */
#include "serve/nng.h"
#include "base/clock.h"
#include "serve/admission.h"
#include "serve/dispatch.h"
#include "base/log.h"
#include "proto/aio.h"
#include "proto/guard.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <nng/nng.h>
#include <nng/transport/ipc/ipc.h>
#include <nng/transport/tcp/tcp.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPARE_CONTEXTS = 64, /* beyond queues and workers: for answers from memory and for refusals */
    SEND_MAX_MS = 1000,  /* for one reply; then its pipe is closed: a peer that never reads would
                            block it for ever */
    MEMORY_ARENA = 64 * 1024, /* bytes of a call that is answered from memory */
    ARENAS_MAX = 16,     /* kept for such calls; nng has twice as many threads as there are cores */
    DRAIN_PAUSE_MS = 50, /* before a refusal while the server stops: clients that retry at once
                            then take no time from the calls that still finish */
    REFUSAL_PAUSE_MS = 100, /* before a refusal for want of room: a flood then gets no faster by
                               it, and takes little time from the calls that are served */
    PAUSES_MAX = 256,    /* delayed answers at a time, each with a spare exchange; any more are sent
                            without delay */
    QUIET_ROUND_MS = 10, /* between two attempts to cancel what is still receiving or sending */
    CLOSE_MAX_MS = 3000, /* for nng to close the socket */
    URLS_MAX = 16
};

typedef enum Step {
    STEP_RECEIVE,
    STEP_PAUSE, /* the answer is packed, and waits */
    STEP_SEND,
} Step;

struct Exchange {
    Ticket ticket;
    Listener *listener;
    nng_ctx context;
    nng_aio *aio;
    AioPause *pause;  /* before an answer that waits in aio */
    nng_msg *message; /* the request; NULL while receiving */
    nng_pipe pipe;
    int64_t receive_us;
    Step step;
    bool counted;
};

struct Listener {
    Core *core;
    Queue *const *queues; /* by lane */
    nng_socket socket;
    size_t count;
    Exchange *exchanges;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    size_t accepted; /* queued or being served, and not answered yet */
    size_t rounds;   /* exchanges in use: receiving, being served or answering */
    bool draining;
    atomic_bool quiet; /* nothing is received any more */
    bool closed;       /* nng has closed the socket */
    _Atomic size_t pauses;
    Arena *arenas[ARENAS_MAX]; /* wiped, for the next answer from memory */
    size_t arenas_count;
    char urls[URLS_MAX][NNG_MAXADDRLEN]; /* as they are bound */
    size_t urls_count;
};

/* The exchange is not used any more.  A message that it has not received stays in its pipe. */
static void
end_round(Exchange *exchange)
{
    Listener *listener = exchange->listener;

    pthread_mutex_lock(&listener->lock);
    listener->rounds--;
    pthread_cond_broadcast(&listener->idle);
    pthread_mutex_unlock(&listener->lock);
}

static void
exchange_receive(Exchange *exchange)
{
    if (atomic_load(&exchange->listener->quiet)) {
        end_round(exchange);
        return;
    }
    exchange->step = STEP_RECEIVE;
    nng_aio_set_timeout(exchange->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(exchange->context, exchange->aio);
}

static void
count_down(Exchange *exchange)
{
    Listener *listener = exchange->listener;

    if (!exchange->counted)
        return;
    exchange->counted = false;
    pthread_mutex_lock(&listener->lock);
    if (--listener->accepted == 0)
        pthread_cond_broadcast(&listener->idle);
    pthread_mutex_unlock(&listener->lock);
}

static bool
count_up(Exchange *exchange)
{
    Listener *listener = exchange->listener;

    pthread_mutex_lock(&listener->lock);
    exchange->counted = !listener->draining;
    if (exchange->counted)
        listener->accepted++;
    pthread_mutex_unlock(&listener->lock);
    return exchange->counted;
}

static void
send_packed(Exchange *exchange)
{
    exchange->step = STEP_SEND;
    nng_aio_set_timeout(exchange->aio, SEND_MAX_MS);
    nng_ctx_send(exchange->context, exchange->aio);
}

static bool
pause_begin(Exchange *exchange, uint32_t pause_ms)
{
    if (pause_ms == 0)
        return false;
    if (atomic_fetch_add(&exchange->listener->pauses, 1) >= PAUSES_MAX) {
        atomic_fetch_sub(&exchange->listener->pauses, 1);
        return false;
    }
    exchange->step = STEP_PAUSE;
    return true;
}

void
exchange_reply(Exchange *exchange, const Reply *reply, uint32_t pause_ms)
{
    size_t size = clientiq__v1__reply__get_packed_size(reply);
    nng_msg *message;

    /* the reply is written into the request's message, which saves an allocation */
    message = exchange->message;
    exchange->message = NULL;
    nng_msg_clear(message);
    if (nng_msg_realloc(message, size) != 0) {
        nng_msg_free(message);
        count_down(exchange);
        exchange_receive(exchange);
        return;
    }
    clientiq__v1__reply__pack(reply, nng_msg_body(message));
    nng_aio_set_msg(exchange->aio, message);
    if (pause_begin(exchange, pause_ms))
        aio_pause_begin(exchange->pause, pause_ms);
    else
        send_packed(exchange);
}

static void
exchange_refuse_after(Exchange *exchange, uint32_t pause_ms, Code code, const char *text,
                      uint32_t retry_after_ms)
{
    Reply reply = CLIENTIQ__V1__REPLY__INIT;

    reply.code = (Clientiq__V1__Code) code;
    reply.message = (char *) (uintptr_t) text;
    reply.retry_after_ms = retry_after_ms;
    exchange_reply(exchange, &reply, pause_ms);
}

static void
exchange_refuse(Exchange *exchange, Code code, const char *text, uint32_t retry_after_ms)
{
    exchange_refuse_after(exchange, 0, code, text, retry_after_ms);
}

static Arena *
take_arena(Listener *listener)
{
    Arena *arena = NULL;

    pthread_mutex_lock(&listener->lock);
    if (listener->arenas_count > 0)
        arena = listener->arenas[--listener->arenas_count];
    pthread_mutex_unlock(&listener->lock);
    return arena != NULL ? arena : arena_new(MEMORY_ARENA);
}

static void
give_arena_back(Listener *listener, Arena *arena)
{
    arena_wipe(arena);
    pthread_mutex_lock(&listener->lock);
    if (listener->arenas_count < ARENAS_MAX) {
        listener->arenas[listener->arenas_count++] = arena;
        arena = NULL;
    }
    pthread_mutex_unlock(&listener->lock);
    arena_free(arena);
}

/* Answers without a worker.  False: memory did not suffice, and nothing was sent; otherwise the
 * exchange belongs to the listener again.  in_any_case: it must be answered, if need be by a
 * failure. */
static bool
answer_from_memory(Exchange *exchange, bool in_any_case)
{
    Listener *listener = exchange->listener;
    Arena *arena = take_arena(listener);
    Call call = {
        .core = listener->core,
        .arena = arena,
        .receive_us = exchange->receive_us,
    };
    Reply reply;
    size_t size;

    bool answered = true;

    if (arena == NULL) {
        if (in_any_case)
            exchange_refuse(exchange, CODE_RESOURCE_EXHAUSTED, "no memory", 0);
        return in_any_case;
    }

    const uint8_t *data = exchange_data(exchange, &size);

    exchange_peer(exchange, &call.peer);
    if (in_any_case)
        dispatch(&call, data, size, &reply);
    else
        answered = dispatch_from_memory(&call, data, size, &reply);
    if (answered)
        exchange_reply(exchange, &reply, 0);
    give_arena_back(listener, arena);
    return answered;
}

static Lane
method_lane(const Method *method)
{
    if (method->database == DATABASE_OWNER)
        return LANE_OWNER;
    return method->hashes_password ? LANE_PASSWORDS : LANE_CALLS;
}

static void
exchange_queue(Exchange *exchange, const WirePeek *peek, size_t size, Lane lane)
{
    Listener *listener = exchange->listener;
    AdmissionRefusal refusal;
    Peer peer;

    exchange_peer(exchange, &peer);
    exchange->ticket.size = size;
    if (!admission_ask(listener->core, peek, &peer, &exchange->ticket, &refusal)) {
        exchange_refuse_after(exchange, REFUSAL_PAUSE_MS, CODE_RESOURCE_EXHAUSTED, refusal.text,
                              refusal.retry_after_ms);
        return;
    }
    if (!count_up(exchange)) {
        exchange_refuse_after(exchange, DRAIN_PAUSE_MS, CODE_UNAVAILABLE,
                              "the server is shutting down", 500);
        return;
    }

    Ticket *refused = queue_push(listener->queues[lane], &exchange->ticket);

    while (refused != NULL) {
        Exchange *other = exchange_of(refused);

        refused = refused->next; /* before the exchange is used for the next call */
        exchange_refuse_after(other, REFUSAL_PAUSE_MS, CODE_RESOURCE_EXHAUSTED,
                              "too many calls are waiting; try again later", 200);
    }
}

static void
exchange_received(Exchange *exchange)
{
    WirePeek peek;
    size_t size;
    const uint8_t *data = exchange_data(exchange, &size);
    char name[WIRE_METHOD_MAX + 1];

    /* nng limits the size of what comes over ipc:// and tcp://, but not over inproc:// */
    if (size > WIRE_MESSAGE_MAX) {
        exchange_refuse(exchange, CODE_INVALID_ARGUMENT, "the message is larger than 1 MiB", 0);
        return;
    }
    if (!wire_peek(data, size, &peek)) {
        exchange_refuse(exchange, CODE_INVALID_ARGUMENT, "message is not a clientiq.v1.Request", 0);
        return;
    }
    if (peek.method_size > 0)
        memcpy(name, peek.method, peek.method_size);
    name[peek.method_size] = '\0';

    const Method *method = method_find(name);

    if (method != NULL && method_lane(method) == LANE_CALLS)
        atomic_store_explicit(&exchange->listener->core->last_call_us, exchange->receive_us,
                              memory_order_relaxed);
    /* for a method that does not exist dispatch makes the failure, and needs no database for it */
    if (method == NULL || method->database == DATABASE_NONE) {
        (void) answer_from_memory(exchange, true);
        return;
    }
    if (method->from_memory && answer_from_memory(exchange, false))
        return;
    exchange_queue(exchange, &peek, size, method_lane(method));
}

/* It was sent, or cannot be. */
static void
exchange_sent(Exchange *exchange, int error)
{
    if (error == NNG_ETIMEDOUT)
        nng_pipe_close(exchange->pipe);
    count_down(exchange);
    if (error == NNG_ECLOSED || error == NNG_ECANCELED)
        end_round(exchange);
    else
        exchange_receive(exchange);
}

static void
exchange_pause_over(void *argument, int error)
{
    Exchange *exchange = argument;

    atomic_fetch_sub(&exchange->listener->pauses, 1);
    if (error == 0) {
        send_packed(exchange);
        return;
    }
    nng_msg_free(nng_aio_get_msg(exchange->aio));
    nng_aio_set_msg(exchange->aio, NULL);
    exchange_sent(exchange, error);
}

static void
exchange_callback(void *argument)
{
    Exchange *exchange = argument;
    int error;

    if (exchange->step == STEP_SEND) {
        exchange_sent(exchange, aio_sent(exchange->aio));
        return;
    }
    error = aio_received(exchange->aio, &exchange->message);
    if (error == NNG_ECLOSED || error == NNG_ECANCELED) {
        end_round(exchange);
    } else if (error != 0) {
        exchange_receive(exchange);
    } else {
        exchange->pipe = nng_msg_get_pipe(exchange->message);
        exchange->receive_us = clock_us();
        exchange_received(exchange);
    }
}

Exchange *
exchange_of(Ticket *ticket)
{
    return (Exchange *) (void *) ticket; /* its first member */
}

const uint8_t *
exchange_data(const Exchange *exchange, size_t *size)
{
    *size = nng_msg_len(exchange->message);
    return nng_msg_body(exchange->message);
}

int64_t
exchange_receive_us(const Exchange *exchange)
{
    return exchange->receive_us;
}

void
exchange_peer(const Exchange *exchange, Peer *peer)
{
    uint64_t uid;
    nng_sockaddr address;

    *peer = (Peer){.connection = (uint64_t) nng_pipe_id(exchange->pipe)};
    if (nng_pipe_get_uint64(exchange->pipe, NNG_OPT_IPC_PEER_UID, &uid) == 0) {
        peer->is_ipc = true;
        peer->uid = (uid_t) uid;
        snprintf(peer->address, sizeof peer->address, "ipc:uid=%" PRIu64, uid);
        return;
    }
    snprintf(peer->address, sizeof peer->address, "inproc");
    if (nng_pipe_get_addr(exchange->pipe, NNG_OPT_REMADDR, &address) != 0)
        return;

    char host[INET6_ADDRSTRLEN] = "";

    if (address.s_family == NNG_AF_INET &&
        inet_ntop(AF_INET, &address.s_in.sa_addr, host, sizeof host) != NULL)
        snprintf(peer->address, sizeof peer->address, "%s:%u", host,
                 (unsigned) ntohs(address.s_in.sa_port));
    if (address.s_family == NNG_AF_INET6 &&
        inet_ntop(AF_INET6, address.s_in6.sa_addr, host, sizeof host) != NULL)
        snprintf(peer->address, sizeof peer->address, "[%s]:%u", host,
                 (unsigned) ntohs(address.s_in6.sa_port));
}

/* Anyone may connect; the peer's uid, or a token, decides what they may do. */
static int
listen_on(Listener *listener, const char *url)
{
    nng_listener handle;
    int error = nng_listener_create(&handle, listener->socket, url), port;
    char *bound = listener->urls[listener->urls_count];

    if (error == 0)
        error = nng_listener_set_size(handle, NNG_OPT_RECVMAXSZ, WIRE_MESSAGE_MAX);
    if (error == 0 && strncmp(url, "tcp", 3) == 0)
        (void) nng_listener_set_bool(handle, NNG_OPT_TCP_NODELAY, true);
    if (error == 0)
        error = nng_listener_start(handle, 0);
    if (error != 0)
        return error;
    snprintf(bound, NNG_MAXADDRLEN, "%s", url);
    if (strncmp(url, "tcp", 3) == 0 && strrchr(bound, ':') != NULL &&
        nng_listener_get_int(handle, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
        snprintf(strrchr(bound, ':'), 8, ":%d", port);
    listener->urls_count++;
    log_write(LOG_LEVEL_INFO, "listening", "url=%s", bound);
    return 0;
}

bool
listener_url(const Listener *listener, const char *scheme, char *url, size_t size)
{
    for (size_t i = 0; i < listener->urls_count; i++)
        if (strncmp(listener->urls[i], scheme, strlen(scheme)) == 0)
            return (size_t) snprintf(url, size, "%s", listener->urls[i]) < size;
    return false;
}

static bool
listen_on_all(Listener *listener, const char *urls, char *reason, size_t size)
{
    char url[NNG_MAXADDRLEN];

    for (int i = 0; i < URLS_MAX && *urls != '\0'; i++) {
        size_t length = strcspn(urls, ",");

        if (length >= sizeof url) {
            snprintf(reason, size, "a URL to listen on must have at most %zu bytes, got %zu",
                     sizeof url - 1, length);
            return false;
        }
        memcpy(url, urls, length);
        url[length] = '\0';
        urls += length + (urls[length] == ',');

        int error = listen_on(listener, url);

        if (error != 0) {
            snprintf(reason, size, "cannot listen on %s: %s", url, nng_strerror(error));
            return false;
        }
    }
    return true;
}

static bool
open_exchanges(Listener *listener)
{
    for (size_t i = 0; i < listener->count; i++) {
        Exchange *exchange = &listener->exchanges[i];

        exchange->listener = listener;
        if (nng_aio_alloc(&exchange->aio, exchange_callback, exchange) != 0 ||
            (exchange->pause = aio_pause_new(exchange_pause_over, exchange)) == NULL ||
            nng_ctx_open(&exchange->context, listener->socket) != 0)
            return false;
    }
    listener->rounds = listener->count;
    for (size_t i = 0; i < listener->count; i++)
        exchange_receive(&listener->exchanges[i]);
    return true;
}

Listener *
listener_start(Core *core, Queue *const queues[LANE_COUNT], size_t calls_max, const char *urls,
               char *reason, size_t size)
{
    Listener *listener = calloc(1, sizeof *listener);
    int error;

    snprintf(reason, size, "no memory");
    if (listener == NULL)
        return NULL;
    pthread_mutex_init(&listener->lock, NULL);
    clock_cond_init(&listener->idle);
    listener->core = core;
    listener->queues = queues;
    wire_guard();
    if ((error = nng_rep0_open(&listener->socket)) != 0) {
        snprintf(reason, size, "cannot open a socket: %s", nng_strerror(error));
        free(listener);
        return NULL;
    }
    (void) nng_socket_set_size(listener->socket, NNG_OPT_RECVMAXSZ, WIRE_MESSAGE_MAX);
    listener->count = calls_max + SPARE_CONTEXTS + PAUSES_MAX;
    listener->exchanges = calloc(listener->count, sizeof *listener->exchanges);
    if (listener->exchanges == NULL || !open_exchanges(listener) ||
        !listen_on_all(listener, urls, reason, size)) {
        listener_stop(listener);
        return NULL;
    }
    return listener;
}

void
listener_drain(Listener *listener, int64_t drain_ms)
{
    struct timespec until = clock_after_ms(drain_ms);

    pthread_mutex_lock(&listener->lock);
    listener->draining = true;
    while (listener->accepted > 0 &&
           pthread_cond_timedwait(&listener->idle, &listener->lock, &until) == 0)
        ;
    if (listener->accepted > 0)
        log_write(LOG_LEVEL_WARNING, "calls are cut off", "count=%zu", listener->accepted);
    pthread_mutex_unlock(&listener->lock);
}

/* nng 1.5.2 may wait for ever when it closes a socket on which messages still come in (its pull
 * request 1636).  So the server stops receiving first: each pipe then holds one message and reads
 * no further, and the risk is only the moment in which it reads that one.  An exchange between two
 * steps has nothing to cancel, so cancelling is repeated until none is left.  Calls that the drain
 * has cut off are not waited for. */
static void
listener_stop_receiving(Listener *listener)
{
    atomic_store(&listener->quiet, true);
    pthread_mutex_lock(&listener->lock);
    while (listener->rounds > listener->accepted) {
        struct timespec until = clock_after_ms(QUIET_ROUND_MS);

        pthread_mutex_unlock(&listener->lock);
        for (size_t i = 0; i < listener->count; i++)
            if (listener->exchanges[i].pause != NULL) {
                nng_aio_cancel(listener->exchanges[i].aio);
                aio_pause_cancel(listener->exchanges[i].pause);
            }
        pthread_mutex_lock(&listener->lock);
        if (listener->rounds > listener->accepted)
            (void) pthread_cond_timedwait(&listener->idle, &listener->lock, &until);
    }
    pthread_mutex_unlock(&listener->lock);
}

static void *
listener_close_thread(void *argument)
{
    Listener *listener = argument;

    nng_close(listener->socket);
    pthread_mutex_lock(&listener->lock);
    listener->closed = true;
    pthread_cond_broadcast(&listener->idle);
    pthread_mutex_unlock(&listener->lock);
    return NULL;
}

/* False: nng has not closed it in time.  No exchange is in use any more, so everything but the
 * listener itself may be freed. */
static bool
listener_close_socket(Listener *listener)
{
    struct timespec until = clock_after_ms(CLOSE_MAX_MS);
    pthread_t thread;
    bool closed;

    if (pthread_create(&thread, NULL, listener_close_thread, listener) != 0) {
        nng_close(listener->socket);
        return true;
    }
    pthread_mutex_lock(&listener->lock);
    while (!listener->closed &&
           pthread_cond_timedwait(&listener->idle, &listener->lock, &until) == 0)
        ;
    closed = listener->closed;
    pthread_mutex_unlock(&listener->lock);
    if (closed) {
        pthread_join(thread, NULL);
        return true;
    }
    (void) pthread_detach(thread);
    log_write(LOG_LEVEL_WARNING, "sockets stay open until the process ends",
              "reason=\"nng has not closed them in %d ms\"", CLOSE_MAX_MS);
    return false;
}

void
listener_stop(Listener *listener)
{
    if (listener == NULL)
        return;
    listener_stop_receiving(listener);
    if (!listener_close_socket(listener))
        return;
    for (size_t i = 0; listener->exchanges != NULL && i < listener->count; i++) {
        Exchange *exchange = &listener->exchanges[i];

        if (exchange->aio == NULL)
            continue;
        aio_pause_free(exchange->pause);
        nng_aio_stop(exchange->aio);
        nng_aio_free(exchange->aio);
        if (exchange->message != NULL)
            nng_msg_free(exchange->message);
    }
    free(listener->exchanges);
    while (listener->arenas_count > 0)
        arena_free(listener->arenas[--listener->arenas_count]);
    pthread_cond_destroy(&listener->idle);
    pthread_mutex_destroy(&listener->lock);
    free(listener);
}
