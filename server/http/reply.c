/* What came out of a call becomes JSON or protobuf, on the thread that made it.  The statuses of
 * codes, and the form of errors, are those of https://connectrpc.com/docs/protocol.  */
#include "http/reply.h"
#include "base/log.h"
#include "base/secret.h"
#include "proto/json_write.h"

#include <google/rpc/error_details.pb-c.h>

#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_SIZE = 256 }; /* bytes of the fields of an answer that are made here */

static unsigned
status_of(Code code)
{
    switch (code) {
    case CODE_OK:
        return 200;
    case CODE_CANCELLED:
        return 499;
    case CODE_INVALID_ARGUMENT:
    case CODE_FAILED_PRECONDITION:
    case CODE_OUT_OF_RANGE:
        return 400;
    case CODE_UNAUTHENTICATED:
        return 401;
    case CODE_PERMISSION_DENIED:
        return 403;
    case CODE_NOT_FOUND:
        return 404;
    case CODE_ALREADY_EXISTS:
    case CODE_ABORTED:
        return 409;
    case CODE_RESOURCE_EXHAUSTED:
        return 429;
    case CODE_UNIMPLEMENTED:
        return 501;
    case CODE_UNAVAILABLE:
        return 503;
    case CODE_DEADLINE_EXCEEDED:
        return 504;
    case CODE_UNKNOWN:
    case CODE_INTERNAL:
    case CODE_DATA_LOSS:
        break;
    }
    return 500;
}

/* "invalid_argument"; it is Connect that writes "canceled" with one l. */
static void
code_word(Code code, char word[32])
{
    snprintf(word, 32, "%s", code == CODE_CANCELLED ? "canceled" : code_name((int) code));
    for (char *c = word; *c != '\0'; c++)
        *c = (char) tolower((unsigned char) *c);
}

/* The answer's fields: its request id, when to try again, and how to sign in. */
static void
print_fields(const Reply *reply, unsigned status, char fields[FIELDS_SIZE])
{
    size_t used = 0;

    fields[0] = '\0';
    if (reply->request_id[0] != '\0')
        used += (size_t) snprintf(fields, FIELDS_SIZE, "X-Request-Id: %s\r\n", reply->request_id);
    if (reply->retry_after_ms > 0)
        used +=
            (size_t) snprintf(fields + used, FIELDS_SIZE - used, "Retry-After: %" PRIu32 "\r\n",
                              reply->retry_after_ms / 1000 + (reply->retry_after_ms % 1000 > 0));
    if (status == 401)
        snprintf(fields + used, FIELDS_SIZE - used, "WWW-Authenticate: Bearer\r\n");
}

/* ---- errors ---- */

/* Appends {"type": …, "value": …, "debug": …}; false: no memory, and what was there is shown. */
static bool
add_detail(json_t *details, const ProtobufCMessage *message, json_t *debug)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    uint8_t *packed = malloc(size + 1);
    char *base64 = malloc(room);
    bool ok = false;

    if (packed != NULL && base64 != NULL) {
        protobuf_c_message_pack(message, packed);
        sodium_bin2base64(base64, room, packed, size, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
        ok = json_array_append_new(details,
                                   json_pack("{s:s, s:s, s:O}", "type", message->descriptor->name,
                                             "value", base64, "debug", debug)) == 0;
    }
    json_decref(debug);
    free(packed);
    free(base64);
    return ok;
}

static bool
add_violations(json_t *details, const Reply *reply)
{
    Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
    Google__Rpc__BadRequest__FieldViolation all[LIMIT_VIOLATIONS], *list[LIMIT_VIOLATIONS];

    for (size_t i = 0; i < reply->n_violations && i < LIMIT_VIOLATIONS; i++) {
        google__rpc__bad_request__field_violation__init(&all[i]);
        all[i].field = reply->violations[i]->field;
        all[i].description = reply->violations[i]->description;
        list[i] = &all[i];
        bad.n_field_violations++;
    }
    bad.field_violations = list;
    return bad.n_field_violations == 0 || add_detail(details, &bad.base, json_write(&bad.base, 0));
}

