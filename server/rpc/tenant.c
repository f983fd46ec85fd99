/* Tenants: what is more than one statement.  */
#include "auth.h"
#include "db.h"
#include "job.h"
#include "migrate.h"
#include "queries.h"
#include "rpc.h"
#include "server_state.h"

#include <inttypes.h>

/* A role that was made ahead; the pool is filled in the background. */
static bool
claim_role(Call *call, const char **role)
{
    const DbRow *row;

    if (!db_row(call, &query_role_claim, NULL, NULL, &row))
        return false;
    job_wake(call->server->job);
    if (row == NULL) {
        call->retry_after_ms = 500;
        return call_fail(call, CODE_UNAVAILABLE, "no role is ready for a new tenant; they are being made");
    }
    *role = db_row_text(row, "role");
    return *role != NULL;
}

/* The whole tenant in the one transaction that dispatch has begun on the owner's connection; only the hash
 * is made before it.  The registry's row comes first, so that a name that is taken costs no DDL. */
bool
rpc_create_tenant(Call *call, const CreateTenantRequest *request, CreateTenantResponse *response)
{
    const char *schema = request->tenant->schema_name, *role = NULL, *id;
    const char *password = request->admin_password;
    const DbRow *domain;
    char hash[AUTH_HASH_SIZE];
    Tenant *tenant = call_alloc(call, sizeof *tenant);

    if (tenant == NULL)
        return false;
    clientiq__v1__tenant__init(tenant);
    if (password[0] == '\0' && (password = auth_password_random(call)) == NULL)
        return false;
    if (!auth_hash(call, password, hash) || !claim_role(call, &role) ||
        !db_fill(call, &query_tenant_insert, &request->base,
                 (DbArg[]){{.name = "role", .text = role},
                           {.name = "heads", .text = call->server->apps->heads},
                           {0}},
                 &tenant->base))
        return false;
    id = call_printf(call, "%" PRId64, tenant->id);
    if (id == NULL || !db_row(call, &query_domain_insert, NULL,
                              (DbArg[]){{.name = "tenant_id", .text = id},
                                        {.name = "domain", .text = request->domain},
                                        {0}},
                              &domain))
        return false;
    tenant->domain = (char *) (uintptr_t) db_row_text(domain, "domain");
    if (tenant->domain == NULL)
        return false;
    if (!migrate_new_tenant(call, schema, role) ||
        !db_queue(call, &query_admin_insert, &request->base,
                  (DbArg[]){{.name = "password", .text = hash}, {0}}) ||
        /* the idempotency row and the audit of this call are the platform's again */
        !db_run(call, &query_path_public, NULL, NULL, NULL))
        return false;
    response->tenant = tenant;
    if (request->admin_password[0] == '\0')
        response->admin_password = (char *) (uintptr_t) password;
    call->target = call_printf(call, "tenant %" PRId64, tenant->id);
    return true;
}
