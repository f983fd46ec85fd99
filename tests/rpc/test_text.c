/* Texts for people and addresses, as calls take them: what nobody would see is refused and named,
 * and what is stored since before the rule stays readable, exactly.  */
#include "harness/harness.h"

#include "proto/utf8.h"

#include <inttypes.h>
#include <string.h>

#define BIDI "\\u202e"

/* Each free text of a request, with a mark that turns the direction of writing in it. */
static const struct {
    bool of_platform;
    const char *method, *field, *json; /* %s: the text */
} texts[] = {
    {false, "UserService/CreateUser", "user.first_name",
     "{\"user\": {\"email\": \"t@text.example\", \"first_name\": \"%s\"}}"},
    {false, "UserService/InviteUser", "user.last_name",
     "{\"user\": {\"email\": \"t@text.example\", \"last_name\": \"%s\"}}"},
    {false, "UserService/CreateUser", "user.job_title",
     "{\"user\": {\"email\": \"t@text.example\", \"job_title\": \"%s\"}}"},
    {false, "UserService/CreateUser", "user.department",
     "{\"user\": {\"email\": \"t@text.example\", \"department\": \"%s\"}}"},
    {false, "UserService/CreateUser", "user.phone_number",
     "{\"user\": {\"email\": \"t@text.example\", \"phone_number\": \"%s\"}}"},
    {false, "UserService/UpdateUser", "user.first_name",
     "{\"id\": 1, \"user\": {\"first_name\": \"%s\"}, \"update_mask\": \"first_name\"}"},
    {false, "UserService/UpdateMe", "profile.last_name",
     "{\"profile\": {\"last_name\": \"%s\"}, \"update_mask\": \"last_name\"}"},
    {false, "UserService/CreateGroup", "group.name", "{\"group\": {\"name\": \"%s\"}}"},
    {false, "UserService/CreateApiKey", "api_key.name", "{\"api_key\": {\"name\": \"%s\"}}"},
    {true, "TenantService/CreateTenant", "tenant.name",
     "{\"tenant\": {\"name\": \"%s\", \"schema_name\": \"text\"}, \"domain\": \"text.localhost\", "
     "\"admin_email\": \"t@text.example\"}"},
    {true, "TenantService/UpdateTenant", "tenant.industry",
     "{\"id\": 1, \"tenant\": {\"industry\": \"%s\"}, \"update_mask\": \"industry\"}"},
    {true, "TenantService/SuspendTenant", "reason",
     "{\"schema_name\": \"acme\", \"reason\": \"%s\"}"},
    {true, "TenantService/ActAs", "reason", "{\"schema_name\": \"acme\", \"reason\": \"%s\"}"},
    {true, "TenantService/CloneTenant", "new_name",
     "{\"schema_name\": \"acme\", \"new_schema_name\": \"text\", \"domain\": \"text.localhost\", "
     "\"new_name\": \"%s\"}"},
    {true, "TenantService/CreateDemoRequest", "demo_request.company_name",
     "{\"demo_request\": {\"company_name\": \"%s\", \"first_name\": \"A\", \"email\": "
     "\"t@text.example\"}}"},
    {true, "TenantService/CreateDemoRequest", "demo_request.message",
     "{\"demo_request\": {\"company_name\": \"A\", \"first_name\": \"A\", \"email\": "
     "\"t@text.example\", \"message\": \"%s\"}}"},
    {true, "TenantService/RejectDemoRequest", "reason", "{\"id\": 1, \"reason\": \"%s\"}"},
    {true, "TenantService/AddDemoNote", "text", "{\"id\": 1, \"text\": \"%s\"}"},
};

