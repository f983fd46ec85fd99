/* One identity has one spelling, whatever is counted, kept or looked up by it: the table "One
 * identity, one spelling" of docs/sessions.md, with each of its rows tried in every way to write it
 * that leads to the same account, address or tenant.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 3, SPELLINGS = 6 };

/* U+212A is a k, U+0130 an i, and what follows is é in one character, in two, and as a capital. */
#define KELVIN "\xe2\x84\xaa"
#define DOTTED_I "\xc4\xb0"
#define E_ACUTE "\xc3\xa9"
#define E_AND_ACUTE "e\xcc\x81"
#define CAPITAL_E_ACUTE "\xc3\x89"
#define FULL_WIDTH_K "\xef\xbd\x8b"

/* Of one address each; lower() of PostgreSQL finds the account by all of them. */
static const char *const found[SPELLINGS] = {
    "mikki@same.example",
    "MIKKI@Same.Example",
    "mi" KELVIN "ki@same.example",
    "m" DOTTED_I "kki@same.example",
    "M" DOTTED_I KELVIN KELVIN DOTTED_I "@same.example",
    "mik" KELVIN "i@SAME.example",
};

/* Of one that nobody has; the last ones lower() does not even take for each other. */
static const char *const nobodys[SPELLINGS] = {
    "nob" E_ACUTE "k@same.example",
    "NOB" CAPITAL_E_ACUTE "K@same.example",
    "nob" E_ACUTE KELVIN "@same.example",
    "nob" E_AND_ACUTE "k@same.example",
    "Nob" E_AND_ACUTE FULL_WIDTH_K "@same.example",
    "nob" CAPITAL_E_ACUTE KELVIN "@Same.Example",
};

static void
count_little(Config *config)
{
    config->login_failures = TRIES;
    config->login_failure_s = 3600;
    config->reset_per_account = TRIES;
    config->demo_per_email = TRIES;
    config->demo_per_origin = 1000000;
    config->reset_per_origin = 1000000;
}

static int
spelling_setup(void **state)
{
    return world_up(state, count_little);
}

/* Each test begins with nothing counted. */
static int
forget(void **state)
{
    World *world = *state;

    database_value(&world->database, "delete from public.core_throttle");
    return 0;
}

static Code
sign_in_code(CiqClient *client, const char *email)
{
    return call_code(client, "UserService/Login",
                     "{\"email\": \"%s\", \"password\": \"wrong one\"}", email);
}

/* So many tries, each in another spelling, and no spelling has one more. */
static void
assert_counted_once(CiqClient *client, const char *const spellings[SPELLINGS],
                    Code (*try)(CiqClient *client, const char *spelling), Code before)
{
    for (int i = 0; i < SPELLINGS * 2; i++)
        assert_int_equal(try(client, spellings[i % SPELLINGS]),
                         i < TRIES ? before : CODE_RESOURCE_EXHAUSTED);
}

/* Whoever asks for a reset in any spelling is answered the same, and the account gets its few mails
 * once (sql/query/outbox_reset.sql). */
static void
assert_resets_counted_once(World *world, CiqClient *client, const char *schema)
{
    for (int i = 0; i < SPELLINGS * 2; i++) {
        expect_json(client, "UserService/RequestPasswordReset", CODE_OK, NULL,
                    "{\"email\": \"%s\"}", found[i % SPELLINGS]);
        /* as if it was sent, with its link */
        database_value(&world->database,
                       "update %s.core_outbox set next_time = null, sent_time = now() "
                       "where template = 'reset'",
                       schema);
        database_value(&world->database,
                       "insert into %s.%s (secret_hash, user_id, expire_time) select "
                       "convert_to(o.id::text, 'UTF8'), o.user_id, now() + interval '1 hour' "
                       "from %s.core_outbox o where o.template = 'reset' on conflict do nothing",
                       schema, strcmp(schema, "public") == 0 ? "platform_token" : "users_token",
                       schema);
    }
    assert_value(&world->database, "3",
                 "select count(*) from %s.core_outbox where template = 'reset'", schema);
}

static void
test_account__is_counted_once_however_it_is_written(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, "acme", NULL);

    user_new(world->acme, found[0], false);
    user_new(world->techcorp, found[0], false);
    for (int i = 0; i < SPELLINGS; i++)
        assert_value(&world->database, "1",
                     "select count(*) from acme.users_customuser where lower(email) = lower('%s')",
                     found[i]);
    assert_counted_once(stranger, found, sign_in_code, CODE_UNAUTHENTICATED);
    assert_resets_counted_once(world, stranger, "acme");
    /* another tenant's has counters of its own */
    ciq_client_set_tenant(stranger, "techcorp");
    assert_counted_once(stranger, found, sign_in_code, CODE_UNAUTHENTICATED);
    ciq_client_free(stranger);
}

