/* Links in mails: a reset that anybody may ask for and nobody learns anything from, and
 * invitations.  The mails are files here; tests/fault/test_mail.c has the SMTP server.  */
#include "harness/harness.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char mail_folder[64];

static int
reset_setup(void **state)
{
    World *world;

    world_setup(state);
    world = *state;
    folder_new(mail_folder);
    setting_set(&world->server.config.mail_dir, mail_folder);
    setting_set(&world->server.config.base_domain, "platform.example");
    return 0;
}

static int
reset_teardown(void **state)
{
    world_teardown(state);
    folder_remove(mail_folder);
    return 0;
}

/* Each test begins with nothing counted. */
static int
forget(void **state)
{
    World *world = *state;

    database_value(&world->database, "delete from public.core_throttle");
    database_value(&world->database, "delete from public.core_mail_limit");
    return 0;
}

/* The newest letter to somebody, and the token of its link. */
typedef struct Letter {
    const TestDatabase *database;
    const char *schema, *recipient;
    int count; /* how many there must be */
    char text[8192], token[128];
} Letter;

static bool
has_arrived(void *argument)
{
    Letter *letter = argument;
    char path[160], id[64];
    FILE *file;

    snprintf(
        id, sizeof id, "%s",
        database_value(
            letter->database,
            "select case when count(*) filter (where sent_time is not null) = %d then max(id) end "
            "from %s.core_outbox where lower(recipient) = lower('%s')",
            letter->count, letter->schema, letter->recipient));
    if (id[0] == '\0')
        return false;
    snprintf(path, sizeof path, "%s/%s-%s.eml", mail_folder,
             strcmp(letter->schema, "public") == 0 ? "0"
             : strcmp(letter->schema, "acme") == 0 ? "1"
                                                   : "2",
             id);
    file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(letter->text, 1, sizeof letter->text - 1, file);
    letter->text[size] = '\0';
    fclose(file);

    const char *start = strstr(letter->text, "#token=");

    assert_non_null(start);
    start += strlen("#token=");
    snprintf(letter->token, sizeof letter->token, "%.*s", (int) strcspn(start, "\r\n"), start);
    return true;
}

static void
wait_for_letter(World *world, Letter *letter, const char *schema, const char *recipient, int count)
{
    letter->database = &world->database;
    letter->schema = schema;
    letter->recipient = recipient;
    letter->count = count;
    wait_until("the mail", has_arrived, letter);
}

static void
request_reset(CiqClient *client, const char *email)
{
    CiqError *error = NULL;
    CiqRequestPasswordResetRequest request = CLIENTIQ__V1__REQUEST_PASSWORD_RESET_REQUEST__INIT;

    request.email = TEXT(email);
    ciq_request_password_reset_response_free(ciq_request_password_reset(client, &request, &error));
    assert_ok(error);
}

static void
assert_link_is_dead(CiqClient *client, const char *token)
{
    expect_json(client, "UserService/SetPassword", CODE_UNAUTHENTICATED,
                "the link is no longer valid",
                "{\"link_token\": \"%s\", \"password\": \"a new password\"}", token);
}

static void
test_reset__mails_a_link_that_works_once(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, "acme", NULL);
    Letter letter;

    user_new(world->acme, "forgetful@same.example", false);
    user_new(world->techcorp, "forgetful@same.example", false);
    CiqClient *session = sign_in(&world->server, "acme", "forgetful@same.example", world_password);
    request_reset(stranger, "Forgetful@SAME.example");
    wait_for_letter(world, &letter, "acme", "forgetful@same.example", 1);
    assert_non_null(strstr(letter.text, "Subject: A new password for acme.localhost\r\n"));
    assert_non_null(strstr(letter.text, "https://acme.localhost/set-password#token=ciq_l_1_"));
    assert_non_null(strstr(letter.text, "within 1 h"));
    assert_string_equal(database_value(&world->database,
                                       "select max(expire_time) <= now() + interval '1 hour' "
                                       "from acme.users_token"),
                        "t");

    /* asking changes nothing */
    expect_json(session, "UserService/WhoAmI", CODE_OK, NULL, "{}");
    ciq_client_free(sign_in(&world->server, "acme", "forgetful@same.example", world_password));

    /* only here, only with a good password, only once; and whoever was signed in is not any more */
    CiqClient *elsewhere = client_new(&world->server, "techcorp", NULL);
    assert_link_is_dead(elsewhere, letter.token);
    ciq_client_set_tenant(elsewhere, "");
    assert_link_is_dead(elsewhere, letter.token);
    ciq_client_free(elsewhere);
    expect_json(stranger, "UserService/SetPassword", CODE_INVALID_ARGUMENT,
                "password must not be the e-mail",
                "{\"link_token\": \"%s\", \"password\": \"Forgetful1\"}", letter.token);
    expect_json(stranger, "UserService/SetPassword", CODE_OK, NULL,
                "{\"link_token\": \"%s\", \"password\": \"a new password\"}", letter.token);
    assert_link_is_dead(stranger, letter.token);
    assert_int_equal(code_after(CODE_OK, session, "UserService/WhoAmI", "{}"),
                     CODE_UNAUTHENTICATED);
    ciq_client_free(sign_in(&world->server, "acme", "forgetful@same.example", "a new password"));
    ciq_client_free(sign_in(&world->server, "techcorp", "forgetful@same.example", world_password));
    ciq_client_free(session);
    ciq_client_free(stranger);
}

