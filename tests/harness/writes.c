/* One row for each rpc that writes; see writes.h.  */
#include "harness/writes.h"

#include "harness/cases.h"
#include "harness/database.h"
#include "server/call/auth.h"

#include <stdio.h>

static const char link_token[] = "ciq_l_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const Write writes[] = {
    {"UserService/CreateUser", true, "{\"user\": {\"email\": \"two@same.example\"}}", NULL,
     "user 2", NULL},
    {"UserService/SetPassword", true,
     "{\"link_token\": \"ciq_l_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\", \"password\": \"secret-of-two\"}",
     "user 2", "user 2",
     "insert into acme.users_token (secret_hash, user_id, expire_time) "
     "values ('\\x%s', 2, now() + interval '1 hour')"},
    {"UserService/Login", true,
     "{\"email\": \"two@same.example\", \"password\": \"secret-of-two\"}", "user 2",
     "email two@same.example", NULL},
    {"UserService/RevokeSession", true, "{\"id\": 2, \"user_id\": 2}", NULL, "session 2", NULL},
    {"UserService/RevokeAllSessions", true, "{\"user_id\": 2}", NULL, "user 2", NULL},
    {"UserService/ChangePassword", true,
     "{\"old_password\": \"correct horse battery\", \"new_password\": \"secret-of-one\"}", NULL,
     "user 1", NULL},
    {"UserService/UpdateUser", true,
     "{\"id\": 2, \"user\": {\"first_name\": \"Two\"}, \"update_mask\": \"first_name\"}", NULL,
     "user 2", NULL},
    {"UserService/GrantPermission", true, "{\"user_id\": 2, \"permission\": \"users.view_group\"}",
     NULL, "user 2 permission users.view_group", NULL},
    {"UserService/RevokePermission", true, "{\"user_id\": 2, \"permission\": \"users.view_group\"}",
     NULL, "user 2 permission users.view_group", NULL},
    {"UserService/CreateGroup", true, "{\"group\": {\"name\": \"Staff\"}}", NULL, "group 2", NULL},
    {"UserService/UpdateGroup", true,
     "{\"id\": 2, \"group\": {\"name\": \"All\"}, \"update_mask\": \"name\"}", NULL, "group 2",
     NULL},
    {"UserService/AddGroupMember", true, "{\"group_id\": 2, \"user_id\": 2}", NULL,
     "group 2 user 2", NULL},
    {"UserService/RemoveGroupMember", true, "{\"group_id\": 2, \"user_id\": 2}", NULL,
     "group 2 user 2", NULL},
    {"UserService/DeleteGroup", true, "{\"id\": 2}", NULL, "group 2", NULL},
    {"UserService/DeactivateUser", true, "{\"id\": 2}", NULL, "user 2", NULL},
    {"UserService/ActivateUser", true, "{\"id\": 2}", NULL, "user 2", NULL},
    {"UserService/UpdateMe", true,
     "{\"profile\": {\"first_name\": \"One\"}, \"update_mask\": \"first_name\"}", NULL, "user 1",
     NULL},
    {"UserService/DeleteUser", true, "{\"id\": 2}", NULL, "user 2", NULL},
    {"UserService/RetryMail", true, "{\"id\": 1}", NULL, "mail 1",
     "insert into acme.core_outbox (template, recipient, user_id, next_time) "
     "values ('welcome', 'nobody@same.example', 1, null)"},
    {"UserService/CreateApiKey", true, "{\"api_key\": {\"name\": \"service\"}}", NULL, "api key 1",
     NULL},
    {"UserService/UpdateApiKey", true,
     "{\"id\": 1, \"api_key\": {\"name\": \"other\"}, \"update_mask\": \"name\"}", NULL,
     "api key 1", NULL},
    {"UserService/RotateApiKey", true, "{\"id\": 1}", NULL, "api key 1", NULL},
    {"UserService/RevokeApiKey", true, "{\"id\": 1}", NULL, "api key 1", NULL},
    {"UserService/RequestPasswordReset", true, "{\"email\": \"two@same.example\"}", "anonymous 0",
     "email two@same.example", NULL},
    {"UserService/InviteUser", true, "{\"user\": {\"email\": \"three@same.example\"}}", NULL,
     "user 3", NULL},
    {"UserService/ReinviteUser", true, "{\"id\": 3}", NULL, "user 3", NULL},
    {"UserService/Logout", true, "{}", NULL, "session *", NULL},

    {"TenantService/CreateTenant", false,
     "{\"tenant\": {\"name\": \"Three\", \"schema_name\": \"three\"}, \"domain\": \"three.localhost\", "
     "\"admin_email\": \"admin@same.example\"}",
     NULL, "tenant 3", NULL},
    {"TenantService/UpdateTenant", false,
     "{\"id\": 3, \"tenant\": {\"name\": \"Third\"}, \"update_mask\": \"name\"}", NULL, "tenant 3",
     NULL},
    {"TenantService/SuspendTenant", false, "{\"id\": 3, \"reason\": \"a test\"}", NULL, "tenant 3",
     NULL},
    {"TenantService/ActivateTenant", false, "{\"id\": 3}", NULL, "tenant 3", NULL},
    {"TenantService/RenameTenant", false, "{\"id\": 3, \"new_schema_name\": \"third\"}", NULL,
     "tenant 3", NULL},
    {"TenantService/RepairTenant", false, "{\"id\": 3}", NULL, "tenant 3", NULL},
    {"TenantService/RetryTenantMails", false, "{\"id\": 3}", NULL, "tenant 3", NULL},
    {"TenantService/AddDomain", false,
     "{\"domain\": {\"schema_name\": \"third\", \"domain\": \"third.example.com\"}}", NULL,
     "domain third.example.com", NULL},
    {"TenantService/SetPrimaryDomain", false, "{\"domain\": \"third.example.com\"}", NULL,
     "domain third.example.com", NULL},
    {"TenantService/VerifyDomain", false, "{\"domain\": \"third.example.com\"}", NULL,
     "domain third.example.com", NULL},
    {"TenantService/RemoveDomain", false, "{\"domain\": \"three.localhost\"}", NULL,
     "domain three.localhost", NULL},
    {"TenantService/DeleteTenant", false, "{\"id\": 3}", NULL, "tenant 3", NULL},
    {"TenantService/UndeleteTenant", false, "{\"id\": 3}", NULL, "tenant 3", NULL},
    {"TenantService/DeleteTenant", false, "{\"id\": 3}", NULL, "tenant 3", NULL},
    {"TenantService/PurgeTenant", false, "{\"id\": 3}", NULL, "tenant 3", NULL},
    {"TenantService/ActAs", false, "{\"id\": 2, \"reason\": \"a test\"}", NULL, "tenant 2", NULL},
    {"TenantService/EndActAs", false, "{\"id\": 2}", NULL, "tenant 2", NULL},
    {"TenantService/UpdatePlan", false,
     "{\"plan_limits\": {\"plan\": \"trial\", \"max_users\": 6}, \"update_mask\": \"max_users\"}",
     NULL, "plan trial", NULL},
    {"TenantService/CreateDemoRequest", false,
     "{\"demo_request\": {\"company_name\": \"Four\", \"first_name\": \"Four\", \"email\": \"a@four.example\"}}",
     NULL, "demo request 1", NULL},
    {"TenantService/UpdateDemoRequest", false,
     "{\"id\": 1, \"demo_request\": {\"job_title\": \"Boss\"}, \"update_mask\": \"job_title\"}",
     NULL, "demo request 1", NULL},
    {"TenantService/AddDemoNote", false, "{\"id\": 1, \"text\": \"a note\"}", NULL,
     "demo request 1", NULL},
    {"TenantService/ConvertDemoRequest", false,
     "{\"id\": 1, \"schema_name\": \"four\", \"domain\": \"four.localhost\", \"plan\": \"trial\"}",
     NULL, "demo request 1, tenant 4", NULL},
    {"TenantService/CreateDemoRequest", false,
     "{\"demo_request\": {\"company_name\": \"Five\", \"first_name\": \"Five\", \"email\": \"a@five.example\"}}",
     NULL, "demo request 2", NULL},
    {"TenantService/RejectDemoRequest", false, "{\"id\": 2, \"reason\": \"a test\"}", NULL,
     "demo request 2", NULL},
    {"TenantService/CloneTenant", false,
     "{\"schema_name\": \"techcorp\", \"new_schema_name\": \"five\", \"domain\": \"five.localhost\", "
     "\"with_rows\": true}",
     NULL, "tenant * like tenant 2", NULL},
    {"UserService/CreateSuperuser", false,
     "{\"superuser\": {\"email\": \"s@platform.example\", \"platform_role\": \"support\"}, "
     "\"password\": \"secret-of-super\"}",
     NULL, "superuser 1", NULL},
    {"UserService/UpdateSuperuser", false,
     "{\"id\": 1, \"superuser\": {\"platform_role\": \"operator\"}, \"update_mask\": \"platform_role\"}",
     NULL, "superuser 1", NULL},
    {"UserService/DeactivateSuperuser", false, "{\"id\": 1}", NULL, "superuser 1", NULL},
    {"UserService/ActivateSuperuser", false, "{\"id\": 1}", NULL, "superuser 1", NULL},
    {"UserService/DeleteSuperuser", false, "{\"id\": 1}", NULL, "superuser 1", NULL},
    {"MigrationService/CreateMigrationRun", false,
     "{\"schemas\": [\"techcorp\"], \"app\": \"business\", \"target\": \"0001\"}", NULL,
     "migration run 1", NULL},
    /* a run that has a schema to work on, but will not begin soon */
    {"MigrationService/CancelMigrationRun", false, "{\"id\": 1001}", NULL, "migration run 1001",
     "with run as (insert into public.migration_run (id, is_shared, app, target, mode, failures_max, caller, "
     "requires) values (1001, false, '', -1, 'apply', 0, '', '{\"nobodys\": 1}') returning id) "
     "insert into public.migration_item (run_id, tenant_id, schema_name, retry_time) "
     "select id, 1, 'acme', now() + interval '1 day' from run"},
    {"MigrationService/ResumeMigrationRun", false, "{\"id\": 1001}", NULL, "migration run 1001",
     NULL},
};
const size_t writes_count = sizeof writes / sizeof *writes;

void
write_prepare(const TestDatabase *database, const Write *write)
{
    char hex[2 * AUTH_SECRET_HASH_SIZE + 1];
    AuthToken link;

    if (write->prepare == NULL)
        return;
    assert_true(auth_token_read(link_token, &link));
    for (size_t i = 0; i < sizeof link.hash; i++)
        snprintf(hex + 2 * i, 3, "%02x", link.hash[i]);
    database_value(database, write->prepare, hex);
}
