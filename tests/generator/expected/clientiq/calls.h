/* Made by tools/protoc-gen-ciq from proto/; do not edit.  Included by clientiq/client.h, which says
 * how calls behave.  */
#ifndef CLIENTIQ_CALLS_H
#define CLIENTIQ_CALLS_H

#include "clientiq/client.h"

#include "google/protobuf/timestamp.pb-c.h"
#include "sample.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef Sample__V1__Thing CiqThing;
typedef Sample__V1__GetThingRequest CiqGetThingRequest;
typedef Sample__V1__GetThingResponse CiqGetThingResponse;
typedef Sample__V1__PaintThingRequest CiqPaintThingRequest;
typedef Sample__V1__PaintThingResponse CiqPaintThingResponse;

/* Returns one thing.  */
typedef void (*CiqGetThingDone)(void *arg, CiqGetThingResponse *response, CiqError *error);
void ciq_get_thing_async(CiqClient *client, const CiqGetThingRequest *request,
    const CiqCallOptions *options, CiqGetThingDone done, void *arg);
CiqGetThingResponse *ciq_get_thing(CiqClient *client, const CiqGetThingRequest *request, CiqError **error);
CiqGetThingResponse *ciq_get_thing_with(CiqClient *client, const CiqGetThingRequest *request,
    const CiqCallOptions *options, CiqError **error);
void ciq_get_thing_response_free(CiqGetThingResponse *response);

/* Paints a thing, "quoted" \ and all,
 * in two lines.  */
typedef void (*CiqPaintThingDone)(void *arg, CiqPaintThingResponse *response, CiqError *error);
void ciq_paint_thing_async(CiqClient *client, const CiqPaintThingRequest *request,
    const CiqCallOptions *options, CiqPaintThingDone done, void *arg);
CiqPaintThingResponse *ciq_paint_thing(CiqClient *client, const CiqPaintThingRequest *request, CiqError **error);
CiqPaintThingResponse *ciq_paint_thing_with(CiqClient *client, const CiqPaintThingRequest *request,
    const CiqCallOptions *options, CiqError **error);
void ciq_paint_thing_response_free(CiqPaintThingResponse *response);

#ifdef __cplusplus
}
#endif

#endif
