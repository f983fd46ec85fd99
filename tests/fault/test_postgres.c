/* A PostgreSQL that goes away and comes back: made, stopped, killed and supervised for real, in a
 * folder of the test's own.  Calls fail at once with UNAVAILABLE while it is away, and work again
 * when it is back, with no restart of the server.  */
#include "harness/harness.h"

#include "server/db/cluster.h"
#include "server/base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Place {
    char folder[64];
    Config config;
} Place;

static void
replace(const char **text, const char *format, const char *value)
{
    char *copy;

    assert_true(asprintf(&copy, format, value) > 0);
    free((void *) (uintptr_t) *text);
    *text = copy;
}

static int
place_setup(void **state)
{
    Place *place = calloc(1, sizeof *place);

    folder_new(place->folder);
    assert_int_equal(chmod(place->folder, 0755), 0);
    settings_begin(&place->config);
    replace(&place->config.data_dir, "%s/data", place->folder);
    replace(&place->config.runtime_dir, "%s/run", place->folder);
    replace(&place->config.listen, "ipc://%s/ciq.sock,tcp://127.0.0.1:0", place->folder);
    place->config.workers = 2;
    place->config.role_block = 8;
    *state = place;
    return 0;
}

static int
place_teardown(void **state)
{
    Place *place = *state;

    config_free(&place->config);
    folder_remove(place->folder);
    free(place);
    return 0;
}

static CiqClient *
client_at(const Place *place, unsigned attempts_max)
{
    char url[96];
    CiqError *error = NULL;

    snprintf(url, sizeof url, "ipc://%s/ciq.sock", place->folder);
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = url, .timeout_ms = 20000, .attempts_max = attempts_max}, &error);
    assert_ok(error);
    return client;
}

static Code
list_tenants(CiqClient *client)
{
    return call_code(client, "TenantService/ListTenants", "{}");
}

static bool
is_served(void *client)
{
    return list_tenants(client) == CODE_OK;
}

static bool
is_unavailable(void *client)
{
    return list_tenants(client) == CODE_UNAVAILABLE;
}

/* 0: none runs; -1: its file is made, but its number is not yet in it. */
static pid_t
postmaster(const Place *place)
{
    char path[128];
    long pid = 0;

    snprintf(path, sizeof path, "%s/data/postgres/postmaster.pid", place->folder);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fscanf(file, "%ld", &pid) != 1)
            pid = -1;
        fclose(file);
    }
    return (pid_t) pid;
}

/* A PostgreSQL that the server does not run itself: the test stops it and starts it again. */
static void
test_postgres_stopped__unavailable_then_back(void **state)
{
    Place *place = *state;
    char reason[512];
    Cluster *cluster = cluster_start(&place->config, reason, sizeof reason);
    Config config;

    if (cluster == NULL)
        fail_msg("%s", reason);
    settings_begin(&config);
    config.workers = 2;
    config.role_block = 8;
    replace(&config.listen, "%s", place->config.listen);
    free((void *) (uintptr_t) config.database);
    free((void *) (uintptr_t) config.database_owner);
    config.database = cluster_conninfo(cluster, "ciq_worker");
    config.database_owner = cluster_conninfo(cluster, "ciq_owner");

    Server *server = server_start(&config);
    assert_non_null(server);
    CiqClient *client = client_at(place, 1);
    CiqHealthCheckRequest health = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    CiqError *error = NULL;

    assert_int_equal(list_tenants(client), CODE_OK);
    cluster_stop(cluster);
    wait_until("the server to notice", is_unavailable, client);

    int64_t start_ms = now_ms();
    for (int i = 0; i < 50; i++)
        assert_int_equal(list_tenants(client), CODE_UNAVAILABLE);
    /* refused at once: waiting for 50 deadlines would take 1,000 s */
    assert_true(now_ms() - start_ms < 10000);
    ciq_check_response_free(ciq_check(client, &health, &error));
    assert_ok(error); /* Health needs no database */

    cluster = cluster_start(&place->config, reason, sizeof reason);
    assert_non_null(cluster);
    wait_until("service again", is_served, client);
    ciq_client_free(client);
    server_stop(server);
    cluster_stop(cluster);
    config_free(&config);
}

static bool
is_another_postmaster(void *argument)
{
    void **pair = argument;
    pid_t now = postmaster(pair[0]);

    return now > 0 && now != *(pid_t *) pair[1];
}

/* The server's own PostgreSQL is killed: it is started again. */
static void
test_postgres_killed__is_supervised(void **state)
{
    Place *place = *state;
    Server *server = server_start(&place->config);

    assert_non_null(server);
    CiqClient *client = client_at(place, 1);
    pid_t before = postmaster(place);
    void *pair[] = {place, &before};

    assert_true(before > 0);
    assert_int_equal(list_tenants(client), CODE_OK);
    assert_int_equal(kill(before, SIGKILL), 0);
    wait_until("another PostgreSQL", is_another_postmaster, pair);
    wait_until("service again", is_served, client);
    ciq_client_free(client);
    server_stop(server);
    assert_int_equal(postmaster(place), 0); /* stopped with the server */
}

