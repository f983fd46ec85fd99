/* Superusers, groups and migrations, as the platform's staff see them.  */
#include "harness.h"

#include <string.h>

static CiqClient *
superuser_new(World *world, const char *email, const char *role, bool can_create_tenants)
{
    CiqError *error = NULL;
    CiqSuperuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    CiqCreateSuperuserRequest request = CLIENTIQ__V1__CREATE_SUPERUSER_REQUEST__INIT;

    superuser.email = TEXT(email);
    superuser.platform_role = TEXT(role);
    superuser.can_create_tenants = can_create_tenants;
    request.superuser = &superuser;
    request.password = TEXT(world_password);
    ciq_create_superuser_response_free(ciq_create_superuser(world->operator, &request, &error));
    assert_ok(error);
    return sign_in(&world->server, NULL, email, world_password);
}

static void
test_roles__hold_what_they_say(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *reader = superuser_new(world, "reader@platform.example", "read-only", true);
    CiqListTenantsRequest list = CLIENTIQ__V1__LIST_TENANTS_REQUEST__INIT;
    CiqRemoveDomainRequest drop = CLIENTIQ__V1__REMOVE_DOMAIN_REQUEST__INIT;

    ciq_list_tenants_response_free(ciq_list_tenants(reader, &list, &error));
    assert_ok(error);
    drop.domain = TEXT("acme.localhost");
    assert_null(ciq_remove_domain(reader, &drop, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "tenants.delete_domain");
    assert_string_equal(database_value(&world->database, "select count(*) from public.core_audit where "
                                       "code = 7 and caller_email = 'reader@platform.example'"), "1");
    ciq_client_free(reader);
}

static void
test_create_superuser__only_owners(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *operator = superuser_new(world, "operator@platform.example", "operator", true);
    CiqSuperuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    CiqCreateSuperuserRequest request = CLIENTIQ__V1__CREATE_SUPERUSER_REQUEST__INIT;

    superuser.email = TEXT("friend@platform.example");
    superuser.platform_role = TEXT("owner");
    request.superuser = &superuser;
    request.password = TEXT(world_password);
    assert_null(ciq_create_superuser(operator, &request, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "platform.add_superuser");
    superuser.platform_role = TEXT("king");
    assert_null(ciq_create_superuser(world->operator, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "must be one of owner, operator, support, read-only");
    superuser.platform_role = TEXT("owner");
    superuser.email = TEXT("OPERATOR@platform.example");
    assert_null(ciq_create_superuser(world->operator, &request, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "email");

    tenant_new(operator, "bysuperuser"); /* a writer on the owner's connection */
    ciq_client_free(operator);
}

static void
test_create_superuser__gives_only_what_one_has(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *owner = superuser_new(world, "owner@platform.example", "owner", false);
    CiqSuperuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    CiqCreateSuperuserRequest request = CLIENTIQ__V1__CREATE_SUPERUSER_REQUEST__INIT;

    superuser.email = TEXT("puppet@platform.example");
    superuser.platform_role = TEXT("owner");
    superuser.can_create_tenants = true;
    request.superuser = &superuser;
    request.password = TEXT(world_password);
    assert_null(ciq_create_superuser(owner, &request, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "can_create_tenants");
    ciq_client_free(owner);
}

static void
test_list_superusers__all(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListSuperusersRequest request = CLIENTIQ__V1__LIST_SUPERUSERS_REQUEST__INIT;
    CiqListSuperusersResponse *response = ciq_list_superusers(world->operator, &request, &error);

    assert_ok(error);
    assert_int_equal(response->n_superusers, 3);
    assert_string_equal(response->superusers[0]->platform_role, "read-only");
    assert_true(response->superusers[0]->is_active);
    ciq_list_superusers_response_free(response);
}

static void
test_groups__with_their_permissions(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char *permissions[] = {TEXT("users.view_customuser"), TEXT("business.view_company"),
                           TEXT("users.view_customuser")};
    CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
    CiqCreateGroupRequest create = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;
    CiqListGroupsRequest list = CLIENTIQ__V1__LIST_GROUPS_REQUEST__INIT;
    CiqListGroupsResponse *groups;

    group.name = TEXT("Readers, \"quoted\" \\ {x}");
    group.permissions = permissions;
    group.n_permissions = 3;
    create.group = &group;
    ciq_create_group_response_free(ciq_create_group(world->acme, &create, &error));
    assert_ok(error);
    assert_null(ciq_create_group(world->acme, &create, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "name is taken already");

    groups = ciq_list_groups(world->acme, &list, &error);
    assert_ok(error);
    assert_int_equal(groups->n_groups, 2);
    assert_string_equal(groups->groups[0]->name, "Tenant Admins");
    assert_int_equal(groups->groups[0]->n_permissions, 17);
    assert_string_equal(groups->groups[1]->name, "Readers, \"quoted\" \\ {x}");
    assert_int_equal(groups->groups[1]->n_permissions, 2);
    assert_string_equal(groups->groups[1]->permissions[0], "business.view_company");
    ciq_list_groups_response_free(groups);
}

static void
test_list_migrations__of_the_shared_schema(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListMigrationsRequest request = CLIENTIQ__V1__LIST_MIGRATIONS_REQUEST__INIT;
    CiqListMigrationsResponse *response;

    request.page_size = 2;
    response = ciq_list_migrations(world->operator, &request, &error);
    assert_ok(error);
    assert_int_equal(response->n_migrations, 2);
    assert_string_equal(response->migrations[0]->app, "core");
    assert_int_equal(strlen(response->migrations[0]->checksum), 64);
    assert_true(response->next_page_token[0] != '\0');
    ciq_list_migrations_response_free(response);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles__hold_what_they_say),
        cmocka_unit_test(test_create_superuser__only_owners),
        cmocka_unit_test(test_create_superuser__gives_only_what_one_has),
        cmocka_unit_test(test_list_superusers__all),
        cmocka_unit_test(test_groups__with_their_permissions),
        cmocka_unit_test(test_list_migrations__of_the_shared_schema),
    };

    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
