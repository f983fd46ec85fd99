/* Migration runs: starting, ending and going on with them.  A run is rows; what the rows ask for is
 * done by runs.c, on any server.  No rpc here waits for that.  */
#include "migration/apps.h"
#include "db/db.h"
#include "migration/heads.h"
#include "migration/plan.h"
#include "migration/statement.h"
#include "migration/trial.h"
#include "db/queries.h"
#include "rpc/handlers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a request asks for, with its names looked up. */
typedef struct WantedRun {
    const MigrationSet *set;
    PlanTarget target;
    uint32_t newest; /* of the app */
} WantedRun;

static bool
find_target(Call *call, const CreateMigrationRunRequest *request, WantedRun *wanted)
{
    const char *target = request->target;
    char *rest;
    unsigned long number;

    if (target[0] == '\0') {
        wanted->target.number = PLAN_NEWEST;
        return true;
    }
    if (request->app[0] == '\0')
        return call_fail_field(call, "target",
                               "needs an app, because each app has its own numbers");
    if (strcmp(target, "zero") == 0) {
        wanted->target.number = 0;
        return true;
    }
    for (size_t i = 0; i < wanted->set->count; i++) {
        const MigrationFile *file = &wanted->set->files[i];

        number = strtoul(target, &rest, 10);
        if (strcmp(file->app, request->app) == 0 &&
            (strcmp(file->name, target) == 0 || (*rest == '\0' && number == file->number))) {
            wanted->target.number = file->number;
            return true;
        }
    }
    return call_fail_field(call, "target",
                           "must be a migration of %s, 0001 to %04" PRIu32 ", or zero; got %.100s",
                           request->app, wanted->newest, target);
}

static bool
read_wanted(Call *call, const CreateMigrationRunRequest *request, WantedRun *wanted)
{
    const Apps *apps = call->core->apps;

    *wanted = (WantedRun){.set = request->shared ? &apps->shared : &apps->tenant,
                          .target = {.app = request->app}};
    if (request->shared && (request->n_schemas > 0 || request->first != 0))
        return call_fail_field(
            call, "shared",
            "is about the schema public alone: schemas and first must not be given");
    if (request->first < 0)
        return call_fail_field(call, "first", "must not be negative, got %" PRId32, request->first);
    if (request->fake && request->fake_initial)
        return call_fail_field(call, "fake", "and fake_initial cannot be used together");
    if (request->shared && request->fake_initial)
        return call_fail_field(call, "fake_initial", "is for tenants' schemas only");
    wanted->newest = migration_newest_number(wanted->set, request->app);
    if (request->app[0] != '\0' && wanted->newest == 0)
        return call_fail_field(call, "app", "must be an app with %s migrations, got %s",
                               request->shared ? "shared" : "tenant", request->app);
    if (!find_target(call, request, wanted))
        return false;
    if (wanted->target.number == PLAN_NEWEST || wanted->target.number == wanted->newest)
        return true;
    if (strcmp(request->app, "core") == 0)
        return call_fail_field(call, "target", "must be the newest: app core is never undone");
    for (size_t i = 0; request->shared && i < wanted->set->borrowed; i++)
        if (strcmp(wanted->set->files[i].app, request->app) == 0)
            return call_fail_field(call, "target",
                                   "must be the newest: this server needs the shared app %s",
                                   request->app);
    return true;
}

/* ---- the plan ---- */

/* One line of public.tenants_tenant.heads with how many tenants have it, out of the query's own
 * JSON:
 * {"heads": {"core": 1, …}, "tenants": 7}, which PostgreSQL writes always in this form. */
static bool
next_group(Call *call, const char **at, char **heads, int64_t *tenants)
{
    const char *start = strstr(*at, "\"heads\": {"),
               *end = start == NULL ? NULL : strchr(start, '}');
    const char *number = end == NULL ? NULL : strstr(end, "\"tenants\": ");

    *heads = NULL;
    if (number == NULL)
        return true;
    start += strlen("\"heads\": ");
    *heads = call_alloc(call, (size_t) (end - start) + 2);
    if (*heads == NULL)
        return false;
    memcpy(*heads, start, (size_t) (end - start) + 1);
    *tenants = strtoll(number + strlen("\"tenants\": "), NULL, 10);
    *at = number;
    return true;
}

