/* Which tenant a name leads to: from memory while that is valid, otherwise from the registry.  Used by
 * dispatch for every call with a tenant and by the rpcs that resolve domains.  */
#ifndef CIQ_SERVER_ROUTE_H
#define CIQ_SERVER_ROUTE_H

#include "call.h"

/* Looks up a schema name, or a domain as host_normalise gives it.  *tenant has id 0 if nobody has the name;
 * its state may be any.  False: the call has failed: the domain is claimed but not proved, or, where the call has no
 * database, memory does not know. */
MUST_CHECK bool route_find(Call *call, const char *name, bool is_domain, TenantContext *tenant);

#endif
