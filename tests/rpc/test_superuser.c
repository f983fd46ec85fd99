/* Superusers, groups and migrations, as the platform's staff see them.  */
#include "harness/harness.h"

#include <stdlib.h>
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
    ciq_create_superuser_response_free(ciq_create_superuser(world->platform, &request, &error));
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
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from public.core_audit where "
                                       "code = 7 and caller_email = 'reader@platform.example'"),
                        "1");
    ciq_client_free(reader);
}

static void
test_create_superuser__only_owners(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *platform = superuser_new(world, "operator@platform.example", "operator", true);
    CiqSuperuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    CiqCreateSuperuserRequest request = CLIENTIQ__V1__CREATE_SUPERUSER_REQUEST__INIT;

    superuser.email = TEXT("friend@platform.example");
    superuser.platform_role = TEXT("owner");
    request.superuser = &superuser;
    request.password = TEXT(world_password);
    assert_null(ciq_create_superuser(platform, &request, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "platform.add_superuser");
    superuser.platform_role = TEXT("king");
    assert_null(ciq_create_superuser(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "must be one of owner, operator, support, read-only");
    superuser.platform_role = TEXT("owner");
    superuser.email = TEXT("OPERATOR@platform.example");
    assert_null(ciq_create_superuser(world->platform, &request, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "email");

    tenant_new(platform, "bysuperuser"); /* a writer on the owner's connection */
    ciq_client_free(platform);
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

static int64_t
superuser_id(World *world, const char *email)
{
    return strtoll(database_value(&world->database,
                                  "select id from public.platform_superuser where email = '%s'",
                                  email),
                   NULL, 10);
}

static void
test_superuser__from_first_to_last(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *helper = superuser_new(world, "helper@platform.example", "support", false);
    int64_t id = superuser_id(world, "helper@platform.example");
    CiqGetSuperuserRequest get = CLIENTIQ__V1__GET_SUPERUSER_REQUEST__INIT;
    CiqUpdateSuperuserRequest update = CLIENTIQ__V1__UPDATE_SUPERUSER_REQUEST__INIT;
    CiqDeactivateSuperuserRequest deactivate = CLIENTIQ__V1__DEACTIVATE_SUPERUSER_REQUEST__INIT;
    CiqActivateSuperuserRequest activate = CLIENTIQ__V1__ACTIVATE_SUPERUSER_REQUEST__INIT;
    CiqDeleteSuperuserRequest delete = CLIENTIQ__V1__DELETE_SUPERUSER_REQUEST__INIT;
    CiqSuperuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {TEXT("platform_role"), TEXT("email")};

    get.id = update.id = deactivate.id = activate.id = delete.id = id;
    CiqGetSuperuserResponse *got = ciq_get_superuser(helper, &get, &error);
    assert_ok(error);
    assert_string_equal(got->superuser->platform_role, "support");
    assert_non_null(got->superuser->last_login);
    ciq_get_superuser_response_free(got);

    /* a role is that of the next call, on every server */
    expect_json(helper, "TenantService/ListTenants", CODE_OK, NULL, "{}");
    expect_json(helper, "TenantService/RemoveDomain", CODE_PERMISSION_DENIED,
                "tenants.delete_domain", "{\"domain\": \"nobodys.example\"}");
    superuser.platform_role = TEXT("operator");
    superuser.email = TEXT("Helper@Platform.Example");
    mask.paths = paths;
    mask.n_paths = 2;
    update.superuser = &superuser;
    update.update_mask = &mask;
    CiqUpdateSuperuserResponse *updated = ciq_update_superuser(world->platform, &update, &error);
    assert_ok(error);
    assert_string_equal(updated->superuser->platform_role, "operator");
    assert_string_equal(updated->superuser->email, "Helper@Platform.Example");
    assert_false(updated->superuser->can_create_tenants);
    ciq_update_superuser_response_free(updated);
    expect_json(helper, "TenantService/RemoveDomain", CODE_NOT_FOUND, "no domain",
                "{\"domain\": \"nobodys.example\"}");

    ciq_deactivate_superuser_response_free(
        ciq_deactivate_superuser(world->platform, &deactivate, &error));
    assert_ok(error);
    expect_json(helper, "TenantService/ListTenants", CODE_UNAUTHENTICATED, "has ended", "{}");
    expect_json(helper, "UserService/Login", CODE_UNAUTHENTICATED, "e-mail or password is wrong",
                "{\"email\": \"helper@platform.example\", \"password\": \"%s\"}", world_password);
    CiqActivateSuperuserResponse *active =
        ciq_activate_superuser(world->platform, &activate, &error);
    assert_ok(error);
    assert_true(active->superuser->is_active);
    ciq_activate_superuser_response_free(active);
    expect_json(helper, "TenantService/ListTenants", CODE_UNAUTHENTICATED, "has ended", "{}");

    ciq_delete_superuser_response_free(ciq_delete_superuser(world->platform, &delete, &error));
    assert_ok(error);
    assert_null(ciq_get_superuser(world->platform, &get, &error));
    assert_code(error, CODE_NOT_FOUND, "no superuser");
    assert_null(ciq_delete_superuser(world->platform, &delete, &error));
    assert_code(error, CODE_NOT_FOUND, "no superuser");
    ciq_client_free(helper);
}

/* Nobody raises a role, their own or another's, above what they hold; and the rules of the fields.
 */
static void
test_superuser__nobody_raises_a_role(void **state)
{
    World *world = *state;
    CiqClient *owner = superuser_new(world, "half@platform.example", "owner", false);
    CiqClient *full = superuser_new(world, "full@platform.example", "owner", true);
    CiqClient *platform = superuser_new(world, "plain@platform.example", "operator", true);
    int64_t owner_id = superuser_id(world, "half@platform.example");
    int64_t full_id = superuser_id(world, "full@platform.example");
    int64_t operator_id = superuser_id(world, "plain@platform.example");
    const char *roles =
        "{\"id\": %lld, \"superuser\": {\"platform_role\": \"%s\", \"can_create_tenants\": "
        "%s, \"email\": \"%s\"}, \"update_mask\": \"%s\"}";

    /* an operator changes no superuser, nor themselves */
    expect_json(platform, "UserService/UpdateSuperuser", CODE_PERMISSION_DENIED,
                "platform.change_superuser", roles, (long long) operator_id, "owner", "true", "",
                "platform_role");
    /* an owner who may not create tenants takes that neither for themselves nor gives it */
    expect_json(owner, "UserService/UpdateSuperuser", CODE_PERMISSION_DENIED,
                "holds tenants.add_tenant", roles, (long long) owner_id, "owner", "true", "",
                "can_create_tenants");
    expect_json(owner, "UserService/UpdateSuperuser", CODE_PERMISSION_DENIED,
                "holds tenants.add_tenant", roles, (long long) owner_id, "owner", "true", "x@y.z",
                "*");
    expect_json(owner, "UserService/UpdateSuperuser", CODE_PERMISSION_DENIED,
                "holds tenants.add_tenant", roles, (long long) full_id, "support", "false", "",
                "platform_role");
    expect_json(owner, "UserService/DeactivateSuperuser", CODE_PERMISSION_DENIED,
                "holds tenants.add_tenant", "{\"id\": %lld}", (long long) operator_id);
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) > 0 from public.core_audit where code = 7 and "
                       "caller_email = 'half@platform.example'"),
        "t");

    expect_json(full, "UserService/UpdateSuperuser", CODE_INVALID_ARGUMENT, "must be one of owner",
                roles, (long long) operator_id, "king", "true", "", "platform_role");
    expect_json(full, "UserService/UpdateSuperuser", CODE_INVALID_ARGUMENT,
                "superuser.platform_role is required", roles, (long long) operator_id, "", "true",
                "", "platform_role");
    expect_json(full, "UserService/UpdateSuperuser", CODE_INVALID_ARGUMENT, "which cannot be set",
                roles, (long long) operator_id, "owner", "true", "", "is_active");
    expect_json(full, "UserService/UpdateSuperuser", CODE_ALREADY_EXISTS, "email is taken already",
                roles, (long long) operator_id, "owner", "true", "HALF@platform.example", "email");
    expect_json(full, "UserService/UpdateSuperuser", CODE_NOT_FOUND, "no superuser 4711", roles,
                4711ll, "owner", "true", "", "platform_role");
    expect_json(full, "UserService/UpdateSuperuser", CODE_OK, NULL, roles, (long long) owner_id,
                "owner", "true", "", "can_create_tenants");
    expect_json(full, "UserService/DeleteSuperuser", CODE_OK, NULL, "{\"id\": %lld}",
                (long long) operator_id);
    ciq_client_free(owner);
    ciq_client_free(full);
    ciq_client_free(platform);
}

static void
deactivated(void *arg, CiqDeactivateSuperuserResponse *response, CiqError *error)
{
    ciq_deactivate_superuser_response_free(response);
    ends_add(arg, error);
}

static void
deleted(void *arg, CiqDeleteSuperuserResponse *response, CiqError *error)
{
    ciq_delete_superuser_response_free(response);
    ends_add(arg, error);
}

/* The last active owner stays, also when the last two are put out at the same moment. */
static void
test_last_owner__stays(void **state)
{
    World *world = *state;
    int64_t id = superuser_id(world, "full@platform.example");
    CiqDeactivateSuperuserRequest deactivate = CLIENTIQ__V1__DEACTIVATE_SUPERUSER_REQUEST__INIT;
    CiqDeleteSuperuserRequest delete = CLIENTIQ__V1__DELETE_SUPERUSER_REQUEST__INIT;

    database_value(&world->database, "delete from public.platform_superuser where id <> %lld",
                   (long long) id);
    expect_json(world->platform, "UserService/DeleteSuperuser", CODE_FAILED_PRECONDITION,
                "the platform's last active owner", "{\"id\": %lld}", (long long) id);
    expect_json(world->platform, "UserService/DeactivateSuperuser", CODE_FAILED_PRECONDITION,
                "the platform's last active owner", "{\"id\": %lld}", (long long) id);
    expect_json(world->platform, "UserService/UpdateSuperuser", CODE_FAILED_PRECONDITION,
                "the platform's last active owner",
                "{\"id\": %lld, \"superuser\": {\"platform_role\": "
                "\"operator\"}, \"update_mask\": \"platform_role\"}",
                (long long) id);
    for (int round = 0; round < 12; round++) {
        Ends ends = {0};

        deactivate.id = id;
        delete.id =
            strtoll(database_value(&world->database,
                                   "insert into public.platform_superuser (email, platform_role) "
                                   "values ('racer%d@x.y', 'owner') returning id",
                                   round),
                    NULL, 10);
        ciq_deactivate_superuser_async(world->platform, &deactivate,
                                       &(CiqCallOptions){.timeout_ms = 20000}, deactivated, &ends);
        ciq_delete_superuser_async(world->platform, &delete, &(CiqCallOptions){.timeout_ms = 20000},
                                   deleted, &ends);
        wait_for_ends(&ends, 2);
        assert_int_equal(ends.codes[CODE_OK], 1);
        assert_int_equal(ends.codes[CODE_FAILED_PRECONDITION], 1);
        assert_string_equal(
            database_value(&world->database,
                           "select count(*) from public.platform_superuser where is_active "
                           "and platform_role = 'owner'"),
            "1");
        database_value(
            &world->database,
            "with gone as (delete from public.platform_superuser where id <> %lld) update "
            "public.platform_superuser set is_active = true where id = %lld",
            (long long) id, (long long) id);
    }
}

static void
test_list_superusers__all(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListSuperusersRequest request = CLIENTIQ__V1__LIST_SUPERUSERS_REQUEST__INIT;
    CiqListSuperusersResponse *response = ciq_list_superusers(world->platform, &request, &error);

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
    assert_int_equal(
        groups->groups[0]->n_permissions,
        atoi(database_value(&world->database, "select count(*) from acme.auth_permission")));
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
    response = ciq_list_migrations(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(response->n_migrations, 2);
    assert_string_equal(response->migrations[0]->app, "core");
    assert_int_equal(strlen(response->migrations[0]->checksum), 66);
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
        cmocka_unit_test(test_superuser__from_first_to_last),
        cmocka_unit_test(test_superuser__nobody_raises_a_role),
        cmocka_unit_test(test_last_owner__stays),
        cmocka_unit_test(test_list_migrations__of_the_shared_schema),
    };

    return run_cases(tests, world_setup, world_teardown);
}
