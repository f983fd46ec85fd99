/* How calls are to end; see expect.h.  */
#include "harness/expect.h"

#include "client/cli/cli.h"
#include "client/cli/json.h"
#include "harness/cases.h"
#include "harness/wait.h"
#include "proto/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Code
code_of(CiqError *error)
{
    Code code = error == NULL ? CODE_OK : (Code) ciq_error_code(error);

    ciq_error_free(error);
    return code;
}

void
assert_ok(CiqError *error)
{
    assert_code(error, CODE_OK, NULL);
}

void
assert_code(CiqError *error, Code code, const char *text)
{
    char got[512];
    bool has_text = text == NULL || error == NULL || strstr(ciq_error_message(error), text) != NULL;

    snprintf(got, sizeof got, "%s", error == NULL ? "" : ciq_error_message(error));

    Code got_code = code_of(error);

    if (got_code == CODE_OK && code != CODE_OK)
        fail_msg("succeeded, but %s was expected", code_name((int) code));
    if (got_code != CODE_OK && code == CODE_OK)
        fail_msg("%s: %s", code_name((int) got_code), got);
    if (got_code != code || !has_text)
        fail_msg("got %s: %s, expected %s: %s", code_name((int) got_code), got,
                 code_name((int) code), text != NULL ? text : "…");
}

static json_t *
call_text(CiqClient *client, const char *name, CiqError **error, const char *text)
{
    const Method *method = method_by_name(name);
    json_error_t where;
    char wrong[JSON_MESSAGE];
    json_t *json = json_loads(text, 0, &where), *answer;

    if (method == NULL)
        fail_msg("there is no method %s", name);
    if (json == NULL)
        fail_msg("%s: %s", text, where.text);

    ProtobufCMessage *request = json_to_message(method->request->descriptor, json, wrong);

    if (request == NULL)
        fail_msg("%s: %s", text, wrong);

    ProtobufCMessage *response = ciq_call(client, method, request, NULL, error);

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
    va_list arguments;

    va_start(arguments, format);

    char *text = text_vprintf(format, arguments);

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
    va_list arguments;

    va_start(arguments, format);

    char *request = text_vprintf(format, arguments);

    va_end(arguments);
    json_decref(call_text(client, method, &error, request));
    if ((error == NULL) != (code == CODE_OK))
        print_error("%s %s\n", method, request);
    free(request);
    assert_code(error, code, text);
}

Code
call_code(CiqClient *client, const char *method, const char *format, ...)
{
    CiqError *error = NULL;
    va_list arguments;

    va_start(arguments, format);

    char *request = text_vprintf(format, arguments);

    va_end(arguments);
    json_decref(call_text(client, method, &error, request));
    free(request);
    return code_of(error);
}

typedef struct Asked {
    CiqClient *client;
    const char *method, *request;
    Code before, got;
} Asked;

static bool
code_is_another(void *argument)
{
    Asked *asked = argument;

    asked->got = call_code(asked->client, asked->method, "%s", asked->request);
    return asked->got != asked->before;
}

Code
code_after(Code code, CiqClient *client, const char *method, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);

    char *request = text_vprintf(format, arguments);

    va_end(arguments);

    Asked asked = {.client = client, .method = method, .request = request, .before = code};

    wait_until(method, code_is_another, &asked);
    free(request);
    return asked.got;
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

void
ends_add(Ends *ends, CiqError *error)
{
    ends->codes[code_of(error)]++;
    ends->count++;
}

typedef struct Awaited {
    const Ends *ends;
    int count;
} Awaited;

static bool
ends_have_come(void *argument)
{
    const Awaited *awaited = argument;

    return awaited->ends->count == awaited->count;
}

void
wait_for_ends(const Ends *ends, int count)
{
    wait_until("calls to end", ends_have_come, &(Awaited){ends, count});
}
