/* What a new tenant could not have is not applied to old ones either, since nobody could mend it
 * afterwards; and tenants that have more than this server has files of.  */
#include "harness/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each works on a tenant that has what is before it; in one transaction the second one does not. */
static const char rows[] =
    "-- migrate:up\n"
    "create table fleet_owner (id bigint primary key);\n"
    "create table fleet_deed (id bigint primary key, owner_id bigint references fleet_owner (id) "
    "deferrable initially deferred);\n"
    "insert into fleet_owner values (1);\n"
    "insert into fleet_deed values (1, 1);\n"
    "-- migrate:down\ndrop table fleet_deed; drop table fleet_owner;\n";
static const char alter[] = "-- migrate:up\n\nalter table fleet_deed add note text;\n"
                            "-- migrate:down\nalter table fleet_deed drop note;\n";

static const char *
create(const Fleet *fleet, const char *schema)
{
    static char text[2048];
    CiqError *error = NULL;
    json_t *answer = call_json(fleet->platform, "TenantService/CreateTenant", &error,
                               "{\"tenant\": {\"name\": \"N\", \"schema_name\": \"%s\"}, "
                               "\"domain\": \"%s.localhost\", \"admin_email\": \"%s\"}",
                               schema, schema, world_email);

    snprintf(text, sizeof text, "%s", answer != NULL ? "" : ciq_error_message(error));
    json_decref(answer);
    ciq_error_free(error);
    return text;
}

static void
refuse_run(const Fleet *fleet, const char *fields, const char *text)
{
    expect_json(fleet->platform, "MigrationService/CreateMigrationRun", CODE_FAILED_PRECONDITION,
                text, "{%s}", fields);
}

static void
assert_heads(const Fleet *fleet, const char *heads)
{
    assert_value(&fleet->database, heads,
                 "select string_agg(distinct heads ->> 'fleet', ' ') from public.tenants_tenant");
}

static void
test_trial__before_anything_is_applied(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_copy(&fleet, "fleet/0002_rows", rows);
    fleet_file(&fleet, "fleet/0003_alter", alter);
    fleet_start(&fleet, NULL); /* it serves those who are there */
    refuse_run(&fleet, "", "nothing was applied: the migrations fail in a new schema");
    refuse_run(&fleet, "\"first\": 1", "/tenant/fleet/0003_alter.sql:3 (SQLSTATE 55006)");
    refuse_run(&fleet, "\"app\": \"fleet\", \"target\": \"0003\"", "set constraints all immediate");
    refuse_run(&fleet, "\"fake\": true", "0003_alter.sql:3");
    assert_non_null(strstr(create(&fleet, "new"), "0003_alter.sql:3"));
    assert_heads(&fleet, "1");
    assert_value(&fleet.database, "0",
                 "select count(*) from pg_namespace where nspname ~ '^ciq_trial'");
    assert_value(&fleet.database, "0", "select count(*) from public.migration_run");

    /* what fits is applied, and what does not still is not */
    id = run_start(fleet.platform, "\"app\": \"fleet\", \"target\": \"0002\"");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    refuse_run(&fleet, "", "0003_alter.sql:3");
    assert_heads(&fleet, "2");
    fleet_stop(&fleet);

    fleet_file(&fleet, "fleet/0003_alter",
               "-- migrate:up\nset constraints all immediate;\nalter table fleet_deed add note "
               "text;\n-- migrate:down\nalter table fleet_deed drop note;\n");
    fleet_start(&fleet, NULL);
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(create(&fleet, "new"), "");
    assert_heads(&fleet, "3");
    fleet_free(&fleet);
}

static void
one_runner(Config *config)
{
    config->migration_workers = 1;
}

