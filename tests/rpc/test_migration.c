/* Migration runs by rpc, on the bundled business app: down and up, to a target, to zero; plans,
 * fakes, status, refusals.  Both tenants have the same ids and addresses; what is done to one
 * leaves the other alone.  */
#include "harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CiqCreateMigrationRunResponse *
create(CiqClient *client, const char *schema, const char *app, const char *target, CiqError **error)
{
    CiqCreateMigrationRunRequest request = CLIENTIQ__V1__CREATE_MIGRATION_RUN_REQUEST__INIT;
    char *schemas[] = {TEXT(schema)};

    request.schemas = schemas;
    request.n_schemas = schema != NULL;
    request.app = TEXT(app);
    request.target = TEXT(target);
    return ciq_create_migration_run(client, &request, error);
}

typedef struct Watch {
    CiqClient *client;
    int64_t id;
    int state;
    int64_t done, failed;
} Watch;

static bool
has_ended(void *argument)
{
    Watch *watch = argument;
    CiqError *error = NULL;
    CiqGetMigrationRunRequest request = CLIENTIQ__V1__GET_MIGRATION_RUN_REQUEST__INIT;

    request.id = watch->id;
    CiqGetMigrationRunResponse *response = ciq_get_migration_run(watch->client, &request, &error);
    assert_ok(error);
    watch->state = (int) response->run->state;
    watch->done = response->run->done;
    watch->failed = response->run->failed;
    ciq_get_migration_run_response_free(response);
    return watch->state != CLIENTIQ__V1__MIGRATION_RUN_STATE__MIGRATION_RUN_STATE_RUNNING;
}

/* Starts a run, waits for its end and gives what became of it. */
static Watch
migrate(World *world, const char *schema, const char *app, const char *target)
{
    CiqError *error = NULL;
    Watch watch = {.client = world->platform};
    CiqCreateMigrationRunResponse *response = create(world->platform, schema, app, target, &error);

    assert_ok(error);
    watch.id = response->run->id;
    watch.state = (int) response->run->state;
    ciq_create_migration_run_response_free(response);
    if (watch.id != 0)
        wait_until("the run's end", has_ended, &watch);
    return watch;
}

static void
assert_done(Watch watch, int64_t done)
{
    assert_int_equal(watch.state, CLIENTIQ__V1__MIGRATION_RUN_STATE__MIGRATION_RUN_STATE_DONE);
    assert_int_equal(watch.done, done);
    assert_int_equal(watch.failed, 0);
}

static bool
has_index(World *world, const char *schema)
{
    return strcmp(database_value(&world->database,
                                 "select to_regclass('%s.business_contact_email') is not null",
                                 schema),
                  "t") == 0;
}

static const char *
head(World *world, const char *schema)
{
    return database_value(&world->database,
                          "select heads ->> 'business' from public.tenants_tenant where "
                          "schema_name = '%s'",
                          schema);
}

static void
test_run__down_and_up(void **state)
{
    World *world = *state;
    Watch watch = migrate(world, "acme", "business", "0001");

    assert_done(watch, 1);
    assert_false(has_index(world, "acme"));
    assert_true(has_index(world, "techcorp"));
    assert_string_equal(head(world, "acme"), "1");
    assert_string_equal(head(world, "techcorp"), "2");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.core_migration where "
                                       "app = 'business'"),
                        "1");

    /* a run of all tenants, of which one is behind */
    assert_done(migrate(world, NULL, "", ""), 1);
    assert_true(has_index(world, "acme"));
    assert_string_equal(head(world, "acme"), "2");

    /* when no tenant is behind, no run is made */
    watch = migrate(world, NULL, "", "");
    assert_int_equal(watch.id, 0);
    assert_int_equal(watch.state, CLIENTIQ__V1__MIGRATION_RUN_STATE__MIGRATION_RUN_STATE_DONE);
}

