/* Statements against the database before anybody calls them: whether PostgreSQL takes them, and
 * whether parameters and columns have types that fit the messages of their rpcs.  */
#ifndef CIQ_SERVER_DB_PREPARE_H
#define CIQ_SERVER_DB_PREPARE_H

#include "call/call.h"
#include "db/query.h"

/* A statement and the messages of its rpc; a handler's has none (NULL). */
typedef struct PreparedQuery {
    const Query *query;
    const ProtobufCMessageDescriptor *request, *response;
} PreparedQuery;

/* Prepares them in the transaction of the call, which db_begin has asked for, all in one round
 * trip, and leaves nothing prepared.  False: the call has failed; at a statement that is wrong with
 * FAILED_PRECONDITION, and file, line and what is wrong in its text. */
MUST_CHECK bool db_prepare(Call *call, const PreparedQuery *list, size_t count);

#endif
