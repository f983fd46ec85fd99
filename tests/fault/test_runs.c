/* Migration runs that meet what they should not: SQL that fails in one tenant, files that were
 * changed, locks that somebody holds, two operators, tenants that come and go meanwhile, and
 * operators who change their mind. Four tenants, alpha, beta, gamma and delta, are worked on one
 * after the other.  */
#include "harness/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char colour[] = "-- migrate:up\n"
                             "create table fleet_paint (id bigint primary key);\n"
                             "\n"
                             "alter table fleet_car\n"
                             "    add column colour text not null;\n"
                             "create index fleet_car_colour on fleet_car (colour);\n"
                             "-- migrate:down\n"
                             "alter table fleet_car drop column colour;\n"
                             "drop table fleet_paint;\n";

static const char *
head(const Fleet *fleet, const char *schema)
{
    return database_value(&fleet->database,
                          "select coalesce(heads ->> 'fleet', '0') || '/' || (select count(*) from "
                          "%s.core_migration where app = 'fleet') from public.tenants_tenant where "
                          "schema_name = '%s'",
                          schema, schema);
}

static bool
exists(const Fleet *fleet, const char *name)
{
    return strcmp(database_value(&fleet->database, "select to_regclass('%s') is not null", name),
                  "t") == 0;
}

/* Without what one session leaves behind in pg_catalog: column by column, index by index. */
static const char *
fingerprint(const Fleet *fleet, const char *schema)
{
    static char text[64];

    snprintf(text, sizeof text, "%s",
             database_value(
                 &fleet->database,
                 "select md5(string_agg(c.relname || coalesce(a.attname, '') || a.atttypid, ',' "
                 "order by c.relname, a.attnum)) from pg_class c join pg_attribute a on "
                 "a.attrelid = c.oid where c.relnamespace = '%s'::regnamespace",
                 schema));
    return text;
}

static void
resume(const Fleet *fleet, int64_t id)
{
    expect_json(fleet->platform, "MigrationService/ResumeMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
}

static void
cancel(const Fleet *fleet, int64_t id)
{
    expect_json(fleet->platform, "MigrationService/CancelMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
}

/* ---- SQL that fails ---- */

static void
test_sql_fails_in_the_middle_tenant(void **state)
{
    Fleet fleet;
    CiqError *error = NULL;
    json_t *status;
    char before[64], updated[64];
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    database_value(&fleet.database, "insert into beta.fleet_car (plate) values ('B 1')");
    snprintf(before, sizeof before, "%s", fingerprint(&fleet, "beta"));
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "FAILED", 3, 1);

    /* the others are at their head, this one as it was: not even the first statement stayed */
    assert_string_equal(head(&fleet, "alpha"), "2/2");
    assert_string_equal(head(&fleet, "gamma"), "2/2");
    assert_string_equal(head(&fleet, "delta"), "2/2");
    assert_string_equal(head(&fleet, "beta"), "1/1");
    assert_string_equal(fingerprint(&fleet, "beta"), before);
    assert_true(exists(&fleet, "gamma.fleet_paint"));
    assert_false(exists(&fleet, "beta.fleet_paint"));

    assert_string_equal(item_field(fleet.platform, id, "beta", "state"),
                        "MIGRATION_ITEM_STATE_FAILED");
    assert_string_equal(item_field(fleet.platform, id, "beta", "sqlstate"), "23502");
    /* it is not tried again: the data would be the same */
    assert_int_equal(atoi(item_field(fleet.platform, id, "beta", "attempts")), 1);
    assert_int_equal(atoi(item_field(fleet.platform, id, "beta", "line")), 4);
    assert_non_null(
        strstr(item_field(fleet.platform, id, "beta", "file"), "/tenant/fleet/0002_colour.sql"));
    assert_string_equal(item_field(fleet.platform, id, "beta", "statement"),
                        "alter table fleet_car\n    add column colour text not null");
    assert_non_null(
        strstr(item_field(fleet.platform, id, "beta", "error"), "contains null values"));

    status = call_json(fleet.platform, "MigrationService/GetMigrationStatus", &error,
                       "{\"failed\": true}");
    assert_ok(error);
    assert_string_equal(json_at(status, "tenants"), "1");
    assert_string_equal(json_at(status, "tenants.0.schema_name"), "beta");
    assert_string_equal(json_at(status, "tenants.0.sqlstate"), "23502");
    assert_non_null(strstr(json_at(status, "tenants.0.place"), "0002_colour.sql:4"));
    assert_non_null(strstr(json_at(status, "tenants.0.statement"), "add column colour"));
    assert_string_equal(json_at(status, "tenants.0.behind.0"), "fleet 0001 -> 0002");
    json_decref(status);

    /* a tenant whose migration failed is served all the same */
    ciq_client_free(sign_in(&fleet.server, "beta", world_email, world_password));

    /* once mended, only this one is done again */
    snprintf(updated, sizeof updated, "%s", item_field(fleet.platform, id, "gamma", "update_time"));
    database_value(&fleet.database, "delete from beta.fleet_car");
    resume(&fleet, id);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(head(&fleet, "beta"), "2/2");
    assert_string_equal(item_field(fleet.platform, id, "gamma", "update_time"), updated);
    assert_string_equal(item_field(fleet.platform, id, "beta", "sqlstate"), "");
    assert_int_equal(run_start(fleet.platform, ""), 0); /* no tenant is behind any more */
    fleet_free(&fleet);
}

static void
two_failures(Config *config)
{
    config->migration_workers = 1;
    config->migration_failures = 2;
}

static void
test_failures__end_the_run_at_their_budget(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", "-- migrate:up\nselect 1 / 0;\n-- migrate:down\n");
    fleet_stop(&fleet);
    fleet_start(&fleet, two_failures);
    fleet_skip_trial(&fleet);
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "FAILED", 0, 2);
    assert_string_equal(run_field(fleet.platform, id, "run.pending"), "1");
    assert_string_equal(run_field(fleet.platform, id, "run.failures_max"), "2");
    assert_string_equal(item_field(fleet.platform, id, "beta", "sqlstate"), "22012");
    assert_int_equal(atoi(item_field(fleet.platform, id, "beta", "line")), 2);
    assert_int_equal(atoi(item_field(fleet.platform, id, "gamma", "attempts")), 0);

    /* a resumed run may fail as often as a new one, and goes on with tenants that it had not come
     * to */
    resume(&fleet, id);
    assert_run(fleet.platform, id, "FAILED", 0, 2);
    fleet_free(&fleet);
}

