/* Listens on ipc:// and tcp:// for REQ sockets of nng, and has all connections: nng's streams with
 * REQ/REP's bytes of our own.  nng's own REP socket is not used, since peers that close early or
 * read slowly stop it from ever giving back a connection (nng before 1.10).  */
#ifndef CIQ_SERVER_LISTENER_H
#define CIQ_SERVER_LISTENER_H

#include "serve/intake.h"

typedef struct Listener Listener;

/* Listens on every URL (separated by commas), as the core's settings say.  NULL: reason says which
 * URL failed and why. */
MUST_CHECK Listener *listener_start(Core *core, Intake *intake, const char *urls, char *reason,
                                    size_t size);

/* Closes everything, within a bounded time, and frees it; by then no worker may hold an exchange.
 * NULL is fine. */
void listener_stop(Listener *listener);

size_t listener_connections(Listener *listener);

/* See server_url. */
MUST_CHECK bool listener_url(const Listener *listener, const char *scheme, char *url, size_t size);

#endif
