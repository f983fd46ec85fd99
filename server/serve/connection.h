/* One connection of a REQ socket: reads messages and gives them to the intake, several at once, and
 * answers each.  All on nng's own threads, where nothing blocks.
 *
 * Messages of one connection are begun in the order in which they came, and answered in the order
 * in which they are done.  Between two reads of one connection (FRAME_BUFFER bytes) all others that
 * have something have their turn.  While a connection has as many calls as it may have, or takes
 * no answers, nothing more is read from it.  */
#ifndef CIQ_SERVER_CONNECTION_H
#define CIQ_SERVER_CONNECTION_H

#include "serve/link.h"

typedef struct Connection Connection;

/* NULL: no memory. */
MUST_CHECK Connection *connection_new(const LinkPlace *place);

/* By then it has ended.  NULL is fine. */
void connection_free(Connection *connection);

/* Takes the stream of somebody who has come.  Unless the answer is CENSUS_IN, the stream is still
 * the caller's, and the connection was not started. */
MUST_CHECK CensusAnswer connection_start(Connection *connection, nng_stream *stream, bool is_ipc,
                                         const Peer *peer, const char *address);

/* What LinkPlace.resume does, and what LinkPlace.over calls first: it frees what was read of a
 * connection that has ended. */
void connection_resume(Link *link);
Connection *connection_ended(Link *link);

/* For a list of those that are not in use. */
Connection **connection_next(Connection *connection);

#endif
