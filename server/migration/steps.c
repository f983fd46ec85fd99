/* Runs steps, each with its row in the ledger, in the caller's transaction; what allows no
 * transaction runs on a second connection while the caller's holds the locks.  Behind a pooler it
 * does not: whoever keeps one of a pooler's connections while it waits for a second stops
 * everybody. There the caller ends its transaction first.  */
#include "migration/steps.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/embedded.h"
#include "migration/shape.h"
#include "migration/statement.h"

#include <inttypes.h>
#include <string.h>

enum { ALONE_ROUNDS_MAX = 3 }; /* of one attempt, until an index stays valid */

const char *
steps_section(const PlanStep *step)
{
    return step->down ? step->file->down : step->file->up;
}

/* An app of the server's.  Other servers remember how far a tenant is only for these, so only these
 * are worth a notification: a commit that notifies waits for every other commit that does, the
 * write to disk included. */
static bool
is_own_app(const char *app)
{
    for (size_t i = 0; i < migrations_tenant_count; i++)
        if (strcmp(migrations_tenant[i].app, app) == 0)
            return true;
    return false;
}

/* Behind a script it is queued: what is sent next, at the latest the commit, takes it along. */
static bool
record_step(Steps *steps, const PlanStep *step)
{
    const DbArg args[] = {{.name = "app", .text = step->file->app},
                          {.name = "name", .text = step->file->name},
                          {.name = "checksum", .text = step->file->checksum},
                          {0}};
    const Query *query = step->down ? &query_item_ledger_delete : &query_item_ledger_insert;

    steps->applied[step->file - steps->set->files] = !step->down;
    steps->done++;
    steps->moves_own_app = steps->moves_own_app || is_own_app(step->file->app);
    /* what a pipeline holds is limited, so steps that are only recorded are sent one by one */
    return steps->script == NULL ? db_run(steps->call, query, NULL, args, NULL)
                                 : db_queue(steps->call, query, NULL, args);
}

/* Drops the indexes that an interrupted attempt has left.  alone: the call on the connection of
 * these statements, with the memory of the first. */
static bool
drop_invalid_indexes(Steps *steps, Call *alone, size_t *dropped)
{
    const DbArg schema[] = {{.name = "schema", .text = steps->schema}, {0}};
    const DbRow *row;

    for (*dropped = 0;; (*dropped)++) {
        db_begin(alone, DB_READ);
        if (!db_row(alone, &query_index_invalid, NULL, schema, &row))
            return false;
        db_rollback(alone);
        if (row == NULL)
            return true;
        if (!db_alone(alone, steps->tenant_id, steps->schema, script_index_drop.text,
                      (DbArg[]){{.name = "index", .text = db_row_text(row, "name")}, {0}}))
            return false;
    }
}

static bool
alone_statements(Steps *steps, Call *alone, const PlanStep *step)
{
    const char *at = steps_section(step), *start, *next;
    size_t size;

    while ((next = statement_next(at, &start, &size)) != NULL) {
        char *statement = call_alloc(alone, size + 1);

        if (statement == NULL)
            return false;
        memcpy(statement, start, size);
        steps->script = start;
        steps->script_us = clock_us();
        if (!db_alone(alone, steps->tenant_id, steps->schema, statement, NULL))
            return false;
        at = next;
    }
    return true;
}

/* Statements that allow no transaction, one by one.  When they are interrupted, all of them run
 * again: they say "if not exists", and an invalid index that was left is dropped first.  "If not
 * exists" also passes over an index that the backend of a dead server was still making and never
 * finished: so at the end there is another look for invalid indexes. */
static bool
alone_step(Steps *steps, Call *alone, const PlanStep *step)
{
    size_t dropped;

    for (int round = 0; round < ALONE_ROUNDS_MAX; round++) {
        if ((round == 0 && !drop_invalid_indexes(steps, alone, &dropped)) ||
            !alone_statements(steps, alone, step))
            return false;
        steps->script = NULL;
        if (!drop_invalid_indexes(steps, alone, &dropped))
            return false;
        if (dropped == 0)
            return true;
    }
    return call_fail(alone, CODE_UNAVAILABLE, "%s leaves an invalid index each time",
                     step->file->file);
}

/* On a second connection, while this one holds the locks of item and tenant. */
static bool
run_beside(Steps *steps, const PlanStep *step)
{
    Call *call = steps->call, second = *call;
    char reason[256] = "no memory";
    bool ok;

    if (!db_script(call, script_alone_ready.text, NULL))
        return false;
    second.db = db_new(call->core->owner_options);
    second.tenant = (TenantContext){0};
    ok = second.db != NULL;
    if (!ok || !db_ready(second.db, call->stop_fd, reason, sizeof reason))
        ok = call_fail(&second, CODE_UNAVAILABLE, "a second connection cannot be opened: %s",
                       reason);
    ok = ok &&
         db_script(&second, script_alone_before.text,
                   (DbArg[]){{.name = "run", .text = steps->run_text}, {0}}) &&
         alone_step(steps, &second, step);
    db_free(second.db);
    if (!ok)
        call->failure = second.failure;
    return ok;
}

bool
steps_run_outside(Steps *steps)
{
    TenantContext tenant = steps->call->tenant;
    bool ok;

    steps->call->tenant = (TenantContext){0};
    ok = alone_step(steps, steps->call, steps->step);
    steps->call->tenant = tenant;
    return ok;
}

static bool
run_in_transaction(Steps *steps, const PlanStep *step)
{
    steps->script = steps_section(step);
    steps->script_us = clock_us();
    return db_user_script(steps->call, steps->script);
}

static bool
run_step(Steps *steps, const PlanStep *step)
{
    bool is_there = false;

    if (strcmp(steps->mode, "fake") == 0)
        return record_step(steps, step);
    if (strcmp(steps->mode, "fake-initial") == 0 && !step->down && step->file->number == 1 &&
        !shape_check(steps->call, steps->set, step->file, steps->schema, &is_there))
        return false;
    if (is_there)
        return record_step(steps, step);
    if (step->file->no_transaction && steps->call->core->owner_options->is_pooled) {
        steps->outside = true;
        return true;
    }
    return (step->file->no_transaction ? run_beside(steps, step)
                                       : run_in_transaction(steps, step)) &&
           record_step(steps, step);
}

bool
steps_run(Steps *steps)
{
    bool is_fake = strcmp(steps->mode, "fake") == 0;

    for (size_t i = 0; i < steps->plan.count; i++) {
        const PlanStep *step = &steps->plan.steps[i];
        bool is_alone = step->file->no_transaction && !is_fake;

        if (is_alone && steps->done > 0) {
            steps->more = true;
            return true;
        }
        steps->step = step;
        steps->script = NULL;
        if (!run_step(steps, step))
            return false;
        if (is_alone)
            steps->more = i + 1 < steps->plan.count;
        if (steps->outside)
            return true;
        steps->step = NULL;
        if (is_alone)
            return true;
    }
    return true;
}

bool
steps_finish_outside(Steps *steps)
{
    const PlanStep *step = steps->step;

    /* another server may have done the same meanwhile */
    if (steps->applied[step->file - steps->set->files] == step->down && !record_step(steps, step))
        return false;
    steps->step = NULL;
    return true;
}