/* A run that another server began, which had fewer files. */
static void
test_trial__of_a_run_that_was_begun(void **state)
{
    Fleet fleet;
    PGconn *holder;
    int64_t id;

    (void) state;
    fleet_copy(&fleet, "fleet/0002_lock",
               "-- migrate:up\nlock table fleet_car;\n"
               "create table fleet_deed (id bigint references fleet_car (id) deferrable initially "
               "deferred);\ninsert into fleet_deed values (null);\n"
               "-- migrate:down\ndrop table fleet_deed;\n");
    fleet_start(&fleet, one_runner);
    holder =
        database_hold(&fleet.database, "lock table alpha.fleet_car, beta.fleet_car, "
                                       "gamma.fleet_car, delta.fleet_car in access share mode");
    id = run_start(fleet.platform, "");
    wait_for_waiters(&fleet.database, 1);
    fleet_stop(&fleet);
    database_release(holder);

    fleet_file(&fleet, "fleet/0003_alter", alter);
    fleet_start(&fleet, NULL);
    assert_run(fleet.platform, id, "FAILED", 0, 4);
    assert_non_null(strstr(item_field(fleet.platform, id, "beta", "error"), "0003_alter.sql:3"));
    assert_heads(&fleet, "1");
    assert_value(&fleet.database, "0",
                 "select count(*) from pg_class where relname = 'fleet_deed'");
    fleet_free(&fleet);
}

/* What is tried is what comes together, in a new tenant's order: a file that is new may break one
 * that all tenants have. */
static void
test_trial__of_a_file_that_comes_first(void **state)
{
    Fleet fleet;

    (void) state;
    fleet_copy(&fleet, "fleet/0001_initial", fleet_initial);
    fleet_file(&fleet, "audit/0001_initial",
               "-- migrate:up\ncreate table fleet_car (id bigint primary key);\n"
               "-- migrate:down\ndrop table fleet_car;\n");
    fleet_start(&fleet, NULL);
    refuse_run(&fleet, "\"app\": \"audit\"", "already exists");
    assert_value(&fleet.database, "0",
                 "select count(*) from public.tenants_tenant where heads ? 'audit'");
    fleet_free(&fleet);
}

/* Rows whose check waits for the commit are checked too, and an enum's new value is told of. */
static void
test_trial__tells_what_to_do(void **state)
{
    Fleet fleet;

    (void) state;
    fleet_copy(&fleet, "fleet/0002_rows",
               "-- migrate:up\ncreate table fleet_deed (id bigint references fleet_car (id) "
               "deferrable initially deferred);\ninsert into fleet_deed values (7);\n"
               "-- migrate:down\ndrop table fleet_deed;\n");
    fleet_start(&fleet, NULL);
    refuse_run(&fleet, "", "when a new tenant is committed: insert or update on table");
    fleet_stop(&fleet);

    fleet_file(&fleet, "fleet/0002_rows",
               "-- migrate:up\ncreate type fleet_state as enum ('new', 'sold');\nalter table "
               "fleet_car add state fleet_state;\n-- migrate:down\nalter table fleet_car drop "
               "state; drop type fleet_state;\n");
    fleet_file(&fleet, "fleet/0003_value",
               "-- migrate:up\nalter type fleet_state add value 'lent';\n-- migrate:down\n");
    fleet_file(&fleet, "fleet/0004_default",
               "-- migrate:up\nalter table fleet_car alter state set default 'lent';\n"
               "-- migrate:down\nalter table fleet_car alter state drop default;\n");
    fleet_start(&fleet, NULL);
    /* from PostgreSQL 17 on it can be used if the type is as young as it */
    if (atoi(database_value(&fleet.database, "show server_version_num")) < 170000)
        refuse_run(&fleet, "", "0004_default.sql:2 (SQLSTATE 55P04)");
    fleet_free(&fleet);
}

/* What tenants have already does not fit together: a run is no worse for it. */
static void
test_trial__too_late(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_copy(&fleet, "fleet/0002_rows", rows);
    fleet_start(&fleet, NULL);
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    fleet_stop(&fleet);
    fleet_file(&fleet, "fleet/0003_alter", alter);
    database_value(&fleet.database, "update public.tenants_tenant set heads = heads || "
                                    "'{\"fleet\": 3}' where schema_name = 'delta'");
    fleet_file(&fleet, "fleet/0004_more",
               "-- migrate:up\nalter table fleet_deed add more text;\n-- migrate:down\n");
    fleet_start(&fleet, NULL);
    id = run_start(fleet.platform, "\"schemas\": [\"alpha\", \"beta\"]");
    assert_run(fleet.platform, id, "DONE", 2, 0);
    assert_non_null(strstr(create(&fleet, "new"), "0003_alter.sql:3"));
    fleet_free(&fleet);
}