/* An account keeps its counters when its address changes. */
static void
test_account__keeps_its_counters_under_another_address(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, "acme", NULL);
    int64_t id = user_new(world->acme, "before@same.example", false);

    for (int i = 0; i < TRIES; i++)
        assert_int_equal(sign_in_code(stranger, "before@same.example"), CODE_UNAUTHENTICATED);
    expect_json(world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user\": {\"email\": \"after@same.example\"}, "
                "\"update_mask\": \"email\"}",
                id);
    assert_int_equal(sign_in_code(stranger, "after@same.example"), CODE_RESOURCE_EXHAUSTED);
    assert_int_equal(sign_in_code(stranger, "before@same.example"), CODE_UNAUTHENTICATED);
    ciq_client_free(stranger);
}

static void
test_nobody__is_counted_once_however_it_is_written(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, "acme", NULL);

    assert_counted_once(stranger, nobodys, sign_in_code, CODE_UNAUTHENTICATED);
    ciq_client_free(stranger);
}

static void
test_superuser__is_counted_once_however_it_is_written(void **state)
{
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, NULL, NULL);

    expect_json(world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
                "{\"superuser\": {\"email\": \"%s\", \"platform_role\": \"support\"}, "
                "\"password\": \"%s\"}",
                found[0], world_password);
    assert_counted_once(stranger, found, sign_in_code, CODE_UNAUTHENTICATED);
    assert_resets_counted_once(world, stranger, "public");
    assert_counted_once(stranger, nobodys, sign_in_code, CODE_UNAUTHENTICATED);
    ciq_client_free(stranger);
}

/* An account cannot be made twice either. */
static void
test_account__is_there_once_however_it_is_written(void **state)
{
    World *world = *state;

    for (int i = 1; i < SPELLINGS; i++)
        expect_json(world->acme, "UserService/CreateUser", CODE_ALREADY_EXISTS, NULL,
                    "{\"user\": {\"email\": \"%s\"}}", found[i]);
}

static Code
demo_code(CiqClient *client, const char *email)
{
    return call_code(client, "TenantService/CreateDemoRequest",
                     "{\"demo_request\": {\"company_name\": \"Spelt\", \"first_name\": \"S\", "
                     "\"email\": \"%s\"}}",
                     email);
}

static void
test_demo_request__counts_an_address_once(void **state)
{
    static const char *const domains[SPELLINGS] = {
        "dora@b\xc3\xbc"
        "cher.example",
        "dora@xn--bcher-kva.example",
        "Dora@B\xc3\x9c"
        "CHER.example",
        "dora@bu\xcc\x88"
        "cher.Example",
        "DORA@XN--BCHER-KVA.example",
        "dora@xn--BCHER-kva.example",
    };
    /* a full-width letter is no letter of an address */
    const char *letters[SPELLINGS];
    World *world = *state;
    CiqClient *stranger = client_new(&world->server, NULL, NULL);

    memcpy(letters, nobodys, sizeof letters);
    letters[4] = nobodys[3];
    assert_counted_once(stranger, letters, demo_code, CODE_OK);
    assert_counted_once(stranger, found, demo_code, CODE_OK);
    assert_counted_once(stranger, domains, demo_code, CODE_OK);
    ciq_client_free(stranger);
}

static Code
sign_in_from(CiqClient *client, const char *origin)
{
    ciq_client_set_origin(client, origin);
    return sign_in_code(client, "somebody@same.example");
}

/* Of end users behind a service; addresses of peers go through the same function (unit_origin). */
static void
test_origin__is_counted_once_however_it_is_written(void **state)
{
    static const char *const four[SPELLINGS] = {
        "192.0.2.7",        "::ffff:192.0.2.7",         "::FFFF:c000:207",
        "::ffff:c000:0207", "0:0:0:0:0:ffff:192.0.2.7", "0000::ffff:192.0.2.7",
    };
    static const char *const six[SPELLINGS] = {
        "2001:db8:1:2::1",       "2001:DB8:1:2::1",      "2001:db8:1:2:ffff:ffff:ffff:ffff",
        "2001:0db8:1:2:0:0:0:9", "2001:db8:0001:2::abc", "2001:db8:1:2::192.0.2.7",
    };
    World *world = *state;
    char token[TOKEN_SIZE];

    key_new(world->platform, "gate", "\"platform.forward\"", token);
    CiqClient *forwarder = client_new(&world->server, "acme", token);
    assert_counted_once(forwarder, four, sign_in_from, CODE_UNAUTHENTICATED);
    assert_counted_once(forwarder, six, sign_in_from, CODE_UNAUTHENTICATED);
    ciq_client_free(forwarder);
}

