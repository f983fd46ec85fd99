/* Migrates one schema.  The item's row, the tenant's row, the steps, the ledger and the registry's
 * heads are one transaction; what fails goes back to a savepoint behind the claim, and the failure
 * is written instead. Statements that allow no transaction run on a second connection while this
 * one holds the locks.  */
#include "migration/item.h"
#include "proto/utf8.h"
#include "base/secret.h"
#include "base/clock.h"
#include "db/db.h"
#include "call/internal.h"
#include "base/log.h"
#include "migration/embedded.h"
#include "migration/heads.h"
#include "migration/plan.h"
#include "db/queries.h"
#include "migration/shape.h"
#include "migration/statement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATEMENT_SHOWN = 500, /* bytes of a failed statement that are kept */
    RETRY_MS = 50,         /* before the first retry; doubled for each more */
    RETRY_MAX_MS = 5000,
    ALONE_ROUNDS_MAX = 3 /* of one attempt, until an index stays valid */
};

typedef struct Item {
    Call *call;
    ItemId id;
    const char *run_text, *tenant_text;
    bool is_shared;
    const char *schema, *role, *mode;
    PlanTarget target;
    const MigrationSet *set;
    bool *applied;
    uint32_t *unknown; /* by file of the set: the highest number of its app in the ledger without a
                          file */
    Plan plan;
    size_t steps_done;
    bool more; /* the next step needs a transaction of its own */
    bool moves_own_app;
    int64_t start_us;

    /* for a failure: what ran */
    const PlanStep *step;
    const char *script; /* somewhere in the step's section */
    int64_t script_us;
} Item;

static const char *
section_of(const PlanStep *step)
{
    return step->down ? step->file->down : step->file->up;
}

/* ---- what the schema has ---- */

static bool
fail_changed(Call *call, const MigrationFile *file)
{
    return call_fail(call, CODE_FAILED_PRECONDITION,
                     "%s was changed after it was applied: write a new migration instead",
                     file->file);
}

/* Which files of the set the ledger has, and which numbers no file of the set has. */
static bool
read_applied(Item *item)
{
    Call *call = item->call;
    const MigrationSet *set = item->set;
    LedgerRow *rows;
    size_t count;

    item->applied = call_alloc(call, set->count + 1);
    item->unknown = call_alloc(call, (set->count + 1) * sizeof *item->unknown);
    if (item->applied == NULL || item->unknown == NULL || !ledger_read(call, &rows, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        const MigrationFile *file = ledger_file(set, &rows[i]);
        uint32_t number = (uint32_t) strtoul(rows[i].name, NULL, 10);

        if (file != NULL && strcmp(file->checksum, rows[i].checksum) != 0)
            return fail_changed(call, file);
        if (file != NULL)
            item->applied[file - set->files] = true;
        for (size_t j = 0; j < set->count && file == NULL; j++)
            if (strcmp(set->files[j].app, rows[i].app) == 0 && number > item->unknown[j])
                item->unknown[j] = number;
    }
    return true;
}

/* Locks the tenant and enters its schema.  *gone: it was deleted meanwhile. */
static bool
open_schema(Item *item, bool *gone)
{
    Call *call = item->call;
    const DbRow *row;
    const char *state;

    *gone = false;
    if (!db_savepoint(call))
        return false;
    if (item->is_shared)
        return read_applied(item);
    if (!db_row(call, &query_item_tenant, NULL,
                (DbArg[]){{.name = "id", .text = item->tenant_text}, {0}}, &row))
        return false;
    state = row == NULL ? "deleted" : db_row_text(row, "state");
    if (state == NULL || strcmp(state, "deleted") == 0) {
        *gone = true;
        return true;
    }
    item->role = db_row_text(row, "role");
    item->schema = db_row_text(
        row, "schema_name"); /* of now: the tenant may have been renamed since the claim */
    if (item->role == NULL || item->schema == NULL)
        return false;
    if (item->target.number == 0 && strcmp(state, "suspended") != 0)
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "the tenant is not suspended: zero takes its data away, so suspend it first");
    return db_enter_tenant(call, item->id.tenant_id, item->schema) && read_applied(item);
}

