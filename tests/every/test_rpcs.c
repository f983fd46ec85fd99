/* Every rpc: it has a test, it is in the reference, nobody without rights gets in, and garbage gets
 * a clear refusal.  */
#include "harness/harness.h"

#include "client/call.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
snake(const char *camel, char out[128])
{
    bool was_upper = true;

    for (; *camel != '\0'; camel++) {
        bool is_upper = *camel >= 'A' && *camel <= 'Z';

        if (is_upper && !was_upper)
            *out++ = '_';
        *out++ = (char) (is_upper ? *camel - 'A' + 'a' : *camel);
        was_upper = is_upper;
    }
    *out = '\0';
}

static void
test_rpcs__have_tests(void **state)
{
    glob_t found;
    char name[128], call[140];

    (void) state;
    assert_int_equal(glob(CIQ_SOURCE_DIR "/tests/*/*.c", 0, NULL, &found), 0);
    for (size_t i = 0; i < methods_count; i++) {
        bool called = false;

        snake(methods[i].rpc, name);
        snprintf(call, sizeof call, "ciq_%s(", name);
        for (size_t j = 0; j < found.gl_pathc && !called; j++) {
            char *text = file_read(found.gl_pathv[j], NULL);

            called = strstr(text, call) != NULL;
            free(text);
        }
        if (!called)
            fail_msg("no test calls %s", call);
    }
    globfree(&found);
}

static void
test_rpcs__are_in_the_reference(void **state)
{
    char *reference = file_read(CIQ_GENERATED_DIR "/reference.md", NULL);
    char *page = file_read(CIQ_SOURCE_DIR "/docs/reference.md", NULL);

    (void) state;
    for (size_t i = 0; i < methods_count; i++)
        assert_non_null(strstr(reference, methods[i].name));
    if (strcmp(reference, page) != 0)
        fail_msg("docs/reference.md is old: copy %s/reference.md over it", CIQ_GENERATED_DIR);
    free(reference);
    free(page);
}

static CiqError *
call_empty(CiqClient *client, const Method *method, const char *tenant, const char *token)
{
    CiqError *error = NULL;
    const ProtobufCMessageDescriptor *descriptor = method->request->descriptor;
    ProtobufCMessage *message = calloc(1, descriptor->sizeof_message);

    descriptor->message_init(message);
    ProtobufCMessage *response =
        ciq_call(client, method, message,
                 &(CiqCallOptions){.tenant = tenant, .token = token, .once = true}, &error);
    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    free(message);
    return error;
}

/* What is not public is refused without a token, and with a token of another tenant. */
static void
test_rpcs__refuse_strangers(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqClient *stranger =
        ciq_client_new(&(CiqOptions){.urls = world->server.tcp, .timeout_ms = 20000}, &error);

    request.email = TEXT(world_email);
    request.password = TEXT(world_password);
    CiqLoginResponse *session = ciq_login(world->techcorp, &request, &error);
    assert_ok(error);

    for (size_t i = 0; i < methods_count; i++) {
        const Method *method = &methods[i];
        const char *tenant = method->scope == SCOPE_PLATFORM ? "" : "acme";

        if (method->access == ACCESS_PUBLIC)
            continue;
        assert_code(call_empty(stranger, method, tenant, ""), CODE_UNAUTHENTICATED,
                    "sign in first");
        assert_code(call_empty(stranger, method, tenant, session->token), CODE_UNAUTHENTICATED,
                    NULL);
        /* a call to the wrong place is refused before it is looked at */
        if (method->scope == SCOPE_PLATFORM)
            assert_code(call_empty(stranger, method, "acme", ""), CODE_INVALID_ARGUMENT,
                        "tenant must be empty");
        if (method->scope == SCOPE_TENANT)
            assert_code(call_empty(stranger, method, "", ""), CODE_INVALID_ARGUMENT,
                        "tenant is required");
    }
    ciq_login_response_free(session);
    ciq_client_free(stranger);
}

/* A user without groups holds no permission: every rpc that asks for one is refused, also with good
 * arguments, because permission is decided before the message is read. */
static void
test_rpcs__refuse_users_without_permission(void **state)
{
    World *world = *state;

    user_new(world->acme, "plain@acme.example", false);
    CiqClient *plain = sign_in(&world->server, "acme", "plain@acme.example", world_password);

    for (size_t i = 0; i < methods_count; i++)
        if (methods[i].access == ACCESS_PERMISSION && methods[i].scope == SCOPE_TENANT)
            assert_code(call_empty(plain, &methods[i], NULL, NULL), CODE_PERMISSION_DENIED,
                        methods[i].permission);
    ciq_client_free(plain);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rpcs__have_tests),
        cmocka_unit_test(test_rpcs__are_in_the_reference),
        cmocka_unit_test(test_rpcs__refuse_strangers),
        cmocka_unit_test(test_rpcs__refuse_users_without_permission),
    };

    return run_cases(tests, world_setup, world_teardown);
}