static MigrationPlanStep *
find_step(Call *call, CreateMigrationRunResponse *response, const PlanStep *step)
{
    MigrationPlanStep *made;

    for (size_t i = 0; i < response->n_steps; i++)
        if (strcmp(response->steps[i]->app, step->file->app) == 0 &&
            strcmp(response->steps[i]->name, step->file->name) == 0 &&
            response->steps[i]->down == step->down)
            return response->steps[i];
    made = call_alloc(call, sizeof *made);
    if (made == NULL)
        return NULL;
    clientiq__v1__migration_plan_step__init(made);
    made->app = (char *) (uintptr_t) step->file->app;
    made->name = (char *) (uintptr_t) step->file->name;
    made->down = step->down;
    if (step->down)
        made->statements = (char *) (uintptr_t) step->file->down;
    response->steps[response->n_steps++] = made;
    return made;
}

static bool
add_group(Call *call, const WantedRun *wanted, const bool *applied, int64_t schemas,
          CreateMigrationRunResponse *response)
{
    Plan plan;

    if (!plan_make(call, wanted->set, applied, wanted->target, &plan))
        return false;
    for (size_t i = 0; i < plan.count; i++) {
        MigrationPlanStep *step = find_step(call, response, &plan.steps[i]);

        if (step == NULL)
            return false;
        step->schemas += schemas;
    }
    response->run->total += schemas;
    return true;
}

/* What the schema public has applied, from its ledger. */
static bool
shared_applied(Call *call, const MigrationSet *set, bool **applied)
{
    const DbRow *row;

    *applied = call_alloc(call, set->count + 1);
    if (*applied == NULL)
        return false;
    for (size_t i = 0; i < set->count; i++) {
        if (!db_row(call, &query_ledger_find, NULL,
                    (DbArg[]){{.name = "app", .text = set->files[i].app},
                              {.name = "name", .text = set->files[i].name},
                              {0}},
                    &row))
            return false;
        (*applied)[i] = row != NULL;
    }
    return true;
}

static bool
plan_fleet(Call *call, const CreateMigrationRunRequest *request, const WantedRun *wanted,
           const DbArg *args, CreateMigrationRunResponse *response)
{
    const DbRow *row;
    const char *at;
    char *heads;
    int64_t tenants;
    bool *applied;

    response->steps = call_alloc(call, (wanted->set->count * 2 + 1) * sizeof *response->steps);
    if (response->steps == NULL)
        return false;
    if (request->shared)
        return shared_applied(call, wanted->set, &applied) &&
               add_group(call, wanted, applied, 1, response);
    if (!db_row(call, &query_run_affected, &request->base, args, &row))
        return false;
    for (at = db_row_text(row, "groups"); at != NULL;) {
        if (!next_group(call, &at, &heads, &tenants))
            return false;
        if (heads == NULL)
            break;
        if (!heads_applied(call, wanted->set, heads, &applied) ||
            !add_group(call, wanted, applied, tenants, response))
            return false;
    }
    return true;
}

/* What cannot be undone, and what a new tenant could not have, is said before any schema is
 * touched.
 */
static bool
check_steps(Call *call, const CreateMigrationRunRequest *request, const WantedRun *wanted,
            const DbArg *args)
{
    CreateMigrationRunResponse plan = CLIENTIQ__V1__CREATE_MIGRATION_RUN_RESPONSE__INIT;
    MigrationRun run = CLIENTIQ__V1__MIGRATION_RUN__INIT;
    bool *comes = call_alloc(call, wanted->set->count + 1);
    const char *start;
    bool may_undo = wanted->target.number != PLAN_NEWEST && !request->fake;
    size_t size;

    if (!may_undo && (request->shared || !trial_is_due(call->core)))
        return true;
    plan.run = &run;
    if (comes == NULL || !plan_fleet(call, request, wanted, args, &plan))
        return false;
    for (size_t i = 0; i < plan.n_steps; i++)
        for (size_t j = 0; j < wanted->set->count; j++) {
            const MigrationFile *file = &wanted->set->files[j];

            if (plan.steps[i]->name != file->name)
                continue;
            if (plan.steps[i]->down && may_undo &&
                statement_next(file->down, &start, &size) == NULL)
                return call_fail(call, CODE_FAILED_PRECONDITION,
                                 "%s cannot be undone: there is nothing below its -- migrate:down",
                                 file->file);
            comes[j] = comes[j] || !plan.steps[i]->down;
        }
    return request->shared || trial_check(call, comes);
}