/* A set that fits is tried once by all servers together. */
static void
test_trial__is_remembered(void **state)
{
    Fleet fleet;
    char before[64];

    (void) state;
    fleet_copy(&fleet, "fleet/0002_rows", rows);
    fleet_start(&fleet, NULL);
    snprintf(
        before, sizeof before, "%s",
        database_value(&fleet.database,
                       "select count(*) || ' ' || max(xmin::text) from public.migration_trial"));
    expect_json(fleet.platform, "MigrationService/GetMigrationStatus", CODE_OK, NULL, "{}");
    fleet_stop(&fleet);
    fleet_start(&fleet, NULL);
    expect_json(fleet.platform, "MigrationService/GetMigrationStatus", CODE_OK, NULL, "{}");
    assert_value(&fleet.database, before,
                 "select count(*) || ' ' || max(xmin::text) from public.migration_trial");
    fleet_free(&fleet);
}

/* ---- an app that is taken out ---- */

static void
no_apps(Config *config)
{
    setting_set(&config->apps, "");
}

static void
test_app__taken_out_and_back(void **state)
{
    static const char has[] = "has fleet/0001";
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_copy(&fleet, "fleet/0001_initial", fleet_initial);
    fleet_start(&fleet, no_apps);
    expect_json(fleet.platform, "TenantService/CloneTenant", CODE_FAILED_PRECONDITION, has,
                "{\"schema_name\": \"alpha\", \"new_schema_name\": \"one\", \"domain\": "
                "\"one.localhost\", \"with_rows\": true}");
    expect_json(fleet.platform, "TenantService/CloneTenant", CODE_FAILED_PRECONDITION, has,
                "{\"schema_name\": \"alpha\", \"new_schema_name\": \"two\", \"domain\": "
                "\"two.localhost\", \"admin_email\": \"a@b.example\"}");
    assert_string_equal(create(&fleet, "new"), "");
    assert_value(&fleet.database, "f",
                 "select heads ? 'fleet' from public.tenants_tenant where schema_name = 'new'");

    /* whether the app needs what would be undone is not known */
    expect_json(fleet.platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"beta\", \"reason\": \"x\"}");
    id = run_start(fleet.platform,
                   "\"app\": \"users\", \"target\": \"zero\", \"schemas\": [\"beta\"]");
    assert_run(fleet.platform, id, "FAILED", 0, 1);
    assert_non_null(strstr(item_field(fleet.platform, id, "beta", "error"),
                           "the schema has fleet/0001_initial, and this server has no app fleet"));
    assert_value(&fleet.database, "t", "select to_regclass('beta.users_customuser') is not null");

    /* a repair says what it cannot look at */
    json_t *answer = call_json(fleet.platform, "TenantService/RepairTenant", NULL,
                               "{\"schema_name\": \"alpha\"}");
    assert_non_null(strstr(
        json_string_value(json_array_get(json_object_get(answer, "repaired"), 0)), "fleet/0001"));
    json_decref(answer);
    fleet_stop(&fleet);

    fleet_start(&fleet, NULL);
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 1, 0);
    assert_value(&fleet.database, "5",
                 "select count(*) from pg_tables where tablename = 'fleet_car'");
    fleet_free(&fleet);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trial__before_anything_is_applied),
        cmocka_unit_test(test_trial__of_a_run_that_was_begun),
        cmocka_unit_test(test_trial__of_a_file_that_comes_first),
        cmocka_unit_test(test_trial__tells_what_to_do),
        cmocka_unit_test(test_trial__too_late),
        cmocka_unit_test(test_trial__is_remembered),
        cmocka_unit_test(test_app__taken_out_and_back),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
