/* How long sessions live, and who may see and end them, on two servers: a use on one counts on the
 * other, and what is revoked on one is refused by the other within the bound of the heartbeat.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
write_at_once(Config *config)
{
    config->session_use_s = 1;
    config->session_idle_minutes = 30;
    config->session_hours = 2;
}

static int
session_setup(void **state)
{
    return pair_up(state, write_at_once);
}

/* Signs in; the number of the session. */
static CiqClient *
session_new(const TestServer *server, const char *tenant, const char *email, char token[128],
            int64_t *id)
{
    CiqError *error = NULL;
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqListSessionsRequest list = CLIENTIQ__V1__LIST_SESSIONS_REQUEST__INIT;
    CiqClient *client = client_new(server, tenant, NULL);

    request.email = TEXT(email);
    request.password = TEXT(world_password);
    CiqLoginResponse *response = ciq_login(client, &request, &error);
    assert_ok(error);
    ciq_client_set_token(client, response->token);
    if (token != NULL)
        snprintf(token, 128, "%s", response->token);
    ciq_login_response_free(response);

    list.page_size = 1;
    CiqListSessionsResponse *sessions = ciq_list_sessions(client, &list, &error);
    assert_ok(error);
    assert_int_equal(sessions->n_sessions, 1);
    assert_true(sessions->sessions[0]->is_current);
    *id = sessions->sessions[0]->id;
    ciq_list_sessions_response_free(sessions);
    return client;
}

static size_t
session_count(CiqClient *client, int64_t user_id)
{
    CiqError *error = NULL;
    json_t *list = call_json(client, "UserService/ListSessions", &error,
                             "{\"user_id\": %" PRId64 ", \"page_size\": 1000}", user_id);

    assert_ok(error);
    size_t count = json_array_size(json_object_get(list, "sessions"));
    json_decref(list);
    return count;
}

static void
assert_refused_soon(CiqClient *client)
{
    assert_int_equal(code_after(CODE_OK, client, "UserService/WhoAmI", "{}"), CODE_UNAUTHENTICATED);
}

/* ---- sliding and absolute expiry ---- */

/* About to end, used on one server: it lives on, on both. */
static void
test_session__slides_on_two_servers(void **state)
{
    Pair *pair = *state;
    const TestDatabase *database = &pair->world->database;
    int64_t id;
    char token[128];
    CiqClient *there = session_new(&pair->other, "acme", world_email, token, &id);
    CiqClient *here = client_new(&pair->world->server, "acme", token);

    assert_int_equal(user_count(there, world_email), 1); /* from memory from here on */
    database_value(
        database,
        "update acme.core_session set create_time = create_time - interval '25 minutes', "
        "expire_time = now() + interval '5 minutes' where id = %" PRId64,
        id);
    assert_int_equal(user_count(there, world_email), 1);
    /* the end has been moved */
    wait_for_value(database, "t",
                   "select expire_time > now() + interval '29 minutes' and "
                   "last_use_time > create_time from acme.core_session where id = %" PRId64,
                   id);
    assert_int_equal(user_count(here, world_email), 1);
    ciq_client_free(here);
    ciq_client_free(there);
}

/* However much it is used, it ends. */
static void
test_session__has_a_longest_life(void **state)
{
    Pair *pair = *state;
    const TestDatabase *database = &pair->world->database;
    TestServer third;
    int64_t id;

    server_up(&third, &pair->world->database, write_at_once);
    CiqClient *client = session_new(&third, "acme", world_email, NULL, &id);
    database_value(database,
                   "update acme.core_session set create_time = now() - interval '119 minutes', "
                   "expire_time = now() + interval '10 s' where id = %" PRId64,
                   id);
    assert_int_equal(user_count(client, world_email), 1);
    server_down(&third); /* which writes what it knows */
    assert_string_equal(database_value(database,
                                       "select expire_time <= create_time + interval '2 hours' and "
                                       "expire_time > now() + interval '30 s' "
                                       "from acme.core_session where id = %" PRId64,
                                       id),
                        "t");
    ciq_client_free(client);
}

