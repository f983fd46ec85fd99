/* The bounds of permissions, in a tenant and on the platform; and that nobody raises their own
 * rights.  */
#include "harness/harness.h"

#include <string.h>

static bool
has_permission(CiqClient *client, const char *permission)
{
    CiqError *error = NULL;
    CiqWhoAmIRequest request = CLIENTIQ__V1__WHO_AM_IREQUEST__INIT;
    CiqWhoAmIResponse *response = ciq_who_am_i(client, &request, &error);
    bool found = false;

    assert_ok(error);
    for (size_t i = 0; i < response->n_permissions; i++)
        found = found || strcmp(response->permissions[i], permission) == 0;
    ciq_who_am_i_response_free(response);
    return found;
}

static void
test_admin__has_business_permissions_only(void **state)
{
    World *world = *state;

    assert_true(has_permission(world->acme, "users.add_customuser"));
    assert_true(has_permission(world->acme, "business.view_company"));
    assert_false(has_permission(world->acme, "tenants.add_tenant"));
    assert_false(has_permission(world->acme, "platform.add_superuser"));
    assert_false(has_permission(world->acme, "demo.delete_demorequest"));
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.auth_permission where app not in "
                                       "('users', 'business')"),
                        "0");
}

static void
test_platform_permissions__cannot_be_granted(void **state)
{
    static const char *const refused[] = {"tenants.add_tenant",           "platform.add_superuser",
                                          "demo.delete_demorequest",      "auth.add_permission",
                                          "contenttypes.add_contenttype", "admin.view_logentry"};
    World *world = *state;

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        CiqError *error = NULL;
        char *permissions[] = {TEXT("users.view_customuser"), TEXT(refused[i])};
        CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
        CiqCreateGroupRequest request = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;

        group.name = TEXT("Sneaky");
        group.permissions = permissions;
        group.n_permissions = 2;
        request.group = &group;
        assert_null(ciq_create_group(world->acme, &request, &error));
        assert_code(error, CODE_INVALID_ARGUMENT, refused[i]);
    }
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from acme.auth_group where name = 'Sneaky'"),
        "0");
}

static void
test_tenant_token__is_refused_on_the_platform(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListTenantsRequest request = CLIENTIQ__V1__LIST_TENANTS_REQUEST__INIT;

    ciq_client_set_tenant(world->acme, "");
    assert_null(ciq_list_tenants(world->acme, &request, &error));
    ciq_client_set_tenant(world->acme, "acme.localhost");
    assert_code(error, CODE_UNAUTHENTICATED, "the token belongs to a tenant");
}

static void
test_tenant_token__is_refused_on_another_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    ciq_client_set_tenant(world->acme, "techcorp");
    assert_null(user_get(world->acme, 1, &error));
    ciq_client_set_tenant(world->acme, "acme.localhost");
    assert_code(error, CODE_UNAUTHENTICATED, "does not belong to this tenant");
    /* audited where it was tried */
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from techcorp.core_audit where code = 16 and "
                       "method like '%%GetUser'"),
        "1");
}

static void
test_platform_token__is_refused_on_a_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqSuperuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    CiqCreateSuperuserRequest request = CLIENTIQ__V1__CREATE_SUPERUSER_REQUEST__INIT;

    superuser.email = TEXT(world_email);
    superuser.platform_role = TEXT("owner");
    request.superuser = &superuser;
    request.password = TEXT(world_password);
    ciq_create_superuser_response_free(ciq_create_superuser(world->platform, &request, &error));
    assert_ok(error);
    CiqClient *platform = sign_in(&world->server, NULL, world_email, world_password);

    ciq_client_set_tenant(platform, "acme");
    assert_null(user_get(platform, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "does not belong to this tenant");

    /* can_create_tenants is false: everything of an owner's but that */
    ciq_client_set_tenant(platform, "");
    assert_true(has_permission(platform, "tenants.view_tenant"));
    assert_false(has_permission(platform, "tenants.add_tenant"));
    assert_false(has_permission(platform, "users.add_customuser"));
    ciq_client_free(platform);
}

