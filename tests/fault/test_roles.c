/* A dump that is restored finds other roles than it was made with, since they belong to the whole
 * PostgreSQL: newer ones, fewer, none, or some that the workers cannot take.  Here the roles change
 * under a database that stays.  */
#include "harness/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Restored {
    TestDatabase database;
    TestServer server;
    CiqClient *platform;
} Restored;

static void
start(Restored *restored)
{
    server_up(&restored->server, &restored->database, NULL);
    restored->platform = operator_new(&restored->server);
}

static void
stop(Restored *restored)
{
    ciq_client_free(restored->platform);
    server_down(&restored->server);
}

static int
setup(void **state)
{
    static Restored restored;

    database_new(&restored.database);
    start(&restored);
    tenant_new(restored.platform, "acme");
    tenant_new(restored.platform, "techcorp");
    stop(&restored);
    *state = &restored;
    return 0;
}

static int
teardown(void **state)
{
    Restored *restored = *state;

    database_drop(&restored->database);
    return 0;
}

static void
assert_served(const Restored *restored, const char *schema)
{
    CiqClient *client = sign_in(&restored->server, schema, world_email, world_password);

    assert_true(user_new(client, "after@same.example", false) > 1);
    assert_int_equal(user_count(client, "after@same.example"), 1);
    ciq_client_free(client);
}

static void
assert_isolated(const Restored *restored)
{
    CiqError *error = NULL;
    json_t *report =
        call_json(restored->platform, "MigrationService/VerifyIsolation", &error, "{}");

    assert_ok(error);
    for (size_t i = 0; i < json_array_size(json_object_get(report, "checks")); i++) {
        json_t *check = json_array_get(json_object_get(report, "checks"), i);

        if (!json_is_true(json_object_get(check, "ok")))
            fail_msg("%s: %s: %s", json_at(check, "schema_name"), json_at(check, "attempt"),
                     json_at(check, "got"));
    }
    json_decref(report);
}

/* What a server's log says at start, good until the next call. */
static const char *
start_log(const Restored *restored)
{
    static char *log;
    ServerProcess process;

    free(log);
    process_start(&process, &restored->database, "", NULL);
    log = file_read(process.log, NULL);
    process_stop(&process);
    return log;
}

static void
drop_role(const Restored *restored, const char *role)
{
    char name[128];

    snprintf(name, sizeof name, "%s", role);
    database_value(&restored->database, "drop owned by %s", name);
    database_value(&restored->database, "drop role %s", name);
}

static const char *
role_of(const Restored *restored, const char *schema)
{
    return database_value(&restored->database,
                          "select role from public.tenants_tenant where schema_name = '%s'",
                          schema);
}

/* The dump is older than some roles: the sequence gives their numbers again. */
static void
test_restored__newer_roles_are_passed_over(void **state)
{
    Restored *restored = *state;

    database_value(&restored->database, "delete from public.role_pool");
    database_value(&restored->database, "select setval('public.role_number', 1)");
    start(restored);
    wait_for_value(&restored->database, "t", "select count(*) > 0 from public.role_pool");
    tenant_new(restored->platform, "newcomer");
    assert_served(restored, "newcomer");
    assert_value(&restored->database, "3",
                 "select count(distinct role) from public.tenants_tenant");
    stop(restored);
}

static void
test_restored__pool_of_missing_roles(void **state)
{
    Restored *restored = *state;

    database_value(&restored->database,
                   "do $$ declare p record; begin for p in select role from public.role_pool loop "
                   "execute 'drop role ' || p.role; end loop; end $$");
    start(restored);
    wait_for_value(&restored->database, "t", "select count(*) > 0 from public.role_pool");
    tenant_new(restored->platform, "newcomer");
    assert_served(restored, "newcomer");
    stop(restored);
}