static void
test_data_directory__is_one_servers(void **state)
{
    Place *place = *state;
    char reason[512];
    Cluster *cluster = cluster_start(&place->config, reason, sizeof reason);

    assert_non_null(cluster);
    assert_null(cluster_start(&place->config, reason, sizeof reason));
    assert_non_null(strstr(reason, "another server uses the data directory"));
    cluster_stop(cluster);
}

/* The same hash as a parameter, in a row that is refused, and in rows that are copied. */
static void
leak_hashes(const Place *place)
{
    static const char copied[] = "1\t$argon2id$a-hash-of-a-copied-row\n";
    char socket[128];

    snprintf(socket, sizeof socket, "host='%s/run/postgres' dbname=clientiq user=ciq_owner",
             place->folder);
    PGconn *connection = PQconnectdb(socket);
    const char *const values[] = {"$argon2id$a-hash-of-a-parameter"};

    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    PQclear(PQexec(connection, "set log_parameter_max_length_on_error to -1"));
    PQclear(PQexecParams(connection, "select $1::text, 1 / (length($1) - length($1))", 1, NULL,
                         values, NULL, NULL, 0));
    PQclear(PQexec(connection, "create temporary table hashes (number int check (number > 1), hash "
                               "text default '$argon2id$a-hash-of-a-row')"));
    PQclear(PQexec(connection, "insert into hashes (number) values (0)"));
    PQclear(PQexec(connection, "copy hashes (number, hash) from stdin"));
    (void) PQputCopyData(connection, copied, (int) strlen(copied));
    (void) PQputCopyEnd(connection, NULL);
    PQclear(PQgetResult(connection));
    PQfinish(connection);
}

static void
test_postgres_log__holds_no_hash(void **state)
{
    Place *place = *state;
    Server *server = server_start(&place->config);
    char path[128];

    assert_non_null(server);
    leak_hashes(place);
    server_stop(server);
    snprintf(path, sizeof path, "%s/data/postgres.log", place->folder);

    char *log = file_read(path, NULL);

    assert_non_null(strstr(log, "division by zero"));
    assert_non_null(strstr(log, "violates"));
    if (strstr(log, "argon2id$") != NULL)
        fail_msg("PostgreSQL's log holds a hash: %.200s", strstr(log, "argon2id$") - 100);
    free(log);
}

/* A first start that was cut off leaves a folder of another name, which the next one replaces. */
static void
test_unfinished_cluster__is_made_again(void **state)
{
    Place *place = *state;
    char folder[128], file[160], reason[512];
    struct stat status;

    snprintf(folder, sizeof folder, "%s/data", place->folder);
    assert_int_equal(mkdir(folder, 0755), 0);
    snprintf(folder, sizeof folder, "%s/data/postgres.new", place->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(file, sizeof file, "%s/PG_VERSION", folder);
    fclose(fopen(file, "w"));

    Cluster *cluster = cluster_start(&place->config, reason, sizeof reason);
    if (cluster == NULL)
        fail_msg("%s", reason);
    assert_int_equal(stat(folder, &status), -1);
    cluster_stop(cluster);
}

static void
assert_bypasses(const Place *place, const char *expected)
{
    char reason[512];
    Cluster *cluster = cluster_start(&place->config, reason, sizeof reason);

    if (cluster == NULL)
        fail_msg("%s", reason);

    char *conninfo = cluster_conninfo(cluster, "ciq_owner");
    PGconn *owner = PQconnectdb(conninfo);
    PGresult *result =
        PQexec(owner, "select rolbypassrls from pg_roles where rolname = current_user");

    assert_int_equal(PQntuples(result), 1);
    assert_string_equal(PQgetvalue(result, 0, 0), expected);
    PQclear(result);
    PQfinish(owner);
    free(conninfo);
    cluster_stop(cluster);
}

/* One of an earlier release: its owner gets what a new one has, once. */
static void
test_owner__may_read_all_rows(void **state)
{
    const Place *place = *state;
    char command[512], mark[128];

    assert_bypasses(place, "t");
    snprintf(command, sizeof command,
             "data=%s/data/postgres; as=; [ $(id -u) != 0 ] || as=\"setpriv --reuid=$(stat -c %%u "
             "$data) --regid=$(stat -c %%g $data) --clear-groups\"; "
             "echo 'alter role ciq_owner nobypassrls;' | $as $(pg_config --bindir)/postgres "
             "--single -D $data postgres >$data/../single.log 2>&1",
             place->folder);
    assert_int_equal(system(command), 0);
    assert_bypasses(place, "f"); /* somebody's own decision stays */
    snprintf(mark, sizeof mark, "%s/data/postgres/clientiq.owner", place->folder);
    assert_int_equal(unlink(mark), 0);
    assert_bypasses(place, "t");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_postgres_stopped__unavailable_then_back, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(test_postgres_killed__is_supervised, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(test_data_directory__is_one_servers, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(test_postgres_log__holds_no_hash, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(test_unfinished_cluster__is_made_again, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(test_owner__may_read_all_rows, place_setup, place_teardown),
    };

    return run_cases(tests, NULL, NULL);
}
