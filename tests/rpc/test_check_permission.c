/* CheckPermission: what it answers and why, to whom, from memory, and right after every change of
 * what it answers about.  Addresses and numbers are the same in both tenants.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A client that calls with a new key that may check; tenant NULL: the platform's. */
static CiqClient *
checker_new(World *world, CiqClient *maker, const char *tenant, const char *name)
{
    char token[TOKEN_SIZE];

    key_new(maker, name, "\"auth.check\"", token);
    return client_new(&world->server, tenant, token);
}

/* "true group Two, direct" or "false not granted". */
static const char *
checked(CiqClient *client, const char *subject, const char *permission)
{
    static char text[512];
    CiqError *error = NULL;
    json_t *answer = call_json(client, "UserService/CheckPermission", &error,
                               "{%s, \"permissions\": [\"%s\"]}", subject, permission);

    assert_ok(error);
    assert_string_equal(json_at(answer, "checks.0.permission"), permission);

    json_t *reasons =
        json_object_get(json_array_get(json_object_get(answer, "checks"), 0), "reasons");

    snprintf(text, sizeof text, "%s", json_at(answer, "checks.0.allowed"));
    for (size_t i = 0; i < json_array_size(reasons); i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s", i > 0 ? "," : "",
                 json_string_value(json_array_get(reasons, i)));
    json_decref(answer);
    return text;
}

static const char *
by_id(int64_t id)
{
    static char text[64];

    snprintf(text, sizeof text, "\"user_id\": %" PRId64, id);
    return text;
}

static const char *
by_token(const char *token)
{
    static char text[TOKEN_SIZE + 32];

    snprintf(text, sizeof text, "\"session_token\": \"%s\"", token);
    return text;
}

static void
expect_answer(CiqClient *client, const char *subject, Code code, const char *text)
{
    expect_json(client, "UserService/CheckPermission", code, text,
                "{%s, \"permissions\": [\"users.view_customuser\"]}", subject);
}

static void
test_check_permission__says_why(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *checker = checker_new(world, world->acme, "acme", "why");
    int64_t user = user_new(world->acme, "why@same.example", false);
    int64_t one = group_new(world->acme, "One", "\"users.view_customuser\""),
            two = group_new(world->acme, "Two", "\"users.view_customuser\", \"users.view_group\"");
    char token[TOKEN_SIZE];
    char *permissions[] = {TEXT("users.view_group"), TEXT("users.fly"), TEXT("users.view_group")};
    CiqCheckPermissionRequest request = CLIENTIQ__V1__CHECK_PERMISSION_REQUEST__INIT;

    expect_json(world->acme, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": %" PRId64 ", \"user_id\": %" PRId64 "}", one, user);
    expect_json(world->acme, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": %" PRId64 ", \"user_id\": %" PRId64 "}", two, user);
    expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_customuser\"}", user);

    assert_string_equal(checked(checker, by_id(user), "users.view_customuser"),
                        "true group One, group Two, direct");
    assert_string_equal(checked(checker, by_id(user), "users.view_group"), "true group Two");
    assert_string_equal(checked(checker, by_id(user), "users.add_group"), "false not granted");
    assert_string_equal(checked(checker, by_id(user), "business.fly"), "false no such permission");
    /* the platform's permissions do not exist in a tenant, not even for its admin */
    static const char *const platforms[] = {"tenants.add_tenant", "platform.add_superuser",
                                            "demo.delete_demorequest", "auth.check",
                                            "admin.view_logentry"};
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
        assert_string_equal(checked(checker, by_id(user), platforms[i]),
                            "false a permission of the platform");
        assert_string_equal(checked(checker, by_id(1), platforms[i]),
                            "false a permission of the platform");
    }
    assert_string_equal(checked(checker, by_id(1), "users.add_customuser"),
                        "true admin, group Tenant Admins");

    /* several in their order, by the session of the same user */
    token_new(&world->server, "acme", "why@same.example", token);
    request.subject_case = CLIENTIQ__V1__CHECK_PERMISSION_REQUEST__SUBJECT_SESSION_TOKEN;
    request.session_token = token;
    request.permissions = permissions;
    request.n_permissions = 3;
    CiqCheckPermissionResponse *response = ciq_check_permission(checker, &request, &error);
    assert_ok(error);
    assert_true(response->user_id == user);
    assert_string_equal(response->schema_name, "acme");
    assert_int_equal(
        response->tenant_id,
        atoi(database_value(&world->database,
                            "select id from public.tenants_tenant where schema_name = 'acme'")));
    assert_int_equal(response->n_checks, 3);
    assert_true(response->checks[0]->allowed);
    assert_false(response->checks[1]->allowed);
    assert_string_equal(response->checks[1]->permission, "users.fly");
    assert_true(response->checks[2]->allowed);
    ciq_check_permission_response_free(response);
    ciq_client_free(checker);
}

