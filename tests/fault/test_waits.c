/* Whatever a server waits for may never come: a PostgreSQL that is silent, a log that nobody reads,
 * a connection whose other end is gone.  It still serves what it can, and SIGTERM ends it.  No time
 * is asserted: the limits here are only those after which a test gives up.  */
#include "harness/fleet.h"
#include "harness/proxy.h"

#include "server/db/cluster.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CALLS = 2000 /* each a line: more than a pipe and the log's ring hold */ };

typedef struct Waits {
    Fleet fleet;
    Proxy *proxy;
    TestDatabase through;
    ServerProcess process;
} Waits;

static const char *const options[] = {"--drain-ms", "1000", "--verify-domains", "off", NULL};

static int
setup(void **state)
{
    static Waits waits;

    memset(&waits, 0, sizeof waits);
    fleet_new(&waits.fleet);
    waits.proxy = proxy_new(&waits.fleet.database, &waits.through);
    *state = &waits;
    return 0;
}

/* A server that a failed test has left is of no use any more. */
static int
teardown(void **state)
{
    Waits *waits = *state;

    if (waits->process.pid > 0) {
        (void) kill(waits->process.pid, SIGCONT);
        process_kill(&waits->process);
    }
    proxy_free(waits->proxy);
    fleet_free(&waits->fleet);
    return 0;
}

static CiqClient *
impatient(const Waits *waits, uint32_t timeout_ms)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = waits->process.url, .timeout_ms = timeout_ms, .attempts_max = 1},
        &error);

    assert_ok(error);
    return client;
}

static Code
list_tenants(CiqClient *client)
{
    return call_code(client, "TenantService/ListTenants", "{}");
}

static bool
has_line(const Waits *waits, const char *text)
{
    char *log = file_read(waits->process.log, NULL);
    bool found = strstr(log, text) != NULL;

    free(log);
    return found;
}

static bool
is_up(void *argument)
{
    return access(argument, F_OK) == 0;
}

static void
stop_well(Waits *waits)
{
    assert_int_equal(kill(waits->process.pid, SIGTERM), 0);
    assert_int_equal(process_end(&waits->process), 0);
    unlink(waits->process.log);
}

/* ---- PostgreSQL is silent ---- */

static void
test_stop__database_silent(void **state)
{
    Waits *waits = *state;

    process_start(&waits->process, &waits->through, waits->fleet.apps, options);
    CiqClient *client = impatient(waits, 300);
    assert_int_equal(list_tenants(client), CODE_OK);

    proxy_silence(waits->proxy);
    for (int i = 0; i < 12; i++)
        assert_int_not_equal(list_tenants(client), CODE_OK);
    ciq_client_free(client);
    stop_well(waits);
}

/* New roles make each worker warm its connection before it serves the next call. */
static void
test_stop__database_silent_while_roles_are_new(void **state)
{
    Waits *waits = *state;

    process_start(&waits->process, &waits->through, waits->fleet.apps, options);
    CiqClient *client = impatient(waits, 300);

    assert_int_equal(list_tenants(client), CODE_OK);
    (void) database_value(&waits->fleet.database, "select pg_notify('ciq', 'r0')");
    wait_for_value(&waits->fleet.database, "t",
                   "select count(*) > 0 from pg_stat_activity where datname = current_database() "
                   "and application_name = 'clientiq' and query like '%%rollback'");
    (void) database_value(&waits->fleet.database, "select pg_notify('ciq', 'r0')");
    proxy_silence(waits->proxy);
    for (int i = 0; i < 12; i++)
        (void) list_tenants(client);
    ciq_client_free(client);
    stop_well(waits);
}

static void
test_start__database_silent(void **state)
{
    Waits *waits = *state;

    proxy_silence(waits->proxy);
    process_spawn(&waits->process, &waits->through, waits->fleet.apps, options, -1);
    assert_int_equal(process_end(&waits->process), 1);
    assert_true(has_line(waits, "the database did not answer in time"));
    unlink(waits->process.log);
}

