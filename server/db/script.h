/* Scripts: the owner's own of sql/script, and migrations.  */
#ifndef CIQ_SERVER_DB_SCRIPT_H
#define CIQ_SERVER_DB_SCRIPT_H

#include "call/call.h"
#include "db/bind.h"

/* Owner only (and where options say tries): several statements in one message, in the transaction
 * that is open (or, where none was begun, as PostgreSQL runs a multi-statement string: one implicit
 * transaction).  :"name" in the text is replaced by args' text as a quoted identifier, :'name' as a
 * quoted literal; nothing else is.  False: the call has failed, and failure.script_statement and
 * script_position say where. */
MUST_CHECK bool db_script(Call *call, const char *text, const DbArg *args);

#endif
