/* How statements reach PostgreSQL and answers come back: queued, sent together in one pipeline, and
 * awaited without blocking.  For the files of db/ only.  What is false has failed the call; every
 * wait ends at the time that is given, when the connection is lost, or when the server stops.  */
#ifndef CIQ_SERVER_DB_PIPELINE_H
#define CIQ_SERVER_DB_PIPELINE_H

#include "call/call.h"
#include "db/bind.h"
#include "db/query.h"

#include <libpq-fe.h>

enum { PIPELINE_GRACE_MS = 500 }; /* beyond the deadline, for PostgreSQL's own time-out to arrive */

/* Adds a statement, with its parameters, to what the next flush sends; own: its answer is wanted.
 * What its header says that it changes is noted in the call. */
MUST_CHECK bool pipeline_queue(Call *call, const Query *query, const ProtobufCMessage *message,
                               const DbArg *args, bool own);

/* Adds a statement of a script. */
void pipeline_queue_text(Call *call, const char *text);

/* Sends all that is queued and waits for it.  *own becomes the answer of the statement marked so,
 * also where another one fails: the caller clears it. */
MUST_CHECK bool pipeline_flush(Call *call, PGresult **own);

/* What the pipeline cannot carry: leaves it, and sends a text of one or several statements. */
MUST_CHECK bool pipeline_leave(Call *call, const char *text);

/* The next result, which the caller clears; NULL: there is none any more of this statement. */
MUST_CHECK bool pipeline_next(Call *call, int64_t until_us, PGresult **result);

/* Waits for all results after pipeline_leave, and enters the pipeline again.  *last, if last is not
 * NULL, becomes the last of them, which the caller clears. */
MUST_CHECK bool pipeline_return(Call *call, int64_t until_us, PGresult **last);

/* Waits for any of poll's events on the connection's socket. */
MUST_CHECK bool pipeline_wait(Call *call, int64_t until_us, short events);

#endif
