/* A door for each URL, which accepts one connection after the other, and the connections that are
 * not in use and wait for the next one.  */
#include "serve/listener.h"
#include "access/origin.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/ip.h"
#include "base/log.h"
#include "proto/aio.h"
#include "serve/connection.h"
#include "serve/socket_file.h"
#include "serve/tls.h"
#include "serve/urls.h"

#include <inttypes.h>
#include <nng/transport/ipc/ipc.h>
#include <nng/transport/tcp/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum {
    LATE_MS = 100,          /* between two looks for those who are late */
    SHORT_PAUSE_MS = 10,    /* until somebody else is let in where nobody could be: for want of
                               descriptors or memory, or while many are being closed */
    SHORT_MAX = 5,          /* pauses before somebody is closed for that: nng gives the descriptors
                               of closed connections back somewhat later */
    SHORT_LOG_MS = 10000,   /* between two lines about the same */
    LEAVING_MAX = 64,       /* connections that are being closed beside those that are allowed */
    DESCRIPTORS_MORE = 512, /* that the process needs besides connections */
    STOP_ROUND_MS = 10,     /* between two rounds of closing who is left */
    STOP_MAX_MS = 2000      /* for all connections to end */
};

typedef struct Door {
    Listener *listener;
    nng_stream_listener *stream;
    nng_aio *accept;
    AioPause *pause;
    bool is_ipc;
    int short_count;  /* pauses for want of descriptors or memory since the last one came in */
    atomic_bool over; /* it accepts nobody any more */
    char url[NNG_MAXADDRLEN]; /* as it is bound */
    SocketFile file;
} Door;

struct Listener {
    Core *core;
    LinkPlace place;
    size_t connections_max;
    Door doors[URLS_MAX];
    size_t doors_count;
    nng_tls_config *tls; /* NULL: no URL needs one */
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a connection, while it stops */
    Connection *unused;
    size_t used;     /* connections that are in use */
    AioPause *round; /* until the next look for those who are late; NULL: not started */
    atomic_bool rounds_over;
    atomic_bool stopping;
    _Atomic uint64_t connections_made;
    _Atomic int64_t logged_us; /* when a line said that somebody could not be let in */
};

static void
log_short(Listener *listener, const char *message, const char *key, const char *value)
{
    int64_t now_us = clock_us(), last_us = atomic_load(&listener->logged_us);
    char text[256];

    if ((last_us != 0 && now_us - last_us < SHORT_LOG_MS * 1000) ||
        !atomic_compare_exchange_strong(&listener->logged_us, &last_us, now_us))
        return;
    log_write(LOG_LEVEL_WARNING, message, "%s=%s", key, log_quote(text, sizeof text, value));
}

/* ---- connections that are not in use ---- */

/* NULL: there is none. */
static Connection *
take_unused(Listener *listener)
{
    Connection *connection;

    pthread_mutex_lock(&listener->lock);
    connection = listener->unused;
    if (connection != NULL)
        listener->unused = *connection_next(connection);
    listener->used += connection != NULL;
    pthread_mutex_unlock(&listener->lock);
    return connection;
}

static Connection *
take_or_make(Listener *listener)
{
    Connection *connection = take_unused(listener);

    if (connection != NULL || (connection = connection_new(&listener->place)) == NULL)
        return connection;
    pthread_mutex_lock(&listener->lock);
    listener->used++;
    pthread_mutex_unlock(&listener->lock);
    return connection;
}

static size_t
count_used(Listener *listener)
{
    size_t used;

    pthread_mutex_lock(&listener->lock);
    used = listener->used;
    pthread_mutex_unlock(&listener->lock);
    return used;
}

static void
put_unused(Listener *listener, Connection *connection)
{
    pthread_mutex_lock(&listener->lock);
    *connection_next(connection) = listener->unused;
    listener->unused = connection;
    listener->used--;
    if (atomic_load(&listener->stopping))
        pthread_cond_broadcast(&listener->ended);
    pthread_mutex_unlock(&listener->lock);
}

static void
connection_over(void *of, Link *link)
{
    put_unused(of, connection_ended(link));
}

/* ---- letting in ---- */

/* Over ipc:// the kernel says which user it is, over tcp:// and tls+tcp:// which address. */
static void
read_peer(nng_stream *stream, const Core *core, Peer *peer)
{
    nng_sockaddr address;
    uint64_t uid;

    *peer = (Peer){.is_operator = false};
    if (nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_UID, &uid) == 0) {
        peer->is_operator = operators_has(&core->operators, (uid_t) uid);
        snprintf(peer->address, sizeof peer->address, "ipc:uid=%" PRIu64, uid);
        return;
    }
    snprintf(peer->address, sizeof peer->address, "unknown");
    if (nng_stream_get_addr(stream, NNG_OPT_REMADDR, &address) != 0)
        return;
    if (address.s_family == NNG_AF_INET)
        ip_print_peer(AF_INET, &address.s_in.sa_addr, address.s_in.sa_port, peer->address,
                      sizeof peer->address);
    if (address.s_family == NNG_AF_INET6)
        ip_print_peer(AF_INET6, &address.s_in6.sa_addr, address.s_in6.sa_port, peer->address,
                      sizeof peer->address);
}

