/* Each kind of object that a schema can hold, on an application that has them all: what somebody
 * loses is named by verify schema and made again by tenant repair, what they alter is named by both
 * and left alone.  And the page about it, docs/schemas.md, says so for each kind.  */
#include "harness/drift.h"
#include "harness/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Kind {
    const char *name, *lose, *object, *repaired, *change, *difference;
} Kind;

static const Kind kinds[] = {
#define KIND(...) {__VA_ARGS__},
#include "schemas/kinds.def"
#undef KIND
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- tenants with the application ---- */

static char *
read_source(const char *path)
{
    static char text[65536];
    char whole[256];
    FILE *file;

    snprintf(whole, sizeof whole, "%s/%s", CIQ_SOURCE_DIR, path);
    file = fopen(whole, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    assert_true(size > 0 && size < sizeof text - 1);
    text[size] = '\0';
    fclose(file);
    return text;
}

static int
setup(void **state)
{
    static Fleet fleet;

    fleet_group_setup(state);
    fleet_with(&fleet, "desk/0001_initial", read_source("tests/schemas/desk.sql"));
    assert_run(fleet.platform, run_start(fleet.platform, ""), "DONE", 4, 0);
    *state = &fleet;
    return 0;
}

static int
teardown(void **state)
{
    fleet_free(*state);
    return fleet_group_teardown(state);
}

/* In the schema, by somebody with a superuser's login. */
static void
in_schema(const Fleet *fleet, const char *schema, const char *text)
{
    PGconn *connection = database_connect(&fleet->database);
    const char *role =
        database_value(&fleet->database,
                       "select role from public.tenants_tenant where schema_name = '%s'", schema);
    const char *hole = strstr(text, "{role}");

    connection_run(connection, "set client_min_messages to error");
    connection_run(connection, "set search_path to %s", schema);
    if (hole == NULL)
        connection_run(connection, "%s", text);
    else
        connection_run(connection, "%.*s%s%s", (int) (hole - text), text, role,
                       hole + strlen("{role}"));
    PQfinish(connection);
}

static void
assert_clean(const Fleet *fleet, const char *schema, const char *what)
{
    CiqVerifySchemaResponse *response = drift_verify(fleet->platform, schema);

    drift_print(response);
    if (response->n_differences > 0)
        fail_msg("not as it was: %s", what);
    ciq_verify_schema_response_free(response);
}

/* object NULL: something, whatever it is. */
static void
assert_named(const Fleet *fleet, const char *object, const char *problem)
{
    CiqVerifySchemaResponse *response = drift_verify(fleet->platform, "beta");
    bool found = object == NULL && response->n_differences > 0;

    for (size_t i = 0; object != NULL && i < response->n_differences; i++)
        found |= strcmp(response->differences[i]->object, object) == 0 &&
                 strcmp(response->differences[i]->problem, problem) == 0;
    if (!found) {
        drift_print(response);
        fail_msg("%s is not %s", object != NULL ? object : "anything", problem);
    }
    ciq_verify_schema_response_free(response);
}

/* line NULL: it must find nothing; "": whatever it finds. */
static void
repair(const Fleet *fleet, const char *schema, const char *line)
{
    CiqError *error = NULL;
    CiqRepairTenantRequest request = CLIENTIQ__V1__REPAIR_TENANT_REQUEST__INIT;
    bool found = line == NULL || line[0] == '\0';

    request.schema_name = TEXT(schema);
    CiqRepairTenantResponse *response = ciq_repair_tenant(fleet->platform, &request, &error);
    assert_ok(error);
    for (size_t i = 0; line != NULL && i < response->n_repaired; i++)
        found |= strcmp(response->repaired[i], line) == 0;
    if (!found || (line == NULL && response->n_repaired > 0)) {
        for (size_t i = 0; i < response->n_repaired; i++)
            print_error("%s\n", response->repaired[i]);
        fail_msg("the repair says so, and not \"%s\"", line != NULL ? line : "");
    }
    ciq_repair_tenant_response_free(response);
}

/* ---- kinds ---- */

static void
alter_kind(const Fleet *fleet, const Kind *kind)
{
    char line[160];

    in_schema(fleet, "beta", kind->change);
    assert_named(fleet, kind->difference, "different");
    snprintf(line, sizeof line, "differs, not changed: %s", kind->repaired);
    /* what two kinds have in common is told once */
    repair(fleet, "beta",
           kind->difference != NULL && strcmp(kind->difference, kind->object) == 0 &&
                   strstr(kind->repaired, "usage of") == NULL
               ? line
               : "");
    in_schema(fleet, "beta", kind->lose);
    repair(fleet, "beta", "");
}

static void
try_kinds(const Fleet *fleet, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        const Kind *kind = &kinds[i];

        in_schema(fleet, "beta", kind->lose);
        assert_named(fleet, kind->object, "missing");
        repair(fleet, "beta", kind->repaired);
        if (kind->change != NULL)
            alter_kind(fleet, kind);
        assert_clean(fleet, "beta", kind->name);
    }
    repair(fleet, "beta", NULL);
}

static void
test_schemas__first_half(void **state)
{
    assert_clean(*state, "", "what the migrations have made");
    try_kinds(*state, 0, KINDS / 2);
}

static void
test_schemas__second_half(void **state)
{
    try_kinds(*state, KINDS / 2, KINDS);
}

/* ---- what comes with a kind ---- */

static void
assert_same(const Fleet *fleet, const char *what)
{
    char expected[512];

    snprintf(expected, sizeof expected, "%s", database_value(&fleet->database, what, "alpha"));
    assert_value(&fleet->database, expected, what, "gamma");
}

/* A table comes back with the rows of its migration; a sequence is never behind its column. */
static void
test_schemas__rows_and_sequences(void **state)
{
    const Fleet *fleet = *state;

    in_schema(fleet, "gamma",
              "insert into desk_ticket (title, agent_id) values ('Screen', 110), ('Mouse', null)");
    in_schema(fleet, "gamma", "drop table desk_agent cascade; drop sequence desk_number cascade");
    repair(fleet, "gamma", "table desk_agent");
    assert_same(fleet, "select string_agg(a::text, ';' order by id) from %s.desk_agent a");
    assert_value(
        &fleet->database, "120|t",
        "select nextval('gamma.desk_agent_id_seq') || '|' || "
        "(nextval('gamma.desk_number') > (select max(number) from gamma.desk_ticket))::text::char");
    assert_value(&fleet->database, "3", "select count(*) from gamma.desk_ticket");
    assert_clean(fleet, "gamma", "rows and sequences");
}

/* Rows that somebody wrote while the constraint was away. */
static void
test_schemas__old_rows_that_break_a_constraint(void **state)
{
    const Fleet *fleet = *state;

    in_schema(fleet, "gamma",
              "alter table desk_ticket drop constraint desk_ticket_agent, drop constraint "
              "desk_ticket_title; insert into desk_ticket (title, agent_id) values (' ', 99); "
              "drop view desk_open");
    repair(fleet, "gamma", "foreign key desk_ticket_agent, for new rows only: old rows break it");
    repair(fleet, "gamma",
           "not validation of constraint desk_ticket_title of desk_ticket: check constraint "
           "\"desk_ticket_title\" of relation \"desk_ticket\" is violated by some row (schema: "
           "gamma)");
    in_schema(fleet, "gamma", "delete from desk_ticket where agent_id = 99");
    repair(fleet, "gamma", "validation of foreign key desk_ticket_agent");
    repair(fleet, "gamma", NULL);
    assert_clean(fleet, "gamma", "old rows");
}

/* What a job makes at run time belongs to the table, at any depth. */
static void
test_schemas__partitions_made_later(void **state)
{
    const Fleet *fleet = *state;

    in_schema(
        fleet, "gamma",
        "create table desk_event_2027 partition of desk_event for values from ('2027-01-01') "
        "to ('2028-01-01') partition by hash (id); create table desk_event_2027_0 partition of "
        "desk_event_2027 for values with (modulus 1, remainder 0); "
        "create index desk_event_2027_more on desk_event_2027 (kind, at); "
        "comment on table desk_event_2027_0 is 'made by a job'; "
        "create statistics desk_event_2027_statistics on id, kind from desk_event_2027_0; "
        "insert into desk_event (at, kind) values ('2027-05-01', 'call')");
    assert_clean(fleet, "gamma", "partitions made later");
    repair(fleet, "gamma", NULL);
    in_schema(fleet, "gamma", "drop table desk_event_2027");
}

/* A schema's name that PostgreSQL keeps as text. */
static void
test_schemas__rename(void **state)
{
    const Fleet *fleet = *state;
    static const char rename[] = "{\"schema_name\": \"%s\", \"new_schema_name\": \"%s\"}";

    in_schema(fleet, "alpha", "insert into desk_ticket (title) values ('Mine')");
    database_value(
        &fleet->database,
        "do $$ begin execute format('alter role %%I in database %%I set search_path to alpha, "
        "pg_temp', (select role from public.tenants_tenant where schema_name = 'alpha'), "
        "current_database()); end $$");
    tenant_new(fleet->platform, "omega");
    expect_json(fleet->platform, "TenantService/RenameTenant", CODE_OK, NULL, rename, "alpha",
                "alpha_old");
    expect_json(fleet->platform, "TenantService/RenameTenant", CODE_OK, NULL, rename, "omega",
                "alpha");
    in_schema(fleet, "alpha",
              "insert into desk_ticket (title) values ('Another'), ('One'), ('More')");
    assert_value(&fleet->database, "2", "select alpha_old.desk_count()");
    assert_value(&fleet->database, "4", "select alpha.desk_count()");
    assert_value(&fleet->database, "1",
                 "select count(*) from pg_db_role_setting where 'search_path=alpha_old, pg_temp' = "
                 "any (setconfig)");
    assert_clean(fleet, "", "renamed tenants");
}

/* ---- the page ---- */

static void
test_schemas__the_page_says_so(void **state)
{
    const char *page = read_source("docs/schemas.md");
    char row[128];

    (void) state;
    for (size_t i = 0; i < KINDS; i++) {
        snprintf(row, sizeof row, "\n| %s | compared | made again |", kinds[i].name);
        if (strstr(page, row) == NULL)
            fail_msg("docs/schemas.md has no row that begins \"%s\"", row + 1);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemas__the_page_says_so),
        cmocka_unit_test(test_schemas__first_half),
        cmocka_unit_test(test_schemas__second_half),
        cmocka_unit_test(test_schemas__rows_and_sequences),
        cmocka_unit_test(test_schemas__old_rows_that_break_a_constraint),
        cmocka_unit_test(test_schemas__partitions_made_later),
        cmocka_unit_test(test_schemas__rename),
    };

    return run_cases(tests, setup, teardown);
}
