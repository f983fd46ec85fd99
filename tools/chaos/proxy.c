/* See proxy.h.  One thread for each wire; it lives as long as the program.  */
#include "proxy.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PAIRS_MAX = 256,
    LOOK_MS = 20, /* between two looks at the mode */
    SEND_S = 2    /* an end that takes nothing for so long is cut off */
};

typedef struct Pair {
    int ends[2]; /* of the client and of the server */
} Pair;

typedef struct Wire {
    Proxy *proxy;
    Pair pairs[PAIRS_MAX];
    size_t count;
} Wire;

static int
socket_at(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void
close_pair(Wire *wire, size_t i)
{
    close(wire->pairs[i].ends[0]);
    close(wire->pairs[i].ends[1]);
    wire->pairs[i] = wire->pairs[--wire->count];
}

static void
take_client(Wire *wire)
{
    struct timeval limit = {.tv_sec = SEND_S};
    struct sockaddr_un address;
    int client = accept4(wire->proxy->listener, NULL, NULL, SOCK_CLOEXEC), server;

    if (client < 0)
        return;
    server = socket_at(wire->proxy->to, &address);
    if (wire->count == PAIRS_MAX || server < 0 ||
        connect(server, (struct sockaddr *) &address, sizeof address) != 0) {
        close(client);
        if (server >= 0)
            close(server);
        return;
    }
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(server, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    wire->pairs[wire->count++] = (Pair){{client, server}};
}

/* False: the pair has ended. */
static bool
pass_on(const Pair *pair, int from, ProxyMode mode)
{
    char bytes[65536];
    ssize_t size = recv(pair->ends[from], bytes, sizeof bytes, MSG_DONTWAIT);

    if (size <= 0)
        return false;
    if (from == 1 && mode == PROXY_DEAF)
        return false;
    for (ssize_t sent = 0, part; sent < size; sent += part)
        if ((part = send(pair->ends[1 - from], bytes + sent, (size_t) (size - sent),
                         MSG_NOSIGNAL)) <= 0)
            return false;
    return true;
}

static void
look(Wire *wire)
{
    struct pollfd descriptors[1 + 2 * PAIRS_MAX];
    ProxyMode mode = (ProxyMode) atomic_load(&wire->proxy->mode);
    size_t count = wire->count;

    if (mode == PROXY_CUT)
        while (wire->count > 0)
            close_pair(wire, 0);
    if (mode == PROXY_MUTE || mode == PROXY_CUT) {
        (void) poll(NULL, 0, LOOK_MS);
        return;
    }
    descriptors[0] = (struct pollfd){.fd = wire->proxy->listener, .events = POLLIN};
    for (size_t i = 0; i < 2 * count; i++)
        descriptors[1 + i] =
            (struct pollfd){.fd = wire->pairs[i / 2].ends[i % 2], .events = POLLIN};
    if (poll(descriptors, 1 + 2 * count, LOOK_MS) <= 0)
        return;
    /* from the last, since one that ends changes places with the last */
    for (size_t i = count; i-- > 0;)
        for (int end = 0; end < 2; end++)
            if (descriptors[1 + 2 * i + (size_t) end].revents != 0 &&
                !pass_on(&wire->pairs[i], end, mode)) {
                close_pair(wire, i);
                break;
            }
    if (descriptors[0].revents != 0)
        take_client(wire);
}

static void *
proxy_loop(void *argument)
{
    static _Thread_local Wire wire;

    wire = (Wire){.proxy = argument};
    for (;;)
        look(&wire);
    return NULL;
}

int
proxy_start(Proxy *proxy, const char *from, const char *to)
{
    struct sockaddr_un address;

    *proxy = (Proxy){.mode = PROXY_PASS};
    snprintf(proxy->from, sizeof proxy->from, "%s", from);
    snprintf(proxy->to, sizeof proxy->to, "%s", to);
    proxy->listener = socket_at(from, &address);
    return proxy->listener >= 0 &&
                   bind(proxy->listener, (struct sockaddr *) &address, sizeof address) == 0 &&
                   listen(proxy->listener, PAIRS_MAX) == 0 &&
                   pthread_create(&proxy->thread, NULL, proxy_loop, proxy) == 0
               ? 0
               : -1;
}
