/* What an application's migrations may hold and this platform does not carry: each is refused at
 * the first step that can see it, with words that name it; nothing is applied to any tenant.  */
#include "harness/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Refused {
    const char *statement, *text;
} Refused;

/* The text of the file shows it: no server starts, and the lint says the same. */
static const Refused at_start[] = {
    {"listen fleet_news", "stays with the connection"},
    {"set time zone 'UTC'", "stays with the connection"},
    {"prepare fleet_all as select * from fleet_car", "stays with the connection"},
    {"declare fleet_all cursor with hold for select * from fleet_car", "stays with the connection"},
    {"select set_config('app.tenant', 'x', false)", "stays with the connection"},
    {"begin", "must not begin, end or mark a transaction"},
    {"commit", "must not begin, end or mark a transaction"},
    {"savepoint before", "must not begin, end or mark a transaction"},
    {"set search_path to public", "must not change the role"},
    {"set local role none", "must not change the role"},
    {"set local session_replication_role = replica", "must not change the role"},
    {"copy fleet_car from stdin", "must not copy from stdin"},
};

/* PostgreSQL allows it to superusers alone, or in no transaction: the set is tried before a run. */
static const Refused before_a_run[] = {
    {"create operator class fleet_ops for type integer using btree as operator 1 <, function 1 "
     "btint4cmp(integer, integer)",
     "must be superuser to create an operator class"},
    {"create operator family fleet_family using btree",
     "must be superuser to create an operator family"},
    {"create type fleet_base", "must be superuser to create a base type"},
    {"create function fleet_in(cstring) returns text language internal as 'textin'",
     "permission denied for language internal"},
    {"create function fleet_c() returns integer language c as 'none', 'none'",
     "permission denied for language c"},
    {"create function fleet_leaks() returns integer language sql leakproof as 'select 1'",
     "only superuser can define a leakproof function"},
    {"create text search template fleet_template (lexize = dsimple_lexize)",
     "must be superuser to create text search templates"},
    {"create foreign data wrapper fleet_wrapper",
     "permission denied to create foreign-data wrapper"},
    {"create publication fleet_all for all tables",
     "must be superuser to create FOR ALL TABLES publication"},
    {"create event trigger fleet_event on ddl_command_end execute function pg_notify()",
     "permission denied to create event trigger"},
    {"copy fleet_car from '/etc/passwd'", "COPY from a file"},
    {"vacuum fleet_car", "VACUUM cannot run inside a transaction block"},
    {"create database fleet_other", "CREATE DATABASE cannot run inside a transaction block"},
    {"alter system set work_mem = '1MB'", "ALTER SYSTEM cannot run inside a transaction block"},
    {"create index concurrently fleet_plates on fleet_car (plate)",
     "CREATE INDEX CONCURRENTLY cannot run inside a transaction block"},
};

/* The migration is good, but its rows mean something in this database alone. */
static const Refused in_a_copy[] = {
    {"create table fleet_photo (id bigint primary key, photo oid)",
     "the column photo of the table fleet_photo has values of the type oid"},
    {"create table fleet_hook (id bigint primary key, calls regprocedure[])",
     "the column calls of the table fleet_hook has values of the type regprocedure"},
    {"create type fleet_pair as (id bigint, what regclass); "
     "create table fleet_thing (id bigint primary key, pair fleet_pair)",
     "the column pair of the table fleet_thing has values of the type regclass"},
    {"create table fleet_nothing ()", "the table fleet_nothing has no column"},
};

static void
write_file(const Fleet *fleet, const char *statement)
{
    char text[1024];

    snprintf(text, sizeof text, "-- migrate:up\n%s;\n-- migrate:down\nselect 1;\n", statement);
    fleet_file(fleet, "fleet/0002_odd", text);
}

static bool
has(const char *path, const char *text)
{
    char *all = file_read(path, NULL);
    bool found = strstr(all, text) != NULL;

    free(all);
    return found;
}

static void
assert_nothing_applied(const Fleet *fleet)
{
    assert_value(&fleet->database, "1",
                 "select string_agg(distinct heads ->> 'fleet', ' ') from public.tenants_tenant");
}

static bool
lint_says(const Fleet *fleet, const char *text)
{
    char line[256], output[4096];
    FILE *lint;

    snprintf(line, sizeof line,
             "ASAN_OPTIONS=detect_leaks=0 " CIQ_BIN_DIR "/ciq-client migration lint %s 2>&1",
             fleet->apps);
    lint = popen(line, "r");
    assert_non_null(lint);
    output[fread(output, 1, sizeof output - 1, lint)] = '\0';
    return pclose(lint) != 0 && strstr(output, text) != NULL;
}

static void
test_refused__at_start(void **state)
{
    Fleet fleet;

    (void) state;
    fleet_copy(&fleet, "fleet/0001_initial", fleet_initial);
    for (size_t i = 0; i < sizeof at_start / sizeof *at_start; i++) {
        ServerProcess process;

        write_file(&fleet, at_start[i].statement);
        process_spawn(&process, &fleet.database, fleet.apps, NULL, -1);
        if (process_end(&process) == 0 || !has(process.log, at_start[i].text) ||
            !has(process.log, "0002_odd.sql line=2"))
            fail_msg("%s: not refused at start; see %s", at_start[i].statement, process.log);
        remove(process.log);
        if (!lint_says(&fleet, at_start[i].text))
            fail_msg("%s: the lint does not say so", at_start[i].statement);
    }
    assert_nothing_applied(&fleet);
    fleet_free(&fleet);
}

static void
test_refused__before_a_run(void **state)
{
    Fleet fleet;

    (void) state;
    fleet_copy(&fleet, "fleet/0001_initial", fleet_initial);
    for (size_t i = 0; i < sizeof before_a_run / sizeof *before_a_run; i++) {
        write_file(&fleet, before_a_run[i].statement);
        fleet_start(&fleet, NULL);
        expect_json(fleet.platform, "MigrationService/CreateMigrationRun", CODE_FAILED_PRECONDITION,
                    before_a_run[i].text, "{}");
        fleet_stop(&fleet);
    }
    assert_nothing_applied(&fleet);
    fleet_free(&fleet);
}

static void
test_refused__in_a_copy(void **state)
{
    char output[4096];
    Fleet fleet;

    (void) state;
    for (size_t i = 0; i < sizeof in_a_copy / sizeof *in_a_copy; i++) {
        fleet_copy(&fleet, "fleet/0001_initial", fleet_initial);
        write_file(&fleet, in_a_copy[i].statement);
        fleet_start(&fleet, NULL);
        assert_run(fleet.platform, run_start(fleet.platform, ""), "DONE", 4, 0);
        expect_json(fleet.platform, "TenantService/CloneTenant", CODE_FAILED_PRECONDITION,
                    in_a_copy[i].text,
                    "{\"schema_name\": \"alpha\", \"new_schema_name\": \"copy\", \"domain\": "
                    "\"copy.localhost\", \"with_rows\": true}");
        if (server_command(&fleet.database, output, sizeof output,
                           "export --apps %s --schema-name alpha --output %s/alpha", fleet.apps,
                           fleet.apps) != 1 ||
            strstr(output, in_a_copy[i].text) == NULL)
            fail_msg("%s: %s", in_a_copy[i].statement, output);
        assert_value(&fleet.database, "0",
                     "select count(*) from pg_namespace where nspname = 'copy'");
        fleet_free(&fleet);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused__at_start),
        cmocka_unit_test(test_refused__before_a_run),
        cmocka_unit_test(test_refused__in_a_copy),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