/* ---- files ---- */

static void
test_file_changed__no_server_starts(void **state)
{
    Fleet fleet;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    fleet_stop(&fleet);
    fleet_file(&fleet, "fleet/0001_initial",
               "-- depends: users/0001\n-- migrate:up\nselect 1;\n-- migrate:down\n");
    settings_begin(&fleet.server.config);
    setting_set(&fleet.server.config.listen, fleet.server.ipc);
    setting_set(&fleet.server.config.database, fleet.database.worker);
    setting_set(&fleet.server.config.database_owner, fleet.database.owner);
    setting_set(&fleet.server.config.apps, fleet.apps);
    assert_null(server_start(&fleet.server.config)); /* the log names the file */

    /* with the file as it was, the server starts */
    fleet_file(&fleet, "fleet/0001_initial", fleet_initial);
    fleet.server.server = server_start(&fleet.server.config);
    assert_non_null(fleet.server.server);
    server_down(&fleet.server);
    fleet_free(&fleet);
}

/* What one tenant has applied is not what this server's file says: that tenant is left alone, by
 * name. */
static void
test_file_changed__in_one_tenant(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    database_value(&fleet.database,
                   "update gamma.core_migration set checksum = 'another' where app = 'fleet'");
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "FAILED", 3, 1);
    assert_non_null(strstr(item_field(fleet.platform, id, "gamma", "error"),
                           "/tenant/fleet/0001_initial.sql was changed after it was applied"));
    assert_string_equal(head(&fleet, "gamma"), "1/1");
    fleet_free(&fleet);
}

