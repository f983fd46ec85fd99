/* Says which statement of which file failed, and when it is tried again.  */
#include "migration/item_failure.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/statement.h"
#include "proto/utf8.h"

#include <inttypes.h>
#include <string.h>

enum {
    STATEMENT_SHOWN = 500, /* bytes of a failed statement that are kept */
    RETRY_MS = 50,         /* before the first retry; doubled for each more */
    RETRY_MAX_MS = 5000
};

/* PostgreSQL counts characters from 1. */
static const char *
position_in(const char *script, int position)
{
    for (int i = 1; i < position && *script != '\0'; i++) {
        script++;
        while (utf8_goes_on(*script))
            script++;
    }
    return script;
}

/* The statement that failed: the one that PostgreSQL points into, or the first whose answer did not
 * come. */
static const char *
failed_statement(const Steps *steps, size_t *size)
{
    const Call *call = steps->call;
    const char *at = steps->script, *start = NULL, *next;
    const char *point = call->failure.script_position > 0
                            ? position_in(steps->script, call->failure.script_position)
                            : NULL;

    *size = 0;
    for (size_t i = 0; (next = statement_next(at, &start, size)) != NULL; i++) {
        if (point != NULL ? point < next : i == call->failure.script_statement)
            break;
        at = next;
    }
    return start;
}

static void
locate(const Steps *steps, ItemFailure *failure)
{
    const Call *call = steps->call;
    const char *section = steps_section(steps->step), *point, *start;
    size_t size;
    char *statement;

    failure->file = steps->step->file->file;
    if (steps->script == NULL || call->failure.sqlstate[0] == '\0')
        return;
    start = failed_statement(steps, &size);
    point = call->failure.script_position > 0
                ? position_in(steps->script, call->failure.script_position)
                : start;
    if (start == NULL || point == NULL)
        return;
    failure->line = steps->step->down ? steps->step->file->down_line : steps->step->file->up_line;
    for (const char *c = section; c < point && *c != '\0'; c++)
        failure->line += *c == '\n';
    if (size > STATEMENT_SHOWN)
        size = utf8_cut(start, STATEMENT_SHOWN);
    statement = call_alloc(steps->call, size + 1);
    if (statement != NULL)
        failure->statement = memcpy(statement, start, size);
}

/* What another attempt may not meet again.  57014 is the time limit's, or somebody's who has
 * canceled the run or the statement. */
static bool
is_temporary(const Steps *steps)
{
    const Call *call = steps->call;
    int64_t limit_ms = call->core->config->migration_statement_timeout_ms;

    if (strcmp(call->failure.sqlstate, "57014") == 0)
        return steps->script == NULL || clock_us() - steps->script_us < limit_ms * 1000;
    return strcmp(call->failure.sqlstate, "40P01") == 0 ||
           strcmp(call->failure.sqlstate, "55P03") == 0 ||
           strcmp(call->failure.sqlstate, "40001") == 0 || call->failure.code == CODE_UNAVAILABLE;
}

ItemFailure
item_failure_of(const Steps *steps)
{
    Call *call = steps->call;
    const char *sqlstate = call_strdup(call, call->failure.sqlstate);
    const char *error =
        call->failure.sqlstate[0] != '\0' ? call->failure.detail : call->failure.text;
    ItemFailure failure = {
        .error = error != NULL ? error : "unknown",
        .sqlstate = sqlstate != NULL ? sqlstate : "",
        .file = "",
        .statement = "",
        .is_temporary = is_temporary(steps),
    };

    if (strncmp(failure.error, "script: ", 8) == 0)
        failure.error += 8;
    if (steps->step != NULL)
        locate(steps, &failure);
    return failure;
}

/* Half of the pause is by chance, so that those who met once do not meet again. */
static int64_t
pause_ms(int32_t attempts)
{
    int64_t ms = RETRY_MS << (attempts < 7 ? attempts : 7);
    uint32_t chance;

    if (ms > RETRY_MAX_MS)
        ms = RETRY_MAX_MS;
    secret_random(&chance, sizeof chance);
    return ms / 2 + chance % (uint32_t) (ms / 2 + 1);
}

bool
item_failure_queue(Call *call, const ItemId *id, const ItemFailure *failure, const char *elapsed_ms)
{
    bool again = failure->is_temporary && id->attempts + 1 < call->core->config->migration_attempts;
    const char *run = call_printf(call, "%" PRId64, id->run_id);
    const char *tenant = call_printf(call, "%" PRId64, id->tenant_id);
    const char *delay = call_printf(call, "%" PRId64, again ? pause_ms(id->attempts) : 0);
    const char *line = call_printf(call, "%" PRIu32, failure->line);
    char error[1024], file[512];

    if (run == NULL || tenant == NULL || delay == NULL || line == NULL || elapsed_ms == NULL)
        return false;
    log_write(again ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, "migration failed",
              "run=%s tenant=%s again=%d sqlstate=%s file=%s line=%s text=%s", run, tenant, again,
              failure->sqlstate, log_quote(file, sizeof file, failure->file), line,
              log_quote(error, sizeof error, failure->error));
    return db_queue(call, &query_item_failed, NULL,
                    (DbArg[]){{.name = "state", .text = again ? "pending" : "failed"},
                              {.name = "delay_ms", .text = delay},
                              {.name = "duration_ms", .text = elapsed_ms},
                              {.name = "sqlstate", .text = failure->sqlstate},
                              {.name = "error", .text = failure->error},
                              {.name = "file", .text = failure->file},
                              {.name = "line", .text = line},
                              {.name = "statement", .text = failure->statement},
                              {.name = "run_id", .text = run},
                              {.name = "tenant_id", .text = tenant},
                              {0}}) &&
           (again ||
            db_queue(call, &query_run_failure, NULL, (DbArg[]){{.name = "id", .text = run}, {0}}));
}
