/* What a call with "explain" is told of its statements: their texts and times, never values, and
 * the schemas that they touched.  For the files of db/ only.  Where memory or room is short, some
 * are missing, and nothing fails.  */
#ifndef CIQ_SERVER_DB_EXPLAIN_H
#define CIQ_SERVER_DB_EXPLAIN_H

#include "call/call.h"
#include "db/query.h"

#include <libpq-fe.h>

/* One statement and how long its pipeline had been under way when its answer was there. */
void explain_statement(Call *call, const Query *query, int64_t duration_us);

/* The answer of sql/query/locks.sql. */
void explain_schemas(Call *call, const PGresult *result);

#endif
