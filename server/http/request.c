/* Requests and the bytes of their answers.  */
#include "http/request.h"
#include "base/clock.h"
#include "base/secret.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BODY_FIRST = 4096, /* bytes of a body's first block: what is announced is not believed */
    HEAD_ROOM = 512    /* bytes of an answer's own fields */
};

HttpRequest *
request_new(const char *head, size_t size)
{
    HttpRequest *request = malloc(sizeof *request + size);

    if (request == NULL)
        return NULL;
    *request = (HttpRequest){.head_size = size};
    memcpy(request->head_bytes, head, size);
    return request;
}

void
request_free(HttpRequest *request)
{
    if (request->body != NULL)
        secret_wipe(request->body, request->body_room);
    if (request->packed != NULL)
        secret_wipe(request->packed, request->exchange.size);
    if (request->answer != NULL)
        secret_wipe(request->answer, request->answer_size);
    secret_wipe(request->head_bytes, request->head_size);
    free(request->body);
    free(request->packed);
    free(request->answer);
    free(request);
}

bool
request_body_room(HttpRequest *request, size_t more)
{
    size_t room = request->body_room == 0 ? BODY_FIRST : request->body_room;
    uint8_t *body;

    while (room - request->body_size < more)
        room *= 2;
    if (room == request->body_room)
        return true;
    body = malloc(room);
    if (body == NULL)
        return false;
    if (request->body_size > 0) {
        memcpy(body, request->body, request->body_size);
        secret_wipe(request->body, request->body_size);
    }
    free(request->body);
    request->body = body;
    request->body_room = room;
    return true;
}

/* ---- answers ---- */

static const char *
reason_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {408, "Request Timeout"},
                   {409, "Conflict"},
                   {413, "Content Too Large"},
                   {414, "URI Too Long"},
                   {415, "Unsupported Media Type"},
                   {417, "Expectation Failed"},
                   {429, "Too Many Requests"},
                   {431, "Request Header Fields Too Large"},
                   {499, "Client Closed Request"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Timeout"},
                   {505, "HTTP Version Not Supported"}};

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

/* RFC 9110, 5.6.7. */
static void
print_date(char date[40])
{
    time_t now = (time_t) (clock_unix_us() / 1000000);
    struct tm calendar;

    gmtime_r(&now, &calendar);
    strftime(date, 40, "%a, %d %b %Y %H:%M:%S GMT", &calendar);
}

char *
http_answer_bytes(const HttpAnswer *answer, bool is_head, bool closes, size_t *size)
{
    const char *fields = answer->fields != NULL ? answer->fields : "";
    size_t room = HEAD_ROOM + strlen(fields) + strlen(answer->type) + answer->size;
    char *bytes = malloc(room), date[40];
    int used;

    if (bytes == NULL)
        return NULL;
    print_date(date);
    used = snprintf(bytes, room,
                    "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                    "Connection: %s\r\n%s\r\n",
                    answer->status, reason_of(answer->status), date, answer->type, answer->size,
                    closes ? "close" : "keep-alive", fields);
    *size = (size_t) used;
    if (!is_head && answer->size > 0) {
        memcpy(bytes + used, answer->body, answer->size);
        *size += answer->size;
    }
    return bytes;
}

/* An answer that was made on the loop's own thread, while it calls the handler, is taken there. */
static void
tell(HttpRequest *request, uint32_t pause_ms)
{
    if (pause_ms == 0 && loop_is_here(request->loop) && request->is_current)
        request->is_answered = true;
    else
        loop_post(request->loop, &request->letter, pause_ms);
}

void
http_answer(HttpRequest *request, const HttpAnswer *answer, uint32_t pause_ms)
{
    request->status = answer->status;
    request->answer = http_answer_bytes(answer, slice_is(request->head.method, "HEAD"),
                                        request->closes, &request->answer_size);
    tell(request, pause_ms);
}

void
http_drop(HttpRequest *request)
{
    tell(request, 0);
}

/* {"code": …, "message": …}, from malloc. */
static char *
refusal_text(const char *code, const char *message)
{
    json_t *json = json_pack("{s:s, s:s}", "code", code, "message", message);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    return text;
}

void
http_refuse(HttpRequest *request, unsigned status, const char *code, const char *message,
            const char *fields)
{
    char *text = refusal_text(code, message);

    if (text == NULL) {
        http_drop(request);
        return;
    }
    http_answer(request,
                &(HttpAnswer){.status = status,
                              .type = "application/json",
                              .body = text,
                              .size = strlen(text),
                              .fields = fields},
                0);
    free(text);
}

/* What a status that HTTP itself refuses with is among Connect's codes. */
static const char *
code_of(unsigned status)
{
    return status == 408   ? "deadline_exceeded"
           : status == 501 ? "unimplemented"
                           : "invalid_argument";
}

char *
http_refusal_bytes(const HeadRefusal *refusal, size_t *size)
{
    char *text = refusal_text(code_of(refusal->status), refusal->words), *bytes = NULL;

    if (text != NULL)
        bytes = http_answer_bytes(&(HttpAnswer){.status = refusal->status,
                                                .type = "application/json",
                                                .body = text,
                                                .size = strlen(text)},
                                  false, true, size);
    free(text);
    return bytes;
}