static bool
check_plan(Item *item)
{
    Call *call = item->call;

    for (size_t i = 0; i < item->plan.count; i++) {
        const PlanStep *step = &item->plan.steps[i];
        const char *start;
        size_t size;

        if (!step->down)
            continue;
        if (strcmp(step->file->app, "core") == 0)
            return call_fail(call, CODE_FAILED_PRECONDITION, "app core is never undone");
        if (strcmp(item->mode, "fake") != 0 &&
            statement_next(step->file->down, &start, &size) == NULL)
            return call_fail(call, CODE_FAILED_PRECONDITION,
                             "%s cannot be undone: there is nothing below its -- migrate:down",
                             step->file->file);
        for (size_t j = 0; j < item->set->count; j++)
            if (strcmp(item->set->files[j].app, step->file->app) == 0 && item->unknown[j] > 0)
                return call_fail(call, CODE_FAILED_PRECONDITION,
                                 "%s/%04" PRIu32
                                 " was applied from a file that this server does not have",
                                 step->file->app, item->unknown[j]);
    }
    return true;
}

/* ---- steps ---- */

/* Servers cache how far the apps are that they need, which are none of the user's.  To tell them
 * for nothing would be dear: a commit that notifies waits for every other that does, its write to
 * disk included. */
static bool
is_own_app(const char *app)
{
    for (size_t i = 0; i < migrations_tenant_count; i++)
        if (strcmp(migrations_tenant[i].app, app) == 0)
            return true;
    return false;
}

/* Queued: what is sent next, at the latest the commit, takes it along. */
static bool
record_step(Item *item, const PlanStep *step)
{
    const DbArg args[] = {{.name = "app", .text = step->file->app},
                          {.name = "name", .text = step->file->name},
                          {.name = "checksum", .text = step->file->checksum},
                          {0}};

    item->applied[step->file - item->set->files] = !step->down;
    item->steps_done++;
    item->moves_own_app = item->moves_own_app || is_own_app(step->file->app);
    /* a pipeline has its bounds, and many steps that are only recorded are sent one by one */
    if (item->script == NULL)
        return db_run(item->call,
                      step->down ? &query_item_ledger_delete : &query_item_ledger_insert, NULL,
                      args, NULL);
    return db_queue(item->call, step->down ? &query_item_ledger_delete : &query_item_ledger_insert,
                    NULL, args);
}

/* Drops the indexes that a broken attempt has left.  These are calls of the second connection's,
 * with the first one's memory. */
static bool
drop_invalid(Item *item, Call *second, size_t *dropped)
{
    const DbArg schema[] = {{.name = "schema", .text = item->schema}, {0}};
    const DbRow *row;

    for (*dropped = 0;; (*dropped)++) {
        db_begin(second, DB_READ);
        if (!db_row(second, &query_index_invalid, NULL, schema, &row))
            return false;
        if (row == NULL)
            return true;
        if (!db_script(second, script_index_drop.text,
                       (DbArg[]){{.name = "schema", .text = item->schema},
                                 {.name = "index", .text = db_row_text(row, "name")},
                                 {0}}))
            return false;
    }
}

static bool
alone_statements(Item *item, Call *second, const PlanStep *step)
{
    const char *at = section_of(step), *start, *next;
    size_t size;

    while ((next = statement_next(at, &start, &size)) != NULL) {
        char *statement = call_alloc(second, size + 1);

        if (statement == NULL)
            return false;
        memcpy(statement, start, size);
        item->script = start;
        item->script_us = clock_us();
        if (!db_script(second, statement, NULL))
            return false;
        at = next;
    }
    return true;
}

/* "If not exists" also steps over an index that a dead server's backend was still making, and that
 * came to nothing: so what is there at the end is looked at again. */
static bool
alone_step(Item *item, Call *second, const PlanStep *step)
{
    size_t dropped;

    for (int round = 0; round < ALONE_ROUNDS_MAX; round++) {
        if ((round == 0 && !drop_invalid(item, second, &dropped)) ||
            !alone_statements(item, second, step))
            return false;
        item->script = NULL;
        if (!drop_invalid(item, second, &dropped))
            return false;
        if (dropped == 0)
            return true;
    }
    return call_fail(second, CODE_UNAVAILABLE, "%s leaves an invalid index each time",
                     step->file->file);
}