static void
test_check_permission__wrong_input(void **state)
{
    World *world = *state;
    CiqClient *checker = checker_new(world, world->acme, "acme", "wrong input");
    char many[101 * 12 + 1] = "";
    size_t size = 0;

    expect_json(checker, "UserService/CheckPermission", CODE_INVALID_ARGUMENT,
                "session_token or user_id is required",
                "{\"permissions\": [\"users.view_group\"]}");
    expect_answer(checker, "\"session_token\": \"\"", CODE_INVALID_ARGUMENT,
                  "session_token is required");
    expect_answer(checker, "\"user_id\": 0", CODE_INVALID_ARGUMENT, "user_id is required");
    expect_answer(checker, "\"session_token\": \"ciq_s_1_short\"", CODE_INVALID_ARGUMENT,
                  "session_token is not the token of a session");
    expect_json(checker, "UserService/CheckPermission", CODE_INVALID_ARGUMENT,
                "permissions is required", "{\"user_id\": 1}");
    expect_json(checker, "UserService/CheckPermission", CODE_INVALID_ARGUMENT, "permissions[0]",
                "{\"user_id\": 1, \"permissions\": [\"no dot\"]}");
    for (int i = 0; i < 101; i++)
        size += (size_t) snprintf(many + size, sizeof many - size, "%s\"users.ab\"",
                                  i == 0 ? "" : ", ");
    expect_json(checker, "UserService/CheckPermission", CODE_INVALID_ARGUMENT,
                "1 to 100 elements, got 101", "{\"user_id\": 1, \"permissions\": [%s]}", many);
    expect_answer(checker, by_id(4711), CODE_NOT_FOUND, "no user 4711");
    ciq_client_free(checker);
}

/* The subject themself, or a service that was told to: nobody else. */
static void
test_check_permission__who_may_ask(void **state)
{
    World *world = *state;
    char token[TOKEN_SIZE], admin[TOKEN_SIZE], techcorp[TOKEN_SIZE], key[TOKEN_SIZE];
    int64_t user = user_new(world->acme, "asker@same.example", false);
    CiqClient *checker = checker_new(world, world->acme, "acme", "asked by");
    CiqClient *nobody = client_new(&world->server, "acme", NULL);

    token_new(&world->server, "acme", "asker@same.example", token);
    token_new(&world->server, "acme", world_email, admin);
    token_new(&world->server, "techcorp", world_email, techcorp);
    CiqClient *self = client_new(&world->server, "acme", token);
    expect_answer(nobody, by_id(1), CODE_UNAUTHENTICATED, "sign in first");
    assert_string_equal(checked(self, by_id(user), "users.view_group"), "false not granted");
    assert_string_equal(checked(self, by_token(token), "users.view_group"), "false not granted");
    expect_answer(self, by_id(1), CODE_PERMISSION_DENIED, "auth.check");
    expect_answer(self, by_token(admin), CODE_PERMISSION_DENIED, "auth.check");
    /* an admin has ListUserPermissions for that */
    expect_answer(world->acme, by_id(user), CODE_PERMISSION_DENIED, "auth.check");
    key_new(world->acme, "not told to", "\"users.view_customuser\"", key);
    CiqClient *other = client_new(&world->server, "acme", key);
    expect_answer(other, by_id(user), CODE_PERMISSION_DENIED, "auth.check");
    expect_answer(other, by_token(token), CODE_PERMISSION_DENIED, "auth.check");
    /* a key's number is not a user's */
    expect_answer(other, by_id(1), CODE_PERMISSION_DENIED, "auth.check");

    /* another tenant's session is not found here, though its user has the same number and address,
     * and the attempt is audited */
    expect_answer(checker, by_token(techcorp), CODE_NOT_FOUND, "has ended or does not exist");
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) > 0 from acme.core_audit where code in (5, 7) and "
                       "method like '%%CheckPermission'"),
        "t");
    /* a key's token is not taken for a session's */
    expect_answer(checker, by_token(key), CODE_INVALID_ARGUMENT, "not the token of a session");
    ciq_client_free(nobody);
    ciq_client_free(self);
    ciq_client_free(other);
    ciq_client_free(checker);
}

