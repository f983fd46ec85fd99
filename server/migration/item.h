/* One schema of a migration run, from claim to commit.  Called by runs.c with an owner's
 * connection.  */
#ifndef CIQ_SERVER_ITEM_H
#define CIQ_SERVER_ITEM_H

#include "call/call.h"
#include "migration/item_failure.h"

typedef enum ItemResult {
    ITEM_NONE,    /* nothing in this run can be claimed behind tenant_id */
    ITEM_WRITTEN, /* done, failed or put off, and committed */
    ITEM_LOST     /* the call has failed: the connection, or the transaction, is gone */
} ItemResult;

/* Claims the first schema of the run behind id->tenant_id that nobody else works on, and works on
 * it.  *id is of the last call, whatever its result. */
ItemResult item_work(Call *call, ItemId *id);

/* Writes down that the connection was lost over a schema: one that ends its backend every time must
 * not be tried for ever. */
MUST_CHECK bool item_lost(Call *call, const ItemId *id);

#endif