/* Statements that allow no transaction, one by one on a connection of their own, while this one
 * holds the locks of item and tenant.  Cut in the middle they run again: they say "if not exists",
 * and an invalid index that was left goes first. */
static bool
run_alone(Item *item, const PlanStep *step)
{
    Call *call = item->call, second = *call;
    const Config *config = call->core->config;
    const char *timeout = call_printf(call, "%" PRId64, config->migration_statement_timeout_ms);
    char reason[256] = "no memory";
    bool ok;

    if (!db_script(call, script_alone_ready.text, NULL))
        return false;
    second.db = db_new(call->core->owner_options);
    second.tenant = (TenantContext){0};
    ok = timeout != NULL && second.db != NULL;
    if (!ok || !db_ready(second.db, reason, sizeof reason))
        ok = call_fail(&second, CODE_UNAVAILABLE, "a second connection cannot be opened: %s",
                       reason);
    ok = ok &&
         db_script(&second, script_alone_before.text,
                   (DbArg[]){{.name = "schema", .text = item->schema},
                             {.name = "timeout", .text = timeout},
                             {.name = "run", .text = item->run_text},
                             {0}}) &&
         alone_step(item, &second, step);
    db_free(second.db);
    if (!ok)
        call->failure = second.failure;
    return ok;
}

static bool
run_script(Item *item, const PlanStep *step)
{
    item->script = section_of(step);
    item->script_us = clock_us();
    return db_script(item->call, item->script, NULL);
}

static bool
run_step(Item *item, const PlanStep *step)
{
    bool is_there = false;

    if (strcmp(item->mode, "fake") == 0)
        return record_step(item, step);
    if (strcmp(item->mode, "fake-initial") == 0 && !step->down && step->file->number == 1 &&
        !shape_check(item->call, item->set, step->file, item->schema, &is_there))
        return false;
    if (is_there)
        return record_step(item, step);
    if (step->file->no_transaction ? !run_alone(item, step) : !run_script(item, step))
        return false;
    if (!record_step(item, step))
        return false;
    /* what calls may not do with the tables of app core */
    if (strcmp(step->file->app, "core") == 0 && !item->is_shared)
        return db_script(item->call, script_tenant_provision_after.text,
                         (DbArg[]){{.name = "role", .text = item->role}, {0}});
    return true;
}

static bool
run_steps(Item *item)
{
    bool is_fake = strcmp(item->mode, "fake") == 0;

    for (size_t i = 0; i < item->plan.count; i++) {
        const PlanStep *step = &item->plan.steps[i];
        bool is_alone = step->file->no_transaction && !is_fake;

        if (is_alone && item->steps_done > 0) {
            item->more = true;
            return true;
        }
        item->step = step;
        item->script = NULL;
        if (!run_step(item, step))
            return false;
        item->step = NULL;
        if (is_alone) {
            item->more = i + 1 < item->plan.count;
            return true;
        }
    }
    return true;
}

/* ---- what is written ---- */

/* The newest of each app into the registry, by what the ledger says now. */
static bool
write_heads(Item *item)
{
    Call *call = item->call;
    const char *heads, *gone;

    if (!heads_of_applied(call, item->set, item->applied, item->unknown, &heads, &gone))
        return false;
    if (item->moves_own_app)
        call_change(call, CHANGE_TENANT, item->id.tenant_id);
    /* PostgreSQL analyses a prepared statement anew wherever search_path is not what it was: what
     * is about the platform is sent under the platform's */
    return db_queue(call, &query_path_public, NULL, NULL) &&
           db_queue(call, &query_item_heads, NULL,
                    (DbArg[]){{.name = "id", .text = item->tenant_text},
                              {.name = "heads", .text = heads},
                              {.name = "gone", .text = gone},
                              {0}});
}

static const char *
elapsed_text(const Item *item)
{
    return call_printf(item->call, "%" PRId64, (clock_us() - item->start_us) / 1000);
}

