/* Migration runs on a PostgreSQL that fails them: out of disk, and stopped and killed in the
 * middle.  It is the test's own, in a folder of its own.  */
#include "harness/fleet.h"

#include "server/db/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Place {
    char folder[64];
    Config config; /* of the PostgreSQL */
    Cluster *cluster;
    Fleet fleet;
} Place;

static void
start_cluster(Place *place)
{
    char reason[512];

    place->cluster = cluster_start(&place->config, reason, sizeof reason);
    if (place->cluster == NULL)
        fail_msg("%s", reason);
}

/* PostgreSQL may run as another user, who need not be able to read the build's folder. */
static void
preload_full_disk(const Place *place)
{
    char library[96], flag[96], command[512];

    snprintf(library, sizeof library, "%s/full_disk.so", place->folder);
    snprintf(flag, sizeof flag, "%s/full", place->folder);
    snprintf(command, sizeof command, "install -m 755 %s/full_disk.so %s", CIQ_BIN_DIR, library);
    assert_int_equal(system(command), 0);
    setenv("CIQ_FULL_DISK", flag, 1);
    setenv("LD_PRELOAD", library, 1);
}

/* A PostgreSQL, and three tenants on it with the app at 0001. */
static void
make_place(Place *place)
{
    TestDatabase *database = &place->fleet.database;
    char text[128], *worker, *owner;

    folder_new(place->folder);
    assert_int_equal(chmod(place->folder, 0755), 0);
    settings_begin(&place->config);
    snprintf(text, sizeof text, "%s/data", place->folder);
    setting_set(&place->config.data_dir, text);
    snprintf(text, sizeof text, "%s/run", place->folder);
    setting_set(&place->config.runtime_dir, text);
    snprintf(place->fleet.apps, sizeof place->fleet.apps, "%.40s/apps", place->folder);
    snprintf(text, sizeof text, "%s/tenant", place->fleet.apps);
    assert_int_equal(mkdir(place->fleet.apps, 0755), 0);
    assert_int_equal(mkdir(text, 0755), 0);
    fleet_file(&place->fleet, "fleet/0001_initial", fleet_initial);

    preload_full_disk(place);
    start_cluster(place);
    unsetenv("LD_PRELOAD");
    worker = cluster_conninfo(place->cluster, "ciq_worker");
    owner = cluster_conninfo(place->cluster, "ciq_owner");
    assert_true(worker != NULL && owner != NULL);
    snprintf(database->worker, sizeof database->worker, "%s", worker);
    snprintf(database->owner, sizeof database->owner, "%s", owner);
    /* who sees what the runs' connections do, and may do it too */
    snprintf(database->superuser, sizeof database->superuser, "%s", owner);
    free(worker);
    free(owner);
    fleet_start(&place->fleet, NULL);
    tenant_new(place->fleet.platform, "alpha");
    tenant_new(place->fleet.platform, "beta");
    tenant_new(place->fleet.platform, "gamma");
    fleet_stop(&place->fleet);
}

static int
place_setup(void **state)
{
    *state = calloc(1, sizeof(Place));
    assert_non_null(*state);
    make_place(*state);
    return 0;
}

static int
place_teardown(void **state)
{
    Place *place = *state;

    fleet_stop(&place->fleet);
    cluster_stop(place->cluster);
    config_free(&place->config);
    folder_remove(place->folder);
    free(place);
    return 0;
}

static const char *
head(Place *place, const char *schema)
{
    return database_value(&place->fleet.database,
                          "select heads ->> 'fleet' from public.tenants_tenant where "
                          "schema_name = '%s'",
                          schema);
}

static const char gated[] = "-- migrate:up\n"
                            "insert into fleet_log default values;\n"
                            "select pg_advisory_xact_lock(742);\n"
                            "-- migrate:down\n"
                            "delete from fleet_log;\n";

static pid_t
postmaster(const Place *place)
{
    char path[128];
    long pid = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/data/postgres/postmaster.pid", place->folder);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &pid), 1);
    fclose(file);
    return (pid_t) pid;
}

static bool
takes_connections(void *argument)
{
    PGconn *connection = PQconnectdb(argument);
    bool ok = PQstatus(connection) == CONNECTION_OK;

    PQfinish(connection);
    return ok;
}

