/* Groups and their members, direct grants, and why somebody may do something.  The second tenant
 * has the same addresses and numbers, and must never notice.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
test_group__from_first_to_last(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id = group_new(world->acme, "Sales", "\"users.view_customuser\"");
    CiqGetGroupRequest get = CLIENTIQ__V1__GET_GROUP_REQUEST__INIT;
    CiqUpdateGroupRequest update = CLIENTIQ__V1__UPDATE_GROUP_REQUEST__INIT;
    CiqDeleteGroupRequest delete = CLIENTIQ__V1__DELETE_GROUP_REQUEST__INIT;
    CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *permissions[] = {TEXT("business.view_company"), TEXT("business.add_company")};
    char *paths[] = {TEXT("permissions")};

    get.id = id;
    CiqGetGroupResponse *got = ciq_get_group(world->acme, &get, &error);
    assert_ok(error);
    assert_string_equal(got->group->name, "Sales");
    assert_int_equal(got->group->n_permissions, 1);
    ciq_get_group_response_free(got);
    assert_null(ciq_get_group(world->techcorp, &get, &error));
    assert_code(error, CODE_NOT_FOUND, "no group");

    group.permissions = permissions;
    group.n_permissions = 2;
    mask.paths = paths;
    mask.n_paths = 1;
    update.id = id;
    update.group = &group;
    update.update_mask = &mask;
    CiqUpdateGroupResponse *updated = ciq_update_group(world->acme, &update, &error);
    assert_ok(error);
    assert_string_equal(updated->group->name, "Sales");
    assert_int_equal(updated->group->n_permissions, 2);
    assert_string_equal(updated->group->permissions[0], "business.add_company");
    ciq_update_group_response_free(updated);

    paths[0] = TEXT("name");
    group.name = TEXT("Sales and \"Service\"");
    updated = ciq_update_group(world->acme, &update, &error);
    assert_ok(error);
    assert_string_equal(updated->group->name, "Sales and \"Service\"");
    assert_int_equal(updated->group->n_permissions, 2);
    ciq_update_group_response_free(updated);
    assert_null(ciq_update_group(world->techcorp, &update, &error));
    assert_code(error, CODE_NOT_FOUND, "no group");

    delete.id = id;
    assert_null(ciq_delete_group(world->techcorp, &delete, &error));
    assert_code(error, CODE_NOT_FOUND, "no group");
    ciq_delete_group_response_free(ciq_delete_group(world->acme, &delete, &error));
    assert_ok(error);
    assert_null(ciq_delete_group(world->acme, &delete, &error));
    assert_code(error, CODE_NOT_FOUND, "no group");
}

static void
test_members__get_and_lose_what_the_group_gives(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t group = group_new(world->acme, "Readers", "\"users.view_group\"");
    int64_t user = user_new(world->acme, "member@same.example", false);
    CiqClient *member = sign_in(&world->server, "acme", "member@same.example", world_password);
    CiqAddGroupMemberRequest add = CLIENTIQ__V1__ADD_GROUP_MEMBER_REQUEST__INIT;
    CiqRemoveGroupMemberRequest drop = CLIENTIQ__V1__REMOVE_GROUP_MEMBER_REQUEST__INIT;
    CiqListGroupMembersRequest list = CLIENTIQ__V1__LIST_GROUP_MEMBERS_REQUEST__INIT;

    add.group_id = drop.group_id = list.group_id = group;
    add.user_id = drop.user_id = user;
    expect_json(member, "UserService/ListGroups", CODE_PERMISSION_DENIED, "users.view_group", "{}");
    for (int i = 0; i < 2; i++) { /* the second time changes nothing */
        ciq_add_group_member_response_free(ciq_add_group_member(world->acme, &add, &error));
        assert_ok(error);
    }
    expect_json(member, "UserService/ListGroups", CODE_OK, NULL, "{}");

    CiqListGroupMembersResponse *members = ciq_list_group_members(world->acme, &list, &error);
    assert_ok(error);
    assert_int_equal(members->n_users, 1);
    assert_int_equal(members->users[0]->id, user);
    assert_string_equal(members->users[0]->groups[0], "Readers");
    ciq_list_group_members_response_free(members);

    /* while somebody is in it, what the group gives changes at once for those who are signed in */
    expect_json(world->acme, "UserService/UpdateGroup", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"group\": {}, \"update_mask\": \"permissions\"}", group);
    expect_json(member, "UserService/ListGroups", CODE_PERMISSION_DENIED, "users.view_group", "{}");
    expect_json(world->acme, "UserService/UpdateGroup", CODE_OK, NULL,
                "{\"id\": %" PRId64
                ", \"group\": {\"permissions\": [\"users.view_group\"]}, \"update_mask\": "
                "\"permissions\"}",
                group);
    expect_json(member, "UserService/ListGroups", CODE_OK, NULL, "{}");

    ciq_remove_group_member_response_free(ciq_remove_group_member(world->acme, &drop, &error));
    assert_ok(error);
    expect_json(member, "UserService/ListGroups", CODE_PERMISSION_DENIED, "users.view_group", "{}");
    assert_null(ciq_remove_group_member(world->acme, &drop, &error));
    assert_code(error, CODE_NOT_FOUND, "is not in group");

    /* and with the group goes what it gave */
    expect_json(world->acme, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": %" PRId64 ", \"user_id\": %" PRId64 "}", group, user);
    expect_json(member, "UserService/ListGroups", CODE_OK, NULL, "{}");
    expect_json(world->acme, "UserService/DeleteGroup", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                group);
    expect_json(member, "UserService/ListGroups", CODE_PERMISSION_DENIED, "users.view_group", "{}");
    expect_json(world->acme, "UserService/ListGroupMembers", CODE_NOT_FOUND, "no group",
                "{\"group_id\": %" PRId64 "}", group);
    ciq_client_free(member);
}

