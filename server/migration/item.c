/* Migrates one schema.  The item's row, the tenant's row, the steps, the ledger and the registry's
 * heads are one transaction; what fails goes back to a savepoint behind the claim, and the failure
 * is written instead. Statements that allow no transaction run on a second connection while this
 * one holds the locks; behind a pooler, between two transactions, while the item is leased.  */
#include "migration/item.h"
#include "migration/item_failure.h"
#include "base/clock.h"
#include "db/db.h"
#include "call/internal.h"
#include "migration/heads.h"
#include "migration/steps.h"
#include "migration/apps.h"
#include "db/queries.h"
#include "migration/statement.h"
#include "migration/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Item {
    Steps steps; /* with the call, the set and the schema */
    ItemId id;
    const char *tenant_text;
    PlanTarget target;
    ItemDesk *desk;
    bool is_outside;   /* between two transactions */
    uint32_t *unknown; /* by file of the set: the highest number of its app in the ledger without a
                          file */
    const LedgerRow *stranger; /* a row of an app that the set has nothing of; NULL: none */
    int64_t start_us;
} Item;

/* ---- what the schema has ---- */

/* Which files of the set the ledger has, and which numbers no file of the set has. */
static bool
read_applied(Item *item)
{
    Call *call = item->steps.call;
    const MigrationSet *set = item->steps.set;
    LedgerRow *rows;
    size_t count;
    bool converts = false;

    item->steps.applied = call_alloc(call, set->count + 1);
    item->unknown = call_alloc(call, (set->count + 1) * sizeof *item->unknown);
    if (item->steps.applied == NULL || item->unknown == NULL || !ledger_read(call, &rows, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        const MigrationFile *file = ledger_file(set, &rows[i]);
        uint32_t number = (uint32_t) strtoul(rows[i].name, NULL, 10);

        if (file != NULL && !migration_fits(file, rows[i].checksum))
            return call_fail(call, CODE_FAILED_PRECONDITION,
                             "%s was changed after it was applied: write a new migration instead",
                             file->file);
        if (file != NULL)
            item->steps.applied[file - set->files] = true;
        converts = converts || (file != NULL && strcmp(file->checksum, rows[i].checksum) != 0);
        if (migration_newest_number(set, rows[i].app) == 0)
            item->stranger = &rows[i];
        for (size_t j = 0; j < set->count && file == NULL; j++)
            if (strcmp(set->files[j].app, rows[i].app) == 0 && number > item->unknown[j])
                item->unknown[j] = number;
    }
    /* all tenants at once would be too much for a start, so that each is converted when a run comes
     * to it; until then its former checksums are as good */
    return !converts ||
           ledger_convert(call, item->steps.is_shared ? call->core->apps->shared_files
                                                      : call->core->apps->tenant_files);
}

/* Locks the tenant and enters its schema.  *gone: it was deleted meanwhile. */
static bool
open_schema(Item *item, bool *gone)
{
    Call *call = item->steps.call;
    const DbRow *row;
    const char *state;

    *gone = false;
    if (!db_savepoint(call))
        return false;
    if (item->steps.is_shared) {
        const char *path = db_path(call, "public");

        return path != NULL &&
               db_queue(call, &query_path, NULL,
                        (DbArg[]){{.name = "search_path", .text = path}, {0}}) &&
               read_applied(item);
    }
    if (!db_row(call, &query_item_tenant, NULL,
                (DbArg[]){{.name = "id", .text = item->tenant_text}, {0}}, &row))
        return false;
    state = row == NULL ? "deleted" : db_row_text(row, "state");
    if (state == NULL || strcmp(state, "deleted") == 0) {
        *gone = true;
        return true;
    }
    item->steps.role = db_row_text(row, "role");
    /* the tenant may have been renamed since the claim */
    item->steps.schema = db_row_text(row, "schema_name");
    if (item->steps.role == NULL || item->steps.schema == NULL)
        return false;
    if (item->target.number == 0 && strcmp(state, "suspended") != 0)
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "the tenant is not suspended: migrating to zero deletes its data, so suspend it first");
    return db_enter_tenant(call, item->id.tenant_id, item->steps.schema) && read_applied(item);
}

