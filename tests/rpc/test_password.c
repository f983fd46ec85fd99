/* Passwords: what may be one, wherever it is set; changing one's own; and hashes that get stronger.
 */
#include "harness/harness.h"

#include "server/access/password.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void
long_passwords(Config *config)
{
    config->password_length = 12;
    config->login_failures = 3;
}

static int
password_setup(void **state)
{
    return pair_up(state, long_passwords);
}

static void
test_password__rules(void **state)
{
    static const char *const bad[] = {"password",
                                      "PassWord",
                                      "Password123!",
                                      "12345678",
                                      "qwertyuiop",
                                      "aaaaaaaaaa",
                                      "--------",
                                      "letmein2026",
                                      "Ann.Smith",
                                      "ann.smith99!",
                                      "ANN.SMITH@same.example",
                                      "iloveyou!!!",
                                      "welcome1",
                                      "p@ssw0rd"};
    static const char *const good[] = {
        "correct horse battery", "xk2-tulips",     "passwordly-yours",
        "ann.smithson",          "orange-tree-77", "\xc3\xa9t\xc3\xa9\xc3\xa9t\xc3\xa9-go"};

    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (password_wrong(bad[i], "Ann.Smith@same.example") == NULL)
            fail_msg("%s was taken", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (password_wrong(good[i], "Ann.Smith@same.example") != NULL)
            fail_msg("%s was refused", good[i]);
    for (const char *const *word = common_passwords; *word != NULL; word++)
        for (const char *c = *word; *c != '\0'; c++)
            assert_true(*c < 'A' || *c > 'Z'); /* what is compared is in lower case */
}

/* Every rpc that takes a new password refuses a bad one and says which field, with nothing made. */
static void
test_password__is_checked_wherever_it_is_set(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;

    expect_json(world->acme, "UserService/CreateUser", CODE_INVALID_ARGUMENT,
                "password is one of the commonest",
                "{\"user\": {\"email\": \"weak@same.example\"}, \"password\": \"Password1\"}");
    expect_json(world->acme, "UserService/CreateUser", CODE_INVALID_ARGUMENT,
                "password must not be the e-mail",
                "{\"user\": {\"email\": \"long.name@same.example\"}, \"password\": \"Long.Name\"}");
    expect_json(world->acme, "UserService/ChangePassword", CODE_INVALID_ARGUMENT,
                "new_password is one of the commonest",
                "{\"old_password\": \"%s\", \"new_password\": \"sunshine2026\"}", world_password);
    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_INVALID_ARGUMENT, "password is one of",
        "{\"superuser\": {\"email\": \"weak@platform.example\", \"platform_role\": \"owner\"}, "
        "\"password\": \"administrator\"}");
    expect_json(
        world->platform, "TenantService/CreateTenant", CODE_INVALID_ARGUMENT,
        "admin_password is one of",
        "{\"tenant\": {\"name\": \"Weak\", \"schema_name\": \"weak\"}, \"domain\": \"weak.localhost\", "
        "\"admin_email\": \"a@weak.example\", \"admin_password\": \"qwerty123456\"}");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from public.tenants_tenant "
                                       "where schema_name = 'weak'"),
                        "0");
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.users_customuser "
                                       "where email like '%%weak%%' or email like 'long%%'"),
                        "0");
}

static void
test_password__length_is_a_setting(void **state)
{
    Pair *pair = *state;
    CiqClient *there = sign_in(&pair->other, "acme", world_email, world_password);

    expect_json(
        there, "UserService/CreateUser", CODE_INVALID_ARGUMENT,
        "password must have at least 12 characters, got 11",
        "{\"user\": {\"email\": \"short@same.example\"}, \"password\": \"\xc3\xa9leven-sign\"}");
    expect_json(there, "UserService/CreateUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"short@same.example\"}, \"password\": \"twelve-signs\"}");
    ciq_client_free(there);
}

/* ---- changing one's own ---- */

static Code
login_code(const TestServer *server, const char *tenant, const char *email, const char *password)
{
    CiqClient *client = client_new(server, tenant, NULL);
    Code code = call_code(client, "UserService/Login", "{\"email\": \"%s\", \"password\": \"%s\"}",
                          email, password);

    ciq_client_free(client);
    return code;
}

