/* Bytes that are no request, or no proper one: each gets its status and its words, and the server
 * goes on serving others.  */
#include "harness/harness.h"
#include "harness/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HOST "Host: localhost\r\n"
#define CHECK "/grpc.health.v1.Health/Check"
#define JSON "Content-Type: application/json\r\n"

static char url[128];

static void
with_http(Config *config)
{
    setting_set(&config->http, "127.0.0.1:0");
    config->message_timeout_ms = 1500;
    config->http_idle_timeout_ms = 3000;
}

static int
bytes_setup(void **state)
{
    World *world;

    world_up(state, with_http);
    world = *state;
    assert_true(server_url(world->server.server, "http", url, sizeof url));
    return 0;
}

static void
assert_serves(void)
{
    WebAnswer answer;

    web_ask(url, "POST", CHECK, "localhost", JSON, "{}", &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "{\"status\":\"SERVING\"}");
}

typedef struct Row {
    const char *what, *bytes;
    unsigned status;
    const char *words; /* in the body */
} Row;

static const Row rows[] = {
    /* the line */
    {"HTTP/0.9", "GET /\r\n\r\n", 400, "METHOD /path HTTP/1.1"},
    {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 400, "Host is required"},
    {"HTTP/1.0", "GET / HTTP/1.0\r\n" HOST "\r\n", 200, "clientiq"},
    {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1 or HTTP/1.0"},
    {"HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", 200, "clientiq"},
    {"lower case", "GET / http/1.1\r\n" HOST "\r\n", 400, "METHOD /path HTTP/1.1"},
    {"two spaces", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD /path HTTP/1.1"},
    {"a tab", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD /path HTTP/1.1"},
    {"no method", " / HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD /path HTTP/1.1"},
    {"words behind", "GET / HTTP/1.1 x\r\n" HOST "\r\n", 400, "METHOD /path HTTP/1.1"},
    {"an empty line before", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 200, "clientiq"},
    {"two empty lines", "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD /path"},
    {"TLS", "\x16\x03\x01\x02\x01\x01\x01\r\n\r\n", 400, "METHOD /path HTTP/1.1"},
    {"TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n", 405, "GET, HEAD or POST"},
    {"OPTIONS", "OPTIONS / HTTP/1.1\r\n" HOST "\r\n", 405, "GET, HEAD or POST"},
    {"PUT", "PUT " CHECK " HTTP/1.1\r\n" HOST "\r\n", 405, "GET, HEAD or POST"},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", 400, "path that begins with /"},
    {"no such method", "BREW / HTTP/1.1\r\n" HOST "\r\n", 501, "no such HTTP method"},
    {"small letters", "get / HTTP/1.1\r\n" HOST "\r\n", 501, "no such HTTP method"},
    /* the target */
    {"absolute form", "GET http://localhost/ HTTP/1.1\r\n" HOST "\r\n", 200, "clientiq"},
    {"absolute form of another", "GET http://evil/ HTTP/1.1\r\n" HOST "\r\n", 400,
     "must be the same"},
    {"absolute form with user", "GET http://a@localhost/ HTTP/1.1\r\n" HOST "\r\n", 400,
     "must be the same"},
    {"another scheme", "GET ftp://localhost/ HTTP/1.1\r\n" HOST "\r\n", 400, "begins with /"},
    {"asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400, "begins with /"},
    {"no slash", "GET x HTTP/1.1\r\n" HOST "\r\n", 400, "begins with /"},
    {"encoded slash", "GET /api%2fv1/ HTTP/1.1\r\n" HOST "\r\n", 400, "percent-encoded"},
    {"dots", "GET /api/../x HTTP/1.1\r\n" HOST "\r\n", 400, "empty, . or .."},
    {"one dot", "GET /./ HTTP/1.1\r\n" HOST "\r\n", 400, "empty, . or .."},
    {"dots at the end", "GET /.. HTTP/1.1\r\n" HOST "\r\n", 400, "empty, . or .."},
    {"two slashes", "GET //x HTTP/1.1\r\n" HOST "\r\n", 400, "empty, . or .."},
    {"a fragment", "GET /#x HTTP/1.1\r\n" HOST "\r\n", 400, "visible ASCII"},
    {"a high byte", "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 400, "visible ASCII"},
    {"nothing there", "GET /x HTTP/1.1\r\n" HOST "\r\n", 404, "nothing at this path"},
    {"no such rpc", "POST /a.B/C HTTP/1.1\r\n" HOST "\r\n", 404, "no method a.B/C"},
    /* fields */
    {"bare LF", "GET / HTTP/1.1\nHost: localhost\n\n", 400, "CR LF"},
    {"bare LF in between", "GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 400, "CR LF"},
    {"bare CR", "GET / HTTP/1.1\r\nHost: local\rhost\r\n\r\n", 400, "CR without LF"},
    {"obs-fold", "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, "obs-fold"},
    {"a space before the first", "GET / HTTP/1.1\r\n X: a\r\n" HOST "\r\n", 400, "obs-fold"},
    {"a space before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400,
     "colon right behind"},
    {"no colon", "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400, "colon right behind"},
    {"no name", "GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n", 400, "colon right behind"},
    {"a control character", "GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", 400,
     "control characters"},
    /* Host */
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400, "Host is required"},
    {"two Hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, "Host must be given once"},
    {"two Hosts apart", "GET / HTTP/1.1\r\n" HOST "X: y\r\nhOST: evil\r\n\r\n", 400, "given once"},
    {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "Host must be a host name"},
    {"userinfo", "GET / HTTP/1.1\r\nHost: a@localhost\r\n\r\n", 400, "Host must be a host name"},
    {"a port of six digits", "GET / HTTP/1.1\r\nHost: localhost:123456\r\n\r\n", 400,
     "port of 0 to 65535"},
    {"a port too high", "GET / HTTP/1.1\r\nHost: localhost:65536\r\n\r\n", 400,
     "port of 0 to 65535"},
    {"a port of letters", "GET / HTTP/1.1\r\nHost: localhost:http\r\n\r\n", 400,
     "port of 0 to 65535"},
    {"an empty port", "GET / HTTP/1.1\r\nHost: localhost:\r\n\r\n", 400, "port of 0 to 65535"},
    {"a path in Host", "GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n", 400,
     "Host must be a host name"},
    {"a list in Host", "GET / HTTP/1.1\r\nHost: localhost, evil\r\n\r\n", 400,
     "Host must be a host name"},
    {"IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200, "clientiq"},
    {"half an address", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "Host must be a host name"},
    /* the body */
    {"length and coding",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON
     "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, "exclude each other"},
    {"two lengths",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
     400, "Content-Length must be given once"},
    {"a list of lengths", "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\n{}", 400,
     "number of bytes"},
    {"a signed length", "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\n{}", 400,
     "number of bytes"},
    {"a negative length", "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400,
     "number of bytes"},
    {"an empty length", "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400,
     "number of bytes"},
    {"a hexadecimal length", "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\n{}",
     400, "number of bytes"},
    {"too long", "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 413,
     "1048576 bytes"},
    {"far too long",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n", 413,
     "number of bytes"},
    {"another coding",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501,
     "must be chunked"},
    {"two codings",
     "POST " CHECK " HTTP/1.1\r\n" HOST
     "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
     501, "must be chunked"},
    {"a coding with a tab inside",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Transfer-Encoding: chun\tked\r\n\r\n", 501,
     "must be chunked"},
    {"chunks in HTTP/1.0", "POST " CHECK " HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
     400, "HTTP/1.0 has no"},
    {"chunks",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON
     "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;a=b\r\n}\r\n0\r\nX: y\r\n\r\n",
     200, "SERVING"},
    {"a chunk that is too short",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
     400, "as long as its size says"},
    {"a chunk without size",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n\r\n", 400,
     "size in hexadecimal"},
    {"a chunk with LF",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n", 400,
     "size in hexadecimal"},
    {"a chunk of 2^64 bytes",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
     400, "size in hexadecimal"},
    {"a negative chunk",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400,
     "size in hexadecimal"},
    {"GET with a body", "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 400,
     "must have no body"},
    {"Expect", "POST " CHECK " HTTP/1.1\r\n" HOST "Expect: a miracle\r\n\r\n", 417, "100-continue"},
    {"Upgrade",
     "GET / HTTP/1.1\r\n" HOST
     "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
     200, "clientiq"},
    /* what a call needs */
    {"no type", "POST " CHECK " HTTP/1.1\r\n" HOST "\r\n", 415,
     "application/json or application/proto"},
    {"a form",
     "POST " CHECK " HTTP/1.1\r\n" HOST
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 2\r\n\r\n{}",
     415, "application/json"},
    {"a stream",
     "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Type: application/connect+json\r\n\r\n", 415,
     "application/json"},
    {"gRPC-Web", "POST " CHECK " HTTP/1.1\r\n" HOST "Content-Type: application/grpc-web\r\n\r\n",
     415, "application/json"},
    {"a charset",
     "POST " CHECK " HTTP/1.1\r\n" HOST
     "Content-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}",
     200, "SERVING"},
    {"no body", "POST " CHECK " HTTP/1.1\r\n" HOST JSON "\r\n", 400, "the message is missing"},
    {"no JSON", "POST " CHECK " HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{]", 400,
     "line 1, column 2"},
    {"an array", "POST " CHECK " HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n[]", 400,
     "must be a JSON object"},
    {"no protobuf",
     "POST " CHECK " HTTP/1.1\r\n" HOST
     "Content-Type: application/proto\r\nContent-Length: 1\r\n\r\n\x0a",
     400, "invalid_argument"},
    {"compressed",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON
     "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
     501, "must be identity"},
    {"another version",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON
     "Connect-Protocol-Version: 2\r\nContent-Length: 2\r\n\r\n{}",
     400, "version of the Connect protocol"},
    {"a time of words",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON
     "Connect-Timeout-Ms: soon\r\nContent-Length: 2\r\n\r\n{}",
     400, "Connect-Timeout-Ms must be"},
    {"no time left",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON "Connect-Timeout-Ms: 0\r\nContent-Length: 2\r\n\r\n{}",
     504, "the deadline passed"},
    {"another scheme of tokens",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON
     "Authorization: Basic YTpi\r\nContent-Length: 2\r\n\r\n{}",
     401, "Bearer TOKEN"},
    {"two tokens",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON
     "Authorization: Bearer a\r\nAuthorization: Bearer b\r\nContent-Length: 2\r\n\r\n{}",
     401, "Bearer TOKEN"},
    {"an endless key",
     "POST " CHECK " HTTP/1.1\r\n" HOST JSON "Idempotency-Key: \r\nContent-Length: 2\r\n\r\n{}",
     400, "1 to 255 bytes"},
    {"GET without encoding", "GET " CHECK "?message=%7B%7D HTTP/1.1\r\n" HOST "\r\n", 415,
     "encoding must be"},
    {"GET without message", "GET " CHECK "?encoding=json HTTP/1.1\r\n" HOST "\r\n", 400,
     "message must be"},
    {"GET badly encoded", "GET " CHECK "?encoding=json&message=%7 HTTP/1.1\r\n" HOST "\r\n", 400,
     "message must be"},
    {"GET with two messages",
     "GET " CHECK "?encoding=json&message=%7B%7D&message=x HTTP/1.1\r\n" HOST "\r\n", 400,
     "may be given once"},
    {"GET", "GET " CHECK "?encoding=json&message=%7B%7D HTTP/1.1\r\n" HOST "\r\n", 200, "SERVING"},
    {"GET in base64",
     "GET " CHECK "?connect=v1&base64=1&encoding=json&message=e30 HTTP/1.1\r\n" HOST "\r\n", 200,
     "SERVING"},
    {"GET of what writes",
     "GET /clientiq.v1.UserService/Login?encoding=json&message=%7B%7D HTTP/1.1\r\n" HOST "\r\n",
     405, "must be POST"},
};

static void
test_bytes__each_has_its_status(void **state)
{
    static Web web;
    WebAnswer answer;

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        web_open(&web, url);
        web_text(&web, rows[i].bytes);
        web_read(&web, &answer);
        web_close(&web);
        if (answer.status != rows[i].status || strstr(answer.body, rows[i].words) == NULL)
            fail_msg("%s: %u \"%s\", where %u with \"%s\" was expected", rows[i].what,
                     answer.status, answer.body, rows[i].status, rows[i].words);
    }
    assert_serves();
}

/* The same bytes one by one: nobody sees where they were cut. */
static void
test_bytes__one_by_one(void **state)
{
    static Web web;
    WebAnswer answer;

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        web_open(&web, url);
        for (const char *byte = rows[i].bytes; *byte != '\0'; byte++)
            web_send(&web, byte, 1);
        web_read(&web, &answer);
        web_close(&web);
        if (answer.status != rows[i].status || strstr(answer.body, rows[i].words) == NULL)
            fail_msg("%s: %u \"%s\", where %u with \"%s\" was expected", rows[i].what,
                     answer.status, answer.body, rows[i].status, rows[i].words);
    }
}

/* So many bytes of one kind between two texts. */
static void
ask_long(const char *before, const char *piece, size_t count, const char *after, WebAnswer *answer)
{
    static Web web;

    web_open(&web, url);
    web_text(&web, before);
    for (size_t i = 0; i < count; i++)
        web_text(&web, piece);
    web_text(&web, after);
    web_read(&web, answer);
    web_close(&web);
}

static void
test_bytes__bombs(void **state)
{
    static char brackets[1024 * 1024 + 1];
    WebAnswer answer;

    (void) state;
    ask_long("GET /?", "0123456789abcdef", 513, " HTTP/1.1\r\n" HOST "\r\n", &answer);
    assert_int_equal(answer.status, 414);
    ask_long("GET / HTTP/1.1\r\n" HOST, "X: 0123456789abcdef0123456789abcdef\r\n", 4000, "\r\n",
             &answer);
    assert_int_equal(answer.status, 431);
    ask_long("GET / HTTP/1.1\r\n" HOST, "X: y\r\n", 100, "\r\n", &answer);
    assert_int_equal(answer.status, 431);
    ask_long("GET / HTTP/1.1\r\n" HOST "Cookie: ", "0123456789abcdef", 4000, "\r\n\r\n", &answer);
    assert_int_equal(answer.status, 431);
    ask_long("POST " CHECK " HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n",
             "10\r\n0123456789abcdef\r\n", 70000, "0\r\n\r\n", &answer);
    assert_int_equal(answer.status, 413);
    ask_long("POST " CHECK " HTTP/1.1\r\n" HOST JSON
             "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
             "X: 0123456789abcdef\r\n", 300, "\r\n", &answer);
    assert_int_equal(answer.status, 400);
    memset(brackets, '[', sizeof brackets - 1);
    ask_long("POST " CHECK " HTTP/1.1\r\n" HOST JSON "Content-Length: 1048576\r\n\r\n", brackets, 1,
             "", &answer);
    assert_int_equal(answer.status, 400);
    assert_non_null(strstr(answer.body, "at most 100 arrays and objects deep"));
    memset(brackets, ',', sizeof brackets - 1);
    ask_long("POST " CHECK " HTTP/1.1\r\n" HOST JSON "Content-Length: 1048576\r\n\r\n", brackets, 1,
             "", &answer);
    assert_int_equal(answer.status, 400);
    assert_non_null(strstr(answer.body, "at most 65536 values"));
    assert_serves();
}

/* Several requests at once are answered one after the other, in their order. */
static void
test_bytes__pipelining(void **state)
{
    static Web web;
    WebAnswer answer;

    (void) state;
    web_open(&web, url);
    for (int i = 0; i < 50; i++)
        web_text(&web, i % 2 == 0 ? "GET / HTTP/1.1\r\n" HOST "\r\n"
                                  : "POST " CHECK " HTTP/1.1\r\n" HOST JSON
                                    "Content-Length: 2\r\n\r\n{}");
    for (int i = 0; i < 50; i++) {
        web_read(&web, &answer);
        assert_int_equal(answer.status, 200);
        assert_non_null(strstr(answer.body, i % 2 == 0 ? "clientiq" : "SERVING"));
    }
    /* after what is wrong nothing is read any more: its end may be somewhere else */
    web_text(&web, "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
    web_read(&web, &answer);
    assert_int_equal(answer.status, 400);
    web_expect_end(&web);
    web_close(&web);
}

static void
test_bytes__connection_and_continue(void **state)
{
    static Web web;
    WebAnswer answer;
    char value[256];

    (void) state;
    web_open(&web, url);
    web_text(&web, "POST " CHECK " HTTP/1.1\r\n" HOST JSON
                   "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    web_read(&web, &answer);
    assert_int_equal(answer.status, 100);
    web_text(&web, "{}");
    web_read(&web, &answer);
    assert_int_equal(answer.status, 200);
    web_text(&web, "HEAD / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    while (strstr(web.input, "\r\n\r\n") == NULL || web.size == 0) {
        ssize_t got = recv(web.fd, web.input + web.size, 4096, 0);

        assert_true(got > 0);
        web.size += (size_t) got;
        web.input[web.size] = '\0';
    }
    assert_non_null(strstr(web.input, "Connection: close"));
    assert_string_equal(strstr(web.input, "\r\n\r\n"), "\r\n\r\n"); /* no body */
    web.size = 0;
    web_expect_end(&web);
    web_close(&web);

    /* HTTP/1.0 closes, unless it asks for the contrary */
    web_open(&web, url);
    web_text(&web, "GET / HTTP/1.0\r\n" HOST "Connection: keep-alive\r\n\r\n");
    web_read(&web, &answer);
    assert_string_equal(web_field(&answer, "Connection", value), "keep-alive");
    web_text(&web, "GET / HTTP/1.0\r\n" HOST "\r\n");
    web_read(&web, &answer);
    assert_string_equal(web_field(&answer, "Connection", value), "close");
    web_expect_end(&web);
    web_close(&web);

    /* who has said all and closes that side is answered */
    web_open(&web, url);
    web_text(&web, "GET / HTTP/1.1\r\n" HOST "\r\n");
    shutdown(web.fd, SHUT_WR);
    web_read(&web, &answer);
    assert_int_equal(answer.status, 200);
    web_expect_end(&web);
    web_close(&web);
}

/* Who says nothing, drips, or stops in the middle is told so and closed; who is idle is closed. */
static void
test_bytes__slow_and_silent(void **state)
{
    static const char *const slow[] = {"", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\n",
                                       "POST " CHECK " HTTP/1.1\r\n" HOST JSON
                                       "Content-Length: 100\r\n\r\n{"};
    enum { COUNT = sizeof slow / sizeof *slow };
    static Web webs[COUNT], idle;
    WebAnswer answer;

    (void) state;
    for (size_t i = 0; i < COUNT; i++) {
        web_open(&webs[i], url);
        web_text(&webs[i], slow[i]);
    }
    web_open(&idle, url);
    web_text(&idle, "GET / HTTP/1.1\r\n" HOST "\r\n");
    web_read(&idle, &answer);
    for (size_t i = 0; i < COUNT; i++) {
        web_read(&webs[i], &answer);
        assert_int_equal(answer.status, 408);
        web_expect_end(&webs[i]);
        web_close(&webs[i]);
    }
    web_expect_end(&idle); /* without a word */
    web_close(&idle);
    assert_serves();
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes__each_has_its_status),
        cmocka_unit_test(test_bytes__one_by_one),
        cmocka_unit_test(test_bytes__bombs),
        cmocka_unit_test(test_bytes__pipelining),
        cmocka_unit_test(test_bytes__connection_and_continue),
        cmocka_unit_test(test_bytes__slow_and_silent),
    };

    return run_cases(tests, bytes_setup, world_teardown);
}
