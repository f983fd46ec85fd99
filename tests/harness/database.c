/* Databases of tests; see database.h.  */
#include "harness/database.h"

#include "harness/cases.h"
#include "harness/text.h"
#include "harness/wait.h"
#include "migration/embedded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The run's PostgreSQL: a superuser's connection string without a database. */
static const char *
superuser_conninfo(void)
{
    static char conninfo[256];
    const char *named = getenv("CIQ_TEST_DATABASE");
    const char *file = getenv("CIQ_TEST_POSTGRES_FILE");

    if (named != NULL && named[0] != '\0')
        return named;
    if (conninfo[0] == '\0') {
        FILE *stream = file == NULL ? NULL : fopen(file, "r");

        if (stream == NULL || fgets(conninfo, sizeof conninfo, stream) == NULL)
            fail_msg("no PostgreSQL for tests: run by ctest, or see docs/testing.md");
        if (stream != NULL)
            fclose(stream);
        conninfo[strcspn(conninfo, "\n")] = '\0';
    }
    return conninfo;
}

static PGconn *
connection_new(const char *conninfo)
{
    PGconn *connection = PQconnectdb(conninfo);

    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("cannot connect to %s: %s", conninfo, PQerrorMessage(connection));
    return connection;
}

/* The statement's answer, which succeeded. */
static PGresult *
statement_run(PGconn *connection, const char *text)
{
    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(connection));
    return result;
}

void
connection_run(PGconn *connection, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);

    char *text = text_vprintf(format, arguments);

    va_end(arguments);
    PQclear(statement_run(connection, text));
    free(text);
}

void
database_new(TestDatabase *database)
{
    static int number;
    char tag[40];

    PGconn *connection = connection_new(superuser_conninfo());

    snprintf(tag, sizeof tag, "%ld_%d", (long) getpid(), ++number);
    snprintf(database->name, sizeof database->name, "ciq_test_%s", tag);
    connection_run(connection, "create role ciq_owner_%s login createrole password 'test'", tag);
    connection_run(connection, "create role ciq_worker_%s login noinherit password 'test'", tag);
    connection_run(connection, "create database %s owner ciq_owner_%s", database->name, tag);

    const char *host = PQhost(connection), *port = PQport(connection);

    snprintf(database->worker, sizeof database->worker,
             "host=%s port=%s dbname=%s user=ciq_worker_%s password=test", host, port,
             database->name, tag);
    snprintf(database->owner, sizeof database->owner,
             "host=%s port=%s dbname=%s user=ciq_owner_%s password=test", host, port,
             database->name, tag);
    snprintf(database->superuser, sizeof database->superuser, "%.100s dbname=%.50s",
             superuser_conninfo(), database->name);
    PQfinish(connection);
}

void
database_drop(TestDatabase *database)
{
    const char *tag = database->name + strlen("ciq_test_");
    char installation[64];
    PGconn *connection = connection_new(superuser_conninfo());

    /* the names of the installation's roles have its id in them; a database without an installation
     * has none */
    snprintf(installation, sizeof installation, "%s",
             database_value(database, "select case when to_regclass('public.core_installation') is "
                                      "null then '' else (xpath('/row/id/text()', "
                                      "query_to_xml('select id from public.core_installation', "
                                      "false, true, '')))[1]::text end"));
    connection_run(connection, "drop database %s with (force)", database->name);
    if (installation[0] != '\0') {
        PGresult *roles;
        char statement[160];

        snprintf(statement, sizeof statement,
                 "select rolname from pg_roles where starts_with(rolname, 'ciq_%s_')",
                 installation);
        roles = PQexec(connection, statement);
        for (int i = 0; i < PQntuples(roles); i++)
            connection_run(connection, "drop role %s", PQgetvalue(roles, i, 0));
        PQclear(roles);
    }
    connection_run(connection, "drop role ciq_owner_%s", tag);
    connection_run(connection, "drop role ciq_worker_%s", tag);
    PQfinish(connection);
}

PGconn *
database_connect(const TestDatabase *database)
{
    return connection_new(database->superuser);
}

