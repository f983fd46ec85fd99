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

/* A script that is not ours, as those of migrations: nothing in its text is replaced, and it is not
 * trusted with the connection.  In a transaction that db_begin has begun it must leave this
 * transaction open, with the role, search_path and settings that it found, or the call fails with
 * FAILED_PRECONDITION; what it may set for itself is set back; and before the connection's next
 * transaction what it has left behind is cleaned away.  Outside one the caller must close the
 * connection afterwards.  A failure is told as PostgreSQL tells it, with detail, hint and names,
 * and failure.is_of_script is true. */
MUST_CHECK bool db_user_script(Call *call, const char *text);

/* One of ours, a single block, over rows of a tenant, whose constraints, triggers and functions are
 * not ours: watched, and its failures told, as those of db_user_script. */
MUST_CHECK bool db_rows_script(Call *call, const char *text, const DbArg *args);

/* Owner only, where no transaction has begun: one statement that allows none, in the schema of this
 * tenant (0: public, whose schema is "public").  What it needs of the session is set and taken back
 * in the same message, since behind a pooler each message may get another session.  args NULL: it
 * is not ours (as for db_user_script), and nothing in it is replaced. */
MUST_CHECK bool db_alone(Call *call, int64_t tenant_id, const char *schema, const char *text,
                         const DbArg *args);

#endif
