/* Domains: routing by host, one primary, also when two are set at once.  */
#include "harness/harness.h"

#include <pthread.h>
#include <string.h>

static CiqAddDomainResponse *
add(CiqClient *client, const char *domain, const char *schema, CiqError **error)
{
    CiqDomain message = CLIENTIQ__V1__DOMAIN__INIT;
    CiqAddDomainRequest request = CLIENTIQ__V1__ADD_DOMAIN_REQUEST__INIT;

    message.domain = TEXT(domain);
    message.schema_name = TEXT(schema);
    request.domain = &message;
    return ciq_add_domain(client, &request, error);
}

static CiqSetPrimaryDomainResponse *
set_primary(CiqClient *client, const char *domain, CiqError **error)
{
    CiqSetPrimaryDomainRequest request = CLIENTIQ__V1__SET_PRIMARY_DOMAIN_REQUEST__INIT;

    request.domain = TEXT(domain);
    return ciq_set_primary_domain(client, &request, error);
}

static CiqRemoveDomainResponse *
drop(CiqClient *client, const char *domain, CiqError **error)
{
    CiqRemoveDomainRequest request = CLIENTIQ__V1__REMOVE_DOMAIN_REQUEST__INIT;

    request.domain = TEXT(domain);
    return ciq_remove_domain(client, &request, error);
}

static void
test_add_domain__routes(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqAddDomainResponse *added = add(world->platform, "App.AcmeCorp.com", "acme", &error);

    assert_ok(error);
    assert_string_equal(added->domain->domain, "app.acmecorp.com");
    assert_false(added->domain->is_primary);
    ciq_add_domain_response_free(added);

    ciq_client_set_tenant(world->acme, "APP.acmecorp.com.:8000");
    assert_int_equal(user_count(world->acme, world_email), 1);
    ciq_client_set_tenant(world->acme, "acme.localhost");

    assert_null(add(world->platform, "app.acmecorp.com", "techcorp", &error));
    assert_code(error, CODE_ALREADY_EXISTS, "domain is taken already");
    assert_null(add(world->platform, "x.example", "nobody", &error));
    assert_code(error, CODE_NOT_FOUND, "no tenant");
    assert_null(add(world->platform, "*.example.com", "acme", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "wildcard");
    assert_null(add(world->platform, "10.0.0.1", "acme", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "address");
}

static void
test_resolve_domain__tells_the_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqResolveDomainRequest request = CLIENTIQ__V1__RESOLVE_DOMAIN_REQUEST__INIT;
    CiqResolveDomainResponse *response;

    request.host = TEXT("TechCorp.localhost:8000");
    response = ciq_resolve_domain(world->platform, &request, &error);
    assert_ok(error);
    assert_string_equal(response->domain->schema_name, "techcorp");
    assert_true(response->domain->is_primary);
    assert_int_equal(response->state, CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_ACTIVE);
    ciq_resolve_domain_response_free(response);

    request.host = TEXT("nobody.localhost");
    assert_null(ciq_resolve_domain(world->platform, &request, &error));
    assert_code(error, CODE_NOT_FOUND, "no tenant for the domain nobody.localhost");
    request.host = TEXT("a_b");
    assert_null(ciq_resolve_domain(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "host");
}

static void
test_remove_domain__not_the_primary(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    ciq_add_domain_response_free(add(world->platform, "second.example", "techcorp", &error));
    assert_ok(error);
    assert_null(drop(world->platform, "techcorp.localhost", &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "primary");
    ciq_set_primary_domain_response_free(set_primary(world->platform, "second.example", &error));
    assert_ok(error);
    ciq_remove_domain_response_free(drop(world->platform, "techcorp.localhost", &error));
    assert_ok(error);

    /* on this server it leads nowhere from now on */
    ciq_client_set_tenant(world->techcorp, "techcorp.localhost");
    assert_null(user_get(world->techcorp, 1, &error));
    assert_code(error, CODE_NOT_FOUND, "no tenant for the domain techcorp.localhost");
    ciq_client_set_tenant(world->techcorp, "second.example");
    assert_int_equal(user_count(world->techcorp, world_email), 1);
    ciq_client_set_tenant(world->techcorp, "techcorp");
    ciq_remove_domain_response_free(drop(world->platform, "second.example", &error));
    assert_ok(error);
    assert_null(drop(world->platform, "second.example", &error));
    assert_code(error, CODE_NOT_FOUND, "no domain second.example");

    /* the first of a tenant without one is its primary */
    CiqAddDomainResponse *first = add(world->platform, "techcorp.localhost", "techcorp", &error);
    assert_ok(error);
    assert_true(first->domain->is_primary);
    ciq_add_domain_response_free(first);
}

typedef struct Setter {
    const TestServer *server;
    char domain[32];
    int failed;
} Setter;

static void *
set_again_and_again(void *argument)
{
    Setter *setter = argument;
    CiqError *error = NULL;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = setter->server->ipc, .timeout_ms = 30000}, &error);

    for (int i = 0; i < 20; i++) {
        ciq_set_primary_domain_response_free(set_primary(client, setter->domain, &error));
        setter->failed += error != NULL;
        ciq_error_free(error);
        error = NULL;
    }
    ciq_client_free(client);
    return NULL;
}

static void
test_set_primary_domain__at_once(void **state)
{
    enum { SETTERS = 4 };
    World *world = *state;
    Setter setters[SETTERS];
    pthread_t threads[SETTERS];
    CiqError *error = NULL;

    for (int i = 0; i < SETTERS; i++) {
        setters[i] = (Setter){.server = &world->server};
        snprintf(setters[i].domain, sizeof setters[i].domain, "p%d.example", i);
        ciq_add_domain_response_free(add(world->platform, setters[i].domain, "acme", &error));
        assert_ok(error);
    }
    for (int i = 0; i < SETTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, set_again_and_again, &setters[i]), 0);
    for (int i = 0; i < SETTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(setters[i].failed, 0);
    }
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from public.tenants_domain d join "
                                       "public.tenants_tenant t on t.id = d.tenant_id "
                                       "where schema_name = 'acme' and is_primary"),
                        "1");
    assert_null(set_primary(world->platform, "nobody.example", &error));
    assert_code(error, CODE_NOT_FOUND, "no domain");
}

