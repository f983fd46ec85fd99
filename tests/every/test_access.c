/* The page of who may call what, cell by cell, by bare nng over tcp:// and ipc://.  A cell that
 * says yes is tried with a payload that is no message, which only a call that was let through can
 * be told, and, where the rpc only reads, with an empty request too; any other cell must get
 * exactly the code that it names, for both.  Where the permission is not asked for what is one's
 * own, a request that names somebody else must be let through or not.  */
#include "harness/harness.h"

#include "client/call.h"
#include "proto/method.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_MAX = 20, TEXT_MAX = 96, PERMISSIONS_MAX = 64 };

/* ---- the page ---- */

/* Splits "| a | `b` | c |" and gives how many. */
static size_t
split(char *line, char *words[KINDS_MAX])
{
    size_t count = 0;
    char *rest;

    for (char *word = strtok_r(line, "|", &rest); word != NULL && count < KINDS_MAX;
         word = strtok_r(NULL, "|", &rest)) {
        size_t size;

        word += strspn(word, " `");
        size = strcspn(word, "`");
        while (size > 0 && word[size - 1] == ' ')
            size--;
        word[size] = '\0';
        words[count++] = word;
    }
    return count;
}

/* ---- callers ---- */

typedef struct Token {
    char permission[TEXT_MAX];
    char text[TOKEN_SIZE];
} Token;

typedef struct Callers {
    World *world;
    char act_as[TOKEN_SIZE], user[TOKEN_SIZE], admin[TOKEN_SIZE], other_admin[TOKEN_SIZE],
        superuser[TOKEN_SIZE];
    Token users[PERMISSIONS_MAX]; /* one for each permission */
    size_t users_count;
    Token keys[2 * PERMISSIONS_MAX]; /* one for each place and permission; "": without any */
    size_t keys_count;
    Token superuser_with; /* of the permission that the role support holds now */
} Callers;

static const char *
user_with(Callers *callers, const char *permission)
{
    World *world = callers->world;
    Token *token = &callers->users[callers->users_count];
    char email[TEXT_MAX];

    for (size_t i = 0; i < callers->users_count; i++)
        if (strcmp(callers->users[i].permission, permission) == 0)
            return callers->users[i].text;
    assert_true(callers->users_count < PERMISSIONS_MAX);
    snprintf(email, sizeof email, "holder%zu@same.example", callers->users_count);
    expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                "{\"user_id\": %lld, \"permission\": \"%s\"}",
                (long long) user_new(world->acme, email, false), permission);
    snprintf(token->permission, sizeof token->permission, "%s", permission);
    token_new(&world->server, "acme", email, token->text);
    callers->users_count++;
    return token->text;
}

/* A key of acme's, or of the platform's, with one permission or none. */
static const char *
key_with(Callers *callers, bool on_tenant, const char *permission)
{
    World *world = callers->world;
    Token *token = &callers->keys[callers->keys_count];
    char what[TEXT_MAX], permissions[TEXT_MAX + 2] = "";

    snprintf(what, sizeof what, "%s %.80s", on_tenant ? "tenant" : "platform", permission);
    for (size_t i = 0; i < callers->keys_count; i++)
        if (strcmp(callers->keys[i].permission, what) == 0)
            return callers->keys[i].text;
    assert_true(callers->keys_count < 2 * PERMISSIONS_MAX);
    if (permission[0] != '\0')
        snprintf(permissions, sizeof permissions, "\"%s\"", permission);
    key_new(on_tenant ? world->acme : world->platform, what, permissions, token->text);
    snprintf(token->permission, sizeof token->permission, "%s", what);
    callers->keys_count++;
    return token->text;
}

/* There are four roles, so one of them is given exactly this permission; a new session knows it. */
static const char *
superuser_with(Callers *callers, const char *permission)
{
    World *world = callers->world;
    Token *token = &callers->superuser_with;

    if (strcmp(token->permission, permission) == 0)
        return token->text;
    assert_string_equal(
        database_value(
            &world->database,
            "delete from public.platform_role_permission where platform_role = 'support'; "
            "insert into public.platform_role_permission (platform_role, app, codename) "
            "select 'support', app, codename from public.platform_permission "
            "where app || '.' || codename = '%s' returning 1",
            permission),
        "1");
    snprintf(token->permission, sizeof token->permission, "%s", permission);
    token_new(&world->server, NULL, "with@platform.example", token->text);
    return token->text;
}

/* tenant: where the call goes ("": to the platform). The permission is asked for there, and a
 * caller of another place cannot hold it. */
