/* API keys: what they may do and above all what they may not, on a tenant and on the platform; and
 * whose end user's address is believed.  Numbers and names are the same in both tenants.  */
#include "harness/harness.h"

#include "client/call.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A client that calls with a new key. */
static CiqClient *
key_client(World *world, const char *tenant, const char *name, const char *permissions, int64_t *id)
{
    CiqClient *maker = tenant == NULL                    ? world->platform
                       : strcmp(tenant, "techcorp") == 0 ? world->techcorp
                                                         : world->acme;
    char token[TOKEN_SIZE];

    *id = key_new(maker, name, permissions, token);
    return client_new(&world->server, tenant, token);
}

/* Changes rows behind the server's back, and says so as the server would. */
static void
change_keys(World *world, const char *schema, int64_t id, const char *change)
{
    database_value(&world->database, "update %s.core_api_key set %s where id = %" PRId64, schema,
                   change, id);
    database_value(&world->database,
                   "select pg_notify('ciq', 't' || coalesce((select id from public.tenants_tenant "
                   "where schema_name = '%s'), 0))",
                   schema);
}

static void
test_create_api_key__shows_the_token_once(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char *permissions[] = {TEXT("users.view_group"), TEXT("users.view_customuser"),
                           TEXT("users.view_group")};
    CiqApiKey key = CLIENTIQ__V1__API_KEY__INIT;
    CiqCreateApiKeyRequest request = CLIENTIQ__V1__CREATE_API_KEY_REQUEST__INIT;
    CiqGetApiKeyRequest get = CLIENTIQ__V1__GET_API_KEY_REQUEST__INIT;

    key.name = TEXT("billing");
    key.permissions = permissions;
    key.n_permissions = 3;
    key.id = 4711; /* output only: not taken */
    key.creator = TEXT("nobody");
    request.api_key = &key;
    CiqCreateApiKeyResponse *made = ciq_create_api_key(world->acme, &request, &error);
    assert_ok(error);
    assert_true(made->api_key->id != 4711);
    assert_int_equal(made->api_key->n_permissions, 2);
    assert_string_equal(made->api_key->permissions[0], "users.view_customuser");
    assert_string_equal(made->api_key->creator, "user admin@same.example");
    assert_int_equal(made->api_key->state, CLIENTIQ__V1__API_KEY_STATE__API_KEY_STATE_ACTIVE);
    assert_null(made->api_key->expire_time);

    char prefix[32];
    snprintf(prefix, sizeof prefix, "ciq_k_%s_",
             database_value(&world->database,
                            "select id from public.tenants_tenant where schema_name = 'acme'"));
    assert_memory_equal(made->token, prefix, strlen(prefix));

    get.id = made->api_key->id;
    CiqGetApiKeyResponse *seen = ciq_get_api_key(world->acme, &get, &error);
    assert_ok(error);
    assert_string_equal(seen->api_key->name, "billing");
    ciq_get_api_key_response_free(seen);

    /* the secret is nowhere in the database, its hash is */
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from acme.core_api_key k where k::text like '%%%s%%'",
                       made->token + strlen(prefix)),
        "0");
    assert_string_equal(database_value(&world->database,
                                       "select octet_length(secret_hash) from acme.core_api_key "
                                       "where name = 'billing'"),
                        "32");

    CiqClient *client = client_new(&world->server, "acme", made->token);
    assert_true(user_count(client, "") >= 1);
    expect_json(client, "UserService/ListGroups", CODE_OK, NULL, "{}");
    expect_json(client, "UserService/CreateGroup", CODE_PERMISSION_DENIED, "users.add_group",
                "{\"group\": {\"name\": \"By a key\"}}");
    ciq_client_free(client);
    ciq_create_api_key_response_free(made);
}

static void
test_create_api_key__wrong_input(void **state)
{
    World *world = *state;
    static const char *const platforms[] = {"tenants.add_tenant", "platform.forward",
                                            "demo.view_demorequest", "auth.add_permission"};
    char long_name[102];

    expect_json(world->acme, "UserService/CreateApiKey", CODE_INVALID_ARGUMENT,
                "api_key is required", "{}");
    expect_json(world->acme, "UserService/CreateApiKey", CODE_INVALID_ARGUMENT,
                "api_key.name is required", "{\"api_key\": {}}");
    memset(long_name, 'n', 101);
    long_name[101] = '\0';
    expect_json(world->acme, "UserService/CreateApiKey", CODE_INVALID_ARGUMENT,
                "1 to 100 characters, got 101", "{\"api_key\": {\"name\": \"%s\"}}", long_name);
    expect_json(world->acme, "UserService/CreateApiKey", CODE_INVALID_ARGUMENT,
                "api_key.permissions[0]",
                "{\"api_key\": {\"name\": \"x\", \"permissions\": [\"nodot\"]}}");
    expect_json(world->acme, "UserService/CreateApiKey", CODE_INVALID_ARGUMENT,
                "names users.fly, which is not a permission of this tenant",
                "{\"api_key\": {\"name\": \"x\", \"permissions\": [\"users.fly\"]}}");
    expect_json(world->acme, "UserService/CreateApiKey", CODE_INVALID_ARGUMENT,
                "expire_time must be in the future",
                "{\"api_key\": {\"name\": \"x\", \"expire_time\": \"2020-01-01T00:00:00Z\"}}");
    /* a tenant's admin holds everything of the tenant, and nothing of the platform */
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++)
        expect_json(world->acme, "UserService/CreateApiKey", CODE_INVALID_ARGUMENT,
                    "the platform's and cannot be granted in a tenant",
                    "{\"api_key\": {\"name\": \"x\", \"permissions\": [\"%s\"]}}", platforms[i]);
    /* and the platform knows nothing of a tenant's */
    expect_json(world->platform, "UserService/CreateApiKey", CODE_INVALID_ARGUMENT,
                "names users.view_customuser, which is not a permission of the platform",
                "{\"api_key\": {\"name\": \"x\", \"permissions\": [\"users.view_customuser\"]}}");
    assert_string_equal(
        database_value(&world->database, "select count(*) from acme.core_api_key where name = 'x'"),
        "0");

    expect_json(world->acme, "UserService/CreateApiKey", CODE_OK, NULL,
                "{\"api_key\": {\"name\": \"twice\"}}");
    expect_json(world->acme, "UserService/CreateApiKey", CODE_ALREADY_EXISTS,
                "name is taken already", "{\"api_key\": {\"name\": \"twice\"}}");
    expect_json(world->techcorp, "UserService/CreateApiKey", CODE_OK, NULL,
                "{\"api_key\": {\"name\": \"twice\"}}");
}