static void
change_and_check(Pair *pair, const char *tenant, const char *email)
{
    CiqError *error = NULL;
    CiqChangePasswordRequest request = CLIENTIQ__V1__CHANGE_PASSWORD_REQUEST__INIT;
    CiqClient *own = sign_in(&pair->world->server, tenant, email, world_password);
    CiqClient *elsewhere = sign_in(&pair->other, tenant, email, world_password);

    expect_json(elsewhere, "UserService/WhoAmI", CODE_OK, NULL,
                "{}"); /* warm on the other server */
    request.old_password = TEXT("not the old one");
    request.new_password = TEXT("a better password");
    assert_null(ciq_change_password(own, &request, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "old_password is wrong");
    request.old_password = TEXT(world_password);
    request.new_password = TEXT(world_password);
    assert_null(ciq_change_password(own, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "new_password must differ from the old password");
    expect_json(elsewhere, "UserService/WhoAmI", CODE_OK, NULL, "{}");

    request.new_password = TEXT("a better password");
    ciq_change_password_response_free(ciq_change_password(own, &request, &error));
    assert_ok(error);
    assert_int_equal(code_after(CODE_OK, elsewhere, "UserService/WhoAmI", "{}"),
                     CODE_UNAUTHENTICATED);
    expect_json(own, "UserService/WhoAmI", CODE_OK, NULL, "{}"); /* the own one stays */
    assert_int_equal(login_code(&pair->other, tenant, email, world_password), CODE_UNAUTHENTICATED);
    assert_int_equal(login_code(&pair->other, tenant, email, "a better password"), CODE_OK);
    ciq_client_free(own);
    ciq_client_free(elsewhere);
}

static void
test_change_password__ends_other_sessions_on_both_servers(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;

    user_new(world->acme, "changer@same.example", false);
    user_new(world->techcorp, "changer@same.example", false);
    change_and_check(pair, "acme", "changer@same.example");
    /* the account of the same address and number in the other tenant is as it was */
    assert_int_equal(login_code(&world->server, "techcorp", "changer@same.example", world_password),
                     CODE_OK);

    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"changer@platform.example\", \"platform_role\": \"support\"}, "
        "\"password\": \"%s\"}",
        world_password);
    change_and_check(pair, "", "changer@platform.example");
    expect_json(world->platform, "UserService/ChangePassword", CODE_FAILED_PRECONDITION,
                "has no password",
                "{\"old_password\": \"x\", \"new_password\": \"a better password\"}");
}

/* A mailed link is worth nothing after the password was changed. */
static void
test_change_password__ends_links(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    int64_t id = user_new(world->acme, "linked@same.example", false);
    CiqClient *client = sign_in(&world->server, "acme", "linked@same.example", world_password);

    database_value(&world->database,
                   "insert into acme.users_token values ('\\x00', %" PRId64 ", now(), "
                   "now() + interval '1 hour')",
                   id);
    expect_json(client, "UserService/ChangePassword", CODE_OK, NULL,
                "{\"old_password\": \"%s\", \"new_password\": \"a better password\"}",
                world_password);
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.users_token "
                                       "where user_id = %" PRId64,
                                       id),
                        "0");
    ciq_client_free(client);
}

/* Whoever finds a session open cannot guess the password through it; and strangers who guess
 * elsewhere do not keep its owner from changing it. */
static void
test_change_password__is_slowed_by_itself(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;

    user_new(world->acme, "slow@same.example", false);
    CiqClient *client = sign_in(&pair->other, "acme", "slow@same.example", world_password);
    for (int i = 0; i < 3; i++)
        assert_int_equal(login_code(&pair->other, "acme", "slow@same.example", "wrong password"),
                         CODE_UNAUTHENTICATED);
    assert_int_equal(login_code(&pair->other, "acme", "slow@same.example", world_password),
                     CODE_RESOURCE_EXHAUSTED);
    for (int i = 0; i < 3; i++)
        expect_json(
            client, "UserService/ChangePassword", CODE_PERMISSION_DENIED, "old_password is wrong",
            "{\"old_password\": \"wrong password\", \"new_password\": \"a better password\"}");
    expect_json(
        client, "UserService/ChangePassword", CODE_RESOURCE_EXHAUSTED, "too many wrong passwords",
        "{\"old_password\": \"%s\", \"new_password\": \"a better password\"}", world_password);
    expect_json(client, "UserService/WhoAmI", CODE_OK, NULL, "{}");
    ciq_client_free(client);
}

/* ---- hashes ---- */

static void
test_login__rehashes_what_is_weaker(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    char weak[crypto_pwhash_STRBYTES], got[256];
    int64_t id = user_new(world->acme, "weak.hash@same.example", false);

    assert_int_equal(crypto_pwhash_str_alg(weak, world_password, strlen(world_password), 1,
                                           8192 * 1024, crypto_pwhash_ALG_ARGON2ID13),
                     0);
    database_value(&world->database,
                   "update acme.users_customuser set password = '%s' where id = %" PRId64, weak,
                   id);
    assert_int_equal(login_code(&world->server, "acme", "weak.hash@same.example", "wrong password"),
                     CODE_UNAUTHENTICATED);
    snprintf(got, sizeof got, "%s",
             database_value(&world->database,
                            "select password from acme.users_customuser "
                            "where id = %" PRId64,
                            id));
    assert_string_equal(got, weak);
    assert_int_equal(login_code(&world->server, "acme", "weak.hash@same.example", world_password),
                     CODE_OK);
    snprintf(got, sizeof got, "%s",
             database_value(&world->database,
                            "select password from acme.users_customuser "
                            "where id = %" PRId64,
                            id));
    assert_non_null(strstr(got, "$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_int_equal(login_code(&pair->other, "acme", "weak.hash@same.example", world_password),
                     CODE_OK);
    /* and not once more */
    assert_string_equal(got, database_value(&world->database,
                                            "select password from acme.users_customuser "
                                            "where id = %" PRId64,
                                            id));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password__rules),
        cmocka_unit_test(test_password__is_checked_wherever_it_is_set),
        cmocka_unit_test(test_password__length_is_a_setting),
        cmocka_unit_test(test_change_password__ends_other_sessions_on_both_servers),
        cmocka_unit_test(test_change_password__ends_links),
        cmocka_unit_test(test_change_password__is_slowed_by_itself),
        cmocka_unit_test(test_login__rehashes_what_is_weaker),
    };

    return run_cases(tests, password_setup, pair_teardown);
}