static void
test_run__targets(void **state)
{
    static const struct {
        const char *app, *target, *text;
    } bad[] = {
        {"business", "0009",
         "target must be a migration of business, 0001 to 0002, or zero; got 0009"},
        {"business", "0002_other", "target must be"},
        {"business", "-1", "target must be"},
        {"business", "", NULL},
        {"nothing", "", "app must be an app with tenant migrations, got nothing"},
        {"", "0001", "target needs an app"},
        {"core", "zero", "app core is never undone"},
    };
    World *world = *state;
    CiqError *error = NULL;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CiqCreateMigrationRunResponse *response =
            create(world->platform, NULL, bad[i].app, bad[i].target, &error);

        if (bad[i].text != NULL) {
            assert_null(response);
            assert_code(error, CODE_INVALID_ARGUMENT, bad[i].text);
            error = NULL;
        } else {
            assert_ok(error);
            ciq_create_migration_run_response_free(response);
        }
    }
    assert_null(create(world->platform, "nobody", "", "", &error));
    assert_code(error, CODE_NOT_FOUND, "no tenant with the schema nobody");
    assert_null(create(world->platform, "acme\"", "", "", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "schemas");
    assert_done(migrate(world, "acme", "business", "0001_initial"), 1);
    assert_done(migrate(world, "acme", "business", "2"), 1);
    assert_true(has_index(world, "acme"));
}

static void
test_run__zero_needs_a_suspended_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    assert_null(create(world->platform, "acme", "business", "zero", &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "the tenant acme is not suspended");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from public.migration_run where "
                                       "target = 0"),
                        "0");

    tenant_new(world->platform, "empty");
    database_value(&world->database, "update public.tenants_tenant set state = 'suspended' where "
                                     "schema_name = 'empty'");
    /* business depends on users, so it goes first on the way down */
    assert_done(migrate(world, "empty", "users", "zero"), 1);
    assert_string_equal(
        database_value(&world->database,
                       "select string_agg(distinct split_part(tablename, '_', 1), ',') "
                       "from pg_tables where schemaname = 'empty'"),
        "core");
    assert_string_equal(database_value(&world->database,
                                       "select string_agg(key, ',') from "
                                       "public.tenants_tenant, jsonb_object_keys(heads) key "
                                       "where schema_name = 'empty'"),
                        "core");
    assert_done(migrate(world, "empty", "", ""), 1);
    assert_string_equal(head(world, "empty"), "2");
    assert_string_equal(
        database_value(&world->database, "select count(*) from acme.users_customuser"), "1");
}

