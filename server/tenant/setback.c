/* The only writer of tenants_setback, but for the sweep that succeeds.  */
#include "tenant/setback.h"
#include "base/log.h"
#include "call/internal.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>

enum { NOTE_MAX_MS = 10000 };

static bool
write_note(Call *call, const char *task, const char *tenant_id, const char *error)
{
    char text[2048];
    const DbRow *row;

    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_setback_note, NULL,
                (DbArg[]){{.name = "task", .text = task},
                          {.name = "tenant_id", .text = tenant_id},
                          {.name = "error", .text = error},
                          {0}},
                &row) ||
        !db_commit(call))
        return false;
    if (row != NULL)
        log_write(LOG_LEVEL_WARNING, "tenant put off",
                  "task=%s tenant=%s failures=%" PRId64 " seconds=%" PRId64 " text=%s", task,
                  tenant_id, db_row_int64(row, "failures"), db_row_int64(row, "seconds"),
                  log_quote(text, sizeof text, error));
    return true;
}

bool
setback_note(Call *failed, const char *task, int64_t tenant_id)
{
    const char *detail = failed->failure.detail, *error = failed->failure.text;
    char reason[512], text[1024];
    Call call;

    db_rollback(failed);
    internal_call(&call, failed->core, failed->arena, failed->db, NOTE_MAX_MS);

    const char *id = call_printf(&call, "%" PRId64, tenant_id);

    if (detail != NULL)
        error = detail;
    if (!db_ready(call.db, call.stop_fd, reason, sizeof reason)) {
        log_write(LOG_LEVEL_WARNING, "job waits for the database", "task=%s reason=%s", task,
                  log_quote(text, sizeof text, reason));
        return false;
    }
    if (id != NULL && write_note(&call, task, id, error != NULL ? error : "unknown"))
        return true;
    db_rollback(&call);
    internal_log(&call, LOG_LEVEL_WARNING, "tenant not put off");
    return false;
}

bool
setback_end(Call *call, const char *task, const char *tenant_id)
{
    return db_queue(
        call, &query_setback_end, NULL,
        (DbArg[]){{.name = "task", .text = task}, {.name = "tenant_id", .text = tenant_id}, {0}});
}