/* Nothing in the answer, and no mail. */
static void
test_reset__says_nothing_of_who_is_there(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, "acme", NULL);
    int64_t id = user_new(world->acme, "resting@same.example", false);

    expect_json(world->acme, "UserService/DeactivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                id);
    request_reset(stranger, "nobody@same.example");
    request_reset(stranger, "resting@same.example");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.core_outbox where recipient in "
                                       "('nobody@same.example', 'resting@same.example')"),
                        "0");
    /* both are in the audit the same way */
    assert_string_equal(
        database_value(&world->database,
                       "select string_agg(target, ', ' order by id) from "
                       "acme.core_audit where method like '%%RequestPasswordReset' and code = 0 "
                       "and target not ilike '%%forgetful%%'"),
        "email nobody@same.example, email resting@same.example");
    expect_json(stranger, "UserService/RequestPasswordReset", CODE_INVALID_ARGUMENT, "email",
                "{\"email\": \"nobody\"}");
    ciq_client_free(stranger);
}

/* Whoever asks in somebody's name sends them a few mails, whose links work, and takes nothing from
 * them: neither a mail, when the links are used, nor the way in. */
static void
test_reset__of_a_stranger_keeps_nobody_out(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t allowed = world->server.config.reset_per_account;
    CiqClient *stranger =
        ciq_client_new(&(CiqOptions){.urls = world->server.tcp, .tenant = "techcorp"}, &error);
    CiqClient *owner =
        ciq_client_new(&(CiqOptions){.urls = world->server.ipc, .tenant = "techcorp"}, &error);
    Letter first, last;

    user_new(world->techcorp, "owner@flood.example", false);
    for (int n = 1; n <= allowed; n++) {
        request_reset(stranger, "Owner@flood.example");
        wait_for_letter(world, n == 1 ? &first : &last, "techcorp", "owner@flood.example", n);
    }
    for (int i = 0; i < 5; i++)
        request_reset(stranger, "owner@FLOOD.example");
    request_reset(owner, "owner@flood.example");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from techcorp.core_outbox "
                                       "where recipient = 'owner@flood.example'"),
                        "3");
    expect_json(owner, "UserService/SetPassword", CODE_OK, NULL,
                "{\"link_token\": \"%s\", \"password\": \"a new password\"}", first.token);

    /* with no link left there is a mail again */
    assert_link_is_dead(owner, last.token);
    request_reset(owner, "owner@flood.example");
    wait_for_letter(world, &last, "techcorp", "owner@flood.example", (int) allowed + 1);
    ciq_client_free(owner);
    ciq_client_free(stranger);
}