/* One removal that starts while somebody else holds the tenant. */
typedef struct Remover {
    const TestServer *server;
    const char *domain;
    int code;
} Remover;

static void *
remove_one(void *argument)
{
    Remover *remover = argument;
    CiqError *error = NULL;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = remover->server->ipc, .timeout_ms = 30000}, &error);

    ciq_remove_domain_response_free(drop(client, remover->domain, &error));
    remover->code = (int) code_of(error);
    ciq_client_free(client);
    return NULL;
}

static int
remove_during(World *world, const char *domain, const char *change)
{
    Remover remover = {.server = &world->server, .domain = domain, .code = -1};
    PGconn *holder =
        database_hold(&world->database,
                      "select from public.tenants_tenant where schema_name = 'moving' for update");
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, remove_one, &remover), 0);
    wait_for_waiters(&world->database, 1); /* the removal, for the tenant */
    connection_run(holder, "%s", change);
    PGresult *result = PQexec(holder, "commit");
    assert_string_equal(PQcmdStatus(result), "COMMIT");
    PQclear(result);
    PQfinish(holder);
    pthread_join(thread, NULL);
    return remover.code;
}

/* What it decides on must be read after the lock, or a tenant with domains loses its primary one.
 */
static void
test_remove_domain__while_another_change_runs(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "moving");
    assert_int_equal(
        remove_during(world, "moving.localhost",
                      "insert into public.tenants_domain (tenant_id, domain) select id, "
                      "'late.example' from public.tenants_tenant where schema_name = "
                      "'moving'"),
        CODE_FAILED_PRECONDITION);
    assert_int_equal(
        remove_during(world, "late.example",
                      "update public.tenants_domain set is_primary = false where domain = "
                      "'moving.localhost'; update public.tenants_domain set is_primary = "
                      "true where domain = 'late.example'"),
        CODE_FAILED_PRECONDITION);
    assert_string_equal(database_value(&world->database,
                                       "select domain from public.tenants_domain d "
                                       "join public.tenants_tenant t on t.id = d.tenant_id "
                                       "where schema_name = 'moving' and is_primary"),
                        "late.example");
}