/* While every table that it could read is locked, memory answers; what memory does not know waits
 * for the lock and fails. */
static void
test_check_permission__from_memory(void **state)
{
    World *world = *state;
    CiqClient *checker = checker_new(world, world->acme, "acme", "memory");
    CiqClient *gateway = checker_new(world, world->platform, NULL, "memory");
    char token[TOKEN_SIZE];
    PGconn *holder;

    token_new(&world->server, "acme", world_email, token);
    /* signing in was a change, of which this server may hear from itself */
    for (int i = 0; i < 3; i++) {
        expect_answer(checker, by_token(token), CODE_OK, NULL);
        expect_answer(gateway, by_token(token), CODE_OK, NULL);
    }
    holder = database_hold(&world->database,
                           "lock table public.tenants_tenant, public.tenants_domain, "
                           "public.core_api_key, acme.core_api_key, acme.core_session, "
                           "acme.users_customuser, acme.auth_permission, acme.auth_group");
    assert_string_equal(checked(checker, by_token(token), "users.view_group"),
                        "true admin, group Tenant Admins");
    assert_string_equal(checked(checker, by_id(1), "users.view_group"),
                        "true admin, group Tenant Admins");
    assert_string_equal(checked(gateway, by_token(token), "users.fly"), "false no such permission");
    /* otherwise the test proves nothing: who asks the database does wait for the lock */
    expect_answer(checker, by_id(4711), CODE_ABORTED, NULL);
    database_release(holder);
    ciq_client_free(checker);
    ciq_client_free(gateway);
}

