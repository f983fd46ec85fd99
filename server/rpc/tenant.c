/* Tenants: made, looked up and described.  What happens to one later is lifecycle.c's.  */
#include "rpc/tenant.h"
#include "db/bind.h"
#include "call/host.h"
#include "migration/migrate.h"
#include "access/password.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "rpc/handlers.h"

#include <inttypes.h>
#include <string.h>

bool
tenant_check_which(Call *call, int64_t id, const char *schema_name)
{
    if (id != 0 || schema_name[0] != '\0')
        return true;
    return call_fail_field(call, "id", "or schema_name must be given");
}

bool
tenant_not_found(Call *call, int64_t id, const char *schema_name)
{
    if (id != 0)
        return call_fail(call, CODE_NOT_FOUND, "no tenant %" PRId64, id);
    return call_fail(call, CODE_NOT_FOUND, "no tenant with the schema %s", schema_name);
}

bool
tenant_fill(Call *call, int64_t id, Tenant **tenant)
{
    const char *text = call_printf(call, "%" PRId64, id);
    Tenant *filled = call_alloc(call, sizeof *filled);

    if (text == NULL || filled == NULL)
        return false;
    clientiq__v1__tenant__init(filled);
    if (!db_fill(call, &query_tenant_get, NULL, (DbArg[]){{.name = "id", .text = text}, {0}},
                 &filled->base))
        return false;
    *tenant = filled;
    return true;
}

/* ---- create ---- */

/* A role that was made ahead; the pool is filled in the background. */
static bool
claim_role(Call *call, const char **role)
{
    const DbRow *row;

    if (!db_row(call, &query_role_claim, NULL, NULL, &row))
        return false;
    if (row == NULL) {
        call_tell(call, CHANGE_POOL, 0);
        call->failure.retry_after_ms = 500;
        return call_fail(call, CODE_UNAVAILABLE,
                         "no role is ready for a new tenant; they are being made");
    }
    call_change(call, CHANGE_POOL, 0);
    *role = db_row_text(row, "role");
    return *role != NULL;
}

bool
tenant_add_domain(Call *call, const char *tenant_id, const Host *host, const DbRow **row)
{
    bool must_prove = host_must_prove(call->core, host->kind);

    if (must_prove && strlen(host->name) > HOST_PROVABLE)
        return call_fail_field(
            call, "domain",
            "must be at most %d characters, so that there is room for the record that proves it",
            HOST_PROVABLE);
    if (must_prove)
        call_change(call, CHANGE_PROOFS, 0);
    if (!db_row(call, &query_domain_add, NULL,
                (DbArg[]){{.name = "tenant_id", .text = tenant_id},
                          {.name = "domain", .text = host->name},
                          {.name = "kind", .text = host_kind_name(host->kind)},
                          {.name = "state", .text = must_prove ? "pending" : "verified"},
                          {0}},
                row))
        return false;
    return *row != NULL ||
           call_fail_field_code(call, CODE_ALREADY_EXISTS, "domain", "is taken already");
}

bool
tenant_register(Call *call, const CreateTenantRequest *request, const char *heads, NewTenant *made)
{
    const char *role = NULL;
    const DbRow *row;
    Host host;

    if (!host_read(call, "domain", request->domain, &host) || !claim_role(call, &role) ||
        !db_row(call, &query_tenant_insert, &request->base,
                (DbArg[]){{.name = "role", .text = role}, {.name = "heads", .text = heads}, {0}},
                &row))
        return false;
    *made = (NewTenant){
        .id = db_row_int64(row, "id"),
        .id_text = call_printf(call, "%" PRId64, db_row_int64(row, "id")),
        .role = role,
    };
    call->target = call_printf(call, "tenant %" PRId64, made->id);
    db_count_creation(call);
    return made->id_text != NULL && tenant_add_domain(call, made->id_text, &host, &row);
}

bool
tenant_create(Call *call, const CreateTenantRequest *request, const Query *admin,
              const DbArg *admin_args, Tenant **tenant)
{
    NewTenant made;

    return tenant_register(call, request, call->core->apps->heads, &made) &&
           migrate_new_tenant(call, request->tenant->schema_name, made.role) &&
           db_queue(call, admin, &request->base, admin_args) &&
           /* the idempotency row and the audit of this call are the platform's again */
           db_queue(call, &query_path_public, NULL, NULL) && tenant_fill(call, made.id, tenant);
}

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
        !tenant_create(call, request, &query_admin_insert,
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

    if (!tenant_check_which(call, request->id, request->schema_name) ||
        !db_row(call, &query_tenant_find, &request->base, NULL, &row))
        return false;
    if (row == NULL)
        return tenant_not_found(call, request->id, request->schema_name);
    return tenant_fill(call, db_row_int64(row, "id"), &response->tenant);
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
    return call_fail_field(call, "order_by", "is not an order of this list");
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
    if (!tenant_check_which(call, which.id, which.schema_name) ||
        !db_row(call, &query_tenant_lock, &which.base, NULL, &row))
        return false;
    if (row == NULL)
        return tenant_not_found(call, which.id, which.schema_name);
    if (bind_mask(&request->base, "tenant.schema_name") &&
        strcmp(db_row_text(row, "name"), which.schema_name) != 0)
        return call_fail_field(call, "tenant.schema_name", "is changed by RenameTenant only");
    id = call_printf(call, "%" PRId64, db_row_int64(row, "id"));
    if (id == NULL || !db_queue(call, &query_tenant_update, &request->base,
                                (DbArg[]){{.name = "id", .text = id}, {0}}))
        return false;
    call->target = call_printf(call, "tenant %s", id);
    return tenant_fill(call, db_row_int64(row, "id"), &response->tenant);
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
