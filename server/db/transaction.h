/* A call's transaction: on its own connection, in the context of its tenant, one at a time.  */
#ifndef CIQ_SERVER_DB_TRANSACTION_H
#define CIQ_SERVER_DB_TRANSACTION_H

#include "call/call.h"

typedef enum DbMode { DB_READ, DB_WRITE, DB_SNAPSHOT } DbMode;

/* Starts the call's transaction in the context of call->tenant (id 0: the platform).  DB_READ: each
 * following statement is a read-only transaction of its own; DB_WRITE: one transaction until
 * db_commit; DB_SNAPSHOT: one read-only transaction, which sees one moment, until db_rollback.
 * Sends nothing yet. */
void db_begin(Call *call, DbMode mode);

/* Commits a DB_WRITE transaction.  False: the call has failed, and nothing is written, except after
 * UNAVAILABLE, where it may be. */
MUST_CHECK bool db_commit(Call *call);

/* Ends the transaction without effect; also right after any failure, where none was begun, and
 * where memory alone must answer. */
void db_rollback(Call *call);

/* What is the platform's in a call of a tenant: ends the open transaction without effect, and the
 * call is the platform's until db_as_tenant, which ends in the same way what was begun meanwhile,
 * and is given what this one returned. */
MUST_CHECK TenantContext db_as_platform(Call *call);
void db_as_tenant(Call *call, const TenantContext *tenant);

/* Owner only, in a DB_WRITE transaction: a point to come back to (queued), and the way back after a
 * failure, which forgets the failure.  False: the transaction is lost, or the call has failed anew.
 */
MUST_CHECK bool db_savepoint(Call *call);
MUST_CHECK bool db_savepoint_rollback(Call *call);

/* After a failure where no transaction is open: forgets it and begins a DB_WRITE one.  False: the
 * connection is lost. */
MUST_CHECK bool db_begin_after_failure(Call *call);

/* Owner only, in a DB_WRITE transaction that began on the platform: from here on search_path is the
 * tenant's, and what is notified is about it (queued); until db_leave_tenant, after which the
 * call's idempotency key and audit are the platform's again. */
MUST_CHECK bool db_enter_tenant(Call *call, int64_t id, const char *schema);
MUST_CHECK bool db_leave_tenant(Call *call);

#endif
