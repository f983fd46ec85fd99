/* From a request to the envelope that dispatch reads: which rpc, for which tenant, by whom, with
 * what message and how long.  Runs on a loop's thread, where nothing waits.  */
#include "http/connect.h"
#include "base/digest.h"
#include "base/secret.h"
#include "call/metrics.h"
#include "http/query.h"
#include "http/reply.h"
#include "proto/json_text.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_TEXT_MAX = 255, /* bytes of an Idempotency-Key */
    TIMEOUT_DIGITS = 10 /* of Connect-Timeout-Ms, as Connect has it */
};

static const char allow_post[] = "Allow: POST\r\n", allow_get[] = "Allow: GET, HEAD\r\n",
                  allow_both[] = "Allow: GET, HEAD, POST\r\n";

/* ---- answers ---- */

static HttpRequest *
request_of(Exchange *exchange)
{
    return (HttpRequest *) (void *) exchange; /* its first member */
}

static void
exchange_answer(Exchange *exchange, const Reply *reply, uint32_t pause_ms)
{
    reply_answer(request_of(exchange), reply, pause_ms);
}

static void
exchange_dropped(Exchange *exchange)
{
    http_drop(request_of(exchange));
}

static bool
is_gone(const Exchange *exchange)
{
    return atomic_load(&((const HttpRequest *) (const void *) exchange)->is_gone);
}

static void
answer_about(HttpRequest *request)
{
    static const char text[] =
        "{\"name\":\"clientiq\",\"version\":\"" CIQ_VERSION "\",\"api\":\"/api/v1/\","
        "\"about\":\"a multi-tenant control plane; POST "
        "/api/v1/clientiq.v1.SERVICE/METHOD with application/json calls an rpc\"}";

    http_answer(
        request,
        &(HttpAnswer){
            .status = 200, .type = "application/json", .body = text, .size = sizeof text - 1},
        0);
}

/* Of a host that may be a tenant's: where there is no such tenant it fails as any call does. */
static void
about_answer(Exchange *exchange, const Reply *reply, uint32_t pause_ms)
{
    if (reply->code == (Clientiq__V1__Code) CODE_UNAUTHENTICATED ||
        reply->code == CLIENTIQ__V1__CODE__CODE_UNSPECIFIED)
        answer_about(request_of(exchange));
    else
        reply_answer(request_of(exchange), reply, pause_ms);
}

static const ExchangeOps call_ops = {exchange_answer, exchange_dropped, is_gone};
static const ExchangeOps about_ops = {about_answer, exchange_dropped, is_gone};

/* ---- the envelope ---- */

/* Packs it, with what it points to, and lets it go its way. */
static void
send_call(const ConnectPlace *place, HttpRequest *request, const Request *envelope,
          const ExchangeOps *ops)
{
    size_t size = clientiq__v1__request__get_packed_size(envelope);

    request->packed = malloc(size + 1);
    if (request->packed == NULL) {
        http_drop(request);
        return;
    }
    clientiq__v1__request__pack(envelope, request->packed);
    request->exchange.ops = ops;
    request->exchange.peer = &request->peer;
    request->exchange.data = request->packed;
    request->exchange.size = size;
    intake_receive(place->intake, &request->exchange);
}

/* "Bearer TOKEN". */
static bool
read_token(HttpRequest *request, char *token, size_t size)
{
    bool is_twice;
    Slice rest = head_field(&request->head, "Authorization", &is_twice), scheme;

    token[0] = '\0';
    if (rest.at == NULL)
        return true;
    if (!is_twice && slice_next(&rest, ' ', &scheme) && slice_is_nocase(scheme, "Bearer") &&
        slice_copy(slice_trim(rest), token, size) && token[0] != '\0')
        return true;
    reply_fail(request, CODE_UNAUTHENTICATED, "Authorization must be given once, as Bearer TOKEN",
               0);
    return false;
}