static bool
write_state(Item *item, const char *state, const char *error)
{
    Call *call = item->call;
    const char *steps = call_printf(call, "%zu", item->steps_done), *elapsed = elapsed_text(item);

    return steps != NULL && elapsed != NULL &&
           db_queue(call, &query_item_done, NULL,
                    (DbArg[]){{.name = "state", .text = state},
                              {.name = "steps", .text = steps},
                              {.name = "duration_ms", .text = elapsed},
                              {.name = "error", .text = error},
                              {.name = "run_id", .text = item->run_text},
                              {.name = "tenant_id", .text = item->tenant_text},
                              {0}}) &&
           db_commit(call);
}

/* After the shared migrations: what even calls to the platform may not do. */
static bool
write_done(Item *item)
{
    Call *call = item->call;

    if (item->is_shared && item->steps_done > 0 &&
        !db_script(
            call, script_install_after.text,
            (DbArg[]){{.name = "platform", .text = call->core->installation.platform_role}, {0}}))
        return false;
    if (!item->is_shared && !write_heads(item))
        return false;
    return write_state(item, item->more ? "pending" : "done", "");
}

/* ---- failures ---- */

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
failed_statement(const Item *item, size_t *size)
{
    const Call *call = item->call;
    const char *at = item->script, *start = NULL, *next;
    const char *point = call->failure.script_position > 0
                            ? position_in(item->script, call->failure.script_position)
                            : NULL;

    *size = 0;
    for (size_t i = 0; (next = statement_next(at, &start, size)) != NULL; i++) {
        if (point != NULL ? point < next : i == call->failure.script_statement)
            break;
        at = next;
    }
    return start;
}

typedef struct Failure {
    const char *error, *sqlstate, *file, *statement;
    uint32_t line;
    bool is_temporary;
} Failure;

static void
locate(const Item *item, Failure *failure)
{
    const Call *call = item->call;
    const char *section = section_of(item->step), *point, *start;
    size_t size;
    char *statement;

    failure->file = item->step->file->file;
    if (item->script == NULL || call->failure.sqlstate[0] == '\0')
        return;
    start = failed_statement(item, &size);
    point = call->failure.script_position > 0
                ? position_in(item->script, call->failure.script_position)
                : start;
    if (start == NULL || point == NULL)
        return;
    failure->line = item->step->down ? item->step->file->down_line : item->step->file->up_line;
    for (const char *c = section; c < point && *c != '\0'; c++)
        failure->line += *c == '\n';
    if (size > STATEMENT_SHOWN)
        size = utf8_cut(start, STATEMENT_SHOWN);
    statement = call_alloc(item->call, size + 1);
    if (statement != NULL)
        failure->statement = memcpy(statement, start, size);
}

/* What another attempt may not meet again.  57014 is the time limit's, or somebody's who has
 * canceled the run or the statement. */
static bool
is_temporary(const Item *item)
{
    const Call *call = item->call;
    int64_t limit_ms = call->core->config->migration_statement_timeout_ms;

    if (strcmp(call->failure.sqlstate, "57014") == 0)
        return item->script == NULL || clock_us() - item->script_us < limit_ms * 1000;
    return strcmp(call->failure.sqlstate, "40P01") == 0 ||
           strcmp(call->failure.sqlstate, "55P03") == 0 ||
           strcmp(call->failure.sqlstate, "40001") == 0 || call->failure.code == CODE_UNAVAILABLE;
}

