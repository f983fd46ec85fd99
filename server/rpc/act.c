/* Acting inside a tenant: the platform's staff get a short session in it, with its reason in the
 * tenant's own audit.  It is the platform's row (sql/shared/platform), so it ends in the moment in
 * which its superuser may not have it any more; dispatch looks it up at each call.  */
#include "access/audit.h"
#include "access/rights.h"
#include "call/auth.h"
#include "db/bind.h"
#include "db/db.h"
#include "db/queries.h"
#include "rpc/handlers.h"
#include "tenant/registry.h"

#include <inttypes.h>
#include <string.h>

/* A session is a superuser's and ends with them; without one it would be the local operator's, and
 * end with nobody. */
static bool
check_caller(Call *call)
{
    return call->caller.kind != CALLER_API_KEY ||
           rights_refuse(call, "an API key may not act inside tenants, only a superuser may");
}

/* An active tenant, under the registry's lock, so that it is not suspended meanwhile. */
static bool
lock_active(Call *call, const ProtobufCMessage *request, int64_t id, const char *schema_name,
            const DbRow **tenant)
{
    if (!registry_lock(call, request, id, schema_name, tenant))
        return false;

    const char *state = db_row_text(*tenant, "state");

    call->target = call_printf(call, "tenant %" PRId64, db_row_int64(*tenant, "id"));
    return strcmp(state, "active") == 0 ||
           call_fail(call, CODE_FAILED_PRECONDITION, "the tenant %s is %s, not active",
                     db_row_text(*tenant, "name"), state);
}

/* The row in the tenant's own audit; dispatch writes the platform's. */
static bool
audit_there(Call *call, const DbRow *tenant, const char *target)
{
    const char *here = call->target;

    call->target = target;
    if (target == NULL ||
        !db_enter_tenant(call, db_row_int64(tenant, "id"), db_row_text(tenant, "schema_name")) ||
        !audit_write(call) || !db_leave_tenant(call))
        return false;
    call->target = here;
    return true;
}

bool
rpc_act_as(Call *call, const ActAsRequest *request, ActAsResponse *response)
{
    const char *minutes = call_printf(call, "%" PRId64, call->core->config->act_as_minutes);
    char *token = call_alloc(call, AUTH_TOKEN_SIZE);
    uint8_t hash[AUTH_SECRET_HASH_SIZE];
    const DbRow *tenant, *session;

    if (minutes == NULL || token == NULL || !check_caller(call) ||
        !lock_active(call, &request->base, request->id, request->schema_name, &tenant))
        return false;

    int64_t tenant_id = db_row_int64(tenant, "id");
    const char *id = call_printf(call, "%" PRId64, tenant_id);

    if (id == NULL || !auth_token_new(call, AUTH_TOKEN_ACT_AS, tenant_id, token, hash) ||
        !db_row(call, &query_act_session_insert, &request->base,
                (DbArg[]){{.name = "tenant_id", .text = id},
                          {.name = "hash", .bytes = hash, .bytes_size = sizeof hash},
                          {.name = "minutes", .text = minutes},
                          {0}},
                &session) ||
        !audit_there(call, tenant,
                     call_printf(call, "act-as session %" PRId64 ", %s minutes: %s",
                                 db_row_int64(session, "id"), minutes, request->reason)))
        return false;
    response->token = token;
    response->expire_time = bind_timestamp(call, db_row_time_us(session, "expire_time"));
    response->schema_name = call_strdup(call, db_row_text(tenant, "schema_name"));
    response->tenant_id = tenant_id;
    return response->expire_time != NULL && response->schema_name != NULL;
}

bool
rpc_end_act_as(Call *call, const EndActAsRequest *request, EndActAsResponse *response)
{
    const DbRow *tenant;
    const char *id;
    uint64_t ended;

    if (!check_caller(call) ||
        !lock_active(call, &request->base, request->id, request->schema_name, &tenant))
        return false;
    id = call_printf(call, "%" PRId64, db_row_int64(tenant, "id"));
    if (id == NULL || !db_run(call, &query_act_sessions_end, NULL,
                              (DbArg[]){{.name = "tenant_id", .text = id}, {0}}, &ended))
        return false;
    response->ended = (int64_t) ended;
    response->schema_name = call_strdup(call, db_row_text(tenant, "schema_name"));
    return response->schema_name != NULL &&
           (ended == 0 ||
            audit_there(call, tenant, call_printf(call, "act-as sessions ended: %" PRIu64, ended)));
}
