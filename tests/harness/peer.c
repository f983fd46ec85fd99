/* Peers that do not use our client library; see peer.h.  */
#include "harness/peer.h"

#include "harness/cases.h"
#include "harness/wait.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { LENGTH = 8, ID = 4, WAIT_MAX_MS = 10000 };

const uint8_t peer_greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

static bool
is_ipc(const char *url)
{
    return strncmp(url, "ipc://", strlen("ipc://")) == 0;
}

/* A listener that takes no more connections makes nobody wait for ever. */
static int
bounded_socket(int family)
{
    struct timeval longest = {.tv_sec = 2};
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void) setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    return descriptor;
}

int
peer_connect(const char *url)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in port = {.sin_family = AF_INET};
    int descriptor = bounded_socket(is_ipc(url) ? AF_UNIX : AF_INET), error;

    if (is_ipc(url)) {
        snprintf(path.sun_path, sizeof path.sun_path, "%s", url + strlen("ipc://"));
        error = connect(descriptor, (struct sockaddr *) &path, sizeof path);
    } else {
        port.sin_port = htons((uint16_t) atoi(strrchr(url, ':') + 1));
        port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        error = connect(descriptor, (struct sockaddr *) &port, sizeof port);
    }
    if (error == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

/* False: the connection is closed, or nothing comes for too long. */
static bool
read_all(int descriptor, void *data, size_t size)
{
    for (size_t have = 0; have < size;) {
        struct pollfd readable = {.fd = descriptor, .events = POLLIN};
        ssize_t got;

        if (poll(&readable, 1, WAIT_MAX_MS) != 1)
            return false;
        got = recv(descriptor, (char *) data + have, size - have, 0);
        if (got <= 0)
            return false;
        have += (size_t) got;
    }
    return true;
}

int
peer_new(const char *url)
{
    static const uint8_t expected[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    uint8_t greeting[8];
    int descriptor = peer_connect(url);

    assert_true(descriptor >= 0);
    assert_true(peer_send(descriptor, peer_greeting, sizeof peer_greeting));
    assert_true(read_all(descriptor, greeting, sizeof greeting));
    assert_memory_equal(greeting, expected, sizeof expected);
    return descriptor;
}

size_t
peer_head(const char *url, size_t size, uint32_t id, uint8_t *out)
{
    size_t type = is_ipc(url) ? 1 : 0;

    if (type > 0)
        out[0] = 1;
    for (int i = 0; i < LENGTH; i++)
        out[type + (size_t) i] = (uint8_t) ((uint64_t) (size + ID) >> 8 * (LENGTH - 1 - i));
    for (int i = 0; i < ID; i++)
        out[type + LENGTH + (size_t) i] = (uint8_t) ((id | 0x80000000) >> 8 * (ID - 1 - i));
    return type + LENGTH + ID;
}

size_t
peer_frame(const char *url, const Request *request, uint32_t id, uint8_t *out)
{
    size_t size = clientiq__v1__request__get_packed_size(request);
    size_t head = peer_head(url, size, id, out);

    clientiq__v1__request__pack(request, out + head);
    return head + size;
}

bool
peer_send(int descriptor, const void *data, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t put = send(descriptor, (const char *) data + sent, size - sent, MSG_NOSIGNAL);

        if (put < 0)
            return false;
        sent += (size_t) put;
    }
    return true;
}

Reply *
peer_reply(int descriptor, const char *url, uint32_t *id)
{
    size_t type = is_ipc(url) ? 1 : 0;
    uint8_t head[PEER_HEAD_MAX];
    uint64_t size = 0;
    uint32_t number = 0;

    if (!read_all(descriptor, head, type + LENGTH + ID))
        return NULL;
    for (size_t i = 0; i < LENGTH; i++)
        size = size << 8 | head[type + i];
    for (size_t i = 0; i < ID; i++)
        number = number << 8 | head[type + LENGTH + i];
    if (id != NULL)
        *id = number & 0x7fffffff;
    assert_true(size >= ID && size <= WIRE_MESSAGE_MAX + ID);
    size -= ID;

    uint8_t *data = malloc(size + 1);
    Reply *reply = NULL;

    assert_non_null(data);
    if (read_all(descriptor, data, size))
        reply = clientiq__v1__reply__unpack(NULL, size, data);
    free(data);
    return reply;
}

static bool
is_closed(void *argument)
{
    char rest[4096];
    ssize_t got;

    do
        got = recv(*(int *) argument, rest, sizeof rest, MSG_DONTWAIT);
    while (got > 0);
    return got == 0 || errno != EAGAIN;
}

void
peer_wait_closed(int descriptor)
{
    wait_until("a connection to be closed", is_closed, &descriptor);
}

void
peer_close(int descriptor, bool reset)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    if (reset)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(descriptor);
}
