/* For the files of db/: a connection on which somebody else's script has run.  */
#ifndef CIQ_SERVER_DB_CLEAN_H
#define CIQ_SERVER_DB_CLEAN_H

#include "call/call.h"

/* Takes away what the script may have left with the connection: settings, locks, cursors, channels,
 * temporary tables.  In the script's transaction, as the last before its commit, since behind a
 * pooler the next one may have another session; or where no transaction is open.  False: the call
 * has failed, and the connection is replaced. */
MUST_CHECK bool clean_connection(Call *call);

#endif
