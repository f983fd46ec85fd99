/* Messages as JSON and back; and texts for a terminal.  */
#include "harness/cases.h"

#include "client/call.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "proto/json_text.h"
#include "proto/json_write.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static ProtobufCMessage *
message_of(const ProtobufCMessageDescriptor *descriptor, const char *text, char error[JSON_MESSAGE])
{
    json_error_t where;
    json_t *json = json_loads(text, 0, &where);
    ProtobufCMessage *message;

    assert_non_null(json);
    error[0] = '\0';
    message = json_to_message(descriptor, json, error);
    json_decref(json);
    return message;
}

#define REFUSED(descriptor, text, why)                                                             \
    do {                                                                                           \
        char error_[JSON_MESSAGE];                                                                 \
        assert_null(message_of(&(descriptor), text, error_));                                      \
        assert_string_equal(error_, why);                                                          \
    } while (0)

/* Of a oneof only the chosen member is there, on both ways. */
static void
test_json__oneof(void **state)
{
    const ProtobufCMessageDescriptor *descriptor =
        &clientiq__v1__check_permission_request__descriptor;
    char error[JSON_MESSAGE];

    (void) state;
    for (int i = 0; i < 2; i++) {
        CiqCheckPermissionRequest *request = (CiqCheckPermissionRequest *) message_of(
            descriptor,
            i == 0 ? "{\"user_id\": 5}" : "{\"session_token\": \"t\", \"user_id\": null}", error);
        json_t *json;

        assert_non_null(request);
        assert_int_equal(request->subject_case,
                         i == 0 ? CLIENTIQ__V1__CHECK_PERMISSION_REQUEST__SUBJECT_USER_ID
                                : CLIENTIQ__V1__CHECK_PERMISSION_REQUEST__SUBJECT_SESSION_TOKEN);
        json = json_of_message(&request->base);
        assert_string_equal(
            json_string_value(json_object_get(json, i == 0 ? "user_id" : "session_token")),
            i == 0 ? "5" : "t");
        assert_null(json_object_get(json, i == 0 ? "session_token" : "user_id"));
        json_decref(json);
        protobuf_c_message_free_unpacked(&request->base, NULL);
    }

    CiqCheckPermissionRequest *nothing =
        (CiqCheckPermissionRequest *) message_of(descriptor, "{}", error);
    assert_int_equal(nothing->subject_case, 0);
    protobuf_c_message_free_unpacked(&nothing->base, NULL);
    REFUSED(clientiq__v1__check_permission_request__descriptor,
            "{\"user_id\": 5, \"session_token\": \"t\"}",
            "session_token: must not be given together with user_id");
    REFUSED(clientiq__v1__check_permission_request__descriptor,
            "{\"session_token\": \"t\", \"user_id\": 5}",
            "user_id: must not be given together with session_token");
}

static void
test_json_to_message__all_kinds(void **state)
{
    char error[JSON_MESSAGE];
    CiqUpdateUserRequest *request = (CiqUpdateUserRequest *) message_of(
        &clientiq__v1__update_user_request__descriptor,
        "{\"id\": \"9223372036854775807\", \"update_mask\": \"first_name,groups\", \"user\": {\"firstName\": "
        "\"Zo\\u00eb\", \"last_name\": null, \"is_admin\": true, \"is_active\": \"false\", \"groups\": [\"a\", "
        "\"b, c\"], \"date_joined\": \"2026-01-31T12:00:00.25+01:30\"}}",
        error);

    (void) state;
    assert_string_equal(error, "");
    assert_non_null(request);
    assert_true(request->id == INT64_MAX);
    assert_string_equal(request->user->first_name, "Zoë");
    assert_string_equal(request->user->last_name, "");
    assert_true(request->user->is_admin);
    assert_false(request->user->is_active);
    assert_int_equal(request->user->n_groups, 2);
    assert_string_equal(request->user->groups[1], "b, c");
    assert_int_equal(request->user->date_joined->seconds, 1769855400); /* 10:30:00 UTC */
    assert_int_equal(request->user->date_joined->nanos, 250000000);
    assert_null(request->user->last_login);
    assert_int_equal(request->update_mask->n_paths, 2);
    assert_string_equal(request->update_mask->paths[1], "groups");
    protobuf_c_message_free_unpacked(&request->base, NULL);
}

static void
test_json_to_message__enums(void **state)
{
    static const char *const trials[] = {"\"trial\"", "\"TRIAL\"", "\"PLAN_TRIAL\"", "1"};
    char error[JSON_MESSAGE], text[64];

    (void) state;
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        snprintf(text, sizeof text, "{\"plan\": %s}", trials[i]);
        CiqTenant *tenant =
            (CiqTenant *) message_of(&clientiq__v1__tenant__descriptor, text, error);

        assert_non_null(tenant);
        assert_int_equal(tenant->plan, CLIENTIQ__V1__PLAN__PLAN_TRIAL);
        protobuf_c_message_free_unpacked(&tenant->base, NULL);
    }
    REFUSED(clientiq__v1__tenant__descriptor, "{\"plan\": \"gold\"}",
            "plan: must be one of: trial basic pro enterprise");
    REFUSED(clientiq__v1__tenant__descriptor, "{\"plan\": 4294967296}",
            "plan: must be one of: trial basic pro enterprise");
    REFUSED(clientiq__v1__tenant__descriptor, "{\"plan\": true}",
            "plan: must be one of: trial basic pro enterprise");
}

