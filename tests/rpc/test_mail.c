/* Mails as those see them who ask what became of one: the tenant's own people and the platform's.
 * How they are sent: tests/fault/test_mail.c.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static char mail_folder[64];

static int
mail_setup(void **state)
{
    World *world;

    world_setup(state);
    world = *state;
    folder_new(mail_folder);
    setting_set(&world->server.config.mail_dir, mail_folder);
    return 0;
}

static int
mail_teardown(void **state)
{
    world_teardown(state);
    folder_remove(mail_folder);
    return 0;
}

/* One that was given up, as after a 5xx. */
static int64_t
mail_new(World *world, const char *schema, const char *last_error)
{
    return strtoll(
        database_value(
            &world->database,
            "insert into %s.core_outbox (template, recipient, user_id, attempts, last_error, "
            "next_time) values ('welcome', '%s', 1, 1, '%s', null) returning id",
            schema, world_email, last_error),
        NULL, 10);
}

typedef struct Wanted {
    CiqClient *client;
    int64_t id;
} Wanted;

static bool
is_sent(void *argument)
{
    Wanted *wanted = argument;
    CiqError *error = NULL;
    CiqListMailsRequest list = CLIENTIQ__V1__LIST_MAILS_REQUEST__INIT;
    bool found = false;

    list.state = CLIENTIQ__V1__MAIL_STATE__MAIL_STATE_SENT;
    CiqListMailsResponse *response = ciq_list_mails(wanted->client, &list, &error);

    assert_ok(error);
    for (size_t i = 0; i < response->n_mails; i++)
        found = found ||
                (response->mails[i]->id == wanted->id && response->mails[i]->sent_time != NULL &&
                 response->mails[i]->next_time == NULL);
    ciq_list_mails_response_free(response);
    return found;
}

