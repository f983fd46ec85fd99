/* Domains: what is more than one statement.  Changes to the domains of one tenant come one after the
 * other, because each locks the tenant's row first.  */
#include "bind.h"
#include "db.h"
#include "host.h"
#include "migrate.h"
#include "queries.h"
#include "route.h"
#include "rpc.h"
#include "server_state.h"

#include <inttypes.h>
#include <string.h>

/* ---- resolve ---- */

static Clientiq__V1__DomainKind
kind_of(const char *name)
{
    for (HostKind kind = HOST_DEVELOPMENT; kind <= HOST_CUSTOM; kind++)
        if (strcmp(name, host_kind_name(kind)) == 0)
            return (Clientiq__V1__DomainKind) (kind + 1);
    return CLIENTIQ__V1__DOMAIN_KIND__DOMAIN_KIND_UNSPECIFIED;
}

/* From memory when warm: then it runs in the listener, and call has no database. */
bool
rpc_resolve_domain(Call *call, const ResolveDomainRequest *request, ResolveDomainResponse *response)
{
    TenantContext tenant;
    Domain *domain = call_alloc(call, sizeof *domain);
    Host host;

    if (domain == NULL || !host_read(call, "host", request->host, &host) ||
        !route_find(call, host.name, true, &tenant))
        return false;

    bool is_active = strcmp(tenant.state, "active") == 0;

    if (!is_active && strcmp(tenant.state, "suspended") != 0)
        return call_fail(call, CODE_NOT_FOUND, "no tenant for the domain %s", host.name);
    clientiq__v1__domain__init(domain);
    domain->domain = call_strdup(call, host.name);
    domain->schema_name = call_strdup(call, tenant.schema);
    domain->tenant_id = tenant.id;
    domain->is_primary = tenant.domain_is_primary;
    domain->kind = kind_of(tenant.domain_kind);
    domain->create_time = bind_timestamp(call, tenant.domain_create_us);
    if (domain->domain == NULL || domain->schema_name == NULL || domain->create_time == NULL)
        return false;
    response->domain = domain;
    response->state = is_active ? CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_ACTIVE
                                : CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_SUSPENDED;
    return true;
}

/* ---- explain ---- */

enum { STEPS_MAX = 8 };

/* Adds a step; false if the way ends with it, or the call has failed. */
static bool PRINTF_LIKE(5, 6)
add_step(Call *call, ExplainDomainResponse *response, bool ok, const char *name, const char *format, ...)
{
    ResolveStep *step = call_alloc(call, sizeof *step);
    va_list arguments;

    if (step == NULL)
        return false;
    clientiq__v1__resolve_step__init(step);
    step->ok = ok;
    step->step = (char *) (uintptr_t) name;
    va_start(arguments, format);
    step->text = call_vprintf(call, format, arguments);
    va_end(arguments);
    if (step->text == NULL)
        return false;
    response->steps[response->n_steps++] = step;
    return ok;
}

static bool
explain_tenant(Call *call, const DbRow *row, ExplainDomainResponse *response)
{
    const char *name = db_row_text(row, "name"), *state = db_row_text(row, "state");
    const char *schema = db_row_text(row, "schema_name"), *role = db_row_text(row, "role");
    HeadsBehind behind = migrate_heads_behind(db_row_text(row, "heads"));

    if (strcmp(state, "suspended") == 0)
        return add_step(call, response, false, "tenant", "%s is suspended: %s; tenant activate opens it",
                        name, db_row_text(row, "suspend_reason"));
    if (strcmp(state, "active") != 0)
        return add_step(call, response, false, "tenant", "%s is %s%s", name, state,
                        strcmp(state, "deleted") == 0 ? "; tenant undelete brings it back" : "");
    if (!add_step(call, response, true, "tenant", "%s (%" PRId64 ") is active", name,
                  db_row_int64(row, "tenant_id")))
        return false;
    if (!db_row_bool(row, "has_schema"))
        return add_step(call, response, false, "schema",
                        "%s does not exist; tenant repair %s makes it again, without its rows", schema,
                        schema);
    if (!add_step(call, response, true, "schema", "%s exists", schema))
        return false;
    if (!db_row_bool(row, "has_role") || !db_row_bool(row, "has_usage"))
        return add_step(call, response, false, "role", "%s %s; tenant repair %s mends it", role,
                        db_row_bool(row, "has_role") ? "may not use the schema" : "does not exist",
                        schema);
    if (!add_step(call, response, true, "role", "%s may use the schema", role))
        return false;
    if (behind.app != NULL)
        return add_step(call, response, false, "migrations",
                        "app %s is at %04u, this server needs %04u: migrate --tenant --schema %s",
                        behind.app, behind.have, behind.need, schema);
    return add_step(call, response, true, "migrations", "the schema is new enough for this server");
}

static bool
explain_host(Call *call, const char *asked, ExplainDomainResponse *response)
{
    const DbRow *row;
    char host[HOST_SIZE];
    const char *wrong = host_name(call->server, asked, host);

    if (wrong != NULL)
        return add_step(call, response, false, "host", "%s", wrong);
    if (!add_step(call, response, true, "host", "%s is looked up as %s", asked, host) ||
        !db_row(call, &query_domain_explain, NULL,
                (DbArg[]){{.name = "domain", .text = host}, {0}}, &row))
        return false;
    if (row == NULL)
        return add_step(call, response, false, "domain",
                        "%s is no tenant's domain; domain add --domain %s --schema-name SCHEMA adds it",
                        host, host);

    const char *primary = db_row_text(row, "primary_domain");

    return add_step(call, response, true, "domain", "%s is a %s domain of %s, %s%s", host,
                    db_row_text(row, "kind"), db_row_text(row, "name"),
                    db_row_bool(row, "is_primary") ? "its primary one" : "beside the primary one ",
                    db_row_bool(row, "is_primary") || primary == NULL ? "" : primary) &&
           explain_tenant(call, row, response);
}

