/* What happens to a tenant after it was made: suspended, deleted, brought back, renamed, repaired,
 * purged. Each handler locks the registry's row first, so that no two of them meet, and runs as the
 * owner.  */
#include "rpc/handlers.h"
#include "tenant/registry.h"
#include "tenant/setback.h"
#include "migration/apps.h"
#include "migration/migrate.h"
#include "migration/repair.h"
#include "db/queries.h"

#include <inttypes.h>
#include <string.h>

/* The locked row of the tenant that a request means. */
typedef struct Locked {
    int64_t id;
    const char *id_text;
    const char *schema; /* what it is called in the database now */
    const char *name;   /* what people call it: of a deleted tenant, what it was called */
    const char *state, *former_state, *role, *heads;
} Locked;

static bool
lock_tenant(Call *call, const ProtobufCMessage *request, int64_t id, const char *schema_name,
            Locked *locked)
{
    const DbRow *row;

    if (!registry_lock(call, request, id, schema_name, &row))
        return false;
    *locked = (Locked){
        .id = db_row_int64(row, "id"),
        .schema = db_row_text(row, "schema_name"),
        .name = db_row_text(row, "name"),
        .state = db_row_text(row, "state"),
        .former_state = db_row_text(row, "former_state"),
        .role = db_row_text(row, "role"),
        .heads = db_row_text(row, "heads"),
    };
    locked->id_text = call_printf(call, "%" PRId64, locked->id);
    call->target = call_printf(call, "tenant %" PRId64, locked->id);
    call_change(call, CHANGE_TENANT, locked->id);
    return locked->id_text != NULL && call->target != NULL;
}

static bool
is_state(const Locked *locked, const char *state)
{
    return strcmp(locked->state, state) == 0;
}

/* Locks a tenant that must be in a state, or in either of two. */
static bool
lock_in_state(Call *call, const ProtobufCMessage *request, int64_t id, const char *schema_name,
              const char *state, const char *or_state, Locked *locked)
{
    if (!lock_tenant(call, request, id, schema_name, locked))
        return false;
    if (is_state(locked, state) || (or_state != NULL && is_state(locked, or_state)))
        return true;
    return call_fail(call, CODE_FAILED_PRECONDITION, "the tenant %s is %s, not %s%s%s",
                     locked->name, locked->state, state, or_state != NULL ? " or " : "",
                     or_state != NULL ? or_state : "");
}

static bool
set_tenant_state(Call *call, const Locked *locked, const char *state, const char *reason)
{
    return db_queue(call, &query_tenant_set_state, NULL,
                    (DbArg[]){{.name = "id", .text = locked->id_text},
                              {.name = "state", .text = state},
                              {.name = "reason", .text = reason},
                              {0}});
}

/* What the database has of the tenant: schema, role, and the way from one to the other. */
static bool
read_database(Call *call, const Locked *tenant, const DbRow **row)
{
    return db_row(call, &query_repair_state, NULL,
                  (DbArg[]){{.name = "role", .text = tenant->role},
                            {.name = "schema", .text = tenant->schema},
                            {.name = "worker", .text = call->core->installation.worker_login},
                            {0}},
                  row);
}

/* One script about a schema and its role; new_schema only where the script has it. */
static bool
run_tenant_script(Call *call, const Script *script, const char *schema, const char *role,
                  const char *new_schema)
{
    return db_script(
        call, script->text,
        (DbArg[]){{.name = "schema", .text = schema},
                  {.name = "role", .text = role},
                  {.name = new_schema != NULL ? "new_schema" : NULL, .text = new_schema},
                  {0}});
}

/* Mails that could not be sent while the tenant was closed go now. */
static void
look_into_outbox(Call *call, const Locked *tenant)
{
    call_change(call, CHANGE_OUTBOX, tenant->id);
}

/* ---- suspend and activate ---- */

bool
rpc_suspend_tenant(Call *call, const SuspendTenantRequest *request, SuspendTenantResponse *response)
{
    Locked tenant;

    if (!lock_in_state(call, &request->base, request->id, request->schema_name, "active", NULL,
                       &tenant))
        return false;
    return set_tenant_state(call, &tenant, "suspended", request->reason) &&
           run_tenant_script(call, &script_tenant_close, tenant.schema, tenant.role, NULL) &&
           registry_fill(call, tenant.id, &response->tenant);
}