static void
test_text__what_nobody_sees_is_refused(void **state)
{
    static const char *const wrong[] = {"a" BIDI "b", "a\\u009bb", "\\u200b",
                                        "a\\u2066b",  "\\ufeff",   "a\\u200db"};
    World *world = *state;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++) {
            CiqClient *client = texts[i].of_platform ? world->platform : world->acme;
            CiqError *error = NULL;
            char json[512];
            const char *hole = strstr(texts[i].json, "%s");

            snprintf(json, sizeof json, "%.*s%s%s", (int) (hole - texts[i].json), texts[i].json,
                     wrong[j], hole + 2);
            json_decref(call_json(client, texts[i].method, &error, "%s", json));
            if (error == NULL)
                fail_msg("%s took %s", texts[i].method, json);
            assert_string_equal(ciq_error_violation_field(error, 0), texts[i].field);
            assert_code(error, CODE_INVALID_ARGUMENT,
                        "must not contain control, direction or invisible characters, has U+");
        }
}

/* Names of people in scripts that need a joiner, and texts of several lines where there may be
 * some. */
static void
test_text__what_people_write_is_taken(void **state)
{
    World *world = *state;

    expect_json(world->acme, "UserService/UpdateMe", CODE_OK, NULL,
                "{\"profile\": {\"first_name\": \"\\u0645\\u06cc\\u200c\\u062e\\u0648\\u0627\", "
                "\"last_name\": \"\\u0db8\\u0dca\\u200d\\u0dbb Zo\\u00eb O'Neil\"}, "
                "\"update_mask\": \"first_name,last_name\"}");
    expect_json(world->platform, "TenantService/CreateDemoRequest", CODE_OK, NULL,
                "{\"demo_request\": {\"company_name\": \"\\u05d0\\u05d1\", \"first_name\": \"A\", "
                "\"email\": \"lines@text.example\", \"message\": \"one\\n\\ttwo\"}}");
    expect_json(world->platform, "TenantService/CreateDemoRequest", CODE_INVALID_ARGUMENT,
                "demo_request.first_name must not contain",
                "{\"demo_request\": {\"company_name\": \"A\", \"first_name\": \"A\\nB\", "
                "\"email\": \"lines@text.example\"}}");
}

/* Addresses, wherever one is taken. */
static void
test_address__is_one_alone(void **state)
{
    static const struct {
        bool of_platform;
        const char *method, *field, *json;
    } calls[] = {
        {false, "UserService/CreateUser", "user.email", "{\"user\": {\"email\": \"%s\"}}"},
        {false, "UserService/InviteUser", "user.email", "{\"user\": {\"email\": \"%s\"}}"},
        {false, "UserService/UpdateUser", "user.email",
         "{\"id\": 1, \"user\": {\"email\": \"%s\"}, \"update_mask\": \"email\"}"},
        {false, "UserService/RequestPasswordReset", "email", "{\"email\": \"%s\"}"},
        {true, "UserService/CreateSuperuser", "superuser.email",
         "{\"superuser\": {\"email\": \"%s\"}, \"password\": \"a long password\"}"},
        {true, "TenantService/CreateTenant", "admin_email",
         "{\"tenant\": {\"name\": \"A\", \"schema_name\": \"text\"}, \"domain\": "
         "\"text.localhost\", \"admin_email\": \"%s\"}"},
        {true, "TenantService/CreateTenant", "tenant.contact_email",
         "{\"tenant\": {\"name\": \"A\", \"schema_name\": \"text\", \"contact_email\": \"%s\"}, "
         "\"domain\": \"text.localhost\", \"admin_email\": \"t@text.example\"}"},
        {true, "TenantService/UpdateTenant", "tenant.billing_email",
         "{\"id\": 1, \"tenant\": {\"billing_email\": \"%s\"}, \"update_mask\": "
         "\"billing_email\"}"},
        {true, "TenantService/CloneTenant", "admin_email",
         "{\"schema_name\": \"acme\", \"new_schema_name\": \"text\", \"domain\": "
         "\"text.localhost\", \"admin_email\": \"%s\"}"},
        {true, "TenantService/CreateDemoRequest", "demo_request.email",
         "{\"demo_request\": {\"company_name\": \"A\", \"first_name\": \"A\", \"email\": "
         "\"%s\"}}"},
    };
    static const char *const wrong[] = {"x<victim@x.com>", "a@b.com,evil",  "a@b.com b",
                                        "\\\"a b\\\"@c.d", "a@[192.0.2.1]", "(x)a@b.com",
                                        "a\\u202e@b.com"};
    World *world = *state;

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++) {
            CiqClient *client = calls[i].of_platform ? world->platform : world->acme;
            CiqError *error = NULL;
            char json[512];
            const char *hole = strstr(calls[i].json, "%s");

            snprintf(json, sizeof json, "%.*s%s%s", (int) (hole - calls[i].json), calls[i].json,
                     wrong[j], hole + 2);
            json_decref(call_json(client, calls[i].method, &error, "%s", json));
            if (error == NULL)
                fail_msg("%s took %s", calls[i].method, json);
            assert_string_equal(ciq_error_violation_field(error, 0), calls[i].field);
            assert_code(error, CODE_INVALID_ARGUMENT, calls[i].field);
        }
}

