/* Databases of tests; see database.h.  */
#include "harness/database.h"

#include "harness/cases.h"
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
            fail_msg("no PostgreSQL for tests: set CIQ_TEST_DATABASE, or run by ctest");
        if (stream != NULL)
            fclose(stream);
        conninfo[strcspn(conninfo, "\n")] = '\0';
    }
    return conninfo;
}

static PGconn *
connect_to(const char *conninfo)
{
    PGconn *connection = PQconnectdb(conninfo);

    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("cannot connect to %s: %s", conninfo, PQerrorMessage(connection));
    return connection;
}

static void
execute(PGconn *connection, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(connection));
}

void
database_new(TestDatabase *database)
{
    static int number;
    char tag[40];

    PGconn *connection = connect_to(superuser_conninfo());

    snprintf(tag, sizeof tag, "%ld_%d", (long) getpid(), ++number);
    snprintf(database->name, sizeof database->name, "ciq_test_%s", tag);
    execute(connection, "create role ciq_owner_%s login createrole password 'test'", tag);
    execute(connection, "create role ciq_worker_%s login noinherit password 'test'", tag);
    execute(connection, "create database %s owner ciq_owner_%s", database->name, tag);

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
    PGconn *connection = connect_to(superuser_conninfo());

    /* the installation's roles carry its id; one that never came to be has none */
    snprintf(installation, sizeof installation, "%s",
             database_value(database, "select case when to_regclass('public.core_installation') is "
                                      "null then '' else (xpath('/row/id/text()', "
                                      "query_to_xml('select id from public.core_installation', "
                                      "false, true, '')))[1]::text end"));
    execute(connection, "drop database %s with (force)", database->name);
    if (installation[0] != '\0') {
        PGresult *roles;
        char statement[160];

        snprintf(statement, sizeof statement,
                 "select rolname from pg_roles where starts_with(rolname, 'ciq_%s_')",
                 installation);
        roles = PQexec(connection, statement);
        for (int i = 0; i < PQntuples(roles); i++)
            execute(connection, "drop role %s", PQgetvalue(roles, i, 0));
        PQclear(roles);
    }
    execute(connection, "drop role ciq_owner_%s", tag);
    execute(connection, "drop role ciq_worker_%s", tag);
    PQfinish(connection);
}

PGconn *
database_connect(const TestDatabase *database)
{
    return connect_to(database->superuser);
}

const char *
database_value(const TestDatabase *database, const char *format, ...)
{
    static char value[4096];
    char text[4096];
    va_list arguments;
    PGconn *connection = database_connect(database);

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(connection));
    snprintf(value, sizeof value, "%s",
             PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(connection);
    return value;
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
    char text[4096];
    PGconn *connection = PQconnectdb(database->owner);
    /* the tenant's row first, as everything of the server locks it, or housekeeping and this would
     * wait for each other */
    int size = snprintf(
        text, sizeof text,
        "begin; select from public.tenants_tenant where schema_name = '%s' for update; "
        "set local search_path to %s, pg_temp; %s; "
        "delete from core_migration where app = '%s' and name = '%s'; "
        "update public.tenants_tenant set heads = heads || '{\"%s\": %u}' "
        "where schema_name = '%s'; select pg_notify('ciq', 'n0'); commit",
        schema, schema, file->down, file->app, file->name, file->app, file->number - 1, schema);

    assert_true(size > 0 && (size_t) size < sizeof text);
    PGresult *result = PQexec(connection, text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", file->file, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}
