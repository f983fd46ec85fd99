/* One batch of objects is one transaction, because dropping takes locks that the whole database
 * shares; the tenant's row is locked in each, so that two servers never work on one tenant.  Runs
 * as the owner.  */
#include "tenant/purge.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "db/queries.h"
#include "tenant/setback.h"

#include <inttypes.h>
#include <string.h>

enum {
    STEP_MAX_MS = 60000, /* of one transaction */
    LOCK_MAX_MS = 2000,  /* somebody who holds one of its tables keeps no other tenant waiting */
    STEPS_A_LOOK = 64    /* roles are made and sessions are swept by the same thread */
};

/* One transaction.  *id: the tenant that it is about, also where it fails; 0: nothing is due, or
 * another server is at it. */
static bool
purge_step(Call *call, int64_t *id)
{
    const DbRow *tenant, *left;

    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_purge_next, NULL, NULL, &tenant))
        return false;
    if (tenant == NULL) {
        db_rollback(call);
        return true;
    }
    *id = db_row_int64(tenant, "id");

    const char *schema = db_row_text(tenant, "schema_name"),
               *text = call_printf(call, "%" PRId64, *id);
    const DbArg args[] = {{.name = "schema", .text = schema}, {0}};

    if (text == NULL ||
        (strcmp(db_row_text(tenant, "state"), "purging") != 0 &&
         !db_queue(call, &query_tenant_set_purging, NULL,
                   (DbArg[]){{.name = "id", .text = text}, {0}})) ||
        !db_script(call, script_purge_batch.text, args) ||
        !db_row(call, &query_purge_left, NULL, args, &left))
        return false;

    bool is_over = !db_row_bool(left, "has_schema");

    call_change(call, CHANGE_TENANT, *id);
    if ((is_over &&
         !db_queue(call, &query_purge_end, NULL, (DbArg[]){{.name = "id", .text = text}, {0}})) ||
        !db_commit(call))
        return false;
    if (is_over)
        log_write(LOG_LEVEL_INFO, "tenant purged", "tenant=%" PRId64, *id);
    return true;
}

/* Each step has a time of its own, and a tenant that fails is put off, so that the next one has its
 * turn. */
bool
purge_tenants(Call *call, void *state UNUSED)
{
    int64_t id = 1;

    for (int i = 0; i < STEPS_A_LOOK && id != 0; i++) {
        Call step = *call;

        id = 0;
        step.deadline_us = clock_us() + STEP_MAX_MS * 1000;
        step.lock_timeout_ms = LOCK_MAX_MS;
        if (purge_step(&step, &id))
            continue;
        if (id == 0) {
            call->failure = step.failure;
            return false;
        }
        if (!setback_note(&step, SETBACK_PURGE, id))
            return true;
    }
    call->is_unfinished = id != 0;
    return true;
}

bool
purge_roles(Call *call, void *state UNUSED)
{
    uint64_t rested;

    db_begin(call, DB_WRITE);
    if (!db_run(call, &query_role_rested, NULL, NULL, &rested) || !db_commit(call))
        return false;
    call->is_unfinished = rested > 0;
    return true;
}
