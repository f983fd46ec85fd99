/* Behind PgBouncer in transaction mode: every transaction may have another connection, so a
 * tenant's context that outlived its transaction would show another tenant's rows, and whoever
 * keeps one connection while it waits for a second stops everybody.  Each login may be behind it or
 * not. Skipped where pgbouncer is not installed.  */
#include "harness/fleet.h"
#include "harness/pooler.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which logins go through the pooler, and how many connections each of them has there. */
typedef struct Route {
    bool owner, worker;
    int size;
} Route;

static const Route routes[] = {
    {true, true, 1},  {true, true, 2},  {true, false, 1},  {true, false, 2},
    {false, true, 1}, {false, true, 2}, {false, false, 1},
};

/* A fleet behind a pooler.  The pooled strings are the database's own; direct ones are kept for the
 * test itself. */
typedef struct Pooled {
    Fleet fleet;
    Pooler pooler;
    TestDatabase direct;
    Route route;
} Pooled;

/* As setup of a case; *state is its Route and becomes a Pooled. */
static int
pooled_setup(void **state)
{
    static Pooled pooled;

    memset(&pooled, 0, sizeof pooled);
    pooled.route = *(const Route *) *state;
    *state = &pooled;
    if (!pooler_is_installed())
        return 0;
    fleet_new(&pooled.fleet);
    pooled.direct = pooled.fleet.database;
    pooler_start(&pooled.pooler, &pooled.direct, pooled.route.size);
    if (pooled.route.owner)
        pooler_route(&pooled.pooler, pooled.fleet.database.owner);
    if (pooled.route.worker)
        pooler_route(&pooled.pooler, pooled.fleet.database.worker);
    fleet_start(&pooled.fleet, NULL);
    return 0;
}

static int
pooled_teardown(void **state)
{
    Pooled *pooled = *state;

    if (!pooler_is_installed())
        return 0;
    fleet_stop(&pooled->fleet);
    pooler_stop(&pooled->pooler);
    fleet_free(&pooled->fleet);
    return 0;
}

typedef struct CallerThread {
    const TestServer *server;
    const char *schema;
    int wrong;
} CallerThread;

static void *
call_again_and_again(void *argument)
{
    CallerThread *caller = argument;
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = caller->server->url, .tenant = caller->schema, .timeout_ms = 30000},
        &error);
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    login.email = TEXT(world_email);
    login.password = TEXT(world_password);
    CiqLoginResponse *session = ciq_login(client, &login, &error);
    if (session != NULL)
        ciq_client_set_token(client, session->token);
    caller->wrong += session == NULL;
    ciq_login_response_free(session);
    for (int i = 0; i < 100; i++) {
        CiqUser user = CLIENTIQ__V1__USER__INIT;
        CiqCreateUserRequest create = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
        char email[64];

        snprintf(email, sizeof email, "%d.%p@x.example", i, argument);
        user.email = email;
        user.department = TEXT(caller->schema);
        create.user = &user;
        CiqCreateUserResponse *made = ciq_create_user(client, &create, &error);
        CiqGetUserResponse *read = made == NULL ? NULL : user_get(client, made->user->id, &error);

        caller->wrong += read == NULL || strcmp(read->user->department, caller->schema) != 0 ||
                         strcmp(read->user->email, email) != 0;
        ciq_error_free(error);
        error = NULL;
        ciq_create_user_response_free(made);
        ciq_get_user_response_free(read);
    }
    ciq_client_free(client);
    return NULL;
}

static void
test_pooler__shows_each_tenant_its_own(void **state)
{
    enum { THREADS = 6 };
    Pooled *pooled = *state;
    TestServer *server = &pooled->fleet.server;
    const TestDatabase *database = &pooled->direct;
    CallerThread callers[THREADS];
    pthread_t threads[THREADS];

    if (!pooler_is_installed())
        skip();
    tenant_new(pooled->fleet.platform, "acme");
    tenant_new(pooled->fleet.platform, "techcorp");
    for (int i = 0; i < THREADS; i++) {
        callers[i] = (CallerThread){.server = server, .schema = i % 2 == 0 ? "acme" : "techcorp"};
        assert_int_equal(pthread_create(&threads[i], NULL, call_again_and_again, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].wrong, 0);
    }
    assert_value(database, "300",
                 "select count(*) from acme.users_customuser where department = 'acme'");
    assert_value(database, "0",
                 "select count(*) from acme.users_customuser where department not in ('', 'acme')");
    /* and they went through the pooler, which has few connections */
    assert_true(atoi(database_value(database,
                                    "select count(*) from pg_stat_activity where "
                                    "usename like 'ciq_worker%%' and datname = '%s'",
                                    database->name)) <= 2);
}

/* ---- every flow, by every route ---- */

static const char colour[] = "-- migrate:up\nalter table fleet_car add column colour text;\n"
                             "-- migrate:down\nalter table fleet_car drop column colour;\n";