static void
test_members__pages(void **state)
{
    World *world = *state;
    char token[600] = "";
    int64_t last = 0, group = group_new(world->acme, "Many", "");
    size_t count = 0, i;

    database_value(
        &world->database,
        "with made as (insert into acme.users_customuser (email) select 'many' || i || '@x.y' "
        "from generate_series(1, 23) i returning id) insert into acme.users_customuser_groups "
        "select id, %" PRId64 " from made",
        group);
    do {
        CiqError *error = NULL;
        json_t *user, *page = call_json(world->acme, "UserService/ListGroupMembers", &error,
                                        "{\"group_id\": %" PRId64
                                        ", \"page_size\": 7, \"page_token\": \"%s\"}",
                                        group, token);

        assert_ok(error);
        json_array_foreach(json_object_get(page, "users"), i, user)
        {
            assert_true(strtoll(json_at(user, "id"), NULL, 10) > last);
            last = strtoll(json_at(user, "id"), NULL, 10);
            count++;
        }
        snprintf(token, sizeof token, "%s", json_at(page, "next_page_token"));
        json_decref(page);
        /* another group's list is another list */
        if (token[0] != '\0')
            expect_json(world->acme, "UserService/ListGroupMembers", CODE_INVALID_ARGUMENT,
                        "page_token", "{\"group_id\": 1, \"page_token\": \"%s\"}", token);
    } while (token[0] != '\0' && count < 100);
    assert_int_equal(count, 23);
}

