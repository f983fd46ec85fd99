/* SQL that is not ours, where only running it shows what it does: functions and DO blocks that
 * change what others need, leave something with the connection, or fail in ways that somebody must
 * be able to mend.  */
#include "harness/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
one_owner(Config *config)
{
    config->owner_workers = 1;
    config->migration_workers = 1;
}

static void
file_write(const Fleet *fleet, const char *name, const char *up)
{
    char text[4096];

    snprintf(text, sizeof text, "-- migrate:up\n%s\n-- migrate:down\nselect 1;\n", up);
    fleet_file(fleet, name, text);
}

static const char *
create(const Fleet *fleet, const char *schema, const char *name)
{
    static char text[1024];
    CiqError *error = NULL;
    json_t *answer = call_json(fleet->platform, "TenantService/CreateTenant", &error,
                               "{\"tenant\": {\"name\": \"%s\", \"schema_name\": \"%s\"}, "
                               "\"domain\": \"%s.localhost\", \"admin_email\": \"%s\"}",
                               name, schema, schema, world_email);

    snprintf(text, sizeof text, "%s", answer != NULL ? "" : ciq_error_message(error));
    json_decref(answer);
    ciq_error_free(error);
    return text;
}

/* What changes the context in which others run: nothing of it stays, in no tenant, and a tenant
 * that is made afterwards on the same connection is as it should be. */
