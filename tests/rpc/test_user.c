/* Users: create, read, list in pages, change by mask, delete; and what is refused.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <string.h>

static CiqUpdateUserResponse *
update(CiqClient *client, int64_t id, CiqUser *user, const char *paths, CiqError **error)
{
    char copy[256], *names[16], *rest;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUpdateUserRequest request = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;

    snprintf(copy, sizeof copy, "%s", paths);
    for (char *name = strtok_r(copy, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest))
        names[mask.n_paths++] = name;
    mask.paths = names;
    request.id = id;
    request.user = user;
    request.update_mask = &mask;
    return ciq_update_user(client, &request, error);
}

static void
test_create_user__bad_input(void **state)
{
    static const struct {
        const char *email, *first_name, *field;
    } cases[] = {
        {"", "", "user.email"},
        {"no-at", "", "user.email"},
        {"a@b@c", "", "user.email"},
        {"a b@c.d", "", "user.email"},
        {"fine@acme.example",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "user.first_name"},
    };
    World *world = *state;
    CiqError *error = NULL;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CiqUser user = CLIENTIQ__V1__USER__INIT;
        CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

        user.email = TEXT(cases[i].email);
        user.first_name = TEXT(cases[i].first_name);
        request.user = &user;
        assert_null(ciq_create_user(world->acme, &request, &error));
        assert_string_equal(ciq_error_violation_field(error, 0), cases[i].field);
        assert_code(error, CODE_INVALID_ARGUMENT, cases[i].field);
    }

    CiqCreateUserRequest empty = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    CiqUser user = CLIENTIQ__V1__USER__INIT;

    assert_null(ciq_create_user(world->acme, &empty, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "user is required");
    user.email = TEXT("short@acme.example");
    empty.user = &user;
    empty.password = TEXT("1234567");
    assert_null(ciq_create_user(world->acme, &empty, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "password must be 8 to 256 characters, got 7");
}

static void
test_create_user__email_is_unique_whatever_the_case(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

    user.email = TEXT("ADMIN@Same.Example");
    request.user = &user;
    assert_null(ciq_create_user(world->acme, &request, &error));
    assert_string_equal(ciq_error_violation_field(error, 0), "email");
    assert_code(error, CODE_ALREADY_EXISTS, "email is taken already");

    char *groups[] = {TEXT("No Such Group")};

    user.email = TEXT("grouped@acme.example");
    user.groups = groups;
    user.n_groups = 1;
    assert_null(ciq_create_user(world->acme, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "No Such Group");
}

static void
test_update_user__changes_what_the_mask_names(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id = user_new(world->acme, "masked@acme.example", false);
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    char *groups[] = {TEXT("Tenant Admins")};
    CiqUpdateUserResponse *response;

    user.job_title = TEXT("Clerk");
    user.department = TEXT("Sales");
    response = update(world->acme, id, &user, "job_title,department", &error);
    assert_ok(error);
    assert_string_equal(response->user->job_title, "Clerk");
    assert_string_equal(response->user->email, "masked@acme.example");
    assert_true(response->user->is_active);
    ciq_update_user_response_free(response);

    user.department = TEXT("");
    response = update(world->acme, id, &user, "department", &error);
    assert_ok(error);
    assert_string_equal(response->user->department, "");
    assert_string_equal(response->user->job_title, "Clerk");
    ciq_update_user_response_free(response);

    user.groups = groups;
    user.n_groups = 1;
    response = update(world->acme, id, &user, "groups", &error);
    assert_ok(error);
    assert_int_equal(response->user->n_groups, 1);
    ciq_update_user_response_free(response);
    user.n_groups = 0;
    response = update(world->acme, id, &user, "groups", &error);
    assert_ok(error);
    assert_int_equal(response->user->n_groups, 0);
    ciq_update_user_response_free(response);
}

static void
test_preferences__are_a_json_object(void **state)
{
    static const char *const wrong[] = {"[]",
                                        "1",
                                        "null",
                                        "\\\"a\\\"",
                                        "{",
                                        "{\\\"a\\\": 1,}",
                                        "{\\\"a\\\": \\\"\\\\u0000\\\"}",
                                        "{\\\"a\\\": 1e131000}"};
    World *world = *state;
    CiqError *error = NULL;
    json_t *made = call_json(world->acme, "UserService/CreateUser", &error,
                             "{\"user\": {\"email\": \"prefers@acme.example\", \"preferences\": "
                             "\"{\\\"theme\\\": \\\"dark\\\"}\"}}");
    char id[32];

    assert_ok(error);
    assert_string_equal(json_at(made, "user.preferences"), "{\"theme\": \"dark\"}");
    snprintf(id, sizeof id, "%s", json_at(made, "user.id"));
    json_decref(made);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        expect_json(
            world->acme, "UserService/UpdateUser", CODE_INVALID_ARGUMENT, "user.preferences must",
            "{\"id\": %s, \"user\": {\"preferences\": \"%s\"}, \"update_mask\": \"preferences\"}",
            id, wrong[i]);
        expect_json(world->acme, "UserService/CreateUser", CODE_INVALID_ARGUMENT,
                    "user.preferences must",
                    "{\"user\": {\"email\": \"x@y.z\", \"preferences\": \"%s\"}}", wrong[i]);
    }
    expect_json(world->acme, "UserService/UpdateUser", CODE_INVALID_ARGUMENT,
                "must be 1 to 8192 characters",
                "{\"id\": %s, \"user\": {\"preferences\": \"{%8192d}\"}, \"update_mask\": "
                "\"preferences\"}",
                id, 1);
    /* an empty text is an empty object */
    made = call_json(world->acme, "UserService/UpdateUser", &error,
                     "{\"id\": %s, \"user\": {}, \"update_mask\": \"preferences\"}", id);
    assert_ok(error);
    assert_string_equal(json_at(made, "user.preferences"), "{}");
    json_decref(made);
}

