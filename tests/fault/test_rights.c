/* What an app brings into a tenant's schema works when the tenant's users call: its functions are
 * its tenant's role's to run, whenever and however they were made, and nobody else's; but none that
 * runs with its owner's rights.  What extensions bring is everybody's.  */
#include "harness/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Code of the app's own wherever the writes of a user meet it. */
static const char functions[] =
    "-- migrate:up\n"
    "create function fleet_fits(text) returns boolean language sql immutable as "
    "$$ select $1 = '' or $1 ~ '^\\+[0-9 ]+$' $$;\n"
    "alter table users_customuser add constraint users_customuser_fits check "
    "(fleet_fits(phone_number));\n"
    "create function fleet_short(text) returns text language plpgsql immutable as "
    "$$ begin return left($1, 3); end $$;\n"
    "create domain fleet_label as text check (fleet_fits('+1') and value <> 'bad');\n"
    "alter table users_customuser add column label fleet_label not null default "
    "fleet_short('label');\n"
    "alter table users_customuser add column short text generated always as "
    "(fleet_short(email)) stored;\n"
    "create index users_customuser_short on users_customuser (fleet_short(last_name));\n"
    "create function fleet_first(text, text) returns text language sql immutable as "
    "$$ select coalesce($1, $2) $$;\n"
    "create aggregate fleet_any(text) (sfunc = fleet_first, stype = text);\n"
    "create function fleet_like(text, text) returns boolean language sql immutable as "
    "$$ select lower($1) = lower($2) $$;\n"
    "create operator ~=~ (function = fleet_like, leftarg = text, rightarg = text);\n"
    "alter table auth_group add constraint auth_group_like check (name operator(~=~) lower(name));\n"
    "create procedure fleet_call() language plpgsql as $$ begin perform 1; end $$;\n"
    "create function fleet_note() returns trigger language plpgsql as $$ begin call fleet_call(); "
    "new.department := fleet_short(new.department); return new; end $$;\n"
    "create trigger fleet_note before insert or update on users_customuser for each row execute "
    "function fleet_note();\n"
    "create view fleet_names as select fleet_any(email) as name from users_customuser;\n"
    "alter table users_token enable row level security;\n"
    "create policy fleet_tokens on users_token using (fleet_fits('')) with check (fleet_fits(''));\n"
    "create function fleet_all() returns bigint language sql security definer as "
    "$$ select count(*) from users_customuser $$;\n"
    "-- migrate:down\n";

/* Users of two tenants with the same address and number. */
static void
assert_writes(const Fleet *fleet, const char *schema, const char *email)
{
    CiqClient *client = sign_in(&fleet->server, schema, world_email, world_password);
    CiqError *error = NULL;
    int64_t id = user_new(client, email, false);
    json_t *answer =
        call_json(client, "UserService/UpdateUser", &error,
                  "{\"id\": %lld, \"user\": {\"department\": \"Assembly\"}, \"update_mask\": "
                  "\"department\"}",
                  (long long) id);

    assert_ok(error);
    assert_string_equal(json_at(answer, "user.department"), "Ass");
    json_decref(answer);
    ciq_client_free(client);
}

/* As the tenant's role: "" or the SQLSTATE of the statement. */
static const char *
as_role(const Fleet *fleet, const char *schema, const char *statement)
{
    static char state[8];
    PGconn *connection = database_connect(&fleet->database);
    PGresult *result;

    connection_run(connection, "set role %s",
                   database_value(&fleet->database,
                                  "select role from public.tenants_tenant where schema_name = '%s'",
                                  schema));
    connection_run(connection, "set search_path to %s", schema);
    result = PQexec(connection, statement);
    snprintf(state, sizeof state, "%s",
             PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL
                 ? PQresultErrorField(result, PG_DIAG_SQLSTATE)
                 : "");
    PQclear(result);
    PQfinish(connection);
    return state;
}

/* Nothing of the app is a finding but the function with its owner's rights, which its role may not
 * run. */
static void
assert_isolated(const Fleet *fleet)
{
    static const char *const subjects[] = {"functions", "triggers", "kinds", "views", "owners"};
    CiqError *error = NULL;
    json_t *report = call_json(fleet->platform, "MigrationService/VerifyIsolation", &error,
                               "{\"failed\": true}");
    size_t found = 0;

    assert_ok(error);
    for (size_t i = 0; i < json_array_size(json_object_get(report, "checks")); i++) {
        const json_t *check = json_array_get(json_object_get(report, "checks"), i);

        for (size_t s = 0; s < sizeof subjects / sizeof *subjects; s++) {
            if (strcmp(json_at(check, "subject"), subjects[s]) != 0)
                continue;
            found++;
            if (strcmp(json_at(check, "attempt"), "a function runs with its owner's rights") != 0 ||
                strncmp(json_at(check, "got"), "fleet_all()", 11) != 0)
                fail_msg("%s: %s", json_at(check, "attempt"), json_at(check, "got"));
        }
    }
    assert_true(found >= 4);
    json_decref(report);
}