static void
test_mails__of_one_tenant_only(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListMailsRequest list = CLIENTIQ__V1__LIST_MAILS_REQUEST__INIT;
    CiqRetryMailRequest retry = CLIENTIQ__V1__RETRY_MAIL_REQUEST__INIT;
    int64_t first = mail_new(world, "acme", "550 first"),
            second = mail_new(world, "acme", "550 second");

    assert_int_equal(mail_new(world, "techcorp", "550 other"), first); /* the same number */

    list.page_size = 1;
    CiqListMailsResponse *page = ciq_list_mails(world->acme, &list, &error);
    assert_ok(error);
    assert_int_equal(page->n_mails, 1);
    assert_int_equal(page->mails[0]->id, second);
    assert_int_equal(page->mails[0]->state, CLIENTIQ__V1__MAIL_STATE__MAIL_STATE_FAILED);
    assert_int_equal(page->mails[0]->attempts, 1);
    assert_string_equal(page->mails[0]->last_error, "550 second");
    assert_string_equal(page->mails[0]->recipient, world_email);
    assert_null(page->mails[0]->next_time);
    char token[512];
    snprintf(token, sizeof token, "%s", page->next_page_token);
    ciq_list_mails_response_free(page);
    list.page_token = token;
    assert_null(ciq_list_mails(world->techcorp, &list, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "page_token");
    page = ciq_list_mails(world->acme, &list, &error);
    assert_ok(error);
    assert_int_equal(page->mails[0]->id, first);
    assert_string_equal(page->next_page_token, "");
    ciq_list_mails_response_free(page);

    /* techcorp's of the same number stays as it is */
    retry.id = first;
    CiqRetryMailResponse *response = ciq_retry_mail(world->acme, &retry, &error);
    assert_ok(error);
    assert_int_equal(response->mail->state, CLIENTIQ__V1__MAIL_STATE__MAIL_STATE_WAITING);
    ciq_retry_mail_response_free(response);
    wait_until("the mail", is_sent, &(Wanted){world->acme, first});
    assert_string_equal(
        database_value(&world->database, "select last_error from techcorp.core_outbox"),
        "550 other");
    assert_null(ciq_retry_mail(world->acme, &retry, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "was sent already");
    retry.id = 424242;
    assert_null(ciq_retry_mail(world->acme, &retry, &error));
    assert_code(error, CODE_NOT_FOUND, "no mail 424242");
}

/* One for which an app's trigger lets no link be made keeps nobody waiting but itself. */
static void
test_mails__one_that_cannot_be_made(void **state)
{
    World *world = *state;
    Wanted wanted = {world->acme, 0};

    database_value(&world->database,
                   "create function acme.veto() returns trigger language plpgsql as $$ begin if "
                   "exists (select from acme.core_outbox where last_error = 'veto' and next_time > "
                   "now()) then raise exception 'no link today'; end if; return new; end $$");
    database_value(&world->database, "create trigger veto before insert on acme.users_token for "
                                     "each row execute function acme.veto()");
    database_value(&world->database,
                   "insert into acme.core_outbox (template, recipient, user_id, last_error, "
                   "next_time) values ('welcome', '%s', 1, 'veto', now() - interval '2 s')",
                   world_email);
    wanted.id = mail_new(world, "acme", "550");
    expect_json(world->acme, "UserService/RetryMail", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                wanted.id);
    wait_for_value(&world->database, "1",
                   "select count(*) from acme.core_outbox where last_error = 'no link today' and "
                   "attempts = 1 and next_time > now()");
    wait_until("the mail behind it", is_sent, &wanted);
    database_value(&world->database, "drop function acme.veto() cascade");
}

static void
test_mails__need_a_permission(void **state)
{
    World *world = *state;
    CiqClient *nobody;

    user_new(world->acme, "nobody@same.example", false);
    nobody = sign_in(&world->server, "acme", "nobody@same.example", world_password);
    expect_json(nobody, "UserService/ListMails", CODE_PERMISSION_DENIED, "users.view_customuser",
                "{}");
    expect_json(nobody, "UserService/RetryMail", CODE_PERMISSION_DENIED, "users.change_customuser",
                "{\"id\": 1}");
    ciq_client_free(nobody);
    expect_json(world->acme, "UserService/RetryMail", CODE_INVALID_ARGUMENT, "id is required",
                "{}");
    ciq_client_set_tenant(world->acme, "");
    expect_json(world->acme, "TenantService/ListTenantMails", CODE_UNAUTHENTICATED, NULL,
                "{\"id\": 1}");
    ciq_client_set_tenant(world->acme, "acme");
}

static void
test_tenant_mails__bad_input(void **state)
{
    World *world = *state;
    static const char *const methods[] = {"TenantService/ListTenantMails",
                                          "TenantService/RetryTenantMails"};

    tenant_new(world->platform, "gone");
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"gone\"}");
    tenant_new(world->platform, "early");
    database_value(&world->database, "drop table early.core_outbox");
    for (size_t i = 0; i < 2; i++) {
        expect_json(world->platform, methods[i], CODE_INVALID_ARGUMENT, "id or schema_name", "{}");
        expect_json(world->platform, methods[i], CODE_NOT_FOUND, "no tenant 424242",
                    "{\"id\": 424242}");
        expect_json(world->platform, methods[i], CODE_INVALID_ARGUMENT, "schema_name",
                    "{\"schema_name\": \"A\\\"b\"}");
        expect_json(world->platform, methods[i], CODE_FAILED_PRECONDITION, "gone is deleted",
                    "{\"schema_name\": \"gone\"}");
        expect_json(world->platform, methods[i], CODE_FAILED_PRECONDITION, "incomplete",
                    "{\"schema_name\": \"early\"}");
    }

    /* the audit and the idempotency of a retry are the platform's */
    expect_json(world->platform, "TenantService/RetryTenantMails", CODE_OK, NULL,
                "{\"schema_name\": \"acme\"}");
    assert_string_equal(database_value(&world->database,
                                       "select target from public.core_audit where method like "
                                       "'%%/RetryTenantMails' order by id desc limit 1"),
                        "tenant 1");
}

/* A tenant whose schema is too old, or damaged, must not keep the others from being swept and
 * mailed. */
static void
test_sweep__goes_on_after_a_damaged_tenant(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "damaged");
    database_value(&world->database, "drop table damaged.users_token");
    tenant_new(world->platform, "healthy");
    database_value(&world->database, "update public.tenants_tenant set sweep_time = null");
    /* what makes tenants wakes the sweeper too */
    tenant_new(world->platform, "waker");
    wait_for_value(&world->database, "0",
                   "select count(*) from public.tenants_tenant where schema_name in "
                   "('acme', 'healthy') and sweep_time is null");
    wait_for_value(&world->database, "1",
                   "select count(*) from public.tenants_setback s join public.tenants_tenant t on "
                   "t.id = s.tenant_id where s.task = 'sweep' and t.schema_name = 'damaged'");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mails__of_one_tenant_only),
        cmocka_unit_test(test_mails__one_that_cannot_be_made),
        cmocka_unit_test(test_mails__need_a_permission),
        cmocka_unit_test(test_tenant_mails__bad_input),
        cmocka_unit_test(test_sweep__goes_on_after_a_damaged_tenant),
    };

    return run_cases(tests, mail_setup, mail_teardown);
}
