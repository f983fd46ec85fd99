/* Made by tools/protoc-gen-ciq from proto/; do not edit.  */
#include "clientiq/client.h"
#include "client/call.h"

/* The callback was passed on without its type, and gets it back here.  */
static void
get_thing_done(CiqAnyFunction done, void *arg, ProtobufCMessage *response, CiqError *error)
{
    ((CiqGetThingDone) done)(arg, (CiqGetThingResponse *) response, error);
}

void
ciq_get_thing_async(CiqClient *client, const CiqGetThingRequest *request, const CiqCallOptions *options, CiqGetThingDone done, void *arg)
{
    ciq_call_async(client, &methods[0], (const ProtobufCMessage *) request, options, get_thing_done, (CiqAnyFunction) done, arg);
}

CiqGetThingResponse *
ciq_get_thing(CiqClient *client, const CiqGetThingRequest *request, CiqError **error)
{
    return (CiqGetThingResponse *) ciq_call(client, &methods[0], (const ProtobufCMessage *) request, NULL, error);
}

CiqGetThingResponse *
ciq_get_thing_with(CiqClient *client, const CiqGetThingRequest *request, const CiqCallOptions *options, CiqError **error)
{
    return (CiqGetThingResponse *) ciq_call(client, &methods[0], (const ProtobufCMessage *) request, options, error);
}

void
ciq_get_thing_response_free(CiqGetThingResponse *response)
{
    if (response != NULL)
        protobuf_c_message_free_unpacked((ProtobufCMessage *) response, NULL);
}

/* The callback was passed on without its type, and gets it back here.  */
static void
paint_thing_done(CiqAnyFunction done, void *arg, ProtobufCMessage *response, CiqError *error)
{
    ((CiqPaintThingDone) done)(arg, (CiqPaintThingResponse *) response, error);
}

void
ciq_paint_thing_async(CiqClient *client, const CiqPaintThingRequest *request, const CiqCallOptions *options, CiqPaintThingDone done, void *arg)
{
    ciq_call_async(client, &methods[1], (const ProtobufCMessage *) request, options, paint_thing_done, (CiqAnyFunction) done, arg);
}

CiqPaintThingResponse *
ciq_paint_thing(CiqClient *client, const CiqPaintThingRequest *request, CiqError **error)
{
    return (CiqPaintThingResponse *) ciq_call(client, &methods[1], (const ProtobufCMessage *) request, NULL, error);
}

CiqPaintThingResponse *
ciq_paint_thing_with(CiqClient *client, const CiqPaintThingRequest *request, const CiqCallOptions *options, CiqError **error)
{
    return (CiqPaintThingResponse *) ciq_call(client, &methods[1], (const ProtobufCMessage *) request, options, error);
}

void
ciq_paint_thing_response_free(CiqPaintThingResponse *response)
{
    if (response != NULL)
        protobuf_c_message_free_unpacked((ProtobufCMessage *) response, NULL);
}