static void
test_run__fake_only_records(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqCreateMigrationRunRequest request = CLIENTIQ__V1__CREATE_MIGRATION_RUN_REQUEST__INIT;
    char *schemas[] = {TEXT("techcorp")};
    Watch watch = {.client = world->platform};

    request.schemas = schemas;
    request.n_schemas = 1;
    request.app = TEXT("business");
    request.target = TEXT("0001");
    request.fake = true;
    CiqCreateMigrationRunResponse *response =
        ciq_create_migration_run(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(response->run->mode, CLIENTIQ__V1__MIGRATION_MODE__MIGRATION_MODE_FAKE);
    watch.id = response->run->id;
    ciq_create_migration_run_response_free(response);
    wait_until("the run's end", has_ended, &watch);
    assert_true(has_index(world, "techcorp"));
    assert_string_equal(head(world, "techcorp"), "1");

    /* what is there already cannot be made again: the failure says where */
    watch = migrate(world, "techcorp", "business", "0002");
    assert_int_equal(watch.state, CLIENTIQ__V1__MIGRATION_RUN_STATE__MIGRATION_RUN_STATE_FAILED);
    CiqListMigrationItemsRequest items = CLIENTIQ__V1__LIST_MIGRATION_ITEMS_REQUEST__INIT;
    items.run_id = watch.id;
    items.state = CLIENTIQ__V1__MIGRATION_ITEM_STATE__MIGRATION_ITEM_STATE_FAILED;
    CiqListMigrationItemsResponse *failed =
        ciq_list_migration_items(world->platform, &items, &error);
    assert_ok(error);
    assert_int_equal(failed->n_items, 1);
    assert_string_equal(failed->items[0]->schema_name, "techcorp");
    assert_string_equal(failed->items[0]->sqlstate, "42P07");
    assert_string_equal(failed->items[0]->file, "sql/tenant/business/0002_contact_email.sql");
    assert_int_equal(failed->items[0]->line, 3);
    assert_non_null(strstr(failed->items[0]->statement, "create index business_contact_email"));
    ciq_list_migration_items_response_free(failed);

    request.target = TEXT("");
    response = ciq_create_migration_run(world->platform, &request, &error);
    assert_ok(error);
    watch.id = response->run->id;
    ciq_create_migration_run_response_free(response);
    wait_until("the run's end", has_ended, &watch);
    assert_done(watch, 1);
    assert_string_equal(head(world, "techcorp"), "2");
}

static void
test_plan__runs_nothing(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqCreateMigrationRunRequest request = CLIENTIQ__V1__CREATE_MIGRATION_RUN_REQUEST__INIT;
    char before[32];

    snprintf(before, sizeof before, "%s",
             database_value(&world->database, "select count(*) from public.migration_run"));
    request.app = TEXT("users");
    request.target = TEXT("zero");
    request.plan_only = true;
    CiqCreateMigrationRunResponse *response =
        ciq_create_migration_run(world->platform, &request, &error);
    assert_ok(error);
    assert_true(response->run->total >= 2);
    assert_true(response->n_steps >= 3);
    /* newest first: what depends on the app goes before it */
    size_t at = 0;
    while (at < response->n_steps && strcmp(response->steps[at]->name, "0002_contact_email") != 0)
        at++;
    while (at < response->n_steps && (strcmp(response->steps[at]->app, "business") != 0 ||
                                      strcmp(response->steps[at]->name, "0001_initial") != 0))
        at++;
    assert_true(at < response->n_steps - 1);
    assert_true(response->steps[at]->down);
    assert_int_equal(response->steps[at]->schemas, response->run->total);
    assert_non_null(strstr(response->steps[at]->statements, "drop table business_contact;"));
    assert_string_equal(response->steps[response->n_steps - 1]->app, "users");
    ciq_create_migration_run_response_free(response);
    assert_string_equal(
        database_value(&world->database, "select count(*) from public.migration_run"), before);

    request.app = request.target = TEXT("");
    request.shared = true;
    response = ciq_create_migration_run(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(response->n_steps, 0);
    ciq_create_migration_run_response_free(response);
}

static void
test_status__is_the_fleet(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqGetMigrationStatusRequest request = CLIENTIQ__V1__GET_MIGRATION_STATUS_REQUEST__INIT;

    assert_done(migrate(world, "acme", "business", "0001"), 1);
    database_value(&world->database, "set role ciq_owner_%s; create schema lonely",
                   world->database.name + strlen("ciq_test_"));
    request.behind = true;
    CiqGetMigrationStatusResponse *status =
        ciq_get_migration_status(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(status->n_tenants, 1);
    assert_string_equal(status->tenants[0]->schema_name, "acme");
    assert_int_equal(status->tenants[0]->n_behind, 1);
    assert_string_equal(status->tenants[0]->behind[0], "business 0001 -> 0002");
    assert_string_equal(status->tenants[0]->heads[0], "business 0001");
    ciq_get_migration_status_response_free(status);

    request.behind = false;
    request.orphans = true;
    status = ciq_get_migration_status(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(status->n_tenants, 1);
    assert_string_equal(status->tenants[0]->schema_name, "lonely");
    assert_string_equal(status->tenants[0]->state, "orphan");
    ciq_get_migration_status_response_free(status);

    request.orphans = false;
    request.failed = true;
    status = ciq_get_migration_status(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(status->n_tenants, 0); /* techcorp's failure was followed by a success */
    ciq_get_migration_status_response_free(status);

    request.failed = false;
    request.page_size = 2;
    status = ciq_get_migration_status(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(status->n_tenants, 2);
    assert_true(status->next_page_token[0] != '\0');
    ciq_get_migration_status_response_free(status);
    assert_done(migrate(world, "acme", "", ""), 1);
}

static void
test_run__of_the_shared_schema(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqCreateMigrationRunRequest request = CLIENTIQ__V1__CREATE_MIGRATION_RUN_REQUEST__INIT;
    char *schemas[] = {TEXT("acme")};
    Watch watch = {.client = world->platform};

    request.shared = true;
    CiqCreateMigrationRunResponse *response =
        ciq_create_migration_run(world->platform, &request, &error);
    assert_ok(error);
    watch.id = response->run->id;
    ciq_create_migration_run_response_free(response);
    wait_until("the run's end", has_ended, &watch);
    assert_done(watch, 1);

    request.app = TEXT("tenants");
    request.target = TEXT("zero");
    assert_null(ciq_create_migration_run(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "this server needs the shared app tenants");
    request.app = request.target = TEXT("");
    request.schemas = schemas;
    request.n_schemas = 1;
    assert_null(ciq_create_migration_run(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "shared is about the schema public alone");
}

static void
test_runs__get_list_cancel_resume_refuse(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqGetMigrationRunRequest get = CLIENTIQ__V1__GET_MIGRATION_RUN_REQUEST__INIT;
    CiqCancelMigrationRunRequest cancel = CLIENTIQ__V1__CANCEL_MIGRATION_RUN_REQUEST__INIT;
    CiqResumeMigrationRunRequest resume = CLIENTIQ__V1__RESUME_MIGRATION_RUN_REQUEST__INIT;
    CiqListMigrationRunsRequest list = CLIENTIQ__V1__LIST_MIGRATION_RUNS_REQUEST__INIT;
    Watch watch = migrate(world, "acme", "business", "0001");

    assert_done(migrate(world, "acme", "", ""), 1);
    get.id = cancel.id = resume.id = 987654;
    assert_null(ciq_get_migration_run(world->platform, &get, &error));
    assert_code(error, CODE_NOT_FOUND, "no run 987654");
    assert_null(ciq_cancel_migration_run(world->platform, &cancel, &error));
    assert_code(error, CODE_NOT_FOUND, "no run 987654");
    assert_null(ciq_resume_migration_run(world->platform, &resume, &error));
    assert_code(error, CODE_NOT_FOUND, "no run 987654");
    cancel.id = resume.id = watch.id;
    assert_null(ciq_cancel_migration_run(world->platform, &cancel, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "has ended already");
    assert_null(ciq_resume_migration_run(world->platform, &resume, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "only a failed or canceled run");

    list.page_size = 2;
    CiqListMigrationRunsResponse *runs = ciq_list_migration_runs(world->platform, &list, &error);
    assert_ok(error);
    assert_int_equal(runs->n_runs, 2);
    assert_true(runs->runs[0]->id > runs->runs[1]->id);
    assert_int_equal(runs->runs[1]->id, watch.id);
    assert_string_equal(runs->runs[1]->target, "0001");
    assert_string_equal(runs->runs[1]->caller, "operator");
    ciq_list_migration_runs_response_free(runs);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run__down_and_up),
        cmocka_unit_test(test_run__targets),
        cmocka_unit_test(test_run__zero_needs_a_suspended_tenant),
        cmocka_unit_test(test_run__fake_only_records),
        cmocka_unit_test(test_plan__runs_nothing),
        cmocka_unit_test(test_status__is_the_fleet),
        cmocka_unit_test(test_run__of_the_shared_schema),
        cmocka_unit_test(test_runs__get_list_cancel_resume_refuse),
    };

    return run_cases(tests, world_setup, world_teardown);
}
