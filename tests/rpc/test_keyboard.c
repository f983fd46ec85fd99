/* What people type is the same from every keyboard: passwords, addresses, names and what is
 * searched for, of tenants' users and of superusers, and what older rows have is still found.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <pthread.h>
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

/* ---- addresses ---- */

/* Each of a row is the same address; the first makes the account. */
static const char *const addresses[][5] = {
    {"jos\xc3\xa9@same.example", "jose\xcc\x81@same.example", "JOS\xc3\x89@same.example",
     "JOSE\xcc\x81@SAME.example", "Jose\xcc\x81@same.Example"},
    {"rene\xcc\x81@same.example", "ren\xc3\xa9@same.example", "REN\xc3\x89@same.example",
     "RENE\xcc\x81@same.example", "Ren\xc3\xa9@same.example"},
    {"info@m\xc3\xbcnchen.example", "info@xn--mnchen-3ya.example", "Info@M\xc3\x9cNCHEN.example",
     "info@mu\xcc\x88nchen.example", "INFO@XN--MNCHEN-3YA.EXAMPLE"},
    {"info@xn--bcher-kva.example",
     "info@b\xc3\xbc"
     "cher.example",
     "info@B\xc3\x9c"
     "CHER.example",
     "info@bu\xcc\x88"
     "cher.example",
     "info@xn--BCHER-kva.example"},
    {"ΟΔΟΣ@same.example", "οδος@same.example", "οδοσ@same.example", "Οδος@same.example",
     "ΟΔΟς@Same.example"},
    {"\xe2\x84\xaa"
     "elvin\xc3\xa9@same.example",
     "kelvin\xc3\xa9@same.example", "KELVINE\xcc\x81@same.example", "Kelvine\xcc\x81@same.example",
     "\xe2\x84\xaa"
     "ELVIN\xc3\xa9@same.example"},
};

enum { ROWS = sizeof addresses / sizeof *addresses, SPELLINGS = 5 };

static void
assert_mails_to(World *world, CiqClient *stranger, const char *table, const char *schema,
                const char *email)
{
    char id[32];

    snprintf(id, sizeof id, "%s",
             database_value(&world->database, "select max(id) from %s.%s", schema, table));
    database_value(&world->database, "delete from %s.core_outbox", schema);
    expect_json(stranger, "UserService/RequestPasswordReset", CODE_OK, NULL, "{\"email\": \"%s\"}",
                email);
    assert_value(&world->database, id,
                 "select string_agg(user_id::text, ',') from %s.core_outbox "
                 "where template = 'reset'",
                 schema);
}

static void
test_address__is_one_account_in_every_spelling(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, "acme", NULL);
    CiqClient *nobody = client_new(&world->server, NULL, NULL);

    for (int i = 0; i < ROWS; i++) {
        user_new(world->acme, addresses[i][0], false);
        assert_int_equal(login_code(world, "techcorp", addresses[i][0], world_password),
                         CODE_UNAUTHENTICATED);
        expect_json(world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
                    "{\"superuser\": {\"email\": \"%s\", \"platform_role\": \"support\"}, "
                    "\"password\": \"%s\"}",
                    addresses[i][0], world_password);
        for (int j = 0; j < SPELLINGS; j++) {
            const char *email = addresses[i][j];

            assert_int_equal(login_code(world, "acme", email, world_password), CODE_OK);
            assert_int_equal(login_code(world, NULL, email, world_password), CODE_OK);
            assert_mails_to(world, stranger, "users_customuser", "acme", email);
            assert_mails_to(world, nobody, "platform_superuser", "public", email);
            expect_json(world->acme, "UserService/CreateUser", CODE_ALREADY_EXISTS,
                        "email is taken already", "{\"user\": {\"email\": \"%s\"}}", email);
            expect_json(world->acme, "UserService/InviteUser", CODE_ALREADY_EXISTS,
                        "email is taken already", "{\"user\": {\"email\": \"%s\"}}", email);
            expect_json(world->acme, "UserService/UpdateUser", CODE_ALREADY_EXISTS,
                        "email is taken already",
                        "{\"id\": 1, \"user\": {\"email\": \"%s\"}, \"update_mask\": \"email\"}",
                        email);
            expect_json(world->platform, "UserService/CreateSuperuser", CODE_ALREADY_EXISTS,
                        "email is taken already",
                        "{\"superuser\": {\"email\": \"%s\", \"platform_role\": \"support\"}, "
                        "\"password\": \"%s\"}",
                        email, world_password);
        }
    }
    ciq_client_free(stranger);
    ciq_client_free(nobody);
}

typedef struct Mover {
    pthread_t thread;
    CiqClient *client;
    int64_t id;
    const char *email;
    Code code;
} Mover;

static void *
move_one(void *argument)
{
    Mover *mover = argument;

    mover->code = call_code(mover->client, "UserService/UpdateUser",
                            "{\"id\": %" PRId64 ", \"user\": {\"email\": \"%s\"}, "
                            "\"update_mask\": \"email\"}",
                            mover->id, mover->email);
    return NULL;
}

