/* Calls by HTTP: the same as by nng, for the tenant of the host, by whoever has the token.  Both
 * tenants have the same e-mail address and the same numbers.  */
#include "harness/harness.h"
#include "harness/people.h"
#include "harness/web.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON "Content-Type: application/json\r\n"

static const char acme[] = "acme.localhost", techcorp[] = "techcorp.localhost";
static char url[128], token[256];

static void
with_http(Config *config)
{
    setting_set(&config->http, "127.0.0.1:0");
    setting_set(&config->base_domain, "clientiq.test");
}

/* The text of a field of the answer's JSON ("user.id"); "": there is none. */
static const char *
text_of(const WebAnswer *answer, const char *path, char text[256])
{
    json_t *json = json_loads(answer->body, 0, NULL), *at = json;
    char copy[128], *rest = NULL;

    snprintf(copy, sizeof copy, "%s", path);
    for (char *name = strtok_r(copy, ".", &rest); name != NULL; name = strtok_r(NULL, ".", &rest))
        at =
            json_is_array(at) ? json_array_get(at, (size_t) atoi(name)) : json_object_get(at, name);
    snprintf(text, 256, "%s", json_is_string(at) ? json_string_value(at) : "");
    json_decref(json);
    return text;
}

static void
expect(const WebAnswer *answer, unsigned status, const char *words)
{
    if (answer->status != status || strstr(answer->body, words) == NULL)
        fail_msg("%u %s, where %u with \"%s\" was expected", answer->status, answer->body, status,
                 words);
}

static void
login(const char *host, char out[256])
{
    WebAnswer answer;
    char body[256];

    snprintf(body, sizeof body, "{\"email\": \"%s\", \"password\": \"%s\"}", world_email,
             world_password);
    web_call(url, host, "UserService/Login", "", body, &answer);
    expect(&answer, 200, "ciq_s_");
    text_of(&answer, "token", out);
}

static int
calls_setup(void **state)
{
    World *world;

    world_up(state, with_http);
    world = *state;
    assert_true(server_url(world->server.server, "http", url, sizeof url));
    login(acme, token);
    return 0;
}

/* A session is good on its tenant's host, and nowhere else. */
static void
test_calls__host_is_the_tenant(void **state)
{
    const World *world = *state;
    WebAnswer answer;
    char others[256], text[256];

    expect_json(
        world->acme, "UserService/UpdateUser", CODE_OK, NULL,
        "{\"id\": 1, \"user\": {\"first_name\": \"Ann\"}, \"update_mask\": \"first_name\"}");
    expect_json(
        world->techcorp, "UserService/UpdateUser", CODE_OK, NULL,
        "{\"id\": 1, \"user\": {\"first_name\": \"Tom\"}, \"update_mask\": \"first_name\"}");
    login(techcorp, others);
    web_call(url, acme, "UserService/GetUser", token, "{\"id\": 1}", &answer);
    expect(&answer, 200, "");
    assert_string_equal(text_of(&answer, "user.firstName", text), "Ann");
    web_call(url, techcorp, "UserService/GetUser", others, "{\"id\": \"1\"}", &answer);
    assert_string_equal(text_of(&answer, "user.firstName", text), "Tom");
    web_call(url, techcorp, "UserService/GetUser", token, "{\"id\": 1}", &answer);
    expect(&answer, 401, "the token does not belong to this tenant");
    assert_string_equal(web_field(&answer, "WWW-Authenticate", text), "Bearer");
    web_call(url, "localhost", "UserService/GetUser", token, "{\"id\": 1}", &answer);
    expect(&answer, 400, "tenant is required");
    web_call(url, acme, "UserService/GetUser", "", "{\"id\": 1}", &answer);
    expect(&answer, 401, "sign in first");
}

static void
ask_me(const char *host, const char *more, WebAnswer *answer)
{
    char fields[768];

    snprintf(fields, sizeof fields, JSON "Authorization: Bearer %s\r\n%s", token, more);
    web_ask(url, "POST", "/clientiq.v1.UserService/GetMe", host, fields, "{}", answer);
}