/* The stream is given to a connection, or closed: it is never left without an answer. */
static void
let_in(Door *door, nng_stream *stream)
{
    Listener *listener = door->listener;
    Connection *connection = take_or_make(listener);
    CensusAnswer answer = CENSUS_NO_MEMORY;
    char address[ORIGIN_SIZE];
    Peer peer;

    read_peer(stream, listener->core, &peer);
    peer.connection = atomic_fetch_add(&listener->connections_made, 1) + 1;
    origin_key(peer.address, address);
    peer.address_hash = hash_bytes(address, strlen(address));
    if (connection != NULL)
        answer = connection_start(connection, stream, door->is_ipc, &peer, address);
    if (answer == CENSUS_IN)
        return;
    nng_stream_free(stream);
    if (connection != NULL)
        put_unused(listener, connection);
    log_short(listener, census_refusal(answer), "peer", peer.address);
}

static void
accept_next(Door *door)
{
    if (count_used(door->listener) >= door->listener->connections_max + LEAVING_MAX)
        aio_pause_begin(door->pause, SHORT_PAUSE_MS);
    else
        nng_stream_listener_accept(door->stream, door->accept);
}

static void
door_pause_over(void *argument, int error)
{
    Door *door = argument;

    if (error != 0 || atomic_load(&door->listener->stopping))
        atomic_store(&door->over, true);
    else
        accept_next(door);
}

static void
accepted(void *argument)
{
    Door *door = argument;
    Listener *listener = door->listener;
    int error = nng_aio_result(door->accept);

    if (atomic_load(&listener->stopping)) {
        if (error == 0)
            nng_stream_free(nng_aio_get_output(door->accept, 0));
        atomic_store(&door->over, true);
    } else if (error == 0) {
        door->short_count = 0;
        let_in(door, nng_aio_get_output(door->accept, 0));
        accept_next(door);
    } else {
        /* no descriptors or no memory: who is idle makes room, unless some comes back by itself */
        if (++door->short_count > SHORT_MAX)
            (void) census_close_idlest(listener->place.census);
        log_short(listener, "nobody can be let in", "reason", nng_strerror(error));
        aio_pause_begin(door->pause, SHORT_PAUSE_MS);
    }
}

/* ---- those who are late ---- */

static void
round_over(void *argument, int error)
{
    Listener *listener = argument;

    if (error != 0 || atomic_load(&listener->stopping)) {
        atomic_store(&listener->rounds_over, true);
        return;
    }
    census_close_late(listener->place.census, clock_us());
    aio_pause_begin(listener->round, LATE_MS);
}

static bool
start_rounds(Listener *listener)
{
    listener->round = aio_pause_new(round_over, listener);
    if (listener->round != NULL)
        aio_pause_begin(listener->round, LATE_MS);
    return listener->round != NULL;
}

/* ---- listening ---- */

static int
set_options(const Door *door, const char *url)
{
    const Config *config = door->listener->core->config;
    int mode;

    if (!door->is_ipc) {
        (void) nng_stream_listener_set_bool(door->stream, NNG_OPT_TCP_NODELAY, true);
        (void) nng_stream_listener_set_bool(door->stream, NNG_OPT_TCP_KEEPALIVE, true);
        if (urls_is_tls(url))
            return nng_stream_listener_set_ptr(door->stream, NNG_OPT_TLS_CONFIG,
                                               door->listener->tls);
        return 0;
    }
    if (config->socket_mode[0] == '\0')
        return 0;
    if (!urls_mode(config->socket_mode, &mode))
        return NNG_EINVAL;
    return nng_stream_listener_set_int(door->stream, NNG_OPT_IPC_PERMISSIONS, mode);
}

