/* A token is good as what it was made for, where it was made, and as nothing else: each one is
 * written as every other kind and every other tenant's, before and after memory knows it, and tried
 * in every place where a token is taken.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 8, NUMBERS = 3 };

static const char kinds[] = "skal"; /* session, API key, act-as, link in a mail */

typedef struct Token {
    const char *what, *tenant; /* tenant NULL: the platform's */
    char text[TOKEN_SIZE];
} Token;

typedef struct Tokens {
    Token list[TOKENS_MAX];
    size_t count;
    char numbers[NUMBERS][24]; /* of the platform and both tenants, as tokens have them */
    CiqClient *asks_acme, *asks_platform; /* API keys that may ask CheckPermission */
} Tokens;

static char *
add(Tokens *tokens, const char *what, const char *tenant)
{
    Token *token = &tokens->list[tokens->count++];

    *token = (Token){.what = what, .tenant = tenant};
    return token->text;
}

/* The token of an answer. */
static void
take(CiqClient *client, const char *method, const char *request, char text[TOKEN_SIZE])
{
    CiqError *error = NULL;
    json_t *answer = call_json(client, method, &error, "%s", request);

    assert_ok(error);
    snprintf(text, TOKEN_SIZE, "%s", json_at(answer, "token"));
    json_decref(answer);
}

static void
make_tokens(World *world, Tokens *tokens)
{
    char text[TOKEN_SIZE];

    expect_json(world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
                "{\"superuser\": {\"email\": \"%s\", \"platform_role\": \"owner\"}, "
                "\"password\": \"%s\"}",
                world_email, world_password);
    token_new(&world->server, "acme", world_email, add(tokens, "session of acme", "acme"));
    token_new(&world->server, "techcorp", world_email,
              add(tokens, "session of techcorp", "techcorp"));
    token_new(&world->server, NULL, world_email, add(tokens, "session of the platform", NULL));
    key_new(world->acme, "narrow", "\"users.view_group\"", add(tokens, "key of acme", "acme"));
    key_new(world->techcorp, "narrow", "\"users.view_group\"",
            add(tokens, "key of techcorp", "techcorp"));
    key_new(world->platform, "gate", "\"auth.check\", \"platform.forward\"",
            add(tokens, "key of the platform", NULL));
    take(world->platform, "TenantService/ActAs",
         "{\"schema_name\": \"acme\", \"reason\": \"test\"}",
         add(tokens, "act-as in acme", "acme"));
    key_new(world->acme, "asks", "\"auth.check\"", text);
    tokens->asks_acme = client_new(&world->server, "acme", text);
    tokens->asks_platform = client_new(&world->server, NULL, tokens->list[5].text);
    snprintf(tokens->numbers[0], sizeof *tokens->numbers, "0");
    for (size_t i = 1; i < NUMBERS; i++)
        snprintf(tokens->numbers[i], sizeof *tokens->numbers, "%s",
                 database_value(&world->database,
                                "select id from public.tenants_tenant where schema_name = '%s'",
                                i == 1 ? "acme" : "techcorp"));
}

/* Where it is at home it is taken, and memory knows it afterwards. */
static void
expect_taken(World *world, const Token *token)
{
    CiqClient *client = client_new(&world->server, token->tenant, token->text);

    for (int i = 0; i < 2; i++)
        if (call_code(client, "UserService/WhoAmI", "{}") != CODE_OK)
            fail_msg("the %s is not taken", token->what);
    ciq_client_free(client);
}

static void
expect_refused(World *world, const Tokens *tokens, const char *what, const char *forged)
{
    static const char *const tenants[] = {NULL, "acme", "techcorp"};

    for (size_t i = 0; i < sizeof tenants / sizeof *tenants; i++) {
        CiqClient *client = client_new(&world->server, tenants[i], forged);
        Code code = call_code(client, "UserService/WhoAmI", "{}");

        if (code != CODE_UNAUTHENTICATED)
            fail_msg("the %s written as %s on %s: WhoAmI gives %s", what, forged,
                     tenants[i] == NULL ? "the platform" : tenants[i], code_name((int) code));

        /* where anybody may call, a token that may not forward must not say for whom it calls */
        ciq_client_set_origin(client, "192.0.2.7");
        code = call_code(client, "UserService/Login",
                         "{\"email\": \"nobody@same.example\", \"password\": \"wrong-wrong-1\"}");
        if (code != CODE_UNAUTHENTICATED && code != CODE_PERMISSION_DENIED)
            fail_msg("the %s written as %s forwards: %s", what, forged, code_name((int) code));
        ciq_client_free(client);
    }
    for (int i = 0; i < 2; i++) {
        Code code = call_code(
            i == 0 ? tokens->asks_acme : tokens->asks_platform, "UserService/CheckPermission",
            "{\"session_token\": \"%s\", \"permissions\": [\"users.view_group\"]}", forged);

        if (code == CODE_OK)
            fail_msg("the %s written as %s is a session for CheckPermission", what, forged);
    }
    assert_int_not_equal(call_code(world->acme, "UserService/SetPassword",
                                   "{\"link_token\": \"%s\", \"password\": \"another-good-1\"}",
                                   forged),
                         CODE_OK);
}

static void
expect_forgeries_refused(World *world, const Tokens *tokens, const Token *token)
{
    /* "ciq_k_12_secret"; the secret itself may hold underscores */
    const char *secret = strchr(token->text + strlen("ciq_k_"), '_') + 1;

    for (size_t kind = 0; kinds[kind] != '\0'; kind++)
        for (size_t number = 0; number < NUMBERS; number++) {
            char forged[TOKEN_SIZE];

            snprintf(forged, sizeof forged, "ciq_%c_%s_%s", kinds[kind], tokens->numbers[number],
                     secret);
            if (strcmp(forged, token->text) != 0)
                expect_refused(world, tokens, token->what, forged);
        }
}

static void
test_tokens__are_nothing_else(void **state)
{
    World *world = *state;
    Tokens tokens = {0};

    make_tokens(world, &tokens);
    for (size_t i = 0; i < tokens.count; i++) {
        expect_forgeries_refused(world, &tokens, &tokens.list[i]);
        expect_taken(world, &tokens.list[i]);
        expect_forgeries_refused(world, &tokens, &tokens.list[i]);
    }
    ciq_client_free(tokens.asks_acme);
    ciq_client_free(tokens.asks_platform);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_tokens__are_nothing_else)};

    return run_cases(tests, world_setup, world_teardown);
}
