/* For the files of db/: a connection on which somebody else's script has run.  */
#ifndef CIQ_SERVER_DB_CLEAN_H
#define CIQ_SERVER_DB_CLEAN_H

#include "call/call.h"

/* Takes away what the script may have left with the connection: settings, locks, cursors, channels,
 * temporary tables.  No transaction may be open.  False: the call has failed, and the connection is
 * replaced. */
MUST_CHECK bool clean_connection(Call *call);

#endif