bool
rpc_activate_tenant(Call *call, const ActivateTenantRequest *request,
                    ActivateTenantResponse *response)
{
    Locked tenant;

    if (!lock_in_state(call, &request->base, request->id, request->schema_name, "suspended", NULL,
                       &tenant))
        return false;
    look_into_outbox(call, &tenant);
    return set_tenant_state(call, &tenant, "active", "") &&
           run_tenant_script(call, &script_tenant_open, tenant.schema, tenant.role, NULL) &&
           registry_fill(call, tenant.id, &response->tenant);
}

/* ---- delete, undelete, purge ---- */

static bool
rename_schema(Call *call, const Locked *tenant, const char *to)
{
    const DbRow *row;

    if (!read_database(call, tenant, &row))
        return false;
    /* somebody has dropped it by hand: there is nothing to rename, and the registry goes on */
    if (!db_row_bool(row, "has_schema"))
        return true;
    return run_tenant_script(call, &script_tenant_rename, tenant->schema, tenant->role, to);
}

/* The name is free at once: the schema gets a reserved name with the tenant's number, which nobody
 * else can be given. */
bool
rpc_delete_tenant(Call *call, const DeleteTenantRequest *request, DeleteTenantResponse *response)
{
    const char *days = call_printf(call, "%" PRId64, call->core->config->retention_days);
    const char *reserved;
    Locked tenant;

    if (days == NULL || !lock_in_state(call, &request->base, request->id, request->schema_name,
                                       "active", "suspended", &tenant))
        return false;
    reserved = call_printf(call, "ciq_deleted_%" PRId64, tenant.id);
    return reserved != NULL &&
           run_tenant_script(call, &script_tenant_close, tenant.schema, tenant.role, NULL) &&
           rename_schema(call, &tenant, reserved) &&
           db_queue(call, &query_tenant_set_deleted, NULL,
                    (DbArg[]){{.name = "id", .text = tenant.id_text},
                              {.name = "reserved", .text = reserved},
                              {.name = "days", .text = days},
                              {0}}) &&
           registry_fill(call, tenant.id, &response->tenant);
}

static bool
check_free(Call *call, const char *schema)
{
    const DbRow *row;

    if (!db_row(call, &query_tenant_schema_taken, NULL,
                (DbArg[]){{.name = "schema", .text = schema}, {0}}, &row))
        return false;
    return !db_row_bool(row, "taken") ||
           call_fail_field_code(call, CODE_ALREADY_EXISTS, "new_schema_name", "%s is taken already",
                                schema);
}

bool
rpc_undelete_tenant(Call *call, const UndeleteTenantRequest *request,
                    UndeleteTenantResponse *response)
{
    Locked tenant;
    const char *schema;

    if (!lock_in_state(call, &request->base, request->id, request->schema_name, "deleted", NULL,
                       &tenant))
        return false;
    look_into_outbox(call, &tenant);
    schema = request->new_schema_name[0] != '\0' ? request->new_schema_name : tenant.name;
    return check_free(call, schema) && rename_schema(call, &tenant, schema) &&
           db_queue(call, &query_tenant_set_undeleted, NULL,
                    (DbArg[]){{.name = "id", .text = tenant.id_text},
                              {.name = "schema", .text = schema},
                              {0}}) &&
           (strcmp(tenant.former_state, "active") != 0 ||
            run_tenant_script(call, &script_tenant_open, schema, tenant.role, NULL)) &&
           registry_fill(call, tenant.id, &response->tenant);
}

bool
rpc_purge_tenant(Call *call, const PurgeTenantRequest *request, PurgeTenantResponse *response)
{
    Locked tenant;

    if (!lock_in_state(call, &request->base, request->id, request->schema_name, "deleted",
                       "purging", &tenant))
        return false;
    if (!db_queue(call, &query_tenant_set_purging, NULL,
                  (DbArg[]){{.name = "id", .text = tenant.id_text}, {0}}) ||
        !setback_end(call, SETBACK_PURGE, tenant.id_text) ||
        !registry_fill(call, tenant.id, &response->tenant))
        return false;
    call_change(call, CHANGE_POOL, 0);
    return true;
}

