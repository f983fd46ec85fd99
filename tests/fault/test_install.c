/* Starting on a database: several servers at once, on a database that somebody changed by hand, and
 * with another login than it was installed for.  */
#include "harness/harness.h"

#include "migration/embedded.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SERVERS = 4 };

static void *
start(void *argument)
{
    TestServer *server = argument;

    server->server = server_start(&server->config);
    return NULL;
}

static void
configure(TestServer *server, TestDatabase *database, const char *worker)
{
    char *listen;
    static int number;

    server->database = database;
    settings_begin(&server->config);
    assert_true(asprintf(&listen, "ipc:///tmp/ciq-install-%ld-%d.sock", (long) getpid(), ++number) >
                0);
    free((void *) (uintptr_t) server->config.listen);
    free((void *) (uintptr_t) server->config.database);
    free((void *) (uintptr_t) server->config.database_owner);
    server->config.listen = listen;
    server->config.database = strdup(worker);
    server->config.database_owner = strdup(database->owner);
    server->config.workers = server->config.password_workers = server->config.owner_workers = 1;
    server->config.role_block = 8;
}

static void
test_install__four_servers_at_once(void **state)
{
    TestDatabase database;
    TestServer servers[SERVERS];
    pthread_t threads[SERVERS];

    (void) state;
    database_new(&database);
    for (int i = 0; i < SERVERS; i++)
        configure(&servers[i], &database, database.worker);
    for (int i = 0; i < SERVERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start, &servers[i]), 0);
    for (int i = 0; i < SERVERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SERVERS; i++) {
        assert_non_null(servers[i].server);
        server_stop(servers[i].server);
        config_free(&servers[i].config);
    }
    char applied[16];

    snprintf(applied, sizeof applied, "%zu", migrations_shared_count);
    assert_string_equal(database_value(&database, "select count(*) from public.core_installation"),
                        "1");
    assert_string_equal(database_value(&database, "select count(*) from public.core_migration"),
                        applied);
    database_drop(&database);
}

static void
test_start__edited_migration_is_named(void **state)
{
    TestDatabase database;
    TestServer server;

    (void) state;
    database_new(&database);
    configure(&server, &database, database.worker);
    start(&server);
    assert_non_null(server.server);
    server_stop(server.server);
    database_value(&database,
                   "update public.core_migration set checksum = 'another' where app = 'tenants'");
    start(&server);
    assert_null(server.server); /* and the log names sql/shared/tenants/0001_initial.sql */
    config_free(&server.config);
    database_drop(&database);
}

static void
test_start__as_another_login(void **state)
{
    TestDatabase database, other;
    TestServer server;
    char worker[300];

    (void) state;
    database_new(&database);
    database_new(&other);
    configure(&server, &database, database.worker);
    start(&server);
    assert_non_null(server.server);
    server_stop(server.server);
    config_free(&server.config);

    /* the other database's login: this one was not installed for it, and it may not even connect */
    snprintf(worker, sizeof worker, "%s dbname=%s", other.worker, database.name);
    configure(&server, &database, worker);
    start(&server);
    assert_null(server.server);
    database_value(&database, "grant connect on database %s to ciq_worker_%s", database.name,
                   other.name + strlen("ciq_test_"));
    start(&server);
    assert_null(server.server);
    database_value(&database, "revoke connect on database %s from ciq_worker_%s", database.name,
                   other.name + strlen("ciq_test_"));
    config_free(&server.config);
    database_drop(&database);
    database_drop(&other);
}

/* A workers' login with rights of its own could go around the tenants' roles, so the server does
 * not start with one. */
static void
test_start__unfit_workers_login(void **state)
{
    static const char *const unfit[][2] = {
        {"inherit", "noinherit"}, {"superuser", "nosuperuser"}, {"createrole", "nocreaterole"}};
    TestDatabase database;
    TestServer server;
    const char *tag;

    (void) state;
    database_new(&database);
    tag = database.name + strlen("ciq_test_");
    configure(&server, &database, database.worker);
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        database_value(&database, "alter role ciq_worker_%s %s", tag, unfit[i][0]);
        start(&server);
        assert_null(server.server);
        database_value(&database, "alter role ciq_worker_%s %s", tag, unfit[i][1]);
    }
    assert_string_equal(
        database_value(&database, "select to_regclass('public.core_installation') is null"), "t");
    config_free(&server.config);

    /* the owner's login as the workers' login */
    configure(&server, &database, database.owner);
    start(&server);
    assert_null(server.server);
    config_free(&server.config);

    configure(&server, &database, database.worker);
    start(&server);
    assert_non_null(server.server);
    server_stop(server.server);
    config_free(&server.config);
    database_drop(&database);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_install__four_servers_at_once),
        cmocka_unit_test(test_start__edited_migration_is_named),
        cmocka_unit_test(test_start__as_another_login),
        cmocka_unit_test(test_start__unfit_workers_login),
    };

    return run_cases(tests, NULL, NULL);
}
