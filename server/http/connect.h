/* Requests that are calls: Connect's unary protocol, and what stands at "/".  */
#ifndef CIQ_SERVER_HTTP_CONNECT_H
#define CIQ_SERVER_HTTP_CONNECT_H

#include "http/hosts.h"
#include "http/request.h"
#include "serve/intake.h"

typedef struct ConnectPlace {
    Core *core;
    Intake *intake;
    Hosts *hosts;
} ConnectPlace;

/* HttpPlace.handle; of is a ConnectPlace. */
void connect_handle(void *of, HttpRequest *request);

#endif