static void
test_target__must_exist_and_be_undoable(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour",
               "-- migrate:up\nselect 1;\n-- migrate:down\n-- never\n");
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    expect_json(fleet.platform, "MigrationService/CreateMigrationRun", CODE_INVALID_ARGUMENT,
                "target must be a migration of fleet, 0001 to 0002, or zero; got 0003",
                "{\"app\": \"fleet\", \"target\": \"0003\"}");
    /* refused before any schema is touched, and the file is named */
    expect_json(fleet.platform, "MigrationService/CreateMigrationRun", CODE_FAILED_PRECONDITION,
                "/tenant/fleet/0002_colour.sql cannot be undone",
                "{\"app\": \"fleet\", \"target\": \"0001\"}");
    assert_string_equal(
        database_value(&fleet.database, "select count(*) from public.migration_run"), "1");
    fleet_free(&fleet);
}

static void
test_down__is_in_reverse_order_across_apps(void **state)
{
    static const char garage[] =
        "-- depends: fleet/0002\n"
        "-- migrate:up\n"
        "create table garage_place (id bigint primary key, paint_id bigint references fleet_paint);\n"
        "-- migrate:down\n"
        "drop table garage_place;\n";
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    fleet_stop(&fleet);
    fleet_file(&fleet, "garage/0001_initial", garage);
    fleet_start(&fleet, NULL);
    /* up takes along what it depends on, and nothing else */
    id = run_start(fleet.platform, "\"app\": \"garage\", \"schemas\": [\"alpha\", \"beta\"]");
    assert_run(fleet.platform, id, "DONE", 2, 0);
    assert_true(exists(&fleet, "alpha.garage_place"));
    assert_string_equal(head(&fleet, "alpha"), "2/2");
    assert_string_equal(head(&fleet, "gamma"), "1/1");
    /* down too: garage's table refers to fleet's */
    id = run_start(fleet.platform,
                   "\"app\": \"fleet\", \"target\": \"0001\", \"schemas\": [\"alpha\"]");
    assert_run(fleet.platform, id, "DONE", 1, 0);
    assert_string_equal(item_field(fleet.platform, id, "alpha", "steps"), "2");
    assert_false(exists(&fleet, "alpha.garage_place"));
    assert_false(exists(&fleet, "alpha.fleet_paint"));
    assert_true(exists(&fleet, "beta.garage_place"));
    assert_string_equal(database_value(&fleet.database,
                                       "select heads ? 'garage' from public.tenants_tenant "
                                       "where schema_name = 'alpha'"),
                        "f");
    fleet_free(&fleet);
}

/* ---- locks ---- */

static void
impatient(Config *config)
{
    config->migration_workers = 1;
    config->migration_lock_timeout_ms = 30;
    config->migration_attempts = 3;
}

static void
test_lock__held_too_long(void **state)
{
    Fleet fleet;
    PGconn *holder;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    fleet_stop(&fleet);
    fleet_start(&fleet, impatient);
    holder = database_hold(&fleet.database, "lock table beta.fleet_car in access share mode");
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "FAILED", 3, 1); /* the others did not wait for it */
    assert_string_equal(item_field(fleet.platform, id, "beta", "sqlstate"), "55P03");
    assert_string_equal(item_field(fleet.platform, id, "beta", "attempts"), "3");
    assert_int_equal(atoi(item_field(fleet.platform, id, "beta", "line")), 4);
    assert_false(exists(&fleet, "beta.fleet_paint"));
    PQfinish(holder);
    resume(&fleet, id);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    fleet_free(&fleet);
}

static void
patient(Config *config)
{
    config->migration_workers = 1;
    config->migration_lock_timeout_ms = 30;
    config->migration_attempts = 1000;
}

static void
test_lock__released_in_time(void **state)
{
    Fleet fleet;
    PGconn *holder;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    fleet_stop(&fleet);
    fleet_start(&fleet, patient);
    holder = database_hold(&fleet.database, "lock table beta.fleet_car in access share mode");
    id = run_start(fleet.platform, "");
    item_wait(fleet.platform, id, "beta", "attempts", "2"); /* gave way and came again */
    assert_string_equal(item_field(fleet.platform, id, "beta", "state"),
                        "MIGRATION_ITEM_STATE_PENDING");
    item_wait(fleet.platform, id, "delta", "state", "MIGRATION_ITEM_STATE_DONE");
    PQfinish(holder);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(head(&fleet, "beta"), "2/2");
    fleet_free(&fleet);
}