/* A use is not a write: it is noted in memory, and a server that stops leaves nothing unsaid. */
static void
test_session__use_is_written_when_the_server_stops(void **state)
{
    Pair *pair = *state;
    const TestDatabase *database = &pair->world->database;
    TestServer third;
    int64_t id;

    server_up(&third, &pair->world->database, NULL);
    CiqClient *client = session_new(&third, "acme", world_email, NULL, &id);
    database_value(database,
                   "update acme.core_session set last_use_time = null where id = %" PRId64, id);
    for (int i = 0; i < 20; i++)
        assert_int_equal(user_count(client, world_email), 1);
    server_down(&third);
    assert_string_equal(
        database_value(database,
                       "select last_use_time > create_time and last_use_time <= now() "
                       "from acme.core_session where id = %" PRId64,
                       id),
        "t");
    ciq_client_free(client);
}

/* A service that asks what the holder of a session may do uses it in their name. */
static void
test_session__is_used_by_check_permission(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    CiqError *error = NULL;
    TestServer third;
    char token[128];
    int64_t id;
    json_t *key =
        call_json(world->acme, "UserService/CreateApiKey", &error,
                  "{\"api_key\": {\"name\": \"checker\", \"permissions\": [\"auth.check\"]}}");

    assert_ok(error);
    server_up(&third, &world->database, NULL);
    ciq_client_free(session_new(&world->server, "acme", world_email, token, &id));
    CiqClient *checker = client_new(&third, "acme", json_at(key, "token"));
    database_value(
        &world->database,
        "update acme.core_session set create_time = create_time - interval '25 minutes', "
        "last_use_time = null, expire_time = now() + interval '5 minutes' "
        "where id = %" PRId64,
        id);
    for (int i = 0; i < 3; i++) /* the last ones from memory */
        expect_json(checker, "UserService/CheckPermission", CODE_OK, NULL,
                    "{\"session_token\": \"%s\", \"permissions\": [\"users.view_group\"]}", token);
    ciq_client_free(checker);
    server_down(&third);
    assert_string_equal(
        database_value(
            &world->database,
            "select expire_time > now() + interval '1 hour' and last_use_time is not null "
            "from acme.core_session where id = %" PRId64,
            id),
        "t");
    json_decref(key);
}

/* What a use moves is never moved back, nor is a session that was revoked brought back. */
static void
test_session__revoked_is_not_written_back(void **state)
{
    Pair *pair = *state;
    TestServer third;
    int64_t id;

    server_up(&third, &pair->world->database, NULL);
    CiqClient *client = session_new(&third, "acme", world_email, NULL, &id);
    assert_int_equal(user_count(client, world_email), 1);
    expect_json(pair->world->acme, "UserService/RevokeSession", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user_id\": 1}", id);
    server_down(&third);
    assert_string_equal(database_value(&pair->world->database,
                                       "select count(*) from acme.core_session where id = %" PRId64,
                                       id),
                        "0");
    ciq_client_free(client);
}

static void
test_superuser_session__slides(void **state)
{
    Pair *pair = *state;
    const TestDatabase *database = &pair->world->database;
    TestServer third;
    int64_t id;

    expect_json(
        pair->world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"slider@platform.example\", \"platform_role\": \"support\"}, "
        "\"password\": \"%s\"}",
        world_password);
    server_up(&third, &pair->world->database, NULL);
    CiqClient *client = session_new(&third, NULL, "slider@platform.example", NULL, &id);
    database_value(database,
                   "update public.platform_session set expire_time = now() + interval '1 minute' "
                   "where id = %" PRId64,
                   id);
    expect_json(client, "UserService/ListSuperusers", CODE_OK, NULL, "{}");
    server_down(&third);
    assert_string_equal(database_value(database,
                                       "select expire_time > now() + interval '1 hour' and "
                                       "last_use_time is not null from public.platform_session "
                                       "where id = %" PRId64,
                                       id),
                        "t");
    ciq_client_free(client);
}

/* ---- who may see and end which ---- */

