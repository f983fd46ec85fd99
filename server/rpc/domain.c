/* Domains: what is more than one statement.  Changes to the domains of one tenant come one after
 * the other, because each locks the tenant's row first.  */
#include "db/bind.h"
#include "migration/heads.h"
#include "db/queries.h"
#include "access/route.h"
#include "rpc/handlers.h"
#include "tenant/registry.h"

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
    domain->state = CLIENTIQ__V1__DOMAIN_STATE__DOMAIN_STATE_VERIFIED;
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
static bool PRINTF_LIKE(5, 6) add_step(Call *call, ExplainDomainResponse *response, bool ok,
                                       const char *name, const char *format, ...)
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
explain_ownership(Call *call, const DbRow *row, ExplainDomainResponse *response)
{
    const char *kind = db_row_text(row, "kind"), *domain = db_row_text(row, "domain");
    const char *name = db_row_text(row, "txt_name"), *found = db_row_text(row, "check_text");
    int64_t others = db_row_int64(row, "claims") - 1;

    if (strcmp(db_row_text(row, "domain_state"), "verified") != 0)
        return add_step(call, response, false, "ownership",
                        "the TXT record %s with the value %s is missing%s%s%s; create it, then: "
                        "domain verify %s%s%s%s",
                        name, db_row_text(row, "txt_value"), found[0] != '\0' ? " (" : "", found,
                        found[0] != '\0' ? ")" : "", domain, others > 0 ? " --schema-name " : "",
                        others > 0 ? db_row_text(row, "schema_name") : "",
                        others > 0 ? "; other tenants claim the domain, too" : "");
    if (strcmp(kind, "custom") != 0)
        return add_step(call, response, true, "ownership", "a %s domain needs no proof", kind);
    if (!db_row_bool(row, "is_proved"))
        return add_step(call, response, true, "ownership",
                        "the domain was accepted without a proof");
    if (db_row_bool(row, "is_missing"))
        return add_step(
            call, response, true, "ownership",
            "the TXT record %s has proved it, but is gone (%s); create it again, or the domain "
            "will lead nowhere",
            name, found);
    return add_step(call, response, true, "ownership", "the TXT record %s proves it", name);
}

static bool
explain_tenant(Call *call, const DbRow *row, ExplainDomainResponse *response)
{
    const char *name = db_row_text(row, "name"), *state = db_row_text(row, "state");
    const char *schema = db_row_text(row, "schema_name"), *role = db_row_text(row, "role");
    HeadsBehind behind = heads_behind(db_row_text(row, "heads"));

    if (strcmp(state, "suspended") == 0)
        return add_step(call, response, false, "tenant",
                        "%s is suspended: %s; tenant activate opens it", name,
                        db_row_text(row, "suspend_reason"));
    if (strcmp(state, "active") != 0)
        return add_step(call, response, false, "tenant", "%s is %s%s", name, state,
                        strcmp(state, "deleted") == 0 ? "; tenant undelete brings it back" : "");
    if (!add_step(call, response, true, "tenant", "%s (%" PRId64 ") is active", name,
                  db_row_int64(row, "tenant_id")))
        return false;
    if (!db_row_bool(row, "has_schema"))
        return add_step(call, response, false, "schema",
                        "%s does not exist; tenant repair %s makes it again, without its rows",
                        schema, schema);
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
    const char *wrong = host_name(call->core, asked, host);

    if (wrong != NULL)
        return add_step(call, response, false, "host", "%s", wrong);
    if (!add_step(call, response, true, "host", "%s is looked up as %s", asked, host) ||
        !db_row(call, &query_domain_explain, NULL, (DbArg[]){{.name = "domain", .text = host}, {0}},
                &row))
        return false;
    if (row == NULL)
        return add_step(
            call, response, false, "domain",
            "%s is not the domain of any tenant; domain add --domain %s --schema-name SCHEMA adds it",
            host, host);

    const char *primary = db_row_text(row, "primary_domain");

    if (strcmp(db_row_text(row, "domain_state"), "verified") != 0)
        return add_step(call, response, true, "domain", "%s is a domain that %s claims", host,
                        db_row_text(row, "name")) &&
               explain_ownership(call, row, response);
    return add_step(call, response, true, "domain", "%s is a %s domain of %s, %s%s", host,
                    db_row_text(row, "kind"), db_row_text(row, "name"),
                    db_row_bool(row, "is_primary") ? "its primary one" : "beside the primary one ",
                    db_row_bool(row, "is_primary") || primary == NULL ? "" : primary) &&
           explain_ownership(call, row, response) && explain_tenant(call, row, response);
}

