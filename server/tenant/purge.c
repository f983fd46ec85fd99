/* One batch of tables is one transaction, because dropping takes locks that the whole database
 * shares; the tenant's row is locked in each, so that two servers never work on one tenant.  Runs
 * as the owner.  */
#include "tenant/purge.h"
#include "db/db.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"

#include <inttypes.h>
#include <string.h>

enum { STEP_MAX_MS = 60000 }; /* of one transaction */

static bool
drop_batch(Call *call, const DbArg *args)
{
    return db_script(call, script_purge_batch.text, args);
}

static bool
drop_rest(Call *call, int64_t id, const DbArg *args)
{
    const char *text = call_printf(call, "%" PRId64, id);

    return text != NULL && db_script(call, script_purge_schema.text, args) &&
           db_queue(call, &query_purge_end, NULL, (DbArg[]){{.name = "id", .text = text}, {0}});
}

/* One transaction; *done: nothing is due, or another server is at it. */
static bool
purge_step(Call *call, bool *done)
{
    const DbRow *tenant, *before, *after;

    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_purge_next, NULL, NULL, &tenant))
        return false;
    *done = tenant == NULL;
    if (*done) {
        db_rollback(call);
        return true;
    }

    int64_t id = db_row_int64(tenant, "id");
    const char *schema = db_row_text(tenant, "schema_name"),
               *text = call_printf(call, "%" PRId64, id);
    const DbArg args[] = {{.name = "schema", .text = schema}, {0}};

    if (text == NULL ||
        (strcmp(db_row_text(tenant, "state"), "purging") != 0 &&
         !db_queue(call, &query_tenant_set_purging, NULL,
                   (DbArg[]){{.name = "id", .text = text}, {0}})) ||
        !db_row(call, &query_purge_left, NULL, args, &before) || !drop_batch(call, args) ||
        !db_row(call, &query_purge_left, NULL, args, &after))
        return false;

    /* tables of another owner: only dropping the whole schema takes them */
    bool rest = db_row_int64(after, "tables") == 0 ||
                db_row_int64(after, "tables") == db_row_int64(before, "tables");

    call_change(call, CHANGE_TENANT, id);
    if ((rest && !drop_rest(call, id, args)) || !db_commit(call))
        return false;
    if (rest)
        log_write(LOG_LEVEL_INFO, "tenant purged", "tenant=%" PRId64, id);
    return true;
}

bool
purge_tenants(Call *call, void *state UNUSED)
{
    enum { STEPS = 64 };
    bool done = false;
    uint64_t rested;

    for (int i = 0; i < STEPS && !done; i++) {
        call->deadline_us = clock_us() + STEP_MAX_MS * 1000;
        if (!purge_step(call, &done))
            return false;
    }
    db_begin(call, DB_WRITE);
    if (!db_run(call, &query_role_rested, NULL, NULL, &rested) || !db_commit(call))
        return false;
    call->is_unfinished = !done || rested > 0;
    return true;
}
