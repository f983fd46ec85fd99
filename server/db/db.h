/* What the other rooms know of db/: connections, transactions, statements, scripts and copies.  It
 * is the only room that knows libpq.
 *
 * Every statement of a call runs in a transaction whose first statement sets role, search_path,
 * read-only and time-outs; db_begin asks for it, and it is sent together with the call's first own
 * statement.  Failures put code and text into the call: a unique violation is ALREADY_EXISTS and
 * names the field, a lost connection is UNAVAILABLE, a time-out DEADLINE_EXCEEDED; what no user can
 * mend is INTERNAL, with the details for the log.  */
#ifndef CIQ_SERVER_DB_H
#define CIQ_SERVER_DB_H

#include "db/connection.h"
#include "db/copy.h"
#include "db/path.h"
#include "db/script.h"
#include "db/statement.h"
#include "db/transaction.h"

#endif
