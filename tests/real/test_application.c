/* A harbour's application with all kinds of objects, in twelve migrations (tests/real/apps), on a
 * number of tenants: whatever the platform does with tenants, each keeps its objects and rows.
 * Both are compared by pg_dump and by checksums of the test's own.
 *
 * The tenants are migrated once; each case leaves them as it found them, but for the last, which
 * takes the application away.  */
#include "harness/fleet.h"
#include "harness/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENANTS_MAX = 40, STEPS = 12, HALF = 6, MANY = 20 };

#define HERE CIQ_SOURCE_DIR "/tests/real/"

static TestDatabase database;
static TestServer server;
static CiqClient *platform;
static int tenants;
static char folder[64];
static char *shapes[STEPS + 1]; /* of the first tenant */
static Snapshot begin[TENANTS_MAX], half[TENANTS_MAX], whole[TENANTS_MAX];

static const char *
name_of(const char *prefix, int tenant)
{
    static char names[4][32];
    static unsigned next;
    char *out = names[next++ % 4];

    snprintf(out, sizeof names[0], "%s%02d", prefix, tenant + 1);
    return out;
}

static const char *
harbour(int tenant)
{
    return name_of("harbour", tenant);
}

/* ---- migrating ---- */

static void
with_apps(Config *config)
{
    setting_set(&config->apps, HERE "apps");
    config->migration_lock_timeout_ms = 60000;
    config->retention_days = 0;
}

static void
start(void (*change)(Config *))
{
    server_up(&server, &database, change);
    platform = operator_new(&server);
}

static void
stop(void)
{
    ciq_client_free(platform);
    platform = NULL;
    server_down(&server);
}

static void
migrate_to(const char *target)
{
    char fields[TENANTS_MAX * 16 + 96];
    size_t size = (size_t) snprintf(
        fields, sizeof fields, "\"app\": \"port\", \"target\": \"%s\", \"schemas\": [", target);

    for (int i = 0; i < tenants; i++)
        size += (size_t) snprintf(fields + size, sizeof fields - size, "%s\"%s\"",
                                  i == 0 ? "" : ", ", harbour(i));
    snprintf(fields + size, sizeof fields - size, "]");
    assert_run(platform, run_start(platform, fields), "DONE", tenants, 0);
}

static void
migrate_to_step(int step)
{
    char target[8];

    snprintf(target, sizeof target, "%04d", step);
    migrate_to(target);
}

