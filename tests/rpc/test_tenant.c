/* Tenants: made whole or not at all, named by rules, listed in pages.  */
#include "harness/harness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static CiqCreateTenantResponse *
create(CiqClient *client, const char *name, const char *schema, const char *domain,
       const char *email, CiqError **error)
{
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest request = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;

    tenant.name = TEXT(name);
    tenant.schema_name = TEXT(schema);
    request.tenant = &tenant;
    request.domain = TEXT(domain);
    request.admin_email = TEXT(email);
    return ciq_create_tenant(client, &request, error);
}

static void
test_create_tenant__makes_everything(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqCreateTenantResponse *response = create(world->platform, "Whole Ltd", "whole",
                                               "Whole.LOCALHOST.", "boss@whole.example", &error);

    assert_ok(error);
    assert_int_equal(strlen(response->admin_password), 20);
    assert_string_equal(response->tenant->domain, "whole.localhost");
    assert_int_equal(response->tenant->plan, CLIENTIQ__V1__PLAN__PLAN_TRIAL);
    assert_int_equal(response->tenant->state, CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_ACTIVE);
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from pg_tables where schemaname = 'whole'"),
                        database_value(&world->database,
                                       "select count(*) from pg_tables where schemaname = 'acme'"));
    assert_string_equal(database_value(&world->database,
                                       "select domain || is_primary from public.tenants_domain d "
                                       "join public.tenants_tenant t on t.id = tenant_id "
                                       "where schema_name = 'whole'"),
                        "whole.localhosttrue");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from whole.users_customuser_groups m "
                                       "join whole.auth_group g on g.id = m.group_id "
                                       "where g.name = 'Tenant Admins'"),
                        "1");
    assert_string_equal(
        database_value(&world->database,
                       "select (select count(*) from whole.auth_group_permissions) = "
                       "(select count(*) from whole.auth_permission)"),
        "t");
    assert_string_equal(database_value(&world->database,
                                       "select string_agg(distinct app, ',' order by app) "
                                       "from whole.core_migration"),
                        "business,core,users");

    ciq_client_free(
        sign_in(&world->server, "whole.localhost", "BOSS@whole.example", response->admin_password));
    ciq_create_tenant_response_free(response);
}

static void
test_create_tenant__taken_names(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    assert_null(create(world->platform, "A", "acme", "other.localhost", "a@b.c", &error));
    assert_code(error, CODE_ALREADY_EXISTS, "schema_name is taken already");
    assert_null(create(world->platform, "A", "other", "acme.localhost", "a@b.c", &error));
    assert_code(error, CODE_ALREADY_EXISTS, "domain is taken already");
    assert_null(create(world->platform, "A", "other", "ACME.localhost", "a@b.c", &error));
    assert_code(error, CODE_ALREADY_EXISTS, "domain is taken already");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from pg_namespace where nspname = 'other'"),
                        "0");

    /* a schema that somebody made by hand is not taken over */
    database_value(&world->database, "create schema foreign_one");
    assert_null(create(world->platform, "A", "foreign_one", "foreign.localhost", "a@b.c", &error));
    assert_code(error, CODE_ALREADY_EXISTS, NULL);
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from public.tenants_tenant "
                                       "where schema_name = 'foreign_one'"),
                        "0");
}

static void
test_create_tenant__bad_names(void **state)
{
    static const char *const schemas[] = {"Acme",
                                          "pg_x",
                                          "public",
                                          "a\"b",
                                          "a'b",
                                          "select",
                                          "123",
                                          "",
                                          "abcdefghijklmnopqrstuvwxyz0123456789_abcdefghijkl",
                                          "information_schema",
                                          "ciq_1",
                                          "a b",
                                          "a;drop schema acme"};
    World *world = *state;
    CiqError *error = NULL;

    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        assert_null(create(world->platform, "A", schemas[i], "bad.localhost", "a@b.c", &error));
        assert_string_equal(ciq_error_violation_field(error, 0), "tenant.schema_name");
        assert_code(error, CODE_INVALID_ARGUMENT, "tenant.schema_name");
    }
    assert_null(create(world->platform, "", "fine", "no_host", "no mail", &error));
    assert_int_equal(ciq_error_violations(error), 3); /* all of them at once */
    assert_code(error, CODE_INVALID_ARGUMENT, "tenant.name is required");
}

