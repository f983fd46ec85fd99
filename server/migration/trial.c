/* A trial happens at a savepoint of the caller's transaction, so that nobody waits for a second
 * connection.  A set that has fitted once is a row of migration_trial; one that has not is tried
 * again whenever somebody asks, since what it lacks may be an extension. */
#include "migration/trial.h"
#include "base/digest.h"
#include "base/log.h"
#include "call/text.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "migration/heads.h"
#include "migration/migrate.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

typedef enum TrialResult {
    TRIAL_FITS,
    TRIAL_FAILS,  /* the call's failure says how */
    TRIAL_UNKNOWN /* so it does, but it says nothing about the files */
} TrialResult;

/* Core.trial: what is known of all that this server knows. */
enum { ALL_UNKNOWN, ALL_FIT, ALL_TOO_LATE /* what tenants have does not fit together */ };

/* ---- one trial ---- */

static const char *
digest_of(Call *call, const MigrationSet *set, const bool *in_set)
{
    uint8_t digest[DIGEST_SIZE];
    char *hex = call_alloc(call, 2 * DIGEST_SIZE + 1);
    Text text = text_new(call);
    const char *lines;

    /* what a trial looks at, and what it finds beside the files */
    text_add(&text, "rows, %s\n", call->core->config->extension_schemas);
    for (size_t i = 0; i < set->count; i++)
        if (in_set[i])
            text_add(&text, "%s/%s=%s\n", set->files[i].app, set->files[i].name,
                     set->files[i].checksum);
    if ((lines = text_end(&text)) == NULL || hex == NULL)
        return NULL;
    digest_parts(&(DigestPart){lines, strlen(lines)}, 1, digest);
    return sodium_bin2hex(hex, 2 * DIGEST_SIZE + 1, digest, sizeof digest);
}

static bool
has_fitted(Call *call, const char *digest, bool *fits)
{
    const DbRow *row;

    *fits = false;
    if (digest == NULL || !db_row(call, &query_trial_find, NULL,
                                  (DbArg[]){{.name = "digest", .text = digest}, {0}}, &row))
        return false;
    *fits = row != NULL && db_row_bool(row, "fits");
    return true;
}

/* One of the trial's own scripts: what fails is the migrations, which it shows. */
static bool
try_script(Call *call, const Script *script, const char *what)
{
    bool is_null, is_right;
    const char *text;

    if (db_user_script(call, script->text))
        return true;
    is_null = strcmp(call->failure.sqlstate, "23502") == 0;
    is_right = strcmp(call->failure.sqlstate, "42501") == 0;
    text = call_printf(
        call, "the migrations fail when %s: %s%s", what, call->failure.text,
        is_null    ? "; a column that an app adds to a table of the server's must allow null or "
                     "have a default, since the server gives it no value"
        : is_right ? "; a tenant's role may run the functions of its own schema and those of "
                     "extensions, but none that is security definer"
                   : "");
    if (text != NULL && call->failure.is_of_script)
        call->failure.text = text;
    return false;
}

/* In the open transaction, which is to be rolled back. */
static bool
make_scratch(Call *call, const bool *in_set)
{
    const char *role = call->core->installation.platform_role;
    const char *scratch = call_printf(call, "ciq_trial_%s_%" PRId64, call->id, call->tenant.id);

    return scratch != NULL && migrate_tenant_of(call, scratch, role, in_set) &&
           try_script(call, &script_trial_end, "a new tenant is committed") &&
           db_script(call, script_trial_role.text,
                     (DbArg[]){{.name = "role", .text = role}, {0}}) &&
           try_script(call, &script_trial_rows, "the server writes to a new tenant's tables") &&
           db_script(call, script_trial_rows_end.text, NULL);
}

static bool
try_set(Call *call, const bool *in_set)
{
    const char *digest = digest_of(call, &call->core->apps->tenant, in_set);
    bool fits;

    if (!has_fitted(call, digest, &fits))
        return false;
    if (fits)
        return true;
    return db_savepoint(call) && make_scratch(call, in_set) && db_savepoint_rollback(call) &&
           db_queue(call, &query_trial_record, NULL,
                    (DbArg[]){{.name = "digest", .text = digest}, {0}});
}

static bool
is_about_files(const CallFailure *failure)
{
    return failure->is_of_script && failure->code != CODE_UNAVAILABLE &&
           failure->code != CODE_ABORTED && failure->code != CODE_RESOURCE_EXHAUSTED &&
           failure->code != CODE_DEADLINE_EXCEEDED;
}

/* Afterwards the transaction is as it was, but after TRIAL_UNKNOWN. */
static TrialResult
trial_make(Call *call, const bool *in_set)
{
    CallFailure failure;

    if (try_set(call, in_set))
        return TRIAL_FITS;
    failure = call->failure;

    bool goes_on = is_about_files(&failure) && db_savepoint_rollback(call);

    call->failure = failure;
    return goes_on ? TRIAL_FAILS : TRIAL_UNKNOWN;
}

/* ---- what is tried ---- */

