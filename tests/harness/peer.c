/* Peers that do not use our client library; see peer.h.  */
#include "harness/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

const uint8_t ipc_greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

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
ipc_connect(const char *url)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = bounded_socket(AF_UNIX);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", url + strlen("ipc://"));
    if (connect(descriptor, (struct sockaddr *) &address, sizeof address) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

int
tcp_connect(const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int descriptor = bounded_socket(AF_INET);

    address.sin_port = htons((uint16_t) atoi(strrchr(url, ':') + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor, (struct sockaddr *) &address, sizeof address) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

size_t
ipc_frame(const Request *request, uint32_t id, uint8_t *out)
{
    enum { TYPE = 1, LENGTH = 8, ID = 4 };
    size_t size = clientiq__v1__request__pack(request, out + TYPE + LENGTH + ID);

    out[0] = 1;
    for (int i = 0; i < LENGTH; i++)
        out[TYPE + i] = (uint8_t) ((uint64_t) (size + ID) >> 8 * (LENGTH - 1 - i));
    for (int i = 0; i < ID; i++)
        out[TYPE + LENGTH + i] = (uint8_t) ((id | 0x80000000) >> 8 * (ID - 1 - i));
    return TYPE + LENGTH + ID + size;
}