/* The domain is checked after the schema's row was written: nothing of it may stay. */
static void
test_create_tenant__nothing_stays_of_a_failure(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char before[32], pool[32];

    snprintf(before, sizeof before, "%s",
             database_value(&world->database, "select count(*) from pg_namespace"));
    snprintf(pool, sizeof pool, "%s",
             database_value(&world->database, "select min(number) from public.role_pool"));
    assert_null(create(world->platform, "A", "half", "techcorp.localhost", "a@b.c", &error));
    assert_code(error, CODE_ALREADY_EXISTS, "domain");
    assert_string_equal(database_value(&world->database, "select count(*) from pg_namespace"),
                        before);
    assert_string_equal(
        database_value(&world->database, "select min(number) from public.role_pool"), pool);
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from public.tenants_tenant "
                                       "where schema_name = 'half'"),
                        "0");
}

/* A role that somebody has dropped is passed over, and one that is there already too. */
static void
test_create_tenant__when_the_pool_is_damaged(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char role[64];

    snprintf(role, sizeof role, "%s",
             database_value(&world->database,
                            "select role from public.role_pool order by number limit 1"));
    database_value(&world->database, "drop role %s", role);
    ciq_create_tenant_response_free(
        create(world->platform, "A", "poolone", "poolone.localhost", "a@b.example", &error));
    assert_ok(error);
    assert_value(&world->database, "1", "select count(*) from public.role_pool where role = '%s'",
                 role);

    /* the next block meets a role of an older copy of this database */
    database_value(&world->database,
                   "do $$ begin execute format('create role %%I', (select 'ciq_' || id from "
                   "public.core_installation) || '_' || (select last_value + 3 from "
                   "public.role_number)); end $$");
    database_value(&world->database, "delete from public.role_pool where number > (select "
                                     "min(number) + 1 from public.role_pool)");
    ciq_create_tenant_response_free(
        create(world->platform, "A", "pooltwo", "pooltwo.localhost", "a@b.example", &error));
    assert_ok(error);
    wait_for_value(
        &world->database, "t",
        "select count(*) >= %u from public.role_pool p join pg_roles r on rolname = role",
        (unsigned) world->server.config.role_block / 2);
    database_value(&world->database, "delete from public.role_pool where role = '%s'", role);
}

enum { RACERS = 20 };

typedef struct Racer {
    const TestServer *server;
    int code;
} Racer;

static void *
race(void *argument)
{
    Racer *racer = argument;
    CiqError *error = NULL;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = racer->server->ipc, .timeout_ms = 60000}, &error);
    CiqCreateTenantResponse *response =
        create(client, "Raced", "raced", "raced.localhost", "a@b.c", &error);

    racer->code = (int) code_of(error);
    ciq_create_tenant_response_free(response);
    ciq_client_free(client);
    return NULL;
}

static void
test_create_tenant__twenty_at_once(void **state)
{
    World *world = *state;
    Racer racers[RACERS];
    pthread_t threads[RACERS];
    int won = 0, lost = 0;

    for (int i = 0; i < RACERS; i++) {
        racers[i] = (Racer){.server = &world->server, .code = -1};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        won += racers[i].code == CODE_OK;
        lost += racers[i].code == CODE_ALREADY_EXISTS;
    }
    assert_int_equal(won, 1);
    assert_int_equal(lost, RACERS - 1);
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from public.tenants_tenant "
                                       "where schema_name = 'raced'"),
                        "1");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from pg_namespace where nspname = 'raced'"),
                        "1");
}

