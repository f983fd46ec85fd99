/* See roles.h.  Each tenant is mended in a transaction of its own, so that one that cannot be keeps
 * no other from it.  */
#include "tenant/roles.h"
#include "base/clock.h"
#include "base/lines.h"
#include "base/log.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>
#include <string.h>

enum {
    MEND_MAX_MS = 60000, /* of one tenant */
    LOCK_MAX_MS = 2000,  /* somebody who works on a tenant keeps no other waiting */
    START_MS = 10000,    /* of the start; the others' turn comes while the server serves */
    MENDS_A_LOOK = 64,   /* the same thread makes roles and purges */
    MENDS_LOGGED = 20
};

static bool
mend_platform(Call *call)
{
    const Installation *installation = &call->core->installation;
    const DbRow *row;

    if (!db_row(call, &query_role_platform, NULL,
                (DbArg[]){{.name = "platform", .text = installation->platform_role},
                          {.name = "worker", .text = installation->worker_login},
                          {0}},
                &row))
        return false;
    if (row == NULL || db_row_bool(row, "is_right"))
        return row != NULL || call_fail(call, CODE_INTERNAL, "the platform's role cannot be read");

    const DbArg names[] = {{.name = "platform", .text = installation->platform_role},
                           {.name = "worker", .text = installation->worker_login},
                           {.name = "database", .text = db_row_text(row, "database")},
                           {0}};

    call_change(call, CHANGE_ROLES, 0);
    if (!db_script(call, script_platform_role.text, names) ||
        !db_script(call, script_install_after.text, names))
        return false;
    log_write(LOG_LEVEL_WARNING, "the platform's role was made again",
              "role=%s reason=\"it was gone, or rights were lost, as after a restore\"",
              installation->platform_role);
    return true;
}

/* ---- tenants ---- */

static bool
mend_tenant(Call *call, const DbRow *tenant)
{
    const char *schema = db_row_text(tenant, "schema_name");
    const DbArg args[] = {{.name = "schema", .text = schema},
                          {.name = "role", .text = db_row_text(tenant, "role")},
                          {.name = "state", .text = db_row_text(tenant, "state")},
                          {.name = "worker", .text = call->core->installation.worker_login},
                          {.name = "path", .text = db_path(call, schema)},
                          {0}};

    call_change(call, CHANGE_ROLES, 0);
    return args[4].text != NULL && db_script(call, script_tenant_mend.text, args) &&
           db_script(call, script_tenant_grants.text, args) &&
           db_script(call, script_tenant_provision_after.text, args) &&
           db_queue(call, &query_path_public, NULL, NULL) && db_commit(call);
}

/* One transaction.  *found: whether there was one. */
static bool
mend_next(Call *call, RolesMending *mending, bool *found)
{
    const char *after = call_printf(call, "%" PRId64, mending->after);
    const DbRow *row;

    *found = false;
    db_begin(call, DB_WRITE);
    if (after == NULL || !db_row(call, &query_role_fault_next, NULL,
                                 (DbArg[]){{.name = "after", .text = after}, {0}}, &row))
        return false;
    if (row == NULL) {
        db_rollback(call);
        return true;
    }
    *found = true;
    mending->after = db_row_int64(row, "id");
    if (!mend_tenant(call, row))
        return false;
    if (mending->count++ < MENDS_LOGGED)
        log_write(LOG_LEVEL_WARNING, "a tenant's role was given its rights again",
                  "schema=%s role=%s reason=\"%s\"", db_row_text(row, "schema_name"),
                  db_row_text(row, "role"), db_row_text(row, "fault"));
    return true;
}

/* What cannot be mended is passed over: log_faults and ReconcileTenants tell it. */
static bool
mend_some(Call *call, RolesMending *mending, int64_t until_us)
{
    for (int i = 0; i < MENDS_A_LOOK && !mending->is_over && clock_us() < until_us; i++) {
        Call step = *call;
        bool found;

        step.deadline_us = clock_us() + MEND_MAX_MS * 1000;
        step.lock_timeout_ms = LOCK_MAX_MS;
        if (!mend_next(&step, mending, &found)) {
            db_rollback(&step);
            if (!found || step.failure.code == CODE_UNAVAILABLE) {
                call->failure = step.failure;
                return false;
            }
            continue;
        }
        mending->is_over = !found;
    }
    if (mending->is_over && mending->count > 0)
        log_write(LOG_LEVEL_WARNING, "tenants' roles were given their rights again",
                  "count=%" PRIu64, mending->count);
    return true;
}

bool
roles_mend(Call *call, void *state)
{
    RolesMending *mending = state;

    if (mending->is_over)
        return true;
    if (!mend_some(call, mending, clock_us() + MEND_MAX_MS * 1000))
        return false;
    call->is_unfinished = !mending->is_over;
    return true;
}

static bool
mend_at_start(Call *call)
{
    int64_t until_us = clock_us() + START_MS * 1000;
    RolesMending mending = {0};

    while (!mending.is_over && clock_us() < until_us)
        if (!mend_some(call, &mending, until_us))
            return false;
    return true;
}

/* "acme its role is gone" */
static void
log_fault(const char *line)
{
    size_t size = strcspn(line, " ");

    log_write(LOG_LEVEL_WARNING, "tenant cannot be served",
              "schema=%.*s reason=\"%s\" mend=\"ciq-client tenant repair --schema-name %.*s\"",
              (int) size, line, line + size + (line[size] == ' '), (int) size, line);
}

static bool
log_faults(Call *call)
{
    const DbRow *row;
    char *lines, *line;

    if (!db_row(call, &query_role_faults, NULL, NULL, &row))
        return false;
    if (row == NULL || db_row_int64(row, "tenants") == 0)
        return true;
    lines = (char *) (uintptr_t) db_row_text(row, "lines");
    while (lines != NULL && (line = lines_next(&lines)) != NULL)
        log_fault(line);
    log_write(LOG_LEVEL_WARNING, "tenants cannot be served",
              "count=%" PRId64 " list=\"ciq-client tenant reconcile\"",
              db_row_int64(row, "tenants"));
    return true;
}

bool
roles_check(Call *call)
{
    const char *worker = call->core->installation.worker_login;
    bool is_alone = call->core->config->database[0] == '\0'; /* its private PostgreSQL */

    db_begin(call, DB_WRITE);
    if (!db_queue(call, &query_install_lock, NULL, NULL) || !mend_platform(call) ||
        (is_alone && !db_script(call, script_role_strangers.text, NULL)) ||
        !db_script(
            call, script_extension_rights.text,
            (DbArg[]){{.name = "schemas", .text = call->core->config->extension_schemas}, {0}}) ||
        !db_run(call, &query_role_pool_clean, NULL,
                (DbArg[]){{.name = "worker", .text = worker}, {0}}, NULL) ||
        !db_commit(call) || !mend_at_start(call))
        return false;
    db_begin(call, DB_READ);
    if (!log_faults(call))
        return false;
    db_rollback(call);
    return true;
}
