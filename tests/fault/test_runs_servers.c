/* Migration runs and several servers, each a process of its own: killed in the middle, sharing one
 * run, and of two releases; and the steps that allow no transaction, which a dead server leaves
 * half done.  */
#include "harness/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const one_worker[] = {"--migration-workers", "1", "--migration-lock-timeout-ms",
                                         "60000", NULL};

/* Each schema's step waits for a lock of its own, and leaves one row. */
static const char gated[] = "-- migrate:up\n"
                            "insert into fleet_log default values;\n"
                            "select pg_advisory_xact_lock(hashtext(current_schema()));\n"
                            "-- migrate:down\n"
                            "delete from fleet_log;\n";

static const char concurrent[] =
    "-- no-transaction\n"
    "-- migrate:up\n"
    "create index concurrently if not exists fleet_car_fast on fleet_car (id, plate);\n"
    "-- migrate:down\n"
    "drop index concurrently if exists fleet_car_fast;\n";

static PGconn *
gate(const Fleet *fleet, const char *schema)
{
    return database_hold(&fleet->database, "select pg_advisory_xact_lock(hashtext('%s'))", schema);
}

static const char *
count(const Fleet *fleet, const char *what)
{
    return database_value(
        &fleet->database,
        "select (select %s from alpha.fleet_log) || ' ' || (select %s from beta.fleet_log) || ' ' "
        "|| (select %s from gamma.fleet_log) || ' ' || (select %s from delta.fleet_log)",
        what, what, what, what);
}

static void
assert_heads(const Fleet *fleet, const char *head)
{
    assert_string_equal(database_value(&fleet->database,
                                       "select string_agg(distinct heads ->> 'fleet', ',') "
                                       "from public.tenants_tenant"),
                        head);
    assert_string_equal(
        database_value(&fleet->database,
                       "select string_agg(distinct (select count(*)::text from (table "
                       "alpha.core_migration union all table beta.core_migration union all "
                       "table gamma.core_migration union all table delta.core_migration) l "
                       "where app = 'fleet' and name like '0002%%'), ',')"),
        "4");
}

/* Three servers die over it, each in another schema; the fourth finishes.  Nothing is done twice.
 */
static void
test_server_killed__another_goes_on(void **state)
{
    static const char *const schemas[] = {"alpha", "beta", "gamma"};
    PGconn *gates[3];
    ServerProcess server;
    CiqClient *platform;
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_copy(&fleet, "fleet/0002_gated", gated);
    for (int i = 0; i < 3; i++)
        gates[i] = gate(&fleet, schemas[i]);
    process_start(&server, &fleet.database, fleet.apps, one_worker);
    platform = process_operator(&server);
    id = run_start(platform, "");
    for (int i = 0; i < 3; i++) {
        wait_for_waiters(&fleet.database, 1);
        assert_int_equal(atoi(run_field(platform, id, "run.done")), i);
        ciq_client_free(platform);
        process_kill(&server);
        assert_string_equal(
            database_value(&fleet.database, "select state from public.migration_run"), "running");
        PQfinish(gates[i]);
        /* the dead server's backends have ended */
        wait_for_value(&fleet.database, "0",
                       "select count(*) from pg_stat_activity where datname = "
                       "current_database() and usename like 'ciq_owner%%'");
        process_start(&server, &fleet.database, fleet.apps, one_worker);
        platform = process_operator(&server);
    }
    assert_run(platform, id, "DONE", 4, 0);
    assert_heads(&fleet, "2");
    assert_string_equal(count(&fleet, "count(*)"), "1 1 1 1");
    ciq_client_free(platform);
    process_stop(&server);
    fleet_free(&fleet);
}

static void
test_two_servers__share_a_run(void **state)
{
    ServerProcess servers[2];
    CiqClient *platform;
    PGconn *gates[2];
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_copy(&fleet, "fleet/0002_gated", gated);
    gates[0] = gate(&fleet, "alpha");
    gates[1] = gate(&fleet, "beta");
    for (int i = 0; i < 2; i++)
        process_start(&servers[i], &fleet.database, fleet.apps, one_worker);
    platform = process_operator(&servers[0]);
    id = run_start(platform, "");
    /* one thread each, so two that wait are both of them */
    wait_for_waiters(&fleet.database, 2);
    PQfinish(gates[0]);
    PQfinish(gates[1]);
    assert_run(platform, id, "DONE", 4, 0);
    assert_heads(&fleet, "2");
    assert_string_equal(count(&fleet, "count(*)"), "1 1 1 1");
    assert_string_equal(
        database_value(&fleet.database,
                       "select count(distinct backend) from (table alpha.fleet_log "
                       "union all table beta.fleet_log union all table gamma.fleet_log union all "
                       "table delta.fleet_log) l"),
        "2");
    ciq_client_free(platform);
    process_stop(&servers[0]);
    process_stop(&servers[1]);
    fleet_free(&fleet);
}

