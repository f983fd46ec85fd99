/* What went wrong with one schema of a migration run, and what becomes of the schema.  Called by
 * item.c.  */
#ifndef CIQ_SERVER_ITEM_FAILURE_H
#define CIQ_SERVER_ITEM_FAILURE_H

#include "call/call.h"
#include "migration/steps.h"

/* Which schema of which run is worked on. */
typedef struct ItemId {
    int64_t run_id, tenant_id; /* tenant_id -1: none was claimed */
    int32_t attempts;          /* before this one */
} ItemId;

typedef struct ItemFailure {
    const char *error, *sqlstate, *file, *statement; /* "" where there is none */
    const char *summary; /* of error, for the log: without values of rows */
    uint32_t line;
    bool is_temporary; /* another attempt may not meet it again */
} ItemFailure;

/* The failure of the steps' call: with file, line and statement if a step failed. */
ItemFailure item_failure_of(const Steps *steps);

/* Writes it with the transaction that is open: the schema is tried again later, or its item and so
 * the run has failed.  Logs it. */
MUST_CHECK bool item_failure_queue(Call *call, const ItemId *id, const ItemFailure *failure,
                                   const char *elapsed_ms);

#endif