static void
test_list_domains__of_one_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListDomainsRequest request = CLIENTIQ__V1__LIST_DOMAINS_REQUEST__INIT;

    request.schema_name = TEXT("techcorp");
    CiqListDomainsResponse *response = ciq_list_domains(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(response->n_domains, 1);
    assert_string_equal(response->domains[0]->domain, "techcorp.localhost");
    ciq_list_domains_response_free(response);
}

static void
test_add_domain__normalises(void **state)
{
    static const struct {
        const char *asked, *kept; /* NULL: refused */
        const char *wrong;
    } samples[] = {
        {"B\xc3\xbc"
         "cher.Example",
         "xn--bcher-kva.example", NULL},
        {"Shop.Example.COM.:8443", "shop.example.com", NULL},
        {"www.keep.example", "www.keep.example", NULL},
        {"xn--bcher-kva.example", NULL, "taken"},
        {"https://x.example", NULL, "without scheme or path"},
        {"x.example/path", NULL, "without scheme or path"},
        {"[::1]", NULL, "not an address"},
        {"fe80::1", NULL, "not an address"},
        {"x.example:http", NULL, "port"},
        {"xn--\xc3\xbc.example", NULL, "IDNA"},
        {"intranet", NULL, "must have a dot"},
    };
    World *world = *state;
    CiqError *error = NULL;

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        CiqAddDomainResponse *added = add(world->platform, samples[i].asked, "acme", &error);

        if (samples[i].kept == NULL) {
            assert_null(added);
            assert_code(error,
                        samples[i].wrong[0] == 't' ? CODE_ALREADY_EXISTS : CODE_INVALID_ARGUMENT,
                        samples[i].wrong);
            continue;
        }
        assert_ok(error);
        assert_string_equal(added->domain->domain, samples[i].kept);
        assert_int_equal(added->domain->kind, CLIENTIQ__V1__DOMAIN_KIND__DOMAIN_KIND_CUSTOM);
        ciq_add_domain_response_free(added);
    }
    ciq_client_set_tenant(world->acme, "B\xc3\x9c"
                                       "CHER.example");
    assert_int_equal(user_count(world->acme, world_email), 1);
    ciq_client_set_tenant(world->acme, "acme.localhost");
}

/* ---- explain ---- */

static CiqExplainDomainResponse *
explain(World *world, const char *host)
{
    CiqError *error = NULL;
    CiqExplainDomainRequest request = CLIENTIQ__V1__EXPLAIN_DOMAIN_REQUEST__INIT;

    request.host = TEXT(host);
    CiqExplainDomainResponse *response = ciq_explain_domain(world->platform, &request, &error);

    assert_ok(error);
    return response;
}

/* The explanation ends with the step that decides. */
static void
assert_ends(World *world, const char *host, bool routes, const char *step, const char *text)
{
    CiqExplainDomainResponse *response = explain(world, host);
    const CiqResolveStep *last = response->steps[response->n_steps - 1];

    assert_int_equal(response->routes, routes);
    assert_string_equal(last->step, step);
    if (strstr(last->text, text) == NULL)
        fail_msg("%s: %s", host, last->text);
    ciq_explain_domain_response_free(response);
}

static void
test_explain_domain__says_where_it_ends(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "explained");
    assert_ends(world, "ACME.localhost:8000", true, "migrations", "new enough");
    assert_ends(world, "a b", false, "host", "must be a host name");
    assert_ends(world, "nobody.example", false, "domain", "domain add --domain nobody.example");
    database_value(&world->database, "update public.tenants_tenant set heads = '{}' where "
                                     "schema_name = 'explained'");
    assert_ends(world, "explained.localhost", false, "migrations", "this server needs");
    database_value(&world->database, "revoke usage on schema explained from %s",
                   database_value(&world->database, "select role from public.tenants_tenant where "
                                                    "schema_name = 'explained'"));
    assert_ends(world, "explained.localhost", false, "role", "may not use the schema");
    database_value(&world->database, "drop schema explained cascade");
    assert_ends(world, "explained.localhost", false, "schema", "does not exist");
    database_value(&world->database, "update public.tenants_tenant set state = 'suspended', "
                                     "suspend_reason = 'no money' where schema_name = 'explained'");
    assert_ends(world, "explained.localhost", false, "tenant", "no money");
}