/* Names PostgreSQL itself as a second host, after the proxy. */
static void
add_host(const TestDatabase *database, char *conninfo, size_t size)
{
    PGconn *connection = database_connect(database);
    char *hosts = strstr(conninfo, " host=127.0.0.1");
    char place[160];
    int number = 0;

    assert_non_null(hosts);
    assert_int_equal(sscanf(hosts, " host=127.0.0.1 port=%d", &number), 1);
    snprintf(place, sizeof place, " host=127.0.0.1,%.80s port=%d,%.8s", PQhost(connection), number,
             PQport(connection));
    PQfinish(connection);
    assert_true((size_t) (hosts - conninfo) + strlen(place) < size);
    memcpy(hosts, place, strlen(place) + 1);
}

/* The first host of several takes the connection and says nothing: the next one is asked, and not
 * for each connection after the silence of the first again. */
static void
test_start__one_host_silent(void **state)
{
    Waits *waits = *state;
    const TestDatabase *database = &waits->fleet.database;

    proxy_silence(waits->proxy);
    add_host(database, waits->through.worker, sizeof waits->through.worker);
    add_host(database, waits->through.owner, sizeof waits->through.owner);
    process_spawn(&waits->process, &waits->through, waits->fleet.apps, options, -1);
    wait_until("the server's socket", is_up, waits->process.url + strlen("ipc://"));
    CiqClient *client = impatient(waits, 2000);

    assert_int_equal(list_tenants(client), CODE_OK);
    ciq_client_free(client);
    stop_well(waits);
}

static void
test_stop__while_it_starts(void **state)
{
    Waits *waits = *state;

    proxy_silence(waits->proxy);
    process_spawn(&waits->process, &waits->through, waits->fleet.apps, options, -1);
    proxy_wait(waits->proxy, 1);
    stop_well(waits);
}

/* The server's heartbeat has a connection of its own, which nobody else would miss. */
static void
test_heartbeat__silent_connection_is_replaced(void **state)
{
    static const char heartbeats[] = "select count(*) from pg_stat_activity where application_name "
                                     "= 'clientiq-heartbeat' and datname = current_database()";
    Waits *waits = *state;

    process_start(&waits->process, &waits->through, waits->fleet.apps, options);
    wait_for_value(&waits->fleet.database, "1", "%s", heartbeats);
    proxy_silence_open(waits->proxy);
    /* PostgreSQL does not hear of the end of the silent one */
    wait_for_value(&waits->fleet.database, "2", "%s", heartbeats);
    stop_well(waits);
}

/* ---- PostgreSQL waits for the server ---- */

static const char in_transaction[] =
    "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in "
    "transaction' and application_name = 'clientiq'";

static void *
make_user(void *client)
{
    (void) call_code(client, "UserService/CreateUser",
                     "{\"user\": {\"email\": \"late@same.example\"}, \"password\": \"%s\"}",
                     world_password);
    return NULL;
}

/* A server that hangs in the middle of a write, as one whose machine was lost: the locks of its
 * transaction are free again soon after the call's deadline. */
static void
test_lost_server__its_transaction_ends(void **state)
{
    Waits *waits = *state;
    const TestDatabase *database = &waits->fleet.database;
    TestServer server = {.database = &waits->fleet.database};
    pthread_t thread;

    process_start(&waits->process, database, waits->fleet.apps, options);
    server.url = waits->process.url;
    CiqClient *platform = process_operator(&waits->process), *client = impatient(waits, 2000);
    char token[TOKEN_SIZE];
    tenant_new(platform, "acme");
    token_new(&server, "acme", world_email, token);
    ciq_client_set_tenant(client, "acme");
    ciq_client_set_token(client, token);

    PGconn *holder = database_hold(database, "lock table acme.users_customuser in share mode");
    assert_int_equal(pthread_create(&thread, NULL, make_user, client), 0);
    wait_for_value(database, "1",
                   "select count(*) from pg_stat_activity where datname = current_database() and "
                   "wait_event_type = 'Lock' and query like '%%insert into users_customuser%%'");
    assert_int_equal(kill(waits->process.pid, SIGSTOP), 0);
    database_release(holder);
    wait_for_value(database, "1", "%s", in_transaction);
    wait_for_value(database, "0", "%s", in_transaction);

    assert_int_equal(kill(waits->process.pid, SIGCONT), 0);
    pthread_join(thread, NULL);
    ciq_client_free(client);
    ciq_client_free(platform);
    stop_well(waits);
}

