/* The migrations that no run applies: shared ones at start, tenant ones when a tenant is made.
 * Called by server.c, job.c and the handler of CreateTenant.  */
#include "migration/migrate.h"
#include "base/secret.h"
#include "db/db.h"
#include "migration/accept.h"
#include "migration/ledger.h"
#include "migration/place.h"
#include "migration/plan.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "migration/heads.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- the shared schema ---- */

static const char *
hex_random(Call *call, size_t bytes)
{
    uint8_t random[32];
    char *text = call_alloc(call, bytes * 2 + 1);

    if (text == NULL)
        return NULL;
    secret_random(random, bytes);
    return sodium_bin2hex(text, bytes * 2 + 1, random, bytes);
}

typedef struct InstallationNames {
    const char *id, *platform_role;
} InstallationNames;

static bool
make_installation(Call *call, const char *database, const char *worker_login,
                  InstallationNames *installation)
{
    installation->id = hex_random(call, 4);
    if (installation->id == NULL)
        return false;
    installation->platform_role = call_printf(call, "ciq_%s_platform", installation->id);
    return installation->platform_role != NULL &&
           db_script(call, script_install.text,
                     (DbArg[]){{.name = "platform", .text = installation->platform_role},
                               {.name = "worker", .text = worker_login},
                               {.name = "database", .text = database},
                               {0}});
}

static bool
find_installation(Call *call, const char *worker_login, InstallationNames *installation)
{
    const DbRow *row;

    if (!db_row(call, &query_installation, NULL, NULL, &row))
        return false;
    if (row == NULL)
        return call_fail(call, CODE_DATA_LOSS, "public.core_installation has no row");
    installation->id = db_row_text(row, "id");
    installation->platform_role = db_row_text(row, "platform_role");

    const char *login = db_row_text(row, "worker_login");

    if (installation->id == NULL || installation->platform_role == NULL || login == NULL)
        return call_fail(call, CODE_DATA_LOSS, "public.core_installation is incomplete");
    if (strcmp(login, worker_login) != 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the database was installed for the workers' login %s, not %s", login,
                         worker_login);
    return true;
}

/* The server's own only: what the user's apps bring to the schema public waits for a run of the
 * user's. */
static bool
apply_step(Call *call, const MigrationFile *step)
{
    if (step->no_transaction)
        return call_fail(call, CODE_UNIMPLEMENTED,
                         "%s: a shared migration without a transaction cannot run at start",
                         step->file);
    if (!db_script(call, step->up, NULL)) {
        call->failure.detail = call_printf(
            call, "%s: %s", step->file, call->failure.detail != NULL ? call->failure.detail : "");
        return false;
    }
    return db_run(call, &query_ledger_insert, NULL,
                  (DbArg[]){{.name = "app", .text = step->app},
                            {.name = "name", .text = step->name},
                            {.name = "checksum", .text = step->checksum},
                            {0}},
                  NULL);
}

static bool
apply_pending(Call *call, bool is_new, size_t *applied)
{
    const MigrationSet *set = &call->core->apps->shared;

    for (size_t i = 0; i < set->count; i++) {
        const MigrationFile *step = &set->files[i];
        const DbRow *row = NULL;

        if ((!is_new || i > 0) && !db_row(call, &query_ledger_find, NULL,
                                          (DbArg[]){{.name = "app", .text = step->app},
                                                    {.name = "name", .text = step->name},
                                                    {0}},
                                          &row))
            return false;
        if (row == NULL && i >= set->borrowed)
            continue;
        if (row != NULL)
            continue;
        if (!apply_step(call, step))
            return false;
        (*applied)++;
    }
    return true;
}

/* What was applied must still be what the files say; ledgers and the list of tenants' files become
 * what this server writes, but for tenants' ledgers, which are too many. */
static bool
check_files(Call *call)
{
    ChangedFile *changed;
    size_t count;

    if (!accept_changed(call, &changed, &count))
        return false;
    if (count > 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "%s was changed after it was applied: write a new migration instead; "
                         "ciq-server accept-migrations shows it and the way out",
                         changed[0].file);
    return ledger_convert(call, call->core->apps->shared_files) &&
           db_run(call, &query_migration_file_record, NULL,
                  (DbArg[]){{.name = "files", .text = call->core->apps->tenant_files}, {0}}, NULL);
}

