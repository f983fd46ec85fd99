/* Peers that do not use our client library; see peer.h.  */
#include "harness/peer.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const uint8_t ipc_greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

int
ipc_connect(const char *url)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", url + strlen("ipc://"));
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
