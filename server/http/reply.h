/* A call's Reply as an HTTP answer: Connect's unary protocol.  */
#ifndef CIQ_SERVER_HTTP_REPLY_H
#define CIQ_SERVER_HTTP_REPLY_H

#include "http/request.h"

/* Answers the request; see http_answer. */
void reply_answer(HttpRequest *request, const Reply *reply, uint32_t pause_ms);

/* The same with a failure that no call has made: HTTP's side found it. */
void reply_fail(HttpRequest *request, Code code, const char *message, uint32_t retry_after_ms);

/* The same about one field of the rpc's request. */
void reply_fail_field(HttpRequest *request, const char *field, const char *what);

#endif
