/* The first loop accepts.  Where no descriptor is left it waits a moment, and then somebody idle
 * makes room, as at the listener of nng's.  */
#include "http/door.h"
#include "access/origin.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/ip.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LOOPS_MAX = 64,
    ACCEPT_MAX = 64,      /* at a time; then those who are there have their turn */
    SHORT_PAUSE_MS = 10,  /* until somebody is let in again where nobody could be */
    SHORT_MAX = 5,        /* pauses before somebody is closed for that */
    SHORT_LOG_MS = 10000, /* between two lines about the same */
    URL_SIZE = 80
};

struct Door {
    HttpPlace place;
    Loop *loops[LOOPS_MAX];
    size_t loops_count, next; /* whose turn it is */
    int fd;
    struct event *coming;
    Letter opened, closed, resumed;
    size_t short_count;
    int64_t logged_us;
    bool is_closed; /* the first loop's */
    char url[URL_SIZE];
};

static void
log_short(Door *door, const char *message, const char *key, const char *value)
{
    int64_t now_us = clock_us();
    char text[256];

    if (door->logged_us != 0 && now_us - door->logged_us < SHORT_LOG_MS * 1000)
        return;
    door->logged_us = now_us;
    log_write(LOG_LEVEL_WARNING, message, "url=%s %s=%s", door->url, key,
              log_quote(text, sizeof text, value));
}

/* ---- letting in ---- */

static void
print_address(const struct sockaddr_storage *address, char *text, size_t size)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;

    memcpy(&ipv4, address, sizeof ipv4);
    memcpy(&ipv6, address, sizeof ipv6);
    if (address->ss_family == AF_INET6)
        ip_print_peer(AF_INET6, &ipv6.sin6_addr, ipv6.sin6_port, text, size);
    else
        ip_print_peer(address->ss_family, &ipv4.sin_addr, ipv4.sin_port, text, size);
}