/* A server that does not know the newest file leaves such a run alone, and does its own work
 * meanwhile. */
static void
test_older_server__leaves_a_newer_run(void **state)
{
    ServerProcess newer, older;
    CiqClient *platform;
    PGconn *holder;
    Fleet fleet, before;
    int64_t id, other;

    (void) state;
    fleet_copy(&fleet, "fleet/0002_gated", gated);
    fleet_new(&before); /* for its folder, where there is no 0002 */
    holder = gate(&fleet, "alpha");
    process_start(&newer, &fleet.database, fleet.apps, one_worker);
    platform = process_operator(&newer);
    id = run_start(platform, "");
    wait_for_waiters(&fleet.database, 1);
    ciq_client_free(platform);
    process_kill(&newer);
    PQfinish(holder);

    process_start(&older, &fleet.database, before.apps, one_worker);
    platform = process_operator(&older);
    other = run_start(platform, "\"shared\": true");
    assert_run(platform, other, "DONE", 1, 0);
    assert_string_equal(run_field(platform, id, "run.state"), "MIGRATION_RUN_STATE_RUNNING");
    assert_string_equal(run_field(platform, id, "run.pending"), "4");
    ciq_client_free(platform);

    process_start(&newer, &fleet.database, fleet.apps, one_worker);
    platform = process_operator(&newer);
    assert_run(platform, id, "DONE", 4, 0);
    ciq_client_free(platform);
    process_stop(&newer);
    process_stop(&older);
    fleet_free(&before);
    fleet_free(&fleet);
}

/* ---- steps without a transaction ---- */

static const char *
indexes(const Fleet *fleet)
{
    return database_value(
        &fleet->database,
        "select count(*) filter (where i.indisvalid) || ' valid, ' || count(*) filter (where not "
        "i.indisvalid) || ' invalid' from pg_index i join pg_class c on c.oid = i.indexrelid "
        "where c.relname = 'fleet_car_fast'");
}

/* A snapshot that create index concurrently waits for, after it has made the index. */
static PGconn *
old_snapshot(const Fleet *fleet)
{
    return database_hold(
        &fleet->database,
        "set transaction isolation level repeatable read; select from alpha.fleet_car");
}

