/* The envelope of a call, packed once for all its attempts, and what each of them adds.  */
#include "client/request.h"
#include "proto/message.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int) CIQ_KEY_SIZE == (int) WIRE_KEY_SIZE,
               "a key is as long as the server takes it");

enum {
    ATTEMPT_FIELDS_MAX = 26, /* bytes of what each attempt appends to its request */
    NNG_HEADER_SIZE = 4      /* bytes of REQ's id, which the peer's NNG_OPT_RECVMAXSZ counts too */
};

static char *
text_of(const char *text)
{
    return (char *) (uintptr_t) (text != NULL ? text : "");
}

CiqError *
request_pack(CiqClient *client, const Method *method, const ProtobufCMessage *message,
             const CiqCallOptions *options, bool explain, uint8_t **packed, size_t *size)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t key[CIQ_KEY_SIZE];
    CiqError *error = NULL;
    size_t on_wire;

    request.method = text_of(method->name);
    request.explain = explain;
    request.traceparent = text_of(options->traceparent);
    request.payload.len = protobuf_c_message_get_packed_size(message);
    request.payload.data = malloc(request.payload.len + 1);
    if (request.payload.data == NULL)
        return ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
    protobuf_c_message_pack(message, request.payload.data);
    if (method->writes && !method->never_replayed) {
        if (options->idempotency_key != NULL)
            memcpy(key, options->idempotency_key, sizeof key);
        else
            randombytes_buf(key, sizeof key);
        request.idempotency_key = (ProtobufCBinaryData){sizeof key, key};
    }

    pthread_mutex_lock(&client->lock);
    request.tenant = text_of(options->tenant != NULL ? options->tenant : client->tenant);
    request.token = text_of(options->token != NULL ? options->token : client->token);
    request.origin = text_of(options->origin != NULL ? options->origin : client->origin);
    *size = clientiq__v1__request__get_packed_size(&request);
    on_wire = *size + ATTEMPT_FIELDS_MAX + NNG_HEADER_SIZE;
    *packed = on_wire <= WIRE_MESSAGE_MAX ? malloc(*size) : NULL;
    if (on_wire > WIRE_MESSAGE_MAX)
        error =
            ciq_error_new(CODE_INVALID_ARGUMENT,
                          "the request has %zu bytes, more than the %d that one message may have",
                          on_wire, WIRE_MESSAGE_MAX);
    else if (*packed == NULL)
        error = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
    else
        clientiq__v1__request__pack(&request, *packed);
    pthread_mutex_unlock(&client->lock);

    sodium_memzero(request.payload.data, request.payload.len);
    free(request.payload.data);
    return error;
}

static size_t
put_varint(uint8_t *out, uint64_t value)
{
    size_t size = 0;

    for (; value >= 0x80; value >>= 7)
        out[size++] = (uint8_t) (value | 0x80);
    out[size++] = (uint8_t) value;
    return size;
}

/* What is appended comes last: if a field comes twice in a message, the last one counts. */
nng_msg *
request_message(const uint8_t *packed, size_t packed_size, uint32_t left_ms, uint64_t run,
                uint64_t deadline_us)
{
    enum { TIMEOUT_MS = 6 << 3, RUN = 10 << 3 | 1, DEADLINE_US = 11 << 3 };
    uint8_t fields[ATTEMPT_FIELDS_MAX];
    size_t size = 0;
    nng_msg *message;
    uint8_t *body;

    fields[size++] = TIMEOUT_MS;
    size += put_varint(fields + size, left_ms);
    if (run != 0) {
        fields[size++] = RUN;
        for (int i = 0; i < 8; i++)
            fields[size++] = (uint8_t) (run >> 8 * i);
        fields[size++] = DEADLINE_US;
        size += put_varint(fields + size, deadline_us);
    }
    message = message_new(packed_size + size);
    if (message == NULL)
        return NULL;
    body = nng_msg_body(message);
    memcpy(body, packed, packed_size);
    memcpy(body + packed_size, fields, size);
    return message;
}