/* Whoever has the mail may sign in from where they used it, whatever others try elsewhere. */
static void
test_link__makes_its_origin_known(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *guesser = ciq_client_new(
        &(CiqOptions){.urls = world->server.ipc, .tenant = "techcorp", .attempts_max = 1}, &error);
    CiqClient *owner = ciq_client_new(
        &(CiqOptions){.urls = world->server.tcp, .tenant = "techcorp", .attempts_max = 1}, &error);
    int64_t before = world->server.config.login_failures_account;
    Letter letter;

    user_new(world->techcorp, "guessed@flood.example", false);
    world->server.config.login_failures_account = 1;
    expect_json(guesser, "UserService/Login", CODE_UNAUTHENTICATED, NULL,
                "{\"email\": \"guessed@flood.example\", \"password\": \"wrong\"}");
    expect_json(owner, "UserService/Login", CODE_RESOURCE_EXHAUSTED, "to this account",
                "{\"email\": \"guessed@flood.example\", \"password\": \"%s\"}", world_password);
    request_reset(owner, "guessed@flood.example");
    wait_for_letter(world, &letter, "techcorp", "guessed@flood.example", 1);
    expect_json(owner, "UserService/SetPassword", CODE_OK, NULL,
                "{\"link_token\": \"%s\", \"password\": \"a new password\"}", letter.token);
    expect_json(owner, "UserService/Login", CODE_OK, NULL,
                "{\"email\": \"guessed@flood.example\", \"password\": \"a new password\"}");
    world->server.config.login_failures_account = before;
    ciq_client_free(owner);
    ciq_client_free(guesser);
}

/* From an address, whether the accounts exist or not; what concerns an account looks the same for
 * both. */
static void
test_reset__is_limited(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *stranger =
        ciq_client_new(&(CiqOptions){.urls = world->server.tcp, .tenant = "techcorp"}, &error);

    assert_ok(error);
    for (int64_t n = 0; n < world->server.config.reset_per_origin; n++)
        request_reset(stranger, n % 2 == 0 ? world_email : "nobody@limit.example");
    json_decref(call_json(stranger, "UserService/RequestPasswordReset", &error,
                          "{\"email\": \"another@limit.example\"}"));
    assert_non_null(error);
    assert_true(ciq_error_retry_after_ms(error) > 100 * 1000);
    assert_code(error, CODE_RESOURCE_EXHAUSTED, "too many password resets from this address");

    /* from another address */
    CiqClient *other =
        ciq_client_new(&(CiqOptions){.urls = world->server.ipc, .tenant = "techcorp"}, &error);
    request_reset(other, world_email);
    ciq_client_free(other);
    ciq_client_free(stranger);
}

static void
test_reset__of_superusers(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, NULL, NULL);
    Letter letter;

    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"owner@platform.example\", \"platform_role\": \"owner\"}, "
        "\"password\": \"%s\"}",
        world_password);
    CiqClient *session = sign_in(&world->server, NULL, "owner@platform.example", world_password);
    request_reset(stranger, "Owner@Platform.example");
    wait_for_letter(world, &letter, "public", "owner@platform.example", 1);
    assert_non_null(strstr(letter.text, "https://platform.example/set-password#token=ciq_l_0_"));
    ciq_client_set_tenant(stranger, "acme");
    assert_link_is_dead(stranger, letter.token);
    ciq_client_set_tenant(stranger, "");
    expect_json(stranger, "UserService/SetPassword", CODE_OK, NULL,
                "{\"link_token\": \"%s\", \"password\": \"a new password\"}", letter.token);
    assert_link_is_dead(stranger, letter.token);
    assert_int_equal(code_after(CODE_OK, session, "UserService/WhoAmI", "{}"),
                     CODE_UNAUTHENTICATED);
    ciq_client_free(sign_in(&world->server, NULL, "owner@platform.example", "a new password"));
    ciq_client_free(session);
    ciq_client_free(stranger);
}

/* A link whose time is over, and one whose user was deactivated meanwhile. */
static void
test_link__ends(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, "acme", NULL);
    int64_t id = user_new(world->acme, "late@same.example", false);
    Letter letter;

    request_reset(stranger, "late@same.example");
    wait_for_letter(world, &letter, "acme", "late@same.example", 1);
    database_value(&world->database,
                   "update acme.users_token set expire_time = now() where user_id = %" PRId64, id);
    assert_link_is_dead(stranger, letter.token);
    request_reset(stranger, "late@same.example");
    wait_for_letter(world, &letter, "acme", "late@same.example", 2);
    expect_json(world->acme, "UserService/DeactivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                id);
    assert_link_is_dead(stranger, letter.token);
    ciq_client_free(stranger);
}

/* ---- invitations ---- */