static bool
record_installation(Call *call, const InstallationNames *installation, const char *worker_login)
{
    uint8_t key[32];

    secret_random(key, sizeof key);
    return db_run(call, &query_installation_insert, NULL,
                  (DbArg[]){{.name = "id", .text = installation->id},
                            {.name = "key", .bytes = key, .bytes_size = sizeof key},
                            {.name = "platform_role", .text = installation->platform_role},
                            {.name = "worker_login", .text = worker_login},
                            {0}},
                  NULL);
}

bool
migrate_shared(Call *call, const char *worker_login, bool keeps_changed)
{
    InstallationNames installation = {0};
    const DbRow *row;
    size_t applied = 0;

    db_begin(call, DB_WRITE);
    if (!db_run(call, &query_install_lock, NULL, NULL, NULL) ||
        !db_row(call, &query_install_state, NULL,
                (DbArg[]){{.name = "worker_login", .text = worker_login}, {0}}, &row))
        return false;
    if (!db_row_bool(row, "worker_is_fit"))
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "the workers' login %s must be NOINHERIT, neither superuser nor CREATEROLE nor "
            "BYPASSRLS, and no member of the owner's login",
            worker_login);

    bool is_new = !db_row_bool(row, "installed");

    if (is_new ? !make_installation(call, db_row_text(row, "database"), worker_login, &installation)
               : !find_installation(call, worker_login, &installation))
        return false;
    if (!apply_pending(call, is_new, &applied) || (!keeps_changed && !check_files(call)))
        return false;
    if (is_new && !record_installation(call, &installation, worker_login))
        return false;
    if (applied > 0 &&
        !db_script(call, script_install_after.text,
                   (DbArg[]){{.name = "platform", .text = installation.platform_role}, {0}}))
        return false;
    return db_commit(call);
}

/* ---- tenants ---- */

bool
migrate_role_block(Call *call, unsigned count)
{
    const DbRow *row;
    const char *prefix, *number;

    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_installation, NULL, NULL, &row))
        return false;
    prefix = row == NULL ? NULL : call_printf(call, "ciq_%s_", db_row_text(row, "id"));
    number = call_printf(call, "%u", count);
    if (prefix == NULL || number == NULL)
        return false;
    call_change(call, CHANGE_ROLES, 0);
    return db_script(call, script_role_block.text,
                     (DbArg[]){{.name = "count", .text = number},
                               {.name = "prefix", .text = prefix},
                               {.name = "worker", .text = call->core->installation.worker_login},
                               {0}}) &&
           db_commit(call);
}

/* What to write instead of what works on old tenants, which have a commit between two files, and
 * not in a new one, whose migrations are one transaction. */
static const char *
advice_of(const CallFailure *failure)
{
    static const struct {
        const char *sqlstate, *text;
    } advice[] = {
        {"55P04",
         "; a value that a migration adds to an enum can be used only after a commit, and a "
         "new tenant's migrations are one transaction: let this file make a new type with "
         "all values, change the columns to it and drop the old one"},
        {"55006",
         "; a new tenant's migrations are one transaction: let the file that writes the rows "
         "end with set constraints all immediate"},
        {"25001",
         "; a new tenant's migrations are one transaction: what allows none but create index "
         "concurrently cannot be a migration"},
    };

    for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
        if (strcmp(failure->sqlstate, advice[i].sqlstate) == 0)
            return advice[i].text;
    return "";
}

/* Says which line of which file has failed: whoever makes tenants may mend it. */
static bool
fail_up(Call *call, const MigrationFile *file, const char *script)
{
    static const char what[] = "the migrations fail in a new schema";
    const CallFailure *failure = &call->failure;
    const char *text;

    if (!failure->is_of_script)
        return false;
    if (failure->sqlstate[0] == '\0') {
        text = call_printf(call, "%s: %s: %s", what, file->file, failure->text);
    } else {
        Place place = place_find(script, failure);

        text = call_printf(call, "%s: %s:%" PRIu32 " (SQLSTATE %s): %s%s", what, file->file,
                           place_line(script, file->up_line, place.point), failure->sqlstate,
                           failure->text, advice_of(failure));
    }
    if (text != NULL)
        call->failure.text = text;
    return false;
}

