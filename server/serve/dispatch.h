/* The one path of every request: envelope, tenant, caller, permission, message, transaction,
 * handler, reply.  The only place that decides any of them, and the only one that logs a call.  */
#ifndef CIQ_SERVER_DISPATCH_H
#define CIQ_SERVER_DISPATCH_H

#include "call/call.h"

/* Serves one packed Request.  call has core, arena, db (NULL: memory only), peer and receive_us set
 * and is otherwise zero.  There is always a reply, in call memory. */
void dispatch(Call *call, const uint8_t *data, size_t size, Reply *reply);

/* The same without a database, in the listener's callback.  True: memory alone could answer, and
 * the call succeeded.  Otherwise nothing has happened, and a worker must dispatch the call. */
MUST_CHECK bool dispatch_from_memory(Call *call, const uint8_t *data, size_t size, Reply *reply);

#endif
