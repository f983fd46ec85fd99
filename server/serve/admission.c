/* Follows dispatch in how tenant and caller are named; where memory does not know either of them
 * the call is a stranger's, which costs it nothing but its place.  */
#include "serve/admission.h"
#include "access/cache.h"
#include "access/rate.h"
#include "call/host.h"
#include "call/names.h"
#include "serve/dispatch.h"

#include <stdio.h>
#include <string.h>

/* The tenant's number, and its limit of calls if memory may answer that. */
static int64_t
find_tenant(Core *core, const char *asked, uint32_t *per_second)
{
    char host[HOST_SIZE];
    const char *name = asked;
    TenantContext tenant;
    int64_t id;

    if (asked[0] == '\0')
        return 0;
    if (host_is_domain(asked)) {
        if (host_name(core, asked, host) != NULL)
            return SHARE_STRANGERS;
        name = host;
    } else if (names_schema_wrong(asked) != NULL) {
        return SHARE_STRANGERS;
    }
    if (cache_tenant_get(core->cache, name, &tenant)) {
        *per_second = tenant.limits.requests_per_second;
        return tenant.id;
    }
    return cache_tenant_hint(core->cache, name, &id) ? id : SHARE_STRANGERS;
}

static bool
knows_caller(Core *core, const WirePeek *peek, const Peer *peer, int64_t tenant)
{
    char text[WIRE_TOKEN_MAX + 1];
    AuthToken token;

    if (peek->token_size == 0)
        return tenant == 0 && peer->is_operator;
    memcpy(text, peek->token, peek->token_size);
    text[peek->token_size] = '\0';
    return auth_token_read(text, &token) && token.tenant_id == tenant &&
           cache_session_has(core->cache, &token);
}

bool
admission_ask(Core *core, const WirePeek *peek, const Peer *peer, Ticket *ticket,
              AdmissionRefusal *refusal)
{
    char asked[WIRE_TENANT_MAX + 1] = "";
    uint32_t per_second = 0;

    if (peek->tenant_size > 0)
        memcpy(asked, peek->tenant, peek->tenant_size);
    asked[peek->tenant_size] = '\0';
    ticket->share.tenant = find_tenant(core, asked, &per_second);
    ticket->share.is_known = knows_caller(core, peek, peer, ticket->share.tenant);
    ticket->share.address = peer->address_hash;
    ticket->share.connection = peer->connection;
    ticket->is_counted = per_second > 0 && ticket->share.is_known;
    if (!ticket->is_counted)
        return true;
    refusal->retry_after_ms = rate_take(core->rate, ticket->share.tenant, per_second);
    if (refusal->retry_after_ms > 0)
        snprintf(refusal->text, sizeof refusal->text, RATE_REFUSAL, per_second);
    return refusal->retry_after_ms == 0;
}