bool
rpc_explain_domain(Call *call, const ExplainDomainRequest *request, ExplainDomainResponse *response)
{
    response->steps = call_alloc(call, STEPS_MAX * sizeof *response->steps);
    if (response->steps == NULL)
        return false;
    response->routes = explain_host(call, request->host, response);
    return call->code == CODE_OK;
}

/* ---- DNS records ---- */

static bool
add_record(Call *call, ListDomainRecordsResponse *response, const char *name, const char *value,
           const char *text)
{
    DomainRecord *record = call_alloc(call, sizeof *record);

    if (record == NULL)
        return false;
    clientiq__v1__domain_record__init(record);
    record->name = call_printf(call, "%s.", name);
    record->type = (char *) (uintptr_t) "CNAME";
    record->value = call_printf(call, "%s.", value);
    record->text = (char *) (uintptr_t) text;
    response->records[response->n_records++] = record;
    return record->name != NULL && record->value != NULL;
}

bool
rpc_list_domain_records(Call *call, const ListDomainRecordsRequest *request,
                        ListDomainRecordsResponse *response)
{
    const Config *config = server_config(call->server);
    char target[HOST_SIZE];
    Host host;

    if (!host_read(call, "domain", request->domain, &host))
        return false;
    if (host.kind == HOST_DEVELOPMENT)
        return true;
    if (config->public_host[0] == '\0' ||
        host_normalise(config->public_host, false, target) != NULL)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the server does not know its own name: start it with --public-host HOST");
    response->records = call_alloc(call, 2 * sizeof *response->records);
    if (response->records == NULL)
        return false;
    if (host.kind == HOST_PLATFORM) {
        const char *wildcard = call_printf(call, "*.%s", config->base_domain);

        return wildcard != NULL &&
               add_record(call, response, wildcard, target,
                          "once for the platform: every sub-domain reaches it") &&
               add_record(call, response, host.name, target,
                          "for this domain alone, where there is no wildcard");
    }
    return add_record(call, response, host.name, target, "at the customer's DNS provider");
}

/* ---- changes ---- */

bool
rpc_add_domain(Call *call, const AddDomainRequest *request, AddDomainResponse *response)
{
    const DbRow *tenant;
    Host host;

    if (!host_read(call, "domain.domain", request->domain->domain, &host) ||
        !db_row(call, &query_domain_tenant, &request->base, NULL, &tenant))
        return false;
    if (tenant == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no tenant with the schema %s",
                         request->domain->schema_name);

    const char *id = call_printf(call, "%" PRId64, db_row_int64(tenant, "id"));

    call->target = call_printf(call, "domain %s", host.name);
    return id != NULL && db_fill(call, &query_domain_add, &request->base,
                                 (DbArg[]){{.name = "tenant_id", .text = id},
                                           {.name = "domain", .text = host.name},
                                           {.name = "kind", .text = host_kind_name(host.kind)},
                                           {0}},
                                 &response->base);
}

/* The domain's tenant, locked, and then what the domain is. */
static bool
lock_domain(Call *call, const char *asked, Host *host, const DbRow **domain)
{
    if (!host_read(call, "domain", asked, host))
        return false;

    const DbArg args[] = {{.name = "domain", .text = host->name}, {0}};

    if (!db_queue(call, &query_domain_tenant_lock, NULL, args) ||
        !db_row(call, &query_domain_state, NULL, args, domain))
        return false;
    /* a deleted tenant's domains are reserved as they are: undelete brings back exactly what was there */
    if (*domain == NULL || strcmp(db_row_text(*domain, "state"), "deleted") == 0 ||
        strcmp(db_row_text(*domain, "state"), "purging") == 0)
        return call_fail(call, CODE_NOT_FOUND, "no domain %s", host->name);
    call->target = call_printf(call, "domain %s", host->name);
    return true;
}

bool
rpc_remove_domain(Call *call, const RemoveDomainRequest *request,
                  RemoveDomainResponse *response UNUSED)
{
    const DbRow *domain;
    Host host;

    if (!lock_domain(call, request->domain, &host, &domain))
        return false;
    if (db_row_bool(domain, "is_primary") && db_row_int64(domain, "others") > 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "%s is the primary domain: make another one primary first", host.name);
    return db_run(call, &query_domain_delete, NULL,
                  (DbArg[]){{.name = "domain", .text = host.name}, {0}}, NULL);
}

bool
rpc_set_primary_domain(Call *call, const SetPrimaryDomainRequest *request,
                       SetPrimaryDomainResponse *response)
{
    const DbRow *domain;
    const char *id;
    Host host;

    if (!lock_domain(call, request->domain, &host, &domain))
        return false;
    id = call_printf(call, "%" PRId64, db_row_int64(domain, "tenant_id"));
    return id != NULL &&
           db_queue(call, &query_domain_unset_primary, NULL,
                    (DbArg[]){{.name = "tenant_id", .text = id}, {0}}) &&
           db_fill(call, &query_domain_set_primary, NULL,
                   (DbArg[]){{.name = "domain", .text = host.name}, {0}}, &response->base);
}