static void
test_get_tenant__by_id_and_by_schema(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqGetTenantRequest request = CLIENTIQ__V1__GET_TENANT_REQUEST__INIT;
    CiqGetTenantResponse *response;

    request.schema_name = TEXT("techcorp");
    response = ciq_get_tenant(world->platform, &request, &error);
    assert_ok(error);
    assert_string_equal(response->tenant->domain, "techcorp.localhost");
    request.id = response->tenant->id;
    ciq_get_tenant_response_free(response);
    request.schema_name = TEXT("");
    response = ciq_get_tenant(world->platform, &request, &error);
    assert_ok(error);
    assert_string_equal(response->tenant->schema_name, "techcorp");
    ciq_get_tenant_response_free(response);
    request.id = 987654;
    assert_null(ciq_get_tenant(world->platform, &request, &error));
    assert_code(error, CODE_NOT_FOUND, "no tenant 987654");
    request.id = 0;
    assert_null(ciq_get_tenant(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "id or schema_name must be given");
}

static void
test_list_tenants__pages(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListTenantsRequest request = CLIENTIQ__V1__LIST_TENANTS_REQUEST__INIT;
    char token[512] = "";
    int64_t last = 0;
    size_t pages = 0, count = 0;

    request.page_size = 2;
    do {
        request.page_token = token;
        CiqListTenantsResponse *response = ciq_list_tenants(world->platform, &request, &error);
        assert_ok(error);
        assert_true(response->n_tenants >= 1 && response->n_tenants <= 2);
        for (size_t i = 0; i < response->n_tenants; i++) {
            assert_true(response->tenants[i]->id > last);
            last = response->tenants[i]->id;
        }
        count += response->n_tenants;
        pages++;
        snprintf(token, sizeof token, "%s", response->next_page_token);
        ciq_list_tenants_response_free(response);
    } while (token[0] != '\0');
    assert_true(pages > 1);
    assert_int_equal(count, strtol(database_value(&world->database,
                                                  "select count(*) from public.tenants_tenant"),
                                   NULL, 10));
}

/* All names of a list in an order, two to a page, one after the other. */
static void
collect(World *world, CiqListTenantsRequest request, char names[2048])
{
    CiqError *error = NULL;
    char token[512] = "";

    names[0] = '\0';
    request.page_size = 2;
    do {
        request.page_token = token;
        CiqListTenantsResponse *response = ciq_list_tenants(world->platform, &request, &error);
        assert_ok(error);
        for (size_t i = 0; i < response->n_tenants; i++)
            snprintf(names + strlen(names), 2048 - strlen(names), "%s%s",
                     names[0] != '\0' ? "," : "", response->tenants[i]->schema_name);
        snprintf(token, sizeof token, "%s", response->next_page_token);
        ciq_list_tenants_response_free(response);
    } while (token[0] != '\0');
}

static void
test_list_tenants__orders_and_filters(void **state)
{
    static const struct {
        const char *order_by, *sql;
    } orders[] = {
        {"id", "id"},
        {"", "id"},
        {"newest", "id desc"},
        {"name", "name, id"},
        {"schema_name", "schema_name, id"},
    };
    World *world = *state;
    CiqError *error = NULL;
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest create = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    CiqListTenantsRequest request = CLIENTIQ__V1__LIST_TENANTS_REQUEST__INIT;
    char names[2048];

    tenant.name = TEXT("Zeta & Sons");
    tenant.schema_name = TEXT("aa_zeta");
    tenant.industry = TEXT("Mining");
    tenant.plan = CLIENTIQ__V1__PLAN__PLAN_PRO;
    create.tenant = &tenant;
    create.domain = TEXT("zeta.mining.example");
    create.admin_email = TEXT(world_email);
    ciq_create_tenant_response_free(ciq_create_tenant(world->platform, &create, &error));
    assert_ok(error);

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        request.order_by = TEXT(orders[i].order_by);
        collect(world, request, names);
        assert_string_equal(names, database_value(&world->database,
                                                  "select string_agg(schema_name, ',' order by %s) "
                                                  "from public.tenants_tenant",
                                                  orders[i].sql));
    }
    request.industry = TEXT("Mining");
    collect(world, request, names);
    assert_string_equal(names, "aa_zeta");
    request.industry = TEXT("");
    request.plan = CLIENTIQ__V1__PLAN__PLAN_PRO;
    collect(world, request, names);
    assert_string_equal(names, "aa_zeta");
    request.search = TEXT("MINING.exam");
    collect(world, request, names);
    assert_string_equal(names, "aa_zeta");
    request.search = TEXT("acme");
    collect(world, request, names);
    assert_string_equal(names, "");
    request.state = CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_DELETED;
    request.search = TEXT("");
    collect(world, request, names);
    assert_string_equal(names, "");

    request.order_by = TEXT("password");
    assert_null(ciq_list_tenants(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "order_by");
}

static CiqUpdateTenantResponse *
update(CiqClient *client, int64_t id, CiqTenant *tenant, const char *field, CiqError **error)
{
    char *paths[] = {TEXT(field)};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUpdateTenantRequest request = CLIENTIQ__V1__UPDATE_TENANT_REQUEST__INIT;

    mask.n_paths = 1;
    mask.paths = paths;
    request.id = id;
    request.tenant = tenant;
    request.update_mask = &mask;
    return ciq_update_tenant(client, &request, error);
}

static void
test_update_tenant__changes_what_the_mask_names(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqUpdateTenantResponse *response;

    tenant.schema_name = TEXT("techcorp");
    tenant.name = TEXT("not in the mask");
    tenant.billing_email = TEXT("bills@techcorp.example");
    response = update(world->platform, 0, &tenant, "billing_email", &error);
    assert_ok(error);
    assert_string_equal(response->tenant->billing_email, "bills@techcorp.example");
    assert_string_equal(response->tenant->name, "techcorp");
    assert_non_null(strstr(response->tenant->heads, " users/00"));
    assert_int_equal(response->tenant->n_domains, 1);
    int64_t id = response->tenant->id;
    ciq_update_tenant_response_free(response);

    tenant.settings = TEXT("{\"colour\": \"red\"}");
    response = update(world->platform, id, &tenant, "settings", &error);
    assert_ok(error);
    assert_string_equal(response->tenant->settings, "{\"colour\": \"red\"}");
    ciq_update_tenant_response_free(response);

    tenant.settings = TEXT("[1]");
    assert_null(update(world->platform, id, &tenant, "settings", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "tenant.settings must be a JSON object");
    tenant.company_size = TEXT("about ten");
    assert_null(update(world->platform, id, &tenant, "company_size", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "company_size");
    tenant.name = TEXT("");
    assert_null(update(world->platform, id, &tenant, "name", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "tenant.name is required");
    assert_null(update(world->platform, id, &tenant, "state", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "names state, which cannot be set");
    assert_null(update(world->platform, id, &tenant, "shoe_size", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "names shoe_size, which is no field");
    tenant.schema_name = TEXT("acme");
    assert_null(update(world->platform, id, &tenant, "schema_name", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "is changed by RenameTenant only");
    assert_null(update(world->platform, 424242, &tenant, "industry", &error));
    assert_code(error, CODE_NOT_FOUND, "no tenant 424242");
    tenant.schema_name = TEXT("");
    assert_null(update(world->platform, 0, &tenant, "industry", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "id or schema_name must be given");
}

static void
test_suspended_tenant__is_refused(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *client;

    tenant_new(world->platform, "paused");
    database_value(&world->database, "update public.tenants_tenant set state = 'suspended' where "
                                     "schema_name = 'paused'");
    client = client_new(&world->server, "paused", NULL);
    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "suspended");
    database_value(&world->database, "update public.tenants_tenant set state = 'active', "
                                     "heads = '{\"core\": 1}' where schema_name = 'paused'");
    ciq_client_set_tenant(client, "paused.localhost"); /* not in memory under this name */
    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_FAILED_PRECONDITION,
                "the schema paused has app users at 0000, this server needs 0001: "
                "ciq-client migrate --tenant --schema paused");
    ciq_client_free(client);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_tenant__makes_everything),
        cmocka_unit_test(test_create_tenant__taken_names),
        cmocka_unit_test(test_create_tenant__bad_names),
        cmocka_unit_test(test_create_tenant__nothing_stays_of_a_failure),
        cmocka_unit_test(test_create_tenant__when_the_pool_is_damaged),
        cmocka_unit_test(test_create_tenant__twenty_at_once),
        cmocka_unit_test(test_get_tenant__by_id_and_by_schema),
        cmocka_unit_test(test_list_tenants__pages),
        cmocka_unit_test(test_list_tenants__orders_and_filters),
        cmocka_unit_test(test_update_tenant__changes_what_the_mask_names),
        cmocka_unit_test(test_suspended_tenant__is_refused),
    };

    return run_cases(tests, world_setup, world_teardown);
}