static void
test_list_sessions__ones_own_and_others(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    CiqError *error = NULL;
    int64_t reader_id = user_new(world->acme, "reader@acme.example", false);
    int64_t own, second;

    expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_customuser\"}", reader_id);
    user_new(world->acme, "plain@acme.example", false);
    CiqClient *plain = session_new(&world->server, "acme", "plain@acme.example", NULL, &own);
    CiqClient *reader = session_new(&world->server, "acme", "reader@acme.example", NULL, &own);
    CiqClient *again = session_new(&pair->other, "acme", "reader@acme.example", NULL, &second);

    /* one's own, also by number, page by page over both servers */
    assert_int_equal(session_count(reader, 0), 2);
    assert_int_equal(session_count(reader, reader_id), 2);
    json_t *page = call_json(reader, "UserService/ListSessions", &error, "{\"page_size\": 1}");
    assert_ok(error);
    assert_int_equal(strtoll(json_at(page, "sessions.0.id"), NULL, 10), second);
    assert_string_equal(json_at(page, "sessions.0.is_current"), "false");
    json_t *next =
        call_json(again, "UserService/ListSessions", &error,
                  "{\"page_size\": 1, \"page_token\": \"%s\"}", json_at(page, "next_page_token"));
    assert_ok(error);
    assert_int_equal(strtoll(json_at(next, "sessions.0.id"), NULL, 10), own);
    assert_string_equal(json_at(next, "next_page_token"), "");
    json_decref(next);
    json_decref(page);

    /* others' */
    assert_true(session_count(reader, 1) > 0);
    expect_json(plain, "UserService/ListSessions", CODE_PERMISSION_DENIED, "users.view_customuser",
                "{\"user_id\": 1}");
    expect_json(reader, "UserService/ListSessions", CODE_NOT_FOUND, "no user 4242",
                "{\"user_id\": 4242}");
    expect_json(world->platform, "UserService/ListSessions", CODE_INVALID_ARGUMENT,
                "user_id is required", "{}");
    expect_json(world->platform, "UserService/ListSessions", CODE_NOT_FOUND, "no superuser 4242",
                "{\"user_id\": 4242}");
    expect_json(world->acme, "UserService/ListSessions", CODE_INVALID_ARGUMENT, "page_token",
                "{\"page_token\": \"x\"}");

    /* one that has ended is not there */
    database_value(&world->database,
                   "update acme.core_session set expire_time = now() where id = %" PRId64, second);
    assert_int_equal(session_count(reader, 0), 1);
    ciq_client_free(plain);
    ciq_client_free(reader);
    ciq_client_free(again);
}

static void
test_revoke_session__is_refused_on_the_other_server(void **state)
{
    Pair *pair = *state;
    CiqError *error = NULL;
    int64_t id;
    CiqClient *there = session_new(&pair->other, "acme", world_email, NULL, &id);
    CiqRevokeSessionRequest request = CLIENTIQ__V1__REVOKE_SESSION_REQUEST__INIT;

    for (int i = 0; i < 5; i++)
        assert_int_equal(user_count(there, world_email), 1);
    request.id = id;
    request.user_id = 1;
    ciq_revoke_session_response_free(ciq_revoke_session(pair->world->acme, &request, &error));
    assert_ok(error);
    assert_refused_soon(there);
    assert_null(ciq_revoke_session(pair->world->acme, &request, &error));
    assert_code(error, CODE_NOT_FOUND, "no session");
    assert_int_equal(user_count(pair->world->acme, world_email), 1); /* the own one lives */
    ciq_client_free(there);
}

/* The same numbers are sessions of the other tenant: it sees and ends its own only. */
static void
test_revoke_session__never_in_another_tenant(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    int64_t id;
    CiqClient *client = session_new(&world->server, "acme", world_email, NULL, &id);

    database_value(&world->database, "update techcorp.core_session set id = id + 1000000");
    expect_json(world->techcorp, "UserService/RevokeSession", CODE_NOT_FOUND, "no session",
                "{\"id\": %" PRId64 "}", id);
    expect_json(world->techcorp, "UserService/RevokeSession", CODE_NOT_FOUND, "no session",
                "{\"id\": %" PRId64 ", \"user_id\": 1}", id);
    expect_json(world->platform, "UserService/RevokeSession", CODE_NOT_FOUND, "no session",
                "{\"id\": %" PRId64 ", \"user_id\": 1}", id);
    expect_json(world->platform, "UserService/RevokeSession", CODE_INVALID_ARGUMENT,
                "user_id is required", "{\"id\": %" PRId64 "}", id);
    assert_int_equal(user_count(client, world_email), 1);
    ciq_client_free(client);
}

