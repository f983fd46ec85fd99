/* The generic call under the typed ones; for generated code, ciq-client and tests.  */
#ifndef CIQ_CLIENT_CALL_H
#define CIQ_CLIENT_CALL_H

#include "clientiq/client.h"
#include "proto/method.h"
#include "proto/wire.h"

/* A function of no known type; only its own thunk may call it. */
typedef void (*CiqAnyFunction)(void);
typedef void (*CiqThunk)(CiqAnyFunction done, void *arg, ProtobufCMessage *response,
                         CiqError *error);

/* Calls done exactly once: from nng's callback, or before it returns if the call cannot start. done
 * owns response (protobuf_c_message_free_unpacked) or error, of which one is NULL, and must not
 * block. */
void ciq_call_async(CiqClient *client, const Method *method, const ProtobufCMessage *request,
                    uint32_t timeout_ms, CiqThunk thunk, CiqAnyFunction done, void *arg);

/* Waits.  NULL: *error says why; error may be NULL. */
ProtobufCMessage *ciq_call(CiqClient *client, const Method *method, const ProtobufCMessage *request,
                           CiqError **error);

/* What one call may have different from its client. */
typedef struct CiqCallOptions {
    const char *tenant;             /* NULL: the client's */
    const char *token;              /* NULL: the client's */
    const char *origin;             /* NULL: the client's */
    const uint8_t *idempotency_key; /* WIRE_KEY_SIZE bytes; NULL: a random one */
    uint32_t timeout_ms;            /* 0: the client's */
    bool explain;
    bool once; /* do not repeat */
} CiqCallOptions;

/* Like ciq_call.  reply, if not NULL, gets the envelope of a call that succeeded (ciq_reply_free),
 * with the statements if explain was asked for; NULL otherwise. */
ProtobufCMessage *ciq_call_with(CiqClient *client, const Method *method,
                                const ProtobufCMessage *request, const CiqCallOptions *options,
                                Reply **reply, CiqError **error);
void ciq_reply_free(Reply *reply);

/* The URLs of a client that is given none: CIQ_URL's, or this machine's server.  From malloc; NULL:
 * no memory. */
char *ciq_default_urls(void);

/* An error of the caller's own making. */
CiqError *ciq_error_new(Code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