static const char *
token_of(Callers *callers, const char *kind, const char *tenant, const char *needs,
         const char *cell)
{
    bool is_permission = strchr(needs, '.') != NULL, on_tenant = tenant[0] != '\0';

    if (strcmp(kind, "anonymous") == 0 || strcmp(kind, "local operator") == 0)
        return "";
    if (strcmp(kind, "user") == 0)
        return callers->user;
    /* "own" says that a user cannot hold it */
    if (strcmp(kind, "user with it") == 0)
        return is_permission && strcmp(cell, "own") != 0 && on_tenant ? user_with(callers, needs)
                                                                      : callers->user;
    if (strcmp(kind, "tenant admin") == 0)
        return callers->admin;
    if (strcmp(kind, "other tenant's admin") == 0)
        return callers->other_admin;
    if (strcmp(kind, "API key") == 0)
        return key_with(callers, true, "");
    if (strcmp(kind, "API key with it") == 0)
        return key_with(callers, true, is_permission && on_tenant ? needs : "");
    if (strcmp(kind, "platform's API key") == 0)
        return key_with(callers, false, "");
    if (strcmp(kind, "platform's API key with it") == 0)
        return key_with(callers, false, is_permission && !on_tenant ? needs : "");
    if (strcmp(kind, "acting in it") == 0)
        return callers->act_as;
    if (strcmp(kind, "superuser") == 0)
        return callers->superuser;
    if (strcmp(kind, "superuser with it") == 0)
        return is_permission && !on_tenant ? superuser_with(callers, needs) : callers->superuser;
    fail_msg("the page has a kind of caller that this test does not know: %s", kind);
    return NULL;
}

static void
callers_make(Callers *callers, World *world)
{
    static const char *const superusers[][2] = {{"without@platform.example", "read-only"},
                                                {"with@platform.example", "support"}};

    CiqError *error = NULL;

    callers->world = world;
    user_new(world->acme, "plain@same.example", false);
    token_new(&world->server, "acme", "plain@same.example", callers->user);
    token_new(&world->server, "acme", world_email, callers->admin);
    json_t *session = call_json(world->platform, "TenantService/ActAs", &error,
                                "{\"schema_name\": \"acme\", \"reason\": \"the access table\"}");
    assert_ok(error);
    snprintf(callers->act_as, TOKEN_SIZE, "%s", json_at(session, "token"));
    json_decref(session);
    token_new(&world->server, "techcorp", world_email, callers->other_admin);
    for (size_t i = 0; i < 2; i++)
        expect_json(
            world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
            "{\"superuser\": {\"email\": \"%s\", \"platform_role\": \"%s\", \"can_create_tenants\": true},"
            " \"password\": \"%s\"}",
            superusers[i][0], superusers[i][1], world_password);
    database_value(&world->database,
                   "delete from public.platform_role_permission where platform_role = 'read-only'");
    token_new(&world->server, NULL, superusers[0][0], callers->superuser);
}

/* ---- one call ---- */

static nng_socket
dial(const char *url)
{
    nng_socket socket;

    assert_int_equal(nng_req0_open(&socket), 0);
    nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 20000);
    assert_int_equal(nng_dial(socket, url, NULL, 0), 0);
    return socket;
}

static Code
exchange(nng_socket socket, const Method *method, const char *tenant, const char *token,
         const uint8_t *payload, size_t size)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    nng_msg *message;

    request.method = TEXT(method->name);
    request.tenant = TEXT(tenant);
    request.token = TEXT(token);
    request.payload.data = (uint8_t *) (uintptr_t) payload;
    request.payload.len = size;
    assert_int_equal(nng_msg_alloc(&message, clientiq__v1__request__get_packed_size(&request)), 0);
    clientiq__v1__request__pack(&request, nng_msg_body(message));
    assert_int_equal(nng_sendmsg(socket, message, 0), 0);
    assert_int_equal(nng_recvmsg(socket, &message, 0), 0);
    Reply *reply = clientiq__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
    assert_non_null(reply);
    Code code = (Code) reply->code;
    assert_true(code == CODE_OK || reply->message[0] != '\0');
    ciq_reply_free(reply);
    nng_msg_free(message);
    return code;
}

/* ---- the table ---- */

typedef struct Row {
    const Method *method;
    const char *tenant, *needs;
} Row;

/* Sends a request in which the first of the fields that name a user names somebody else; the rest
 * of it is right. */
static Code
ask_about_another(nng_socket socket, const Row *row, const char *token)
{
    const ProtobufCMessageDescriptor *descriptor = row->method->request->descriptor;
    ProtobufCMessage *message = calloc(1, descriptor->sizeof_message);
    char *permissions[] = {TEXT("users.view_customuser")};
    uint8_t payload[256];

    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        char *place = (char *) message + field->offset;

        if (strcmp(field->name, row->method->own_fields[0]) == 0) {
            memcpy(place, &(int64_t){424242}, sizeof(int64_t));
            if (field_is_choice(field))
                memcpy((char *) message + field->quantifier_offset, &field->id, sizeof field->id);
        } else if (field->type == PROTOBUF_C_TYPE_INT64) {
            memcpy(place, &(int64_t){1}, sizeof(int64_t));
        } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            memcpy(place, &(char **){permissions}, sizeof(char **));
            memcpy((char *) message + field->quantifier_offset, &(size_t){1}, sizeof(size_t));
        }
    }
    assert_true(protobuf_c_message_get_packed_size(message) < sizeof payload);
    Code code = exchange(socket, row->method, row->tenant, token, payload,
                         protobuf_c_message_pack(message, payload));
    free(message);
    return code;
}