static void
test_invite_user__mails_the_way_in(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqInviteUserRequest request = CLIENTIQ__V1__INVITE_USER_REQUEST__INIT;
    CiqReinviteUserRequest again = CLIENTIQ__V1__REINVITE_USER_REQUEST__INIT;
    CiqClient *stranger = client_new(&world->server, "acme.localhost", NULL);
    Letter first, second;

    user.email = TEXT("Guest@same.example");
    user.first_name = TEXT("Gerda <b>");
    request.user = &user;
    CiqInviteUserResponse *response = ciq_invite_user(world->acme, &request, &error);
    assert_ok(error);
    again.id = response->user->id;
    assert_true(response->user->is_active);
    ciq_invite_user_response_free(response);
    assert_null(ciq_invite_user(world->acme, &request, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "email is taken already");
    wait_for_letter(world, &first, "acme", "guest@same.example", 1);
    assert_non_null(strstr(first.text, "Subject: You are invited to acme\r\n"));
    assert_non_null(strstr(first.text, "Hello Gerda <b>"));
    assert_non_null(strstr(first.text, "Hello Gerda &lt;b&gt;"));
    assert_non_null(strstr(first.text, "for 72 hours"));

    /* nobody gets in without the link */
    expect_json(stranger, "UserService/Login", CODE_UNAUTHENTICATED, "e-mail or password is wrong",
                "{\"email\": \"guest@same.example\", \"password\": \"x\"}");

    /* once more: only the newest link is good */
    ciq_reinvite_user_response_free(ciq_reinvite_user(world->acme, &again, &error));
    assert_ok(error);
    wait_for_letter(world, &second, "acme", "guest@same.example", 2);
    assert_link_is_dead(stranger, first.token);
    expect_json(stranger, "UserService/SetPassword", CODE_OK, NULL,
                "{\"link_token\": \"%s\", \"password\": \"a guest's password\"}", second.token);
    ciq_client_free(sign_in(&world->server, "acme", "guest@same.example", "a guest's password"));
    assert_null(ciq_reinvite_user(world->acme, &again, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "has chosen a password");
    ciq_client_free(stranger);
}

static void
test_invite_user__negative(void **state)
{
    World *world = *state;
    int64_t inviter_id = user_new(world->acme, "inviter@same.example", false);

    expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.add_customuser\"}", inviter_id);
    CiqClient *inviter = sign_in(&world->server, "acme", "inviter@same.example", world_password);

    expect_json(inviter, "UserService/InviteUser", CODE_PERMISSION_DENIED,
                "only an admin may make an admin",
                "{\"user\": {\"email\": \"boss@same.example\", \"is_admin\": true}}");
    expect_json(inviter, "UserService/InviteUser", CODE_PERMISSION_DENIED, "the groups hold",
                "{\"user\": {\"email\": \"boss@same.example\", \"groups\": [\"Tenant Admins\"]}}");
    expect_json(inviter, "UserService/InviteUser", CODE_INVALID_ARGUMENT, "user.email",
                "{\"user\": {\"email\": \"nobody\"}}");
    expect_json(inviter, "UserService/ReinviteUser", CODE_NOT_FOUND, "no user 4242",
                "{\"id\": 4242}");
    expect_json(inviter, "UserService/ReinviteUser", CODE_FAILED_PRECONDITION,
                "has chosen a password", "{\"id\": 1}");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.users_customuser "
                                       "where email = 'boss@same.example'"),
                        "0");
    assert_string_equal(database_value(&world->database, "select count(*) from acme.core_outbox "
                                                         "where recipient = 'boss@same.example'"),
                        "0");
    ciq_client_free(inviter);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reset__mails_a_link_that_works_once, forget),
        cmocka_unit_test_setup(test_reset__says_nothing_of_who_is_there, forget),
        cmocka_unit_test_setup(test_reset__of_a_stranger_keeps_nobody_out, forget),
        cmocka_unit_test_setup(test_link__makes_its_origin_known, forget),
        cmocka_unit_test_setup(test_reset__is_limited, forget),
        cmocka_unit_test_setup(test_reset__of_superusers, forget),
        cmocka_unit_test_setup(test_link__ends, forget),
        cmocka_unit_test_setup(test_invite_user__mails_the_way_in, forget),
        cmocka_unit_test_setup(test_invite_user__negative, forget),
    };

    return run_cases(tests, reset_setup, reset_teardown);
}