/* Each change is answered at once, though memory was warm before it. */
static void
test_check_permission__after_every_change(void **state)
{
    World *world = *state;
    CiqClient *checker = checker_new(world, world->acme, "acme", "changes");
    int64_t user = user_new(world->acme, "changing@same.example", false);
    int64_t group = group_new(world->acme, "Changing", "\"users.view_group\"");
    char token[TOKEN_SIZE], member[96], subject[TOKEN_SIZE + 32];
    const char *permission = "users.view_group";

    snprintf(member, sizeof member, "{\"group_id\": %" PRId64 ", \"user_id\": %" PRId64 "}", group,
             user);
    token_new(&world->server, "acme", "changing@same.example", token);
    snprintf(subject, sizeof subject, "%s", by_token(token));
    assert_string_equal(checked(checker, subject, permission), "false not granted");

    expect_json(world->acme, "UserService/AddGroupMember", CODE_OK, NULL, "%s", member);
    assert_string_equal(checked(checker, subject, permission), "true group Changing");
    expect_json(world->acme, "UserService/UpdateGroup", CODE_OK, NULL,
                "{\"id\": %" PRId64
                ", \"group\": {\"name\": \"Changed\"}, \"update_mask\": \"name\"}",
                group);
    assert_string_equal(checked(checker, subject, permission), "true group Changed");
    expect_json(world->acme, "UserService/UpdateGroup", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"group\": {}, \"update_mask\": \"permissions\"}", group);
    assert_string_equal(checked(checker, subject, permission), "false not granted");
    expect_json(world->acme, "UserService/UpdateGroup", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"group\": {\"permissions\": [\"users.view_group\"]}, "
                "\"update_mask\": \"permissions\"}",
                group);
    assert_string_equal(checked(checker, subject, permission), "true group Changed");
    expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_group\"}", user);
    assert_string_equal(checked(checker, subject, permission), "true group Changed, direct");
    expect_json(world->acme, "UserService/RemoveGroupMember", CODE_OK, NULL, "%s", member);
    assert_string_equal(checked(checker, subject, permission), "true direct");
    expect_json(world->acme, "UserService/RevokePermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_group\"}", user);
    assert_string_equal(checked(checker, subject, permission), "false not granted");
    expect_json(world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64
                ", \"user\": {\"groups\": [\"Changed\"]}, \"update_mask\": \"groups\"}",
                user);
    assert_string_equal(checked(checker, subject, permission), "true group Changed");
    expect_json(world->acme, "UserService/DeleteGroup", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                group);
    assert_string_equal(checked(checker, subject, permission), "false not granted");
    expect_json(world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64
                ", \"user\": {\"is_admin\": true}, \"update_mask\": \"is_admin\"}",
                user);
    assert_string_equal(checked(checker, subject, permission), "true admin");
    expect_json(world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user\": {}, \"update_mask\": \"is_admin\"}", user);
    assert_string_equal(checked(checker, subject, permission), "false not granted");

    /* who may not sign in holds nothing, and has no session */
    assert_string_equal(checked(checker, by_id(user), permission), "false not granted");
    expect_json(world->acme, "UserService/DeactivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                user);
    assert_string_equal(checked(checker, by_id(user), permission), "false the user is not active");
    assert_string_equal(checked(checker, by_id(user), permission), "false the user is not active");
    expect_answer(checker, subject, CODE_NOT_FOUND, "has ended or does not exist");
    expect_json(world->acme, "UserService/ActivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                user);
    assert_string_equal(checked(checker, by_id(user), permission), "false not granted");
    expect_answer(checker, subject, CODE_NOT_FOUND, "has ended or does not exist");

    token_new(&world->server, "acme", "changing@same.example", token);
    CiqClient *self = client_new(&world->server, "acme", token);
    expect_answer(checker, by_token(token), CODE_OK, NULL);
    expect_json(self, "UserService/Logout", CODE_OK, NULL, "{}");
    expect_answer(checker, by_token(token), CODE_NOT_FOUND, "has ended or does not exist");
    expect_json(world->acme, "UserService/DeleteUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                user);
    expect_answer(checker, by_id(user), CODE_NOT_FOUND, "no user");
    ciq_client_free(self);
    ciq_client_free(checker);
}

/* A service that serves all tenants asks the platform: the session's token names its tenant. */
static void
test_check_permission__of_a_gateway(void **state)
{
    World *world = *state;
    CiqClient *gateway = checker_new(world, world->platform, NULL, "all tenants");
    char acme[TOKEN_SIZE], techcorp[TOKEN_SIZE], super[TOKEN_SIZE], closed[TOKEN_SIZE],
        foreign[TOKEN_SIZE];

    tenant_new(world->platform, "closed");
    token_new(&world->server, "acme", world_email, acme);
    token_new(&world->server, "techcorp", world_email, techcorp);
    token_new(&world->server, "closed", world_email, closed);
    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"%s\", \"platform_role\": \"support\"}, \"password\": \"%s\"}",
        world_email, world_password);
    token_new(&world->server, NULL, world_email, super);

    /* a change in one of them is no change in the other */
    database_value(&world->database,
                   "insert into techcorp.auth_group (id, name) values (77, 'Theirs')");
    expect_json(world->techcorp, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": 77, \"user_id\": 1}");
    expect_json(world->techcorp, "UserService/UpdateGroup", CODE_OK, NULL,
                "{\"id\": 77, \"group\": {\"permissions\": [\"users.view_group\"]}, "
                "\"update_mask\": \"permissions\"}");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(checked(gateway, by_token(acme), "users.view_group"),
                            "true admin, group Tenant Admins");
        assert_string_equal(checked(gateway, by_token(techcorp), "users.view_group"),
                            "true admin, group Tenant Admins, group Theirs");
        /* a superuser's: on the platform */
        assert_string_equal(checked(gateway, by_token(super), "tenants.view_tenant"),
                            "true role support");
        assert_string_equal(checked(gateway, by_token(super), "tenants.add_tenant"),
                            "false not granted");
        assert_string_equal(checked(gateway, by_token(super), "users.view_group"),
                            "false no such permission");
        assert_string_equal(checked(gateway, by_id(1), "tenants.view_tenant"), "true role support");
    }
    expect_answer(gateway, by_id(4711), CODE_NOT_FOUND, "no superuser 4711");

    /* its token is not taken on a tenant, so it cannot ask about numbers there */
    ciq_client_set_tenant(gateway, "acme");
    expect_answer(gateway, by_id(1), CODE_UNAUTHENTICATED, "does not belong to this tenant");
    ciq_client_set_tenant(gateway, NULL);

    /* a superuser about themself, but not about whoever's session they have */
    CiqClient *superuser = client_new(&world->server, NULL, super);
    assert_string_equal(checked(superuser, by_id(1), "tenants.view_tenant"), "true role support");
    expect_answer(superuser, by_token(acme), CODE_PERMISSION_DENIED, "auth.check");
    ciq_client_free(superuser);

    expect_answer(gateway, by_token(closed), CODE_OK, NULL);
    expect_json(world->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closed\", \"reason\": \"unpaid\"}");
    expect_answer(gateway, by_token(closed), CODE_FAILED_PRECONDITION, "suspended: unpaid");
    expect_json(world->platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closed\"}");
    /* suspending has ended it */
    expect_answer(gateway, by_token(closed), CODE_NOT_FOUND, "has ended or does not exist");
    token_new(&world->server, "closed", world_email, closed);
    expect_answer(gateway, by_token(closed), CODE_OK, NULL);
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closed\"}");
    expect_answer(gateway, by_token(closed), CODE_NOT_FOUND, "has ended or does not exist");
    /* of no tenant at all */
    snprintf(foreign, sizeof foreign, "ciq_s_999999_%s", strchr(acme + 6, '_') + 1);
    expect_answer(gateway, by_token(foreign), CODE_NOT_FOUND, "has ended or does not exist");
    ciq_client_free(gateway);
}