/* ---- the run ---- */

/* request: NULL, or the one whose id NOT_FOUND names. */
static bool
get_run(Call *call, int64_t id, const ProtobufCMessage *request, MigrationRun **run)
{
    const char *number = call_printf(call, "%" PRId64, id);
    MigrationRun *made = call_alloc(call, sizeof *made);

    if (number == NULL || made == NULL)
        return false;
    clientiq__v1__migration_run__init(made);
    if (!db_fill(call, &query_run_get, request, (DbArg[]){{.name = "id", .text = number}, {0}},
                 &made->base))
        return false;
    *run = made;
    return true;
}

static bool
check_conflict(Call *call, const char *id)
{
    const DbArg args[] = {{.name = "id", .text = id}, {0}};
    const DbRow *row;

    if (!db_row(call, &query_run_conflict, NULL, args, &row))
        return false;
    if (row != NULL)
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "run %" PRId64 " is migrating %s: wait for it (ciq-client migration run watch %" PRId64
            ") or cancel it",
            db_row_int64(row, "id"), db_row_text(row, "schema_name"), db_row_int64(row, "id"));
    return true;
}

static bool
check_suspended(Call *call, const char *id)
{
    const DbRow *row;

    if (!db_row(call, &query_run_not_suspended, NULL, (DbArg[]){{.name = "id", .text = id}, {0}},
                &row))
        return false;
    if (row != NULL)
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "the tenant %s is not suspended: migrating to zero deletes its data, so suspend it first",
            db_row_text(row, "schema_name"));
    return true;
}

/* Two who start the same at the same time get one run: the second one's is taken back. */
static bool
join_same(Call *call, const char *text, int64_t *id, bool *joined)
{
    const DbArg args[] = {{.name = "id", .text = text}, {0}};
    const DbRow *row;

    if (!db_row(call, &query_run_same, NULL, args, &row))
        return false;
    *joined = row != NULL;
    if (row == NULL)
        return true;
    *id = db_row_int64(row, "id");
    return db_queue(call, &query_run_delete, NULL, args);
}

static bool
insert_run(Call *call, const CreateMigrationRunRequest *request, const WantedRun *wanted,
           const DbArg *args, int64_t *id, bool *joined)
{
    const DbRow *row;
    const char *text;

    *id = 0;
    if (!db_queue(call, &query_run_lock, NULL, NULL) ||
        !db_row(call, request->shared ? &query_run_insert_shared : &query_run_insert,
                &request->base, args, &row))
        return false;
    if (row == NULL)
        return true;
    *id = db_row_int64(row, "id");
    text = call_printf(call, "%" PRId64, *id);
    if (text == NULL || !join_same(call, text, id, joined))
        return false;
    if (*joined)
        return true;
    call_change(call, CHANGE_RUNS, 0);
    call->target = call_printf(call, "migration run %" PRId64, *id);
    return check_conflict(call, text) &&
           (request->shared || wanted->target.number != 0 || check_suspended(call, text));
}

static bool
check_schemas(Call *call, const CreateMigrationRunRequest *request)
{
    const DbRow *row;

    if (request->n_schemas == 0)
        return true;
    if (!db_row(call, &query_run_schema_unknown, &request->base, NULL, &row))
        return false;
    return row == NULL ? true
                       : call_fail(call, CODE_NOT_FOUND, "no tenant with the schema %.100s",
                                   db_row_text(row, "name"));
}