static void
test_revoke_session__of_others_by_right_only(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    int64_t keeper_id = user_new(world->acme, "keeper@acme.example", false), victim_id, victim,
            keeper, admin, other;

    victim_id = user_new(world->acme, "victim@acme.example", false);
    CiqClient *victims = session_new(&world->server, "acme", "victim@acme.example", NULL, &victim);
    CiqClient *keepers = session_new(&world->server, "acme", "keeper@acme.example", NULL, &keeper);
    CiqClient *admins = session_new(&world->server, "acme", world_email, NULL, &admin);

    /* without the right another's is not theirs, and theirs is all they may name */
    expect_json(keepers, "UserService/RevokeSession", CODE_NOT_FOUND, "no session",
                "{\"id\": %" PRId64 "}", victim);
    expect_json(keepers, "UserService/RevokeSession", CODE_PERMISSION_DENIED,
                "users.change_customuser", "{\"id\": %" PRId64 ", \"user_id\": %" PRId64 "}",
                victim, victim_id);
    expect_json(keepers, "UserService/RevokeAllSessions", CODE_PERMISSION_DENIED,
                "users.change_customuser", "{\"user_id\": %" PRId64 "}", victim_id);
    expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.change_customuser\"}",
                keeper_id);
    /* with it, but never upwards */
    expect_json(keepers, "UserService/RevokeSession", CODE_PERMISSION_DENIED, "only an admin",
                "{\"id\": %" PRId64 ", \"user_id\": 1}", admin);
    expect_json(keepers, "UserService/RevokeSession", CODE_NOT_FOUND, "no session",
                "{\"id\": %" PRId64 ", \"user_id\": %" PRId64 "}", admin, victim_id);
    expect_json(keepers, "UserService/RevokeAllSessions", CODE_PERMISSION_DENIED, "only an admin",
                "{\"user_id\": 1}");
    assert_int_equal(user_count(admins, world_email), 1);
    expect_json(keepers, "UserService/RevokeSession", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user_id\": %" PRId64 "}", victim, victim_id);
    assert_refused_soon(victims);
    expect_json(keepers, "UserService/RevokeAllSessions", CODE_NOT_FOUND, "no user",
                "{\"user_id\": 4242}");

    /* one's own needs no right */
    CiqClient *mine = session_new(&world->server, "acme", "victim@acme.example", NULL, &victim);
    CiqClient *mine_too = session_new(&world->server, "acme", "victim@acme.example", NULL, &other);
    expect_json(mine, "UserService/RevokeSession", CODE_OK, NULL, "{\"id\": %" PRId64 "}", other);
    assert_refused_soon(mine_too);
    expect_json(mine, "UserService/WhoAmI", CODE_OK, NULL, "{}");
    ciq_client_free(mine);
    ciq_client_free(mine_too);
    ciq_client_free(victims);
    ciq_client_free(keepers);
    ciq_client_free(admins);
}

static void
test_revoke_all_sessions__keeps_the_current_if_asked(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    CiqError *error = NULL;
    CiqRevokeAllSessionsRequest request = CLIENTIQ__V1__REVOKE_ALL_SESSIONS_REQUEST__INIT;
    int64_t id;

    user_new(world->acme, "many@acme.example", false);
    CiqClient *here = session_new(&world->server, "acme", "many@acme.example", NULL, &id);
    CiqClient *there = session_new(&pair->other, "acme", "many@acme.example", NULL, &id);
    CiqClient *too = session_new(&pair->other, "acme", "many@acme.example", NULL, &id);

    request.except_current = true;
    CiqRevokeAllSessionsResponse *response = ciq_revoke_all_sessions(here, &request, &error);
    assert_ok(error);
    assert_int_equal(response->count, 2);
    ciq_revoke_all_sessions_response_free(response);
    assert_refused_soon(there);
    assert_refused_soon(too);
    expect_json(here, "UserService/WhoAmI", CODE_OK, NULL, "{}");
    assert_int_equal(user_count(world->techcorp, world_email), 1);

    request.except_current = false;
    response = ciq_revoke_all_sessions(here, &request, &error);
    assert_ok(error);
    assert_int_equal(response->count, 1);
    ciq_revoke_all_sessions_response_free(response);
    assert_refused_soon(here);
    ciq_client_free(here);
    ciq_client_free(there);
    ciq_client_free(too);
}