static void
test_calls__hosts(void **state)
{
    static const struct {
        const char *host, *more;
        unsigned status;
        const char *words;
    } rows[] = {
        {"acme.localhost", "", 200, "\"id\":\"1\""},
        {"ACME.Localhost:7480", "", 200, "\"id\":\"1\""},
        {"acme.localhost.", "", 200, "\"id\":\"1\""},
        {"acme.localhost", "Ciq-Tenant: acme.localhost\r\n", 200, "\"id\":\"1\""},
        {"acme.localhost", "Ciq-Tenant: techcorp\r\n", 400, "only on a host of the platform"},
        {"acme.localhost", "Ciq-Tenant: techcorp.localhost\r\n", 400,
         "only on a host of the platform"},
        {"acme.localhost", "Ciq-Tenant: acme.localhost\r\nCiq-Tenant: techcorp\r\n", 400,
         "must be given once"},
        {"techcorp.localhost", "Ciq-Tenant: acme\r\n", 400, "only on a host of the platform"},
        {"localhost", "Ciq-Tenant: acme\r\n", 200, "\"id\":\"1\""},
        {"127.0.0.1:80", "Ciq-Tenant: acme.localhost\r\n", 200, "\"id\":\"1\""},
        {"127.1.2.3", "Ciq-Tenant: acme\r\n", 200, "\"id\":\"1\""},
        {"[::1]:7480", "Ciq-Tenant: acme\r\n", 200, "\"id\":\"1\""},
        {"clientiq.test", "Ciq-Tenant: acme\r\n", 200, "\"id\":\"1\""},
        {"localhost", "Ciq-Tenant: techcorp\r\n", 401, "does not belong to this tenant"},
        {"localhost", "Ciq-Tenant: nobody\r\n", 404, "no tenant with the schema nobody"},
        {"localhost", "Ciq-Tenant: \r\n", 400, "tenant is required"},
        {"nobody.localhost", "", 404, "no tenant for the domain nobody.localhost"},
        {"10.0.0.1", "", 404, "no tenant for the domain 10.0.0.1"},
        {"acme", "", 404, "neither the platform's nor a tenant's"},
        {"evil.example", "X-Forwarded-Host: acme.localhost\r\n", 404,
         "no tenant for the domain evil.example"},
        {"techcorp.localhost", "X-Forwarded-Host: acme.localhost\r\n", 401,
         "does not belong to this tenant"},
    };
    WebAnswer answer;

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ask_me(rows[i].host, rows[i].more, &answer);
        if (answer.status != rows[i].status || strstr(answer.body, rows[i].words) == NULL)
            fail_msg("%s %s: %u %s", rows[i].host, rows[i].more, answer.status, answer.body);
    }
    web_ask(url, "GET", "/", acme, "", NULL, &answer);
    expect(&answer, 200, "clientiq");
    web_ask(url, "GET", "/", "nobody.localhost", "", NULL, &answer);
    expect(&answer, 404, "no tenant for the domain nobody.localhost");
    web_ask(url, "POST", "/", "localhost", JSON, "{}", &answer);
    expect(&answer, 405, "GET or HEAD");
}

/* Whoever it is at the other end: HTTP has no local operator. */
static void
test_calls__nobody_is_the_operator(void **state)
{
    WebAnswer answer;

    (void) state;
    web_call(url, "localhost", "TenantService/ListTenants", "", "{}", &answer);
    expect(&answer, 401, "needs a session");
    web_call(url, "127.0.0.1", "UserService/CreateSuperuser", "", "{}", &answer);
    expect(&answer, 401, "needs a session");
}