static void
test_operator__has_no_way_into_a_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    ciq_client_set_tenant(world->platform, "acme");
    assert_null(user_get(world->platform, 1, &error));
    ciq_client_set_tenant(world->platform, "");
    assert_code(error, CODE_UNAUTHENTICATED, "sign in");
}

/* A member of a group with two permissions. */
static CiqClient *
staff_new(World *world)
{
    CiqError *error = NULL;
    char *permissions[] = {TEXT("users.view_customuser"), TEXT("users.change_customuser"),
                           TEXT("users.add_customuser"), TEXT("users.delete_customuser"),
                           TEXT("users.add_group")};
    char *groups[] = {TEXT("Staff")};
    CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
    CiqCreateGroupRequest group_request = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest user_request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

    group.name = TEXT("Staff");
    group.permissions = permissions;
    group.n_permissions = 5;
    group_request.group = &group;
    ciq_create_group_response_free(ciq_create_group(world->acme, &group_request, &error));
    assert_ok(error);
    user.email = TEXT("staff@acme.example");
    user.groups = groups;
    user.n_groups = 1;
    user_request.user = &user;
    user_request.password = TEXT(world_password);
    ciq_create_user_response_free(ciq_create_user(world->acme, &user_request, &error));
    assert_ok(error);
    return sign_in(&world->server, "acme", "staff@acme.example", world_password);
}

static void
test_group_member__holds_its_permissions(void **state)
{
    World *world = *state;
    CiqClient *staff = staff_new(world);
    CiqListGroupsRequest request = CLIENTIQ__V1__LIST_GROUPS_REQUEST__INIT;
    CiqError *error = NULL;

    assert_true(has_permission(staff, "users.view_customuser"));
    assert_false(has_permission(staff, "users.view_group"));
    assert_true(user_count(staff, "") >= 2);
    assert_null(ciq_list_groups(staff, &request, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "users.view_group");
    ciq_client_free(staff);
}

static void
test_group_member__cannot_raise_rights(void **state)
{
    World *world = *state;
    CiqClient *staff = sign_in(&world->server, "acme", "staff@acme.example", world_password);
    CiqError *error = NULL;
    char *groups[] = {TEXT("Tenant Admins")}, *paths[] = {TEXT("is_admin")};
    char *permissions[] = {TEXT("users.delete_group")};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
    CiqCreateUserRequest create = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    CiqUpdateUserRequest update = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;
    CiqDeleteUserRequest delete = CLIENTIQ__V1__DELETE_USER_REQUEST__INIT;
    CiqCreateGroupRequest grant = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;

    user.email = TEXT("puppet@acme.example");
    user.is_admin = true;
    create.user = &user;
    assert_null(ciq_create_user(staff, &create, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "only an admin");

    user.is_admin = false;
    user.groups = groups;
    user.n_groups = 1;
    assert_null(ciq_create_user(staff, &create, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "the groups hold business.add_company");

    mask.paths = paths;
    mask.n_paths = 1;
    user.is_admin = true;
    update.id = 1;
    update.user = &user;
    update.update_mask = &mask;
    assert_null(ciq_update_user(staff, &update, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "only an admin");
    paths[0] = TEXT("email"); /* with which an admin's password could be reset */
    assert_null(ciq_update_user(staff, &update, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "only an admin");

    delete.id = 1;
    assert_null(ciq_delete_user(staff, &delete, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "only an admin");

    group.name = TEXT("Mine");
    group.permissions = permissions;
    group.n_permissions = 1;
    grant.group = &group;
    assert_null(ciq_create_group(staff, &grant, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "only a caller who holds users.delete_group");
    ciq_client_free(staff);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_admin__has_business_permissions_only),
        cmocka_unit_test(test_platform_permissions__cannot_be_granted),
        cmocka_unit_test(test_tenant_token__is_refused_on_the_platform),
        cmocka_unit_test(test_tenant_token__is_refused_on_another_tenant),
        cmocka_unit_test(test_platform_token__is_refused_on_a_tenant),
        cmocka_unit_test(test_operator__has_no_way_into_a_tenant),
        cmocka_unit_test(test_group_member__holds_its_permissions),
        cmocka_unit_test(test_group_member__cannot_raise_rights),
    };

    return run_cases(tests, world_setup, world_teardown);
}