bool
migrate_up(Call *call, const MigrationFile *file)
{
    static const char word[] = "concurrently";
    char *copy = file->no_transaction ? call_strdup(call, file->up) : NULL;
    const char *script = file->no_transaction ? copy : file->up;

    /* an index of a table that nobody uses needs no concurrently, and the transaction does not
     * allow it; the files have the word in no other place (file.c) */
    for (char *at = copy; at != NULL && (at = strcasestr(at, word)) != NULL;)
        memset(at, ' ', sizeof word - 1);
    return script != NULL && (db_user_script(call, script) || fail_up(call, file, script));
}

bool
migrate_scratch(Call *call, const char *schema)
{
    const char *path = db_path(call, schema);

    return path != NULL &&
           db_script(
               call, script_scratch.text,
               (DbArg[]){{.name = "scratch", .text = schema}, {.name = "path", .text = path}, {0}});
}

bool
migrate_new_tenant(Call *call, const char *schema, const char *role)
{
    const DbArg names[] = {{.name = "schema", .text = schema},
                           {.name = "role", .text = role},
                           {.name = "path", .text = db_path(call, schema)},
                           {0}};
    const Apps *apps = call->core->apps;
    const MigrationSet *set = &apps->tenant;

    /* the migrations alone have no names to replace: what looks like one is their own text */
    if (names[2].text == NULL || !db_script(call, script_tenant_provision.text, names) ||
        !db_script(call, apps->own_tenant, NULL))
        return false;
    for (size_t i = set->borrowed; i < set->count; i++)
        if (!migrate_up(call, &set->files[i]))
            return false;
    return db_script(call, apps->ledger_rows, NULL) &&
           db_script(call, script_tenant_provision_after.text, names);
}

static bool
record_up(Call *call, const MigrationFile *file)
{
    return db_script(call, script_ledger_row.text,
                     (DbArg[]){{.name = "app", .text = file->app},
                               {.name = "name", .text = file->name},
                               {.name = "checksum", .text = file->checksum},
                               {0}});
}

bool
migrate_tenant_of(Call *call, const char *schema, const char *role, const bool *in_set)
{
    const DbArg names[] = {{.name = "schema", .text = schema},
                           {.name = "role", .text = role},
                           {.name = "path", .text = db_path(call, schema)},
                           {0}};
    const MigrationSet *set = &call->core->apps->tenant;

    if (names[2].text == NULL || !db_script(call, script_tenant_provision.text, names))
        return false;
    for (size_t i = 0; i < set->count; i++)
        if (in_set[i] && !migrate_up(call, &set->files[i]))
            return false;
    for (size_t i = 0; i < set->count; i++)
        if (in_set[i] && !record_up(call, &set->files[i]))
            return false;
    return db_script(call, script_tenant_provision_after.text, names);
}

bool
migrate_tenant_at(Call *call, const char *schema, const char *role, const char *heads)
{
    bool *applied;

    return heads_applied(call, &call->core->apps->tenant, heads, &applied) &&
           migrate_tenant_of(call, schema, role, applied);
}

bool
migrate_to_newest(Call *call, const char *heads, const char *role)
{
    const MigrationSet *set = &call->core->apps->tenant;
    bool *applied;
    Plan plan;

    if (!heads_applied(call, set, heads, &applied) ||
        !plan_make(call, set, applied, (PlanTarget){.app = "", .number = PLAN_NEWEST}, &plan))
        return false;
    for (size_t i = 0; i < plan.count; i++)
        if (!migrate_up(call, plan.steps[i].file) || !record_up(call, plan.steps[i].file))
            return false;
    return db_script(call, script_tenant_provision_after.text,
                     (DbArg[]){{.name = "role", .text = role}, {0}});
}