bool
rpc_explain_domain(Call *call, const ExplainDomainRequest *request, ExplainDomainResponse *response)
{
    response->steps = call_alloc(call, STEPS_MAX * sizeof *response->steps);
    if (response->steps == NULL)
        return false;
    response->routes = explain_host(call, request->host, response);
    return call->failure.code == CODE_OK;
}

/* ---- DNS records ---- */

/* NOT_FOUND, or FAILED_PRECONDITION where it does not say whose of several claims is meant. */
static bool
check_domain(Call *call, const char *host, const DbRow *domain)
{
    if (domain == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no domain %s", host);
    if (strcmp(db_row_text(domain, "state"), "verified") != 0 && db_row_int64(domain, "claims") > 1)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "%" PRId64
                         " tenants claim the domain %s: schema_name must say which one is meant",
                         db_row_int64(domain, "claims"), host);
    return true;
}

static bool
add_record(Call *call, ListDomainRecordsResponse *response, const char *type, const char *name,
           const char *value, const char *text)
{
    DomainRecord *record = call_alloc(call, sizeof *record);

    if (record == NULL)
        return false;
    clientiq__v1__domain_record__init(record);
    record->name = call_printf(call, "%s.", name);
    record->type = (char *) (uintptr_t) type;
    record->value = call_strdup(call, value);
    record->text = (char *) (uintptr_t) text;
    response->records[response->n_records++] = record;
    return record->name != NULL && record->value != NULL;
}

/* A domain that nobody has added has no such record yet. */
static bool
add_proof(Call *call, const char *host, const char *schema, ListDomainRecordsResponse *response)
{
    const DbRow *domain;

    if (!db_row(
            call, &query_domain_state, NULL,
            (DbArg[]){{.name = "domain", .text = host}, {.name = "schema", .text = schema}, {0}},
            &domain))
        return false;
    if (domain == NULL || !db_row_bool(domain, "has_proof"))
        return true;
    return check_domain(call, host, domain) &&
           add_record(call, response, "TXT", db_row_text(domain, "txt_name"),
                      db_row_text(domain, "txt_value"), "proves whose the domain is; it must stay");
}

bool
rpc_list_domain_records(Call *call, const ListDomainRecordsRequest *request,
                        ListDomainRecordsResponse *response)
{
    const Config *config = call->core->config;
    char name[HOST_SIZE];
    const char *target, *wildcard;
    Host host;

    if (!host_read(call, "domain", request->domain, &host))
        return false;
    if (host.kind == HOST_DEVELOPMENT)
        return true;
    response->records = call_alloc(call, 2 * sizeof *response->records);
    if (response->records == NULL ||
        (host.kind == HOST_CUSTOM && !add_proof(call, host.name, request->schema_name, response)))
        return false;
    if (config->public_host[0] == '\0' || host_normalise(config->public_host, false, name) != NULL)
        return response->n_records > 0 ||
               call_fail(call, CODE_FAILED_PRECONDITION,
                         "the server does not know its own name: start it with --public-host HOST");
    target = call_printf(call, "%s.", name);
    if (target == NULL)
        return false;
    if (host.kind == HOST_CUSTOM)
        return add_record(call, response, "CNAME", host.name, target,
                          "at the customer's DNS provider");
    wildcard = call_printf(call, "*.%s", config->base_domain);
    return wildcard != NULL &&
           add_record(call, response, "CNAME", wildcard, target,
                      "once for the platform: every sub-domain reaches it") &&
           add_record(call, response, "CNAME", host.name, target,
                      "for this domain alone, where there is no wildcard");
}

/* ---- changes ---- */

