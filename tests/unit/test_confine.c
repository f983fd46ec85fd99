/* What a migration must not do to the connection and the transaction in which it runs: found in its
 * text, with its line, and nothing that only looks like it.  */
#include "harness/harness.h"

#include "server/migration/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
note(void *argument, const char *file, size_t line, const char *text)
{
    char *noted = argument;

    (void) file;
    snprintf(noted, 1024, "%zu: %s", line, text);
}

/* What is said of a statement in the third line of an up section; "" for nothing. */
static const char *
wrong(const char *statement)
{
    static char noted[1024];
    char text[2048];
    MigrationSet set;

    noted[0] = '\0';
    snprintf(text, sizeof text,
             "-- migrate:up\nselect 1;\n%s;\nselect 2;\n-- migrate:down\nselect 3;\n", statement);
    assert_true(migration_set_init(&set, NULL, 0, note, noted));
    assert_true(migration_set_add(&set, "shop", "0001_x.sql", "x.sql", text, strlen(text)));
    migration_set_free(&set);
    return noted;
}

static void
test_confine__refused(void **state)
{
    static const struct {
        const char *word, *statements[24];
    } refused[] = {
        {"must not begin, end or mark a transaction",
         {"begin", "BEGIN work", "start transaction", "commit", "Commit And Chain", "end",
          "rollback", "rollback to savepoint step", "abort", "savepoint a", "release a",
          "prepare transaction 'a'", "commit prepared 'a'", "rollback prepared 'a'",
          "/* a; */ commit"}},
        {"must not change the role",
         {"set search_path to other", "SET LOCAL search_path = ''", "set role other",
          "set local role none", "set session role other", "set session authorization default",
          "set local session authorization 'a'", "set schema 'other'", "set names 'latin1'",
          "set client_encoding = 'LATIN1'", "set local client_encoding to utf8",
          "set default_transaction_read_only = on", "set transaction read only",
          "set session characteristics as transaction read only",
          "set standard_conforming_strings = off", "set local session_replication_role = replica",
          "select pg_catalog.set_config('search_path', '', true)",
          "select set_config('ROLE', 'other', true)"}},
        {"stays with the connection",
         {"set statement_timeout = 0", "set session lock_timeout to '1s'", "set time zone 'UTC'",
          "set client_min_messages = warning", "reset all", "reset role", "discard all", "listen a",
          "unlisten *", "prepare a as select 1", "deallocate all", "load 'a'",
          "declare a cursor with hold for select 1", "select set_config('work_mem', '1MB', false)",
          "select 1 where set_config('app.a', lower('B'), 1 > 2) = ''",
          "insert into t select set_config('a.b', 'c', false)"}},
        {"must not copy from stdin",
         {"copy t from stdin", "copy t (a, b) from STDIN with (format csv)",
          "copy (select 1) to stdout"}},
    };

    (void) state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        for (const char *const *statement = refused[i].statements; *statement != NULL;
             statement++) {
            const char *said = wrong(*statement);

            if (strstr(said, refused[i].word) == NULL || strncmp(said, "3: \"", 4) != 0)
                fail_msg("%s: \"%s\"", *statement, said);
        }
}

static void
test_confine__allowed(void **state)
{
    static const char *const allowed[] = {
        "set local statement_timeout to '5s'",
        "SET LOCAL lock_timeout = 0",
        "set constraints all deferred",
        "select set_config('app.a', 'commit; set role other', true)",
        "select set_config('work_mem', '1MB', 't')",
        "select 'begin', \"commit\" from t",
        "-- commit;\nselect 1",
        "create function f() returns void language plpgsql set search_path = '' as "
        "$$ begin perform set_config('role', 'x', false); end $$",
        "create function g() returns int language sql begin atomic select 1; end",
        "do $$ begin perform 1; end $$",
        "create table begin_end (commit text, role text)",
        "copy t from '/a/file'",
        "notify a",
        "declare a cursor for select 1",
        "update t set role = 'x', search_path = 'y'",
        "alter table t alter column a set default 1",
    };

    (void) state;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (wrong(allowed[i])[0] != '\0')
            fail_msg("%s: \"%s\"", allowed[i], wrong(allowed[i]));
}

/* A mistake names the statement, but not a long one's every line. */
static void
test_confine__names_the_statement(void **state)
{
    (void) state;
    assert_non_null(strstr(wrong("set work_mem =\n  '1MB'"), "\"set work_mem =\" stays"));
    assert_non_null(strstr(wrong("set application_name = "
                                 "'0123456789012345678901234567890123456789'"),
                           "\"set application_name = '012345678901234567890123456789012345\" "));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confine__refused),
        cmocka_unit_test(test_confine__allowed),
        cmocka_unit_test(test_confine__names_the_statement),
    };

    return run_cases(tests, NULL, NULL);
}
