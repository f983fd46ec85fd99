/* The only file that frees a message of nng's (tools/lint).  */
#include "proto/message.h"

#include <sodium.h>
#include <stddef.h>

nng_msg *
message_new(size_t size)
{
    nng_msg *message;

    return nng_msg_alloc(&message, size) == 0 ? message : NULL;
}

void
message_wipe(nng_msg *message)
{
    sodium_memzero(nng_msg_body(message), nng_msg_len(message));
}

void
message_free(nng_msg *message)
{
    if (message == NULL)
        return;
    message_wipe(message);
    nng_msg_free(message);
}
