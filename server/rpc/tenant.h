/* What the handlers about tenants share.  */
#ifndef CIQ_SERVER_RPC_TENANT_H
#define CIQ_SERVER_RPC_TENANT_H

#include "db/db.h"
#include "call/host.h"
#include "rpc/handlers.h"

/* INVALID_ARGUMENT unless a number or a schema name says which tenant is meant. */
MUST_CHECK bool tenant_check_which(Call *call, int64_t id, const char *schema_name);

/* NOT_FOUND in the words of the request; always false. */
MUST_CHECK bool tenant_not_found(Call *call, int64_t id, const char *schema_name);

/* The tenant's message, in call memory, from the registry as this transaction sees it. */
MUST_CHECK bool tenant_fill(Call *call, int64_t id, Tenant **tenant);

/* A tenant that the registry knows, and that has no schema yet. */
typedef struct NewTenant {
    int64_t id;
    const char *id_text, *role;
} NewTenant;

/* The registry's row of a new tenant, its primary domain and a role from the pool, in the owner's
 * transaction that is open; of request only tenant and domain are looked at. */
MUST_CHECK bool tenant_register(Call *call, const CreateTenantRequest *request, const char *heads,
                                NewTenant *made);

/* A domain of a tenant that is locked or new: verified, or pending where it must be proved; *row
 * has its id.  ALREADY_EXISTS if it is somebody's. */
MUST_CHECK bool tenant_add_domain(Call *call, const char *tenant_id, const Host *host,
                                  const DbRow **row);

/* Everything that a new tenant has, in the owner's transaction that is open: registry row, domain,
 * role, schema and tables; then admin, a statement in the new schema that makes its first user. */
MUST_CHECK bool tenant_create(Call *call, const CreateTenantRequest *request, const Query *admin,
                              const DbArg *admin_args, Tenant **tenant);

#endif