static void
test_tenant_admins__keeps_its_meaning(void **state)
{
    World *world = *state;
    int64_t user = user_new(world->acme, "nearly@same.example", false);

    expect_json(world->acme, "UserService/DeleteGroup", CODE_FAILED_PRECONDITION,
                "only its members", "{\"id\": 1}");
    expect_json(world->acme, "UserService/UpdateGroup", CODE_FAILED_PRECONDITION,
                "only its members",
                "{\"id\": 1, \"group\": {\"name\": \"Others\"}, \"update_mask\": \"name\"}");
    expect_json(world->acme, "UserService/UpdateGroup", CODE_FAILED_PRECONDITION,
                "only its members", "{\"id\": 1, \"group\": {}, \"update_mask\": \"permissions\"}");
    /* nobody else takes its name */
    int64_t other = group_new(world->acme, "Other", "");
    expect_json(world->acme, "UserService/UpdateGroup", CODE_ALREADY_EXISTS,
                "name is taken already",
                "{\"id\": %" PRId64
                ", \"group\": {\"name\": \"Tenant Admins\"}, \"update_mask\": \"name\"}",
                other);
    /* its last member may leave: an admin is who has is_admin, whatever the groups say */
    expect_json(world->acme, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": 1, \"user_id\": %" PRId64 "}", user);
    expect_json(world->acme, "UserService/RemoveGroupMember", CODE_OK, NULL,
                "{\"group_id\": 1, \"user_id\": 1}");
    expect_json(world->acme, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": 1, \"user_id\": 1}");
    /* whatever migrations have declared */
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from acme.auth_permission p where not exists (select "
                       "from acme.auth_group_permissions h where h.group_id = 1 and "
                       "h.permission_id = p.id)"),
        "0");
}

/* Who is no admin gives and takes only what they hold themselves. */
static void
test_group_change__gives_only_what_one_holds(void **state)
{
    World *world = *state;
    int64_t id, plain = user_new(world->acme, "plain@same.example", false);
    int64_t mine = group_new(world->acme, "Mine", "\"users.view_customuser\"");
    int64_t more =
        group_new(world->acme, "More", "\"users.view_customuser\", \"business.view_company\"");
    CiqClient *clerk = holder_new(world, "clerk@same.example",
                                  "users.change_group,users.delete_group,users.add_group,"
                                  "users.change_customuser,users.view_customuser",
                                  &id);

    expect_json(clerk, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": %" PRId64 ", \"user_id\": %" PRId64 "}", mine, plain);
    expect_json(clerk, "UserService/AddGroupMember", CODE_PERMISSION_DENIED,
                "the group holds business.view_company",
                "{\"group_id\": %" PRId64 ", \"user_id\": %" PRId64 "}", more, plain);
    /* not oneself either */
    expect_json(clerk, "UserService/AddGroupMember", CODE_PERMISSION_DENIED,
                "the group holds business.", "{\"group_id\": 1, \"user_id\": %" PRId64 "}", id);
    expect_json(clerk, "UserService/UpdateGroup", CODE_PERMISSION_DENIED,
                "only a caller who holds business.view_company",
                "{\"id\": %" PRId64 ", \"group\": {\"permissions\": [\"business.view_company\"]}, "
                "\"update_mask\": \"permissions\"}",
                mine);
    expect_json(clerk, "UserService/UpdateGroup", CODE_PERMISSION_DENIED,
                "the group holds business.view_company",
                "{\"id\": %" PRId64 ", \"group\": {}, \"update_mask\": \"permissions\"}", more);
    expect_json(clerk, "UserService/DeleteGroup", CODE_PERMISSION_DENIED,
                "the group holds business.view_company", "{\"id\": %" PRId64 "}", more);
    expect_json(clerk, "UserService/GrantPermission", CODE_PERMISSION_DENIED,
                "only a caller who holds business.view_company",
                "{\"user_id\": %" PRId64 ", \"permission\": \"business.view_company\"}", id);
    expect_json(clerk, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_customuser\"}", plain);
    expect_json(clerk, "UserService/GrantPermission", CODE_PERMISSION_DENIED,
                "only an admin may change an admin",
                "{\"user_id\": 1, \"permission\": \"users.view_customuser\"}");
    expect_json(clerk, "UserService/RevokePermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_customuser\"}", plain);
    expect_json(clerk, "UserService/DeleteGroup", CODE_OK, NULL, "{\"id\": %" PRId64 "}", mine);
    ciq_client_free(clerk);
}