typedef struct Trial {
    bool *applied; /* by file of the set: some tenant has it, so that it cannot change any more */
    bool *wanted;  /* these and what comes */
    bool is_all, is_new;
} Trial;

/* comes NULL: all that this server knows. */
static bool
read_trial(Call *call, const bool *comes, Trial *trial)
{
    const MigrationSet *set = &call->core->apps->tenant;
    const DbRow *row;

    *trial = (Trial){.is_all = true, .wanted = call_alloc(call, set->count + 1)};
    if (trial->wanted == NULL || !db_row(call, &query_trial_heads, NULL, NULL, &row) ||
        !heads_applied(call, set, db_row_text(row, "heads"), &trial->applied))
        return false;
    for (size_t i = 0; i < set->count; i++) {
        trial->wanted[i] = trial->applied[i] || comes == NULL || comes[i];
        trial->is_new = trial->is_new || (trial->wanted[i] && !trial->applied[i]);
        trial->is_all = trial->is_all && trial->wanted[i];
    }
    return true;
}

static void
log_text(LogLevel level, const char *what, const Call *call)
{
    char text[2048];

    log_write(level, what, "text=%s", log_quote(text, sizeof text, call->failure.text));
}

/* After a set has failed: whether what tenants have already does not fit together by itself, which
 * cannot be mended by refusing more.  The call keeps the first failure. */
static TrialResult
try_applied(Call *call, const Trial *trial)
{
    CallFailure failure = call->failure;
    TrialResult result;

    call->failure = (CallFailure){0};
    result = trial->is_new ? trial_make(call, trial->applied) : TRIAL_FAILS;
    if (result == TRIAL_FAILS) {
        log_text(LOG_LEVEL_WARNING, "what tenants have cannot be made anew",
                 trial->is_new ? call : &(Call){.failure = failure});
        atomic_store(&call->core->trial, ALL_TOO_LATE);
    }
    if (result != TRIAL_UNKNOWN)
        call->failure = failure;
    return result;
}

/* ---- at start ---- */

void
trial_at_start(Call *call)
{
    const MigrationSet *set = &call->core->apps->tenant;
    TrialResult result = TRIAL_FITS; /* the server's own are tried by its tests */
    Trial trial;

    db_begin(call, DB_WRITE);
    if (set->count > set->borrowed)
        result = read_trial(call, NULL, &trial) ? trial_make(call, trial.wanted) : TRIAL_UNKNOWN;
    if (result == TRIAL_FITS)
        atomic_store(&call->core->trial, ALL_FIT);
    if (result == TRIAL_FAILS) {
        log_text(LOG_LEVEL_ERROR, "no tenant can be made with all migrations", call);
        result = try_applied(call, &trial);
    }
    if (result == TRIAL_UNKNOWN)
        log_text(LOG_LEVEL_WARNING, "migrations were not tried", call);
    call->failure = (CallFailure){0};
    if (result != TRIAL_FITS || !db_commit(call))
        db_rollback(call);
    call->failure = (CallFailure){0};
}

/* ---- before a run ---- */

bool
trial_is_due(const Core *core)
{
    return atomic_load(&core->trial) == ALL_UNKNOWN;
}

static bool
fail_by_trial(Call *call)
{
    const char *text = call_printf(call, "nothing was applied: %s", call->failure.text);

    if (text != NULL)
        call->failure.text = text;
    return false;
}

bool
trial_check(Call *call, const bool *comes)
{
    Trial trial;
    TrialResult result;

    if (!trial_is_due(call->core))
        return true;
    if (!read_trial(call, comes, &trial))
        return false;
    if (!trial.is_new)
        return true;
    result = trial_make(call, trial.wanted);
    if (result == TRIAL_FITS && trial.is_all)
        atomic_store(&call->core->trial, ALL_FIT);
    if (result != TRIAL_FAILS)
        return result == TRIAL_FITS;
    result = try_applied(call, &trial);
    if (result == TRIAL_FITS)
        return fail_by_trial(call);
    if (result == TRIAL_UNKNOWN)
        return false;
    call->failure = (CallFailure){0};
    return true;
}

bool
trial_check_plan(Call *call, const Plan *plan)
{
    const MigrationSet *set = &call->core->apps->tenant;
    bool *comes, fits;
    Trial trial;

    if (!trial_is_due(call->core))
        return true;
    if ((comes = call_alloc(call, set->count + 1)) == NULL)
        return false;
    for (size_t i = 0; i < plan->count; i++)
        if (!plan->steps[i].down)
            comes[plan->steps[i].file - set->files] = true;
    if (!read_trial(call, comes, &trial) ||
        (trial.is_new && !has_fitted(call, digest_of(call, set, trial.wanted), &fits)))
        return false;
    if (!trial.is_new || fits)
        return true;
    if (db_run(call, &query_scratch_begin, NULL, NULL, NULL) && make_scratch(call, trial.wanted))
        return db_run(call, &query_scratch_end, NULL, NULL, NULL);
    return is_about_files(&call->failure) ? fail_by_trial(call) : false;
}
