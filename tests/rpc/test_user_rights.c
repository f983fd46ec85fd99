/* What a user may be made, and by whom: activating, admins, the last of them also under
 * concurrency, and what everybody may change of themselves.  Numbers and addresses are the same in
 * both tenants.  */
#include "harness/harness.h"

#include "client/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
test_deactivate_user__ends_sessions(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id = user_new(world->acme, "away@same.example", true);
    CiqClient *client = sign_in(&world->server, "acme", "away@same.example", world_password);
    CiqDeactivateUserRequest deactivate = CLIENTIQ__V1__DEACTIVATE_USER_REQUEST__INIT;
    CiqActivateUserRequest activate = CLIENTIQ__V1__ACTIVATE_USER_REQUEST__INIT;

    assert_int_equal(user_count(client, world_email), 1);
    deactivate.id = id;
    CiqDeactivateUserResponse *gone = ciq_deactivate_user(world->acme, &deactivate, &error);
    assert_ok(error);
    assert_false(gone->user->is_active);
    assert_true(gone->user->is_admin);
    ciq_deactivate_user_response_free(gone);
    expect_json(client, "UserService/GetMe", CODE_UNAUTHENTICATED, "has ended", "{}");
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from acme.core_session where user_id = %" PRId64, id),
        "0");

    /* once more changes nothing, and back again is without the old session */
    expect_json(world->acme, "UserService/DeactivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                id);
    activate.id = id;
    CiqActivateUserResponse *back = ciq_activate_user(world->acme, &activate, &error);
    assert_ok(error);
    assert_true(back->user->is_active);
    ciq_activate_user_response_free(back);
    expect_json(client, "UserService/GetMe", CODE_UNAUTHENTICATED, "has ended", "{}");
    ciq_client_free(client);
    client = sign_in(&world->server, "acme", "away@same.example", world_password);
    ciq_client_free(client);

    expect_json(world->acme, "UserService/DeactivateUser", CODE_NOT_FOUND, "no user 4711",
                "{\"id\": 4711}");
    expect_json(world->acme, "UserService/ActivateUser", CODE_NOT_FOUND, "no user 4711",
                "{\"id\": 4711}");
    expect_json(world->acme, "UserService/ActivateUser", CODE_INVALID_ARGUMENT, "id is required",
                "{}");
    /* another tenant's user is not found here */
    database_value(&world->database,
                   "insert into techcorp.users_customuser (id, email) values (5000, 'x@y.z')");
    expect_json(world->techcorp, "UserService/DeactivateUser", CODE_OK, NULL, "{\"id\": 5000}");
    expect_json(world->acme, "UserService/DeactivateUser", CODE_NOT_FOUND, "no user 5000",
                "{\"id\": 5000}");
}