static void
test_calls__codes_and_details(void **state)
{
    const World *world = *state;
    WebAnswer answer;
    char text[256], others[256];

    web_call(url, acme, "UserService/GetUser", token, "{\"id\": 12345}", &answer);
    expect(&answer, 404, "\"code\":\"not_found\"");
    assert_string_equal(text_of(&answer, "details.0.type", text), "google.rpc.RequestInfo");
    assert_true(strlen(web_field(&answer, "X-Request-Id", others)) > 8);
    assert_string_equal(text_of(&answer, "details.0.debug.requestId", text), others);

    web_call(url, acme, "UserService/CreateUser", token,
             "{\"user\": {\"email\": \"admin@same.example\"}, \"password\": \"correct-horse-1\"}",
             &answer);
    expect(&answer, 409, "\"code\":\"already_exists\"");
    web_call(url, acme, "UserService/CreateUser", token, "{\"user\": {\"email\": \"x\"}}", &answer);
    expect(&answer, 400, "\"code\":\"invalid_argument\"");
    assert_string_equal(text_of(&answer, "details.0.type", text), "google.rpc.BadRequest");
    assert_string_equal(text_of(&answer, "details.0.debug.fieldViolations.0.field", text),
                        "user.email");
    web_call(url, acme, "UserService/CreateUser", token, "{\"user\": {\"email\": 1}}", &answer);
    expect(&answer, 400, "user.email must be a string");
    assert_string_equal(text_of(&answer, "details.0.debug.fieldViolations.0.field", text),
                        "user.email");
    web_call(url, acme, "UserService/GetUser", token, "{\"id\": 1, \"unknown\": {\"a\": []}}",
             &answer);
    expect(&answer, 200, "");
    web_call(url, acme, "TenantService/ListTenants", token, "{}", &answer);
    expect(&answer, 400, "tenant must be empty");
    user_new(world->acme, "plain@acme.example", false);
    token_new(&world->server, "acme", "plain@acme.example", others);
    web_call(url, acme, "UserService/ListUsers", others, "{}", &answer);
    expect(&answer, 403, "needs the permission");
}

/* The envelope's packed bytes are those of nng's, so a packed message goes as it is. */
static void
test_calls__proto(void **state)
{
    static Web web;
    WebAnswer answer;
    char text[768];
    CiqGetUserResponse *response;

    (void) state;
    snprintf(text, sizeof text,
             "POST /api/v1/clientiq.v1.UserService/GetUser HTTP/1.1\r\nHost: %s\r\nContent-Type: "
             "application/proto\r\nConnect-Protocol-Version: 1\r\nAuthorization: bearer %s\r\n"
             "Content-Length: 2\r\n\r\n\x08\x01",
             acme, token);
    web_open(&web, url);
    web_text(&web, text);
    web_read(&web, &answer);
    web_close(&web);
    expect(&answer, 200, "");
    assert_string_equal(web_field(&answer, "Content-Type", text), "application/proto");
    response = clientiq__v1__get_user_response__unpack(NULL, answer.body_size,
                                                       (const uint8_t *) answer.body);
    assert_non_null(response);
    assert_string_equal(response->user->email, world_email);
    clientiq__v1__get_user_response__free_unpacked(response, NULL);
}

static void
make_user(const char *key, const char *email, WebAnswer *answer)
{
    char fields[768], body[256];

    snprintf(fields, sizeof fields, JSON "Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n",
             token, key);
    snprintf(body, sizeof body,
             "{\"user\": {\"email\": \"%s\"}, \"password\": \"correct-horse-battery-1\"}", email);
    web_ask(url, "POST", "/api/v1/clientiq.v1.UserService/CreateUser", acme, fields, body, answer);
}

static void
test_calls__a_key_happens_once(void **state)
{
    WebAnswer answer;
    char first[256], second[256];

    (void) state;
    make_user("order 5, attempt 1", "once@acme.example", &answer);
    expect(&answer, 200, "once@acme.example");
    text_of(&answer, "user.id", first);
    make_user("order 5, attempt 1", "once@acme.example", &answer);
    expect(&answer, 200, "once@acme.example");
    assert_string_equal(text_of(&answer, "user.id", second), first);
    make_user("order 5, attempt 1", "twice@acme.example", &answer);
    expect(&answer, 400, "was used for another request");
    make_user("order 5, attempt 2", "once@acme.example", &answer);
    expect(&answer, 409, "already_exists");
}