/* Nobody gives a key what they do not hold, nor changes a key that may do more than they may. */
static void
test_api_keys__nobody_raises_their_own_rights(void **state)
{
    World *world = *state;
    int64_t id, strong, weak;
    char token[TOKEN_SIZE];
    CiqClient *clerk = holder_new(
        world, "clerk@same.example",
        "users.add_apikey,users.change_apikey,users.delete_apikey,users.view_group", &id);

    expect_json(clerk, "UserService/CreateApiKey", CODE_PERMISSION_DENIED,
                "only a caller who holds users.add_group",
                "{\"api_key\": {\"name\": \"raise\", \"permissions\": [\"users.add_group\"]}}");
    expect_json(clerk, "UserService/CreateApiKey", CODE_PERMISSION_DENIED,
                "only a caller who holds users.view_customuser may give or take auth.check",
                "{\"api_key\": {\"name\": \"raise\", \"permissions\": [\"auth.check\"]}}");
    weak = key_new(clerk, "raise", "\"users.view_group\"", token);
    expect_json(clerk, "UserService/UpdateApiKey", CODE_PERMISSION_DENIED,
                "only a caller who holds users.add_group",
                "{\"id\": %" PRId64 ", \"api_key\": {\"permissions\": [\"users.add_group\"]}, "
                "\"update_mask\": \"permissions\"}",
                weak);

    /* rotating shows a token: that of a stronger key would be a way up */
    strong = key_new(world->acme, "strong", "\"users.add_group\", \"auth.check\"", token);
    expect_json(clerk, "UserService/RotateApiKey", CODE_PERMISSION_DENIED,
                "the API key holds auth.check", "{\"id\": %" PRId64 "}", strong);
    expect_json(clerk, "UserService/UpdateApiKey", CODE_PERMISSION_DENIED, "the API key holds",
                "{\"id\": %" PRId64
                ", \"api_key\": {\"permissions\": []}, \"update_mask\": \"permissions\"}",
                strong);
    expect_json(clerk, "UserService/RevokeApiKey", CODE_PERMISSION_DENIED, "the API key holds",
                "{\"id\": %" PRId64 "}", strong);
    expect_json(clerk, "UserService/GetApiKey", CODE_PERMISSION_DENIED, "users.view_apikey",
                "{\"id\": %" PRId64 "}", weak);
    expect_json(clerk, "UserService/RevokeApiKey", CODE_OK, NULL, "{\"id\": %" PRId64 "}", weak);
    ciq_client_free(clerk);
}

/* Where a service must not stop because somebody left, it keeps what they held to the end of what
 * it was given, and no more. */
