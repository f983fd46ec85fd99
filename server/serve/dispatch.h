/* The one path of every request: envelope, tenant, caller, permission, message, transaction,
 * handler, reply.  The only place that decides any of them, and the only one that logs a call.  */
#ifndef CIQ_SERVER_DISPATCH_H
#define CIQ_SERVER_DISPATCH_H

#include "call/call.h"

/* Serves one packed Request.  call has server, arena, db (NULL: memory only), peer and receive_us
 * set and is otherwise zero.  Always gives a reply, in call memory. */
void dispatch(Call *call, const uint8_t *data, size_t size, Reply *reply);

/* The same without a database, in the listener's callback: true if memory alone could answer, and
 * well. Otherwise nothing has happened, and the call goes the way of all others. */
MUST_CHECK bool dispatch_from_memory(Call *call, const uint8_t *data, size_t size, Reply *reply);

#endif
