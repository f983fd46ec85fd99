/* Made by tools/protoc-gen-ciq from proto/; do not edit.  */
#include "serve/methods.h"
#include "db/queries.h"
#include "rpc/handlers.h"

static bool
serve_paint_thing(Call *call, const ProtobufCMessage *request, ProtobufCMessage *response)
{
    return rpc_paint_thing(call, (const PaintThingRequest *) request, (PaintThingResponse *) response);
}

const ServerMethod server_methods[] = {
    {.query = &query_rpc_get_thing},
    {.handler = serve_paint_thing},
};
