/* Tenants' data stay apart: by rpc, for many tenants at once on few connections, and for somebody
 * who has the database logins. Both tenants have the same e-mail address and the same number, so
 * that a leak would show.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char shared_email[] = "test@same.example";

static void
test_get_user__same_number_in_two_tenants(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t in_acme = user_new(world->acme, shared_email, false);
    int64_t in_techcorp = user_new(world->techcorp, shared_email, true);

    assert_int_equal(in_acme, in_techcorp); /* otherwise the test proves nothing */

    CiqGetUserResponse *acme = user_get(world->acme, in_acme, &error);
    assert_ok(error);
    CiqGetUserResponse *techcorp = user_get(world->techcorp, in_techcorp, &error);
    assert_ok(error);
    assert_false(acme->user->is_admin);
    assert_true(techcorp->user->is_admin);

    ciq_get_user_response_free(acme);
    ciq_get_user_response_free(techcorp);
}

static void
test_list_users__each_sees_its_own(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t only_acme = user_new(world->acme, "only@acme.example", false);

    assert_int_equal(user_count(world->acme, "only@acme.example"), 1);
    assert_int_equal(user_count(world->techcorp, "only@acme.example"), 0);
    assert_int_equal(user_count(world->acme, world_email), 1);
    assert_int_equal(user_count(world->techcorp, world_email), 1);
    assert_int_equal(user_count(world->acme, ""), user_count(world->techcorp, "") + 1);
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.users_customuser "
                                       "where id = %" PRId64,
                                       only_acme),
                        "1");

    CiqGetUserResponse *response = user_get(world->techcorp, only_acme, &error);
    assert_null(response);
    assert_code(error, CODE_NOT_FOUND, "no user");
}

static void
test_update_user__other_tenants_row_stays(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char *paths[] = {TEXT("first_name")};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqUpdateUserRequest request = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;

    mask.paths = paths;
    mask.n_paths = 1;
    user.first_name = TEXT("Changed");
    request.id = 1;
    request.user = &user;
    request.update_mask = &mask;
    ciq_update_user_response_free(ciq_update_user(world->acme, &request, &error));
    assert_ok(error);

    assert_string_equal(database_value(&world->database,
                                       "select first_name from acme.users_customuser where id = 1"),
                        "Changed");
    assert_string_equal(
        database_value(&world->database,
                       "select first_name from techcorp.users_customuser where id = 1"),
        "Admin");
}

/* Where a tenant's table is missing the call fails; it never finds a table of that name in public
 * or in another schema. */
static void
test_missing_table__is_an_error(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListGroupsRequest request = CLIENTIQ__V1__LIST_GROUPS_REQUEST__INIT;

    tenant_new(world->platform, "damaged");
    CiqClient *damaged = sign_in(&world->server, "damaged", world_email, world_password);

    database_value(&world->database, "create table public.auth_group (id bigint, name text)");
    database_value(&world->database, "grant select on public.auth_group to public");
    database_value(&world->database, "drop table damaged.auth_group cascade");
    assert_null(ciq_list_groups(damaged, &request, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "42P01");

    /* the connection that failed serves the next tenant as any other */
    for (int i = 0; i < 20; i++)
        assert_int_equal(user_count(world->acme, world_email), 1);
    database_value(&world->database, "drop table public.auth_group");
    ciq_client_free(damaged);
}

/* A tenant without a role has no rights of its own to fall back to, and others are served as ever.
 */
static void
test_missing_role__is_an_error(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "roleless");
    CiqClient *roleless = sign_in(&world->server, "roleless", world_email, world_password);

    database_value(&world->database, "update public.tenants_tenant set role = '' where "
                                     "schema_name = 'roleless'");
    database_value(&world->database, "select pg_notify('ciq', 'n0')");
    assert_int_equal(code_after(CODE_OK, roleless, "UserService/ListGroups", "{}"), CODE_DATA_LOSS);
    assert_int_equal(user_count(world->acme, world_email), 1);
    ciq_client_free(roleless);
}

