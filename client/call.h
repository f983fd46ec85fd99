/* The generic call under the typed ones; for generated code, ciq-client and tests.  */
#ifndef CIQ_CLIENT_CALL_H
#define CIQ_CLIENT_CALL_H

#include "clientiq/client.h"
#include "proto/method.h"
#include "proto/wire.h"

/* A callback of any type; only the thunk that knows its type may call it. */
typedef void (*CiqAnyFunction)(void);
typedef void (*CiqThunk)(CiqAnyFunction done, void *arg, ProtobufCMessage *response,
                         CiqError *error);

/* Calls done exactly once: from a thread of nng's, or before it returns if the call cannot start.
 * done gets a response, to be freed with protobuf_c_message_free_unpacked, or an error; the other
 * one is NULL.  It must not block. */
void ciq_call_async(CiqClient *client, const Method *method, const ProtobufCMessage *request,
                    const CiqCallOptions *options, CiqThunk thunk, CiqAnyFunction done, void *arg);

/* Waits for the answer.  NULL: *error says why; options and error may be NULL. */
ProtobufCMessage *ciq_call(CiqClient *client, const Method *method, const ProtobufCMessage *request,
                           const CiqCallOptions *options, CiqError **error);

/* The same, and *reply gets the envelope of a call that succeeded, with the statements that ran if
 * explain asks for them; free it with ciq_reply_free.  It gets NULL if the call failed. */
ProtobufCMessage *ciq_call_reply(CiqClient *client, const Method *method,
                                 const ProtobufCMessage *request, const CiqCallOptions *options,
                                 bool explain, Reply **reply, CiqError **error);
void ciq_reply_free(Reply *reply);

/* The URLs for a client that is given none: those in CIQ_URL, or that of this machine's server.
 * From malloc; NULL: no memory. */
char *ciq_default_urls(void);

/* An error that is made on this side, without a reply. */
CiqError *ciq_error_new(Code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
