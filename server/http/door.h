/* An address that listens: who comes is counted, and given to one of the loops in turn.  */
#ifndef CIQ_SERVER_HTTP_DOOR_H
#define CIQ_SERVER_HTTP_DOOR_H

#include "http/connection.h"

typedef struct Door Door;

typedef struct DoorOptions {
    const char *setting; /* "--http", for what is said */
    const char *address; /* "127.0.0.1:7480", "[::1]:0" */
    size_t loops;        /* threads */
    CensusLimits limits; /* but for close */
    Intake *intake;      /* see HttpPlace, also the next two */
    void (*handle)(void *of, HttpRequest *request);
    void *of;
} DoorOptions;

/* NULL: reason says why, and what may be done about it. */
MUST_CHECK Door *door_open(const DoorOptions *options, char *reason, size_t size);

/* Closes all connections and frees it; by then nobody serves a request of it any more.  NULL is
 * fine. */
void door_close(Door *door);

/* Whether this is an address to listen on; reason says what is wrong with it. */
MUST_CHECK bool door_check(const char *setting, const char *address, char *reason, size_t size);

/* "http://127.0.0.1:7480", with the port that it has. */
const char *door_url(const Door *door);

size_t door_connections(const Door *door);

#endif
