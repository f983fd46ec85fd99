/* One thread that passes bytes between pairs of sockets; see proxy.h.  */
#include "harness/proxy.h"

#include "harness/cases.h"
#include "harness/wait.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PAIRS_MAX = 200, LOOK_MS = 10 };

typedef struct Pair {
    int ends[2]; /* the server's, PostgreSQL's */
    bool is_silent;
} Pair;

struct Proxy {
    int listener;
    struct sockaddr_un target;
    pthread_t thread;
    atomic_bool stop, silence, silence_open;
    Pair pairs[PAIRS_MAX];
    size_t count;
    _Atomic unsigned taken;
};

static void
accept_pair(Proxy *proxy)
{
    int server = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    int postgres = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (proxy->count < PAIRS_MAX &&
        connect(postgres, (struct sockaddr *) &proxy->target, sizeof proxy->target) == 0) {
        proxy->pairs[proxy->count++] = (Pair){.ends = {server, postgres}};
        proxy->taken++;
        return;
    }
    close(server);
    close(postgres);
}

/* False: one of them has ended. */
static bool
pass(int from, int to)
{
    char data[65536];
    ssize_t size = recv(from, data, sizeof data, 0);

    for (ssize_t sent = 0, part; sent < size; sent += part)
        if ((part = send(to, data + sent, (size_t) (size - sent), MSG_NOSIGNAL)) <= 0)
            return false;
    return size > 0;
}

static void
close_pair(Proxy *proxy, size_t i)
{
    close(proxy->pairs[i].ends[0]);
    close(proxy->pairs[i].ends[1]);
    proxy->pairs[i] = proxy->pairs[--proxy->count];
}

static void
take_orders(Proxy *proxy)
{
    if (!atomic_exchange(&proxy->silence_open, false))
        return;
    for (size_t i = 0; i < proxy->count; i++)
        proxy->pairs[i].is_silent = true;
}

static void *
proxy_loop(void *argument)
{
    Proxy *proxy = argument;

    while (!atomic_load(&proxy->stop)) {
        struct pollfd descriptors[PAIRS_MAX * 2 + 1];
        bool silence = atomic_load(&proxy->silence);
        size_t count = proxy->count;

        take_orders(proxy);
        for (size_t i = 0; i < count * 2; i++)
            descriptors[i] = (struct pollfd){.fd = silence || proxy->pairs[i / 2].is_silent
                                                       ? -1
                                                       : proxy->pairs[i / 2].ends[i % 2],
                                             .events = POLLIN};
        descriptors[count * 2] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
        if (poll(descriptors, count * 2 + 1, LOOK_MS) <= 0)
            continue;
        if (descriptors[count * 2].revents != 0)
            accept_pair(proxy);
        /* from the last one on, since a pair that ends is replaced by the last */
        for (size_t i = count; i-- > 0;) {
            const int *ends = proxy->pairs[i].ends;

            if ((descriptors[i * 2].revents != 0 && !pass(ends[0], ends[1])) ||
                (descriptors[i * 2 + 1].revents != 0 && !pass(ends[1], ends[0])))
                close_pair(proxy, i);
        }
    }
    return NULL;
}

/* Where PostgreSQL's socket is, by a connection's own words. */
static void
find_target(const TestDatabase *database, struct sockaddr_un *target)
{
    PGconn *connection = database_connect(database);
    const char *host = PQhost(connection);

    *target = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (host[0] != '/')
        fail_msg("the proxy needs a PostgreSQL that listens on a local socket, not on %s", host);
    snprintf(target->sun_path, sizeof target->sun_path, "%.80s/.s.PGSQL.%s", host,
             PQport(connection));
    PQfinish(connection);
}

Proxy *
proxy_new(const TestDatabase *database, TestDatabase *through)
{
    Proxy *proxy = calloc(1, sizeof *proxy);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char place[64];

    assert_non_null(proxy);
    find_target(database, &proxy->target);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(proxy->listener, (struct sockaddr *) &address, size), 0);
    assert_int_equal(listen(proxy->listener, PAIRS_MAX), 0);
    assert_int_equal(getsockname(proxy->listener, (struct sockaddr *) &address, &size), 0);
    assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_loop, proxy), 0);

    /* of a word that comes twice, the second counts */
    *through = *database;
    snprintf(place, sizeof place, " host=127.0.0.1 port=%d", ntohs(address.sin_port));
    assert_true(strlen(through->worker) + strlen(place) < sizeof through->worker);
    snprintf(through->worker + strlen(through->worker), sizeof place, "%s", place);
    assert_true(strlen(through->owner) + strlen(place) < sizeof through->owner);
    snprintf(through->owner + strlen(through->owner), sizeof place, "%s", place);
    return proxy;
}

void
proxy_free(Proxy *proxy)
{
    atomic_store(&proxy->stop, true);
    pthread_join(proxy->thread, NULL);
    while (proxy->count > 0)
        close_pair(proxy, 0);
    close(proxy->listener);
    free(proxy);
}

typedef struct Taken {
    const Proxy *proxy;
    unsigned count;
} Taken;

static bool
has_taken(void *argument)
{
    const Taken *taken = argument;

    return taken->proxy->taken >= taken->count;
}

void
proxy_wait(Proxy *proxy, unsigned count)
{
    wait_until("a connection through the proxy", has_taken, &(Taken){proxy, count});
}

void
proxy_silence(Proxy *proxy)
{
    atomic_store(&proxy->silence, true);
}

void
proxy_silence_open(Proxy *proxy)
{
    atomic_store(&proxy->silence_open, true);
}
