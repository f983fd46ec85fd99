/* The inside of a Db, shared by the files of db/ and included by nobody else, so that libpq is
 * known in this room only.  */
#ifndef CIQ_SERVER_DB_PRIVATE_H
#define CIQ_SERVER_DB_PRIVATE_H

#include "db/bind.h"

#include <libpq-fe.h>

struct DbOptions;

enum {
    QUEUE_MAX = 12, /* statements in one pipeline: begin, context, claim, own, store, audit … */
    TENANTS_BITS = 1 << 16 /* of the set that counts a connection's tenants */
};

typedef struct Queued {
    const Query *query; /* NULL: a statement of a script, which is text */
    const char *text;
    BindValue *values;
    bool own; /* the statement whose answer is wanted */

    /* what was sent with it, ahead of its answer */
    struct Plan *plan; /* under this name of its tenant's own; NULL: under that of all tenants */
    bool removes, prepares;
} Queued;

struct Db {
    /* connection.c: what lasts from one call to the next */
    const struct DbOptions *options;
    PGconn *connection;    /* NULL: none */
    uint8_t *prepared;     /* one per statement of queries[] */
    struct Plans *plans;   /* statements of one tenant's own; NULL: none */
    uint8_t *tenants_seen; /* a set of hashed tenant ids */
    unsigned tenants_count, creations_count;
    int64_t retry_us; /* no attempt to connect before this */
    bool stale;       /* of no use any more: replaced before the next call */
    bool is_soiled;   /* a script that is not ours has run: cleaned before the next transaction */
    bool runs_user_script;
    bool runs_block; /* it is a block of ours, whose place in the text helps nobody */

    /* transaction.c: the call's transaction */
    bool begun;    /* asked for */
    bool open;     /* BEGIN was sent and not ended */
    bool is_block; /* one transaction for all statements, not one for each */
    bool writes;

    /* pipeline.c: what is sent with the next statement whose answer is wanted */
    Queued queue[QUEUE_MAX];
    size_t queue_size;
};

#endif
