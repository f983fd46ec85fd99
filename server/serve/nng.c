/* One REP socket, many contexts.  Each context is an Exchange that repeats: receive → (answer from
 * memory | queue) → send → receive.  There are more of them than calls that can be queued or
 * served, so that Health is answered even when the queues are full.  Runs on nng's own threads;
 * nothing here may block.  */
#include "serve/nng.h"
#include "base/clock.h"
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

typedef struct NngExchange {
    Exchange base;
    Peer peer;
    Listener *listener;
    nng_ctx context;
    nng_aio *aio;
    AioPause *pause;  /* before an answer that waits in aio */
    nng_msg *message; /* the request; NULL while receiving */
    nng_pipe pipe;
    Step step;
} NngExchange;

struct Listener {
    Intake *intake;
    nng_socket socket;
    size_t count;
    NngExchange *exchanges;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    size_t rounds;     /* exchanges in use: receiving, being served or answering */
    atomic_bool quiet; /* nothing is received any more */
    bool closed;       /* nng has closed the socket */
    _Atomic size_t pauses;
    char urls[URLS_MAX][NNG_MAXADDRLEN]; /* as they are bound */
    size_t urls_count;
};

/* The exchange is not used any more.  A message that it has not received stays in its pipe. */
static void
end_round(NngExchange *exchange)
{
    Listener *listener = exchange->listener;

    pthread_mutex_lock(&listener->lock);
    listener->rounds--;
    pthread_cond_broadcast(&listener->idle);
    pthread_mutex_unlock(&listener->lock);
}

static void
exchange_receive(NngExchange *exchange)
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
count_down(NngExchange *exchange)
{
    if (!exchange->base.is_accepted)
        return;
    exchange->base.is_accepted = false;
    intake_answered(exchange->listener->intake, 1);
}

static void
send_packed(NngExchange *exchange)
{
    exchange->step = STEP_SEND;
    nng_aio_set_timeout(exchange->aio, SEND_MAX_MS);
    nng_ctx_send(exchange->context, exchange->aio);
}

static bool
pause_begin(NngExchange *exchange, uint32_t pause_ms)
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

static void
nng_reply(Exchange *base, const Reply *reply, uint32_t pause_ms)
{
    NngExchange *exchange = (NngExchange *) (void *) base;
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
nng_drop(Exchange *base)
{
    NngExchange *exchange = (NngExchange *) (void *) base;

    nng_msg_free(exchange->message);
    exchange->message = NULL;
    count_down(exchange);
    exchange_receive(exchange);
}

/* A socket does not tell which pipes are closed. */
static bool
nng_is_gone(const Exchange *base)
{
    (void) base;
    return false;
}

static const ExchangeOps nng_ops = {nng_reply, nng_drop, nng_is_gone};

/* It was sent, or cannot be. */
static void
exchange_sent(NngExchange *exchange, int error)
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
    NngExchange *exchange = argument;

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
read_peer(const NngExchange *exchange, Peer *peer)
{
    uint64_t uid;
    nng_sockaddr address;

    *peer = (Peer){.is_ipc = false};
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

static void
exchange_callback(void *argument)
{
    NngExchange *exchange = argument;
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
        read_peer(exchange, &exchange->peer);
        exchange->base = (Exchange){
            .ops = &nng_ops,
            .peer = &exchange->peer,
            .data = nng_msg_body(exchange->message),
            .size = nng_msg_len(exchange->message),
            .receive_us = clock_us(),
        };
        intake_receive(exchange->listener->intake, &exchange->base);
    }
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
        NngExchange *exchange = &listener->exchanges[i];

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
listener_start(Intake *intake, size_t calls_max, const char *urls, char *reason, size_t size)
{
    Listener *listener = calloc(1, sizeof *listener);
    int error;

    snprintf(reason, size, "no memory");
    if (listener == NULL)
        return NULL;
    pthread_mutex_init(&listener->lock, NULL);
    clock_cond_init(&listener->idle);
    listener->intake = intake;
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
    while (listener->rounds > 0) {
        struct timespec until = clock_after_ms(QUIET_ROUND_MS);

        pthread_mutex_unlock(&listener->lock);
        for (size_t i = 0; i < listener->count; i++)
            if (listener->exchanges[i].pause != NULL) {
                nng_aio_cancel(listener->exchanges[i].aio);
                aio_pause_cancel(listener->exchanges[i].pause);
            }
        pthread_mutex_lock(&listener->lock);
        if (listener->rounds > 0)
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
        NngExchange *exchange = &listener->exchanges[i];

        if (exchange->aio == NULL)
            continue;
        aio_pause_free(exchange->pause);
        nng_aio_stop(exchange->aio);
        nng_aio_free(exchange->aio);
        if (exchange->message != NULL)
            nng_msg_free(exchange->message);
    }
    free(listener->exchanges);
    pthread_cond_destroy(&listener->idle);
    pthread_mutex_destroy(&listener->lock);
    free(listener);
}
