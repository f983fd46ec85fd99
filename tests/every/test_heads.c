/* This release's server on tenants that are one migration behind, as they are while a run is under
 * way or before it: for each app with more than one migration, the newest is undone, and calls must
 * still work.  */
#include "harness/harness.h"

#include "migration/embedded.h"

#include <stdio.h>
#include <string.h>

static void
use(World *world, const char *schema)
{
    CiqError *error = NULL;
    CiqClient *client = sign_in(&world->server, schema, world_email, world_password);
    CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
    CiqCreateGroupRequest request = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;

    assert_true(user_new(client, "later@same.example", false) > 1);
    assert_int_equal(user_count(client, "same.example"), 2);
    group.name = TEXT("Later");
    request.group = &group;
    ciq_create_group_response_free(ciq_create_group(client, &request, &error));
    assert_ok(error);
    ciq_get_user_response_free(user_get(client, 1, &error));
    assert_ok(error);
    ciq_client_free(client);
}

static void
test_server__serves_one_migration_behind(void **state)
{
    World *world = *state;
    size_t apps = 0;

    for (size_t i = 0; i < migrations_tenant_count; i++) {
        const MigrationFile *file = &migrations_tenant[i];
        char schema[64];

        if (file != migration_newest(file->app) || file->number < 2)
            continue;
        snprintf(schema, sizeof schema, "behind%zu", i);
        tenant_new(world->platform, schema);
        migration_undo(&world->database, schema, file);
        use(world, schema);
        apps++;
    }
    assert_true(apps > 0);
}

/* What the server does not need is not asked for: a tenant without the bundled business app is
 * served. */
static void
test_server__serves_without_an_app_it_does_not_need(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "unbusy");
    database_value(&world->database, "update public.tenants_tenant set heads = heads - 'business' "
                                     "where schema_name = 'unbusy'");
    use(world, "unbusy");
}

/* A session of a schema without last_use_time (users/0005) slides, and can be listed. */
static void
test_session__slides_one_migration_behind(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "unused");
    for (size_t i = 0; i < migrations_tenant_count; i++)
        if (strcmp(migrations_tenant[i].app, "users") == 0 && migrations_tenant[i].number == 5)
            migration_undo(&world->database, "unused", &migrations_tenant[i]);
    CiqClient *client = sign_in(&world->server, "unused", world_email, world_password);
    database_value(&world->database,
                   "update unused.core_session set expire_time = now() + interval '1 minute'");
    assert_int_equal(user_count(client, world_email), 1);
    wait_for_value(&world->database, "t",
                   "select min(expire_time) > now() + interval '1 hour' from unused.core_session");
    expect_json(client, "UserService/ListSessions", CODE_OK, NULL, "{}");
    ciq_client_free(client);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server__serves_one_migration_behind),
        cmocka_unit_test(test_server__serves_without_an_app_it_does_not_need),
        cmocka_unit_test(test_session__slides_one_migration_behind),
    };

    return run_cases(tests, world_setup, world_teardown);
}
