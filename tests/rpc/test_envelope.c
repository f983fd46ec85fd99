/* What travels: bytes that are no message, messages that are no request, and every bound of the
 * envelope. Sent by bare nng, as a foreign client would.  Each gets the right code, the server
 * stays up, and nothing is written.  */
#include "harness/harness.h"

#include "client/call.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>
#include <string.h>

/* Sends bytes and gives the reply (ciq_reply_free), NULL if the connection was closed instead. */
static Reply *
exchange(const TestServer *server, const void *data, size_t size)
{
    nng_socket socket;
    nng_msg *message;
    Reply *reply = NULL;

    assert_int_equal(nng_req0_open(&socket), 0);
    nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 10000);
    assert_int_equal(nng_dial(socket, server->url, NULL, 0), 0);
    assert_int_equal(nng_msg_alloc(&message, 0), 0);
    assert_int_equal(nng_msg_append(message, data, size), 0);
    assert_int_equal(nng_sendmsg(socket, message, 0), 0);
    if (nng_recvmsg(socket, &message, 0) == 0) {
        reply = clientiq__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
        assert_non_null(reply);
        nng_msg_free(message);
    }
    nng_close(socket);
    return reply;
}

static void
assert_reply(Reply *reply, Code code, const char *text)
{
    char got[300];

    assert_non_null(reply);
    snprintf(got, sizeof got, "%s: %.200s", code_name((int) reply->code), reply->message);
    int got_code = (int) reply->code;
    ciq_reply_free(reply);
    if (got_code != (int) code || (text != NULL && strstr(got, text) == NULL))
        fail_msg("got %s, expected %s: %s", got, code_name((int) code), text != NULL ? text : "…");
}

static Reply *
exchange_request(const TestServer *server, const Request *request)
{
    size_t size = clientiq__v1__request__get_packed_size(request);
    uint8_t *packed = malloc(size + 1);

    clientiq__v1__request__pack(request, packed);
    Reply *reply = exchange(server, packed, size);
    free(packed);
    return reply;
}

/* A request of CreateUser in acme, as its admin, with a payload of the test's. */
static Request
create_user(const void *payload, size_t size, const char *token)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;

    request.method = TEXT("clientiq.v1.UserService/CreateUser");
    request.tenant = TEXT("acme");
    request.token = TEXT(token);
    request.payload.data = (uint8_t *) (uintptr_t) payload;
    request.payload.len = size;
    return request;
}

static char *
admin_token(World *world)
{
    CiqError *error = NULL;
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    request.email = TEXT(world_email);
    request.password = TEXT(world_password);
    CiqLoginResponse *response = ciq_login(world->acme, &request, &error);
    assert_ok(error);
    char *token = strdup(response->token);
    ciq_login_response_free(response);
    return token;
}

static void
test_bytes__that_are_no_request(void **state)
{
    World *world = *state;
    uint8_t noise[4096];

    assert_reply(exchange(&world->server, "", 0), CODE_UNIMPLEMENTED, "no method");
    assert_reply(exchange(&world->server, "\xff\xff\xff\xff", 4), CODE_INVALID_ARGUMENT,
                 "message is not a clientiq.v1.Request");
    assert_reply(exchange(&world->server, "GET / HTTP/1.1\r\n\r\n", 18), CODE_INVALID_ARGUMENT,
                 "message is not a clientiq.v1.Request");
    srand(1);
    for (int i = 0; i < 200; i++) {
        size_t size = (size_t) rand() % sizeof noise;

        for (size_t j = 0; j < size; j++)
            noise[j] = (uint8_t) rand();
        Reply *reply = exchange(&world->server, noise, size);
        assert_non_null(reply);
        assert_true(reply->code != 0);
        ciq_reply_free(reply);
    }
    assert_int_equal(user_count(world->acme, world_email), 1);
}

