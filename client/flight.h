/* A call in flight.  */
#ifndef CIQ_CLIENT_FLIGHT_H
#define CIQ_CLIENT_FLIGHT_H

#include "client/internal.h"

/* Begins a call; thunk is called exactly once, perhaps before this returns.  explain and
 * reply as in ciq_call_reply. */
void flight_start(CiqClient *client, const Method *method, const ProtobufCMessage *request,
                  const CiqCallOptions *options, bool explain, Reply **reply, CiqThunk thunk,
                  CiqAnyFunction done, void *arg);

/* A look at all servers and calls, now and then while calls are in flight: the callback of
 * CiqClient.watch, whose argument is the client. */
void flights_watch(void *argument, int error);

/* Ends every call, and waits for their callbacks. */
void flights_end(CiqClient *client);

/* By then they have ended. */
void flights_free(CiqClient *client);

#endif