/* PostgreSQL's own deadlock: the migration holds one table and waits for the other. */
static void
test_deadlock__is_tried_again(void **state)
{
    Fleet fleet;
    PGconn *other;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_both",
               "-- migrate:up\n"
               "lock table fleet_log;\nalter table fleet_car add column colour text;\n"
               "-- migrate:down\nalter table fleet_car drop column colour;\n");
    other = database_hold(&fleet.database, "lock table beta.fleet_car");
    id = run_start(fleet.platform, "");
    /* it waits first, so PostgreSQL ends its transaction and not the other */
    wait_for_waiters(&fleet.database, 1);
    assert_int_equal(PQsendQuery(other, "lock table beta.fleet_log"), 1);
    item_wait(fleet.platform, id, "beta", "attempts", "1");
    assert_string_equal(item_field(fleet.platform, id, "beta", "sqlstate"), "40P01");
    PQfinish(other);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_true(atoi(item_field(fleet.platform, id, "beta", "attempts")) > 1);
    fleet_free(&fleet);
}

/* A sequence does not go back with its transaction, so it counts attempts. */
static void
test_serialization_failure__is_tried_again(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_raise",
               "-- migrate:up\n"
               "do $$ begin\n"
               "    if nextval('fleet_attempt') < 3 then\n"
               "        raise exception 'not yet' using errcode = 'serialization_failure';\n"
               "    end if;\n"
               "end $$;\n"
               "insert into fleet_log default values;\n"
               "-- migrate:down\ndelete from fleet_log;\n");
    fleet_skip_trial(&fleet);
    id = run_start(fleet.platform, "\"schemas\": [\"alpha\"]");
    assert_run(fleet.platform, id, "DONE", 1, 0);
    assert_string_equal(item_field(fleet.platform, id, "alpha", "attempts"), "3");
    assert_string_equal(database_value(&fleet.database, "select count(*) from alpha.fleet_log"),
                        "1");
    fleet_free(&fleet);
}

/* ---- operators ---- */

static void
test_two_operators__get_one_run(void **state)
{
    Fleet fleet;
    CiqError *error = NULL;
    PGconn *holder;
    json_t *answer;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    holder = database_hold(&fleet.database, "lock table beta.fleet_car in access share mode");
    id = run_start(fleet.platform, "");
    wait_for_waiters(&fleet.database, 1);

    /* the same once more, or a part of it: that run */
    answer = call_json(fleet.platform, "MigrationService/CreateMigrationRun", &error, "{}");
    assert_ok(error);
    assert_int_equal(strtoll(json_at(answer, "run.id"), NULL, 10), id);
    assert_string_equal(json_at(answer, "joined"), "true");
    json_decref(answer);
    assert_int_equal(run_start(fleet.platform, "\"schemas\": [\"gamma\"]"), id);
    /* another run is refused for now, and the message says which run is in the way */
    expect_json(fleet.platform, "MigrationService/CreateMigrationRun", CODE_FAILED_PRECONDITION,
                "is migrating beta: wait for it (ciq-client migration run watch",
                "{\"schemas\": [\"beta\"], \"fake\": true}");
    expect_json(fleet.platform, "MigrationService/CreateMigrationRun", CODE_FAILED_PRECONDITION,
                "or cancel it",
                "{\"schemas\": [\"gamma\"], \"app\": \"fleet\", \"target\": \"zero\"}");
    assert_string_equal(
        database_value(&fleet.database, "select count(*) from public.migration_run"), "1");
    PQfinish(holder);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    fleet_free(&fleet);
}

typedef struct Race {
    _Atomic int left;
    _Atomic int64_t ids[16];
    _Atomic int codes[16];
    _Atomic int next;
} Race;

static void
on_created(void *argument, CiqCreateMigrationRunResponse *response, CiqError *error)
{
    Race *race = argument;
    int i = race->next++;

    race->codes[i] = error == NULL ? 0 : ciq_error_code(error);
    race->ids[i] = response == NULL ? -1 : response->run->id;
    ciq_create_migration_run_response_free(response);
    ciq_error_free(error);
    race->left--;
}

static bool
is_over(void *argument)
{
    return ((Race *) argument)->left == 0;
}