static void
test_api_key__outlives_its_maker_where_it_may(void **state)
{
    World *world = *state;
    int64_t maker_id;
    char token[TOKEN_SIZE];
    CiqClient *maker =
        holder_new(world, "maker@same.example",
                   "users.add_apikey,users.view_customuser,users.view_group", &maker_id);

    key_new(maker, "kept", "\"users.view_customuser\", \"users.view_group\"", token);
    CiqClient *client = client_new(&world->server, "acme", token);

    setting_set(&world->server.config.keys_end_with_maker, "off");
    expect_json(world->acme, "UserService/RevokePermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_group\"}", maker_id);
    for (int i = 0; i < 3; i++) {
        expect_json(client, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
        expect_json(client, "UserService/ListGroups", CODE_PERMISSION_DENIED, NULL, "{}");
        if (i < 2)
            expect_json(world->acme,
                        i == 0 ? "UserService/DeactivateUser" : "UserService/DeleteUser", CODE_OK,
                        NULL, "{\"id\": %" PRId64 "}", maker_id);
    }
    setting_set(&world->server.config.keys_end_with_maker, "on");
    ciq_client_free(maker);
    ciq_client_free(client);
}

/* Whose keys there are, and whether they are still there. */
static void
test_list_api_keys__shows_whose_they_are(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t user_id, staff_id, ids[2];
    char token[TOKEN_SIZE], shown[160];
    CiqClient *maker =
        holder_new(world, "gone@same.example", "users.add_apikey,users.view_customuser", &user_id);
    json_t *made = call_json(world->platform, "UserService/CreateSuperuser", &error,
                             "{\"superuser\": {\"email\": \"staff@platform.example\", "
                             "\"platform_role\": \"operator\"}, \"password\": \"%s\"}",
                             world_password);
    assert_ok(error);
    staff_id = strtoll(json_at(made, "superuser.id"), NULL, 10);
    json_decref(made);
    CiqClient *staff = sign_in(&world->server, NULL, "staff@platform.example", world_password);
    json_t *session = call_json(staff, "TenantService/ActAs", &error,
                                "{\"schema_name\": \"acme\", \"reason\": \"ticket 7\"}");
    assert_ok(error);
    CiqClient *inside = client_new(&world->server, "acme", json_at(session, "token"));

    ids[0] = key_new(maker, "of a user", "\"users.view_customuser\"", token);
    ids[1] = key_new(inside, "of the staff", "\"users.view_customuser\"", token);
    for (int round = 0; round < 3; round++) {
        static const char *const states[][2] = {
            {"API_KEY_STATE_ACTIVE CREATOR_STATE_ACTIVE",
             "API_KEY_STATE_ACTIVE CREATOR_STATE_ACTIVE"},
            {"API_KEY_STATE_REVOKED CREATOR_STATE_INACTIVE",
             "API_KEY_STATE_ENDED CREATOR_STATE_INACTIVE"},
            {"API_KEY_STATE_REVOKED CREATOR_STATE_GONE",
             "API_KEY_STATE_ENDED CREATOR_STATE_INACTIVE"},
        };

        for (int i = 0; i < 2; i++) {
            json_t *key = call_json(world->acme, "UserService/GetApiKey", &error,
                                    "{\"id\": %" PRId64 "}", ids[i]);

            assert_ok(error);
            snprintf(shown, sizeof shown, "%s", json_at(key, "api_key.state"));
            snprintf(shown + strlen(shown), sizeof shown - strlen(shown), " %s",
                     json_at(key, "api_key.creator_state"));
            assert_string_equal(shown, states[round][i]);
            assert_int_equal(strtoll(json_at(key, "api_key.creator_id"), NULL, 10),
                             i == 0 ? user_id : staff_id);
            json_decref(key);
        }
        expect_json(world->acme, "UserService/ListApiKeys", CODE_OK, NULL, "{}");
        if (round == 2)
            break;
        expect_json(world->acme,
                    round == 0 ? "UserService/DeactivateUser" : "UserService/DeleteUser", CODE_OK,
                    NULL, "{\"id\": %" PRId64 "}", user_id);
        expect_json(world->platform,
                    round == 0 ? "UserService/DeactivateSuperuser" : "UserService/DeleteSuperuser",
                    CODE_OK, NULL, "{\"id\": %" PRId64 "}", staff_id);
    }
    json_decref(session);
    ciq_client_free(inside);
    ciq_client_free(staff);
    ciq_client_free(maker);
}

/* A key has no account: user 1 is not key 1. */
static void
test_api_key__is_no_account(void **state)
{
    static const char *const own[] = {"UserService/Logout", "UserService/GetMe",
                                      "UserService/UpdateMe"};
    World *world = *state;
    CiqError *error = NULL;
    int64_t id;
    CiqClient *client =
        key_client(world, "acme", "no account",
                   "\"users.add_apikey\", \"users.change_apikey\", \"users.delete_apikey\", "
                   "\"users.view_apikey\", \"users.change_customuser\", \"users.add_group\"",
                   &id);

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        expect_json(client, own[i], CODE_PERMISSION_DENIED,
                    "needs a session: an API key cannot call it",
                    strcmp(own[i], "UserService/UpdateMe") == 0
                        ? "{\"profile\": {\"first_name\": \"K\"}, \"update_mask\": \"first_name\"}"
                        : "{}");

    json_t *who = call_json(client, "UserService/WhoAmI", &error, "{}");
    assert_ok(error);
    assert_string_equal(json_at(who, "kind"), "api_key");
    assert_string_equal(json_at(who, "is_admin"), "false");
    assert_int_equal(strtoll(json_at(who, "user_id"), NULL, 10), id);
    json_decref(who);

    /* who has stolen a key cannot make another, nor prolong this one */
    expect_json(client, "UserService/CreateApiKey", CODE_PERMISSION_DENIED,
                "an API key may not make", "{\"api_key\": {\"name\": \"child\"}}");
    expect_json(client, "UserService/RotateApiKey", CODE_PERMISSION_DENIED,
                "an API key may not make", "{\"id\": %" PRId64 "}", id);
    expect_json(client, "UserService/RevokeApiKey", CODE_PERMISSION_DENIED,
                "an API key may not make", "{\"id\": %" PRId64 "}", id);
    expect_json(client, "UserService/UpdateApiKey", CODE_PERMISSION_DENIED,
                "an API key may not make",
                "{\"id\": %" PRId64 ", \"api_key\": {}, \"update_mask\": \"expire_time\"}", id);
    expect_json(client, "UserService/ListApiKeys", CODE_OK, NULL, "{}");

    /* a key is not an admin, and gives nothing that it does not hold */
    expect_json(client, "UserService/UpdateUser", CODE_PERMISSION_DENIED, "only an admin",
                "{\"id\": 1, \"user\": {\"first_name\": \"K\"}, \"update_mask\": \"first_name\"}");
    expect_json(client, "UserService/CreateGroup", CODE_PERMISSION_DENIED,
                "only a caller who holds users.delete_group",
                "{\"group\": {\"name\": \"k\", \"permissions\": [\"users.delete_group\"]}}");
    expect_json(client, "UserService/CreateGroup", CODE_OK, NULL,
                "{\"group\": {\"name\": \"Made by a key\"}}");
    assert_string_equal(
        database_value(&world->database,
                       "select caller_kind || ' ' || (caller_id = %" PRId64
                       ") from acme.core_audit "
                       "where method like '%%CreateGroup' and code = 0 order by id desc limit 1",
                       id),
        "api_key true");
    ciq_client_free(client);
}

static void
expect_token(World *world, const char *tenant, const char *token, const char *text)
{
    CiqClient *client = client_new(&world->server, tenant, token);

    expect_json(client, "UserService/WhoAmI", CODE_UNAUTHENTICATED, text, "{}");
    ciq_client_free(client);
}

static void
test_api_key__of_elsewhere_is_refused(void **state)
{
    World *world = *state;
    char acme[TOKEN_SIZE], techcorp[TOKEN_SIZE], platform[TOKEN_SIZE], forged[TOKEN_SIZE];

    key_new(world->acme, "foreign", "\"users.view_customuser\"", acme);
    key_new(world->techcorp, "foreign", "\"users.view_customuser\"", techcorp);
    key_new(world->platform, "foreign", "\"tenants.view_tenant\"", platform);
    expect_token(world, "techcorp", acme, "does not belong to this tenant");
    expect_token(world, NULL, acme, "the token belongs to a tenant");
    expect_token(world, "acme", platform, "does not belong to this tenant");
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from techcorp.core_audit where code = 16 and "
                       "method like '%%WhoAmI'"),
        "1");

    /* another tenant's secret under the own number */
    snprintf(forged, sizeof forged, "%.*s%s", (int) (strchr(acme + 6, '_') + 1 - acme), acme,
             strchr(techcorp + 6, '_') + 1);
    expect_token(world, "acme", forged, "was revoked, has expired or does not exist");
    /* a key is no session, and a session no key */
    snprintf(forged, sizeof forged, "%s", acme);
    forged[4] = 's';
    expect_token(world, "acme", forged, "the session has ended or does not exist");
    expect_token(world, "acme", "ciq_k_1_", "neither a session's nor an API key's");
    expect_token(world, "acme", "ciq_k__x", "neither a session's nor an API key's");
    forged[4] = 'q';
    expect_token(world, "acme", forged, "neither a session's nor an API key's");
}

