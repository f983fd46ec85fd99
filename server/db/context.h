/* How every transaction of a call starts: with one statement that sets role, search_path, read-only
 * and time-outs, for the transaction alone, so that nothing of one call is there in the next.  For
 * the files of db/ only.  */
#ifndef CIQ_SERVER_DB_CONTEXT_H
#define CIQ_SERVER_DB_CONTEXT_H

#include "call/call.h"

/* Queues the start of the call's transaction if that was not done yet.  False: the call has failed:
 * its deadline has passed, or no memory. */
MUST_CHECK bool context_queue_start(Call *call);

/* The same, sent at once, for what does not go through the pipeline. */
MUST_CHECK bool context_start(Call *call);

/* Counts the tenants that a connection has served: DbOptions.tenants_max. */
void context_count_tenant(Db *db, int64_t tenant_id);

#endif
