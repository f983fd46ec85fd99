/* What those see who watch a server: whether it lives, is ready, and what it has done.  */
#include "harness/harness.h"
#include "harness/people.h"
#include "harness/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char url[128], admin[128];

static void
with_http(Config *config)
{
    setting_set(&config->http, "127.0.0.1:0");
    setting_set(&config->http_admin, "127.0.0.1:0");
}

static int
watch_setup(void **state)
{
    World *world;

    world_up(state, with_http);
    world = *state;
    assert_true(server_url(world->server.server, "http", url, sizeof url));
    assert_true(server_url(world->server.server, "http-admin", admin, sizeof admin));
    return 0;
}

static void
look(const char *path, WebAnswer *answer)
{
    web_ask(admin, "GET", path, "localhost", "", NULL, answer);
}

/* The value of a line of the metrics; -1: there is none. */
static double
metric(const char *name)
{
    static WebAnswer answer;
    char line[256];
    const char *at;

    look("/metrics", &answer);
    assert_int_equal(answer.status, 200);
    snprintf(line, sizeof line, "\n%s ", name);
    at = strstr(answer.body, line);
    return at == NULL ? -1 : strtod(at + strlen(line), NULL);
}

static bool
is_ready(void *argument)
{
    static WebAnswer answer;

    look("/readyz", &answer);
    memcpy(argument, answer.body, answer.body_size + 1);
    return answer.status == 200;
}

static void
test_watch__lives_and_is_ready(void **state)
{
    static WebAnswer answer;
    static char text[sizeof answer.body];

    (void) state;
    look("/livez", &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "ok\n");
    wait_until("it is ready", is_ready, text);
    assert_non_null(strstr(text, "serving ok\ndatabase ok\nheartbeat ok\nmigrations ok"));
    assert_non_null(strstr(text, "\nqueue ok\n"));
    look("/", &answer);
    assert_int_equal(answer.status, 404);
    web_ask(admin, "POST", "/metrics", "localhost", "", "", &answer);
    assert_int_equal(answer.status, 405);
    /* no calls here, and nothing to watch there */
    web_call(admin, "localhost", "UserService/GetMe", "", "{}", &answer);
    assert_int_equal(answer.status, 405);
    web_ask(url, "GET", "/metrics", "localhost", "", NULL, &answer);
    assert_int_equal(answer.status, 404);
}

static void
test_watch__calls_are_counted(void **state)
{
    static const char found[] =
        "clientiq_calls_total{method=\"clientiq.v1.UserService/GetUser\",code=\"NOT_FOUND\"}";
    static const char served[] =
        "clientiq_calls_total{method=\"clientiq.v1.UserService/GetUser\",code=\"OK\"}";
    static const char took[] =
        "clientiq_call_duration_seconds_bucket{method=\"clientiq.v1.UserService/"
        "GetUser\",le=\"+Inf\"}";
    World *world = *state;
    CiqError *error = NULL;
    double trips, hits;

    expect_json(world->acme, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    trips = metric("clientiq_database_round_trips_total");
    hits = metric("clientiq_cache_hits_total{cache=\"sessions\"}");
    assert_true(metric(served) == 1 && metric(found) == -1);
    for (int i = 0; i < 3; i++)
        expect_json(world->techcorp, "UserService/GetUser", CODE_OK, NULL, "{\"id\": 1}");
    clientiq__v1__get_user_response__free_unpacked(user_get(world->acme, 4711, &error), NULL);
    assert_int_equal(code_of(error), CODE_NOT_FOUND);
    assert_true(metric(served) == 4);
    assert_true(metric(found) == 1);
    assert_true(metric(took) == 5);
    assert_true(metric("clientiq_calls_in_flight") == 0);
    assert_true(metric("clientiq_database_round_trips_total") >= trips + 4);
    assert_true(metric("clientiq_cache_hits_total{cache=\"sessions\"}") > hits);
    assert_true(metric("clientiq_queue_calls{lane=\"calls\"}") == 0);
    assert_true(metric("clientiq_connections{transport=\"nng\"}") >= 3);
    assert_true(metric("clientiq_serving") == 1);
}

static bool
knows_tenants(void *argument)
{
    (void) argument;
    return metric("clientiq_tenants{state=\"active\"}") >= 2;
}

/* Nothing has the name of a tenant, a user or a host, whoever calls. */
static void
test_watch__nothing_is_about_a_tenant(void **state)
{
    static WebAnswer answer;

    (void) state;
    web_call(url, "acme.localhost", "UserService/GetMe", "", "{}", &answer);
    web_call(url, "stranger.example", "UserService/GetMe", "", "{}", &answer);
    web_call(url, "localhost", "UserService/NoSuchRpc", "", "{}", &answer);
    /* new tenants wake who counts them */
    wait_until("tenants are counted", knows_tenants, NULL);
    look("/metrics", &answer);
    assert_null(strstr(answer.body, "acme"));
    assert_null(strstr(answer.body, "stranger"));
    assert_null(strstr(answer.body, "NoSuchRpc"));
    assert_non_null(strstr(answer.body, "\nclientiq_http_requests_total "));
    assert_non_null(strstr(answer.body, "\nclientiq_build_info{version="));
}

/* Prometheus' own tool, where it is installed. */
static void
test_watch__promtool(void **state)
{
    static WebAnswer answer;
    char command[256], path[] = "/tmp/ciq-metrics-XXXXXX";
    int fd = mkstemp(path);

    (void) state;
    if (system("command -v promtool >/dev/null") != 0) {
        unlink(path);
        skip();
    }
    look("/metrics", &answer);
    assert_true(fd >= 0);
    assert_true(write(fd, answer.body, answer.body_size) == (ssize_t) answer.body_size);
    close(fd);
    snprintf(command, sizeof command, "promtool check metrics <%s", path);
    assert_int_equal(system(command), 0);
    unlink(path);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch__lives_and_is_ready),
        cmocka_unit_test(test_watch__calls_are_counted),
        cmocka_unit_test(test_watch__nothing_is_about_a_tenant),
        cmocka_unit_test(test_watch__promtool),
    };

    return run_cases(tests, watch_setup, world_teardown);
}
