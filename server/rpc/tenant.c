/* Tenants: made, looked up and described.  What happens to one later is lifecycle.c's.  */
#include "db/bind.h"
#include "access/password.h"
#include "db/queries.h"
#include "rpc/handlers.h"
#include "tenant/registry.h"

#include <inttypes.h>
#include <string.h>

/* The whole tenant in the one transaction that dispatch has begun on the owner's connection; only
 * the hash is made before it.  The registry's row comes first, so that a name that is taken costs
 * no DDL. */
bool
rpc_create_tenant(Call *call, const CreateTenantRequest *request, CreateTenantResponse *response)
{
    const char *password = request->admin_password;
    char hash[AUTH_HASH_SIZE];
    bool ok;

    if (password[0] != '\0')
        ok = password_hash(call, "admin_password", password, request->admin_email, hash);
    else
        ok = (password = auth_password_random(call)) != NULL && auth_hash(call, password, hash);
    if (!ok ||
        !registry_create(call, request, &query_admin_insert,
                         (DbArg[]){{.name = "password", .text = hash}, {0}}, &response->tenant))
        return false;
    if (request->admin_password[0] == '\0')
        response->admin_password = (char *) (uintptr_t) password;
    return true;
}

/* ---- get, list, update ---- */

bool
rpc_get_tenant(Call *call, const GetTenantRequest *request, GetTenantResponse *response)
{
    const DbRow *row;

    if (!registry_check_which(call, request->id, request->schema_name) ||
        !db_row(call, &query_tenant_find, &request->base, NULL, &row))
        return false;
    if (row == NULL)
        return registry_not_found(call, request->id, request->schema_name);
    return registry_fill(call, db_row_int64(row, "id"), &response->tenant);
}

bool
rpc_list_tenants(Call *call, const ListTenantsRequest *request, ListTenantsResponse *response)
{
    static const struct {
        const char *order_by;
        const Query *query;
    } orders[] = {
        {"", &query_tenant_list_id},           {"id", &query_tenant_list_id},
        {"name", &query_tenant_list_name},     {"schema_name", &query_tenant_list_schema_name},
        {"newest", &query_tenant_list_newest},
    };

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (strcmp(request->order_by, orders[i].order_by) == 0)
            return db_fill(call, orders[i].query, &request->base, NULL, &response->base);
    return call_fail_field(call, "order_by", "must be id, name, schema_name or newest, got %.100s",
                           request->order_by);
}

/* The tenant is named by its number, or by the schema name of the resource, which is then no
 * change. */
bool
rpc_update_tenant(Call *call, const UpdateTenantRequest *request, UpdateTenantResponse *response)
{
    GetTenantRequest which = CLIENTIQ__V1__GET_TENANT_REQUEST__INIT;
    const DbRow *row;
    const char *id;

    which.id = request->id;
    which.schema_name = request->tenant->schema_name;
    if (!registry_lock(call, &which.base, which.id, which.schema_name, &row))
        return false;
    if (bind_mask(&request->base, "tenant.schema_name") &&
        strcmp(db_row_text(row, "name"), which.schema_name) != 0)
        return call_fail_field(call, "tenant.schema_name", "is changed by RenameTenant only");
    id = call_printf(call, "%" PRId64, db_row_int64(row, "id"));
    if (id == NULL || !db_queue(call, &query_tenant_update, &request->base,
                                (DbArg[]){{.name = "id", .text = id}, {0}}))
        return false;
    call->target = call_printf(call, "tenant %s", id);
    return registry_fill(call, db_row_int64(row, "id"), &response->tenant);
}

bool
rpc_update_plan(Call *call, const UpdatePlanRequest *request, UpdatePlanResponse *response)
{
    if (!db_fill(call, &query_plan_update, &request->base, NULL, &response->base))
        return false;
    call->target = call_printf(
        call, "plan %s",
        bind_enum_text(call, &clientiq__v1__plan__descriptor, (int) request->plan_limits->plan));
    return true;
}