static void
test_grant__only_what_a_tenant_has(void **state)
{
    static const char *const platforms[] = {
        "tenants.add_tenant",      "tenants.x",           "platform.add_superuser",
        "demo.delete_demorequest", "auth.add_permission", "contenttypes.add_contenttype",
        "admin.view_logentry"};
    static const char *const no_names[] = {"",      "users",      "users.",
                                           ".view", "users.View", "users.view user"};
    World *world = *state;

    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
        const char *name = platforms[i], *said = "the platform's and cannot be granted in a tenant";

        expect_json(world->acme, "UserService/GrantPermission", CODE_INVALID_ARGUMENT, said,
                    "{\"user_id\": 1, \"permission\": \"%s\"}", name);
        expect_json(world->acme, "UserService/RevokePermission", CODE_INVALID_ARGUMENT, said,
                    "{\"user_id\": 1, \"permission\": \"%s\"}", name);
        expect_json(
            world->acme, "UserService/CreateGroup", CODE_INVALID_ARGUMENT, said,
            "{\"group\": {\"name\": \"Sneaky\", \"permissions\": [\"users.view_group\", \"%s\"]}}",
            name);
        expect_json(world->acme, "UserService/UpdateGroup", CODE_INVALID_ARGUMENT, said,
                    "{\"id\": %" PRId64
                    ", \"group\": {\"permissions\": [\"%s\"]}, \"update_mask\": "
                    "\"permissions\"}",
                    group_new(world->acme, name, ""), name);
    }
    expect_json(world->acme, "UserService/GrantPermission", CODE_INVALID_ARGUMENT,
                "not a permission of this tenant",
                "{\"user_id\": 1, \"permission\": \"business.fly\"}");
    for (size_t i = 0; i < sizeof no_names / sizeof *no_names; i++)
        expect_json(world->acme, "UserService/GrantPermission", CODE_INVALID_ARGUMENT, "permission",
                    "{\"user_id\": 1, \"permission\": \"%s\"}", no_names[i]);
    expect_json(world->acme, "UserService/GrantPermission", CODE_NOT_FOUND, "no user 4711",
                "{\"user_id\": 4711, \"permission\": \"users.view_group\"}");
    expect_json(world->acme, "UserService/RevokePermission", CODE_NOT_FOUND,
                "was not given users.view_group directly",
                "{\"user_id\": 1, \"permission\": \"users.view_group\"}");
    /* nor can a migration declare one of them */
    PGconn *owner = database_connect(&world->database);
    PGresult *result =
        PQexec(owner, "insert into acme.auth_permission (app, codename, name) values "
                      "('tenants', 'add_tenant', 'x')");
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23514");
    PQclear(result);
    PQfinish(owner);
}

