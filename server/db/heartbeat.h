/* The listener connection that keeps the cache valid: it hears what transactions of any server
 * changed, and notifies itself to know that it has heard everything.  */
#ifndef CIQ_SERVER_HEARTBEAT_H
#define CIQ_SERVER_HEARTBEAT_H

#include "call/call.h"

typedef struct Heartbeat Heartbeat;

/* Starts the thread.  NULL: no memory or no thread. */
MUST_CHECK Heartbeat *heartbeat_start(Server *server);
void heartbeat_stop(Heartbeat *heartbeat);

#endif