static void
test_list_domain_records(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListDomainRecordsRequest request = CLIENTIQ__V1__LIST_DOMAIN_RECORDS_REQUEST__INIT;

    request.domain = TEXT("acme.localhost");
    CiqListDomainRecordsResponse *response =
        ciq_list_domain_records(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(response->n_records, 0);
    ciq_list_domain_records_response_free(response);

    request.domain = TEXT("app.acmecorp.com");
    assert_null(ciq_list_domain_records(world->platform, &request, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "--public-host");

    setting_set(&world->server.config.public_host, "server.clientiq.example");
    setting_set(&world->server.config.base_domain, "clientiq.example");
    response = ciq_list_domain_records(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(response->n_records, 1);
    assert_string_equal(response->records[0]->name, "app.acmecorp.com.");
    assert_string_equal(response->records[0]->type, "CNAME");
    assert_string_equal(response->records[0]->value, "server.clientiq.example.");
    ciq_list_domain_records_response_free(response);
    request.domain = TEXT("acme.ClientIQ.example");
    response = ciq_list_domain_records(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(response->n_records, 2);
    assert_string_equal(response->records[0]->name, "*.clientiq.example.");
    ciq_list_domain_records_response_free(response);

    CiqAddDomainResponse *added = add(world->platform, "acme.clientiq.example", "acme", &error);
    assert_ok(error);
    assert_int_equal(added->domain->kind, CLIENTIQ__V1__DOMAIN_KIND__DOMAIN_KIND_PLATFORM);
    ciq_add_domain_response_free(added);
}

/* What mail systems, browsers and people take for the platform's own belongs to no tenant. */
static void
test_add__platforms_own_hosts(void **state)
{
    static const struct {
        const char *domain, *wrong; /* NULL: it is a tenant's to have */
    } samples[] = {
        {"clientiq.example", "domain must not be the platform's base domain itself"},
        {"ClientIQ.example.", "domain must not be the platform's base domain itself"},
        {"server.clientiq.example", "domain must not be the platform's own host"},
        {"www.clientiq.example", "domain must not be a name that is kept for"},
        {"AutoDiscover.clientiq.example", "domain must not be a name that is kept for"},
        {"wpad.clientiq.example:443", "domain must not be a name that is kept for"},
        {"mta-sts.clientiq.example", "domain must not be a name that is kept for"},
        {"\xef\xbd\x97\xef\xbd\x97\xef\xbd\x97.clientiq.example", "domain must not be a name that"},
        {"shop.clientiq.example", "domain must not be a name that is kept for"},
        {"blog.clientiq.example", "domain must not be a name that is kept for"},
        {"shops.clientiq.example", NULL},
        {"mail.acme.clientiq.example", NULL},
        {"mailings.clientiq.example", NULL},
        {"notclientiq.example", NULL},
        {"mail.customer.example", NULL},
    };
    World *world = *state;
    CiqError *error = NULL;

    setting_set(&world->server.config.public_host, "server.clientiq.example");
    setting_set(&world->server.config.base_domain, "clientiq.example");
    setting_set(&world->server.config.reserved_labels, "shop,Blog");
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        CiqAddDomainResponse *added = add(world->platform, samples[i].domain, "techcorp", &error);

        if (samples[i].wrong == NULL) {
            assert_ok(error);
            ciq_add_domain_response_free(added);
        } else {
            assert_null(added);
            assert_code(error, CODE_INVALID_ARGUMENT, samples[i].wrong);
        }
    }
    setting_set(&world->server.config.reserved_labels, "");
}

/* ---- the hot path ---- */

static Code
look_up(World *world, const char *host)
{
    return call_code(world->platform, "TenantService/ResolveDomain", "{\"host\": \"%s\"}", host);
}

/* Fills memory and locks every table of the registry.  Once more if memory forgets, because the
 * server hears only now of a change that an earlier test made. */
static PGconn *
hold_registry(World *world)
{
    for (int i = 0; i < 5; i++) {
        assert_int_equal(look_up(world, "techcorp.localhost"), CODE_OK);
        assert_int_equal(look_up(world, "nowhere.example"), CODE_NOT_FOUND);

        PGconn *holder = database_hold(&world->database,
                                       "lock table public.tenants_tenant, public.tenants_domain");
        if (look_up(world, "techcorp.localhost") == CODE_OK &&
            look_up(world, "nowhere.example") == CODE_NOT_FOUND)
            return holder;
        database_release(holder);
    }
    fail_msg("what was looked up is not in memory");
}

/* A host that is in memory is answered though every table of the registry is locked; so is one that
 * is known to lead nowhere, until it leads somewhere. */
static void
test_resolve_domain__from_memory(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    PGconn *holder = hold_registry(world);
    CiqResolveDomainRequest request = CLIENTIQ__V1__RESOLVE_DOMAIN_REQUEST__INIT;

    request.host = TEXT("TechCorp.localhost.");
    CiqResolveDomainResponse *response = ciq_resolve_domain(world->platform, &request, &error);
    assert_ok(error);
    assert_string_equal(response->domain->schema_name, "techcorp");
    assert_true(response->domain->is_primary);
    assert_int_equal(response->domain->kind, CLIENTIQ__V1__DOMAIN_KIND__DOMAIN_KIND_DEVELOPMENT);
    assert_true(response->domain->create_time->seconds > 0);
    ciq_resolve_domain_response_free(response);
    assert_int_equal(look_up(world, "nowhere.example"), CODE_NOT_FOUND);
    database_release(holder);

    ciq_add_domain_response_free(add(world->platform, "nowhere.example", "acme", &error));
    assert_ok(error);
    assert_int_equal(code_after(CODE_NOT_FOUND, world->platform, "TenantService/ResolveDomain",
                                "{\"host\": \"nowhere.example\"}"),
                     CODE_OK);
    ciq_remove_domain_response_free(drop(world->platform, "nowhere.example", &error));
    assert_ok(error);
    assert_int_equal(code_after(CODE_OK, world->platform, "TenantService/ResolveDomain",
                                "{\"host\": \"nowhere.example\"}"),
                     CODE_NOT_FOUND);
}

/* Who may not ask is refused, also about what memory knows. */
static void
test_resolve_domain__from_memory_only_for_those_who_may(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqResolveDomainRequest request = CLIENTIQ__V1__RESOLVE_DOMAIN_REQUEST__INIT;
    CiqClient *stranger = client_new(&world->server, NULL, "ciq_p0_forged");

    assert_int_equal(look_up(world, "acme.localhost"), CODE_OK);
    request.host = TEXT("acme.localhost");
    assert_null(ciq_resolve_domain(stranger, &request, &error));
    assert_code(error, CODE_UNAUTHENTICATED, NULL);
    ciq_client_free(stranger);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_domain__routes),
        cmocka_unit_test(test_resolve_domain__tells_the_tenant),
        cmocka_unit_test(test_remove_domain__not_the_primary),
        cmocka_unit_test(test_set_primary_domain__at_once),
        cmocka_unit_test(test_remove_domain__while_another_change_runs),
        cmocka_unit_test(test_list_domains__of_one_tenant),
        cmocka_unit_test(test_add_domain__normalises),
        cmocka_unit_test(test_explain_domain__says_where_it_ends),
        cmocka_unit_test(test_list_domain_records),
        cmocka_unit_test(test_add__platforms_own_hosts),
        cmocka_unit_test(test_resolve_domain__from_memory),
        cmocka_unit_test(test_resolve_domain__from_memory_only_for_those_who_may),
    };

    return run_cases(tests, world_setup, world_teardown);
}
