/* The only module that knows libpq.  A Db is one connection, owned by one thread.  Every statement
 * of a call runs in a transaction whose first statement sets role, search_path, read-only and
 * time-outs; db_begin queues it, and it is sent together with the call's first own statement.
 *
 * Failures put code and text into the call: a unique violation is ALREADY_EXISTS and names the
 * field, a lost connection is UNAVAILABLE, a time-out DEADLINE_EXCEEDED; what no user can mend is
 * INTERNAL, with the details for the log.  */
#ifndef CIQ_SERVER_DB_H
#define CIQ_SERVER_DB_H

#include "call/call.h"
#include "db/query.h"

typedef struct DbOptions {
    const char *conninfo;          /* libpq's */
    bool named;                    /* prepare statements by name */
    unsigned tenants_max;          /* replace the connection after this many distinct tenants */
    unsigned creations_max;        /* the same after this many tenants that were made */
    const char *extension_schemas; /* for search_path, quoted, "" or "ext, " */
    bool owner;                    /* no role is set: the login itself owns what it touches */
    bool tries;       /* scripts may run although it is not the owner's: see rpc/isolation.c */
    const char *user; /* signs in as this role instead of conninfo's; NULL: as conninfo says */
    const char *platform_role; /* the role of platform calls, unless owner */
} DbOptions;

/* One connection, not opened yet.  NULL: no memory.  options must outlive it. */
MUST_CHECK Db *db_new(const DbOptions *options);
void db_free(Db *db);

/* Between calls: opens or replaces the connection if that is due.  False: it cannot be opened now;
 * reason (of size bytes) says why, for the log. */
MUST_CHECK bool db_ready(Db *db, char *reason, size_t size);

typedef enum DbMode { DB_READ, DB_WRITE, DB_SNAPSHOT } DbMode;

/* Starts the call's transaction in the context of call->tenant (id 0: the platform).  DB_READ: each
 * following statement is a read-only transaction of its own; DB_WRITE: one transaction until
 * db_commit; DB_SNAPSHOT: one read-only transaction, which sees one moment, until db_rollback.
 * Sends nothing yet. */
void db_begin(Call *call, DbMode mode);

/* Commits a DB_WRITE transaction.  False: the call has failed, and nothing is written, except after
 * UNAVAILABLE, where it may be. */
MUST_CHECK bool db_commit(Call *call);

/* Ends the transaction without effect; also right after any failure, and where none was begun. */
void db_rollback(Call *call);

/* A value that a handler gives a statement as :arg.<name>; an array of them ends with a NULL name.
 */
typedef struct DbArg {
    const char *name;
    const char *text;  /* NULL and no bytes: null */
    const void *bytes; /* instead of text: a bytea */
    size_t bytes_size;
} DbArg;

/* One statement, in all forms: message is what request parameters are read from (NULL: it has
 * none), args may be NULL.
 *
 * db_fill: by the statement's "rows:", the columns of its one row fill out, or its rows the
 * repeated field of out (and next_page_token), or nothing (out may be NULL).  out is initialised by
 * the caller and unchanged on failure.  "rows: one" without a row fails with NOT_FOUND.  Columns
 * fill fields by name: int8/int4/bool/text/bytea/timestamptz/text[] into fields of the fitting
 * type, text into enums by the lower-case name without its prefix ('trial' = PLAN_TRIAL, 'a-b' =
 * PREFIX_A_B).  A null leaves the field empty. */
MUST_CHECK bool db_fill(Call *call, const Query *query, const ProtobufCMessage *message,
                        const DbArg *args, ProtobufCMessage *out);

/* The first row, if any, with its columns by name; the row lives as long as the call.  *row NULL:
 * none. */
typedef struct DbRow DbRow;
MUST_CHECK bool db_row(Call *call, const Query *query, const ProtobufCMessage *message,
                       const DbArg *args, const DbRow **row);
const char *db_row_text(const DbRow *row, const char *column); /* text; NULL: null */
int64_t db_row_int64(const DbRow *row, const char *column);    /* int8 or int4; 0: null */
bool db_row_bool(const DbRow *row, const char *column);
int64_t db_row_time_us(const DbRow *row,
                       const char *column); /* timestamptz, Unix time in µs; 0: null */
const uint8_t *db_row_bytes(const DbRow *row, const char *column, size_t *size); /* bytea */

/* How many rows a statement without answer touched. */
MUST_CHECK bool db_run(Call *call, const Query *query, const ProtobufCMessage *message,
                       const DbArg *args, uint64_t *rows);

/* A statement whose answer nobody needs, in a DB_WRITE transaction: sent together with the next
 * one. */
MUST_CHECK bool db_queue(Call *call, const Query *query, const ProtobufCMessage *message,
                         const DbArg *args);

/* Owner only (and where options say tries): several statements in one message, in the transaction
 * that is open (or, where none was begun, as PostgreSQL runs a multi-statement string: one implicit
 * transaction).  :"name" in the text is replaced by args' text as a quoted identifier, :'name' as a
 * quoted literal; nothing else is. */
MUST_CHECK bool db_script(Call *call, const char *text, const DbArg *args);

/* Owner only, in an open transaction: runs a "copy … to stdout" and hands each row, with its line
 * end, to take, which fails the call if it gives false.  The row is good until take returns. */
typedef bool (*DbTake)(void *argument, const char *data, size_t size);
MUST_CHECK bool db_copy_out(Call *call, const char *statement, DbTake take, void *argument);

/* The other way: runs a "copy … from stdin" with the pieces that give gives, until one has no
 * bytes.  *rows: how many PostgreSQL took. */
typedef bool (*DbGive)(void *argument, const char **data, size_t *size);
MUST_CHECK bool db_copy_in(Call *call, const char *statement, DbGive give, void *argument,
                           uint64_t *rows);

/* Owner only, in a DB_WRITE transaction: a point to come back to (queued), and the way back after a
 * failure, which forgets the failure.  False: the transaction is lost, or the call has failed anew.
 */
MUST_CHECK bool db_savepoint(Call *call);
MUST_CHECK bool db_savepoint_rollback(Call *call);

/* Says that the call makes a tenant: DbOptions.creations_max. */
void db_count_creation(Call *call);

/* Owner only, in a DB_WRITE transaction that began on the platform: from here on search_path is the
 * tenant's, and what is notified is about it (queued). */
MUST_CHECK bool db_enter_tenant(Call *call, int64_t id, const char *schema);

/* Outside calls, on a ready connection: makes PostgreSQL read the login's memberships again, which
 * the first SET ROLE after new roles does and which takes milliseconds with thousands of roles. */
MUST_CHECK bool db_warm(Db *db);

/* Who the connection string signs in, and whether a pooler stands between. */
MUST_CHECK bool db_login(const char *conninfo, char login[LIMIT_ROLE_NAME + 1], bool *pooled,
                         char *reason, size_t size);

#endif