static void
test_update_user__bad_masks(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqUpdateUserRequest request = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;

    assert_null(update(world->acme, 1, &user, "shoe_size", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "shoe_size, which is no field");
    assert_null(update(world->acme, 1, &user, "id", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "cannot be set");
    assert_null(update(world->acme, 1, &user, "", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "at least one");
    assert_null(update(world->acme, 1, &user, "email", &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "user.email is required");
    user.email = TEXT("x@y.z");
    assert_null(update(world->acme, 4711, &user, "email", &error));
    assert_code(error, CODE_NOT_FOUND, "no user 4711");
    request.id = 1;
    request.user = &user;
    assert_null(ciq_update_user(world->acme, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "update_mask is required");
}

static void
test_last_admin__stays(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqDeleteUserRequest delete = CLIENTIQ__V1__DELETE_USER_REQUEST__INIT;

    delete.id = 1;
    assert_null(update(world->techcorp, 1, &user, "is_admin", &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "last active admin");
    assert_null(update(world->techcorp, 1, &user, "is_active", &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "last active admin");
    assert_null(ciq_delete_user(world->techcorp, &delete, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "last active admin");

    /* with a second one it may go */
    int64_t second = user_new(world->techcorp, "second@same.example", true);
    CiqClient *client = sign_in(&world->server, "techcorp", "second@same.example", world_password);

    delete.id = second;
    ciq_delete_user_response_free(ciq_delete_user(world->techcorp, &delete, &error));
    assert_ok(error);
    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "has ended");
    ciq_client_free(client);
    assert_null(ciq_delete_user(world->techcorp, &delete, &error));
    assert_code(error, CODE_NOT_FOUND, "no user");
}

static void
test_inactive_user__is_out(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id = user_new(world->acme, "leaver@acme.example", true);
    CiqClient *client = sign_in(&world->server, "acme", "leaver@acme.example", world_password);
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    assert_int_equal(user_count(client, world_email), 1);
    ciq_update_user_response_free(update(world->acme, id, &user, "is_active", &error));
    assert_ok(error);
    assert_null(user_get(client, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "has ended");
    login.email = TEXT("leaver@acme.example");
    login.password = TEXT(world_password);
    assert_null(ciq_login(client, &login, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "e-mail or password is wrong");
    ciq_client_free(client);
}

/* Every user once, whatever the size of a page; and tokens are good for their own list only. */
static void
test_list_users__pages(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListUsersRequest request = CLIENTIQ__V1__LIST_USERS_REQUEST__INIT;
    CiqListGroupsRequest groups = CLIENTIQ__V1__LIST_GROUPS_REQUEST__INIT;
    CiqListUsersResponse *response;
    char token[512] = "";
    int64_t last = 0;
    size_t count = 0;

    for (int i = 0; i < 7; i++) {
        char email[64];

        snprintf(email, sizeof email, "page%d@acme.example", i);
        user_new(world->acme, email, false);
    }
    request.search = TEXT("PAGE");
    request.page_size = 3;
    do {
        request.page_token = token;
        response = ciq_list_users(world->acme, &request, &error);
        assert_ok(error);
        for (size_t i = 0; i < response->n_users; i++, count++) {
            assert_true(response->users[i]->id > last);
            last = response->users[i]->id;
        }
        if (count == 3)
            snprintf(token, sizeof token, "%s", response->next_page_token);
        char next[512];
        snprintf(next, sizeof next, "%s", response->next_page_token);
        ciq_list_users_response_free(response);

        if (count == 3) {
            /* of another tenant, of another list, of another filter, damaged */
            request.page_token = next;
            assert_null(ciq_list_users(world->techcorp, &request, &error));
            assert_code(error, CODE_INVALID_ARGUMENT, "page_token");
            groups.page_token = next;
            assert_null(ciq_list_groups(world->acme, &groups, &error));
            assert_code(error, CODE_INVALID_ARGUMENT, "page_token");
            request.search = TEXT("pag");
            assert_null(ciq_list_users(world->acme, &request, &error));
            assert_code(error, CODE_INVALID_ARGUMENT, "page_token");
            request.search = TEXT("PAGE");
            next[4] = next[4] == 'A' ? 'B' : 'A';
            assert_null(ciq_list_users(world->acme, &request, &error));
            assert_code(error, CODE_INVALID_ARGUMENT, "page_token");
            next[4] = '\0';
            request.page_size = 5; /* the size may change */
            continue;
        }
        snprintf(token, sizeof token, "%s", next);
    } while (token[0] != '\0');
    assert_int_equal(count, 7);

    request.page_token = TEXT("");
    request.page_size = -1;
    assert_null(ciq_list_users(world->acme, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "page_size must not be negative");
    request.page_size = 1000000; /* cut to the most there is, as AIP-158 has it */
    response = ciq_list_users(world->acme, &request, &error);
    assert_ok(error);
    assert_int_equal(response->n_users, 7);
    ciq_list_users_response_free(response);
}

static void
test_list_users__search_is_no_pattern(void **state)
{
    World *world = *state;

    assert_int_equal(user_count(world->acme, "%"), 0);
    assert_int_equal(user_count(world->acme, "_dmin"), 0);
    assert_int_equal(user_count(world->acme, "' or '1'='1"), 0);
    assert_int_equal(user_count(world->acme, "ADMIN@same"), 1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_user__bad_input),
        cmocka_unit_test(test_create_user__email_is_unique_whatever_the_case),
        cmocka_unit_test(test_update_user__changes_what_the_mask_names),
        cmocka_unit_test(test_preferences__are_a_json_object),
        cmocka_unit_test(test_update_user__bad_masks),
        cmocka_unit_test(test_last_admin__stays),
        cmocka_unit_test(test_inactive_user__is_out),
        cmocka_unit_test(test_list_users__pages),
        cmocka_unit_test(test_list_users__search_is_no_pattern),
    };

    return run_cases(tests, world_setup, world_teardown);
}