/* One statement as a login with a role; the SQLSTATE that it ends with, "00000" for success. */
static const char *
state_of(const TestDatabase *database, const char *conninfo, const char *role,
         const char *statement)
{
    static char sqlstate[6];
    PGconn *connection = PQconnectdb(conninfo);
    char set_role[128];

    (void) database;
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    if (role != NULL) {
        snprintf(set_role, sizeof set_role, "set role %s", role);
        PQclear(PQexec(connection, set_role));
    }
    PGresult *result = PQexec(connection, statement);
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    snprintf(sqlstate, sizeof sqlstate, "%s", code != NULL ? code : "00000");
    PQclear(result);
    PQfinish(connection);
    return sqlstate;
}

/* As the workers' login with acme's role: everything that must be impossible is tried. */
static void
test_tenant_role__may_touch_only_its_rows(void **state)
{
    static const char *const refused[] = {
        "select * from techcorp.users_customuser",
        "insert into techcorp.auth_group (name) values ('x')",
        "select * from public.tenants_tenant",
        "select * from public.core_installation",
        "select * from public.platform_superuser",
        "create table acme.mine (id bigint)",
        "create table public.mine (id bigint)",
        "create temporary table mine (id bigint)",
        "create schema mine",
        "drop table acme.auth_group",
        "alter table acme.auth_group add column x text",
        "truncate acme.auth_group",
        "insert into acme.core_migration (app, name, checksum) values ('a', 'b', 'c')",
        "update acme.core_audit set code = 1",
        "delete from acme.core_audit",
        "create function acme.f() returns int language sql as 'select 1'",
        "copy acme.auth_group to '/tmp/ciq-must-not-exist'",
    };
    World *world = *state;
    char role[64];

    snprintf(role, sizeof role, "%s",
             database_value(&world->database,
                            "select role from public.tenants_tenant where schema_name = 'acme'"));
    assert_string_equal(state_of(&world->database, world->database.worker, role,
                                 "select * from acme.users_customuser"),
                        "00000");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *sqlstate = state_of(&world->database, world->database.worker, role, refused[i]);

        if (strcmp(sqlstate, "42501") != 0)
            fail_msg("%s: %s", refused[i], sqlstate);
    }
}

static void
test_worker__may_nothing_without_a_role(void **state)
{
    static const char *const refused[] = {
        "select * from acme.users_customuser",
        "select * from public.tenants_tenant",
        "select * from public.role_pool",
        "create temporary table mine (id bigint)",
        "create role mine",
        "create schema mine",
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *sqlstate = state_of(&world->database, world->database.worker, NULL, refused[i]);

        if (strcmp(sqlstate, "42501") != 0)
            fail_msg("%s: %s", refused[i], sqlstate);
    }
}

/* Signed in as acme's role itself, SET ROLE to another tenant's is refused, because a tenant's role
 * is a member of no other. */
static void
test_tenant_role__cannot_set_another_role(void **state)
{
    World *world = *state;
    char role[64], other[64], conninfo[512], statement[160];

    snprintf(role, sizeof role, "%s",
             database_value(&world->database,
                            "select role from public.tenants_tenant where schema_name = 'acme'"));
    snprintf(
        other, sizeof other, "%s",
        database_value(&world->database,
                       "select role from public.tenants_tenant where schema_name = 'techcorp'"));
    database_value(&world->database, "alter role %s login password 'test'", role);
    database_value(&world->database, "grant connect on database %s to %s", world->database.name,
                   role);
    snprintf(conninfo, sizeof conninfo, "%.120s user=%s password=test", world->database.superuser,
             role);
    snprintf(statement, sizeof statement, "set role %s", other);
    assert_string_equal(state_of(&world->database, conninfo, NULL, "select 1"), "00000");
    assert_string_equal(state_of(&world->database, conninfo, NULL, statement), "42501");
    assert_string_equal(
        state_of(&world->database, conninfo, NULL, "select * from techcorp.users_customuser"),
        "42501");
    database_value(&world->database, "alter role %s nologin", role);
    database_value(&world->database, "revoke connect on database %s from %s", world->database.name,
                   role);
}

/* Many tenants, many calls at once, few connections; every row says whose it is. */
enum { TENANTS = 16, WRITERS = 6, WRITES = 40 };

typedef struct Writer {
    const TestServer *server;
    char tokens[TENANTS][128];
    unsigned seed;
    int written[TENANTS];
    int failed;
} Writer;