static void
test_request__cut_anywhere(void **state)
{
    World *world = *state;
    static const char payload[] = "\x0a\x12\x12\x10"
                                  "cut@acme.example";
    char *token = admin_token(world);
    Request request = create_user(payload, sizeof payload - 1, token);
    size_t size = clientiq__v1__request__get_packed_size(&request);
    uint8_t *packed = malloc(size);

    clientiq__v1__request__pack(&request, packed);
    for (size_t cut = 0; cut < size; cut++) {
        Reply *reply = exchange(&world->server, packed, cut);

        assert_non_null(reply);
        assert_true(reply->code != 0);
        ciq_reply_free(reply);
    }
    assert_int_equal(user_count(world->acme, "cut@acme.example"), 0);
    free(packed);
    free(token);
}

static void
test_method__that_does_not_exist(void **state)
{
    static const char *const names[] = {"", "x", "clientiq.v1.UserService/getuser",
                                        "clientiq.v1.UserService/GetUser ", "UserService/GetUser"};
    World *world = *state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Request request = CLIENTIQ__V1__REQUEST__INIT;

        request.method = TEXT(names[i]);
        assert_reply(exchange_request(&world->server, &request), CODE_UNIMPLEMENTED, "no method");
    }
}

static void
test_payload__bad(void **state)
{
    static const struct {
        const char *data;
        size_t size;
        const char *text;
    } cases[] = {
        {"\x0a\x05\x12\x03"
         "a\xff@",
         7, "user.email must be valid UTF-8"},
        {"\x0a\x09\x12\x07"
         "a\0b@c.d",
         11, "user.email must not contain a NUL"},
        {"\x0a\x20\x12", 3, "is not a clientiq.v1.CreateUserRequest"},
        {"\x0a\x02\x12\x7f", 4, "user is not a clientiq.v1.User"},
        {"\x08\x01", 2, NULL}, /* field 1 as a number: a payload of another type */
        {"\xff", 1, "is not a clientiq.v1.CreateUserRequest"},
        {"", 0, "user is required"},
    };
    World *world = *state;
    char *token = admin_token(world);
    char before[16];

    snprintf(before, sizeof before, "%zu", user_count(world->acme, ""));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Request request = create_user(cases[i].data, cases[i].size, token);

        assert_reply(exchange_request(&world->server, &request), CODE_INVALID_ARGUMENT,
                     cases[i].text);
    }
    assert_int_equal(user_count(world->acme, ""), strtol(before, NULL, 10));
    free(token);
}

static void
test_envelope__bounds(void **state)
{
    World *world = *state;
    Request request = create_user("", 0, "");
    char *large = malloc(400);

    memset(large, 'a', 399);
    large[399] = '\0';
    request.tenant = large;
    assert_reply(exchange_request(&world->server, &request), CODE_INVALID_ARGUMENT, NULL);
    request = create_user("", 0, large);
    assert_reply(exchange_request(&world->server, &request), CODE_INVALID_ARGUMENT,
                 "token must be at most 128 bytes, got 399");
    request = create_user("", 0, "");
    request.traceparent = large;
    assert_reply(exchange_request(&world->server, &request), CODE_INVALID_ARGUMENT, "traceparent");
    request = create_user("", 0, "");
    request.origin = large;
    assert_reply(exchange_request(&world->server, &request), CODE_INVALID_ARGUMENT, "origin");
    request = create_user("", 0, "");
    request.idempotency_key = (ProtobufCBinaryData){15, (uint8_t *) large};
    assert_reply(exchange_request(&world->server, &request), CODE_INVALID_ARGUMENT,
                 "idempotency_key must be 16 bytes, got 15");
    free(large);
}

