/* Every rpc that writes and may be repeated happens once, whatever the servers that see it have in
 * memory: the same bytes (token, key and request) go to a server that knows the caller's session,
 * to one that has never seen it, to one that has just been started, and to one whose memory is
 * silent because its notifications are cut.  Whichever is first does it; the others give the same
 * answer, and nothing more is written.  */
#include "harness/harness.h"
#include "harness/writes.h"

#include "client/call.h"
#include "client/cli/cli.h"
#include "client/cli/json.h"
#include "server/call/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRITES_MAX = 128, CALLER_ID = 1000000, PROBE_ID = 999999 };

/* What a server's memory is like when it gets a message. */
typedef enum Memory { MEMORY_WARM, MEMORY_COLD, MEMORY_RESTARTED, MEMORY_SILENT, MEMORIES } Memory;

static const char *const memory_names[] = {"warm", "cold", "restarted", "silent"};

typedef struct Once {
    World *world;
    TestServer servers[MEMORIES]; /* but for MEMORY_WARM, which is the world's */
    Memory first;
    struct {
        char token[TOKEN_SIZE];
        uint8_t key[WIRE_KEY_SIZE];
        ProtobufCBinaryData answer;
    } calls[WRITES_MAX];
} Once;

static TestServer *
server_of(Once *once, Memory memory)
{
    return memory == MEMORY_WARM ? &once->world->server : &once->servers[memory];
}

/* ---- who calls ---- */

/* A session that no server has seen; of acme's admin, or of a superuser who may do everything. */
static void
session_new(Once *once, int number, bool on_tenant, char text[TOKEN_SIZE])
{
    static const char *const tables[] = {"public.platform_session", "acme.core_session"};
    char hex[2 * AUTH_SECRET_HASH_SIZE + 1];
    AuthToken token;

    snprintf(text, TOKEN_SIZE, "ciq_s_%d_%042dA", on_tenant, number);
    assert_true(auth_token_read(text, &token));
    for (size_t b = 0; b < sizeof token.hash; b++)
        snprintf(hex + 2 * b, 3, "%02x", token.hash[b]);
    database_value(&once->world->database,
                   "insert into %s (id, user_id, secret_hash, expire_time) "
                   "values (%d, %d, '\\x%s', now() + interval '1 day')",
                   tables[on_tenant], number, on_tenant ? 1 : CALLER_ID, hex);
}

static int
once_setup(void **state)
{
    Once *once = calloc(1, sizeof *once);
    void *world;

    assert_non_null(once);
    assert_true(writes_count <= WRITES_MAX);
    world_setup(&world);
    once->world = world;
    for (Memory memory = MEMORY_COLD; memory < MEMORIES; memory++)
        server_up(&once->servers[memory], &once->world->database, NULL);
    database_value(&once->world->database,
                   "insert into public.platform_superuser (id, email, can_create_tenants, "
                   "platform_role) values (%d, 'once@platform.example', true, 'owner')",
                   CALLER_ID);
    *state = once;
    return 0;
}

static int
once_teardown(void **state)
{
    Once *once = *state;
    void *world = once->world;

    for (size_t i = 0; i < writes_count; i++)
        free(once->calls[i].answer.data);
    for (Memory memory = MEMORY_COLD; memory < MEMORIES; memory++)
        server_down(&once->servers[memory]);
    world_teardown(&world);
    free(once);
    return 0;
}

/* ---- memory ---- */

/* No server hears of any change, and none can connect again to hear; waits until memory says
 * nothing, which a session shows that is taken away without a word. */
static void
silence(Once *once)
{
    const TestDatabase *database = &once->world->database;
    char token[TOKEN_SIZE];
    CiqClient *probe;

    session_new(once, PROBE_ID, true, token);
    probe = client_new(server_of(once, MEMORY_SILENT), "acme", token);
    assert_user_code(probe, CODE_OK, NULL);
    database_value(database, "alter role ciq_worker_%s connection limit 0",
                   database->name + strlen("ciq_test_"));
    database_value(database, "select count(pg_terminate_backend(pid)) from pg_stat_activity where "
                             "application_name = 'clientiq-heartbeat' and "
                             "datname = current_database()");
    database_value(database,
                   "delete from acme.core_session where id = "
                   "(select max(id) from acme.core_session where id < %d)",
                   CALLER_ID);
    assert_int_equal(code_after(CODE_OK, probe, "UserService/GetUser", "{\"id\": 1}"),
                     CODE_UNAUTHENTICATED);
    ciq_client_free(probe);
}

static bool
hears_again(void *database)
{
    return strcmp(database_value(database,
                                 "select count(*) from pg_stat_activity where datname = "
                                 "current_database() and application_name = 'clientiq-heartbeat'"),
                  "4") == 0;
}

static void
end_silence(Once *once)
{
    database_value(&once->world->database, "alter role ciq_worker_%s connection limit -1",
                   once->world->database.name + strlen("ciq_test_"));
    wait_until("all servers to hear of changes again", hears_again, &once->world->database);
}

static void
memory_begin(Once *once, Memory memory)
{
    if (memory == MEMORY_RESTARTED) {
        server_down(&once->servers[memory]);
        server_up(&once->servers[memory], &once->world->database, NULL);
    }
    if (memory == MEMORY_SILENT)
        silence(once);
}

static void
memory_end(Once *once, Memory memory)
{
    if (memory == MEMORY_SILENT)
        end_silence(once);
}

