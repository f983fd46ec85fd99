/* Which tenant a name leads to: from memory while that is valid, otherwise from the registry.  Used
 * by dispatch for every call with a tenant and by the rpcs that resolve domains.  */
#ifndef CIQ_SERVER_ROUTE_H
#define CIQ_SERVER_ROUTE_H

#include "call/call.h"

/* Looks up a schema name, or a domain as host_normalise gives it.  *tenant has id 0 if nobody has
 * the name; its state may be any.  False: the call has failed: the domain is claimed but not
 * proved, or, where the call has no database, memory does not know. */
MUST_CHECK bool route_find(Call *call, const char *name, bool is_domain, TenantContext *tenant);

/* The same by the tenant's number, as a token has it. */
MUST_CHECK bool route_find_id(Call *call, int64_t id, TenantContext *tenant);

/* Whether it is active or suspended.  For whoever asks, any other tenant does not exist. */
bool route_is_there(const TenantContext *tenant);

/* Whether calls may act in a tenant that is there: it is not suspended, and new enough for this
 * server. */
MUST_CHECK bool route_check_open(Call *call, const TenantContext *tenant);

/* Fails the call and returns false. */
MUST_CHECK bool route_fail_unknown(Call *call, const char *name, bool is_domain);

#endif