static void
test_api_key__expires(void **state)
{
    World *world = *state;
    int64_t id;
    CiqClient *client = key_client(world, "acme", "short", "\"users.view_customuser\"", &id);

    expect_json(client, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    /* memory knows when the key ends: nobody tells it then */
    change_keys(world, "acme", id, "expire_time = now() + interval '1 second'");
    assert_int_equal(code_after(CODE_OK, client, "UserService/GetUser", "{\"id\": 1}"),
                     CODE_UNAUTHENTICATED);
    expect_json(world->acme, "UserService/RotateApiKey", CODE_FAILED_PRECONDITION, "has expired",
                "{\"id\": %" PRId64 "}", id);

    CiqError *error = NULL;
    json_t *seen =
        call_json(world->acme, "UserService/GetApiKey", &error, "{\"id\": %" PRId64 "}", id);
    assert_ok(error);
    assert_string_equal(json_at(seen, "api_key.state"), "API_KEY_STATE_EXPIRED");
    json_decref(seen);

    /* renewed, it is good again */
    expect_json(world->acme, "UserService/UpdateApiKey", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"api_key\": {\"expire_time\": \"2999-01-01T00:00:00Z\"}, "
                "\"update_mask\": \"expire_time\"}",
                id);
    expect_json(client, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    ciq_client_free(client);
}

static void
test_revoke_api_key__ends_it_for_good(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id;
    CiqClient *client = key_client(world, "acme", "gone", "\"users.view_customuser\"", &id);
    CiqRevokeApiKeyRequest request = CLIENTIQ__V1__REVOKE_API_KEY_REQUEST__INIT;

    expect_json(client, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    request.id = id;
    CiqRevokeApiKeyResponse *revoked = ciq_revoke_api_key(world->acme, &request, &error);
    assert_ok(error);
    assert_int_equal(revoked->api_key->state, CLIENTIQ__V1__API_KEY_STATE__API_KEY_STATE_REVOKED);
    assert_non_null(revoked->api_key->revoke_time);
    ciq_revoke_api_key_response_free(revoked);
    expect_json(client, "UserService/GetUser", CODE_UNAUTHENTICATED, "was revoked", "{\"id\": 1}");

    expect_json(
        world->acme, "UserService/UpdateApiKey", CODE_FAILED_PRECONDITION, "is revoked",
        "{\"id\": %" PRId64 ", \"api_key\": {\"name\": \"back\"}, \"update_mask\": \"name\"}", id);
    expect_json(world->acme, "UserService/RotateApiKey", CODE_FAILED_PRECONDITION, "is revoked",
                "{\"id\": %" PRId64 "}", id);
    expect_json(world->acme, "UserService/RevokeApiKey", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                id);
    expect_json(world->acme, "UserService/RevokeApiKey", CODE_NOT_FOUND, "no API key 4711",
                "{\"id\": 4711}");
    /* another tenant's key is not found here */
    database_value(
        &world->database,
        "insert into techcorp.core_api_key (id, name, permissions, secret_hash, creator) "
        "values (5000, 'theirs', '{}', 'x', 'y')");
    expect_json(world->techcorp, "UserService/GetApiKey", CODE_OK, NULL, "{\"id\": 5000}");
    expect_json(world->acme, "UserService/GetApiKey", CODE_NOT_FOUND, "5000", "{\"id\": 5000}");
    expect_json(world->acme, "UserService/RotateApiKey", CODE_NOT_FOUND, "no API key 5000",
                "{\"id\": 5000}");
    expect_json(world->acme, "UserService/UpdateApiKey", CODE_NOT_FOUND, "no API key 5000",
                "{\"id\": 5000, \"api_key\": {\"name\": \"ours\"}, \"update_mask\": \"name\"}");
    /* its name is free again */
    expect_json(world->acme, "UserService/CreateApiKey", CODE_OK, NULL,
                "{\"api_key\": {\"name\": \"gone\"}}");
    ciq_client_free(client);
}

static void
test_rotate_api_key__overlaps(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id;
    CiqClient *first = key_client(world, "acme", "turning", "\"users.view_customuser\"", &id);
    CiqRotateApiKeyRequest request = CLIENTIQ__V1__ROTATE_API_KEY_REQUEST__INIT;

    expect_json(first, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    request.id = id;
    request.overlap_s = 3600;
    CiqRotateApiKeyResponse *rotated = ciq_rotate_api_key(world->acme, &request, &error);
    assert_ok(error);
    assert_non_null(rotated->api_key->old_token_expire_time);
    assert_non_null(rotated->api_key->rotate_time);
    CiqClient *second = client_new(&world->server, "acme", rotated->token);
    ciq_rotate_api_key_response_free(rotated);
    expect_json(first, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    expect_json(second, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");

    /* after the overlap only the new one is good */
    change_keys(world, "acme", id, "old_expire_time = now() + interval '1 second'");
    assert_int_equal(code_after(CODE_OK, first, "UserService/GetUser", "{\"id\": 1}"),
                     CODE_UNAUTHENTICATED);
    expect_json(second, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");

    /* without one, at once; and one from before an earlier rotation has ended in any case */
    request.overlap_s = 3600;
    rotated = ciq_rotate_api_key(world->acme, &request, &error);
    assert_ok(error);
    CiqClient *third = client_new(&world->server, "acme", rotated->token);
    ciq_rotate_api_key_response_free(rotated);
    expect_json(second, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    request.overlap_s = 0;
    rotated = ciq_rotate_api_key(world->acme, &request, &error);
    assert_ok(error);
    assert_null(rotated->api_key->old_token_expire_time);
    CiqClient *fourth = client_new(&world->server, "acme", rotated->token);
    ciq_rotate_api_key_response_free(rotated);
    expect_json(second, "UserService/GetUser", CODE_UNAUTHENTICATED, "was revoked", "{\"id\": 1}");
    expect_json(third, "UserService/GetUser", CODE_UNAUTHENTICATED, "was revoked", "{\"id\": 1}");
    expect_json(fourth, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");

    expect_json(world->acme, "UserService/RotateApiKey", CODE_INVALID_ARGUMENT, "overlap_s",
                "{\"id\": %" PRId64 ", \"overlap_s\": 2592001}", id);
    ciq_client_free(first);
    ciq_client_free(second);
    ciq_client_free(third);
    ciq_client_free(fourth);
}

static void
test_update_api_key__masks(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id;
    CiqClient *client = key_client(world, "acme", "masked", "\"users.view_customuser\"", &id);
    char *paths[] = {TEXT("permissions")}, *permissions[] = {TEXT("users.view_group")};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqApiKey key = CLIENTIQ__V1__API_KEY__INIT;
    CiqUpdateApiKeyRequest request = CLIENTIQ__V1__UPDATE_API_KEY_REQUEST__INIT;

    expect_json(client, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    mask.paths = paths;
    mask.n_paths = 1;
    key.name = TEXT("not in the mask");
    key.permissions = permissions;
    key.n_permissions = 1;
    request.id = id;
    request.api_key = &key;
    request.update_mask = &mask;
    CiqUpdateApiKeyResponse *changed = ciq_update_api_key(world->acme, &request, &error);
    assert_ok(error);
    assert_string_equal(changed->api_key->name, "masked");
    assert_string_equal(changed->api_key->permissions[0], "users.view_group");
    ciq_update_api_key_response_free(changed);
    /* at once, also in memory */
    expect_json(client, "UserService/GetUser", CODE_PERMISSION_DENIED, "users.view_customuser",
                "{\"id\": 1}");
    expect_json(client, "UserService/ListGroups", CODE_OK, NULL, "{}");

    expect_json(world->acme, "UserService/UpdateApiKey", CODE_INVALID_ARGUMENT,
                "update_mask is required", "{\"id\": %" PRId64 ", \"api_key\": {\"name\": \"x\"}}",
                id);
    expect_json(world->acme, "UserService/UpdateApiKey", CODE_INVALID_ARGUMENT,
                "names colour, which is no field",
                "{\"id\": %" PRId64 ", \"api_key\": {}, \"update_mask\": \"colour\"}", id);
    expect_json(world->acme, "UserService/UpdateApiKey", CODE_INVALID_ARGUMENT,
                "names creator, which cannot be set",
                "{\"id\": %" PRId64 ", \"api_key\": {}, \"update_mask\": \"creator\"}", id);
    expect_json(world->acme, "UserService/UpdateApiKey", CODE_INVALID_ARGUMENT,
                "api_key.name is required",
                "{\"id\": %" PRId64 ", \"api_key\": {}, \"update_mask\": \"name\"}", id);
    expect_json(world->acme, "UserService/UpdateApiKey", CODE_INVALID_ARGUMENT,
                "must be in the future",
                "{\"id\": %" PRId64 ", \"api_key\": {\"expire_time\": \"2020-01-01T00:00:00Z\"}, "
                "\"update_mask\": \"expire_time\"}",
                id);
    expect_json(world->acme, "UserService/UpdateApiKey", CODE_INVALID_ARGUMENT, "the platform's",
                "{\"id\": %" PRId64 ", \"api_key\": {\"permissions\": [\"platform.forward\"]}, "
                "\"update_mask\": \"permissions\"}",
                id);
    ciq_client_free(client);
}

enum { MAKERS = 8, MAKERS_MAX = 3 };

typedef struct Maker {
    pthread_t thread;
    CiqClient *client;
    int code;
    int number;
} Maker;

static void *
make_one(void *argument)
{
    Maker *maker = argument;
    CiqError *error = NULL;

    json_decref(call_json(maker->client, "UserService/CreateApiKey", &error,
                          "{\"api_key\": {\"name\": \"of %d\"}}", maker->number));
    maker->code = (int) code_of(error);
    return NULL;
}

/* However many are made at once, there are never more than the tenant may have. */
static void
test_api_keys__limit_holds_at_once(void **state)
{
    World *world = *state;
    Maker makers[MAKERS];
    int made = 0;

    tenant_new(world->platform, "crowd");
    expect_json(world->platform, "TenantService/UpdateTenant", CODE_OK, NULL,
                "{\"tenant\": {\"schema_name\": \"crowd\", \"max_api_keys\": %d}, "
                "\"update_mask\": \"max_api_keys\"}",
                MAKERS_MAX);
    CiqClient *client = sign_in(&world->server, "crowd.localhost", world_email, world_password);
    for (int i = 0; i < MAKERS; i++) {
        makers[i] = (Maker){.client = client, .number = i};
        assert_int_equal(pthread_create(&makers[i].thread, NULL, make_one, &makers[i]), 0);
    }
    for (int i = 0; i < MAKERS; i++) {
        pthread_join(makers[i].thread, NULL);
        made += makers[i].code == CODE_OK;
        assert_true(makers[i].code == CODE_OK || makers[i].code == CODE_RESOURCE_EXHAUSTED);
    }
    assert_int_equal(made, MAKERS_MAX);
    assert_string_equal(database_value(&world->database, "select count(*) from crowd.core_api_key"),
                        "3");
    ciq_client_free(client);
}

static void
test_api_keys__limit_of_the_plan(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id;
    char token[TOKEN_SIZE];

    tenant_new(world->platform, "few");
    expect_json(
        world->platform, "TenantService/UpdateTenant", CODE_OK, NULL,
        "{\"tenant\": {\"schema_name\": \"few\", \"max_api_keys\": 2}, \"update_mask\": \"max_api_keys\"}");
    CiqClient *client = sign_in(&world->server, "few.localhost", world_email, world_password);
    key_new(client, "one", "", token);
    id = key_new(client, "two", "", token);
    expect_json(client, "UserService/CreateApiKey", CODE_RESOURCE_EXHAUSTED,
                "max_api_keys of the tenant is 2", "{\"api_key\": {\"name\": \"three\"}}");

    /* a key that has ended does not count, until it is renewed */
    change_keys(world, "few", id, "expire_time = now() - interval '1 second'");
    key_new(client, "three", "", token);
    expect_json(client, "UserService/UpdateApiKey", CODE_RESOURCE_EXHAUSTED,
                "max_api_keys of the tenant is 2",
                "{\"id\": %" PRId64 ", \"api_key\": {}, \"update_mask\": \"expire_time\"}", id);
    json_t *three =
        call_json(client, "UserService/RevokeApiKey", &error, "{\"id\": %" PRId64 "}", id + 1);
    assert_ok(error);
    json_decref(three);
    expect_json(client, "UserService/UpdateApiKey", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"api_key\": {}, \"update_mask\": \"expire_time\"}", id);

    /* what ended long ago is forgotten when another is made */
    change_keys(world, "few", id, "expire_time = now() - interval '91 days'");
    key_new(client, "four", "", token);
    expect_json(client, "UserService/GetApiKey", CODE_NOT_FOUND, NULL, "{\"id\": %" PRId64 "}", id);
    ciq_client_free(client);
}

static void
test_list_api_keys__pages(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListApiKeysRequest request = CLIENTIQ__V1__LIST_API_KEYS_REQUEST__INIT;
    char token[TOKEN_SIZE], page_token[512] = "";
    int64_t last = 0;
    int pages = 0;

    tenant_new(world->platform, "pages");
    CiqClient *client = sign_in(&world->server, "pages.localhost", world_email, world_password);
    for (int i = 0; i < 5; i++)
        key_new(client, (const char *[]){"a", "b", "c", "d", "e"}[i], "", token);
    request.page_size = 2;
    do {
        request.page_token = page_token;
        CiqListApiKeysResponse *page = ciq_list_api_keys(client, &request, &error);
        assert_ok(error);
        assert_int_equal(page->n_api_keys, pages == 2 ? 1 : 2);
        for (size_t i = 0; i < page->n_api_keys; i++) {
            assert_true(page->api_keys[i]->id > last);
            last = page->api_keys[i]->id;
        }
        if (++pages == 1)
            expect_json(world->acme, "UserService/ListApiKeys", CODE_INVALID_ARGUMENT, "page_token",
                        "{\"page_token\": \"%s\"}", page->next_page_token);
        snprintf(page_token, sizeof page_token, "%s", page->next_page_token);
        ciq_list_api_keys_response_free(page);
    } while (page_token[0] != '\0');
    assert_int_equal(pages, 3);
    expect_json(client, "UserService/ListApiKeys", CODE_INVALID_ARGUMENT, "page_size",
                "{\"page_size\": -1}");
    ciq_client_free(client);
}

static void
test_api_key__of_a_suspended_tenant(void **state)
{
    World *world = *state;
    char token[TOKEN_SIZE];

    tenant_new(world->platform, "halted");
    CiqClient *admin = sign_in(&world->server, "halted.localhost", world_email, world_password);
    key_new(admin, "service", "\"users.view_customuser\"", token);
    CiqClient *client = client_new(&world->server, "halted", token);
    expect_json(client, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    expect_json(world->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"halted\", \"reason\": \"unpaid\"}");
    expect_json(client, "UserService/GetUser", CODE_FAILED_PRECONDITION, "suspended: unpaid",
                "{\"id\": 1}");
    expect_json(world->platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                "{\"schema_name\": \"halted\"}");
    expect_json(client, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    ciq_client_free(client);
    ciq_client_free(admin);
}

/* On the platform: the same table and rules, other permissions. */
static void
test_platform_api_key__does_what_it_may(void **state)
{
    World *world = *state;
    int64_t id;
    CiqClient *client = key_client(world, NULL, "console", "\"tenants.view_tenant\"", &id);

    expect_json(client, "TenantService/ListTenants", CODE_OK, NULL, "{}");
    expect_json(client, "TenantService/SuspendTenant", CODE_PERMISSION_DENIED,
                "tenants.change_tenant", "{\"schema_name\": \"acme\", \"reason\": \"x\"}");
    expect_json(client, "UserService/ListApiKeys", CODE_PERMISSION_DENIED, "platform.view_apikey",
                "{}");

    /* who may look may not make, and an operator gives no more than theirs */
    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"looker@same.example\", \"platform_role\": \"read-only\"}, "
        "\"password\": \"%s\"}",
        world_password);
    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"doer@same.example\", \"platform_role\": \"operator\"}, "
        "\"password\": \"%s\"}",
        world_password);
    CiqClient *looker = sign_in(&world->server, NULL, "looker@same.example", world_password);
    CiqClient *doer = sign_in(&world->server, NULL, "doer@same.example", world_password);
    expect_json(looker, "UserService/ListApiKeys", CODE_OK, NULL, "{}");
    expect_json(looker, "UserService/CreateApiKey", CODE_PERMISSION_DENIED, "platform.add_apikey",
                "{\"api_key\": {\"name\": \"x\"}}");
    expect_json(doer, "UserService/CreateApiKey", CODE_PERMISSION_DENIED,
                "only a caller who holds platform.add_superuser",
                "{\"api_key\": {\"name\": \"x\", \"permissions\": [\"platform.add_superuser\"]}}");
    expect_json(
        doer, "UserService/CreateApiKey", CODE_OK, NULL,
        "{\"api_key\": {\"name\": \"gate\", \"permissions\": [\"platform.forward\", \"auth.check\"]}}");
    expect_json(world->platform, "UserService/RevokeApiKey", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                id);
    expect_json(client, "TenantService/ListTenants", CODE_UNAUTHENTICATED, "was revoked", "{}");
    ciq_client_free(client);
    ciq_client_free(looker);
    ciq_client_free(doer);
}

static void
test_api_key__last_use_is_written_later(void **state)
{
    World *world = *state;
    int64_t id, platform_id;
    CiqClient *client = key_client(world, "acme", "used", "\"users.view_customuser\"", &id);
    CiqClient *platform = key_client(world, NULL, "used", "\"tenants.view_tenant\"", &platform_id);

    assert_string_equal(database_value(&world->database,
                                       "select coalesce(last_use_time::text, 'never') from "
                                       "acme.core_api_key where name = 'used'"),
                        "never");
    for (int i = 0; i < 20; i++)
        expect_json(client, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    expect_json(platform, "TenantService/ListTenants", CODE_OK, NULL, "{}");
    /* housekeeping looks every half minute, and when a tenant was made */
    tenant_new(world->platform, "waker");
    wait_for_value(&world->database, "2",
                   "select (select count(*) from acme.core_api_key where name = 'used' and "
                   "last_use_time > now() - interval '1 minute') + "
                   "(select count(*) from public.core_api_key where name = 'used' and "
                   "last_use_time > now() - interval '1 minute')");
    ciq_client_free(client);
    ciq_client_free(platform);
}

/* ---- the end user's address ---- */

/* Over tcp://, as everybody but the local operator. */
static CiqClient *
tcp_client(World *world, const char *tenant, const char *token, const char *origin)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = world->server.tcp,
                                                     .tenant = tenant,
                                                     .token = token,
                                                     .origin = origin,
                                                     .attempts_max = 1},
                                       &error);

    assert_ok(error);
    return client;
}

static void
expect_demo(CiqClient *client, Code code, const char *text, const char *email)
{
    expect_json(
        client, "TenantService/CreateDemoRequest", code, text,
        "{\"demo_request\": {\"company_name\": \"Demo Ltd\", \"first_name\": \"D\", "
        "\"last_name\": \"D\", \"email\": \"%s\", \"job_title\": \"x\", \"industry\": \"x\", "
        "\"company_size\": \"1-10\"}}",
        email);
}

static void
test_origin__needs_a_key_that_may_forward(void **state)
{
    World *world = *state;
    char plain[TOKEN_SIZE], tenants[TOKEN_SIZE], forward[TOKEN_SIZE];
    static const char *const wrong[] = {"somewhere", "1.2.3.4:5",        "1.2.3",
                                        "[::1]",     "1.2.3.4, 5.6.7.8", "::1%lo"};

    key_new(world->platform, "plain", "\"tenants.view_tenant\"", plain);
    key_new(world->platform, "forward", "\"tenants.view_tenant\", \"platform.forward\"", forward);
    key_new(world->acme, "tenants own", "\"users.view_customuser\"", tenants);

    CiqClient *nobody = tcp_client(world, NULL, NULL, "1.2.3.4");
    expect_demo(nobody, CODE_PERMISSION_DENIED,
                "origin needs an API key that holds platform.forward", "a@b.example");
    CiqClient *without = tcp_client(world, NULL, plain, "1.2.3.4");
    expect_json(without, "TenantService/ListTenants", CODE_PERMISSION_DENIED, "platform.forward",
                "{}");
    CiqClient *own = tcp_client(world, "acme", tenants, "1.2.3.4");
    expect_json(own, "UserService/GetUser", CODE_PERMISSION_DENIED, "platform.forward",
                "{\"id\": 1}");
    ciq_client_set_origin(world->acme, "1.2.3.4");
    expect_json(world->acme, "UserService/GetUser", CODE_PERMISSION_DENIED, "platform.forward",
                "{\"id\": 1}");
    ciq_client_set_origin(world->acme, NULL);
    /* health is nobody's business */
    expect_json(nobody, "Health/Check", CODE_OK, NULL, "{}");

    CiqClient *with = tcp_client(world, NULL, forward, "1.2.3.4");
    expect_json(with, "TenantService/ListTenants", CODE_OK, NULL, "{}");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ciq_client_set_origin(with, wrong[i]);
        expect_json(with, "TenantService/ListTenants", CODE_INVALID_ARGUMENT,
                    "origin must be an IPv4 or IPv6", "{}");
    }
    ciq_client_free(nobody);
    ciq_client_free(without);
    ciq_client_free(own);
    ciq_client_free(with);
}

static void
limit_demos(Config *config)
{
    config->demo_per_origin = 2;
}

/* Through one microservice, each end user is counted for themselves. */
static void
test_origin__is_what_demo_requests_are_counted_by(void **state)
{
    World *world = *state;
    TestServer server;
    char forward[TOKEN_SIZE];

    server_up(&server, &world->database, limit_demos);
    key_new(world->platform, "website", "\"platform.forward\"", forward);
    CiqClient *website = ciq_client_new(
        &(CiqOptions){
            .urls = server.tcp, .token = forward, .origin = "203.0.113.1", .attempts_max = 1},
        NULL);
    assert_non_null(website);
    expect_demo(website, CODE_OK, NULL, "d1@b.example");
    expect_demo(website, CODE_OK, NULL, "d2@b.example");
    expect_demo(website, CODE_RESOURCE_EXHAUSTED, "from this address", "d3@b.example");
    /* the same address in other spellings */
    ciq_client_set_origin(website, "::ffff:203.0.113.1");
    expect_demo(website, CODE_RESOURCE_EXHAUSTED, "from this address", "d4@b.example");
    ciq_client_set_origin(website, "203.0.113.2");
    expect_demo(website, CODE_OK, NULL, "d5@b.example");
    ciq_client_set_origin(website, "2001:DB8:0::1");
    expect_demo(website, CODE_OK, NULL, "d6@b.example");
    /* all addresses of a network of 64 bits count as one, because one subscriber has them all */
    ciq_client_set_origin(website, "2001:db8::2");
    expect_demo(website, CODE_OK, NULL, "d7@b.example");
    ciq_client_set_origin(website, "2001:db8::ffff:3");
    expect_demo(website, CODE_RESOURCE_EXHAUSTED, "from this address", "d8@b.example");
    assert_string_equal(
        database_value(&world->database,
                       "select string_agg(origin, ' ' order by id) from public.demo_demorequest "
                       "where email like 'd%%@b.example'"),
        "203.0.113.1 203.0.113.1 203.0.113.2 2001:db8::/64 2001:db8::/64");
    ciq_client_free(website);
    server_down(&server);
}

/* End users sign in through a gateway that serves all tenants: its key says from where, and nothing
 * else. */
static void
test_origin__of_a_gateway_on_a_tenant(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char forward[TOKEN_SIZE], plain[TOKEN_SIZE];

    key_new(world->platform, "gateway", "\"platform.forward\", \"auth.check\"", forward);
    key_new(world->platform, "no gateway", "\"auth.check\"", plain);
    CiqClient *gateway = tcp_client(world, "acme", forward, "198.51.100.7");
    json_t *session =
        call_json(gateway, "UserService/Login", &error, "{\"email\": \"%s\", \"password\": \"%s\"}",
                  world_email, world_password);
    assert_ok(error);
    json_decref(session);
    assert_string_equal(
        database_value(&world->database,
                       "select count(*) from acme.core_session where origin = '198.51.100.7'"),
        "1");
    assert_string_equal(database_value(&world->database,
                                       "select caller_kind || caller_id from acme.core_audit where "
                                       "origin = '198.51.100.7' and method like '%%Login'"),
                        "user1");
    expect_json(gateway, "UserService/GetUser", CODE_UNAUTHENTICATED,
                "does not belong to this tenant", "{\"id\": 1}");
    expect_json(gateway, "UserService/WhoAmI", CODE_UNAUTHENTICATED,
                "does not belong to this tenant", "{}");

    CiqClient *other = tcp_client(world, "acme", plain, NULL);
    expect_json(other, "UserService/Login", CODE_UNAUTHENTICATED, "does not belong to this tenant",
                "{\"email\": \"%s\", \"password\": \"%s\"}", world_email, world_password);
    ciq_client_free(gateway);
    ciq_client_free(other);
}

/* ---- two servers ---- */

static void
test_revoke_api_key__ends_it_on_the_other_server(void **state)
{
    World *world = *state;
    TestServer other;
    char token[TOKEN_SIZE];
    int64_t id = key_new(world->acme, "everywhere", "\"users.view_customuser\"", token);

    server_up(&other, &world->database, NULL);
    CiqClient *there = client_new(&other, "acme", token);
    for (int i = 0; i < 5; i++)
        expect_json(there, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    expect_json(world->acme, "UserService/RevokeApiKey", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                id);
    assert_int_equal(code_after(CODE_OK, there, "UserService/GetUser", "{\"id\": 1}"),
                     CODE_UNAUTHENTICATED);
    ciq_client_free(there);
    server_down(&other);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_api_key__shows_the_token_once),
        cmocka_unit_test(test_create_api_key__wrong_input),
        cmocka_unit_test(test_api_keys__nobody_raises_their_own_rights),
        cmocka_unit_test(test_api_key__outlives_its_maker_where_it_may),
        cmocka_unit_test(test_list_api_keys__shows_whose_they_are),
        cmocka_unit_test(test_api_key__is_no_account),
        cmocka_unit_test(test_api_key__of_elsewhere_is_refused),
        cmocka_unit_test(test_api_key__expires),
        cmocka_unit_test(test_revoke_api_key__ends_it_for_good),
        cmocka_unit_test(test_rotate_api_key__overlaps),
        cmocka_unit_test(test_update_api_key__masks),
        cmocka_unit_test(test_api_keys__limit_holds_at_once),
        cmocka_unit_test(test_api_keys__limit_of_the_plan),
        cmocka_unit_test(test_list_api_keys__pages),
        cmocka_unit_test(test_api_key__of_a_suspended_tenant),
        cmocka_unit_test(test_platform_api_key__does_what_it_may),
        cmocka_unit_test(test_api_key__last_use_is_written_later),
        cmocka_unit_test(test_origin__needs_a_key_that_may_forward),
        cmocka_unit_test(test_origin__is_what_demo_requests_are_counted_by),
        cmocka_unit_test(test_origin__of_a_gateway_on_a_tenant),
        cmocka_unit_test(test_revoke_api_key__ends_it_on_the_other_server),
    };

    return run_cases(tests, world_setup, world_teardown);
}