/* ---- calls ---- */

static bool
is_repeatable(const Write *write)
{
    return !method_by_name(write->method)->never_replayed;
}

/* Gives the answer's bytes, which the caller frees. */
static ProtobufCBinaryData
send(Once *once, size_t i, CiqClient *client)
{
    const Write *write = &writes[i];
    const Method *method = method_by_name(write->method);
    CiqError *error = NULL;
    Reply *reply = NULL;
    char wrong[JSON_MESSAGE];
    json_t *json = json_loads(write->request, 0, NULL);
    ProtobufCMessage *request = json_to_message(method->request->descriptor, json, wrong);
    ProtobufCMessage *response;
    ProtobufCBinaryData answer = {0};

    assert_non_null(request);
    response = ciq_call_reply(client, method, request,
                              &(CiqCallOptions){.tenant = write->on_tenant ? "acme" : "",
                                                .token = once->calls[i].token,
                                                .idempotency_key = once->calls[i].key},
                              false, &reply, &error);
    if (error != NULL)
        print_error("%s %s\n", write->method, write->request);
    assert_ok(error);
    answer.len = reply->payload.len;
    answer.data = malloc(answer.len + 1);
    assert_non_null(answer.data);
    if (answer.len > 0)
        memcpy(answer.data, reply->payload.data, answer.len);
    ciq_reply_free(reply);
    protobuf_c_message_free_unpacked(response, NULL);
    protobuf_c_message_free_unpacked(request, NULL);
    json_decref(json);
    return answer;
}

/* The server has the session in its memory, from a call that a warm memory answers alone. */
static void
warm(Once *once, size_t i)
{
    CiqClient *client = client_new(server_of(once, MEMORY_WARM),
                                   writes[i].on_tenant ? "acme" : NULL, once->calls[i].token);

    expect_json(client, "UserService/WhoAmI", CODE_OK, NULL, "{}");
    ciq_client_free(client);
}

/* All that was written, as the audits have it. */
static void
effects(Once *once, char text[64])
{
    snprintf(text, 64, "%s",
             database_value(&once->world->database,
                            "select concat((select count(*) from acme.core_audit where code = 0), "
                            "' ', (select count(*) from public.core_audit where code = 0))"));
}

static void
do_first(Once *once)
{
    CiqClient *client;

    memory_begin(once, once->first);
    client = client_new(server_of(once, once->first), NULL, NULL);
    for (size_t i = 0; i < writes_count; i++) {
        write_prepare(&once->world->database, &writes[i]);
        session_new(once, CALLER_ID + (int) i, writes[i].on_tenant, once->calls[i].token);
        memset(once->calls[i].key, 0, WIRE_KEY_SIZE);
        once->calls[i].key[0] = (uint8_t) i;
        if (strstr(writes[i].method, "/ChangePassword") != NULL ||
            strstr(writes[i].method, "/Logout") != NULL)
            continue; /* they end the sessions of what comes later */
        if (once->first == MEMORY_WARM)
            warm(once, i);
        once->calls[i].answer = send(once, i, client);
    }
    ciq_client_free(client);
    memory_end(once, once->first);
}

static void
do_again(Once *once, Memory memory)
{
    CiqClient *client;

    memory_begin(once, memory);
    client = client_new(server_of(once, memory), NULL, NULL);
    for (size_t i = 0; i < writes_count; i++) {
        const ProtobufCBinaryData *answer = &once->calls[i].answer;
        ProtobufCBinaryData again;

        if (!is_repeatable(&writes[i]))
            continue;
        if (memory == MEMORY_WARM)
            warm(once, i);
        again = send(once, i, client);
        if (again.len != answer->len || memcmp(again.data, answer->data, answer->len) != 0)
            fail_msg("%s: a %s server answers otherwise than the %s one that did it",
                     writes[i].method, memory_names[memory], memory_names[once->first]);
        free(again.data);
    }
    ciq_client_free(client);
    memory_end(once, memory);
}

/* Beginning with this memory; the others after it, in a circle, and itself again at the end. */
static void
do_once(Once *once, Memory first)
{
    char written[64], now[64];

    once->first = first;
    do_first(once);
    effects(once, written);
    for (Memory n = 1; n <= MEMORIES; n++) {
        do_again(once, (first + n) % MEMORIES);
        effects(once, now);
        assert_string_equal(now, written);
    }
}

static void
test_writes__once_if_the_first_is_warm(void **state)
{
    do_once(*state, MEMORY_WARM);
}

static void
test_writes__once_if_the_first_is_cold(void **state)
{
    do_once(*state, MEMORY_COLD);
}

static void
test_writes__once_if_the_first_is_restarted(void **state)
{
    do_once(*state, MEMORY_RESTARTED);
}

static void
test_writes__once_if_the_first_is_silent(void **state)
{
    do_once(*state, MEMORY_SILENT);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writes__once_if_the_first_is_warm, once_setup,
                                        once_teardown),
        cmocka_unit_test_setup_teardown(test_writes__once_if_the_first_is_cold, once_setup,
                                        once_teardown),
        cmocka_unit_test_setup_teardown(test_writes__once_if_the_first_is_restarted, once_setup,
                                        once_teardown),
        cmocka_unit_test_setup_teardown(test_writes__once_if_the_first_is_silent, once_setup,
                                        once_teardown),
    };

    return run_cases(tests, NULL, NULL);
}