static void
assert_tenant(World *world, const char *name, Code code)
{
    ciq_client_set_tenant(world->acme, name);
    assert_user_code(world->acme, code, NULL);
    ciq_client_set_tenant(world->acme, "acme");
}

/* What a host can be written as leads to its tenant, and everything else leads nowhere: nothing is
 * remembered under a second name. */
static void
test_tenant__by_every_spelling_of_a_host(void **state)
{
    static const char *const same[] = {"acme.localhost",
                                       "ACME.localhost",
                                       "acme.localhost.",
                                       "Acme.LocalHost.:7420",
                                       "acme.localhost:7420",
                                       "\xef\xbd\x81"
                                       "cme.localhost", /* full width */
                                       "acme.localhost\xe3\x80\x82"};
    static const char *const others[] = {"acme.localhost..",
                                         "acme.localhost.\xe3\x80\x82",
                                         "acme..localhost",
                                         ".acme.localhost",
                                         "acme.localhost..:443",
                                         "ACME",
                                         "Acme",
                                         "acme ",
                                         "acme.",
                                         "\xef\xbd\x81"
                                         "cme"};
    World *world = *state;

    for (int round = 0; round < 2; round++) { /* asked for, and from memory */
        for (size_t i = 0; i < sizeof same / sizeof *same; i++)
            assert_tenant(world, same[i], CODE_OK);
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            assert_tenant(world, others[i], CODE_NOT_FOUND);
    }
}

static void
test_domain__is_there_once_however_it_is_written(void **state)
{
    static const struct {
        const char *domain;
        Code code;
    } samples[] = {
        {"b\xc3\xbc"
         "cher.example",
         CODE_OK},
        {"b\xc3\xbc"
         "cher.example",
         CODE_ALREADY_EXISTS},
        {"B\xc3\x9c"
         "CHER.Example.",
         CODE_ALREADY_EXISTS},
        {"bu\xcc\x88"
         "cher.example",
         CODE_ALREADY_EXISTS},
        {"xn--bcher-kva.example", CODE_ALREADY_EXISTS},
        {"XN--BCHER-KVA.example:80", CODE_ALREADY_EXISTS},
        {"xn--bcher-tpa.example", CODE_INVALID_ARGUMENT}, /* decodes to "bcheÚr" */
        {"b\xc3\xbc"
         "cher.example..",
         CODE_INVALID_ARGUMENT},
        {"plain.example..", CODE_INVALID_ARGUMENT},
        {"plain.example.\xe3\x80\x82", CODE_INVALID_ARGUMENT},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        Code code = call_code(world->platform, "TenantService/AddDomain",
                              "{\"domain\": {\"domain\": \"%s\", \"schema_name\": \"acme\"}}",
                              samples[i].domain);

        assert_int_equal(code, samples[i].code);
    }
}

/* A token with another spelling of its tenant's number. */
static void
test_token__has_one_spelling(void **state)
{
    World *world = *state;
    char token[TOKEN_SIZE], zero[TOKEN_SIZE + 1];

    key_new(world->acme, "reader", "\"users.view_customuser\"", token);
    snprintf(zero, sizeof zero, "%.6s0%s", token, token + 6);
    CiqClient *client = client_new(&world->server, "acme", token);
    assert_user_code(client, CODE_OK, NULL);
    ciq_client_set_token(client, zero);
    assert_user_code(client, CODE_UNAUTHENTICATED, NULL);
    ciq_client_free(client);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_account__is_counted_once_however_it_is_written, forget),
        cmocka_unit_test_setup(test_account__keeps_its_counters_under_another_address, forget),
        cmocka_unit_test_setup(test_nobody__is_counted_once_however_it_is_written, forget),
        cmocka_unit_test_setup(test_superuser__is_counted_once_however_it_is_written, forget),
        cmocka_unit_test(test_account__is_there_once_however_it_is_written),
        cmocka_unit_test(test_demo_request__counts_an_address_once),
        cmocka_unit_test_setup(test_origin__is_counted_once_however_it_is_written, forget),
        cmocka_unit_test(test_tenant__by_every_spelling_of_a_host),
        cmocka_unit_test(test_domain__is_there_once_however_it_is_written),
        cmocka_unit_test(test_token__has_one_spelling),
    };

    return run_cases(tests, spelling_setup, world_teardown);
}
