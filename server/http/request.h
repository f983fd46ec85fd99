/* One HTTP request, from when its head is read until its answer is sent.  It belongs to its
 * connection's loop, but while it is being served: then to whoever serves it, until http_answer or
 * http_drop.  */
#ifndef CIQ_SERVER_HTTP_REQUEST_H
#define CIQ_SERVER_HTTP_REQUEST_H

#include "call/call.h"
#include "http/chunks.h"
#include "http/head.h"
#include "http/loop.h"
#include "serve/exchange.h"

typedef struct HttpConnection HttpConnection;
typedef struct HttpPlace HttpPlace;

typedef struct HttpRequest {
    Exchange exchange; /* its first member: a call, if the request becomes one */
    Letter letter;     /* tells the connection that it is answered */
    Loop *loop;
    HttpPlace *place;
    HttpConnection *connection; /* the loop's: NULL: it has closed */
    atomic_bool is_gone;        /* it has closed */
    bool is_current;  /* the loop's: the handler was called and has not returned, so an answer on
                       * this thread needs no letter */
    bool is_answered; /* the loop's */
    bool closes;      /* the connection, after the answer */
    Peer peer;
    Head head; /* points into head_bytes */
    Chunks chunks;
    uint8_t *body; /* from malloc */
    size_t body_size, body_room;

    /* of a call */
    const Method *method;
    bool is_proto;   /* its body and its answer are protobuf, otherwise JSON */
    uint8_t *packed; /* the envelope */

    char *answer; /* as it is sent, from malloc; NULL: none, and the connection closes */
    size_t answer_size;
    unsigned status;
    size_t head_size;
    char head_bytes[];
} HttpRequest;

typedef struct HttpAnswer {
    unsigned status;
    const char *type; /* of the body */
    const char *body;
    size_t size;
    const char *fields; /* further fields, each with CR LF; NULL: none */
} HttpAnswer;

/* A copy of the bytes of a head, which is not read yet.  NULL: no memory. */
MUST_CHECK HttpRequest *request_new(const char *head, size_t size);

/* What was in it may have been secret: it is overwritten. */
void request_free(HttpRequest *request);

/* Room for so many bytes more of the body.  False: no memory. */
MUST_CHECK bool request_body_room(HttpRequest *request, size_t more);

/* Answers, on any thread, pause_ms later; the request is its connection's again. */
void http_answer(HttpRequest *request, const HttpAnswer *answer, uint32_t pause_ms);

/* The same with JSON {"code": …, "message": …}, as Connect has it; fields as in HttpAnswer. */
void http_refuse(HttpRequest *request, unsigned status, const char *code, const char *message,
                 const char *fields);

/* Nothing is answered: nobody would get it, or there is no memory. */
void http_drop(HttpRequest *request);

/* An answer as it is sent, from malloc; NULL: no memory. */
MUST_CHECK char *http_answer_bytes(const HttpAnswer *answer, bool is_head, bool closes,
                                   size_t *size);

/* The same as http_refuse has it. */
MUST_CHECK char *http_refusal_bytes(const HeadRefusal *refusal, size_t *size);

#endif
