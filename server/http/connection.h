/* One connection of HTTP/1.1: reads requests one after the other, has each served, and sends the
 * answers.  What a peer sends ahead (pipelining) waits in the kernel.  All on its loop's thread. */
#ifndef CIQ_SERVER_HTTP_CONNECTION_H
#define CIQ_SERVER_HTTP_CONNECTION_H

#include "http/request.h"
#include "serve/census.h"
#include "serve/intake.h"

/* What all connections of one listener share. */
struct HttpPlace {
    Census *census;
    Intake *intake; /* told of answers to calls; NULL: there are none */
    void (*handle)(void *of, HttpRequest *request); /* a whole request; answers it, or has it
                                                     * answered, by any thread */
    void *of;
    atomic_size_t connections; /* that there are */
};

/* Takes somebody who has come: fd is the connection's from now on, also where the answer is not
 * CENSUS_IN and it was closed. */
MUST_CHECK CensusAnswer connection_open(HttpPlace *place, Loop *loop, int fd, const Peer *peer,
                                        const char *address);

/* What the census calls. */
void connection_told_to_close(Guest *guest);

#endif
