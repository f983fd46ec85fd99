/* Every rpc that writes leaves exactly one row in the audit of where it was called: who, from
 * where, what, about what, how it ended, and the request id.  A new writing rpc needs a row in this
 * table; without one this test names it.  */
#include "harness/harness.h"

#include "proto/method.h"
#include "server/call/auth.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In this order, as acme's admin or as the local operator. */
typedef struct Write {
    const char *method;
    bool on_tenant;
    const char *request;
    const char *caller;  /* in the audit row: kind and number; NULL: whoever calls */
    const char *target;  /* in the audit row; may have a star */
    const char *prepare; /* SQL that is run first; %s: the hash of the link's secret */
} Write;

static const char link_token[] = "ciq_l_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static const Write writes[] = {
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
enum { WRITES = sizeof writes / sizeof *writes };

static int64_t
last_event(World *world, const char *schema)
{
    return strtoll(
        database_value(&world->database, "select coalesce(max(id), 0) from %s.core_audit", schema),
        NULL, 10);
}

static void
assert_one_row(World *world, const Write *write, int64_t after)
{
    char expected[512], got[512];

    snprintf(expected, sizeof expected, "1 clientiq.v1.%s %s | %s | 0 1 yes", write->method,
             write->caller != NULL ? write->caller
             : write->on_tenant    ? "user 1"
                                   : "operator 0",
             write->target);
    snprintf(
        got, sizeof got, "%s",
        database_value(&world->database,
                       "select count(*) || ' ' || string_agg(concat(method, ' ', caller_kind, ' ', "
                       "caller_id, ' | ', target, ' | ', code, ' ', count, ' ', "
                       "case when origin <> '' and request_id like '%%-%%' then 'yes' end), "
                       "'; ') from %s.core_audit where id > %lld",
                       write->on_tenant ? "acme" : "public", (long long) after));
    if (fnmatch(expected, got, 0) != 0)
        fail_msg("%s: the audit has %s, expected %s", write->method, got, expected);
}

static void
test_writes__leave_one_row(void **state)
{
    World *world = *state;
    char hex[2 * AUTH_SECRET_HASH_SIZE + 1];
    int64_t techcorp = last_event(world, "techcorp");
    AuthToken link;

    assert_true(auth_token_read(link_token, &link));
    for (size_t i = 0; i < sizeof link.hash; i++)
        snprintf(hex + 2 * i, 3, "%02x", link.hash[i]);
    for (size_t i = 0; i < WRITES; i++) {
        const Write *write = &writes[i];
        int64_t acme, platform;

        if (write->prepare != NULL)
            database_value(&world->database, write->prepare, hex);
        acme = last_event(world, "acme");
        platform = last_event(world, "public");
        expect_json(write->on_tenant ? world->acme : world->platform, write->method, CODE_OK, NULL,
                    "%s", write->request);
        assert_one_row(world, write, write->on_tenant ? acme : platform);
        if (write->on_tenant)
            assert_int_equal(last_event(world, "public"), platform);
        else
            assert_int_equal(last_event(world, "acme"), acme);
    }
    /* what is done from outside is in the tenant's own audit too: a session inside it, and its end
     */
    assert_int_equal(last_event(world, "techcorp"), techcorp + 2);
    /* no two calls have the same request id */
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) - count(distinct request_id) from (select request_id "
                       "from acme.core_audit union all select request_id from "
                       "public.core_audit) a where request_id <> ''"),
        "0");
}

static void
test_writes__are_all_tried(void **state)
{
    (void) state;
    for (size_t i = 0; i < methods_count; i++) {
        bool is_tried = !methods[i].writes;

        for (size_t j = 0; j < WRITES && !is_tried; j++)
            is_tried = strcmp(writes[j].method, methods[i].name + strlen("clientiq.v1.")) == 0;
        if (!is_tried)
            fail_msg("%s writes: give it a row in tests/every/test_audit.c", methods[i].name);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes__are_all_tried),
        cmocka_unit_test(test_writes__leave_one_row),
    };

    return run_cases(tests, world_setup, world_teardown);
}