static void
test_script__changes_the_context(void **state)
{
    static const struct {
        const char *statement, *said;
    } cases[] = {
        {"do $$ begin perform set_config('search_path', 'public', true); end $$;", "search_path"},
        {"do $$ begin perform set_config('search_path', 'public', false); end $$;", "search_path"},
        {"do $$ begin execute 'set role pg_read_all_data'; end $$;", "role"},
        {"do $$ begin set client_encoding = latin1; end $$;", "client_encoding"},
        {"do $$ begin set default_transaction_read_only = on; end $$;",
         "default_transaction_read_only"},
        {"create function fleet_f() returns text language sql as 'select set_config(''search_path'', "
         "''public'', false)'; select fleet_f();",
         "search_path"},
        {"do $$ begin execute 'reset all'; end $$;", "resets"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char up[1024];
        int64_t id;
        Fleet fleet;

        snprintf(up, sizeof up, "%s\ncreate table fleet_paint (id bigint primary key);",
                 cases[i].statement);
        fleet_copy(&fleet, "fleet/0001_initial", fleet_initial);
        file_write(&fleet, "fleet/0002_paint", up);
        fleet_start(&fleet, one_owner);
        expect_json(fleet.platform, "MigrationService/CreateMigrationRun", CODE_FAILED_PRECONDITION,
                    cases[i].said, "{}");
        fleet_skip_trial(&fleet);
        id = run_start(fleet.platform, "");
        assert_run(fleet.platform, id, "FAILED", 0, 3);
        if (strstr(item_field(fleet.platform, id, "beta", "error"), cases[i].said) == NULL)
            fail_msg("%s: %s", cases[i].statement, item_field(fleet.platform, id, "beta", "error"));
        assert_string_equal(item_field(fleet.platform, id, "beta", "attempts"), "1");
        assert_non_null(strstr(item_field(fleet.platform, id, "beta", "file"), "0002_paint.sql"));
        assert_value(&fleet.database, "0",
                     "select count(*) from pg_class where relname = 'fleet_paint'");
        assert_value(&fleet.database, "0",
                     "select count(*) from public.core_migration where app = 'fleet'");
        assert_value(&fleet.database, "1",
                     "select count(*) from beta.core_migration where app = 'fleet'");
        /* neither is a tenant made with it */
        if (strstr(create(&fleet, "new", "N"), cases[i].said) == NULL)
            fail_msg("%s: %s", cases[i].statement, create(&fleet, "new", "N"));
        assert_value(&fleet.database, "", "select to_regnamespace('new')");
        fleet_stop(&fleet);
        database_value(&fleet.database, "update public.tenants_tenant set heads = heads || "
                                        "'{\"fleet\": 1}' where schema_name = 'delta'");

        file_write(&fleet, "fleet/0002_paint", "create table fleet_paint (id bigint primary key);");
        fleet_start(&fleet, one_owner);
        assert_string_equal(create(&fleet, "new", "Łódź 株式会社"), "");
        assert_value(&fleet.database, "Łódź 株式会社",
                     "select name from public.tenants_tenant where schema_name = 'new'");
        fleet_free(&fleet);
    }
}

/* What a script may set for itself is as before for the next one of the same transaction, and what
 * it leaves with the connection is gone before the next transaction. */
static void
test_script__leaves_nothing(void **state)
{
    Fleet fleet;

    (void) state;
    fleet_new(&fleet);
    file_write(
        &fleet, "fleet/0002_leaves",
        "set local statement_timeout to '77s';\nset local timezone to 'Asia/Tokyo';\n"
        "do $$ begin\n"
        "    if current_setting('ciq_test.left', true) <> '' or exists (select from pg_locks "
        "where pid = pg_backend_pid() and locktype = 'advisory' and objid = 99)\n"
        "        or to_regclass('pg_temp.left_over') is not null\n"
        "        or exists (select from pg_cursors where is_holdable)\n"
        "        or exists (select from pg_listening_channels()) then\n"
        "        raise exception 'something was left';\n"
        "    end if;\n"
        "    perform set_config('ciq_test.left', 'x', false);\n"
        "    perform pg_advisory_lock(99);\n"
        "    create temporary table left_over (id bigint);\n"
        "    execute 'declare left_cursor cursor with hold for select 1';\n"
        "    execute 'listen left_channel';\n"
        "end $$;");
    file_write(&fleet, "fleet/0003_looks",
               "do $$ begin\n"
               "    if current_setting('statement_timeout') = '77s'\n"
               "        or current_setting('timezone') = 'Asia/Tokyo' then\n"
               "        raise exception 'something was left for the next file';\n"
               "    end if;\n"
               "end $$;");
    fleet_start(&fleet, one_owner);
    for (int i = 0; i < 3; i++) {
        char schema[16];

        snprintf(schema, sizeof schema, "new%d", i);
        assert_string_equal(create(&fleet, schema, "N"), "");
    }
    fleet_free(&fleet);
}

/* The failure is PostgreSQL's, word by word, with what it names; a second try is for what a second
 * try may mend. */
static void
test_script__tells_its_failure(void **state)
{
    static const struct {
        const char *up, *sqlstate, *line, *said[4];
    } cases[] = {
        {"create view fleet_v as select plate from fleet_car;\n\n"
         "alter table fleet_car alter column plate type varchar(99);",
         "0A000",
         "4",
         {"cannot alter type of a column used by a view", "fleet_v"}},
        {"create unique index fleet_u on fleet_car (plate);",
         "23505",
         "2",
         {"could not create unique index", "Key (plate)=(A 1) is duplicated"}},
        {"do $$ begin raise exception 'not %', 'now' using hint = 'wait', errcode = 'XX999'; end $$;",
         "XX999",
         "2",
         {"not now", "hint: wait", "PL/pgSQL"}},
        {"alter table fleet_car add column colour text not null;",
         "23502",
         "2",
         {"contains null values", "fleet_car"}},
        {"select 1;\nselect 'é', 1 / (select count(*) from fleet_car where plate = 'none');",
         "22012",
         "3",
         {"division by zero"}},
        {"do $$ begin commit; end $$;", "2D000", "2", {"invalid transaction termination"}},
        {"create index concurrently fleet_i on fleet_car (plate);",
         "25001",
         "2",
         {"cannot run inside a transaction block"}},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Fleet fleet;
        int64_t id;

        fleet_copy(&fleet, "fleet/0001_initial", fleet_initial);
        database_value(&fleet.database,
                       "insert into alpha.fleet_car (plate) values ('A 1'), ('A 1')");
        file_write(&fleet, "fleet/0002_fails", cases[i].up);
        fleet_start(&fleet, one_owner);
        fleet_skip_trial(&fleet);
        id = run_start(fleet.platform, "\"schemas\": [\"alpha\"]");
        assert_run(fleet.platform, id, "FAILED", 0, 1);
        assert_string_equal(item_field(fleet.platform, id, "alpha", "sqlstate"), cases[i].sqlstate);
        assert_string_equal(item_field(fleet.platform, id, "alpha", "line"), cases[i].line);
        assert_string_equal(item_field(fleet.platform, id, "alpha", "attempts"), "1");
        for (const char *const *said = cases[i].said; *said != NULL; said++)
            if (strstr(item_field(fleet.platform, id, "alpha", "error"), *said) == NULL)
                fail_msg("%s: %s", *said, item_field(fleet.platform, id, "alpha", "error"));
        fleet_free(&fleet);
    }
}

/* Whoever makes a tenant reads which line of which file is wrong. */
static void
test_script__tells_who_makes_a_tenant(void **state)
{
    const char *text;
    Fleet fleet;

    (void) state;
    fleet_new(&fleet);
    file_write(&fleet, "fleet/0002_fails", "select 'é';\n\nselect nothing from fleet_car;");
    fleet_start(&fleet, one_owner);
    text = create(&fleet, "new", "N");
    assert_non_null(strstr(text, "/tenant/fleet/0002_fails.sql:4 (SQLSTATE 42703)"));
    assert_non_null(strstr(text, "column \"nothing\" does not exist"));
    fleet_free(&fleet);
}

/* What an app forbids is told in the app's words to whoever calls, and is nobody's defect. */
static void
test_call__meets_rules_of_an_app(void **state)
{
    CiqClient *alpha;
    Fleet fleet;

    (void) state;
    fleet_copy(&fleet, "fleet/0001_initial", fleet_initial);
    file_write(
        &fleet, "fleet/0002_rules",
        "create table fleet_invoice (id bigint generated always as identity primary key,\n"
        "    user_id bigint not null references users_customuser (id));\n"
        "create table fleet_copy (email text, constraint fleet_copy_pkey primary key (email));\n"
        "create function fleet_look() returns trigger language plpgsql as $$ begin\n"
        "    if new.first_name = 'Nobody' then\n"
        "        raise exception 'nobody may be called Nobody';\n"
        "    end if;\n"
        "    if new.first_name = 'Twice' then\n"
        "        insert into fleet_copy values ('x'), ('x');\n"
        "    end if;\n"
        "    if new.first_name = 'Long' then\n"
        "        new.first_name := (1 / (length(new.first_name) - 4))::text;\n"
        "    end if;\n"
        "    return new;\n"
        "end $$;\n"
        "create trigger fleet_look before insert or update on users_customuser\n"
        "    for each row execute function fleet_look();\n"
        "alter table users_customuser add column cost_centre text;\n"
        "update users_customuser set cost_centre = '1';");
    fleet_start(&fleet, one_owner);
    assert_run(fleet.platform, run_start(fleet.platform, ""), "DONE", 4, 0);
    /* by hand: a migration that does so is refused */
    database_value(&fleet.database,
                   "alter table alpha.users_customuser alter column cost_centre set not null");
    alpha = sign_in(&fleet.server, "alpha", world_email, world_password);
    expect_json(alpha, "UserService/CreateUser", CODE_FAILED_PRECONDITION,
                "users_customuser.cost_centre must have a value",
                "{\"user\": {\"email\": \"a@same.example\"}}");
    database_value(&fleet.database,
                   "alter table alpha.users_customuser alter column cost_centre drop not null");
    expect_json(alpha, "UserService/CreateUser", CODE_FAILED_PRECONDITION,
                "nobody may be called Nobody",
                "{\"user\": {\"email\": \"a@same.example\", \"first_name\": \"Nobody\"}}");
    expect_json(alpha, "UserService/CreateUser", CODE_FAILED_PRECONDITION, "fleet_copy_pkey",
                "{\"user\": {\"email\": \"a@same.example\", \"first_name\": \"Twice\"}}");
    expect_json(alpha, "UserService/CreateUser", CODE_FAILED_PRECONDITION, "division by zero",
                "{\"user\": {\"email\": \"a@same.example\", \"first_name\": \"Long\"}}");
    int64_t id = user_new(alpha, "b@same.example", false);
    database_value(&fleet.database, "insert into alpha.fleet_invoice (user_id) values (%lld)",
                   (long long) id);
    expect_json(alpha, "UserService/DeleteUser", CODE_FAILED_PRECONDITION, "of fleet_invoice",
                "{\"id\": %lld}", (long long) id);
    ciq_client_free(alpha);
    fleet_free(&fleet);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script__changes_the_context),
        cmocka_unit_test(test_script__leaves_nothing),
        cmocka_unit_test(test_script__tells_its_failure),
        cmocka_unit_test(test_script__tells_who_makes_a_tenant),
        cmocka_unit_test(test_call__meets_rules_of_an_app),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
