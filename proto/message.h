/* nng's messages, which may hold passwords and tokens.  What nng itself frees after it was sent is
 * out of reach.  */
#ifndef CIQ_PROTO_MESSAGE_H
#define CIQ_PROTO_MESSAGE_H

#include <nng/nng.h>

/* A message of exactly this size, so that no copy of a smaller one stays behind as it grows.  NULL:
 * no memory. */
nng_msg *message_new(size_t size);

/* Overwrites what a message holds. */
void message_wipe(nng_msg *message);

/* The same, and frees it; NULL is fine. */
void message_free(nng_msg *message);

#endif