/* HTTP is never the local operator, whoever's address it has. */
static void
let_in(Door *door, int fd, const struct sockaddr_storage *from)
{
    static atomic_uint_fast64_t made; /* of all doors; those of nng's count from the other end */
    const int on = 1;
    Peer peer = {.is_operator = false};
    char key[ORIGIN_SIZE];
    CensusAnswer answer;

    print_address(from, peer.address, sizeof peer.address);
    origin_key(peer.address, key);
    peer.address_hash = hash_bytes(key, strlen(key));
    peer.connection = UINT64_MAX - atomic_fetch_add(&made, 1);
    (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    answer = connection_open(&door->place, door->loops[door->next], fd, &peer, key);
    door->next = (door->next + 1) % door->loops_count;
    if (answer == CENSUS_IN)
        return;
    log_short(door, census_refusal(answer), "peer", peer.address);
}

/* No descriptors or no memory: who is idle makes room, unless some comes back by itself. */
static void
pause_accepting(Door *door, int error)
{
    if (++door->short_count > SHORT_MAX)
        (void) census_close_idlest(door->place.census);
    log_short(door, "nobody can be let in", "reason", strerror(error));
    event_del(door->coming);
    loop_post(door->loops[0], &door->resumed, SHORT_PAUSE_MS);
}

static void
somebody_comes(evutil_socket_t fd, short what, void *argument)
{
    Door *door = argument;

    (void) what;
    for (size_t i = 0; i < ACCEPT_MAX; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int stream = accept4(fd, (struct sockaddr *) &from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (stream >= 0) {
            door->short_count = 0;
            let_in(door, stream, &from);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(door, errno);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

static Door *
door_of(Letter *letter, size_t offset)
{
    return (Door *) (void *) ((char *) letter - offset);
}

static void
resume(Letter *letter)
{
    Door *door = door_of(letter, offsetof(Door, resumed));

    if (!door->is_closed)
        event_add(door->coming, NULL);
}

static void
begin(Letter *letter)
{
    Door *door = door_of(letter, offsetof(Door, opened));

    event_add(door->coming, NULL);
}

/* Nobody comes in any more; then everybody is told to go, by letters that their loops open before
 * they end. */
static void
end(Letter *letter)
{
    Door *door = door_of(letter, offsetof(Door, closed));

    event_free(door->coming); /* while its loop is there */
    door->is_closed = true;
    census_close_all(door->place.census);
}

/* The first loop's. */
static void
look_for_late(void *of)
{
    Door *door = of;

    census_close_late(door->place.census, clock_us());
}

/* ---- opening ---- */

/* The address as the system has it. */
static bool
parse(const char *text, struct sockaddr_storage *address, socklen_t *size)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    const char *colon = strrchr(text, ':');
    bool is_ipv6 = text[0] == '[';
    char host[INET6_ADDRSTRLEN + 2];
    unsigned long port;
    size_t length;

    if (colon == NULL || strspn(colon + 1, "0123456789") != strlen(colon + 1) || colon[1] == '\0' ||
        strlen(colon + 1) > 5)
        return false;
    port = strtoul(colon + 1, NULL, 10);
    length = (size_t) (colon - text);
    if (port > 65535 || length >= sizeof host || (is_ipv6 && colon[-1] != ']'))
        return false;
    memcpy(host, text, length);
    host[is_ipv6 ? length - 1 : length] = '\0';
    memset(address, 0, sizeof *address);
    if (is_ipv6) {
        ipv6.sin6_port = htons((uint16_t) port);
        memcpy(address, &ipv6, *size = sizeof ipv6);
        return inet_pton(AF_INET6, host + 1, &((struct sockaddr_in6 *) address)->sin6_addr) == 1;
    }
    ipv4.sin_port = htons((uint16_t) port);
    memcpy(address, &ipv4, *size = sizeof ipv4);
    return inet_pton(AF_INET, host, &((struct sockaddr_in *) address)->sin_addr) == 1;
}

bool
door_check(const char *setting, const char *address, char *reason, size_t size)
{
    struct sockaddr_storage parsed;
    socklen_t length;

    if (address[0] == '\0' || parse(address, &parsed, &length))
        return true;
    snprintf(reason, size,
             "%s must be an address and a port such as 127.0.0.1:7480 or [::1]:7480, or empty for "
             "none, got \"%s\"",
             setting, address);
    return false;
}

static bool
bind_to(Door *door, const DoorOptions *options)
{
    struct sockaddr_storage address;
    socklen_t length;
    const int on = 1;
    char text[64];

    errno = EINVAL;
    if (!parse(options->address, &address, &length))
        return false;
    door->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (door->fd < 0)
        return false;
    (void) setsockopt(door->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ss_family == AF_INET6)
        (void) setsockopt(door->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(door->fd, (struct sockaddr *) &address, length) != 0 ||
        listen(door->fd, SOMAXCONN) != 0)
        return false;
    length = sizeof address;
    if (getsockname(door->fd, (struct sockaddr *) &address, &length) != 0)
        return false;
    print_address(&address, text, sizeof text);
    snprintf(door->url, sizeof door->url, "http://%s", text);
    return true;
}

static void
say_why(const DoorOptions *options, int error, char *reason, size_t size)
{
    snprintf(reason, size,
             "cannot listen on %s: %s; %s ADDRESS:PORT chooses another address (port 0: a free "
             "one), %s '' none",
             options->address, strerror(error), options->setting, options->setting);
}

static bool
start_loops(Door *door, const DoorOptions *options)
{
    CensusLimits limits = options->limits;

    limits.close = connection_told_to_close;
    door->place.census = census_new(&limits);
    while (door->place.census != NULL && door->loops_count < options->loops) {
        Loop *loop =
            door->loops_count == 0 ? loop_start(look_for_late, door) : loop_start(NULL, NULL);

        if (loop == NULL)
            break;
        door->loops[door->loops_count++] = loop;
    }
    if (door->place.census == NULL || door->loops_count < options->loops)
        return false;
    door->coming =
        event_new(loop_base(door->loops[0]), door->fd, EV_READ | EV_PERSIST, somebody_comes, door);
    return door->coming != NULL;
}

Door *
door_open(const DoorOptions *options, char *reason, size_t size)
{
    Door *door = calloc(1, sizeof *door);

    snprintf(reason, size, "no memory or no thread for %s", options->setting);
    if (door == NULL)
        return NULL;
    door->fd = -1;
    door->opened.open = begin;
    door->closed.open = end;
    door->resumed.open = resume;
    door->place.intake = options->intake;
    door->place.handle = options->handle;
    door->place.of = options->of;
    if (!bind_to(door, options))
        say_why(options, errno, reason, size);
    else if (start_loops(door, options)) {
        loop_post(door->loops[0], &door->opened, 0);
        log_write(LOG_LEVEL_INFO, "listening", "url=%s setting=%s", door->url, options->setting);
        return door;
    }
    door_close(door);
    return NULL;
}

void
door_close(Door *door)
{
    if (door == NULL)
        return;
    if (door->coming != NULL)
        loop_post(door->loops[0], &door->closed, 0);
    /* the first one first: it lets in */
    for (size_t i = 0; i < door->loops_count; i++)
        loop_stop(door->loops[i]);
    census_free(door->place.census);
    if (door->fd >= 0)
        close(door->fd);
    free(door);
}

const char *
door_url(const Door *door)
{
    return door->url;
}

size_t
door_connections(const Door *door)
{
    return atomic_load(&door->place.connections);
}