static void
assert_rights(const Fleet *fleet)
{
    assert_string_equal(as_role(fleet, "alpha", "select fleet_short('x')"), "");
    assert_string_equal(as_role(fleet, "alpha", "call fleet_call()"), "");
    assert_string_equal(as_role(fleet, "alpha", "select * from fleet_names"), "");
    assert_string_equal(as_role(fleet, "alpha", "select beta.fleet_short('x')"), "42501");
    assert_string_equal(as_role(fleet, "alpha", "select fleet_all()"), "42501");
    assert_value(&fleet->database, "0",
                 "select count(*) from pg_proc p join public.tenants_tenant t on p.pronamespace = "
                 "to_regnamespace(t.schema_name) cross join lateral aclexplode(p.proacl) a where "
                 "a.grantee not in (p.proowner, t.role::regrole)");
    assert_isolated(fleet);
}

static const char *
create(const Fleet *fleet, const char *schema)
{
    tenant_new(fleet->platform, schema);
    return schema;
}

static void
test_rights__of_an_apps_functions(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_code", functions);
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    assert_writes(&fleet, "alpha", "one@same.example");
    assert_writes(&fleet, "beta", "one@same.example");
    assert_writes(&fleet, create(&fleet, "omega"), "one@same.example");
    assert_rights(&fleet);
    expect_json(fleet.platform, "TenantService/RepairTenant", CODE_OK, NULL,
                "{\"schema_name\": \"alpha\"}");
    assert_rights(&fleet);
    fleet_free(&fleet);
}

/* What was made while new functions were nobody's, by an earlier release. */
static void
take_rights(const Fleet *fleet, const char *schema)
{
    char role[64];

    snprintf(role, sizeof role, "%s",
             database_value(&fleet->database,
                            "select role from public.tenants_tenant where schema_name = '%s'",
                            schema));
    database_value(&fleet->database, "revoke execute on all routines in schema %s from %s", schema,
                   role);
    database_value(&fleet->database,
                   "alter default privileges for role %s in schema %s revoke execute on functions "
                   "from %s",
                   database_value(&fleet->database,
                                  "select relowner::regrole from pg_class where oid = "
                                  "'public.tenants_tenant'::regclass"),
                   schema, role);
}

static void
test_rights__of_functions_that_are_there(void **state)
{
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_with(&fleet, "fleet/0002_code", functions);
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    take_rights(&fleet, "alpha");
    take_rights(&fleet, "beta");
    fleet_stop(&fleet);
    fleet_start(&fleet, NULL); /* which mends it */
    assert_writes(&fleet, "alpha", "one@same.example");
    assert_writes(&fleet, "beta", "one@same.example");
    assert_rights(&fleet);

    /* so does a run, and what a migration says of rights does not stay */
    take_rights(&fleet, "alpha");
    fleet_stop(&fleet);
    fleet_file(
        &fleet, "fleet/0003_more",
        "-- migrate:up\ncreate function fleet_more() returns integer language sql as 'select "
        "1';\ngrant execute on function fleet_more() to public;\n"
        "grant execute on function fleet_all() to public;\n"
        "alter function fleet_first(text, text) security definer;\n-- migrate:down\n");
    fleet_start(&fleet, NULL);
    take_rights(&fleet, "alpha");
    id = run_start(fleet.platform, "\"schemas\": [\"alpha\"]");
    assert_run(fleet.platform, id, "DONE", 1, 0);
    assert_string_equal(as_role(&fleet, "alpha", "select fleet_more()"), "");
    assert_string_equal(as_role(&fleet, "alpha", "select fleet_fits('')"), "");
    assert_string_equal(as_role(&fleet, "alpha", "select fleet_first('', '')"), "42501");
    assert_string_equal(as_role(&fleet, "alpha", "select fleet_all()"), "42501");
    fleet_free(&fleet);
}

