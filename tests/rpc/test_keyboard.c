/* What people type is the same from every keyboard: passwords of tenants' users and of superusers.
 */
#include "harness/harness.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 4 }; /* that fail, until an account is kept for others */

#define COMPOSED "sch\xc3\xb6ne gr\xc3\xbc\xc3\x9f 2026"
#define DECOMPOSED "scho\xcc\x88ne gru\xcc\x88\xc3\x9f 2026"
#define HARD_SPACES                                                                                \
    "scho\xcc\x88ne\xc2\xa0gr\xc3\xbc\xc3\x9f\xe3\x80\x80"                                         \
    "2026"

static Code
login_code(const World *world, const char *tenant, const char *email, const char *password)
{
    CiqClient *client = client_new(&world->server, tenant, NULL);
    Code code = call_code(client, "UserService/Login", "{\"email\": \"%s\", \"password\": \"%s\"}",
                          email, password);

    ciq_client_free(client);
    return code;
}

static void
assert_signs_in(const World *world, const char *tenant, const char *email, const char *what)
{
    static const char *const same[] = {COMPOSED, DECOMPOSED, HARD_SPACES};

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (login_code(world, tenant, email, same[i]) != CODE_OK)
            fail_msg("%s: \"%s\" does not sign in", what, same[i]);
    /* width and case are a password's own */
    assert_int_equal(login_code(world, tenant, email, "Sch\xc3\xb6ne gr\xc3\xbc\xc3\x9f 2026"),
                     CODE_UNAUTHENTICATED);
    assert_int_equal(
        login_code(world, tenant, email, "sch\xc3\xb6ne gr\xc3\xbc\xc3\x9f 202\xef\xbc\x96"),
        CODE_UNAUTHENTICATED);
}

