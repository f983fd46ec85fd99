/* Every statement of sql/ against the database, before the server listens.  Called by server.c.  */
#ifndef CIQ_SERVER_STATEMENTS_H
#define CIQ_SERVER_STATEMENTS_H

#include "call/call.h"

/* owner and worker are calls of the two logins without a transaction.  False: one of them has
 * failed, and its text names the statement that is wrong, with file, line and what is wrong. */
MUST_CHECK bool statements_check(Call *owner, Call *worker);

#endif
