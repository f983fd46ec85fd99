/* Why a call failed: the reply of the server, or an error that was made on this side.  */
#include "client/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CiqError {
    Reply *reply; /* NULL: made on this side */
    int code;
    char *text;
};

/* The error for when there is no memory for an error.  It is never freed. */
static CiqError no_memory = {.code = CODE_RESOURCE_EXHAUSTED};

CiqError *
ciq_error_new(Code code, const char *format, ...)
{
    CiqError *error = calloc(1, sizeof *error);
    va_list arguments;

    if (error == NULL)
        return &no_memory;
    error->code = (int) code;
    va_start(arguments, format);
    if (vasprintf(&error->text, format, arguments) < 0)
        error->text = NULL;
    va_end(arguments);
    return error;
}

CiqError *
error_of_reply(Reply *reply)
{
    CiqError *error = calloc(1, sizeof *error);

    if (error == NULL) {
        ciq_reply_free(reply);
        return &no_memory;
    }
    error->reply = reply;
    /* a number that is not a code counts as UNKNOWN, as in gRPC */
    error->code = (int) reply->code > CODE_OK && (int) reply->code <= CODE_UNAUTHENTICATED
                      ? (int) reply->code
                      : CODE_UNKNOWN;
    return error;
}

void
ciq_reply_free(Reply *reply)
{
    if (reply != NULL)
        clientiq__v1__reply__free_unpacked(reply, NULL);
}

int
ciq_error_code(const CiqError *error)
{
    return error->code;
}

const char *
ciq_error_code_name(const CiqError *error)
{
    return code_name(error->code);
}

const char *
ciq_error_message(const CiqError *error)
{
    if (error->reply != NULL)
        return error->reply->message;
    return error->text != NULL ? error->text : "no memory";
}

uint32_t
ciq_error_retry_after_ms(const CiqError *error)
{
    return error->reply != NULL ? error->reply->retry_after_ms : 0;
}

const char *
ciq_error_request_id(const CiqError *error)
{
    return error->reply != NULL ? error->reply->request_id : "";
}

size_t
ciq_error_violations(const CiqError *error)
{
    return error->reply != NULL ? error->reply->n_violations : 0;
}

const char *
ciq_error_violation_field(const CiqError *error, size_t index)
{
    return index < ciq_error_violations(error) ? error->reply->violations[index]->field : "";
}

const char *
ciq_error_violation_text(const CiqError *error, size_t index)
{
    return index < ciq_error_violations(error) ? error->reply->violations[index]->description : "";
}

void
ciq_error_free(CiqError *error)
{
    if (error == NULL || error == &no_memory)
        return;
    ciq_reply_free(error->reply);
    free(error->text);
    free(error);
}