enum { VALUES = 4 }; /* that are good at the same time */

static const char *
statement_value(const TestDatabase *database, const char *text)
{
    static char values[VALUES][4096];
    static unsigned next;
    char *value = values[next++ % VALUES];
    PGconn *connection = database_connect(database);
    PGresult *result = statement_run(connection, text);

    snprintf(value, sizeof values[0], "%s",
             PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(connection);
    return value;
}

const char *
database_value(const TestDatabase *database, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);

    char *text = text_vprintf(format, arguments);

    va_end(arguments);

    const char *value = statement_value(database, text);

    free(text);
    return value;
}

void
assert_value(const TestDatabase *database, const char *expected, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);

    char *text = text_vprintf(format, arguments);

    va_end(arguments);
    assert_string_equal(statement_value(database, text), expected);
    free(text);
}

typedef struct Wanted {
    const TestDatabase *database;
    const char *text, *expected;
} Wanted;

static bool
value_has_come(void *argument)
{
    const Wanted *wanted = argument;

    return strcmp(statement_value(wanted->database, wanted->text), wanted->expected) == 0;
}

void
wait_for_value(const TestDatabase *database, const char *expected, const char *format, ...)
{
    char what[512], kept[256];
    va_list arguments;

    va_start(arguments, format);

    char *text = text_vprintf(format, arguments);

    va_end(arguments);
    snprintf(what, sizeof what, "\"%s\" from %s", expected, text);
    /* expected may be database_value's, whose memory is used again while this waits */
    assert_true(snprintf(kept, sizeof kept, "%s", expected) < (int) sizeof kept);
    wait_until(what, value_has_come, &(Wanted){database, text, kept});
    free(text);
}

PGconn *
database_hold(const TestDatabase *database, const char *format, ...)
{
    PGconn *connection = database_connect(database);
    va_list arguments;

    va_start(arguments, format);

    char *text = text_vprintf(format, arguments);

    va_end(arguments);
    connection_run(connection, "begin");
    connection_run(connection, "%s", text);
    free(text);
    return connection;
}

void
database_release(PGconn *holder)
{
    connection_run(holder, "rollback");
    PQfinish(holder);
}

void
wait_for_waiters(const TestDatabase *database, int count)
{
    char expected[16];

    snprintf(expected, sizeof expected, "%d", count);
    wait_for_value(database, expected,
                   "select count(*) from pg_stat_activity where datname = current_database() "
                   "and wait_event_type = 'Lock'");
}

void
database_traces(const TestDatabase *database, char traces[200])
{
    snprintf(traces, 200, "%s",
             database_value(database, "select (select count(*) from pg_namespace) || ' ' || "
                                      "(select count(*) from public.tenants_tenant) || ' ' || "
                                      "(select count(*) from public.tenants_domain) || ' ' || "
                                      "(select count(*) from pg_class)"));
}

const MigrationFile *
migration_newest(const char *app)
{
    const MigrationFile *newest = NULL;

    for (size_t i = 0; i < migrations_tenant_count; i++)
        if (strcmp(migrations_tenant[i].app, app) == 0 &&
            (newest == NULL || migrations_tenant[i].number > newest->number))
            newest = &migrations_tenant[i];
    return newest;
}

void
migration_undo(const TestDatabase *database, const char *schema, const MigrationFile *file)
{
    PGconn *connection = connection_new(database->owner);

    /* the tenant's row first, as everything of the server locks it, or housekeeping and this would
     * wait for each other */
    connection_run(connection,
                   "begin; select from public.tenants_tenant where schema_name = '%s' for update; "
                   "set local search_path to %s, pg_temp; %s; "
                   "delete from core_migration where app = '%s' and name = '%s'; "
                   "update public.tenants_tenant set heads = heads || '{\"%s\": %u}' "
                   "where schema_name = '%s'; select pg_notify('ciq', 'n0'); commit",
                   schema, schema, file->down, file->app, file->name, file->app, file->number - 1,
                   schema);
    PQfinish(connection);
}