static void
test_tenant__that_does_not_exist(void **state)
{
    static const struct {
        const char *tenant;
        Code code;
        const char *text;
    } cases[] = {
        {"", CODE_INVALID_ARGUMENT, "tenant is required"},
        {"nobody", CODE_NOT_FOUND, "no tenant with the schema nobody"},
        {"nobody.localhost", CODE_NOT_FOUND, "no tenant for the domain nobody.localhost"},
        {"localhost", CODE_NOT_FOUND, "no tenant for the domain localhost"},
        {"a\"b", CODE_NOT_FOUND, "no tenant with the schema"},
        {"acme\"; drop schema acme cascade; --", CODE_NOT_FOUND, "no tenant"},
        {"Acme", CODE_NOT_FOUND, "no tenant with the schema Acme"},
        {"public", CODE_NOT_FOUND, "no tenant with the schema public"},
        {"pg_catalog", CODE_NOT_FOUND, "no tenant with the schema pg_catalog"},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Request request = create_user("", 0, "");

        request.tenant = TEXT(cases[i].tenant);
        assert_reply(exchange_request(&world->server, &request), cases[i].code, cases[i].text);
    }

    Request request = CLIENTIQ__V1__REQUEST__INIT;

    request.method = TEXT("clientiq.v1.TenantService/ListTenants");
    request.tenant = TEXT("acme");
    assert_reply(exchange_request(&world->server, &request), CODE_INVALID_ARGUMENT,
                 "tenant must be empty");
}

/* The client's library says so before it sends; a foreign client's connection is closed. */
static void
test_message__too_large(void **state)
{
    World *world = *state;
    size_t size = WIRE_MESSAGE_MAX + 1;
    char *large = malloc(size + 1);
    CiqError *error = NULL;
    CiqListUsersRequest request = CLIENTIQ__V1__LIST_USERS_REQUEST__INIT;

    memset(large, 'a', size);
    large[size] = '\0';
    assert_null(exchange(&world->server, large, size));
    request.search = large;
    assert_null(ciq_list_users(world->acme, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "bytes, more than the");
    assert_int_equal(user_count(world->acme, world_email), 1);
    free(large);
}

static void
test_health__answers_anybody(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *client = client_new(&world->server, "no such tenant", "no such token");
    CiqHealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    CiqHealthCheckResponse *response = ciq_check(client, &request, &error);

    assert_ok(error);
    assert_int_equal(response->status,
                     GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
    ciq_check_response_free(response);
    request.service = TEXT("clientiq.v1.UserService");
    ciq_check_response_free(ciq_check(client, &request, &error));
    assert_ok(error);
    request.service = TEXT("clientiq.v1.Nobody");
    assert_null(ciq_check(client, &request, &error));
    assert_code(error, CODE_NOT_FOUND, "no service");
    ciq_client_free(client);
}

/* To whom statements may be shown; and they show one schema only. */
static void
test_explain__shows_one_schema(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    Reply *reply;
    CiqListUsersRequest request = CLIENTIQ__V1__LIST_USERS_REQUEST__INIT;
    char *token = admin_token(world);
    CiqClient *local = ciq_client_new(
        &(CiqOptions){.urls = world->server.ipc, .tenant = "acme", .token = token}, &error);
    CiqClient *remote = ciq_client_new(
        &(CiqOptions){.urls = world->server.tcp, .tenant = "acme", .token = token}, &error);
    const Method *list = method_find("clientiq.v1.UserService/ListUsers");
    ProtobufCMessage *response =
        ciq_call_reply(local, list, &request.base, NULL, true, &reply, &error);

    assert_ok(error);
    assert_true(reply->n_statements >= 2);
    assert_int_equal(reply->n_schemas, 1);
    assert_string_equal(reply->schemas[0], "acme");
    for (size_t i = 0; i < reply->n_statements; i++)
        assert_null(strstr(reply->statements[i]->text, "same.example"));
    ciq_reply_free(reply);
    protobuf_c_message_free_unpacked(response, NULL);
    assert_null(ciq_call_reply(remote, list, &request.base, NULL, true, &reply, &error));
    assert_code(error, CODE_PERMISSION_DENIED, "platform.explain");
    ciq_client_free(local);
    ciq_client_free(remote);
    free(token);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes__that_are_no_request),
        cmocka_unit_test(test_request__cut_anywhere),
        cmocka_unit_test(test_method__that_does_not_exist),
        cmocka_unit_test(test_payload__bad),
        cmocka_unit_test(test_envelope__bounds),
        cmocka_unit_test(test_tenant__that_does_not_exist),
        cmocka_unit_test(test_message__too_large),
        cmocka_unit_test(test_health__answers_anybody),
        cmocka_unit_test(test_explain__shows_one_schema),
    };

    return run_cases(tests, world_setup, world_teardown);
}
