/* Calls of the server to itself, for server.c and job.c.  */
#include "call/internal.h"
#include "base/clock.h"

#include <stdio.h>

void
internal_call(Call *call, Core *core, Arena *arena, Db *db, int64_t timeout_ms)
{
    *call = (Call){
        .core = core,
        .arena = arena,
        .db = db,
        .caller = {.kind = CALLER_OPERATOR, .email = "", .permissions = ""},
        .origin = "server",
        .receive_us = clock_us(),
        .deadline_us = clock_us() + timeout_ms * 1000,
        .stop_fd = core != NULL ? core->stop_work_fd : NULL,
    };
    snprintf(call->id, sizeof call->id, "server");
}

void
internal_log(const Call *call, LogLevel level, const char *what)
{
    char text[1024], detail[2048];

    log_write(
        level, what, "code=%s text=%s sqlstate=%s detail=%s", code_name((int) call->failure.code),
        log_quote(text, sizeof text, call->failure.text != NULL ? call->failure.text : ""),
        call->failure.sqlstate,
        log_quote(detail, sizeof detail, call->failure.detail != NULL ? call->failure.detail : ""));
}