static bool
check_plan(Item *item)
{
    Call *call = item->steps.call;

    for (size_t i = 0; i < item->steps.plan.count; i++) {
        const PlanStep *step = &item->steps.plan.steps[i];
        const char *start;
        size_t size;

        if (!step->down)
            continue;
        if (strcmp(step->file->app, "core") == 0)
            return call_fail(call, CODE_FAILED_PRECONDITION, "app core is never undone");
        if (item->stranger != NULL)
            return call_fail(
                call, CODE_FAILED_PRECONDITION,
                "the schema has %.100s/%.100s, and this server has no app %.100s: it is not known "
                "whether that needs %s/%s (--apps names the directory of your own)",
                item->stranger->app, item->stranger->name, item->stranger->app, step->file->app,
                step->file->name);
        if (strcmp(item->steps.mode, "fake") != 0 &&
            statement_next(step->file->down, &start, &size) == NULL)
            return call_fail(call, CODE_FAILED_PRECONDITION,
                             "%s cannot be undone: there is nothing below its -- migrate:down",
                             step->file->file);
        for (size_t j = 0; j < item->steps.set->count; j++)
            if (strcmp(item->steps.set->files[j].app, step->file->app) == 0 && item->unknown[j] > 0)
                return call_fail(call, CODE_FAILED_PRECONDITION,
                                 "%s/%04" PRIu32
                                 " was applied from a file that this server does not have",
                                 step->file->app, item->unknown[j]);
    }
    return true;
}

/* ---- what is written ---- */

/* The newest of each app into the registry, by what the ledger says now. */
static bool
write_heads(Item *item)
{
    Call *call = item->steps.call;
    const char *heads, *gone;

    if (!heads_of_applied(call, item->steps.set, item->steps.applied, item->unknown, &heads, &gone))
        return false;
    if (item->steps.moves_own_app)
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
    return call_printf(item->steps.call, "%" PRId64, (clock_us() - item->start_us) / 1000);
}

static bool
write_state(Item *item, const char *state, const char *error)
{
    Call *call = item->steps.call;
    const char *steps = call_printf(call, "%zu", item->steps.done), *elapsed = elapsed_text(item);

    return steps != NULL && elapsed != NULL &&
           db_queue(call, &query_item_done, NULL,
                    (DbArg[]){{.name = "state", .text = state},
                              {.name = "steps", .text = steps},
                              {.name = "duration_ms", .text = elapsed},
                              {.name = "error", .text = error},
                              {.name = "run_id", .text = item->steps.run_text},
                              {.name = "tenant_id", .text = item->tenant_text},
                              {0}}) &&
           db_commit(call);
}

/* What the steps have made is given to those who may have it, and to nobody else. */
static bool
settle_rights(Item *item)
{
    Call *call = item->steps.call;

    if (!item->steps.is_shared)
        return db_script(call, script_tenant_provision_after.text,
                         (DbArg[]){{.name = "role", .text = item->steps.role}, {0}});
    return db_script(call, script_install_after.text,
                     (DbArg[]){{.name = "platform", .text = call->core->installation.platform_role},
                               {0}}) &&
           db_script(
               call, script_extension_rights.text,
               (DbArg[]){{.name = "schemas", .text = call->core->config->extension_schemas}, {0}});
}

static bool
write_done(Item *item)
{
    if (item->steps.done > 0 && !settle_rights(item))
        return false;
    if (!item->steps.is_shared && !write_heads(item))
        return false;
    return write_state(item, item->steps.more ? "pending" : "done", "");
}

/* ---- a failure ---- */