static void
test_sixteen_operators__get_one_run(void **state)
{
    Fleet fleet;
    Race race = {.left = 16};
    CiqCreateMigrationRunRequest request = CLIENTIQ__V1__CREATE_MIGRATION_RUN_REQUEST__INIT;
    PGconn *holder;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    holder = database_hold(&fleet.database, "lock table alpha.fleet_car in access share mode");
    for (int i = 0; i < 16; i++)
        ciq_create_migration_run_async(fleet.platform, &request, NULL, on_created, &race);
    wait_until("all answers", is_over, &race);
    id = race.ids[0];
    assert_true(id > 0);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(race.codes[i], CODE_OK);
        assert_int_equal(race.ids[i], id);
    }
    PQfinish(holder);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(
        database_value(&fleet.database, "select count(*) from public.migration_run"), "1");
    fleet_free(&fleet);
}

static void
test_cancel__is_prompt_and_clean(void **state)
{
    Fleet fleet;
    PGconn *holder;
    char before[64];
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_slow",
               "-- migrate:up\ncreate table fleet_paint (id bigint primary key);\n"
               "select pg_advisory_xact_lock(742);\n-- migrate:down\ndrop table fleet_paint;\n");
    snprintf(before, sizeof before, "%s", fingerprint(&fleet, "alpha"));
    holder = database_hold(&fleet.database, "select pg_advisory_lock(742)");
    id = run_start(fleet.platform, "");
    wait_for_waiters(&fleet.database, 1);
    cancel(&fleet, id);
    /* the lock is still held: it is the statement that ends, long before its own time limits */
    wait_for_value(&fleet.database, "0",
                   "select count(*) from pg_stat_activity where datname = "
                   "current_database() and state = 'active' and pid <> pg_backend_pid() and "
                   "query like '%%(742)%%'");
    assert_run(fleet.platform, id, "CANCELED", 0, 0);
    assert_string_equal(run_field(fleet.platform, id, "run.pending"), "4");
    assert_string_equal(fingerprint(&fleet, "alpha"), before);
    assert_string_equal(head(&fleet, "alpha"), "1/1");
    PQfinish(holder);
    resume(&fleet, id);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    fleet_free(&fleet);
}

/* ---- tenants that come and go ---- */

static void
test_tenants__change_during_a_run(void **state)
{
    Fleet fleet;
    PGconn *holder;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_colour", colour);
    tenant_new(fleet.platform,
               "epsilon"); /* complete, so not in the run; and it is renamed later */
    database_value(
        &fleet.database,
        "alter table epsilon.fleet_car drop column colour; drop table "
        "epsilon.fleet_paint; delete from epsilon.core_migration where name = '0002_colour'; "
        "update public.tenants_tenant set heads = heads || '{\"fleet\": 1}' where "
        "schema_name = 'epsilon'");
    holder = database_hold(&fleet.database, "lock table beta.fleet_car in access share mode");
    id = run_start(fleet.platform, "");
    wait_for_waiters(&fleet.database, 1);

    /* whoever is being migrated can be neither suspended nor deleted, and that is said at once */
    expect_json(fleet.platform, "TenantService/SuspendTenant", CODE_ABORTED,
                "another call holds what this one needs",
                "{\"schema_name\": \"beta\", \"reason\": \"unpaid\"}");
    /* the others can: one that is suspended is migrated all the same, one that is deleted is not */
    expect_json(fleet.platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"gamma\", \"reason\": \"unpaid\"}");
    expect_json(fleet.platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"delta\"}");
    expect_json(fleet.platform, "TenantService/RenameTenant", CODE_OK, NULL,
                "{\"schema_name\": \"epsilon\", \"new_schema_name\": \"zeta\"}");
    tenant_new(fleet.platform, "newcomer");
    assert_string_equal(head(&fleet, "newcomer"), "2/2");
    PQfinish(holder);
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_string_equal(run_field(fleet.platform, id, "run.skipped"), "1");
    assert_string_equal(item_field(fleet.platform, id, "delta", "state"),
                        "MIGRATION_ITEM_STATE_SKIPPED");
    assert_string_equal(head(&fleet, "gamma"), "2/2");
    assert_string_equal(head(&fleet, "zeta"), "2/2");

    /* brought back it is behind, which status and the next run know */
    expect_json(fleet.platform, "TenantService/UndeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"delta\"}");
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 1, 0);
    assert_string_equal(head(&fleet, "delta"), "2/2");
    fleet_free(&fleet);
}

