/* Made by tools/protoc-gen-ciq from proto/; do not edit.  */
/* The types of all services under their own names, and the handlers of the rpcs that
 * need more than one statement; each is in server/rpc/.  */
#ifndef CIQ_RPC_H
#define CIQ_RPC_H

#include "call/call.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "sample.pb-c.h"

typedef Sample__V1__Thing Thing;
typedef Sample__V1__GetThingRequest GetThingRequest;
typedef Sample__V1__GetThingResponse GetThingResponse;
typedef Sample__V1__PaintThingRequest PaintThingRequest;
typedef Sample__V1__PaintThingResponse PaintThingResponse;

/* Paints a thing, "quoted" \ and all,
 * in two lines.  */
MUST_CHECK bool rpc_paint_thing(Call *call, const PaintThingRequest *request, PaintThingResponse *response);

#endif
