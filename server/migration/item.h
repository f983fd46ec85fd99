/* One schema of a migration run, from claim to commit.  Called by runs.c with an owner's
 * connection.  */
#ifndef CIQ_SERVER_ITEM_H
#define CIQ_SERVER_ITEM_H

#include "call/call.h"
#include "migration/item_failure.h"

#include <pthread.h>

typedef enum ItemResult {
    ITEM_NONE,    /* nothing in this run can be claimed behind tenant_id */
    ITEM_WRITTEN, /* done, failed or put off, and committed */
    ITEM_LOST     /* the call has failed: the connection, or the transaction, is gone */
} ItemResult;

/* What a thread works on, so that another one can see whether it still should, and keep up the
 * claim while there is no transaction that does. */
typedef struct ItemWork {
    ItemId id; /* tenant_id -1: nothing */
    bool is_outside;
} ItemWork;

typedef struct ItemDesk {
    pthread_mutex_t lock;
    ItemWork work;
} ItemDesk;

void item_desk_init(ItemDesk *desk);
ItemWork item_desk_read(ItemDesk *desk);

/* Claims the first schema of the run behind id->tenant_id that nobody else works on, and works on
 * it.  *id is of the last call, whatever its result. */
ItemResult item_work(Call *call, ItemId *id, ItemDesk *desk);

/* In another thread, with any login: keeps up the claim on an item, if that needs to be.
 * *is_wanted: else what works on it should be interrupted. */
MUST_CHECK bool item_keep(Call *call, const ItemWork *work, bool *is_wanted);

/* Writes down that the connection was lost over a schema: one that ends its backend every time must
 * not be tried for ever. */
MUST_CHECK bool item_lost(Call *call, const ItemId *id);

#endif