/* The user's apps are made in the transaction that makes the tenant, and undo it if they fail. */
static void
test_new_tenant__is_complete_or_not_there(void **state)
{
    Fleet fleet;

    (void) state;
    fleet_with(
        &fleet, "fleet/0002_curse",
        "-- migrate:up\n"
        "do $$ begin\n"
        "    if current_schema() = 'cursed' then\n        raise exception 'no';\n    end if;\n"
        "end $$;\n"
        "insert into auth_permission (app, codename, name) values ('fleet', 'view_car', 'Can view cars');\n"
        "-- migrate:down\ndelete from auth_permission where app = 'fleet';\n");
    expect_json(
        fleet.platform, "TenantService/CreateTenant", CODE_FAILED_PRECONDITION,
        "(SQLSTATE P0001): no",
        "{\"tenant\": {\"name\": \"C\", \"schema_name\": \"cursed\"}, \"domain\": \"cursed.localhost\", "
        "\"admin_email\": \"a@cursed.example\"}");
    assert_string_equal(
        database_value(&fleet.database,
                       "select count(*) from pg_namespace where nspname = 'cursed'"),
        "0");
    assert_string_equal(
        database_value(&fleet.database,
                       "select count(*) from public.tenants_tenant where schema_name = 'cursed'"),
        "0");
    assert_string_equal(
        database_value(&fleet.database,
                       "select count(*) from public.tenants_domain where domain like 'cursed%%'"),
        "0");

    tenant_new(fleet.platform, "blessed");
    assert_string_equal(head(&fleet, "blessed"), "2/2");
    assert_true(exists(&fleet, "blessed.fleet_car"));
    assert_string_equal(
        database_value(&fleet.database,
                       "select count(*) from blessed.auth_permission where app = 'fleet'"),
        "1");
    /* the tenant's role may work with the rows of the app's tables, as with our own */
    assert_string_equal(
        database_value(
            &fleet.database,
            "select has_table_privilege(role, 'blessed.fleet_car', "
            "'insert') and has_sequence_privilege(role, 'blessed.fleet_attempt', 'usage') "
            "from public.tenants_tenant where schema_name = 'blessed'"),
        "t");
    fleet_free(&fleet);
}

/* ---- fake-initial ---- */

static void
make_by_hand(const Fleet *fleet, const char *schema, const char *statements)
{
    PGconn *connection = PQconnectdb(fleet->database.owner);

    connection_run(connection, "begin; set local search_path to %s; %s; commit", schema,
                   statements);
    PQfinish(connection);
}

/* Five tenants with the app's tables as somebody made them by hand, and no ledger of them. */
static void
make_shapes(Fleet *fleet)
{
    static const char right[] =
        "create table fleet_car (id bigint generated by default as identity primary key, plate text not null, "
        "constraint fleet_car_plate_check check (plate <> '')); create index fleet_car_plate on fleet_car (plate); "
        "create table fleet_log (id bigint generated by default as identity primary key, "
        "backend integer not null default pg_backend_pid()); create sequence fleet_attempt";
    char aside[128], folder[128];

    snprintf(aside, sizeof aside, "%s.aside", fleet->apps);
    assert_int_equal(rename(fleet->apps, aside), 0);
    snprintf(folder, sizeof folder, "%s/tenant", fleet->apps);
    assert_int_equal(mkdir(fleet->apps, 0755), 0);
    assert_int_equal(mkdir(folder, 0755), 0);
    fleet_file(fleet, "other/0001_initial", "-- migrate:up\nselect 1;\n-- migrate:down\n");
    fleet_start(fleet, NULL);
    tenant_new(fleet->platform, "alpha");
    tenant_new(fleet->platform, "beta");
    tenant_new(fleet->platform, "gamma");
    tenant_new(fleet->platform, "delta");
    tenant_new(fleet->platform, "epsilon");
    fleet_stop(fleet);
    folder_remove(fleet->apps);
    assert_int_equal(rename(aside, fleet->apps), 0);

    make_by_hand(fleet, "alpha", right);
    /* a column's type, and a table that is missing */
    make_by_hand(
        fleet, "beta",
        "create table fleet_car (id bigint generated by default as identity primary key, "
        "plate varchar(10) not null, constraint fleet_car_plate_check check (plate <> '')); "
        "create index fleet_car_plate on fleet_car (plate)");
    /* a constraint, an index that is missing and one too many */
    make_by_hand(fleet, "gamma", right);
    make_by_hand(
        fleet, "gamma",
        "alter table fleet_car drop constraint fleet_car_plate_check; "
        "drop index fleet_car_plate; create unique index fleet_car_only on fleet_car (plate)");
    /* delta has none of it; epsilon a column that may be null */
    make_by_hand(fleet, "epsilon", right);
    make_by_hand(fleet, "epsilon", "alter table fleet_log alter column backend drop not null");
}

