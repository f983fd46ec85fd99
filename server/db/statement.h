/* One statement of sql/rpc or sql/query, in all forms: message is what request parameters are read
 * from (NULL: it has none), args may be NULL.  A false answer has failed the call.  */
#ifndef CIQ_SERVER_DB_STATEMENT_H
#define CIQ_SERVER_DB_STATEMENT_H

#include "call/call.h"
#include "db/bind.h"
#include "db/query.h"

/* By the statement's "rows:", the columns of its one row fill out, or its rows the repeated field
 * of out (and next_page_token), or nothing (out may be NULL).  out is initialised by the caller and
 * unchanged on failure.  "rows: one" without a row fails with NOT_FOUND.  Columns fill fields by
 * name: int8/int4/bool/text/bytea/timestamptz/text[] into fields of the fitting type, text into
 * enums by the lower-case name without its prefix ('trial' = PLAN_TRIAL, 'a-b' = PREFIX_A_B).  A
 * null leaves the field empty. */
MUST_CHECK bool db_fill(Call *call, const Query *query, const ProtobufCMessage *message,
                        const DbArg *args, ProtobufCMessage *out);

/* The first row, if any, with its columns by name; the row lives as long as the call.  *row NULL:
 * none.  A column that the statement does not have, or of another type, is a defect (call_defect):
 * it reads as "", 0 or false, and nothing is committed. */
typedef struct DbRow DbRow;
MUST_CHECK bool db_row(Call *call, const Query *query, const ProtobufCMessage *message,
                       const DbArg *args, const DbRow **row);
const char *db_row_text(const DbRow *row, const char *column); /* text; NULL: null */
int64_t db_row_int64(const DbRow *row, const char *column);    /* int8 or int4; 0: null */
bool db_row_bool(const DbRow *row, const char *column);
int64_t db_row_time_us(const DbRow *row,
                       const char *column); /* timestamptz, Unix time in µs; 0: null */
const uint8_t *db_row_bytes(const DbRow *row, const char *column, size_t *size); /* bytea */

/* How many rows a statement without answer touched; rows may be NULL. */
MUST_CHECK bool db_run(Call *call, const Query *query, const ProtobufCMessage *message,
                       const DbArg *args, uint64_t *rows);

/* A statement whose answer nobody needs, in a DB_WRITE transaction: sent together with the next
 * one. */
MUST_CHECK bool db_queue(Call *call, const Query *query, const ProtobufCMessage *message,
                         const DbArg *args);

#endif