static Failure
make_failure(Item *item)
{
    Call *call = item->call;
    const char *sqlstate = call_strdup(call, call->failure.sqlstate);
    const char *error =
        call->failure.sqlstate[0] != '\0' ? call->failure.detail : call->failure.text;
    Failure failure = {
        .error = error != NULL ? error : "unknown",
        .sqlstate = sqlstate != NULL ? sqlstate : "",
        .file = "",
        .statement = "",
        .is_temporary = is_temporary(item),
    };

    if (strncmp(failure.error, "script: ", 8) == 0)
        failure.error += 8;
    if (item->step != NULL)
        locate(item, &failure);
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

static bool
queue_failure(Call *call, const ItemId *id, const Failure *failure, const char *elapsed)
{
    bool again = failure->is_temporary && id->attempts + 1 < call->core->config->migration_attempts;
    const char *run = call_printf(call, "%" PRId64, id->run_id);
    const char *tenant = call_printf(call, "%" PRId64, id->tenant_id);
    const char *delay = call_printf(call, "%" PRId64, again ? pause_ms(id->attempts) : 0);
    const char *line = call_printf(call, "%" PRIu32, failure->line);
    char error[1024], file[512];

    if (run == NULL || tenant == NULL || delay == NULL || line == NULL || elapsed == NULL)
        return false;
    log_write(again ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, "migration failed",
              "run=%s tenant=%s again=%d sqlstate=%s file=%s line=%s text=%s", run, tenant, again,
              failure->sqlstate, log_quote(file, sizeof file, failure->file), line,
              log_quote(error, sizeof error, failure->error));
    return db_queue(call, &query_item_failed, NULL,
                    (DbArg[]){{.name = "state", .text = again ? "pending" : "failed"},
                              {.name = "delay_ms", .text = delay},
                              {.name = "duration_ms", .text = elapsed},
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

/* Back to the claim, which still stands, and the failure in place of the steps.  Were the claim
 * given up before that, another worker would take the item, fail, and so on for ever. */
static bool
write_failure(Item *item)
{
    Call *call = item->call;
    Failure failure = make_failure(item);

    if (!db_savepoint_rollback(call))
        return false;
    call->tenant = (TenantContext){0};
    return queue_failure(call, &item->id, &failure, elapsed_text(item)) && db_commit(call);
}

bool
item_lost(Call *call, const ItemId *id)
{
    const Failure failure = {.error = "the connection to the database was lost",
                             .sqlstate = "",
                             .file = "",
                             .statement = "",
                             .is_temporary = true};

    db_begin(call, DB_WRITE);
    return queue_failure(call, id, &failure, "0") && db_commit(call);
}

/* ---- one item ---- */

static bool
read_claim(Item *item, const DbRow *row)
{
    Call *call = item->call;
    const Apps *apps = call->core->apps;

    item->id.tenant_id = db_row_int64(row, "tenant_id");
    item->id.attempts = (int32_t) db_row_int64(row, "attempts");
    item->is_shared = db_row_bool(row, "is_shared");
    item->schema = db_row_text(row, "schema_name");
    item->mode = db_row_text(row, "mode");
    item->target =
        (PlanTarget){.app = db_row_text(row, "app"), .number = db_row_int64(row, "target")};
    item->set = item->is_shared ? &apps->shared : &apps->tenant;
    item->tenant_text = call_printf(call, "%" PRId64, item->id.tenant_id);
    return item->schema != NULL && item->mode != NULL && item->target.app != NULL &&
           item->tenant_text != NULL;
}

static bool
work(Item *item)
{
    bool gone;

    if (!open_schema(item, &gone))
        return false;
    if (gone)
        return write_state(item, "skipped", "the tenant was deleted");
    return plan_make(item->call, item->set, item->applied, item->target, &item->plan) &&
           check_plan(item) && run_steps(item) && write_done(item);
}

ItemResult
item_work(Call *call, ItemId *id)
{
    Item item = {.call = call, .id = *id, .start_us = clock_us()};
    const char *after = call_printf(call, "%" PRId64, id->tenant_id);
    const DbRow *row;

    item.run_text = call_printf(call, "%" PRId64, id->run_id);
    id->tenant_id = -1;
    if (after == NULL || item.run_text == NULL)
        return ITEM_LOST;
    db_begin(call, DB_WRITE);
    if (!db_queue(call, &query_item_begin, NULL,
                  (DbArg[]){{.name = "id", .text = item.run_text}, {0}}) ||
        !db_row(
            call, &query_item_claim, NULL,
            (DbArg[]){{.name = "id", .text = item.run_text}, {.name = "after", .text = after}, {0}},
            &row))
        return ITEM_LOST;
    if (row == NULL) {
        db_rollback(call);
        return ITEM_NONE;
    }
    if (!read_claim(&item, row))
        return ITEM_LOST;
    *id = item.id;
    return work(&item) || write_failure(&item) ? ITEM_WRITTEN : ITEM_LOST;
}
