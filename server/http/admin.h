/* For those who watch the server: /livez, /readyz and /metrics, on an address of their own.  */
#ifndef CIQ_SERVER_HTTP_ADMIN_H
#define CIQ_SERVER_HTTP_ADMIN_H

#include "http/door.h"
#include "serve/listener.h"
#include "serve/queue.h"

typedef struct AdminPlace {
    Core *core;
    Queue *const *queues; /* by lane */
    Listener *listener;
    const Door *calls;  /* NULL: none */
    bool has_heartbeat; /* false: both logins are behind a pooler, and memory never answers */
} AdminPlace;

/* HttpPlace.handle; of is an AdminPlace. */
void admin_handle(void *of, HttpRequest *request);

#endif