static const char fast[] =
    "-- no-transaction\n-- migrate:up\n"
    "create index concurrently if not exists fleet_car_fast on fleet_car (id, plate);\n"
    "-- migrate:down\ndrop index concurrently if exists fleet_car_fast;\n";

/* The index as every tenant's schema has it. */
static const char indexes[] = "select count(*) || ' ' || count(*) filter (where i.indisvalid) "
                              "from pg_index i join pg_class c on c.oid = i.indexrelid "
                              "where c.relname = 'fleet_car_fast'";

/* What a session keeps must not stay on a connection that the next one gets. */
static void
assert_nothing_stays(const Pooled *pooled)
{
    assert_value(&pooled->direct, "0",
                 "select count(*) from pg_locks where locktype = 'advisory' and database = "
                 "(select oid from pg_database where datname = current_database())");
}

static void
use_tenants(Pooled *pooled)
{
    for (int i = 0; i < 2; i++) {
        const char *schema = i == 0 ? "acme" : "techcorp";
        CiqClient *client;

        tenant_new(pooled->fleet.platform, schema);
        client = sign_in(&pooled->fleet.server, schema, world_email, world_password);
        assert_true(user_new(client, "same@same.example", false) > 1);
        assert_int_equal(user_count(client, "same@same.example"), 1);
        ciq_client_free(client);
    }
}

/* Jobs of the owner's, and what one server hears of another's changes. */
static void
wait_for_jobs(Pooled *pooled)
{
    bool hears = !pooled->route.owner || !pooled->route.worker;

    wait_for_value(&pooled->direct, "0",
                   "select count(*) from public.tenants_tenant where sweep_time is null");
    wait_for_value(&pooled->direct, hears ? "1" : "0",
                   "select count(*) from pg_stat_activity where datname = current_database() and "
                   "application_name = 'clientiq-heartbeat'");
}

static void
copy_tenants(Pooled *pooled)
{
    CiqClient *platform = pooled->fleet.platform;
    char archive[96], output[2000];

    expect_json(platform, "TenantService/CloneTenant", CODE_OK, NULL,
                "{\"schema_name\": \"acme\", \"new_schema_name\": \"copy\", \"domain\": "
                "\"copy.localhost\", \"with_rows\": true}");
    assert_value(&pooled->direct, "2", "select count(*) from copy.users_customuser");
    snprintf(archive, sizeof archive, "%s/acme.archive", pooled->fleet.apps);
    if (server_command(&pooled->fleet.database, output, sizeof output,
                       "export --apps %s --schema-name acme --output %s", pooled->fleet.apps,
                       archive) != 0 ||
        server_command(&pooled->fleet.database, output, sizeof output,
                       "import --apps %s --input %s --schema-name again --name Again --domain "
                       "again.localhost",
                       pooled->fleet.apps, archive) != 0)
        fail_msg("%s", output);
    assert_value(&pooled->direct, "2", "select count(*) from again.users_customuser");
}

static void
verify_tenants(Pooled *pooled)
{
    static const char *const methods[] = {"MigrationService/VerifyIsolation",
                                          "MigrationService/VerifySchema"};

    for (int i = 0; i < 2; i++) {
        CiqError *error = NULL;
        json_t *report = call_json(pooled->fleet.platform, methods[i], &error, "{}");

        assert_ok(error);
        assert_string_equal(json_at(report, "tenants.3.failed"), "0");
        json_decref(report);
    }
}

static void
test_pooler__all_flows(void **state)
{
    Pooled *pooled = *state;
    Fleet *fleet = &pooled->fleet;
    int64_t id;

    if (!pooler_is_installed())
        skip();
    use_tenants(pooled);
    wait_for_jobs(pooled);
    copy_tenants(pooled);
    verify_tenants(pooled);

    fleet_stop(fleet);
    fleet_file(fleet, "fleet/0002_colour", colour);
    fleet_file(fleet, "fleet/0003_fast", fast);
    fleet_start(fleet, NULL);
    id = run_start(fleet->platform, "");
    tenant_new(fleet->platform, "meanwhile");
    assert_run(fleet->platform, id, "DONE", 4, 0);
    assert_value(&pooled->direct, "5 5", indexes);
    id = run_start(fleet->platform, "\"app\": \"fleet\", \"target\": \"0001\"");
    assert_run(fleet->platform, id, "DONE", 5, 0);
    assert_value(&pooled->direct, "0 0", indexes);
    fleet_stop(fleet);
    assert_nothing_stays(pooled);
}

/* ---- steps without a transaction, interrupted ---- */

static const Route pooled_owner = {true, false, 8};