/* ---- the private PostgreSQL ---- */

/* 0: none runs. */
static pid_t
postmaster(const char *folder)
{
    char path[128];
    long pid = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/data/postgres/postmaster.pid", folder);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld", &pid) != 1)
        pid = 0;
    fclose(file);
    return (pid_t) pid;
}

static bool
has_no_postmaster(void *folder)
{
    return postmaster(folder) == 0;
}

/* Before the server, since it takes its time. */
static void
make_cluster(const char *data, const char *run)
{
    Config config;
    char reason[512];
    Cluster *cluster;

    settings_begin(&config);
    setting_set(&config.data_dir, data);
    setting_set(&config.runtime_dir, run);
    cluster = cluster_start(&config, reason, sizeof reason);
    if (cluster == NULL)
        fail_msg("%s", reason);
    cluster_stop(cluster);
    config_free(&config);
}

/* One that cannot end in time is not killed: it has been told, and ends when it can; the next
 * server finds everything in order. */
static void
test_stop__private_postgresql_hangs(void **state)
{
    Waits *waits = *state;
    TestDatabase none = {.name = ""}; /* empty settings: a private one */
    char folder[64], data[96], run[96];

    folder_new(folder);
    assert_int_equal(chmod(folder, 0755), 0);
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(run, sizeof run, "%s/run", folder);
    make_cluster(data, run);
    const char *const private[] = {"--drain-ms", "1000",      "--data-dir", data, "--runtime-dir",
                                   run,          "--workers", "2",          NULL};

    process_spawn(&waits->process, &none, waits->fleet.apps, private, -1);
    wait_until("the server's socket", is_up, waits->process.url + strlen("ipc://"));
    pid_t pid = postmaster(folder);
    assert_true(pid > 0);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(kill(waits->process.pid, SIGTERM), 0);
    assert_int_equal(process_end(&waits->process), 0);
    assert_true(has_line(waits, "PostgreSQL still shuts down"));
    assert_int_equal(kill(pid, SIGCONT), 0);
    wait_until("the end of PostgreSQL", has_no_postmaster, folder);

    process_spawn(&waits->process, &none, waits->fleet.apps, private, -1);
    wait_until("the server's socket", is_up, waits->process.url + strlen("ipc://"));
    stop_well(waits);
    folder_remove(folder);
}

/* ---- nobody reads the log ---- */

/* Reads up to the line that says how many were left out. */
static void
read_dropped(int pipe)
{
    FILE *log = fdopen(pipe, "r");
    char line[2048];
    unsigned count = 0;

    assert_non_null(log);
    while (count == 0 && fgets(line, sizeof line, log) != NULL)
        if (strstr(line, "log lines dropped") != NULL)
            (void) !sscanf(strstr(line, "count="), "count=%u", &count);
    assert_true(count > 0);
    fclose(log);
}

static void
fill_log(Waits *waits, int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    process_spawn(&waits->process, &waits->fleet.database, waits->fleet.apps, options, ends[1]);
    close(ends[1]);
    wait_until("the server's socket", is_up, waits->process.url + strlen("ipc://"));
    CiqClient *client = impatient(waits, 20000);

    for (int i = 0; i < CALLS; i++)
        assert_int_equal(list_tenants(client), CODE_OK);
    ciq_client_free(client);
}

static void
test_log__nobody_reads_it(void **state)
{
    Waits *waits = *state;
    int ends[2];

    fill_log(waits, ends);
    stop_well(waits);
    close(ends[0]);
}

static void
test_log__read_again_says_what_is_missing(void **state)
{
    Waits *waits = *state;
    int ends[2];

    fill_log(waits, ends);
    read_dropped(ends[0]);
    stop_well(waits);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stop__database_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop__database_silent_while_roles_are_new, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_start__database_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_start__one_host_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop__while_it_starts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_heartbeat__silent_connection_is_replaced, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_log__nobody_reads_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log__read_again_says_what_is_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_server__its_transaction_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop__private_postgresql_hangs, setup, teardown),
    };

    return run_cases(tests, NULL, NULL);
}
