/* Tenants' lives under bad luck: schemas that somebody changes by hand, two servers that remember
 * different things, and many callers who want the same name or domain at the same time.  */
#include "harness/harness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- behind the service ---- */

/* Reads and writes of a tenant whose schema is not what it was: a clear code in the first request,
 * on both servers, though both have the tenant in memory. */
static void
assert_closed(CiqClient *here, CiqClient *there)
{
    assert_user_code(here, CODE_FAILED_PRECONDITION, "the tenant's schema is closed or incomplete");
    assert_user_code(there, CODE_FAILED_PRECONDITION,
                     "the tenant's schema is closed or incomplete");
    expect_json(here, "UserService/CreateUser", CODE_FAILED_PRECONDITION, "closed or incomplete",
                "{\"user\": {\"email\": \"late@same.example\"}, \"password\": \"%s\"}",
                world_password);
    expect_json(there, "UserService/Login", CODE_FAILED_PRECONDITION, "closed or incomplete",
                "{\"email\": \"%s\", \"password\": \"%s\"}", world_email, world_password);
}

static void
test_schema__changed_behind_the_service(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    TestDatabase *database = &world->database;

    tenant_new(world->platform, "moved");
    tenant_new(world->platform, "bystander");
    CiqClient *here = sign_in(&world->server, "moved.localhost", world_email, world_password);
    CiqClient *there = sign_in(&pair->other, "moved.localhost", world_email, world_password);
    CiqClient *bystander = sign_in(&world->server, "bystander", world_email, world_password);
    assert_user_code(here, CODE_OK, NULL);
    assert_user_code(there, CODE_OK, NULL);

    /* a table of the same name, with a user 1, that everybody may read: it is in public, and stays
     * there */
    database_value(
        database,
        "create table public.users_customuser (like moved.users_customuser including all)");
    database_value(database,
                   "insert into public.users_customuser select * from moved.users_customuser");
    database_value(database, "grant usage on schema public to public");
    database_value(database, "grant all on public.users_customuser to public");
    database_value(database, "alter schema moved rename to somewhere_else");
    assert_closed(here, there);

    /* another tenant's schema under the name: it has a user 1 with the same address */
    database_value(database, "alter schema bystander rename to moved");
    assert_closed(here, there);
    assert_user_code(bystander, CODE_FAILED_PRECONDITION, "closed or incomplete");
    database_value(database, "alter schema moved rename to bystander");

    /* a schema that somebody made by hand under the name: it has the tables, but the tenant's role
     * has no right to them */
    database_value(database, "create schema moved");
    database_value(
        database,
        "create table moved.users_customuser (like bystander.users_customuser including all)");
    assert_closed(here, there);
    database_value(database, "drop schema moved cascade");

    /* put right again, it serves at once, and nothing was lost */
    database_value(database, "alter schema somewhere_else rename to moved");
    assert_user_code(here, CODE_OK, NULL);
    assert_user_code(there, CODE_OK, NULL);
    assert_user_code(bystander, CODE_OK, NULL);
    assert_int_equal(user_count(here, "late@same.example"), 0);

    database_value(database, "drop schema moved cascade");
    assert_closed(here, there);
    database_value(database, "drop table public.users_customuser");
    database_value(database, "revoke usage on schema public from public");
    assert_user_code(world->acme, CODE_OK, NULL);
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"moved\"}");
    ciq_client_free(here);
    ciq_client_free(there);
    ciq_client_free(bystander);
}

/* ---- two servers ---- */

static bool
sees_its_own(void *client)
{
    CiqError *error = NULL;
    CiqGetUserResponse *response = user_get(client, 2, &error);
    bool ok = error == NULL;

    if (ok)
        assert_string_equal(response->user->email, "own@old.example");
    else
        assert_true(ciq_error_code(error) == CODE_FAILED_PRECONDITION ||
                    ciq_error_code(error) == CODE_NOT_FOUND);
    ciq_get_user_response_free(response);
    ciq_error_free(error);
    return ok;
}

/* A tenant is renamed here, and a new one takes the name, while the other server remembers the old
 * way: what it shows is the tenant's own or an error, until it shows only its own. */