/* Two spellings that no index takes for the same are asked for at once: the second waits for the
 * first. */
static void
test_address__is_taken_once_at_a_time(void **state)
{
    World *world = *state;
    Mover movers[] = {{.client = world->acme,
                       .id = user_new(world->acme, "mover1@same.example", false),
                       .email = "ΝΗΣΟΣ@same.example"},
                      {.client = world->acme,
                       .id = user_new(world->acme, "mover2@same.example", false),
                       .email = "νησος@same.example"}};
    PGconn *holder = database_hold(&world->database,
                                   "lock table acme.users_customuser in share row exclusive mode");

    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&movers[i].thread, NULL, move_one, &movers[i]), 0);
    wait_for_waiters(&world->database, 2);
    database_release(holder);
    for (int i = 0; i < 2; i++)
        pthread_join(movers[i].thread, NULL);
    assert_int_equal(movers[0].code == CODE_OK ? movers[1].code : movers[0].code,
                     CODE_ALREADY_EXISTS);
    assert_true(movers[0].code == CODE_OK || movers[1].code == CODE_OK);
}

/* Each spelling takes from the same tries, of an account and of an address that nobody has: the
 * last one is refused. */
static void
assert_counted_once(World *world, const char *tenant, const char *const spellings[SPELLINGS])
{
    _Static_assert(TRIES == SPELLINGS - 1, "all of them count");
    for (int i = 0; i < SPELLINGS; i++)
        assert_int_equal(login_code(world, tenant, spellings[i], "a wrong password"),
                         i < TRIES ? CODE_UNAUTHENTICATED : CODE_RESOURCE_EXHAUSTED);
}

static void
test_address__is_counted_once_in_every_spelling(void **state)
{
    World *world = *state;

    for (int i = 0; i < ROWS; i++) {
        assert_counted_once(world, "acme", addresses[i]);
        assert_counted_once(world, "techcorp", addresses[i]); /* nobody's there */
        assert_counted_once(world, NULL, addresses[i]);
    }
}

/* An account may get another spelling of its own address. */
static void
test_address__of_its_own_account_is_not_taken(void **state)
{
    World *world = *state;
    int64_t id = user_new(world->acme, "zo\xc3\xab@same.example", false);

    expect_json(world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user\": {\"email\": \"ZOE\xcc\x88@same.example\"}, "
                "\"update_mask\": \"email\"}",
                id);
    assert_value(&world->database, "ZO\xc3\x8b@same.example",
                 "select email from acme.users_customuser where id = %" PRId64, id);
}

/* Rows that are older than the form: found by every spelling, and no second account is made beside
 * them; if there are two, each by its own spelling. */
static void
test_address__of_an_older_row_is_found(void **state)
{
    static const struct {
        const char *kept, *typed;
    } samples[] = {
        {"ole\xcc\x81@same.example", "ol\xc3\xa9@same.example"},
        {"olO\xcc\x88@same.example", "OL\xc3\xb6@same.example"},
        {"old@xn--kln-sna.example", "old@k\xc3\xb6ln.example"},
        {"old@KO\xcc\x88LN2.example", "old@xn--kln2-5qa.example"},
        {"ΑΣ@same.example", "ας@same.example"},
        {"βς@same.example", "ΒΣ@same.example"},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char placeholder[64];

        snprintf(placeholder, sizeof placeholder, "old%zu@same.example", i);
        user_new(world->acme, placeholder, false);
        database_value(&world->database,
                       "update acme.users_customuser set email = '%s' where email = '%s'",
                       samples[i].kept, placeholder);
        if (login_code(world, "acme", samples[i].typed, world_password) != CODE_OK ||
            login_code(world, "acme", samples[i].kept, world_password) != CODE_OK)
            fail_msg("\"%s\" is not found", samples[i].kept);
        expect_json(world->acme, "UserService/CreateUser", CODE_ALREADY_EXISTS, "email is taken",
                    "{\"user\": {\"email\": \"%s\"}}", samples[i].typed);
    }

    user_new(world->acme, "first@same.example", false);
    expect_json(world->acme, "UserService/CreateUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"second@same.example\"}, \"password\": \"%s\"}", COMPOSED);
    database_value(&world->database,
                   "update acme.users_customuser set email = case email "
                   "when 'first@same.example' then 'twi\xc3\xab@same.example' "
                   "else 'twie\xcc\x88@same.example' end "
                   "where email in ('first@same.example', 'second@same.example')");
    assert_int_equal(login_code(world, "acme", "twi\xc3\xab@same.example", world_password),
                     CODE_OK);
    assert_int_equal(login_code(world, "acme", "twie\xcc\x88@same.example", COMPOSED), CODE_OK);
    assert_int_equal(login_code(world, "acme", "twie\xcc\x88@same.example", world_password),
                     CODE_UNAUTHENTICATED);
}