static void
test_concurrent_index__interrupted_and_repaired(void **state)
{
    PGconn *holder;
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_fast", concurrent);
    holder = old_snapshot(&fleet);
    id = run_start(fleet.platform, "");
    wait_for_waiters(&fleet.database, 1);
    /* the tenant is locked meanwhile, by the other connection */
    expect_json(fleet.platform, "TenantService/SuspendTenant", CODE_ABORTED, NULL,
                "{\"schema_name\": \"alpha\", \"reason\": \"unpaid\"}");
    expect_json(fleet.platform, "MigrationService/CancelMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
    wait_for_waiters(&fleet.database, 0);
    assert_string_equal(indexes(&fleet), "0 valid, 1 invalid");
    assert_string_equal(run_field(fleet.platform, id, "run.pending"), "4");
    PQfinish(holder);

    expect_json(fleet.platform, "MigrationService/ResumeMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(indexes(&fleet), "4 valid, 0 invalid");
    assert_heads(&fleet, "2");

    /* the same migration in one transaction with the others, where it is made to compare or to
     * repair */
    CiqError *error = NULL;
    json_t *report = call_json(fleet.platform, "MigrationService/VerifySchema", &error, "{}");
    assert_ok(error);
    assert_string_equal(json_at(report, "tenants.3.failed"), "0");
    assert_string_equal(json_at(report, "differences.0.object"), "");
    json_decref(report);
    expect_json(fleet.platform, "TenantService/RepairTenant", CODE_OK, NULL,
                "{\"schema_name\": \"alpha\"}");
    id = run_start(fleet.platform, "\"app\": \"fleet\", \"target\": \"0001\"");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(indexes(&fleet), "0 valid, 0 invalid");
    fleet_free(&fleet);
}

/* The dead server's backend is still making the index when the next server comes, and fails
 * afterwards. */
static void
test_concurrent_index__of_a_dead_server(void **state)
{
    ServerProcess server;
    CiqClient *platform;
    PGconn *holder;
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_copy(&fleet, "fleet/0002_fast", concurrent);
    holder = old_snapshot(&fleet);
    process_start(&server, &fleet.database, fleet.apps, one_worker);
    platform = process_operator(&server);
    id = run_start(platform, "");
    wait_for_waiters(&fleet.database, 1);
    ciq_client_free(platform);
    process_kill(&server);
    process_start(&server, &fleet.database, fleet.apps, one_worker);
    platform = process_operator(&server);
    wait_for_waiters(&fleet.database, 2);
    assert_string_equal(
        database_value(&fleet.database,
                       "select count(*) from (select pg_terminate_backend(pid) "
                       "from pg_stat_activity where datname = current_database() and "
                       "wait_event = 'virtualxid') t"),
        "1");
    PQfinish(holder);
    assert_run(platform, id, "DONE", 4, 0);
    assert_string_equal(indexes(&fleet), "4 valid, 0 invalid");
    assert_heads(&fleet, "2");
    ciq_client_free(platform);
    process_stop(&server);
    fleet_free(&fleet);
}

static void
test_concurrent_index__fails_on_what_is_there(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(
        &fleet, "fleet/0002_unique",
        "-- no-transaction\n-- migrate:up\n"
        "create unique index concurrently if not exists fleet_car_fast on fleet_car (plate);\n"
        "-- migrate:down\ndrop index concurrently if exists fleet_car_fast;\n");
    database_value(&fleet.database, "insert into beta.fleet_car (plate) values ('B 1'), ('B 1')");
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "FAILED", 3, 1);
    assert_string_equal(item_field(fleet.platform, id, "beta", "sqlstate"), "23505");
    assert_int_equal(atoi(item_field(fleet.platform, id, "beta", "line")), 3);
    assert_non_null(strstr(item_field(fleet.platform, id, "beta", "statement"),
                           "create unique index concurrently"));
    assert_string_equal(
        indexes(&fleet),
        "3 valid, 1 invalid"); /* as PostgreSQL leaves it: the next attempt drops it */
    database_value(&fleet.database, "delete from beta.fleet_car where id = 1");
    expect_json(fleet.platform, "MigrationService/ResumeMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(indexes(&fleet), "4 valid, 0 invalid");
    fleet_free(&fleet);
}

/* Before, between and after steps that have a transaction: each alone, in order, and only once. */
static void
test_concurrent_index__runs_alone(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_fast", concurrent);
    fleet_stop(&fleet);
    fleet_file(
        &fleet, "fleet/0003_colour",
        "-- migrate:up\nalter table fleet_car add column colour text;\n"
        "insert into fleet_log default values;\n-- migrate:down\nalter table fleet_car drop column colour;\n");
    fleet_file(&fleet, "fleet/0004_faster",
               "-- no-transaction\n-- migrate:up\n"
               "create index concurrently if not exists fleet_car_faster on fleet_car (colour);\n"
               "-- migrate:down\ndrop index concurrently if exists fleet_car_faster;\n");
    fleet_file(&fleet, "fleet/0005_wheels",
               "-- migrate:up\nalter table fleet_car add column wheels integer;\n"
               "-- migrate:down\nalter table fleet_car drop column wheels;\n");
    fleet_start(&fleet, NULL);
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(item_field(fleet.platform, id, "beta", "steps"), "4");
    assert_heads(&fleet, "5");
    assert_string_equal(count(&fleet, "count(*)"), "1 1 1 1");
    /* a new schema needs no concurrently, and gets all in its one transaction */
    tenant_new(fleet.platform, "newcomer");
    assert_string_equal(
        database_value(&fleet.database,
                       "select count(*) from pg_indexes where schemaname = 'newcomer' "
                       "and indexname in ('fleet_car_fast', 'fleet_car_faster')"),
        "2");
    fleet_free(&fleet);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_killed__another_goes_on),
        cmocka_unit_test(test_two_servers__share_a_run),
        cmocka_unit_test(test_older_server__leaves_a_newer_run),
        cmocka_unit_test(test_concurrent_index__interrupted_and_repaired),
        cmocka_unit_test(test_concurrent_index__of_a_dead_server),
        cmocka_unit_test(test_concurrent_index__fails_on_what_is_there),
        cmocka_unit_test(test_concurrent_index__runs_alone),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
