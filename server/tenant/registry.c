/* The rows of tenants_tenant and tenants_domain.  */
#include "tenant/registry.h"
#include "call/kept.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "migration/migrate.h"

#include <inttypes.h>
#include <string.h>

bool
registry_check_which(Call *call, int64_t id, const char *schema_name)
{
    if (id != 0 || schema_name[0] != '\0')
        return true;
    return call_fail_field(call, "id", "or schema_name must be given");
}

bool
registry_not_found(Call *call, int64_t id, const char *schema_name)
{
    if (id != 0)
        return call_fail(call, CODE_NOT_FOUND, "no tenant %" PRId64, id);
    return call_fail(call, CODE_NOT_FOUND, "no tenant with the schema %s", schema_name);
}

bool
registry_lock(Call *call, const ProtobufCMessage *request, int64_t id, const char *schema_name,
              const DbRow **row)
{
    if (!registry_check_which(call, id, schema_name) ||
        !db_row(call, &query_tenant_lock, request, NULL, row))
        return false;
    return *row != NULL || registry_not_found(call, id, schema_name);
}

bool
registry_fill(Call *call, int64_t id, Clientiq__V1__Tenant **tenant)
{
    const char *text = call_printf(call, "%" PRId64, id);
    Clientiq__V1__Tenant *filled = call_alloc(call, sizeof *filled);

    if (text == NULL || filled == NULL)
        return false;
    clientiq__v1__tenant__init(filled);
    if (!db_fill(call, &query_tenant_get, NULL, (DbArg[]){{.name = "id", .text = text}, {0}},
                 &filled->base))
        return false;
    *tenant = filled;
    return true;
}

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
registry_add_domain(Call *call, const char *tenant_id, const Host *host, const DbRow **row)
{
    bool must_prove = host_must_prove(call->core, host->kind);
    const char *wrong = kept_host_wrong(call->core->config, host->name);

    if (wrong != NULL)
        return call_fail_field(call, "domain", "%s", wrong);
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
registry_add(Call *call, const Clientiq__V1__CreateTenantRequest *request, const char *heads,
             NewTenant *made)
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
    return made->id_text != NULL && registry_add_domain(call, made->id_text, &host, &row);
}

bool
registry_create(Call *call, const Clientiq__V1__CreateTenantRequest *request, const Query *admin,
                const DbArg *admin_args, Clientiq__V1__Tenant **tenant)
{
    NewTenant made;

    return registry_add(call, request, call->core->apps->heads, &made) &&
           migrate_new_tenant(call, request->tenant->schema_name, made.role) &&
           db_queue(call, admin, &request->base, admin_args) &&
           /* the idempotency row and the audit of this call are the platform's again */
           db_queue(call, &query_path_public, NULL, NULL) && registry_fill(call, made.id, tenant);
}