static void
test_fake_initial__compares_shapes(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_new(&fleet);
    make_shapes(&fleet);

    fleet_start(&fleet, NULL);
    id = run_start(fleet.platform, "\"fake_initial\": true, \"app\": \"fleet\"");
    assert_run(fleet.platform, id, "FAILED", 2, 3);
    assert_string_equal(head(&fleet, "alpha"), "1/1"); /* recorded */
    assert_string_equal(head(&fleet, "delta"), "1/1"); /* made */
    assert_true(exists(&fleet, "delta.fleet_attempt"));
    assert_string_equal(head(&fleet, "beta"), "0/0");

    assert_non_null(strstr(item_field(fleet.platform, id, "beta", "error"),
                           "are here, but differ from what it makes"));
    assert_non_null(strstr(item_field(fleet.platform, id, "beta", "error"),
                           "missing fleet_car: column plate text not null"));
    assert_non_null(strstr(item_field(fleet.platform, id, "beta", "error"),
                           "has fleet_car: column plate character varying(10) not null"));
    assert_non_null(
        strstr(item_field(fleet.platform, id, "beta", "error"), "missing fleet_log: table"));
    assert_non_null(strstr(item_field(fleet.platform, id, "gamma", "error"),
                           "missing fleet_car: constraint fleet_car_plate_check"));
    assert_non_null(
        strstr(item_field(fleet.platform, id, "gamma", "error"), "missing fleet_car: index"));
    assert_non_null(
        strstr(item_field(fleet.platform, id, "gamma", "error"), "has fleet_car: index"));
    assert_non_null(strstr(item_field(fleet.platform, id, "epsilon", "error"),
                           "has fleet_log: column backend integer"));
    /* nothing was made, and nothing was left of what it was compared with */
    assert_false(exists(&fleet, "beta.fleet_log"));
    assert_string_equal(
        database_value(&fleet.database,
                       "select count(*) from pg_namespace where nspname like 'ciq%%scratch%%'"),
        "0");

    /* mended, it is recorded */
    make_by_hand(&fleet, "epsilon", "alter table fleet_log alter column backend set not null");
    id = run_start(fleet.platform,
                   "\"fake_initial\": true, \"app\": \"fleet\", \"schemas\": [\"epsilon\"]");
    assert_run(fleet.platform, id, "DONE", 1, 0);
    fleet_free(&fleet);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sql_fails_in_the_middle_tenant),
        cmocka_unit_test(test_failures__end_the_run_at_their_budget),
        cmocka_unit_test(test_file_changed__no_server_starts),
        cmocka_unit_test(test_file_changed__in_one_tenant),
        cmocka_unit_test(test_target__must_exist_and_be_undoable),
        cmocka_unit_test(test_down__is_in_reverse_order_across_apps),
        cmocka_unit_test(test_lock__held_too_long),
        cmocka_unit_test(test_lock__released_in_time),
        cmocka_unit_test(test_deadlock__is_tried_again),
        cmocka_unit_test(test_serialization_failure__is_tried_again),
        cmocka_unit_test(test_two_operators__get_one_run),
        cmocka_unit_test(test_sixteen_operators__get_one_run),
        cmocka_unit_test(test_cancel__is_prompt_and_clean),
        cmocka_unit_test(test_tenants__change_during_a_run),
        cmocka_unit_test(test_new_tenant__is_complete_or_not_there),
        cmocka_unit_test(test_fake_initial__compares_shapes),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