static void *
write_users(void *argument)
{
    Writer *writer = argument;
    CiqClient *clients[TENANTS];
    CiqError *error = NULL;

    for (int t = 0; t < TENANTS; t++) {
        char schema[16];

        snprintf(schema, sizeof schema, "many%d", t);
        clients[t] = ciq_client_new(&(CiqOptions){.urls = writer->server->url,
                                                  .tenant = schema,
                                                  .token = writer->tokens[t],
                                                  .timeout_ms = 60000},
                                    &error);
    }
    for (int i = 0; i < WRITES; i++) {
        int t = rand_r(&writer->seed) % TENANTS;
        CiqUser user = CLIENTIQ__V1__USER__INIT;
        CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
        char email[64], department[16];

        snprintf(email, sizeof email, "w%u.%d@x.example", writer->seed, i);
        snprintf(department, sizeof department, "many%d", t);
        user.email = email;
        user.department = department;
        request.user = &user;
        error = NULL;
        CiqCreateUserResponse *response = ciq_create_user(clients[t], &request, &error);
        if (response == NULL || strcmp(response->user->department, department) != 0)
            writer->failed++;
        else
            writer->written[t]++;
        ciq_error_free(error);
        ciq_create_user_response_free(response);
    }
    for (int t = 0; t < TENANTS; t++)
        ciq_client_free(clients[t]);
    return NULL;
}

static void
test_many_tenants__few_connections(void **state)
{
    World *world = *state;
    static Writer writers[WRITERS];
    pthread_t threads[WRITERS];

    for (int t = 0; t < TENANTS; t++) {
        char schema[16];
        CiqError *error = NULL;
        CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

        snprintf(schema, sizeof schema, "many%d", t);
        tenant_new(world->platform, schema);
        CiqClient *client = client_new(&world->server, schema, NULL);
        request.email = TEXT(world_email);
        request.password = TEXT(world_password);
        CiqLoginResponse *response = ciq_login(client, &request, &error);
        assert_ok(error);
        for (int w = 0; w < WRITERS; w++)
            snprintf(writers[w].tokens[t], sizeof writers[w].tokens[t], "%s", response->token);
        ciq_login_response_free(response);
        ciq_client_free(client);
    }

    for (int w = 0; w < WRITERS; w++) {
        writers[w].server = &world->server;
        writers[w].seed = (unsigned) w * 7919 + 1;
        assert_int_equal(pthread_create(&threads[w], NULL, write_users, &writers[w]), 0);
    }
    for (int w = 0; w < WRITERS; w++)
        pthread_join(threads[w], NULL);

    for (int t = 0; t < TENANTS; t++) {
        char expected[16];
        int written = 0;

        for (int w = 0; w < WRITERS; w++)
            written += writers[w].written[t];
        snprintf(expected, sizeof expected, "%d", written);
        assert_true(written > 0);
        assert_string_equal(database_value(&world->database,
                                           "select count(*) from many%d.users_customuser "
                                           "where department = 'many%d'",
                                           t, t),
                            expected);
        assert_string_equal(database_value(&world->database,
                                           "select count(*) from many%d.users_customuser "
                                           "where department not in ('', 'many%d')",
                                           t, t),
                            "0");
    }
    for (int w = 0; w < WRITERS; w++)
        assert_int_equal(writers[w].failed, 0);
    /* fewer connections than tenants: otherwise the test proves nothing */
    assert_true(atoi(database_value(&world->database,
                                    "select count(*) from pg_stat_activity where datname = '%s' "
                                    "and application_name = 'clientiq'",
                                    world->database.name)) < TENANTS);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_user__same_number_in_two_tenants),
        cmocka_unit_test(test_list_users__each_sees_its_own),
        cmocka_unit_test(test_update_user__other_tenants_row_stays),
        cmocka_unit_test(test_missing_table__is_an_error),
        cmocka_unit_test(test_missing_role__is_an_error),
        cmocka_unit_test(test_tenant_role__may_touch_only_its_rows),
        cmocka_unit_test(test_worker__may_nothing_without_a_role),
        cmocka_unit_test(test_tenant_role__cannot_set_another_role),
        cmocka_unit_test(test_many_tenants__few_connections),
    };

    return run_cases(tests, world_setup, world_teardown);
}