static void
test_restored__platform_role_is_made_again(void **state)
{
    Restored *restored = *state;

    drop_role(restored, database_value(&restored->database,
                                       "select platform_role from public.core_installation"));
    assert_non_null(strstr(start_log(restored), "the platform's role was made again"));
    start(restored);
    assert_served(restored, "acme");
    tenant_new(restored->platform, "newcomer");
    assert_isolated(restored);
    stop(restored);
}

/* The start gives the role what it had, and says so; the next one has nothing to do. */
static void
assert_mended(Restored *restored, const char *reason)
{
    const char *log = start_log(restored);

    assert_non_null(strstr(log, "a tenant's role was given its rights again"));
    assert_non_null(strstr(log, "schema=acme"));
    assert_non_null(strstr(log, reason));
    assert_null(strstr(log, "schema=techcorp"));
    assert_null(strstr(log, "cannot be served"));
    assert_null(strstr(start_log(restored), "again"));
    start(restored);
    assert_served(restored, "techcorp");
    assert_served(restored, "acme");
    assert_isolated(restored);
    stop(restored);
}

static void
test_restored__tenant_without_role(void **state)
{
    Restored *restored = *state;

    drop_role(restored, role_of(restored, "acme"));
    assert_mended(restored, "its role is gone");
}

static void
test_restored__role_that_workers_cannot_take(void **state)
{
    Restored *restored = *state;
    char role[128];

    snprintf(role, sizeof role, "%s", role_of(restored, "acme"));
    database_value(
        &restored->database, "revoke %s from %s", role,
        database_value(&restored->database, "select worker_login from public.core_installation"));
    assert_mended(restored, "the workers' login cannot take its role");
}

static void
test_restored__role_without_rights(void **state)
{
    Restored *restored = *state;
    char role[128];

    snprintf(role, sizeof role, "%s", role_of(restored, "acme"));
    database_value(&restored->database, "drop owned by %s", role);
    assert_mended(restored, "its role may not use the schema");
}

/* A closed tenant's role is made again too, and stays closed out. */
static void
test_restored__closed_tenants(void **state)
{
    Restored *restored = *state;

    start(restored);
    expect_json(restored->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"acme\", \"reason\": \"x\"}");
    expect_json(restored->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"techcorp\"}");
    stop(restored);
    database_value(&restored->database,
                   "do $$ declare t record; begin for t in select role from public.tenants_tenant "
                   "loop execute 'drop owned by ' || t.role; execute 'drop role ' || t.role; "
                   "end loop; end $$");
    assert_non_null(strstr(start_log(restored), "count=2"));
    assert_value(&restored->database, "0",
                 "select count(*) from public.tenants_tenant where has_schema_privilege(role, "
                 "schema_name, 'usage')");
    start(restored);
    expect_json(restored->platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                "{\"schema_name\": \"acme\"}");
    expect_json(restored->platform, "TenantService/UndeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"techcorp\"}");
    assert_served(restored, "acme");
    assert_served(restored, "techcorp");
    assert_isolated(restored);
    stop(restored);
}

/* What no start can make again is named, with the command that does what can be done. */
static void
test_restored__schema_that_is_gone(void **state)
{
    Restored *restored = *state;

    database_value(&restored->database, "drop schema acme cascade");

    const char *log = start_log(restored);

    assert_non_null(strstr(log, "tenant cannot be served"));
    assert_non_null(strstr(log, "its schema is gone"));
    assert_non_null(strstr(log, "tenant repair --schema-name acme"));
    start(restored);
    assert_served(restored, "techcorp");
    stop(restored);
}

#define RESTORED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        RESTORED(test_restored__newer_roles_are_passed_over),
        RESTORED(test_restored__pool_of_missing_roles),
        RESTORED(test_restored__platform_role_is_made_again),
        RESTORED(test_restored__tenant_without_role),
        RESTORED(test_restored__role_that_workers_cannot_take),
        RESTORED(test_restored__role_without_rights),
        RESTORED(test_restored__closed_tenants),
        RESTORED(test_restored__schema_that_is_gone),
    };

    return run_cases(tests, NULL, NULL);
}
