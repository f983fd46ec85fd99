/* See roles.h.  What is made again without being asked is the platform's; a tenant is repaired by
 * whoever knows why its role is gone.  */
#include "tenant/roles.h"
#include "base/lines.h"
#include "base/log.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>
#include <string.h>

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
              "role=%s reason=\"it was gone, or had lost rights, as after a restore\"",
              installation->platform_role);
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

    db_begin(call, DB_WRITE);
    return db_queue(call, &query_install_lock, NULL, NULL) && mend_platform(call) &&
           db_run(call, &query_role_pool_clean, NULL,
                  (DbArg[]){{.name = "worker", .text = worker}, {0}}, NULL) &&
           log_faults(call) && db_commit(call);
}