/* 0 is a time that has passed. */
static bool
read_timeout(HttpRequest *request, uint32_t *timeout_ms)
{
    bool is_twice;
    Slice text = head_field(&request->head, "Connect-Timeout-Ms", &is_twice);
    uint64_t number = 0;
    bool ok = !is_twice && text.size > 0 && text.size <= TIMEOUT_DIGITS;

    *timeout_ms = 0;
    if (text.at == NULL)
        return true;
    for (size_t i = 0; ok && i < text.size; i++) {
        ok = isdigit((unsigned char) text.at[i]) != 0;
        number = number * 10 + (uint64_t) (text.at[i] - '0');
    }
    *timeout_ms = (uint32_t) (number > WIRE_TIMEOUT_MAX_MS ? WIRE_TIMEOUT_MAX_MS : number);
    if (!ok)
        reply_fail(request, CODE_INVALID_ARGUMENT,
                   "Connect-Timeout-Ms must be a number of at most ten digits", 0);
    else if (number == 0)
        reply_fail(request, CODE_DEADLINE_EXCEEDED, "the deadline passed before the call began", 0);
    return ok && number > 0;
}

/* Any text; the envelope's key is made of it. */
static bool
read_key(HttpRequest *request, uint8_t key[DIGEST_SIZE], ProtobufCBinaryData *out)
{
    bool is_twice;
    Slice text = head_field(&request->head, "Idempotency-Key", &is_twice);

    if (text.at == NULL)
        return true;
    if (is_twice || text.size == 0 || text.size > KEY_TEXT_MAX) {
        reply_fail(request, CODE_INVALID_ARGUMENT,
                   "Idempotency-Key must be given once, with 1 to 255 bytes", 0);
        return false;
    }
    digest_parts((DigestPart[]){{text.at, text.size}}, 1, key);
    *out = (ProtobufCBinaryData){WIRE_KEY_SIZE, key};
    return true;
}

static bool
read_trace(HttpRequest *request, char trace[WIRE_TRACEPARENT_MAX + 1])
{
    Slice text = head_field(&request->head, "traceparent", NULL);

    /* what cannot be one is no reason to refuse the call (Trace Context, 3.2.2) */
    if (text.at == NULL || !slice_copy(text, trace, WIRE_TRACEPARENT_MAX + 1))
        trace[0] = '\0';
    for (const char *c = trace; *c != '\0'; c++)
        if (!isalnum((unsigned char) *c) && *c != '-')
            trace[0] = '\0';
    return true;
}

static void
call_rpc(const ConnectPlace *place, HttpRequest *request, const char *tenant,
         const ProtobufCBinaryData *message)
{
    Request envelope = CLIENTIQ__V1__REQUEST__INIT;
    char token[2 * WIRE_TOKEN_MAX], trace[WIRE_TRACEPARENT_MAX + 1];
    uint8_t key[DIGEST_SIZE];

    if (!read_token(request, token, sizeof token) || !read_timeout(request, &envelope.timeout_ms) ||
        !read_key(request, key, &envelope.idempotency_key) || !read_trace(request, trace))
        return;
    envelope.method = (char *) (uintptr_t) request->method->name;
    envelope.tenant = (char *) (uintptr_t) tenant;
    envelope.token = token;
    envelope.traceparent = trace;
    envelope.payload = *message;
    send_call(place, request, &envelope, &call_ops);
    secret_wipe(token, sizeof token);
}

/* ---- the message ---- */