static void
with_proxies(Config *config)
{
    with_http(config);
    setting_set(&config->trusted_proxies, "127.0.0.0/8, 10.0.0.0/8, 2001:db8::/32");
    setting_set(&config->platform_hosts, "admin.example.com");
}

/* The address that the newest session of acme's was made from. */
static void
newest_origin(const World *world, char origin[256])
{
    CiqError *error = NULL;
    json_t *sessions =
        call_json(world->acme, "UserService/ListAuditEvents", &error, "{\"page_size\": 1}");

    assert_ok(error);

    snprintf(origin, 256, "%s",
             json_string_value(json_object_get(
                 json_array_get(json_object_get(sessions, "events"), 0), "origin")));
    json_decref(sessions);
}

/* Behind a trusted proxy the last address that is not a trusted one counts, whatever a client wrote
 * before it. */
static void
test_calls__behind_proxies(void **state)
{
    static const struct {
        const char *fields, *origin; /* origin NULL: the peer's own */
    } rows[] = {
        {"X-Forwarded-For: 203.0.113.5\r\n", "203.0.113.5"},
        {"X-Forwarded-For: 198.51.100.1, 203.0.113.5\r\n", "203.0.113.5"},
        {"X-Forwarded-For: 203.0.113.5, 10.1.2.3\r\n", "203.0.113.5"},
        {"X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-For: 10.1.2.3,127.0.0.1\r\n", "203.0.113.5"},
        {"X-Forwarded-For: 203.0.113.5:4711\r\n", "203.0.113.5"},
        {"X-Forwarded-For: [2001:DB9:0::5]:80\r\n", "2001:db9::5"},
        {"X-Forwarded-For: ::ffff:203.0.113.5\r\n", "203.0.113.5"},
        {"X-Forwarded-For: nonsense, 10.1.2.3\r\n", "10.1.2.3"},
        {"X-Forwarded-For: 203.0.113.5, nonsense\r\n", NULL},
        {"X-Forwarded-For: 203.0.113.5,\r\n", NULL},
        {"X-Forwarded-For: \r\n", NULL},
        {"Forwarded: for=203.0.113.5\r\n", NULL},
        {"", NULL},
    };
    World *world = *state;
    TestServer proxied;
    WebAnswer answer;
    char before[sizeof url], fields[768], body[256], origin[256];

    server_up(&proxied, &world->database, with_proxies);
    memcpy(before, url, sizeof url);
    assert_true(server_url(proxied.server, "http", url, sizeof url));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(fields, sizeof fields, JSON "X-Forwarded-Host: acme.localhost\r\n%s",
                 rows[i].fields);
        snprintf(body, sizeof body, "{\"email\": \"%s\", \"password\": \"%s\"}", world_email,
                 world_password);
        web_ask(url, "POST", "/api/v1/clientiq.v1.UserService/Login", "inside:8080", fields, body,
                &answer);
        expect(&answer, 200, "ciq_s_");
        newest_origin(world, origin);
        if (rows[i].origin == NULL ? strncmp(origin, "127.0.0.1", 9) != 0
                                   : strcmp(origin, rows[i].origin) != 0)
            fail_msg("%s is %s", rows[i].fields, origin);
    }
    ask_me("acme.localhost", "", &answer);
    expect(&answer, 200, "\"id\":\"1\"");
    ask_me("admin.example.com", "Ciq-Tenant: acme\r\n", &answer);
    expect(&answer, 200, "\"id\":\"1\"");
    ask_me("x", "X-Forwarded-Host: acme.localhost\r\nX-Forwarded-Host: techcorp.localhost\r\n",
           &answer);
    expect(&answer, 400, "X-Forwarded-Host must be given once");
    ask_me("x", "X-Forwarded-Host: acme.localhost, techcorp.localhost\r\n", &answer);
    assert_true(answer.status >= 400);
    /* the platform's hosts are those that the setting names, and no others */
    ask_me("127.0.0.1", "Ciq-Tenant: acme\r\n", &answer);
    expect(&answer, 400, "only on a host of the platform");
    memcpy(url, before, sizeof url);
    server_down(&proxied);
}