typedef struct Ask {
    CiqClient *client;
    const char *subject, *expected;
} Ask;

static bool
is_answered(void *argument)
{
    Ask *ask = argument;

    return strcmp(checked(ask->client, ask->subject, "users.view_group"), ask->expected) == 0;
}

static void
test_check_permission__on_the_other_server(void **state)
{
    World *world = *state;
    TestServer other;
    char token[TOKEN_SIZE];
    int64_t user = user_new(world->acme, "elsewhere@same.example", false);

    server_up(&other, &world->database, NULL);
    key_new(world->acme, "two servers", "\"auth.check\"", token);
    CiqClient *there = client_new(&other, "acme", token);
    Ask ask = {.client = there, .subject = by_id(user), .expected = "true direct"};
    for (int i = 0; i < 5; i++)
        assert_string_equal(checked(there, ask.subject, "users.view_group"), "false not granted");
    expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_group\"}", user);
    wait_until("the other server to know the grant", is_answered, &ask);
    ask.expected = "false the user is not active";
    expect_json(world->acme, "UserService/DeactivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                user);
    wait_until("the other server to know that the user is not active", is_answered, &ask);
    ciq_client_free(there);
    server_down(&other);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_permission__says_why),
        cmocka_unit_test(test_check_permission__wrong_input),
        cmocka_unit_test(test_check_permission__who_may_ask),
        cmocka_unit_test(test_check_permission__from_memory),
        cmocka_unit_test(test_check_permission__after_every_change),
        cmocka_unit_test(test_check_permission__of_a_gateway),
        cmocka_unit_test(test_check_permission__on_the_other_server),
    };

    return run_cases(tests, world_setup, world_teardown);
}
