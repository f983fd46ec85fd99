/* Tenants that come and go, two hundred times: nothing of them stays behind, and nothing grows.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CYCLES = 200, WARM = 20 };

/* What must not grow, in one line: schemas, the registry's rows, what roles are granted,
 * connections. */
static const char *
remains(World *world)
{
    static char text[256];

    snprintf(
        text, sizeof text, "%s",
        database_value(
            &world->database,
            "select (select count(*) from pg_namespace where nspname !~ '^pg_') || ' schemas, ' "
            "|| (select count(*) from pg_class) || ' relations, ' "
            "|| (select count(*) from pg_default_acl) || ' default grants, ' "
            "|| (select count(*) from public.tenants_tenant) || ' tenants, ' "
            "|| (select count(*) from public.tenants_domain) || ' domains, ' "
            "|| (select count(*) from pg_shdepend where dbid = (select oid from pg_database "
            "where datname = current_database())) || ' uses of roles'"));
    return text;
}

static int
number_of(World *world, const char *query)
{
    return atoi(database_value(&world->database, "%s", query));
}

static int
roles(World *world)
{
    return number_of(world,
                     "select count(*) from pg_roles r join public.core_installation i on rolname ~ "
                     "('^ciq_' || i.id || '_[0-9]+$')");
}

static int
connections(World *world)
{
    return number_of(
        world,
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> "
        "pg_backend_pid()");
}

static void
cycle(World *world)
{
    tenant_new(world->platform, "shortlived");
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"shortlived\"}");
    expect_json(world->platform, "TenantService/PurgeTenant", CODE_OK, NULL,
                "{\"schema_name\": \"shortlived\"}");
    wait_for_value(&world->database, "0",
                   "select count(*) from public.tenants_tenant where state in ('deleted', "
                   "'purging')");
    /* a purged tenant's role rests for an hour, which nobody waits for here */
    database_value(&world->database, "update public.role_rest set rest_until = now()");
}

static void
test_churn__leaves_nothing_behind(void **state)
{
    World *world = *state;
    char before[256];
    int connections_before, roles_before;

    for (int i = 0; i < WARM; i++)
        cycle(world);
    snprintf(before, sizeof before, "%s", remains(world));
    connections_before = connections(world);
    roles_before = roles(world);
    for (int i = 0; i < CYCLES; i++)
        cycle(world);
    assert_string_equal(remains(world), before);
    assert_true(connections(world) <= connections_before);
    /* the pool is filled when it is half empty, and those that rest come back to it */
    if (roles(world) > roles_before + (int) world->server.config.role_block)
        fail_msg("%d roles have become %d", roles_before, roles(world));

    CiqError *error = NULL;
    json_t *findings = call_json(world->platform, "TenantService/ReconcileTenants", &error, "{}");
    assert_ok(error);
    assert_string_equal(json_at(findings, "findings"), "0");
    json_decref(findings);
    assert_int_equal(user_count(world->acme, world_email), 1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_churn__leaves_nothing_behind),
    };

    return run_cases(tests, world_setup, world_teardown);
}