static void
test_json_to_message__wrong(void **state)
{
    (void) state;
    REFUSED(clientiq__v1__get_user_request__descriptor, "[]",
            "GetUserRequest must be a JSON object");
    REFUSED(clientiq__v1__get_user_request__descriptor, "{\"shoe\": 1}",
            "GetUserRequest has no field shoe");
    REFUSED(clientiq__v1__get_user_request__descriptor, "{\"id\": \"1x\"}",
            "id: must be a whole number from -9223372036854775808 to 9223372036854775807");
    REFUSED(clientiq__v1__get_user_request__descriptor, "{\"id\": \"\"}",
            "id: must be a whole number from -9223372036854775808 to 9223372036854775807");
    REFUSED(clientiq__v1__get_user_request__descriptor, "{\"id\": 1.5}",
            "id: must be a whole number from -9223372036854775808 to 9223372036854775807");
    REFUSED(clientiq__v1__get_user_request__descriptor, "{\"id\": \"9223372036854775808\"}",
            "id: must be a whole number from -9223372036854775808 to 9223372036854775807");
    REFUSED(clientiq__v1__list_users_request__descriptor, "{\"page_size\": 2147483648}",
            "page_size: must be a whole number from -2147483648 to 2147483647");
    /* under both names; the first of them has memory by then */
    REFUSED(clientiq__v1__list_users_request__descriptor,
            "{\"page_token\": \"a\", \"pageToken\": \"b\"}", "page_token: is given twice");
    REFUSED(clientiq__v1__user__descriptor, "{\"email\": 1}", "email: must be a string");
    REFUSED(clientiq__v1__user__descriptor, "{\"is_admin\": \"yes\"}",
            "is_admin: must be true or false");
    REFUSED(clientiq__v1__user__descriptor, "{\"groups\": \"a\"}", "groups: must be an array");
    REFUSED(clientiq__v1__user__descriptor, "{\"groups\": [\"a\", 1]}",
            "groups[1]: must be a string");
    REFUSED(clientiq__v1__update_user_request__descriptor,
            "{\"user\": {\"email\": \"a\", \"x\": 1}}", "user: User has no field x");
}

static void
test_json_to_message__times(void **state)
{
    static const char *const wrong[] = {"",
                                        "2026-01-31",
                                        "2026-01-31T12:00:00",
                                        "2026-01-31T12:00Z",
                                        "2026-1-31T12:00:00Z",
                                        "2026-01-31T12:00:00.Z",
                                        "2026-01-31T12:00:00.1234567890Z",
                                        "2026-01-31T12:00:00+1:00",
                                        "2026-01-31T12:00:00+24:00",
                                        "2026-01-31T12:00:00Zx"};
    char error[JSON_MESSAGE], text[96];
    CiqUser *user;

    (void) state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "{\"date_joined\": \"%s\"}", wrong[i]);
        assert_null(message_of(&clientiq__v1__user__descriptor, text, error));
        assert_memory_equal(error, "date_joined: must ", 18);
    }
    user = (CiqUser *) message_of(&clientiq__v1__user__descriptor,
                                  "{\"date_joined\": \"1969-12-31T23:59:59.999999999Z\"}", error);
    assert_non_null(user);
    assert_int_equal(user->date_joined->seconds, -1);
    assert_int_equal(user->date_joined->nanos, 999999999);
    protobuf_c_message_free_unpacked(&user->base, NULL);
}

static void
test_json_of_message__and_back(void **state)
{
    Google__Protobuf__Timestamp joined = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    char *groups[] = {(char *) (uintptr_t) "Staff", (char *) (uintptr_t) "a\"b"},
         error[JSON_MESSAGE];
    uint8_t first[512], second[512];
    json_t *json;
    ProtobufCMessage *again;
    size_t size;

    (void) state;
    joined.seconds = 1769855400;
    joined.nanos = 123456000;
    user.id = INT64_MIN;
    user.email = (char *) (uintptr_t) "zoë@acme.com";
    user.is_admin = true;
    user.groups = groups;
    user.n_groups = 2;
    user.date_joined = &joined;
    json = json_of_message(&user.base);
    assert_string_equal(json_string_value(json_object_get(json, "id")), "-9223372036854775808");
    assert_string_equal(json_string_value(json_object_get(json, "date_joined")),
                        "2026-01-31T10:30:00.123456Z");
    assert_true(json_is_null(json_object_get(json, "last_login")));

    again = json_to_message(&clientiq__v1__user__descriptor, json, error);
    assert_non_null(again);
    size = protobuf_c_message_pack(&user.base, first);
    assert_int_equal(protobuf_c_message_pack(again, second), size);
    assert_memory_equal(first, second, size);
    protobuf_c_message_free_unpacked(again, NULL);
    json_decref(json);
}