/* People who are stored with an address and a name that nobody could get today. */
static void
test_address__stored_ones_are_found(void **state)
{
    World *world = *state;
    int64_t id = user_new(world->acme, "older@text.example", false);

    database_value(&world->database,
                   "update acme.users_customuser set email = 'x<older@text.example>', first_name = "
                   "E'a\\u202eb\\u009b' where id = %" PRId64,
                   id);
    ciq_client_free(sign_in(&world->server, "acme", "X<older@text.example>", world_password));

    CiqError *error = NULL;
    json_t *found =
        call_json(world->acme, "UserService/ListUsers", &error, "{\"search\": \"a\\u202eb\"}");

    assert_ok(error);
    assert_string_equal(json_at(found, "users.0.email"), "x<older@text.example>");
    assert_string_equal(json_at(found, "users.0.first_name"), "a\xe2\x80\xae"
                                                              "b\xc2\x9b");
    json_decref(found);
    /* what the mask does not name is not asked about */
    expect_json(world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user\": {\"job_title\": \"Clerk\"}, \"update_mask\": "
                "\"job_title\"}",
                id);
    /* and a message that quotes it is whole characters, wherever it is cut */
    char name[99 * 2 + 1] = "";

    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i % 2 == 0 ? '\xc3' : '\xa4';
    json_decref(call_json(world->acme, "UserService/UpdateUser", &error,
                          "{\"id\": %" PRId64 ", \"user\": {\"groups\": [\"x%s\"]}, "
                          "\"update_mask\": \"groups\"}",
                          id, name));
    assert_non_null(error);

    const char *message = ciq_error_message(error);

    assert_int_equal(utf8_valid(message, strlen(message)), strlen(message));
    assert_code(error, CODE_INVALID_ARGUMENT, "which is not a group of this tenant");
}

/* What somebody sent before the rule becomes no account before somebody has corrected it. */
static void
test_address__of_a_stored_demo_request(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    json_t *made = call_json(world->platform, "TenantService/CreateDemoRequest", &error,
                             "{\"demo_request\": {\"company_name\": \"Older\", \"first_name\": "
                             "\"A\", \"email\": \"demo@text.example\"}}");

    assert_ok(error);
    database_value(&world->database,
                   "update public.demo_demorequest set email = 'a@b.com,evil' where id = %s",
                   json_at(made, "id"));
    expect_json(world->platform, "TenantService/ConvertDemoRequest", CODE_INVALID_ARGUMENT,
                "email must", "{\"id\": %s}", json_at(made, "id"));
    expect_json(world->platform, "TenantService/UpdateDemoRequest", CODE_OK, NULL,
                "{\"id\": %s, \"demo_request\": {\"email\": \"a@text.example\"}, "
                "\"update_mask\": \"email\"}",
                json_at(made, "id"));
    expect_json(world->platform, "TenantService/ConvertDemoRequest", CODE_OK, NULL, "{\"id\": %s}",
                json_at(made, "id"));
    json_decref(made);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__what_nobody_sees_is_refused),
        cmocka_unit_test(test_text__what_people_write_is_taken),
        cmocka_unit_test(test_address__is_one_alone),
        cmocka_unit_test(test_address__stored_ones_are_found),
        cmocka_unit_test(test_address__of_a_stored_demo_request),
    };

    return run_cases(tests, world_setup, world_teardown);
}