/* Ended by an administrator, and once more by a crash that PostgreSQL recovers from. */
static void
test_postgres_restarted__the_run_goes_on(void **state)
{
    Place *place = *state;
    Fleet *fleet = &place->fleet;
    PGconn *holder;
    int64_t id;

    fleet_file(fleet, "fleet/0003_gated", gated);
    fleet_start(fleet, NULL);
    holder = database_hold(&fleet->database, "select pg_advisory_xact_lock(742)");
    id = run_start(fleet->platform, "");
    wait_for_waiters(&fleet->database, 3);
    cluster_stop(place->cluster);
    start_cluster(place);
    PQfinish(holder);
    holder = database_hold(&fleet->database, "select pg_advisory_xact_lock(742)");
    /* all three have come back: they wait at the gate again, or were through before it was held
     * again */
    wait_for_value(
        &fleet->database, "3",
        "select (select count(*) from pg_stat_activity where datname = current_database() "
        "and wait_event_type = 'Lock') + (select count(*) from public.migration_item "
        "where state = 'done' and run_id = (select max(id) from public.migration_run))");

    assert_int_equal(kill(postmaster(place), SIGKILL), 0);
    PQfinish(holder);
    wait_until("another PostgreSQL", takes_connections, fleet->database.owner);
    assert_run(fleet->platform, id, "DONE", 3, 0);
    assert_string_equal(head(place, "alpha"), "3");
    assert_string_equal(database_value(&fleet->database,
                                       "select count(*) from (table alpha.fleet_log union all "
                                       "table beta.fleet_log union all table gamma.fleet_log) l"),
                        "6"); /* one of each migration */
    /* what was lost counts as tried, except where another thread had taken it up already */
    assert_true(atoi(item_field(fleet->platform, id, "alpha", "attempts")) +
                    atoi(item_field(fleet->platform, id, "beta", "attempts")) +
                    atoi(item_field(fleet->platform, id, "gamma", "attempts")) >
                3);
}

static void
set_full(const Place *place, bool full)
{
    char path[96];

    snprintf(path, sizeof path, "%s/full", place->folder);
    if (full)
        assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0644)), 0);
    else
        assert_int_equal(unlink(path), 0);
}

static void
test_disk_full__in_one_tenants_transaction(void **state)
{
    Place *place = *state;
    Fleet *fleet = &place->fleet;
    int64_t id;

    database_value(&fleet->database,
                   "insert into beta.fleet_car (plate) select 'plate number ' || n from "
                   "generate_series(1, 60000) n");
    fleet_file(fleet, "fleet/0002_again",
               "-- migrate:up\ninsert into fleet_log default values;\n"
               "create index fleet_car_again on fleet_car (plate, id);\n"
               "-- migrate:down\ndrop index fleet_car_again;\n");
    fleet_start(fleet, NULL);
    set_full(place, true);
    id = run_start(fleet->platform, "");
    assert_run(fleet->platform, id, "FAILED", 2, 1);
    assert_string_equal(item_field(fleet->platform, id, "beta", "sqlstate"), "53100");
    assert_non_null(
        strstr(item_field(fleet->platform, id, "beta", "error"), "No space left on device"));
    assert_int_equal(atoi(item_field(fleet->platform, id, "beta", "line")), 3);
    /* it is not tried again: the disk would be full again */
    assert_int_equal(atoi(item_field(fleet->platform, id, "beta", "attempts")), 1);
    assert_string_equal(head(place, "beta"), "1");
    assert_string_equal(head(place, "gamma"), "2");
    assert_string_equal(database_value(&fleet->database, "select count(*) from beta.fleet_log"),
                        "0");
    assert_string_equal(database_value(&fleet->database, "select count(*) from beta.fleet_car"),
                        "60000");

    set_full(place, false);
    expect_json(fleet->platform, "MigrationService/ResumeMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
    assert_run(fleet->platform, id, "DONE", 3, 0);
    assert_string_equal(head(place, "beta"), "2");
    fleet_stop(fleet);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk_full__in_one_tenants_transaction),
        cmocka_unit_test(test_postgres_restarted__the_run_goes_on),
    };

    return run_cases(tests, place_setup, place_teardown);
}