/* Runs a file of statements in a tenant's schema, in one transaction. */
static void
run_file(const char *login, const char *schema, const char *path)
{
    char *text = file_read(path, NULL);
    PGconn *connection = PQconnectdb(login);

    connection_run(connection, "set search_path to %s; set client_min_messages to error", schema);
    PGresult *result = PQexec(connection, text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s in %s: %s", path, schema, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
    free(text);
}

static void
keep_shape(int step)
{
    Snapshot now;

    snapshot_take(&now, &database, harbour(0));
    shapes[step] = strdup(now.shape);
    snapshot_free(&now);
}

/* Makes the tenants, and takes them through all steps; half of the rows come on the way. */
static int
setup(void **state)
{
    const char *count = getenv("CIQ_TEST_TENANTS");

    (void) state;
    tenants = count == NULL || *count == '\0' ? 3 : atoi(count);
    assert_in_range(tenants, 1, TENANTS_MAX);
    folder_new(folder);
    database_new(&database);
    /* clones and archives of tables that force row level security on their owner */
    database_value(&database, "alter role ciq_owner_%s bypassrls",
                   database.name + strlen("ciq_test_"));
    start(NULL);
    for (int i = 0; i < tenants; i++)
        tenant_new(platform, harbour(i));
    stop();
    for (int i = 0; i < tenants; i++)
        snapshot_take(&begin[i], &database, harbour(i));
    shapes[0] = strdup(begin[0].shape);
    start(with_apps);
    for (int step = 1; step <= STEPS; step++) {
        migrate_to_step(step);
        keep_shape(step);
        for (int i = 0; step == HALF && i < tenants; i++) {
            run_file(database.superuser, harbour(i), HERE "rows_at_0006.sql");
            snapshot_take(&half[i], &database, harbour(i));
        }
    }
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    stop();
    for (int i = 0; i < tenants; i++) {
        snapshot_free(&begin[i]);
        snapshot_free(&half[i]);
        snapshot_free(&whole[i]);
    }
    for (int step = 0; step <= STEPS; step++)
        free(shapes[step]);
    folder_remove(folder);
    database_drop(&database);
    return 0;
}

/* The rows of the newest tables, and what a job of the application makes by itself. */
static void
fill(void)
{
    if (whole[0].shape != NULL)
        return;
    if (strcmp(database_value(&database, "select string_agg(distinct heads ->> 'port', ' ') from "
                                         "public.tenants_tenant where schema_name ~ '^harbour'"),
               "12") != 0)
        migrate_to_step(STEPS);
    for (int i = 0; i < tenants; i++) {
        run_file(database.superuser, harbour(i), HERE "rows_at_0012.sql");
        run_file(database.owner, harbour(i), HERE "job.sql");
        snapshot_take(&whole[i], &database, harbour(i));
    }
}

/* ---- comparing ---- */

static void
assert_same(const char *schema, const Snapshot *expected)
{
    Snapshot now;

    snapshot_take(&now, &database, schema);
    assert_same_lines(schema, now.shape, expected->shape);
    assert_same_lines(schema, now.rows, expected->rows);
    snapshot_free(&now);
}

static void
assert_shape(const char *schema, const char *expected)
{
    Snapshot now;

    snapshot_take(&now, &database, schema);
    assert_same_lines(schema, now.shape, expected);
    snapshot_free(&now);
}

static void
assert_tenants_unchanged(void)
{
    for (int i = 0; i < tenants; i++)
        assert_same(harbour(i), &whole[i]);
}

/* How much a Verify… method finds in a tenant, or in all, page by page. */
static size_t
count_found(const char *method, const char *list, const char *schema, bool shown)
{
    char token[600] = "";
    size_t count = 0;

    do {
        CiqError *error = NULL;
        json_t *answer =
            call_json(platform, method, &error,
                      "{\"schema_name\": \"%s\", \"page_size\": 5%s, "
                      "\"page_token\": \"%s\"}",
                      schema, strcmp(list, "checks") == 0 ? ", \"failed\": true" : "", token);
        json_t *found, *item;
        size_t at;

        assert_ok(error);
        found = json_object_get(answer, list);
        count += json_array_size(found);
        json_array_foreach(found, at, item)
        {
            char *text = json_dumps(item, 0);

            if (shown)
                print_error("%s: %s\n", schema, text);
            free(text);
        }
        snprintf(token, sizeof token, "%s", json_at(answer, "next_page_token"));
        json_decref(answer);
    } while (token[0] != '\0');
    return count;
}

static size_t
differences(const char *schema, bool shown)
{
    return count_found("MigrationService/VerifySchema", "differences", schema, shown);
}

static size_t
faults(const char *schema)
{
    return count_found("MigrationService/VerifyIsolation", "checks", schema, true);
}

static void
assert_verified(const char *schema)
{
    assert_int_equal(differences(schema, true), 0);
    assert_int_equal(faults(schema), 0);
}

/* All tenants that there are, at once. */
static void
assert_all_verified(void)
{
    assert_verified("");
}

static void
purge(const char *schema)
{
    char role[64], number[32];

    snprintf(role, sizeof role, "%s",
             database_value(&database,
                            "select role from public.tenants_tenant where schema_name = '%s'",
                            schema));
    snprintf(number, sizeof number, "%s",
             database_value(&database, "select '%s'::regnamespace::oid", schema));
    expect_json(platform, "TenantService/DeleteTenant", CODE_OK, NULL, "{\"schema_name\": \"%s\"}",
                schema);
    expect_json(platform, "TenantService/PurgeTenant", CODE_OK, NULL, "{\"schema_name\": \"%s\"}",
                schema);
    wait_for_value(
        &database, "0",
        "select count(*) from public.tenants_tenant where schema_name = '%s' or role = '%s'",
        schema, role);
    assert_value(&database, "0 0 0 0 0",
                 "select concat_ws(' ', (select count(*) from pg_class where relnamespace = %s), "
                 "(select count(*) from pg_namespace where oid = %s), "
                 "(select count(*) from pg_proc where pronamespace = %s), "
                 "(select count(*) from pg_type where typnamespace = %s), "
                 "(select count(*) from pg_default_acl where defaclnamespace = %s))",
                 number, number, number, number, number);
}

/* ---- cases ---- */

static void
test_lint__finds_nothing(void **state)
{
    char output[4096] = "";
    FILE *lint = popen("ASAN_OPTIONS=detect_leaks=0 " CIQ_BIN_DIR "/ciq-client migration lint " HERE
                       "apps 2>&1",
                       "r");

    (void) state;
    assert_non_null(lint);
    output[fread(output, 1, sizeof output - 1, lint)] = '\0';
    if (pclose(lint) != 0)
        fail_msg("%s", output);
}

/* Step by step with rows in between, or all at once: the same. */
static void
test_up__as_a_new_tenant(void **state)
{
    (void) state;
    assert_value(&database, "12",
                 "select string_agg(distinct heads ->> 'port', ' ') from public.tenants_tenant");
    tenant_new(platform, "fresh");
    for (int i = 0; i < tenants; i++)
        assert_shape(harbour(i), shapes[STEPS]);
    assert_shape("fresh", shapes[STEPS]);
    assert_verified("fresh");
    purge("fresh");
}

/* Each step down undoes what the step up did, and rows that were there before are there after. */
static void
test_down_and_up__keeps_rows(void **state)
{
    (void) state;
    if (whole[0].shape != NULL)
        skip(); /* with rows that older tables have no room for */
    for (int step = STEPS - 1; step >= HALF; step--) {
        migrate_to_step(step);
        assert_shape(harbour(0), shapes[step]);
    }
    for (int i = 0; i < tenants; i++) {
        Snapshot now;

        snapshot_take(&now, &database, harbour(i));
        assert_same_lines(harbour(i), now.shape, half[i].shape);
        assert_same_lines(harbour(i), now.named, half[i].named);
        snapshot_free(&now);
    }
    migrate_to_step(STEPS);
    for (int i = 0; i < tenants; i++) {
        assert_shape(harbour(i), shapes[STEPS]);
        assert_value(&database, "3|Quay\n1 Rotterdam, null ,  null",
                     "select count(*) || '|' || string_agg(coalesce(street, 'null') || ' ' || "
                     "coalesce(city, 'null'), ', ' order by company_id) from %s.port_address",
                     harbour(i));
    }
}

static void
test_verify__finds_nothing(void **state)
{
    (void) state;
    fill();
    assert_all_verified();
    assert_tenants_unchanged();
}

static void
clone_to(const char *schema, const char *copy)
{
    expect_json(platform, "TenantService/CloneTenant", CODE_OK, NULL,
                "{\"schema_name\": \"%s\", \"new_schema_name\": \"%s\", \"domain\": "
                "\"%s.localhost\", \"with_rows\": true}",
                schema, copy, copy);
}

static void
test_clone__is_the_same(void **state)
{
    (void) state;
    fill();
    for (int i = 0; i < tenants; i++)
        clone_to(harbour(i), name_of("copy", i));
    assert_all_verified();
    for (int i = 0; i < tenants; i++) {
        assert_same(name_of("copy", i), &whole[i]);
        purge(name_of("copy", i));
    }
    assert_tenants_unchanged();
}

static void
command(const char *words)
{
    char output[8192];

    if (server_command(&database, output, sizeof output, "%s", words) != 0)
        fail_msg("%s: %s", words, output);
}

static void
test_import__is_the_same(void **state)
{
    char words[512];

    (void) state;
    fill();
    for (int i = 0; i < tenants; i++) {
        snprintf(words, sizeof words, "export --apps " HERE "apps --schema-name %s --output %s/%d",
                 harbour(i), folder, i);
        command(words);
        snprintf(words, sizeof words,
                 "import --apps " HERE "apps --input %s/%d --schema-name %s --domain %s.localhost",
                 folder, i, name_of("import", i), name_of("import", i));
        command(words);
    }
    assert_all_verified();
    for (int i = 0; i < tenants; i++) {
        assert_same(name_of("import", i), &whole[i]);
        purge(name_of("import", i));
    }
    assert_tenants_unchanged();
}

/* What a copy's own transaction has added to an enum cannot be used in it before PostgreSQL 17. */
static void
test_copy__of_a_value_that_was_added(void **state)
{
    char output[4096];

    (void) state;
    fill();
    if (atoi(database_value(&database, "show server_version_num")) >= 170000)
        skip();
    database_value(&database,
                   "update harbour01.port_vessel set kind = 'ro-ro' where imo = '9074729'");
    expect_json(platform, "TenantService/CloneTenant", CODE_FAILED_PRECONDITION,
                "the table port_vessel has the value 'ro-ro'",
                "{\"schema_name\": \"harbour01\", \"new_schema_name\": \"never\", \"domain\": "
                "\"never.localhost\", \"with_rows\": true}");
    assert_int_equal(server_command(&database, output, sizeof output,
                                    "export --apps " HERE
                                    "apps --schema-name harbour01 --output %s/never",
                                    folder),
                     1);
    assert_non_null(
        strstr(output, "the column kind of the table port_vessel has the value 'ro-ro'"));
    database_value(&database,
                   "update harbour01.port_vessel set kind = 'container' where imo = '9074729'");
    assert_value(&database, "0", "select count(*) from pg_namespace where nspname = 'never'");
    assert_tenants_unchanged();
}

static void
rename_to(const char *schema, const char *name)
{
    expect_json(platform, "TenantService/RenameTenant", CODE_OK, NULL,
                "{\"schema_name\": \"%s\", \"new_schema_name\": \"%s\"}", schema, name);
}

static void
test_rename__keeps_everything(void **state)
{
    static Snapshot renamed[TENANTS_MAX];
    size_t found;

    (void) state;
    fill();
    for (int i = 0; i < tenants; i++)
        rename_to(harbour(i), name_of("renamed", i));
    found = differences("", true) + faults("");
    for (int i = 0; i < tenants; i++) {
        const char *name = name_of("renamed", i);

        snapshot_take(&renamed[i], &database, name);
        assert_value(&database, "t",
                     "select %s.port_ledger_total() = (select sum(amount) from %s.port_ledger)",
                     name, name);
        rename_to(name, harbour(i));
    }
    assert_int_equal(found, 0);
    for (int i = 0; i < tenants; i++) {
        assert_same_lines(harbour(i), renamed[i].shape, whole[i].shape);
        assert_same_lines(harbour(i), renamed[i].rows, whole[i].rows);
        snapshot_free(&renamed[i]);
    }
    assert_tenants_unchanged();
}

static const char *const accidents[] = {
    "drop view port_company_tree",
    "drop view port_open_call cascade",
    "drop function port_due(numeric, integer, date[])",
    "drop function port_balance(bigint)",
    "drop procedure port_post(numeric, text)",
    "drop aggregate port_mean(numeric, numeric)",
    "drop operator <~> (port_position, port_position) cascade",
    "drop cast (port_position as point)",
    "drop policy port_secret_own on port_secret",
    "drop trigger port_box_always on port_box",
    "drop function port_touch() cascade",
    "drop rule port_ledger_keep on port_ledger",
    "drop index port_reading_at",
    "drop index port_company_name",
    "drop statistics port_call_facts",
    "drop text search configuration port_search cascade",
    "drop materialized view port_call_day cascade",
    "alter table port_call drop constraint port_call_one_at_a_berth",
    "alter table port_manifest_line drop constraint port_manifest_line_weight",
    "alter table port_customs drop constraint port_customs_terminal",
    "alter table port_vessel drop column area cascade",
    "drop table port_crew_list",
    "drop table port_box_kind cascade",
    "drop table port_checkpoint_list",
    "drop table port_incident_spill",
    "drop table port_gate_move_in",
    "drop table port_log_2026",
    "drop sequence port_ticket cascade",
    "drop type port_customs_status cascade",
    "drop table port_ledger cascade",
};

enum { ACCIDENTS = sizeof accidents / sizeof *accidents };

/* Lines of the tables that have lost rows, or columns with values. */
static char *
without_damaged(const char *rows)
{
    static const char *const damaged[] = {
        "port_crew_list ",    "port_ledger ",          "port_ledger_number_seq ",
        "port_box_kind ",     "port_checkpoint_list ", "port_incident_spill ",
        "port_gate_move_in ", "port_log_2026 ",        "port_ticket ",
        "port_customs ",      "port_company ",         "port_box ",
        "port_call_day ",     "port_call_month ",      "port_call_all ",
        "port_vessel "};
    char *out = calloc(1, strlen(rows) + 2), *to = out;

    assert_non_null(out);
    for (const char *at = rows; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        bool kept = true;

        for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
            kept = kept && strncmp(at, damaged[i], strlen(damaged[i])) != 0;
        if (kept) {
            memcpy(to, at, length);
            to[length] = '\n';
            to += length + 1;
        }
        at += length + (at[length] == '\n');
    }
    return out;
}

static void
assert_repaired(const char *schema, const Snapshot *expected)
{
    Snapshot now;
    char *got, *wanted = without_damaged(expected->named);

    expect_json(platform, "TenantService/RepairTenant", CODE_OK, NULL, "{\"schema_name\": \"%s\"}",
                schema);
    assert_int_equal(differences(schema, true), 0);
    snapshot_take(&now, &database, schema);
    got = without_damaged(now.named);
    assert_same_lines(schema, now.shape, expected->shape);
    assert_same_lines(schema, got, wanted);
    free(got);
    free(wanted);
    snapshot_free(&now);
}

/* Runs an accident as the schemas' owner; one after another may find nothing left to do. */
static void
damage(const char *schema, const char *accident, bool must_succeed)
{
    PGconn *owner = PQconnectdb(database.owner);
    PGresult *result;

    connection_run(owner, "set search_path to %s; set client_min_messages to error", schema);
    result = PQexec(owner, accident);
    if (must_succeed && PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", accident, PQerrorMessage(owner));
    PQclear(result);
    PQfinish(owner);
}

static void
test_repair__all_accidents_at_once(void **state)
{
    const bool must_succeed = false;

    (void) state;
    fill();
    for (int i = 0; i < tenants; i++) {
        clone_to(harbour(i), name_of("broken", i));
        for (size_t k = 0; k < ACCIDENTS; k++)
            damage(name_of("broken", i), accidents[k], must_succeed);
        assert_true(differences(name_of("broken", i), false) >= ACCIDENTS);
        assert_repaired(name_of("broken", i), &whole[i]);
        purge(name_of("broken", i));
    }
    assert_tenants_unchanged();
}

/* Each is noticed, and repaired, also if nothing else is missing. */
static void
test_repair__one_accident_after_another(void **state)
{
    const bool must_succeed = true;

    (void) state;
    if (tenants < MANY)
        skip(); /* it takes minutes */
    fill();
    clone_to(harbour(0), "broken");
    for (size_t k = 0; k < ACCIDENTS; k++) {
        damage("broken", accidents[k], must_succeed);
        if (differences("broken", false) == 0)
            fail_msg("not noticed: %s", accidents[k]);
        assert_repaired("broken", &whole[0]);
    }
    purge("broken");
}

/* A column that must have a value, where there are rows, is left to people, and said. */
static void
test_repair__of_a_column_that_needs_values(void **state)
{
    const bool must_succeed = true;
    CiqError *error = NULL;
    json_t *answer;
    char *text;

    (void) state;
    fill();
    clone_to(harbour(0), "valueless");
    damage("valueless", "drop domain port_code cascade", must_succeed);
    answer = call_json(platform, "TenantService/RepairTenant", &error,
                       "{\"schema_name\": \"valueless\"}");
    assert_ok(error);
    text = json_dumps(json_object_get(answer, "repaired"), 0);
    if (strstr(text, "column kind of port_box") == NULL || strstr(text, "null values") == NULL)
        fail_msg("%s", text);
    free(text);
    json_decref(answer);
    purge("valueless");
}

/* Rows that are gone stay gone; a key whose rows have lost theirs comes back, and does not look at
 * old rows. */
static void
test_repair__of_a_table_that_others_need(void **state)
{
    const bool must_succeed = true;

    (void) state;
    fill();
    clone_to(harbour(0), "orphaned");
    damage("orphaned", "drop table port_tug cascade", must_succeed);
    expect_json(platform, "TenantService/RepairTenant", CODE_OK, NULL,
                "{\"schema_name\": \"orphaned\"}");
    assert_value(
        &database, "f",
        "select convalidated from pg_constraint where conname = 'port_tug_job_tug_id_fkey' "
        "and connamespace = 'orphaned'::regnamespace");
    assert_int_equal(differences("orphaned", true), 1);
    damage("orphaned",
           "delete from port_tug_job; alter table port_tug_job validate constraint "
           "port_tug_job_tug_id_fkey",
           must_succeed);
    assert_shape("orphaned", whole[0].shape);
    assert_verified("orphaned");
    purge("orphaned");
}

static void
test_zero__and_up_again(void **state)
{
    (void) state;
    for (int i = 0; i < tenants; i++)
        expect_json(platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                    "{\"schema_name\": \"%s\", \"reason\": \"moves out\"}", harbour(i));
    migrate_to("zero");
    for (int i = 0; i < tenants; i++) {
        expect_json(platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                    "{\"schema_name\": \"%s\"}", harbour(i));
        Snapshot now;

        snapshot_take(&now, &database, harbour(i));
        assert_same_lines(harbour(i), now.shape, begin[i].shape);
        snapshot_free(&now);
    }
    assert_all_verified();
    migrate_to_step(STEPS);
    for (int i = 0; i < tenants; i++)
        assert_shape(harbour(i), shapes[STEPS]);
    for (int i = 0; i < tenants; i++)
        purge(harbour(i));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lint__finds_nothing),
        cmocka_unit_test(test_up__as_a_new_tenant),
        cmocka_unit_test(test_down_and_up__keeps_rows),
        cmocka_unit_test(test_verify__finds_nothing),
        cmocka_unit_test(test_clone__is_the_same),
        cmocka_unit_test(test_import__is_the_same),
        cmocka_unit_test(test_copy__of_a_value_that_was_added),
        cmocka_unit_test(test_rename__keeps_everything),
        cmocka_unit_test(test_repair__all_accidents_at_once),
        cmocka_unit_test(test_repair__one_accident_after_another),
        cmocka_unit_test(test_repair__of_a_column_that_needs_values),
        cmocka_unit_test(test_repair__of_a_table_that_others_need),
        cmocka_unit_test(test_zero__and_up_again),
    };

    return run_cases(tests, setup, teardown);
}