/* ---- rename ---- */

bool
rpc_rename_tenant(Call *call, const RenameTenantRequest *request, RenameTenantResponse *response)
{
    Locked tenant;

    if (!lock_in_state(call, &request->base, request->id, request->schema_name, "active",
                       "suspended", &tenant))
        return false;
    return check_free(call, request->new_schema_name) &&
           run_tenant_script(call, &script_tenant_rename, tenant.schema, tenant.role,
                             request->new_schema_name) &&
           db_queue(call, &query_tenant_set_schema, NULL,
                    (DbArg[]){{.name = "id", .text = tenant.id_text},
                              {.name = "schema", .text = request->new_schema_name},
                              {0}}) &&
           registry_fill(call, tenant.id, &response->tenant);
}

/* ---- repair ---- */

/* The role, the schema and the way from one to the other. */
static bool
repair_frame(Call *call, const Locked *tenant, RepairReport *repaired)
{
    bool open = is_state(tenant, "active");
    const DbRow *row;

    if (!read_database(call, tenant, &row))
        return false;
    if (!db_row_bool(row, "has_member")) {
        bool has_role = db_row_bool(row, "has_role");

        call_change(call, CHANGE_ROLES, 0);
        if (!db_script(call, has_role ? script_tenant_member.text : script_tenant_role.text,
                       (DbArg[]){{.name = "role", .text = tenant->role},
                                 {.name = "worker", .text = call->core->installation.worker_login},
                                 {0}}) ||
            !repair_report(call, repaired, has_role ? "membership in role" : "role", tenant->role))
            return false;
    }
    if (!db_row_bool(row, "has_schema") &&
        (!run_tenant_script(call, &script_tenant_schema, tenant->schema, tenant->role, NULL) ||
         !repair_report(call, repaired, "schema", tenant->schema)))
        return false;
    if (open && !db_row_bool(row, "has_usage") &&
        (!run_tenant_script(call, &script_tenant_open, tenant->schema, tenant->role, NULL) ||
         !repair_report(call, repaired, "usage of schema", tenant->schema)))
        return false;
    return run_tenant_script(call, &script_tenant_grants, tenant->schema, tenant->role, NULL);
}

/* What this server cannot make is not looked at. */
static bool
report_unknown(Call *call, const Locked *tenant, RepairReport *repaired)
{
    const DbRow *row;

    if (!db_row(call, &query_drift_tenant, NULL,
                (DbArg[]){{.name = "id", .text = tenant->id_text},
                          {.name = "newest", .text = call->core->apps->heads},
                          {0}},
                &row))
        return false;
    return row == NULL || db_row_text(row, "unknown") == NULL ||
           repair_report(call, repaired,
                         "not looked at, since this server has no file of it (--apps):",
                         db_row_text(row, "unknown"));
}

static bool
repair_content(Call *call, const Locked *tenant, RepairReport *repaired)
{
    return repair_schema(call, tenant->schema, tenant->role, tenant->heads, repaired) &&
           run_tenant_script(call, &script_tenant_provision_after, tenant->schema, tenant->role,
                             NULL) &&
           db_queue(call, &query_path_public, NULL, NULL);
}

bool
rpc_repair_tenant(Call *call, const RepairTenantRequest *request, RepairTenantResponse *response)
{
    RepairReport *repaired = call_alloc(call, sizeof *repaired);
    Locked tenant;

    if (repaired == NULL || !lock_in_state(call, &request->base, request->id, request->schema_name,
                                           "active", "suspended", &tenant))
        return false;
    if (!report_unknown(call, &tenant, repaired) || !repair_frame(call, &tenant, repaired) ||
        !repair_content(call, &tenant, repaired))
        return false;
    call_change(call, CHANGE_NAMES, 0);
    response->repaired = repaired->lines;
    response->n_repaired = repaired->count;
    return registry_fill(call, tenant.id, &response->tenant);
}
