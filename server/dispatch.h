/* The one path of every request: envelope, tenant, caller, permission, message, transaction, handler,
 * reply.  The only place that decides any of them, and the only one that logs a call.  */
#ifndef CIQ_SERVER_DISPATCH_H
#define CIQ_SERVER_DISPATCH_H

#include "call.h"

/* Serves one packed Request.  call has server, arena, db (NULL: memory only), peer and receive_us set and
 * is otherwise zero.  Always gives a reply, in call memory. */
void dispatch(Call *call, const uint8_t *data, size_t size, Reply *reply);

/* The name under which a tenant is looked up: lower case, without port and trailing dot. False: it is
 * longer than any name.  is_domain: it has a dot or is "localhost". */
MUST_CHECK bool dispatch_tenant_name(const char *asked, char name[WIRE_TENANT_MAX + 1],
                                     bool *is_domain);

#endif