static void
test_sessions__of_superusers(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    int64_t own, theirs;

    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"owner@sessions.example\", \"platform_role\": \"owner\"}, "
        "\"password\": \"%s\"}",
        world_password);
    expect_json(
        world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
        "{\"superuser\": {\"email\": \"helper@sessions.example\", \"platform_role\": \"support\"}, "
        "\"password\": \"%s\"}",
        world_password);
    int64_t owner_id =
        strtoll(database_value(&world->database, "select id from public.platform_superuser "
                                                 "where email = 'owner@sessions.example'"),
                NULL, 10);
    CiqClient *helper = session_new(&pair->other, NULL, "helper@sessions.example", NULL, &theirs);
    CiqClient *owner = session_new(&world->server, NULL, "owner@sessions.example", NULL, &own);

    assert_int_equal(session_count(helper, 0), 1);
    assert_int_equal(session_count(helper, owner_id), 1); /* platform.view_superuser */
    expect_json(helper, "UserService/RevokeSession", CODE_NOT_FOUND, "no session",
                "{\"id\": %" PRId64 "}", own);
    expect_json(helper, "UserService/RevokeAllSessions", CODE_PERMISSION_DENIED,
                "platform.change_superuser", "{\"user_id\": %" PRId64 "}", owner_id);
    int64_t helper_id =
        strtoll(database_value(&world->database, "select id from public.platform_superuser "
                                                 "where email = 'helper@sessions.example'"),
                NULL, 10);
    expect_json(owner, "UserService/RevokeSession", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user_id\": %" PRId64 "}", theirs, helper_id);
    assert_refused_soon(helper);
    expect_json(world->platform, "UserService/RevokeAllSessions", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 "}", owner_id);
    assert_refused_soon(owner);
    ciq_client_free(helper);
    ciq_client_free(owner);
}

/* Who may not sign in any more is signed in nowhere. */
static void
test_deactivation_and_suspension__end_sessions_everywhere(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    int64_t user_id = user_new(world->acme, "gone@acme.example", false), id;
    CiqClient *there = session_new(&pair->other, "acme", "gone@acme.example", NULL, &id);

    expect_json(world->acme, "UserService/DeactivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                user_id);
    assert_refused_soon(there);
    expect_json(world->acme, "UserService/ActivateUser", CODE_OK, NULL, "{\"id\": %" PRId64 "}",
                user_id);
    assert_refused_soon(there); /* it has ended for good */
    ciq_client_free(there);

    tenant_new(world->platform, "resting");
    there = session_new(&pair->other, "resting", world_email, NULL, &id);
    expect_json(world->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"resting\", \"reason\": \"unpaid\"}");
    assert_int_equal(code_after(CODE_OK, there, "UserService/WhoAmI", "{}"),
                     CODE_FAILED_PRECONDITION);
    expect_json(world->platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                "{\"schema_name\": \"resting\"}");
    assert_int_equal(code_after(CODE_FAILED_PRECONDITION, there, "UserService/WhoAmI", "{}"),
                     CODE_UNAUTHENTICATED);
    ciq_client_free(there);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__slides_on_two_servers),
        cmocka_unit_test(test_session__has_a_longest_life),
        cmocka_unit_test(test_session__use_is_written_when_the_server_stops),
        cmocka_unit_test(test_session__is_used_by_check_permission),
        cmocka_unit_test(test_session__revoked_is_not_written_back),
        cmocka_unit_test(test_superuser_session__slides),
        cmocka_unit_test(test_list_sessions__ones_own_and_others),
        cmocka_unit_test(test_revoke_session__is_refused_on_the_other_server),
        cmocka_unit_test(test_revoke_session__never_in_another_tenant),
        cmocka_unit_test(test_revoke_session__of_others_by_right_only),
        cmocka_unit_test(test_revoke_all_sessions__keeps_the_current_if_asked),
        cmocka_unit_test(test_sessions__of_superusers),
        cmocka_unit_test(test_deactivation_and_suspension__end_sessions_everywhere),
    };

    return run_cases(tests, session_setup, pair_teardown);
}