bool
rpc_create_migration_run(Call *call, const CreateMigrationRunRequest *request,
                         CreateMigrationRunResponse *response)
{
    const Apps *apps = call->core->apps;
    WantedRun wanted;
    int64_t id;
    bool joined = false;

    response->run = call_alloc(call, sizeof *response->run);
    if (response->run == NULL || !read_wanted(call, request, &wanted))
        return false;
    clientiq__v1__migration_run__init(response->run);

    const char *number = call_printf(call, "%" PRId64,
                                     wanted.target.number == PLAN_NEWEST ? (int64_t) wanted.newest
                                                                         : wanted.target.number);
    const char *target = call_printf(call, "%" PRId64, wanted.target.number);
    const char *failures = call_printf(call, "%" PRId64, call->core->config->migration_failures);
    const char *caller =
        call->caller.kind == CALLER_SUPERUSER ? call->caller.email : call_actor(call);
    const DbArg args[] = {
        {.name = "newest", .text = request->shared ? apps->shared_heads : apps->heads},
        {.name = "number", .text = number},
        {.name = "target", .text = target},
        {.name = "failures_max", .text = failures},
        {.name = "caller", .text = caller},
        {.name = "mode",
         .text = request->fake           ? "fake"
                 : request->fake_initial ? "fake-initial"
                                         : "apply"},
        {0}};

    if (number == NULL || target == NULL || failures == NULL || !check_schemas(call, request))
        return false;
    if (request->plan_only)
        return plan_fleet(call, request, &wanted, args, response);
    if (!check_steps(call, request, &wanted, args) ||
        !insert_run(call, request, &wanted, args, &id, &joined))
        return false;
    response->joined = joined;
    if (id == 0) {
        response->run->state = CLIENTIQ__V1__MIGRATION_RUN_STATE__MIGRATION_RUN_STATE_DONE;
        return true;
    }
    return get_run(call, id, NULL, &response->run);
}

bool
rpc_get_migration_run(Call *call, const GetMigrationRunRequest *request,
                      GetMigrationRunResponse *response)
{
    return get_run(call, request->id, &request->base, &response->run);
}

bool
rpc_cancel_migration_run(Call *call, const CancelMigrationRunRequest *request,
                         CancelMigrationRunResponse *response)
{
    uint64_t rows;

    if (!db_run(call, &query_run_cancel, &request->base, NULL, &rows) ||
        !get_run(call, request->id, &request->base, &response->run))
        return false;
    if (rows == 0)
        return call_fail(call, CODE_FAILED_PRECONDITION, "run %" PRId64 " has ended already",
                         request->id);
    call_change(call, CHANGE_RUNS, 0);
    call->target = call_printf(call, "migration run %" PRId64, request->id);
    return true;
}

bool
rpc_resume_migration_run(Call *call, const ResumeMigrationRunRequest *request,
                         ResumeMigrationRunResponse *response)
{
    const char *id = call_printf(call, "%" PRId64, request->id);
    uint64_t rows;

    if (id == NULL || !db_queue(call, &query_run_lock, NULL, NULL) ||
        !db_run(call, &query_run_resume, &request->base, NULL, &rows))
        return false;
    if (rows == 0) {
        if (!get_run(call, request->id, &request->base, &response->run))
            return false;
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "run %" PRId64
                         " is under way or done: only a failed or canceled run can go on",
                         request->id);
    }
    call_change(call, CHANGE_RUNS, 0);
    call->target = call_printf(call, "migration run %" PRId64, request->id);
    return db_queue(call, &query_run_resume_items, &request->base, NULL) &&
           check_conflict(call, id) && get_run(call, request->id, &request->base, &response->run);
}

bool
rpc_get_migration_status(Call *call, const GetMigrationStatusRequest *request,
                         GetMigrationStatusResponse *response)
{
    return db_fill(call, &query_migration_status, &request->base,
                   (DbArg[]){{.name = "newest", .text = call->core->apps->heads}, {0}},
                   &response->base);
}
