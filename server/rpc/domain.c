/* Domains: what is more than one statement.  Changes to the domains of one tenant come one after the
 * other, because each locks the tenant's row first.  */
#include "bind.h"
#include "check.h"
#include "db.h"
#include "dispatch.h"
#include "queries.h"
#include "rpc.h"

#include <inttypes.h>
#include <string.h>

bool
rpc_resolve_domain(Call *call, const ResolveDomainRequest *request, ResolveDomainResponse *response)
{
    char host[WIRE_TENANT_MAX + 1];
    bool is_domain;
    const DbRow *row;
    const char *wrong;
    Domain *domain = call_alloc(call, sizeof *domain);

    if (domain == NULL)
        return false;
    if (!dispatch_tenant_name(request->host, host, &is_domain))
        return call_fail_field(call, "host", "is longer than any host name");
    if ((wrong = check_host(host)) != NULL)
        return call_fail_field(call, "host", "%s", wrong);
    if (!db_row(call, &query_domain_resolve, NULL, (DbArg[]){{.name = "host", .text = host}, {0}},
                &row))
        return false;
    if (row == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no tenant for the domain %s", host);

    const char *state = db_row_text(row, "state"), *name = db_row_text(row, "domain");
    const char *schema = db_row_text(row, "schema_name");

    if (state == NULL || name == NULL || schema == NULL)
        return call_fail(call, CODE_INTERNAL, "the registry's row is incomplete");
    clientiq__v1__domain__init(domain);
    domain->domain = (char *) (uintptr_t) name;
    domain->schema_name = (char *) (uintptr_t) schema;
    domain->tenant_id = db_row_int64(row, "tenant_id");
    domain->is_primary = db_row_bool(row, "is_primary");
    domain->create_time = bind_timestamp(call, db_row_time_us(row, "create_time"));
    if (domain->create_time == NULL)
        return false;
    response->domain = domain;
    response->state = strcmp(state, "active") == 0
                          ? CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_ACTIVE
                          : CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_SUSPENDED;
    return true;
}

bool
rpc_add_domain(Call *call, const AddDomainRequest *request, AddDomainResponse *response)
{
    const DbRow *tenant;

    if (!db_row(call, &query_tenant_lock, &request->base, NULL, &tenant))
        return false;
    if (tenant == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no tenant with the schema %s",
                         request->domain->schema_name);

    const char *id = call_printf(call, "%" PRId64, db_row_int64(tenant, "id"));

    call->target = call_printf(call, "domain %s", request->domain->domain);
    return id != NULL && db_fill(call, &query_domain_add, &request->base,
                                 (DbArg[]){{.name = "tenant_id", .text = id}, {0}},
                                 &response->base);
}

/* The domain's tenant, locked, and then what the domain is. */
static bool
lock_domain(Call *call, const ProtobufCMessage *request, const char *name, const DbRow **domain)
{
    if (!db_queue(call, &query_domain_tenant_lock, request, NULL) ||
        !db_row(call, &query_domain_state, request, NULL, domain))
        return false;
    if (*domain == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no domain %s", name);
    call->target = call_printf(call, "domain %s", name);
    return true;
}

bool
rpc_remove_domain(Call *call, const RemoveDomainRequest *request,
                  RemoveDomainResponse *response UNUSED)
{
    const DbRow *domain;

    if (!lock_domain(call, &request->base, request->domain, &domain))
        return false;
    if (db_row_bool(domain, "is_primary") && db_row_int64(domain, "others") > 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "%s is the primary domain: make another one primary first",
                         request->domain);
    return db_run(call, &query_domain_delete, &request->base, NULL, NULL);
}

bool
rpc_set_primary_domain(Call *call, const SetPrimaryDomainRequest *request,
                       SetPrimaryDomainResponse *response)
{
    const DbRow *domain;
    const char *id;

    if (!lock_domain(call, &request->base, request->domain, &domain))
        return false;
    id = call_printf(call, "%" PRId64, db_row_int64(domain, "tenant_id"));
    return id != NULL &&
           db_queue(call, &query_domain_unset_primary, NULL,
                    (DbArg[]){{.name = "tenant_id", .text = id}, {0}}) &&
           db_fill(call, &query_domain_set_primary, &request->base, NULL, &response->base);
}