static void
test_deactivate_user__last_admin_stays(void **state)
{
    World *world = *state;

    expect_json(world->techcorp, "UserService/DeactivateUser", CODE_FAILED_PRECONDITION,
                "user 1 is the tenant's last active admin", "{\"id\": 1}");
    /* one who cannot sign in does not count */
    int64_t second = user_new(world->techcorp, "second@same.example", true);

    expect_json(world->techcorp, "UserService/DeactivateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64 "}", second);
    expect_json(world->techcorp, "UserService/DeactivateUser", CODE_FAILED_PRECONDITION,
                "last active admin", "{\"id\": 1}");
    expect_json(
        world->techcorp, "UserService/UpdateUser", CODE_FAILED_PRECONDITION, "last active admin",
        "{\"id\": 1, \"user\": {\"is_active\": true}, \"update_mask\": \"is_admin,is_active\"}");
    expect_json(world->techcorp, "UserService/DeleteUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                second);
}

static void
deactivated(void *arg, CiqDeactivateUserResponse *response, CiqError *error)
{
    ciq_deactivate_user_response_free(response);
    ends_add(arg, error);
}

static void
deleted(void *arg, CiqDeleteUserResponse *response, CiqError *error)
{
    ciq_delete_user_response_free(response);
    ends_add(arg, error);
}

/* Two admins, each put out at the same moment by the other: in every round exactly one remains. */
static void
test_last_admin__stays_under_concurrency(void **state)
{
    World *world = *state;
    CiqDeactivateUserRequest deactivate = CLIENTIQ__V1__DEACTIVATE_USER_REQUEST__INIT;
    CiqDeleteUserRequest delete = CLIENTIQ__V1__DELETE_USER_REQUEST__INIT;

    tenant_new(world->platform, "racing");
    for (int round = 0; round < 12; round++) {
        char email[64];
        Ends ends = {0};
        CiqClient *first, *second;

        snprintf(email, sizeof email, "racer%d@same.example", round);
        database_value(
            &world->database,
            "update racing.users_customuser set is_active = true, is_admin = true where id = 1");
        first = sign_in(&world->server, "racing", world_email, world_password);
        int64_t id = user_new(first, email, true);
        second = sign_in(&world->server, "racing", email, world_password);
        /* both sessions are warm, so that both calls start at once */
        assert_int_equal(user_count(first, world_email) + user_count(second, world_email), 2);

        deactivate.id = 1;
        delete.id = id;
        ciq_deactivate_user_async(second, &deactivate, &(CiqCallOptions){.timeout_ms = 20000},
                                  deactivated, &ends);
        ciq_delete_user_async(first, &delete, &(CiqCallOptions){.timeout_ms = 20000}, deleted,
                              &ends);
        wait_for_ends(&ends, 2);
        assert_int_equal(ends.codes[CODE_OK], 1);
        assert_int_equal(ends.codes[CODE_FAILED_PRECONDITION] + ends.codes[CODE_UNAUTHENTICATED],
                         1);
        assert_string_equal(
            database_value(&world->database,
                           "select count(*) from racing.users_customuser where is_admin "
                           "and is_active"),
            "1");
        database_value(&world->database, "delete from racing.users_customuser where id <> 1");
        ciq_client_free(first);
        ciq_client_free(second);
    }
}

/* One attempt, without the library's repeating. */
static CiqError *
update_once(CiqClient *client, int64_t id, const char *path)
{
    CiqError *error = NULL;
    char *paths[] = {TEXT(path)};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqUpdateUserRequest request = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;

    mask.paths = paths;
    mask.n_paths = 1;
    user.is_admin = true;
    user.job_title = TEXT("Clerk");
    request.id = id;
    request.user = &user;
    request.update_mask = &mask;

    ProtobufCMessage *response = ciq_call(client, method_find("clientiq.v1.UserService/UpdateUser"),
                                          &request.base, &(CiqCallOptions){.once = true}, &error);

    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    return error;
}

/* While somebody else's change of rights is open, ordinary updates go on; other changes of rights
 * wait, and in the other tenant nothing does. */
static void
test_update_user__ordinary_ones_take_no_lock(void **state)
{
    World *world = *state;
    PGconn *holder = database_connect(&world->database);

    connection_run(holder, "begin");
    connection_run(
        holder,
        "select pg_advisory_xact_lock(742002::bigint << 32 | id) from public.tenants_tenant "
        "where schema_name = 'acme'");
    assert_ok(update_once(world->acme, 1, "job_title"));
    assert_ok(update_once(world->techcorp, 1, "is_admin"));
    assert_code(update_once(world->acme, 1, "is_admin"), CODE_ABORTED, "another call holds");
    /* nor does the row of an admin stop the update of another user */
    int64_t id = user_new(world->acme, "ordinary@same.example", false);
    connection_run(holder, "rollback");
    connection_run(holder, "begin");
    connection_run(holder, "select id from acme.users_customuser where id = 1 for update");
    assert_ok(update_once(world->acme, id, "job_title"));
    connection_run(holder, "rollback");
    assert_ok(update_once(world->acme, 1, "is_admin"));
    PQfinish(holder);
}

/* What servers cache of a tenant is forgotten when rights change, and not at every update. */
static void
test_update_user__ordinary_ones_notify_nobody(void **state)
{
    World *world = *state;
    PGconn *listener = database_connect(&world->database);
    char tenant[32];
    int before, after;

    snprintf(tenant, sizeof tenant, "t%s",
             database_value(&world->database,
                            "select id from public.tenants_tenant where schema_name = 'acme'"));
    connection_run(listener, "listen ciq");
    for (int i = 0; i < 2; i++) {
        PGnotify *notification;
        int count = 0;

        assert_ok(update_once(world->acme, 1, i == 0 ? "job_title" : "is_admin"));
        connection_run(listener, "select 1");
        while ((notification = PQnotifies(listener)) != NULL) {
            count += strcmp(notification->extra, tenant) == 0;
            PQfreemem(notification);
        }
        *(i == 0 ? &before : &after) = count;
    }
    assert_int_equal(before, 0);
    assert_int_equal(after, 1);
    PQfinish(listener);
}

/* Who is no admin changes only those who hold nothing that they do not hold themselves. */
static void
test_update_user__not_of_somebody_with_more(void **state)
{
    World *world = *state;
    int64_t manager_id, equal_id, more_id, member_id;
    CiqClient *manager = holder_new(
        world, "manager@same.example",
        "users.change_customuser,users.delete_customuser,users.view_customuser", &manager_id);
    CiqClient *equal = holder_new(world, "equal@same.example", "users.view_customuser", &equal_id);
    CiqClient *more =
        holder_new(world, "more@same.example", "users.view_customuser,users.view_group", &more_id);
    static const char *const methods_by_id[] = {
        "UserService/ActivateUser", "UserService/DeactivateUser", "UserService/DeleteUser"};

    member_id = user_new(world->acme, "member@same.example", false);
    expect_json(world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64
                ", \"user\": {\"groups\": [\"Tenant Admins\"]}, \"update_mask\": "
                "\"groups\"}",
                member_id);
    for (size_t i = 0; i < 3; i++) {
        expect_json(manager, methods_by_id[i], CODE_PERMISSION_DENIED, "holds users.view_group",
                    "{\"id\": %" PRId64 "}", more_id);
        expect_json(manager, methods_by_id[i], CODE_PERMISSION_DENIED, "holds business.",
                    "{\"id\": %" PRId64 "}", member_id);
        expect_json(manager, methods_by_id[i], CODE_PERMISSION_DENIED,
                    "only an admin may change an admin", "{\"id\": 1}");
    }
    expect_json(manager, "UserService/UpdateUser", CODE_PERMISSION_DENIED, "holds users.view_group",
                "{\"id\": %" PRId64
                ", \"user\": {\"email\": \"a@b.c\"}, \"update_mask\": \"email\"}",
                more_id);
    expect_json(manager, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64
                ", \"user\": {\"email\": \"a@b.c\"}, \"update_mask\": \"email\"}",
                equal_id);
    /* nobody raises their own rights, or makes an admin */
    expect_json(manager, "UserService/UpdateUser", CODE_PERMISSION_DENIED,
                "only an admin may change is_admin",
                "{\"id\": %" PRId64
                ", \"user\": {\"is_admin\": true}, \"update_mask\": \"is_admin\"}",
                manager_id);
    expect_json(manager, "UserService/UpdateUser", CODE_PERMISSION_DENIED,
                "only an admin may change is_admin",
                "{\"id\": %" PRId64 ", \"user\": {\"email\": \"a@b.c\", \"is_admin\": true}, "
                "\"update_mask\": \"*\"}",
                equal_id);
    expect_json(manager, "UserService/UpdateUser", CODE_PERMISSION_DENIED, "the groups hold",
                "{\"id\": %" PRId64
                ", \"user\": {\"groups\": [\"Tenant Admins\"]}, \"update_mask\": "
                "\"groups\"}",
                manager_id);
    /* such a refusal is audited */
    assert_true(atoi(database_value(
                    &world->database,
                    "select count(*) from acme.core_audit where code = 7 and caller_email = "
                    "'manager@same.example'")) >= 3);
    expect_json(manager, "UserService/DeleteUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                equal_id);
    ciq_client_free(manager);
    ciq_client_free(equal);
    ciq_client_free(more);
}

static void
test_me__own_harmless_fields(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id = user_new(world->acme, "me@same.example", false);
    CiqClient *me = sign_in(&world->server, "acme", "me@same.example", world_password);
    CiqGetMeRequest get = CLIENTIQ__V1__GET_ME_REQUEST__INIT;
    CiqUpdateMeRequest update = CLIENTIQ__V1__UPDATE_ME_REQUEST__INIT;
    CiqProfile profile = CLIENTIQ__V1__PROFILE__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {TEXT("first_name"), TEXT("preferences")};

    CiqGetMeResponse *got = ciq_get_me(me, &get, &error);
    assert_ok(error);
    assert_int_equal(got->user->id, id);
    assert_string_equal(got->user->preferences, "{}");
    ciq_get_me_response_free(got);

    profile.first_name = TEXT("Mine");
    profile.last_name = TEXT("not named by the mask");
    profile.preferences = TEXT("{\"theme\": \"dark\", \"n\": [1, 2]}");
    mask.paths = paths;
    mask.n_paths = 2;
    update.profile = &profile;
    update.update_mask = &mask;
    CiqUpdateMeResponse *updated = ciq_update_me(me, &update, &error);
    assert_ok(error);
    assert_string_equal(updated->user->first_name, "Mine");
    assert_string_equal(updated->user->last_name, "");
    assert_non_null(strstr(updated->user->preferences, "\"dark\""));
    ciq_update_me_response_free(updated);

    /* nothing else of oneself, and nothing of anybody else */
    static const char *const others[] = {"email",     "is_admin",   "is_active", "groups",
                                         "job_title", "department", "id"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        expect_json(me, "UserService/UpdateMe", CODE_INVALID_ARGUMENT, "which is no field",
                    "{\"profile\": {}, \"update_mask\": \"%s\"}", others[i]);
    expect_json(me, "UserService/UpdateMe", CODE_INVALID_ARGUMENT,
                "profile.preferences must be a JSON object",
                "{\"profile\": {\"preferences\": \"[1]\"}, \"update_mask\": \"preferences\"}");
    expect_json(me, "UserService/GetUser", CODE_PERMISSION_DENIED, "users.view_customuser",
                "{\"id\": %" PRId64 "}", id);
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from (select from acme.users_customuser where first_name "
                       "= 'Mine' union all select from techcorp.users_customuser where "
                       "first_name = 'Mine') t"),
        "1");
    assert_string_equal(
        database_value(&world->database,
                       "select target from acme.core_audit where method like '%%UpdateMe'"),
        database_value(&world->database, "select 'user %" PRId64 "'", id));
    ciq_client_free(me);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deactivate_user__ends_sessions),
        cmocka_unit_test(test_deactivate_user__last_admin_stays),
        cmocka_unit_test(test_last_admin__stays_under_concurrency),
        cmocka_unit_test(test_update_user__ordinary_ones_take_no_lock),
        cmocka_unit_test(test_update_user__ordinary_ones_notify_nobody),
        cmocka_unit_test(test_update_user__not_of_somebody_with_more),
        cmocka_unit_test(test_me__own_harmless_fields),
    };

    return run_cases(tests, world_setup, world_teardown);
}