/* Gives a link of the account's with a secret of the test's. */
static void
make_link(World *world, const char *email, char token[TOKEN_SIZE])
{
    char text[64], hash[65];
    uint8_t secret[32] = {7}, hashed[32];

    crypto_generichash(hashed, sizeof hashed, secret, sizeof secret, NULL, 0);
    sodium_bin2hex(hash, sizeof hash, hashed, sizeof hashed);
    sodium_bin2base64(text, sizeof text, secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(token, TOKEN_SIZE, "ciq_l_1_%s", text);
    database_value(&world->database,
                   "insert into acme.users_token (secret_hash, user_id, expire_time) "
                   "select '\\x%s', id, now() + interval '1 hour' from acme.users_customuser "
                   "where email = '%s'",
                   hash, email);
}

static void
test_password__is_the_same_wherever_it_was_set(void **state)
{
    World *world = *state;
    char token[TOKEN_SIZE];

    expect_json(world->acme, "UserService/CreateUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"made@same.example\"}, \"password\": \"%s\"}", DECOMPOSED);
    assert_signs_in(world, "acme", "made@same.example", "CreateUser");

    user_new(world->acme, "changed@same.example", false);
    CiqClient *own = sign_in(&world->server, "acme", "changed@same.example", world_password);
    expect_json(own, "UserService/ChangePassword", CODE_OK, NULL,
                "{\"old_password\": \"%s\", \"new_password\": \"%s\"}", world_password, DECOMPOSED);
    assert_signs_in(world, "acme", "changed@same.example", "ChangePassword");
    expect_json(own, "UserService/ChangePassword", CODE_INVALID_ARGUMENT, "must differ",
                "{\"old_password\": \"%s\", \"new_password\": \"%s\"}", HARD_SPACES, COMPOSED);
    expect_json(own, "UserService/ChangePassword", CODE_OK, NULL,
                "{\"old_password\": \"%s\", \"new_password\": \"another one 77\"}", HARD_SPACES);
    ciq_client_free(own);

    user_new(world->acme, "reset@same.example", false);
    make_link(world, "reset@same.example", token);
    CiqClient *anybody = client_new(&world->server, "acme", NULL);
    expect_json(anybody, "UserService/SetPassword", CODE_OK, NULL,
                "{\"link_token\": \"%s\", \"password\": \"%s\"}", token, DECOMPOSED);
    ciq_client_free(anybody);
    assert_signs_in(world, "acme", "reset@same.example", "SetPassword");

    expect_json(world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
                "{\"superuser\": {\"email\": \"made@platform.example\", \"platform_role\": "
                "\"support\"}, \"password\": \"%s\"}",
                DECOMPOSED);
    assert_signs_in(world, NULL, "made@platform.example", "CreateSuperuser");

    expect_json(world->platform, "TenantService/CreateTenant", CODE_OK, NULL,
                "{\"tenant\": {\"name\": \"Keys\", \"schema_name\": \"keys\"}, \"domain\": "
                "\"keys.localhost\", \"admin_email\": \"made@same.example\", "
                "\"admin_password\": \"%s\"}",
                DECOMPOSED);
    assert_signs_in(world, "keys", "made@same.example", "CreateTenant");
}

static void
test_password__is_counted_and_judged_in_its_form(void **state)
{
    static const struct {
        const char *password, *wrong;
    } samples[] = {
        /* eleven characters as they are sent, seven of them letters */
        {"e\xcc\x81"
         "e\xcc\x81"
         "e\xcc\x81"
         "e\xcc\x81xyz",
         "password must be 8 to 256 characters, got 7"},
        {"\xef\xbd\x90\xef\xbd\x81\xef\xbd\x93\xef\xbd\x93\xef\xbd\x97\xef\xbd\x8f\xef\xbd\x92"
         "\xef\xbd\x84",
         "is one of the commonest"}, /* "password", full width */
        {"good but\\tfor this", "has U+0009 as character 9"},
        {"good but\xe2\x80\x8b for this", "has U+200B as character 9"},
        {"good but\xcd\xb8 for this", "has U+0378 as character 9"},
        {"JOSE\xcc\x81.GARCI\xcc\x81"
         "A@same.example",
         "must not be the e-mail address"},
    };
    World *world = *state;
    char letters[256 * 3 + 1] = "";

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        expect_json(world->acme, "UserService/CreateUser", CODE_INVALID_ARGUMENT, samples[i].wrong,
                    "{\"user\": {\"email\": \"jos\xc3\xa9.garc\xc3\xad"
                    "a@same.example\"}, \"password\": \"%s\"}",
                    samples[i].password);
    /* 256 letters, of two characters each as they are sent */
    for (int i = 0; i < 256; i++)
        memcpy(letters + 3 * i, i % 2 == 0 ? "e\xcc\x81" : "o\xcc\x88", 3);
    expect_json(world->acme, "UserService/CreateUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"longest@same.example\"}, \"password\": \"%s\"}", letters);
    assert_int_equal(login_code(world, "acme", "longest@same.example", letters), CODE_OK);
    expect_json(world->acme, "UserService/CreateUser", CODE_INVALID_ARGUMENT, "got 257",
                "{\"user\": {\"email\": \"longer@same.example\"}, \"password\": \"%sx\"}", letters);
}

/* A hash of the bytes as they were sent, as hashes were once made. */
static void
set_raw(World *world, const char *email, const char *password)
{
    char hash[crypto_pwhash_STRBYTES];

    assert_int_equal(crypto_pwhash_str_alg(hash, password, strlen(password), 2, 19456 * 1024,
                                           crypto_pwhash_ALG_ARGON2ID13),
                     0);
    database_value(&world->database,
                   "update acme.users_customuser set password = '%s' where email = '%s'", hash,
                   email);
}

static void
test_password__of_an_older_hash_signs_in(void **state)
{
    World *world = *state;
    const char *email = "older@same.example";

    user_new(world->acme, email, false);
    set_raw(world, email, DECOMPOSED);
    assert_int_equal(login_code(world, "acme", email, COMPOSED), CODE_UNAUTHENTICATED);
    assert_int_equal(login_code(world, "acme", email, DECOMPOSED), CODE_OK);
    /* and is of the form from then on */
    assert_signs_in(world, "acme", email, "after signing in");

    /* what would not be taken any more */
    set_raw(world, email, "with\ta tab");
    assert_int_equal(login_code(world, "acme", email, "with a tab"), CODE_UNAUTHENTICATED);
    assert_int_equal(login_code(world, "acme", email, "with\\ta tab"), CODE_OK);
    assert_int_equal(login_code(world, "acme", email, "with\\ta tab"), CODE_OK);

    set_raw(world, email, DECOMPOSED);
    assert_int_equal(login_code(world, "acme", email, DECOMPOSED), CODE_OK);
    CiqClient *own = sign_in(&world->server, "acme", email, COMPOSED);
    set_raw(world, email, DECOMPOSED);
    expect_json(own, "UserService/ChangePassword", CODE_OK, NULL,
                "{\"old_password\": \"%s\", \"new_password\": \"another one 77\"}", DECOMPOSED);
    ciq_client_free(own);
}

static void
ask_often(Config *config)
{
    config->reset_per_origin = 1000000;
    config->login_failures = TRIES;
    config->login_failure_s = 3600;
}

static int
keyboard_setup(void **state)
{
    return world_up(state, ask_often);
}

/* Tries that fail on purpose are counted. */
static int
forget(void **state)
{
    World *world = *state;

    database_value(&world->database, "delete from public.core_throttle");
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_password__is_the_same_wherever_it_was_set, forget),
        cmocka_unit_test_setup(test_password__is_counted_and_judged_in_its_form, forget),
        cmocka_unit_test_setup(test_password__of_an_older_hash_signs_in, forget),
    };

    return run_cases(tests, keyboard_setup, world_teardown);
}