static void
test_rename__the_name_is_taken_while_the_other_server_remembers(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;

    for (int i = 0; i < 5; i++) {
        char name[32], domain[64];

        snprintf(name, sizeof name, "name%d", i);
        snprintf(domain, sizeof domain, "%s.localhost", name);
        tenant_new(world->platform, name);
        CiqClient *there = sign_in(&pair->other, domain, world_email, world_password);
        assert_int_equal(user_new(there, "own@old.example", false), 2);
        assert_true(sees_its_own(there));
        expect_json(world->platform, "TenantService/RenameTenant", CODE_OK, NULL,
                    "{\"schema_name\": \"%s\", \"new_schema_name\": \"%s_old\"}", name, name);
        expect_json(
            world->platform, "TenantService/CreateTenant", CODE_OK, NULL,
            "{\"tenant\": {\"name\": \"New\", \"schema_name\": \"%s\"}, \"domain\": \"new-%s\", "
            "\"admin_email\": \"%s\", \"admin_password\": \"%s\"}",
            name, domain, world_email, world_password);
        CiqClient *heir = sign_in(&world->server, name, world_email, world_password);
        assert_int_equal(user_new(heir, "wrong@new.example", false), 2);
        for (int k = 0; k < 50; k++)
            (void) sees_its_own(there);
        wait_until("the other server to find the renamed schema", sees_its_own, there);
        ciq_client_free(there);
        ciq_client_free(heir);
    }
}

/* ---- many at once ---- */

typedef struct Racer {
    const char *url;
    const char *method;
    char request[512];
    int rounds, failed, codes[20];
} Racer;

static void *
race(void *argument)
{
    Racer *racer = argument;
    CiqError *error = NULL;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = racer->url, .timeout_ms = 60000}, &error);

    for (int i = 0; i < racer->rounds; i++) {
        json_decref(call_json(client, racer->method, &error, "%s", racer->request));
        racer->codes[code_of(error)]++;
        error = NULL;
    }
    ciq_client_free(client);
    return NULL;
}

static void
test_create_tenant__twenty_at_once_on_two_servers(void **state)
{
    enum { RACERS = 20 };
    Pair *pair = *state;
    World *world = pair->world;
    const char roles_of_nobody[] =
        "select count(*) from pg_roles r join public.core_installation i on rolname ~ ('^ciq_' || i.id || "
        "'_[0-9]+$') where not exists (select from public.role_pool p where p.role = rolname) and not exists "
        "(select from public.role_rest p where p.role = rolname) and not exists (select from "
        "public.tenants_tenant t where t.role = rolname)";
    Racer racers[RACERS] = {0};
    pthread_t threads[RACERS];
    int codes[20] = {0};

    for (int i = 0; i < RACERS; i++) {
        racers[i] = (Racer){.url = i % 2 == 0 ? world->server.ipc : pair->other.ipc,
                            .rounds = 1,
                            .method = "TenantService/CreateTenant"};
        snprintf(
            racers[i].request, sizeof racers[i].request,
            "{\"tenant\": {\"name\": \"R\", \"schema_name\": \"raced\"}, \"domain\": \"raced%d.localhost\", "
            "\"admin_email\": \"%s\", \"admin_password\": \"%s\"}",
            i, world_email, world_password);
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        for (int k = 0; k < 20; k++)
            codes[k] += racers[i].codes[k];
    }
    assert_int_equal(codes[CODE_OK], 1);
    assert_int_equal(codes[CODE_ALREADY_EXISTS], RACERS - 1);
    assert_string_equal(
        database_value(&world->database,
                       "select (select count(*) from public.tenants_tenant where schema_name = "
                       "'raced') || ' ' || (select count(*) from pg_namespace where nspname = "
                       "'raced') || ' ' || (select count(*) from public.tenants_domain where "
                       "domain ~ '^raced')"),
        "1 1 1");
    /* the nineteen that failed have given back their roles */
    assert_string_equal(database_value(&world->database, "%s", roles_of_nobody), "0");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from public.tenants_tenant t join "
                                       "public.role_pool p on p.role = t.role"),
                        "0");
    CiqClient *client = sign_in(&pair->other, "raced", world_email, world_password);
    assert_int_equal(user_count(client, world_email), 1);
    ciq_client_free(client);
}

