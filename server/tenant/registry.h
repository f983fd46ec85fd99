/* Tenants as the registry has them: found, locked and shown, and the rows of a new one.  For the
 * handlers about tenants, and for export and import. */
#ifndef CIQ_SERVER_REGISTRY_H
#define CIQ_SERVER_REGISTRY_H

#include "call/host.h"
#include "clientiq/v1/tenant_service.pb-c.h"
#include "db/db.h"

/* INVALID_ARGUMENT unless a number or a schema name says which tenant is meant. */
MUST_CHECK bool registry_check_which(Call *call, int64_t id, const char *schema_name);

/* NOT_FOUND in the words of the request; always false. */
MUST_CHECK bool registry_not_found(Call *call, int64_t id, const char *schema_name);

/* The row of the tenant that a request means by id or schema_name, locked until the transaction
 * ends: nobody migrates, renames or deletes the tenant meanwhile. */
MUST_CHECK bool registry_lock(Call *call, const ProtobufCMessage *request, int64_t id,
                              const char *schema_name, const DbRow **row);

/* The tenant's message, in call memory, as this transaction sees it. */
MUST_CHECK bool registry_fill(Call *call, int64_t id, Clientiq__V1__Tenant **tenant);

/* A tenant that the registry knows, and that has no schema yet. */
typedef struct NewTenant {
    int64_t id;
    const char *id_text, *role;
} NewTenant;

/* The row of a new tenant, its primary domain and a role from the pool, in the owner's transaction
 * that is open; of request only tenant and domain are looked at. */
MUST_CHECK bool registry_add(Call *call, const Clientiq__V1__CreateTenantRequest *request,
                             const char *heads, NewTenant *made);

/* A domain of a tenant that is locked or new: verified, or pending where it must be proved; *row
 * has its id.  ALREADY_EXISTS if it is somebody's. */
MUST_CHECK bool registry_add_domain(Call *call, const char *tenant_id, const Host *host,
                                    const DbRow **row);

/* Everything that a new tenant has, in the owner's transaction that is open: what registry_add
 * adds, schema and tables; then admin, a statement in the new schema that makes its first user. */
MUST_CHECK bool registry_create(Call *call, const Clientiq__V1__CreateTenantRequest *request,
                                const Query *admin, const DbArg *admin_args,
                                Clientiq__V1__Tenant **tenant);

#endif