/* Back to the claim, which still stands, and the failure in place of the steps.  Were the claim
 * given up before that, another worker would take the item, fail, and so on for ever. */
static bool
write_failure(Item *item)
{
    Call *call = item->steps.call;
    ItemFailure failure = item_failure_of(&item->steps);

    if (item->is_outside) {
        if (!db_begin_after_failure(call))
            return false;
    } else if (!db_savepoint_rollback(call)) {
        return false;
    }
    call->tenant = (TenantContext){0};
    return item_failure_queue(call, &item->id, &failure, elapsed_text(item)) && db_commit(call);
}

bool
item_lost(Call *call, const ItemId *id)
{
    const ItemFailure failure = {.error = "the connection to the database was lost",
                                 .summary = "the connection to the database was lost",
                                 .sqlstate = "",
                                 .file = "",
                                 .statement = "",
                                 .is_temporary = true};

    db_begin(call, DB_WRITE);
    return item_failure_queue(call, id, &failure, "0") && db_commit(call);
}

/* ---- one item ---- */

static bool
read_claim(Item *item, const DbRow *row)
{
    Call *call = item->steps.call;
    const Apps *apps = call->core->apps;

    item->id.tenant_id = db_row_int64(row, "tenant_id");
    item->id.attempts = (int32_t) db_row_int64(row, "attempts");
    item->steps.tenant_id = item->id.tenant_id;
    item->steps.is_shared = db_row_bool(row, "is_shared");
    item->steps.schema = db_row_text(row, "schema_name");
    item->steps.mode = db_row_text(row, "mode");
    item->target =
        (PlanTarget){.app = db_row_text(row, "app"), .number = db_row_int64(row, "target")};
    item->steps.set = item->steps.is_shared ? &apps->shared : &apps->tenant;
    item->tenant_text = call_printf(call, "%" PRId64, item->id.tenant_id);
    return item->steps.schema != NULL && item->steps.mode != NULL && item->target.app != NULL &&
           item->tenant_text != NULL;
}

/* ---- what is worked on ---- */

void
item_desk_init(ItemDesk *desk)
{
    desk->work = (ItemWork){.id.tenant_id = -1};
    pthread_mutex_init(&desk->lock, NULL);
}

ItemWork
item_desk_read(ItemDesk *desk)
{
    ItemWork work;

    pthread_mutex_lock(&desk->lock);
    work = desk->work;
    pthread_mutex_unlock(&desk->lock);
    return work;
}

static void
desk_put(ItemDesk *desk, ItemWork work)
{
    pthread_mutex_lock(&desk->lock);
    desk->work = work;
    pthread_mutex_unlock(&desk->lock);
}

/* The arguments of the statements about one item. */
static bool
fill_args(Call *call, const ItemId *id, DbArg args[4])
{
    args[0] = (DbArg){.name = "run_id", .text = call_printf(call, "%" PRId64, id->run_id)};
    args[1] = (DbArg){.name = "tenant_id", .text = call_printf(call, "%" PRId64, id->tenant_id)};
    args[2] = (DbArg){.name = "attempts", .text = call_printf(call, "%" PRId32, id->attempts)};
    args[3] = (DbArg){0};
    return args[0].text != NULL && args[1].text != NULL && args[2].text != NULL;
}

bool
item_keep(Call *call, const ItemWork *work, bool *is_wanted)
{
    const DbRow *row;
    DbArg args[4];

    if (!fill_args(call, &work->id, args))
        return false;
    if (!work->is_outside) {
        db_begin(call, DB_READ);
        if (!db_row(call, &query_run_is_wanted, NULL,
                    (DbArg[]){{.name = "id", .text = args[0].text}, {0}}, &row))
            return false;
        *is_wanted = row != NULL && db_row_bool(row, "is_wanted");
        db_rollback(call);
        return true;
    }
    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_item_keep, NULL, args, &row) || !db_commit(call))
        return false;
    *is_wanted = row != NULL && db_row_bool(row, "is_wanted");
    return true;
}