static void
test_address__that_is_taken_for_another_is_refused(void **state)
{
    static const struct {
        const char *email, *wrong;
    } samples[] = {
        {"\xd0\xb0"
         "dmin@same.example",
         "must not mix letters of several scripts"},
        {"admin@s\xd0\xb0me.example", "must not mix letters of several scripts"},
        {"\xd1\x81\xd0\xbe\xd1\x80\xd0\xb0@same.example", "look like Latin ones"},
        {"\xef\xbd\x81"
         "dmin@same.example",
         "compatibility characters"},
        {"a\xe2\x80\x8b@same.example", "invisible characters"},
        {"a\xe2\x80\xae@same.example", "invisible characters"},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        expect_json(world->acme, "UserService/CreateUser", CODE_INVALID_ARGUMENT, samples[i].wrong,
                    "{\"user\": {\"email\": \"%s\"}}", samples[i].email);
        expect_json(world->platform, "TenantService/UpdateTenant", CODE_INVALID_ARGUMENT,
                    samples[i].wrong,
                    "{\"id\": 1, \"tenant\": {\"contact_email\": \"%s\"}, "
                    "\"update_mask\": \"contact_email\"}",
                    samples[i].email);
    }
}

/* ---- names, and what is searched for ---- */

static void
test_name__is_the_same_from_every_keyboard(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    expect_json(world->acme, "UserService/CreateGroup", CODE_OK, NULL,
                "{\"group\": {\"name\": \"Bu\xcc\x88ro\"}}");
    assert_value(&world->database, "1",
                 "select count(*) from acme.auth_group where name = 'B\xc3\xbcro'");
    expect_json(world->acme, "UserService/CreateGroup", CODE_ALREADY_EXISTS, NULL,
                "{\"group\": {\"name\": \"B\xc3\xbcro\"}}");
    /* an older one by its own name, and no other one with it */
    database_value(&world->database, "insert into acme.auth_group (name) values ('Cafe\xcc\x81')");
    expect_json(world->acme, "UserService/CreateUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"grouped@same.example\", \"groups\": "
                "[\"Bu\xcc\x88ro\", \"Cafe\xcc\x81\"]}}");
    assert_value(&world->database, "2",
                 "select count(*) from acme.users_customuser_groups m join acme.users_customuser u "
                 "on u.id = m.user_id where u.email = 'grouped@same.example'");
    expect_json(world->acme, "UserService/CreateUser", CODE_INVALID_ARGUMENT, "is not a group",
                "{\"user\": {\"email\": \"other@same.example\", \"groups\": [\"Buro\"]}}");

    json_t *user = call_json(world->acme, "UserService/CreateUser", &error,
                             "{\"user\": {\"email\": \"named@same.example\", \"first_name\": "
                             "\"Ange\xcc\x80le\", \"department\": \"Be\xcc\x81"
                             "b\xc3\xa9s\"}}");
    assert_ok(error);
    assert_string_equal(json_at(user, "user.first_name"), "Ang\xc3\xa8le");
    json_decref(user);
}

static void
assert_found(World *world, const char *filter, const char *email)
{
    CiqError *error = NULL;
    json_t *list = call_json(world->acme, "UserService/ListUsers", &error, "{%s}", filter);

    assert_ok(error);
    if (strcmp(json_at(list, "users.0.email"), email) != 0)
        fail_msg("%s finds \"%s\"", filter, json_at(list, "users.0.email"));
    json_decref(list);
}

static void
test_search__finds_both_forms(void **state)
{
    World *world = *state;

    expect_json(world->acme, "UserService/CreateUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"searched@same.example\", \"first_name\": "
                "\"Th\xc3\xa9ophile\", \"department\": \"\xc3\x89tudes\"}}");
    assert_found(world, "\"search\": \"the\xcc\x81oph\"", "searched@same.example");
    assert_found(world, "\"search\": \"TH\xc3\x89OPH\"", "searched@same.example");
    assert_found(world, "\"department\": \"e\xcc\x81tudes\"", "searched@same.example");
    database_value(&world->database,
                   "update acme.users_customuser set first_name = normalize(first_name, NFD), "
                   "department = normalize(department, NFD) where email = 'searched@same.example'");
    assert_found(world, "\"search\": \"the\xcc\x81oph\"", "searched@same.example");
    assert_found(world, "\"search\": \"th\xc3\xa9oph\"", "searched@same.example");
    assert_found(world, "\"department\": \"\xc3\xa9tudes\"", "searched@same.example");
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
        cmocka_unit_test_setup(test_address__is_one_account_in_every_spelling, forget),
        cmocka_unit_test_setup(test_address__is_taken_once_at_a_time, forget),
        cmocka_unit_test_setup(test_address__is_counted_once_in_every_spelling, forget),
        cmocka_unit_test_setup(test_address__of_its_own_account_is_not_taken, forget),
        cmocka_unit_test_setup(test_address__of_an_older_row_is_found, forget),
        cmocka_unit_test_setup(test_address__that_is_taken_for_another_is_refused, forget),
        cmocka_unit_test_setup(test_name__is_the_same_from_every_keyboard, forget),
        cmocka_unit_test_setup(test_search__finds_both_forms, forget),
    };

    return run_cases(tests, keyboard_setup, world_teardown);
}