/* A snapshot that create index concurrently waits for, after it has made the index. */
static PGconn *
start_held_run(Pooled *pooled, int64_t *id)
{
    Fleet *fleet = &pooled->fleet;
    PGconn *holder;

    tenant_new(fleet->platform, "acme");
    tenant_new(fleet->platform, "techcorp");
    fleet_stop(fleet);
    fleet_file(fleet, "fleet/0002_fast", fast);
    fleet_start(fleet, NULL);
    holder = database_hold(&pooled->direct, "set transaction isolation level repeatable read; "
                                            "select from acme.fleet_car");
    *id = run_start(fleet->platform, "");
    wait_for_value(&pooled->direct, "t",
                   "select count(*) > 0 from pg_stat_activity where wait_event = 'virtualxid' "
                   "and datname = current_database()");
    return holder;
}

static void
wait_for_nobody(const Pooled *pooled)
{
    wait_for_value(&pooled->direct, "0",
                   "select count(*) from pg_stat_activity where wait_event = 'virtualxid' "
                   "and datname = current_database()");
}

static void
test_pooler__canceled_run(void **state)
{
    Pooled *pooled = *state;
    CiqClient *platform = pooled->fleet.platform;
    PGconn *holder;
    int64_t id;

    if (!pooler_is_installed())
        skip();
    holder = start_held_run(pooled, &id);
    platform = pooled->fleet.platform;
    expect_json(platform, "MigrationService/CancelMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
    wait_for_nobody(pooled);
    PQfinish(holder);
    expect_json(platform, "MigrationService/ResumeMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
    assert_run(platform, id, "DONE", 2, 0);
    assert_value(&pooled->direct, "2 2", indexes);
    fleet_stop(&pooled->fleet);
    assert_nothing_stays(pooled);
}

/* While the index is made no transaction is open: what changes meanwhile is seen afterwards. */
static void
test_pooler__renamed_meanwhile(void **state)
{
    Pooled *pooled = *state;
    PGconn *holder;
    int64_t id;

    if (!pooler_is_installed())
        skip();
    holder = start_held_run(pooled, &id);
    expect_json(pooled->fleet.platform, "TenantService/RenameTenant", CODE_OK, NULL,
                "{\"schema_name\": \"acme\", \"new_schema_name\": \"acme2\"}");
    PQfinish(holder);
    assert_run(pooled->fleet.platform, id, "DONE", 2, 0);
    assert_value(&pooled->direct, "2 2", indexes);
    assert_value(&pooled->direct, "1",
                 "select count(*) from acme2.core_migration where app = 'fleet' and name like "
                 "'0002%%'");
}

/* A statement that fails leaves nothing on the connection, and is named as with a direct one. */
static void
test_pooler__failed_statement(void **state)
{
    Pooled *pooled = *state;
    Fleet *fleet = &pooled->fleet;
    int64_t id;

    if (!pooler_is_installed())
        skip();
    tenant_new(fleet->platform, "acme");
    tenant_new(fleet->platform, "techcorp");
    fleet_stop(fleet);
    fleet_file(
        fleet, "fleet/0002_unique",
        "-- no-transaction\n-- migrate:up\n"
        "create unique index concurrently if not exists fleet_car_fast on fleet_car (plate);\n"
        "-- migrate:down\ndrop index concurrently if exists fleet_car_fast;\n");
    database_value(&pooled->direct, "insert into acme.fleet_car (plate) values ('B 1'), ('B 1')");
    fleet_start(fleet, NULL);
    id = run_start(fleet->platform, "");
    assert_run(fleet->platform, id, "FAILED", 1, 1);
    assert_string_equal(item_field(fleet->platform, id, "acme", "sqlstate"), "23505");
    assert_int_equal(atoi(item_field(fleet->platform, id, "acme", "line")), 3);
    assert_non_null(strstr(item_field(fleet->platform, id, "acme", "statement"),
                           "create unique index concurrently"));
    database_value(&pooled->direct, "delete from acme.fleet_car where id = 1");
    expect_json(fleet->platform, "MigrationService/ResumeMigrationRun", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", id);
    assert_run(fleet->platform, id, "DONE", 2, 0);
    assert_value(&pooled->direct, "2 2", indexes);
}

#define ROUTED(test, route)                                                                        \
    cmocka_unit_test_prestate_setup_teardown(test, pooled_setup, pooled_teardown,                  \
                                             (void *) (uintptr_t) (route))

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ROUTED(test_pooler__shows_each_tenant_its_own, &routes[1]),
        ROUTED(test_pooler__all_flows, &routes[0]),
        ROUTED(test_pooler__all_flows, &routes[1]),
        ROUTED(test_pooler__all_flows, &routes[2]),
        ROUTED(test_pooler__all_flows, &routes[3]),
        ROUTED(test_pooler__all_flows, &routes[4]),
        ROUTED(test_pooler__all_flows, &routes[5]),
        ROUTED(test_pooler__all_flows, &routes[6]),
        ROUTED(test_pooler__canceled_run, &routes[0]),
        ROUTED(test_pooler__canceled_run, &pooled_owner),
        ROUTED(test_pooler__renamed_meanwhile, &pooled_owner),
        ROUTED(test_pooler__failed_statement, &pooled_owner),
    };

    return run_cases(tests, NULL, NULL);
}