/* ---- outside a transaction ---- */

/* The schema again, in a new transaction.  *taken: the item is somebody else's by now, or its run
 * was canceled. */
static bool
open_schema_again(Item *item, bool *taken, bool *gone)
{
    Call *call = item->steps.call;
    const char *schema = item->steps.schema;
    const DbRow *row;
    DbArg args[4];

    *gone = *taken = false;
    call->tenant = (TenantContext){0};
    db_begin(call, DB_WRITE);
    if (!fill_args(call, &item->id, args) ||
        !db_queue(call, &query_item_begin, NULL,
                  (DbArg[]){{.name = "id", .text = item->steps.run_text}, {0}}) ||
        !db_row(call, &query_item_claim_again, NULL, args, &row))
        return false;
    *taken = row == NULL;
    if (*taken) {
        db_rollback(call);
        return true;
    }
    item->is_outside = false;
    return open_schema(item, gone) &&
           (*gone || item->steps.is_shared || strcmp(item->steps.schema, schema) == 0 ||
            call_fail(call, CODE_UNAVAILABLE, "the tenant was renamed while its step ran"));
}

/* The first transaction has found what to do, and leases the item; the second one writes that it is
 * done.  Between them the pooler's connection is anybody's. */
static bool
run_outside(Item *item)
{
    Call *call = item->steps.call;
    bool taken, gone, ok;
    DbArg args[4];

    if (!fill_args(call, &item->id, args) || !db_queue(call, &query_item_lease, NULL, args) ||
        !db_commit(call))
        return false;
    item->is_outside = true;
    desk_put(item->desk, (ItemWork){item->id, true});
    ok = steps_run_outside(&item->steps);
    desk_put(item->desk, (ItemWork){item->id, false});
    if (!ok || !open_schema_again(item, &taken, &gone))
        return false;
    if (taken)
        return true;
    if (gone)
        return write_state(item, "skipped", "the tenant was deleted");
    return steps_finish_outside(&item->steps) && write_done(item);
}

static bool
item_run(Item *item)
{
    bool gone;

    if (!open_schema(item, &gone))
        return false;
    if (gone)
        return write_state(item, "skipped", "the tenant was deleted");
    return plan_make(item->steps.call, item->steps.set, item->steps.applied, item->target,
                     &item->steps.plan) &&
           check_plan(item) &&
           (item->steps.is_shared || trial_check_plan(item->steps.call, &item->steps.plan)) &&
           steps_run(&item->steps) && (item->steps.outside ? run_outside(item) : write_done(item));
}

ItemResult
item_work(Call *call, ItemId *id, ItemDesk *desk)
{
    Item item = {.steps.call = call, .id = *id, .desk = desk, .start_us = clock_us()};
    const char *after = call_printf(call, "%" PRId64, id->tenant_id);
    const DbRow *row;

    item.steps.run_text = call_printf(call, "%" PRId64, id->run_id);
    id->tenant_id = -1;
    if (after == NULL || item.steps.run_text == NULL)
        return ITEM_LOST;
    db_begin(call, DB_WRITE);
    if (!db_queue(call, &query_item_begin, NULL,
                  (DbArg[]){{.name = "id", .text = item.steps.run_text}, {0}}) ||
        !db_row(call, &query_item_claim, NULL,
                (DbArg[]){{.name = "id", .text = item.steps.run_text},
                          {.name = "after", .text = after},
                          {0}},
                &row))
        return ITEM_LOST;
    if (row == NULL) {
        db_rollback(call);
        return ITEM_NONE;
    }
    if (!read_claim(&item, row))
        return ITEM_LOST;
    *id = item.id;
    desk_put(desk, (ItemWork){item.id, false});

    bool written = item_run(&item) || write_failure(&item);

    desk_put(desk, (ItemWork){.id.tenant_id = -1});
    return written ? ITEM_WRITTEN : ITEM_LOST;
}
