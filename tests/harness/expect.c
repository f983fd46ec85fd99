/* How calls are to end; see expect.h.  */
#include "harness/expect.h"

#include "client/cli/cli.h"
#include "client/cli/json.h"
#include "harness/cases.h"
#include "proto/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
assert_ok(CiqError *error)
{
    char text[512];

    if (error == NULL)
        return;
    snprintf(text, sizeof text, "%s: %s", code_name(ciq_error_code(error)),
             ciq_error_message(error));
    ciq_error_free(error);
    fail_msg("%s", text);
}

void
assert_code(CiqError *error, Code code, const char *text)
{
    char got[512];

    if (error == NULL)
        fail_msg("succeeded, but %s was expected", code_name((int) code));
    snprintf(got, sizeof got, "%s", ciq_error_message(error));

    int got_code = ciq_error_code(error);

    ciq_error_free(error);
    if (got_code != (int) code || (text != NULL && strstr(got, text) == NULL))
        fail_msg("got %s: %s, expected %s: %s", code_name(got_code), got, code_name((int) code),
                 text != NULL ? text : "…");
}

static json_t *
call_text(CiqClient *client, const char *name, CiqError **error, const char *text)
{
    const Method *method = method_by_name(name);
    json_error_t where;
    char wrong[256];
    json_t *json = json_loads(text, 0, &where), *answer;

    if (method == NULL)
        fail_msg("there is no method %s", name);
    if (json == NULL)
        fail_msg("%s: %s", text, where.text);

    ProtobufCMessage *request = json_to_message(method->request->descriptor, json, wrong);

    if (request == NULL)
        fail_msg("%s: %s", text, wrong);

    ProtobufCMessage *response = ciq_call(client, method, request, error);

    answer = response == NULL ? NULL : json_of_message(response);
    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    protobuf_c_message_free_unpacked(request, NULL);
    json_decref(json);
    return answer;
}

json_t *
call_json(CiqClient *client, const char *method, CiqError **error, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    assert_true(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);

    json_t *answer = call_text(client, method, error, text);

    free(text);
    return answer;
}

void
expect_json(CiqClient *client, const char *method, Code code, const char *text, const char *format,
            ...)
{
    CiqError *error = NULL;
    char *request = NULL;
    va_list arguments;

    va_start(arguments, format);
    assert_true(vasprintf(&request, format, arguments) >= 0);
    va_end(arguments);
    json_decref(call_text(client, method, &error, request));
    if ((error == NULL) != (code == CODE_OK))
        print_error("%s %s\n", method, request);
    free(request);
    if (code == CODE_OK)
        assert_ok(error);
    else
        assert_code(error, code, text);
}

const char *
json_at(const json_t *json, const char *path)
{
    static char value[4096];

    while (json != NULL && *path != '\0') {
        char name[128];
        size_t size = strcspn(path, ".");

        snprintf(name, sizeof name, "%.*s", (int) size, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(name, NULL, 10))
                                   : json_object_get(json, name);
        path += size + (path[size] == '.');
    }
    if (json_is_string(json))
        return json_string_value(json);
    snprintf(value, sizeof value, "%s",
             json_is_true(json)    ? "true"
             : json_is_false(json) ? "false"
                                   : "");
    if (json_is_integer(json))
        snprintf(value, sizeof value, "%lld", (long long) json_integer_value(json));
    if (json_is_array(json))
        snprintf(value, sizeof value, "%zu", json_array_size(json));
    return value;
}