/* A row of an app's that refers to a user: whoever deletes the user is told what is in the way. */
static void
test_rights__a_user_whom_an_app_keeps(void **state)
{
    Fleet fleet;
    CiqClient *client;
    int64_t id, kept, other;

    (void) state;
    fleet_with(
        &fleet, "fleet/0002_keep",
        "-- migrate:up\n"
        "create table fleet_invoice (id bigint primary key, user_id bigint not null references "
        "users_customuser);\n"
        "create table fleet_note (id bigint primary key, user_id bigint references "
        "users_customuser on delete set null);\n"
        "create table fleet_trip (id bigint primary key, user_id bigint references "
        "users_customuser on delete cascade);\n"
        "-- migrate:down\ndrop table fleet_trip; drop table fleet_note; drop table "
        "fleet_invoice;\n");
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    client = sign_in(&fleet.server, "alpha", world_email, world_password);
    kept = user_new(client, "kept@same.example", false);
    other = user_new(client, "other@same.example", false);
    database_value(&fleet.database, "insert into alpha.fleet_invoice values (1, %lld)",
                   (long long) kept);
    database_value(&fleet.database, "insert into alpha.fleet_note values (1, %lld)",
                   (long long) other);
    database_value(&fleet.database, "insert into alpha.fleet_trip values (1, %lld)",
                   (long long) other);
    expect_json(client, "UserService/DeleteUser", CODE_FAILED_PRECONDITION,
                "rows of fleet_invoice still refer to this (foreign key "
                "fleet_invoice_user_id_fkey): remove or change those rows first",
                "{\"id\": %lld}", (long long) kept);
    expect_json(client, "UserService/DeleteUser", CODE_OK, NULL, "{\"id\": %lld}",
                (long long) other);
    assert_value(&fleet.database, "1 0",
                 "select (select count(*) from alpha.fleet_note where user_id is null) || ' ' || "
                 "(select count(*) from alpha.fleet_trip)");
    ciq_client_free(client);
    fleet_free(&fleet);
}

static void
with_extensions(Config *config)
{
    setting_set(&config->extension_schemas, "ext");
}

static void
make_shared(const Fleet *fleet, const char *text)
{
    char path[160];
    FILE *file;

    snprintf(path, sizeof path, "mkdir -p %s/shared/ext", fleet->apps);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/shared/ext/0001_initial.sql", fleet->apps);
    assert_non_null(file = fopen(path, "w"));
    fputs(text, file);
    fclose(file);
}

/* What is in the schemas of extensions is found wherever a schema is made, tried, compared,
 * migrated or used, although no migration grants anything. */
static void
test_rights__of_extensions(void **state)
{
    static const char *const methods[] = {"MigrationService/VerifySchema",
                                          "TenantService/RepairTenant"};
    Fleet fleet;
    int64_t id;

    (void) state;
    fleet_copy(
        &fleet, "fleet/0002_ext",
        "-- migrate:up\n"
        "create table fleet_item (id bigint primary key, name citext not null, tags hstore);\n"
        "create index fleet_item_name on fleet_item using gin ((name::text) gin_trgm_ops);\n"
        "alter table users_customuser add column handle citext not null default '', add "
        "check (plain(handle::text) = plain(handle::text));\n"
        "-- migrate:down\ndrop table fleet_item; alter table users_customuser drop handle;\n");
    make_shared(&fleet,
                "-- migrate:up\ncreate schema ext;\ncreate extension citext schema ext;\n"
                "create extension pg_trgm schema ext;\ncreate extension hstore schema ext;\n"
                "create function ext.plain(text) returns text language sql immutable as "
                "'select lower($1)';\n"
                "create table ext_words (word citext primary key);\n"
                "-- migrate:down\ndrop table ext_words; drop schema ext cascade;\n");
    fleet_start(&fleet, with_extensions);
    id = run_start(fleet.platform, "\"shared\": true");
    assert_run(fleet.platform, id, "DONE", 1, 0);
    id = run_start(fleet.platform, "");
    assert_run(fleet.platform, id, "DONE", 4, 0);
    ciq_client_free(sign_in(&fleet.server, "alpha", world_email, world_password));
    assert_string_equal(as_role(&fleet, "alpha", "select ext.plain('A')"), "");
    assert_string_equal(as_role(&fleet, "alpha", "insert into fleet_item values (1, 'a', null)"),
                        "");
    tenant_new(fleet.platform, "omega");
    ciq_client_free(sign_in(&fleet.server, "omega", world_email, world_password));
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        CiqError *error = NULL;
        json_t *answer =
            call_json(fleet.platform, methods[i], &error, "{\"schema_name\": \"alpha\"}");

        assert_ok(error);
        assert_int_equal(json_array_size(json_object_get(answer, "differences")), 0);
        assert_int_equal(json_array_size(json_object_get(answer, "repaired")), 0);
        json_decref(answer);
    }
    expect_json(fleet.platform, "TenantService/CloneTenant", CODE_OK, NULL,
                "{\"schema_name\": \"alpha\", \"new_schema_name\": \"copy\", \"domain\": "
                "\"copy.localhost\", \"with_rows\": true}");
    ciq_client_free(sign_in(&fleet.server, "copy", world_email, world_password));
    assert_value(&fleet.database, "1", "select count(*) from copy.fleet_item");
    fleet_free(&fleet);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights__of_an_apps_functions),
        cmocka_unit_test(test_rights__of_functions_that_are_there),
        cmocka_unit_test(test_rights__a_user_whom_an_app_keeps),
        cmocka_unit_test(test_rights__of_extensions),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