static bool
cell_holds(nng_socket socket, const Row *row, const char *kind, const char *token, const char *cell)
{
    bool is_own = strcmp(cell, "own") == 0, is_let_in = is_own || strcmp(cell, "yes") == 0;
    Code broken = exchange(socket, row->method, row->tenant, token, (const uint8_t *) "\xff", 1),
         empty = broken;
    Code others, others_due = is_own ? CODE_PERMISSION_DENIED : CODE_NOT_FOUND;

    if (!is_let_in || !row->method->writes)
        empty = exchange(socket, row->method, row->tenant, token, (const uint8_t *) "", 0);
    if (is_let_in && row->method->own_fields != NULL)
        others = ask_about_another(socket, row, token);
    else
        others = others_due;

    bool ok = is_let_in ? broken == CODE_INVALID_ARGUMENT && empty != CODE_UNAUTHENTICATED &&
                              empty != CODE_PERMISSION_DENIED && others == others_due
                        : strcmp(code_name((int) broken), cell) == 0 && empty == broken;

    if (!ok)
        print_error("%s on %s by %s: the page says %s, got %s, %s and about another %s\n",
                    row->method->rpc, row->tenant[0] != '\0' ? "a tenant" : "the platform", kind,
                    cell, code_name((int) broken), code_name((int) empty), code_name((int) others));
    return ok;
}

static const Method *
method_of(const char *rpc)
{
    for (size_t i = 0; i < methods_count; i++)
        if (strcmp(methods[i].rpc, rpc) == 0)
            return &methods[i];
    fail_msg("the page has an rpc that there is not: %s", rpc);
    return NULL;
}

static void
test_access__every_cell(void **state)
{
    World *world = *state;
    Callers *callers = calloc(1, sizeof *callers);
    nng_socket tcp = dial(world->server.tcp), ipc = dial(world->server.ipc);
    char *page = file_read(CIQ_SOURCE_DIR "/docs/access.md", NULL), *kinds_line = NULL,
         *rest = page, *line;
    char *kinds[KINDS_MAX], *words[KINDS_MAX];
    size_t kinds_count = 0, rows = 0, rows_due = 0, cells = 0, failed = 0;

    callers_make(callers, world);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, "| rpc |", 7) == 0) {
            free(kinds_line);
            kinds_line = strdup(line);
            kinds_count = split(kinds_line, kinds);
        }
        if (strncmp(line, "| `", 3) != 0)
            continue;
        assert_int_equal(split(line, words), kinds_count);
        Row row = {method_of(words[0]), strcmp(words[1], "tenant") == 0 ? "acme" : "", words[2]};
        for (size_t i = 3; i < kinds_count; i++) {
            const char *token = token_of(callers, kinds[i], row.tenant, row.needs, words[i]);
            bool is_operator = strcmp(kinds[i], "local operator") == 0;

            /* without a token, who is at the other end of ipc:// is the operator */
            if (!is_operator && !cell_holds(tcp, &row, kinds[i], token, words[i]))
                failed++;
            else if ((is_operator || token[0] != '\0') &&
                     !cell_holds(ipc, &row, kinds[i], token, words[i]))
                failed++;
            cells++;
        }
        rows++;
    }
    for (size_t i = 0; i < methods_count; i++)
        rows_due += methods[i].scope == SCOPE_ANY ? 2 : 1;
    assert_int_equal(rows, rows_due);
    assert_int_equal(cells, rows * 13);
    if (failed > 0)
        fail_msg("%zu of %zu cells are not as docs/access.md says", failed, cells);
    nng_close(tcp);
    nng_close(ipc);
    free(kinds_line);
    free(page);
    free(callers);
}

static void
test_access__page_is_as_generated(void **state)
{
    char *generated = file_read(CIQ_GENERATED_DIR "/access.md", NULL),
         *page = file_read(CIQ_SOURCE_DIR "/docs/access.md", NULL);

    (void) state;
    if (strcmp(generated, page) != 0)
        fail_msg("docs/access.md is old: copy %s/access.md over it", CIQ_GENERATED_DIR);
    free(generated);
    free(page);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access__page_is_as_generated),
        cmocka_unit_test(test_access__every_cell),
    };

    return run_cases(tests, world_setup, world_teardown);
}