static void
test_set_primary_domain__at_once_on_two_servers(void **state)
{
    enum { RACERS = 6, ROUNDS = 15 };
    Pair *pair = *state;
    World *world = pair->world;
    Racer racers[RACERS] = {0};
    pthread_t threads[RACERS];

    for (int i = 0; i < RACERS; i++) {
        expect_json(world->platform, "TenantService/AddDomain", CODE_OK, NULL,
                    "{\"domain\": {\"domain\": \"primary%d.example\", \"schema_name\": \"acme\"}}",
                    i);
        racers[i] = (Racer){.url = i % 2 == 0 ? world->server.ipc : pair->other.ipc,
                            .rounds = ROUNDS,
                            .method = "TenantService/SetPrimaryDomain"};
        snprintf(racers[i].request, sizeof racers[i].request, "{\"domain\": \"primary%d.example\"}",
                 i);
    }
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    /* whenever one looks, exactly one is primary */
    for (int i = 0; i < 100; i++)
        assert_string_equal(database_value(&world->database,
                                           "select count(*) from public.tenants_domain d join "
                                           "public.tenants_tenant t on t.id = d.tenant_id where "
                                           "schema_name = 'acme' and is_primary"),
                            "1");
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(racers[i].codes[CODE_OK], ROUNDS);
    }
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from public.tenants_domain d join public.tenants_tenant t "
                       "on t.id = d.tenant_id where schema_name = 'acme' and is_primary"),
        "1");
    expect_json(world->platform, "TenantService/SetPrimaryDomain", CODE_OK, NULL,
                "{\"domain\": \"acme.localhost\"}");
}

/* ---- names ---- */

static void
test_names__that_are_none(void **state)
{
    static const char *const names[] = {
        "Acme",
        "pg_x",
        "public",
        "a\\\"b",
        "a'b",
        "select",
        "123",
        "abcdefghijklmnopqrstuvwxyz0123456789_abcdefghijklmnopqrstuvwxyz0",
        "information_schema",
        "ciq_deleted_1",
        "a b",
        "a;drop schema acme",
        "\\u00e4",
        "a.b"};
    Pair *pair = *state;
    CiqClient *platform = pair->world->platform;

    tenant_new(platform, "named");
    tenant_new(platform, "unnamed");
    expect_json(platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"unnamed\"}");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CiqError *error = NULL;
        char wrong[256];

        expect_json(platform, "TenantService/RenameTenant", CODE_INVALID_ARGUMENT,
                    "new_schema_name", "{\"schema_name\": \"named\", \"new_schema_name\": \"%s\"}",
                    names[i]);
        expect_json(platform, "TenantService/UndeleteTenant", CODE_INVALID_ARGUMENT,
                    "new_schema_name",
                    "{\"schema_name\": \"unnamed\", \"new_schema_name\": \"%s\"}", names[i]);
        /* as a tenant of a call they lead nowhere, and are not looked up */
        snprintf(wrong, sizeof wrong, "%s", names[i]);
        CiqClient *client = client_new(&pair->world->server, wrong, NULL);
        assert_null(user_get(client, 1, &error));
        assert_code(error, CODE_NOT_FOUND, "no tenant");
        ciq_client_free(client);
    }
    assert_string_equal(
        database_value(&pair->world->database,
                       "select (select count(*) from public.tenants_tenant where schema_name = "
                       "'named') || ' ' || (select count(*) from public.tenants_tenant where "
                       "former_schema_name = 'unnamed' and state = 'deleted')"),
        "1 1");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema__changed_behind_the_service),
        cmocka_unit_test(test_rename__the_name_is_taken_while_the_other_server_remembers),
        cmocka_unit_test(test_create_tenant__twenty_at_once_on_two_servers),
        cmocka_unit_test(test_set_primary_domain__at_once_on_two_servers),
        cmocka_unit_test(test_names__that_are_none),
    };

    return run_cases(tests, pair_setup, pair_teardown);
}