static void
call_with_json(const ConnectPlace *place, HttpRequest *request, const char *tenant,
               const char *text, size_t size)
{
    JsonError error;
    ProtobufCMessage *message;
    ProtobufCBinaryData packed = {0};

    if (size == 0) {
        reply_fail(request, CODE_INVALID_ARGUMENT,
                   "the message is missing: {} is one without fields", 0);
        return;
    }
    message = json_read_text(request->method->request->descriptor, text, size, JSON_IGNORE_UNKNOWN,
                             &error);
    if (message == NULL) {
        reply_fail_field(request, error.path, error.what);
        return;
    }
    packed.len = protobuf_c_message_get_packed_size(message);
    packed.data = malloc(packed.len + 1);
    if (packed.data == NULL) {
        http_drop(request);
    } else {
        protobuf_c_message_pack(message, packed.data);
        call_rpc(place, request, tenant, &packed);
        secret_wipe(packed.data, packed.len);
    }
    free(packed.data);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void
call_with(const ConnectPlace *place, HttpRequest *request, const char *tenant, uint8_t *data,
          size_t size)
{
    ProtobufCBinaryData message = {size, data};

    if (request->is_proto)
        call_rpc(place, request, tenant, &message);
    else
        call_with_json(place, request, tenant, (const char *) data, size);
}

/* application/json or application/proto. */
static bool
read_type(HttpRequest *request)
{
    bool is_twice;
    Slice rest = head_field(&request->head, "Content-Type", &is_twice), type = {NULL, 0};

    (void) slice_next(&rest, ';', &type);
    type = slice_trim(type);
    request->is_proto = slice_is_nocase(type, "application/proto");
    if (!is_twice && (request->is_proto || slice_is_nocase(type, "application/json")))
        return true;
    http_refuse(request, 415, "invalid_argument",
                "Content-Type must be application/json or application/proto",
                "Accept-Post: application/json, application/proto\r\n");
    return false;
}

static bool
read_coding(HttpRequest *request)
{
    Slice coding = head_field(&request->head, "Content-Encoding", NULL);

    if (coding.at == NULL || slice_is_nocase(coding, "identity"))
        return true;
    reply_fail(request, CODE_UNIMPLEMENTED, "Content-Encoding must be identity", 0);
    return false;
}

static bool
check_version(HttpRequest *request, Slice version, const char *expected)
{
    if (version.at == NULL || slice_is(version, expected))
        return true;
    reply_fail(request, CODE_INVALID_ARGUMENT, "the version of the Connect protocol must be 1", 0);
    return false;
}

static void
call_by_post(const ConnectPlace *place, HttpRequest *request, const char *tenant)
{
    static uint8_t nothing;

    if (read_type(request) && read_coding(request) &&
        check_version(request, head_field(&request->head, "Connect-Protocol-Version", NULL), "1"))
        call_with(place, request, tenant, request->body != NULL ? request->body : &nothing,
                  request->body_size);
}

/* base64 of either alphabet, with or without padding, in place. */
static bool
decode_base64(char *text, size_t *size)
{
    size_t digits = *size;

    while (digits > 0 && *size - digits < 2 && text[digits - 1] == '=')
        digits--;
    for (size_t i = 0; i < digits; i++)
        text[i] = (char) (text[i] == '+' || text[i] == ' ' ? '-' : text[i] == '/' ? '_' : text[i]);
    return sodium_base642bin((unsigned char *) text, *size + 1, text, digits, NULL, size, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

/* ?encoding=json&message=… of an rpc that only reads. */
static void
call_by_get(const ConnectPlace *place, HttpRequest *request, const char *tenant)
{
    bool twice[5];
    Slice query = request->head.query;
    Slice encoding = query_value(query, "encoding", &twice[0]);
    Slice message = query_value(query, "message", &twice[1]);
    Slice base64 = query_value(query, "base64", &twice[2]);
    Slice coding = query_value(query, "compression", &twice[3]);
    Slice version = query_value(query, "connect", &twice[4]);
    char text[HEAD_TARGET_MAX + 1];
    size_t size;

    request->is_proto = slice_is(encoding, "proto");
    if (twice[0] || twice[1] || twice[2] || twice[3] || twice[4])
        reply_fail(request, CODE_INVALID_ARGUMENT,
                   "encoding, message, base64, compression and connect may be given once", 0);
    else if (!request->is_proto && !slice_is(encoding, "json"))
        http_refuse(request, 415, "invalid_argument",
                    "encoding must be json or proto: ?encoding=json&message=%7B%7D", NULL);
    else if (coding.size > 0 && !slice_is(coding, "identity"))
        reply_fail(request, CODE_UNIMPLEMENTED, "compression must be identity", 0);
    else if (!check_version(request, version, "v1"))
        return;
    else if (message.at == NULL || !query_decode(message, text, &size) ||
             (slice_is(base64, "1") && !decode_base64(text, &size)))
        reply_fail(request, CODE_INVALID_ARGUMENT,
                   "message must be percent-encoded, or base64 of either alphabet with base64=1",
                   0);
    else
        call_with(place, request, tenant, (uint8_t *) text, size);
    secret_wipe(text, sizeof text);
}

/* ---- which rpc ---- */

static bool
is_get(const HttpRequest *request)
{
    return slice_is(request->head.method, "GET") || slice_is(request->head.method, "HEAD");
}

/* Others are refused, those that HTTP has and those that it has not. */
static bool
check_verb(HttpRequest *request)
{
    static const char *const known[] = {"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};

    if (is_get(request) || slice_is(request->head.method, "POST"))
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is(request->head.method, known[i])) {
            http_refuse(request, 405, "unimplemented", "the method must be GET, HEAD or POST",
                        allow_both);
            return false;
        }
    http_refuse(request, 501, "unimplemented", "there is no such HTTP method", NULL);
    return false;
}

/* The rpc's name in a path: behind /api/v1/ or behind / alone.  at is NULL: it cannot be one. */
static Slice
rpc_of(Slice path)
{
    static const char prefix[] = "/api/v1/";
    size_t skip = path.size > sizeof prefix - 1 && memcmp(path.at, prefix, sizeof prefix - 1) == 0
                      ? sizeof prefix - 1
                      : 1;
    Slice name = {path.at + skip, path.size - skip}, rest = name, service;

    (void) slice_next(&rest, '/', &service);
    return rest.at != NULL && memchr(service.at, '.', service.size) != NULL ? name
                                                                            : (Slice){NULL, 0};
}

static bool
find_rpc(HttpRequest *request)
{
    Slice path = rpc_of(request->head.path);
    char name[WIRE_METHOD_MAX + 1], words[WIRE_METHOD_MAX + 32];

    if (path.at == NULL || !slice_copy(path, name, sizeof name)) {
        http_refuse(request, 404, "not_found",
                    "there is nothing at this path: an rpc is at "
                    "/api/v1/clientiq.v1.SERVICE/METHOD",
                    NULL);
        return false;
    }
    request->method = method_find(name);
    if (request->method == NULL) {
        snprintf(words, sizeof words, "no method %s", name);
        http_refuse(request, 404, "unimplemented", words, NULL);
        return false;
    }
    if (is_get(request) && request->method->writes) {
        http_refuse(request, 405, "unimplemented", "this rpc writes: the method must be POST",
                    allow_post);
        return false;
    }
    return true;
}

static void
tell_about(const ConnectPlace *place, HttpRequest *request, const char *tenant)
{
    Request envelope = CLIENTIQ__V1__REQUEST__INIT;

    if (!is_get(request)) {
        http_refuse(request, 405, "unimplemented", "the method must be GET or HEAD", allow_get);
        return;
    }
    if (tenant[0] == '\0') {
        answer_about(request);
        return;
    }
    /* a call that anybody may try, and that says first whether the tenant is there */
    envelope.method = (char *) (uintptr_t) "clientiq.v1.UserService/GetMe";
    envelope.tenant = (char *) (uintptr_t) tenant;
    send_call(place, request, &envelope, &about_ops);
}

void
connect_handle(void *of, HttpRequest *request)
{
    const ConnectPlace *place = of;
    HostsAnswer host;

    metrics_add(place->core->metrics, METRIC_HTTP_REQUESTS);
    if (!check_verb(request))
        return;
    if (is_get(request) && request->body_size > 0) {
        http_refuse(request, 400, "invalid_argument", "GET and HEAD must have no body", NULL);
        return;
    }
    hosts_find(place->hosts, &request->head, &request->peer, &host);
    if (host.status != 0)
        http_refuse(request, host.status, host.status == 404 ? "not_found" : "invalid_argument",
                    host.words, NULL);
    else if (slice_is(request->head.path, "/"))
        tell_about(place, request, host.tenant);
    else if (!find_rpc(request))
        return;
    else if (is_get(request))
        call_by_get(place, request, host.tenant);
    else
        call_by_post(place, request, host.tenant);
}