static void
test_json_of_message__bytes(void **state)
{
    Reply reply = CLIENTIQ__V1__REPLY__INIT;
    uint8_t bytes[] = {0xfb, 0xff, 0x00, 'a'};
    json_t *json;

    (void) state;
    reply.payload = (ProtobufCBinaryData){sizeof bytes, bytes};
    json = json_of_message(&reply.base);
    assert_string_equal(json_string_value(json_object_get(json, "payload")), "+/8AYQ==");
    json_decref(json);
    reply.payload.len = 0;
    json = json_of_message(&reply.base);
    assert_string_equal(json_string_value(json_object_get(json, "payload")), "");
    json_decref(json);
}

static void
assert_visible(const char *text, const char *expected)
{
    char *visible = text_visible(text);

    assert_string_equal(visible, expected);
    free(visible);
}

static void
test_text_visible__nothing_to_obey(void **state)
{
    (void) state;
    assert_visible("", "");
    assert_visible("Zoë 日本 🙂", "Zoë 日本 🙂");
    assert_visible("a\033[31mb\n\x7f", "a\\x1b[31mb\\x0a\\x7f");
    assert_visible("a\xc2\x9b"
                   "31m",
                   "a\\x9b31m"); /* CSI as one character */
    assert_visible("a\xe2\x80\xae"
                   "b",
                   "a\\u202eb"); /* right to left from here */
    assert_visible("a\x9b"
                   "b\xff",
                   "a\\x9bb\\xff"); /* no UTF-8 */
    assert_visible("\xc0\x9b|\xe0\x80\x9b|\xed\xa0\x80",
                   "\\xc0\\x9b|\\xe0\\x80\\x9b|\\xed\\xa0\\x80");
    assert_visible("\xf0\x9f\x99", "\\xf0\\x9f\\x99"); /* cut */
}

static void
test_text_print_json__means_the_same(void **state)
{
    json_t *json = json_pack("{s:s}", "a", "\033 \xc2\x9b \x7f \xe2\x80\xae \xc3\xab"), *again;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    (void) state;
    text_print_json(json, stream);
    fclose(stream);
    assert_string_equal(text, "{\n  \"a\": \"\\u001B \\u009B \\u007F \\u202E ë\"\n}\n");
    again = json_loads(text, 0, NULL);
    assert_true(json_equal(json, again));
    json_decref(again);
    json_decref(json);
    free(text);
}

static void
test_text_distance__letters(void **state)
{
    (void) state;
    assert_int_equal(text_distance("", ""), 0);
    assert_int_equal(text_distance("abc", ""), 3);
    assert_int_equal(text_distance("user list", "user list"), 0);
    assert_int_equal(text_distance("user lits", "user list"), 1);
    assert_int_equal(text_distance("usr list", "user list"), 1);
    assert_int_equal(text_distance("--serach", "--search"), 1);
    assert_int_equal(text_distance("abc", "xyz"), 3);
}

static void
test_table_print__widths(void **state)
{
    CiqGroup first = CLIENTIQ__V1__GROUP__INIT, second = CLIENTIQ__V1__GROUP__INIT;
    CiqGroup *groups[] = {&first, &second};
    CiqListGroupsResponse response = CLIENTIQ__V1__LIST_GROUPS_RESPONSE__INIT;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    json_t *json;

    (void) state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    first.id = 1;
    first.name = (char *) (uintptr_t) "日本ë";
    first.permissions = &first.name;
    first.n_permissions = 1;
    second.id = 22;
    second.name = (char *) (uintptr_t) "x";
    second.permissions = &second.name;
    second.n_permissions = 1;
    response.groups = groups;
    response.n_groups = 2;
    json = json_of_message(&response.base);
    table_print(response.base.descriptor, json, stream);
    fclose(stream);
    assert_string_equal(text, "ID  NAME   PERMISSIONS\n"
                              "1   日本ë  日本ë\n"
                              "22  x      x\n");
    json_decref(json);
    free(text);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__oneof),
        cmocka_unit_test(test_json_to_message__all_kinds),
        cmocka_unit_test(test_json_to_message__enums),
        cmocka_unit_test(test_json_to_message__wrong),
        cmocka_unit_test(test_json_to_message__times),
        cmocka_unit_test(test_json_of_message__and_back),
        cmocka_unit_test(test_json_of_message__bytes),
        cmocka_unit_test(test_text_visible__nothing_to_obey),
        cmocka_unit_test(test_text_print_json__means_the_same),
        cmocka_unit_test(test_text_distance__letters),
        cmocka_unit_test(test_table_print__widths),
    };

    return run_cases(tests, NULL, NULL);
}
