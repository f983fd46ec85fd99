/* Says which statement of which file failed, and when it is tried again.  */
#include "migration/item_failure.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/place.h"
#include "proto/utf8.h"

#include <inttypes.h>
#include <string.h>

enum {
    STATEMENT_SHOWN = 500, /* bytes of a failed statement that are kept */
    RETRY_MS = 50,         /* before the first retry; doubled for each more */
    RETRY_MAX_MS = 5000
};

static void
locate(const Steps *steps, ItemFailure *failure)
{
    const MigrationFile *file = steps->step->file;
    uint32_t first_line = steps->step->down ? file->down_line : file->up_line;
    size_t size;
    char *statement;
    Place place;

    failure->file = file->file;
    if (steps->script == NULL || steps->call->failure.sqlstate[0] == '\0')
        return;
    place = place_find(steps->script, &steps->call->failure);
    if (place.statement == NULL)
        return;
    failure->line = place_line(steps_section(steps->step), first_line, place.point);
    size = place.size > STATEMENT_SHOWN ? utf8_cut(place.statement, STATEMENT_SHOWN) : place.size;
    statement = call_alloc(steps->call, size + 1);
    if (statement != NULL)
        failure->statement = memcpy(statement, place.statement, size);
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

static const char *
without_name(const char *text)
{
    static const char name[] = "script: ";

    return strncmp(text, name, sizeof name - 1) == 0 ? text + sizeof name - 1 : text;
}

ItemFailure
item_failure_of(const Steps *steps)
{
    Call *call = steps->call;
    const char *sqlstate = call_strdup(call, call->failure.sqlstate);
    /* of our own statements the log's text, for an operator who reads a run's failures */
    bool is_ours = call->failure.sqlstate[0] != '\0' && !call->failure.is_of_script;
    const char *error = is_ours ? call->failure.detail : call->failure.text;
    ItemFailure failure = {
        .error = error != NULL ? error : "unknown",
        .summary = call->failure.detail != NULL ? call->failure.detail : error,
        .sqlstate = sqlstate != NULL ? sqlstate : "",
        .file = "",
        .statement = "",
        .is_temporary = is_temporary(steps),
    };

    failure.error = without_name(failure.error);
    failure.summary = without_name(failure.summary != NULL ? failure.summary : failure.error);
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
              log_quote(error, sizeof error, failure->summary));
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