static void
with_few(Config *config)
{
    with_http(config);
    config->connections = 16;
    config->connections_per_address = 4;
}

/* As at the listener of nng's: whoever has been idle longest makes room. */
static void
test_calls__connections_have_limits(void **state)
{
    static Web webs[6];
    World *world = *state;
    TestServer few;
    WebAnswer answer;
    char few_url[128];

    server_up(&few, &world->database, with_few);
    assert_true(server_url(few.server, "http", few_url, sizeof few_url));
    for (size_t i = 0; i < 6; i++) {
        web_open(&webs[i], few_url);
        web_text(&webs[i], "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        web_read(&webs[i], &answer);
        assert_int_equal(answer.status, 200);
    }
    web_expect_end(&webs[0]);
    web_expect_end(&webs[1]);
    for (size_t i = 2; i < 6; i++) {
        web_text(&webs[i], "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        web_read(&webs[i], &answer);
        assert_int_equal(answer.status, 200);
    }
    for (size_t i = 0; i < 6; i++)
        web_close(&webs[i]);
    server_down(&few);
}

/* A stop closes those who are idle, in the middle of a request, and served. */
static void
test_calls__a_stop_closes_all(void **state)
{
    static Web webs[3];
    World *world = *state;
    TestServer other;
    WebAnswer answer;
    char other_url[128], text[512];

    server_up(&other, &world->database, with_http);
    assert_true(server_url(other.server, "http", other_url, sizeof other_url));
    for (size_t i = 0; i < 3; i++)
        web_open(&webs[i], other_url);
    web_text(&webs[0], "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    web_read(&webs[0], &answer);
    web_text(&webs[1], "GET / HTTP/1.1\r\nHo");
    snprintf(text, sizeof text,
             "POST /clientiq.v1.UserService/GetMe HTTP/1.1\r\nHost: %s\r\n" JSON
             "Authorization: Bearer %s\r\nContent-Length: 2\r\n\r\n{}",
             acme, token);
    web_text(&webs[2], text);
    web_read(&webs[2], &answer);
    assert_int_equal(answer.status, 200);
    web_text(&webs[2], text); /* answered, refused or cut off */
    server_down(&other);
    for (size_t i = 0; i < 3; i++)
        web_close(&webs[i]);
}

static void
with_auto(Config *config)
{
    setting_set(&config->http, "auto");
    setting_set(&config->http_admin, "auto");
}

/* Whoever has the usual ports, two servers of a machine start. */
static void
test_calls__usual_ports_that_are_taken(void **state)
{
    World *world = *state;
    TestServer servers[2];

    for (int i = 0; i < 2; i++)
        server_up(&servers[i], &world->database, with_auto);
    for (int i = 0; i < 2; i++) {
        CiqClient *client = operator_new(&servers[i]);

        assert_int_equal(call_code(client, "grpc.health.v1.Health/Check", "{}"), CODE_OK);
        ciq_client_free(client);
    }
    for (int i = 0; i < 2; i++)
        server_down(&servers[i]);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls__host_is_the_tenant),
        cmocka_unit_test(test_calls__hosts),
        cmocka_unit_test(test_calls__nobody_is_the_operator),
        cmocka_unit_test(test_calls__codes_and_details),
        cmocka_unit_test(test_calls__proto),
        cmocka_unit_test(test_calls__a_key_happens_once),
        cmocka_unit_test(test_calls__behind_proxies),
        cmocka_unit_test(test_calls__connections_have_limits),
        cmocka_unit_test(test_calls__a_stop_closes_all),
        cmocka_unit_test(test_calls__usual_ports_that_are_taken),
    };

    return run_cases(tests, calls_setup, world_teardown);
}
