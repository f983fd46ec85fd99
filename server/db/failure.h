/* What a failed statement, or a connection that is of no use any more, means for the call.  For the
 * files of db/ only.  Each fails the call and returns false; the first failure of a call wins, and
 * results stay the caller's.  */
#ifndef CIQ_SERVER_DB_FAILURE_H
#define CIQ_SERVER_DB_FAILURE_H

#include "call/call.h"
#include "db/query.h"

#include <libpq-fe.h>

/* The connection is lost, or cannot be used: UNAVAILABLE, and db_ready replaces it. */
MUST_CHECK bool failure_lost(Call *call);

/* A result with PGRES_FATAL_ERROR; query NULL: of a script. */
MUST_CHECK bool failure_of_result(Call *call, const Query *query, const PGresult *result);

/* A result that is neither an answer nor an error, after which the connection is of no use: a COPY
 * in a script, whose rows nobody gives or takes, or what PostgreSQL should never send. */
MUST_CHECK bool failure_of_status(Call *call, const Query *query, ExecStatusType status);

#endif