static bool
add_retry(json_t *details, const Reply *reply)
{
    Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    char text[32];

    if (reply->retry_after_ms == 0)
        return true;
    delay.seconds = reply->retry_after_ms / 1000;
    delay.nanos = (int32_t) (reply->retry_after_ms % 1000) * 1000000;
    info.retry_delay = &delay;
    snprintf(text, sizeof text, "%" PRIu32 ".%03" PRIu32 "s", reply->retry_after_ms / 1000,
             reply->retry_after_ms % 1000);
    return add_detail(details, &info.base, json_pack("{s:s}", "retryDelay", text));
}

static bool
add_request(json_t *details, const Reply *reply)
{
    Google__Rpc__RequestInfo info = GOOGLE__RPC__REQUEST_INFO__INIT;

    info.request_id = reply->request_id;
    return reply->request_id[0] == '\0' ||
           add_detail(details, &info.base, json_pack("{s:s}", "requestId", reply->request_id));
}

/* From malloc; NULL: no memory. */
static char *
error_text(const Reply *reply)
{
    char word[32], *text = NULL;
    json_t *details = json_array(), *json;

    code_word((Code) reply->code, word);
    json = json_pack("{s:s, s:s}", "code", word, "message", reply->message);
    if (details != NULL && json != NULL && add_violations(details, reply) &&
        add_retry(details, reply) && add_request(details, reply) &&
        (json_array_size(details) == 0 || json_object_set(json, "details", details) == 0))
        text = json_dumps(json, JSON_COMPACT);
    json_decref(details);
    json_decref(json);
    return text;
}

/* ---- responses ---- */

/* As JSON, from malloc; NULL: no memory, or our own bytes are not what they should be. */
static char *
response_text(const HttpRequest *request, const ProtobufCBinaryData *payload, size_t *size)
{
    ProtobufCMessage *response = protobuf_c_message_unpack(request->method->response->descriptor,
                                                           NULL, payload->len, payload->data);
    char *text = response == NULL ? NULL : json_write_text(response, 0, size);

    protobuf_c_message_free_unpacked(response, NULL);
    return text;
}

void
reply_answer(HttpRequest *request, const Reply *reply, uint32_t pause_ms)
{
    unsigned status = status_of((Code) reply->code);
    char fields[FIELDS_SIZE], *text = NULL;
    HttpAnswer answer = {.status = status, .type = "application/json", .fields = fields};

    print_fields(reply, status, fields);
    if (reply->code == CLIENTIQ__V1__CODE__CODE_UNSPECIFIED && request->is_proto) {
        answer.type = "application/proto";
        answer.body = (const char *) reply->payload.data;
        answer.size = reply->payload.len;
    } else if (reply->code == CLIENTIQ__V1__CODE__CODE_UNSPECIFIED) {
        answer.body = text = response_text(request, &reply->payload, &answer.size);
    } else {
        answer.body = text = error_text(reply);
        answer.size = text == NULL ? 0 : strlen(text);
    }
    if (text == NULL && !(request->is_proto && answer.body == (const char *) reply->payload.data)) {
        log_write(LOG_LEVEL_ERROR, "an answer cannot be written as JSON", "id=%s",
                  reply->request_id);
        http_drop(request);
        return;
    }
    http_answer(request, &answer, pause_ms);
    if (text != NULL)
        secret_wipe(text, strlen(text));
    free(text);
}

void
reply_fail(HttpRequest *request, Code code, const char *message, uint32_t retry_after_ms)
{
    Reply reply = CLIENTIQ__V1__REPLY__INIT;

    reply.code = (Clientiq__V1__Code) code;
    reply.message = (char *) (uintptr_t) message;
    reply.retry_after_ms = retry_after_ms;
    reply_answer(request, &reply, 0);
}

void
reply_fail_field(HttpRequest *request, const char *field, const char *what)
{
    Reply reply = CLIENTIQ__V1__REPLY__INIT;
    FieldViolation violation = CLIENTIQ__V1__FIELD_VIOLATION__INIT, *violations[] = {&violation};
    char message[1024];

    snprintf(message, sizeof message, "%s%s%s", field, field[0] != '\0' ? " " : "", what);
    violation.field = (char *) (uintptr_t) field;
    violation.description = (char *) (uintptr_t) what;
    reply.code = (Clientiq__V1__Code) CODE_INVALID_ARGUMENT;
    reply.message = message;
    reply.violations = violations;
    reply.n_violations = field[0] != '\0';
    reply_answer(request, &reply, 0);
}