static void
test_user_permissions__with_their_reasons(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t user = user_new(world->acme, "reasons@same.example", false);
    int64_t one = group_new(world->acme, "One", "\"users.view_group\", \"business.view_contact\"");
    int64_t two = group_new(world->acme, "Two", "\"users.view_group\"");
    CiqGrantPermissionRequest grant = CLIENTIQ__V1__GRANT_PERMISSION_REQUEST__INIT;
    CiqRevokePermissionRequest revoke = CLIENTIQ__V1__REVOKE_PERMISSION_REQUEST__INIT;
    CiqListUserPermissionsRequest list = CLIENTIQ__V1__LIST_USER_PERMISSIONS_REQUEST__INIT;
    CiqListUserPermissionsResponse *held;

    list.user_id = user;
    held = ciq_list_user_permissions(world->acme, &list, &error);
    assert_ok(error);
    assert_int_equal(held->n_permissions, 0);
    ciq_list_user_permissions_response_free(held);

    expect_json(world->acme, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": %" PRId64 ", \"user_id\": %" PRId64 "}", one, user);
    expect_json(world->acme, "UserService/AddGroupMember", CODE_OK, NULL,
                "{\"group_id\": %" PRId64 ", \"user_id\": %" PRId64 "}", two, user);
    grant.user_id = revoke.user_id = user;
    grant.permission = revoke.permission = TEXT("users.view_group");
    ciq_grant_permission_response_free(ciq_grant_permission(world->acme, &grant, &error));
    assert_ok(error);

    held = ciq_list_user_permissions(world->acme, &list, &error);
    assert_ok(error);
    assert_int_equal(held->n_permissions, 2);
    assert_string_equal(held->permissions[0]->permission, "business.view_contact");
    assert_false(held->permissions[0]->direct || held->permissions[0]->by_admin);
    assert_int_equal(held->permissions[0]->n_groups, 1);
    assert_string_equal(held->permissions[0]->groups[0], "One");
    assert_string_equal(held->permissions[1]->permission, "users.view_group");
    assert_true(held->permissions[1]->direct);
    assert_int_equal(held->permissions[1]->n_groups, 2);
    assert_string_equal(held->permissions[1]->groups[1], "Two");
    ciq_list_user_permissions_response_free(held);

    ciq_revoke_permission_response_free(ciq_revoke_permission(world->acme, &revoke, &error));
    assert_ok(error);
    json_t *left = call_json(world->acme, "UserService/ListUserPermissions", &error,
                             "{\"user_id\": %" PRId64 "}", user);
    assert_ok(error);
    assert_string_equal(json_at(left, "permissions.1.direct"),
                        "false"); /* the groups still give it */
    json_decref(left);

    /* an admin holds all that the tenant has, page by page; who is not active holds nothing */
    list.user_id = 1;
    list.page_size = 15;
    held = ciq_list_user_permissions(world->acme, &list, &error);
    assert_ok(error);
    assert_int_equal(held->n_permissions, 15);
    assert_true(held->permissions[0]->by_admin);
    assert_string_equal(held->permissions[0]->groups[0], "Tenant Admins");
    list.page_token = held->next_page_token;
    CiqListUserPermissionsResponse *rest = ciq_list_user_permissions(world->acme, &list, &error);
    assert_ok(error);
    assert_int_equal(
        15 + rest->n_permissions,
        atoi(database_value(&world->database, "select count(*) from acme.auth_permission")));
    ciq_list_user_permissions_response_free(rest);
    ciq_list_user_permissions_response_free(held);
    expect_json(world->acme, "UserService/DeactivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                user);
    left = call_json(world->acme, "UserService/ListUserPermissions", &error,
                     "{\"user_id\": %" PRId64 "}", user);
    assert_ok(error);
    assert_string_equal(json_at(left, "permissions"), "0");
    json_decref(left);
    expect_json(world->acme, "UserService/ListUserPermissions", CODE_NOT_FOUND, "no user 4711",
                "{\"user_id\": 4711}");
}

static void
test_list_permissions__all_of_the_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListPermissionsRequest list = CLIENTIQ__V1__LIST_PERMISSIONS_REQUEST__INIT;
    CiqListPermissionsResponse *page = ciq_list_permissions(world->acme, &list, &error);

    assert_ok(error);
    assert_int_equal(
        page->n_permissions,
        atoi(database_value(&world->database, "select count(*) from acme.auth_permission")));
    for (size_t i = 0; i < page->n_permissions; i++) {
        const char *name = page->permissions[i]->permission;

        assert_true(strncmp(name, "users.", 6) == 0 || strncmp(name, "business.", 9) == 0);
        if (i > 0)
            assert_true(strcmp(name, page->permissions[i - 1]->permission) > 0);
    }
    assert_string_equal(page->permissions[0]->name, "Can add company");
    ciq_list_permissions_response_free(page);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group__from_first_to_last),
        cmocka_unit_test(test_members__get_and_lose_what_the_group_gives),
        cmocka_unit_test(test_members__pages),
        cmocka_unit_test(test_tenant_admins__keeps_its_meaning),
        cmocka_unit_test(test_group_change__gives_only_what_one_holds),
        cmocka_unit_test(test_grant__only_what_a_tenant_has),
        cmocka_unit_test(test_user_permissions__with_their_reasons),
        cmocka_unit_test(test_list_permissions__all_of_the_tenant),
    };

    return run_cases(tests, world_setup, world_teardown);
}
