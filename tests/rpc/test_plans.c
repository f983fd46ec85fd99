/* Statements prepared for one tenant alone, by a server with room for three: what changes under
 * them never shows another tenant's rows or an old shape, and a failure in between leaves no name
 * behind that is in the way.  */
#include "harness/harness.h"

#include <string.h>

static void
with_few_plans(Config *config)
{
    config->workers = 1;
    config->tenant_plans = 3;
}

static int
setup(void **state)
{
    return world_up(state, with_few_plans);
}

static void
expect_name(CiqClient *client, int64_t id, const char *first_name)
{
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    CiqError *error = NULL;

    request.id = id;

    CiqGetUserResponse *response = ciq_get_user(client, &request, &error);

    assert_ok(error);
    assert_string_equal(response->user->first_name, first_name);
    ciq_get_user_response_free(response);
}

static void
expect_groups(CiqClient *client, size_t count)
{
    CiqListGroupsRequest request = CLIENTIQ__V1__LIST_GROUPS_REQUEST__INIT;
    CiqError *error = NULL;
    CiqListGroupsResponse *response = ciq_list_groups(client, &request, &error);

    assert_ok(error);
    assert_int_equal(response->n_groups, count);
    ciq_list_groups_response_free(response);
}

static void
name_first(World *world, const char *schema, const char *first_name)
{
    database_value(&world->database,
                   "update %s.users_customuser set first_name = '%s' where id = 1", schema,
                   first_name);
}

/* More tenants and statements than there is room for, each several times and in turn. */
static void
test_plans__in_turn(void **state)
{
    World *world = *state;
    CiqClient *clients[] = {world->acme, world->techcorp};
    static const char *const names[] = {"acme", "techcorp"};

    for (int i = 0; i < 2; i++)
        name_first(world, names[i], names[i]);
    for (int round = 0; round < 30; round++)
        for (int i = 0; i < 2; i++)
            for (int j = 0; j <= round % 3; j++) {
                expect_name(clients[i], 1, names[i]);
                expect_groups(clients[i], 1);
            }
}

static void
test_plans__after_a_failure(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

    name_first(world, "acme", "acme");
    name_first(world, "techcorp", "techcorp");
    for (int round = 0; round < 10; round++) {
        PGconn *holder = database_hold(&world->database, "lock table acme.users_customuser");

        request.id = 1;
        assert_null(ciq_get_user_with(world->acme, &request,
                                      &(CiqCallOptions){.timeout_ms = 300, .once = true}, &error));
        ciq_error_free(error);
        error = NULL;
        database_release(holder);
        for (int i = 0; i < round % 4; i++) {
            expect_name(world->techcorp, 1, "techcorp");
            expect_groups(world->techcorp, 1);
        }
        expect_name(world->acme, 1, "acme");
    }
}

/* Another column, another type, another table under the name. */
static void
test_plans__the_table_changes(void **state)
{
    World *world = *state;

    name_first(world, "acme", "before");
    for (int i = 0; i < 8; i++)
        expect_name(world->acme, 1, "before");
    database_value(&world->database, "alter table acme.users_customuser add column shoe integer");
    expect_name(world->acme, 1, "before");
    database_value(&world->database,
                   "alter table acme.users_customuser alter column first_name type varchar(150)");
    expect_name(world->acme, 1, "before");
    database_value(&world->database, "create table acme.other as table acme.users_customuser; "
                                     "update acme.other set first_name = 'other'; "
                                     "alter table acme.users_customuser rename to was; "
                                     "alter table acme.other rename to users_customuser; "
                                     "grant select on acme.users_customuser to public");
    expect_name(world->acme, 1, "other");
    database_value(&world->database, "drop table acme.users_customuser; "
                                     "alter table acme.was rename to users_customuser; "
                                     "alter table acme.users_customuser drop column shoe");
    expect_name(world->acme, 1, "before");
}

/* Who is renamed keeps its rows, and who takes the old name has its own, with the same numbers. */
static void
test_plans__the_schema_changes(void **state)
{
    World *world = *state;
    CiqClient *first, *second;

    tenant_new(world->platform, "plana");
    name_first(world, "plana", "first");
    first = sign_in(&world->server, "plana.localhost", world_email, world_password);
    for (int i = 0; i < 8; i++)
        expect_name(first, 1, "first");
    expect_json(world->platform, "TenantService/RenameTenant", CODE_OK, NULL,
                "{\"schema_name\": \"plana\", \"new_schema_name\": \"planb\"}");
    expect_name(first, 1, "first");
    expect_json(world->platform, "TenantService/CreateTenant", CODE_OK, NULL,
                "{\"tenant\": {\"name\": \"A\", \"schema_name\": \"plana\"}, \"domain\": "
                "\"plana2.localhost\", \"admin_email\": \"%s\", \"admin_password\": \"%s\"}",
                world_email, world_password);
    name_first(world, "plana", "second");
    second = sign_in(&world->server, "plana2.localhost", world_email, world_password);
    for (int i = 0; i < 8; i++) {
        expect_name(second, 1, "second");
        expect_name(first, 1, "first");
    }
    ciq_client_free(first);
    ciq_client_free(second);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans__in_turn),
        cmocka_unit_test(test_plans__after_a_failure),
        cmocka_unit_test(test_plans__the_table_changes),
        cmocka_unit_test(test_plans__the_schema_changes),
    };

    return run_cases(tests, setup, world_teardown);
}
