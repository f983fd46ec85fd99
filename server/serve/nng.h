/* nng's side of the server: receives in callbacks that never block, and sends replies with a time
 * limit, so that a peer that never reads cannot hold a context for ever.  */
#ifndef CIQ_SERVER_LISTENER_H
#define CIQ_SERVER_LISTENER_H

#include "serve/intake.h"

typedef struct Listener Listener;

/* Listens on every URL (separated by commas); at most calls_max calls may be queued or served at
 * once.  NULL: reason says which URL failed and why. */
MUST_CHECK Listener *listener_start(Intake *intake, size_t calls_max, const char *urls,
                                    char *reason, size_t size);

/* Closes the sockets and frees everything; by then no worker may hold an exchange. */
void listener_stop(Listener *listener);

/* See server_url. */
MUST_CHECK bool listener_url(const Listener *listener, const char *scheme, char *url, size_t size);

#endif
