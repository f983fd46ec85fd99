/* What the statements of a migration must not do because they are not alone: they run on a
 * connection and in a transaction that belong to the server, which uses both for the ledger, for
 * the migrations after them and for other tenants.  Here is what their text shows, so that it is
 * refused before anything runs; what only shows when it has run is db_user_script's.  */
#ifndef CIQ_SERVER_CONFINE_H
#define CIQ_SERVER_CONFINE_H

#include "migration/words.h"

/* What is wrong with the statement, in words for whoever wrote it; NULL: nothing. */
const char *confine_wrong(const SqlStatement *statement);

#endif