static bool
fill_domain(Call *call, int64_t number, ProtobufCMessage *response)
{
    const char *id = call_printf(call, "%" PRId64, number);

    return id != NULL && db_fill(call, &query_domain_get, NULL,
                                 (DbArg[]){{.name = "id", .text = id}, {0}}, response);
}

bool
rpc_add_domain(Call *call, const AddDomainRequest *request, AddDomainResponse *response)
{
    const DbRow *tenant, *added;
    Host host;

    if (!host_read(call, "domain.domain", request->domain->domain, &host) ||
        !db_row(call, &query_domain_tenant, &request->base, NULL, &tenant))
        return false;
    if (tenant == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no tenant with the schema %s",
                         request->domain->schema_name);

    const char *id = call_printf(call, "%" PRId64, db_row_int64(tenant, "id"));

    call->target = call_printf(call, "domain %s", host.name);
    return id != NULL && registry_add_domain(call, id, &host, &added) &&
           fill_domain(call, db_row_int64(added, "id"), &response->base);
}

/* The domain's tenant, locked, and then what the domain is; schema "" where the request names no
 * tenant. */
static bool
lock_domain(Call *call, const char *asked, const char *schema, Host *host, const DbRow **domain)
{
    if (!host_read(call, "domain", asked, host))
        return false;

    const DbArg args[] = {
        {.name = "domain", .text = host->name}, {.name = "schema", .text = schema}, {0}};

    call->target = call_printf(call, "domain %s", host->name);
    return db_queue(call, &query_domain_tenant_lock, NULL, args) &&
           db_row(call, &query_domain_state, NULL, args, domain) &&
           check_domain(call, host->name, *domain);
}

/* One statement about a domain that is locked. */
static bool
change_domain(Call *call, const Query *query, const DbRow *domain)
{
    const char *id = call_printf(call, "%" PRId64, db_row_int64(domain, "id"));

    return id != NULL && db_queue(call, query, NULL, (DbArg[]){{.name = "id", .text = id}, {0}});
}

bool
rpc_remove_domain(Call *call, const RemoveDomainRequest *request,
                  RemoveDomainResponse *response UNUSED)
{
    const DbRow *domain;
    Host host;

    if (!lock_domain(call, request->domain, request->schema_name, &host, &domain))
        return false;
    if (db_row_bool(domain, "is_primary") && db_row_int64(domain, "others") > 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "%s is the primary domain: make another one primary first", host.name);
    return change_domain(call, &query_domain_delete, domain);
}

bool
rpc_set_primary_domain(Call *call, const SetPrimaryDomainRequest *request,
                       SetPrimaryDomainResponse *response)
{
    const DbRow *domain;
    const char *id;
    Host host;

    if (!lock_domain(call, request->domain, "", &host, &domain))
        return false;
    if (strcmp(db_row_text(domain, "state"), "verified") != 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "%s is not verified: its TXT record %s is missing; domain dns %s shows it",
                         host.name, db_row_text(domain, "txt_name"), host.name);
    id = call_printf(call, "%" PRId64, db_row_int64(domain, "tenant_id"));
    return id != NULL &&
           db_queue(call, &query_domain_unset_primary, NULL,
                    (DbArg[]){{.name = "tenant_id", .text = id}, {0}}) &&
           change_domain(call, &query_domain_set_primary, domain) &&
           fill_domain(call, db_row_int64(domain, "id"), &response->base);
}

/* DNS may take its time, so a job asks it; what a job has found is in the registry. */
bool
rpc_verify_domain(Call *call, const VerifyDomainRequest *request, VerifyDomainResponse *response)
{
    const DbRow *domain;
    Host host;

    if (!lock_domain(call, request->domain, request->schema_name, &host, &domain))
        return false;
    if (strcmp(db_row_text(domain, "kind"), "custom") == 0) {
        bool must_prove = host_must_prove(call->core, HOST_CUSTOM);

        if (must_prove)
            call_change(call, CHANGE_PROOFS, 0);
        if (!change_domain(call, must_prove ? &query_domain_check_now : &query_domain_accept,
                           domain))
            return false;
    }
    return fill_domain(call, db_row_int64(domain, "id"), &response->base);
}