/* Anyone may connect; the peer's uid, or a token, decides what they may do. */
static int
listen_on(Listener *listener, const char *url)
{
    Door *door = &listener->doors[listener->doors_count];
    int error, port;

    door->listener = listener;
    door->is_ipc = urls_is_ipc(url);
    atomic_store(&door->over, true);
    error = nng_stream_listener_alloc(&door->stream, url);
    if (error != 0)
        return error;
    listener->doors_count++;
    if ((error = nng_aio_alloc(&door->accept, accepted, door)) != 0)
        return error;
    door->pause = aio_pause_new(door_pause_over, door);
    if (door->pause == NULL)
        return NNG_ENOMEM;
    if ((error = set_options(door, url)) != 0 ||
        (error = nng_stream_listener_listen(door->stream)) != 0)
        return error;
    snprintf(door->url, sizeof door->url, "%s", url);
    socket_file_note(&door->file, door->url);
    if (!door->is_ipc && strrchr(door->url, ':') != NULL &&
        nng_stream_listener_get_int(door->stream, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
        snprintf(strrchr(door->url, ':'), 8, ":%d", port);
    atomic_store(&door->over, false);
    accept_next(door);
    log_write(LOG_LEVEL_INFO, "listening", "url=%s", door->url);
    return 0;
}

size_t
listener_connections(Listener *listener)
{
    return count_used(listener);
}

bool
listener_url(const Listener *listener, const char *scheme, char *url, size_t size)
{
    for (size_t i = 0; i < listener->doors_count; i++)
        if (strncmp(listener->doors[i].url, scheme, strlen(scheme)) == 0)
            return (size_t) snprintf(url, size, "%s", listener->doors[i].url) < size;
    return false;
}

static bool
listen_on_all(Listener *listener, const char *urls, char *reason, size_t size)
{
    char url[NNG_MAXADDRLEN];
    bool fits;

    while (urls_next(&urls, url, &fits)) {
        if (!socket_file_check(url, reason, size) ||
            (urls_is_tls(url) && listener->tls == NULL &&
             (listener->tls = tls_config_new(listener->core->config, reason, size)) == NULL))
            return false;

        int error = listen_on(listener, url);

        if (error != 0) {
            snprintf(reason, size, "cannot listen on %s: %s", url, nng_strerror(error));
            return false;
        }
    }
    return true;
}

/* As many descriptors as connections and all else need, if the system allows it. */
static void
raise_descriptors(const Config *config)
{
    rlim_t transports = config->http[0] != '\0' ? 2 : 1;
    rlim_t wanted = (rlim_t) config->connections * transports + DESCRIPTORS_MORE;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void) setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        log_write(LOG_LEVEL_WARNING, "fewer descriptors than --connections may need",
                  "allowed=%ju needed=%ju", (uintmax_t) limit.rlim_cur, (uintmax_t) wanted);
}

static bool
make_place(Listener *listener, Intake *intake)
{
    const Config *config = listener->core->config;
    CensusLimits limits = census_limits(config);

    limits.close = link_close;
    listener->connections_max = limits.connections;
    listener->place = (LinkPlace){
        .intake = intake,
        .pauses = pauses_new(),
        .census = census_new(&limits),
        .calls_max = (size_t) config->connection_calls,
        .resume = connection_resume,
        .over = connection_over,
        .of = listener,
    };
    return listener->place.pauses != NULL && listener->place.census != NULL;
}

Listener *
listener_start(Core *core, Intake *intake, const char *urls, char *reason, size_t size)
{
    Listener *listener = calloc(1, sizeof *listener);

    snprintf(reason, size, "no memory");
    if (listener == NULL)
        return NULL;
    pthread_mutex_init(&listener->lock, NULL);
    clock_cond_init(&listener->ended);
    listener->core = core;
    raise_descriptors(core->config);
    if (make_place(listener, intake) && start_rounds(listener) &&
        urls_check(core->config, urls, reason, size) && listen_on_all(listener, urls, reason, size))
        return listener;
    listener_stop(listener);
    return NULL;
}

/* ---- stopping ---- */

static bool
is_over(Listener *listener)
{
    for (size_t i = 0; i < listener->doors_count; i++)
        if (!atomic_load(&listener->doors[i].over))
            return false;
    return count_used(listener) == 0 &&
           (listener->round == NULL || atomic_load(&listener->rounds_over));
}

/* Somebody may come in while the others are being closed, so it goes in rounds. */
static bool
end_all(Listener *listener)
{
    int64_t until_us = clock_us() + STOP_MAX_MS * 1000;

    for (size_t i = 0; i < listener->doors_count; i++) {
        socket_file_spare(&listener->doors[i].file);
        nng_stream_listener_close(listener->doors[i].stream);
        socket_file_restore(&listener->doors[i].file);
    }
    while (!is_over(listener)) {
        struct timespec round = clock_after_ms(STOP_ROUND_MS);

        if (clock_us() > until_us)
            return false;
        for (size_t i = 0; i < listener->doors_count; i++)
            aio_pause_cancel(listener->doors[i].pause);
        if (listener->round != NULL)
            aio_pause_cancel(listener->round);
        pauses_cancel(listener->place.pauses);
        census_close_all(listener->place.census);
        pthread_mutex_lock(&listener->lock);
        (void) pthread_cond_timedwait(&listener->ended, &listener->lock, &round);
        pthread_mutex_unlock(&listener->lock);
    }
    return true;
}

static void
free_all(Listener *listener)
{
    for (size_t i = 0; i < listener->doors_count; i++) {
        Door *door = &listener->doors[i];

        aio_pause_free(door->pause);
        nng_aio_free(door->accept);
        nng_stream_listener_free(door->stream);
    }
    if (listener->tls != NULL)
        nng_tls_config_free(listener->tls);
    aio_pause_free(listener->round);
    pauses_free(listener->place.pauses);
    while (listener->unused != NULL)
        connection_free(take_unused(listener));
    census_free(listener->place.census);
    pthread_cond_destroy(&listener->ended);
    pthread_mutex_destroy(&listener->lock);
    free(listener);
}

void
listener_stop(Listener *listener)
{
    if (listener == NULL)
        return;
    atomic_store(&listener->stopping, true);
    if (listener->place.census == NULL || listener->place.pauses == NULL || end_all(listener))
        free_all(listener);
    else
        log_write(LOG_LEVEL_WARNING, "connections stay open until the process ends",
                  "reason=\"they have not ended in %d ms\"", STOP_MAX_MS);
}
