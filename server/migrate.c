/* The forward part of migrations: shared ones at start, tenant ones when a tenant is made.  Called by
 * server.c, job.c and the handler of CreateTenant.  */
#include "migrate.h"
#include "auth.h"
#include "db.h"
#include "queries.h"
#include "server_state.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts that are the same for every tenant ---- */

static struct {
    pthread_once_t once;
    char *heads;        /* {"core":1,…} */
    char *tenant_steps; /* every up section, then the ledger's rows */
} texts = {.once = PTHREAD_ONCE_INIT};

static uint32_t
newest(const char *app)
{
    uint32_t number = 0;

    for (size_t i = 0; i < migrations_tenant_count; i++)
        if (strcmp(migrations_tenant[i].app, app) == 0 && migrations_tenant[i].number > number)
            number = migrations_tenant[i].number;
    return number;
}

static void
make_texts(void)
{
    FILE *heads, *steps;
    size_t heads_size, steps_size;

    heads = open_memstream(&texts.heads, &heads_size);
    steps = open_memstream(&texts.tenant_steps, &steps_size);
    if (heads == NULL || steps == NULL)
        abort(); /* at start, with nothing done */
    fputc('{', heads);
    for (size_t i = 0; i < migrations_tenant_count; i++) {
        const MigrationFile *step = &migrations_tenant[i];

        if (step->number == newest(step->app))
            fprintf(heads, "%s\"%s\":%" PRIu32, ftell(heads) > 1 ? "," : "", step->app, step->number);
        fprintf(steps, "%s\n", step->up);
    }
    fputc('}', heads);

    /* names and checksums of our own making: letters, digits and underscores only */
    for (size_t i = 0; i < migrations_tenant_count; i++) {
        const MigrationFile *step = &migrations_tenant[i];

        fprintf(steps, "%s('%s', '%s', '%s')",
                i == 0 ? "insert into core_migration (app, name, checksum) values " : ", ",
                step->app, step->name, step->checksum);
    }
    fputs(";\n", steps);
    if (fclose(heads) != 0 || fclose(steps) != 0)
        abort();
}

const char *
migrate_heads(void)
{
    pthread_once(&texts.once, make_texts);
    return texts.heads;
}

/* The oldest migration of each app that this release's statements can work on: a tenant below it is refused.
 * Kept by hand, and the only place that says so.  A release that begins to use what a migration has made
 * raises the number, one release after the one that brought the migration: expand first, contract later, so
 * that servers of both releases serve while a run is under way.  An app whose tables no statement of the
 * server touches is not here: tenants are served without it. */
typedef struct OldestHead {
    const char *app;
    unsigned need;
} OldestHead;

static const OldestHead oldest_heads[] = {
    {"core", 1},  /* dispatch: idempotency, audit */
    {"users", 1}, /* users, groups, sessions */
};

static unsigned long
head_of(const char *heads, const char *app)
{
    char key[128];
    const char *found;

    snprintf(key, sizeof key, "\"%.100s\":", app);
    found = strstr(heads, key);
    return found == NULL ? 0 : strtoul(found + strlen(key), NULL, 10);
}

HeadsBehind
migrate_heads_behind(const char *heads)
{
    for (size_t i = 0; i < sizeof oldest_heads / sizeof *oldest_heads; i++) {
        unsigned long have = head_of(heads, oldest_heads[i].app);

        if (have < oldest_heads[i].need)
            return (HeadsBehind){
                .app = oldest_heads[i].app,
                .have = (unsigned) have,
                .need = oldest_heads[i].need,
            };
    }
    return (HeadsBehind){0};
}

/* ---- the shared schema ---- */

static const char *
hex_random(Call *call, size_t bytes)
{
    uint8_t random[32];
    char *text = call_alloc(call, bytes * 2 + 1);

    if (text == NULL)
        return NULL;
    auth_random(random, bytes);
    for (size_t i = 0; i < bytes; i++)
        sprintf(text + 2 * i, "%02x", random[i]);
    return text;
}

typedef struct Installation {
    const char *id, *platform_role;
} Installation;

static bool
install(Call *call, const char *database, const char *worker_login, Installation *installation)
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
read_installation(Call *call, const char *worker_login, Installation *installation)
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

static bool
apply_step(Call *call, const MigrationFile *step)
{
    if (step->no_transaction)
        return call_fail(call, CODE_UNIMPLEMENTED,
                         "%s: a shared migration without a transaction cannot run at start",
                         step->file);
    if (!db_script(call, step->up, NULL)) {
        call->detail = call_printf(call, "%s: %s", step->file,
                                   call->detail != NULL ? call->detail : "");
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
    for (size_t i = 0; i < migrations_shared_count; i++) {
        const MigrationFile *step = &migrations_shared[i];
        const DbRow *row = NULL;

        if ((!is_new || i > 0) && !db_row(call, &query_ledger_find, NULL,
                                          (DbArg[]){{.name = "app", .text = step->app},
                                                    {.name = "name", .text = step->name},
                                                    {0}},
                                          &row))
            return false;
        if (row == NULL) {
            if (!apply_step(call, step))
                return false;
            (*applied)++;
        } else if (strcmp(db_row_text(row, "checksum"), step->checksum) != 0) {
            return call_fail(call, CODE_FAILED_PRECONDITION,
                             "%s was changed after it was applied: write a new migration instead",
                             step->file);
        }
    }
    return true;
}

static bool
record_installation(Call *call, const Installation *installation, const char *worker_login)
{
    uint8_t key[32];

    auth_random(key, sizeof key);
    return db_run(call, &query_installation_insert, NULL,
                  (DbArg[]){{.name = "id", .text = installation->id},
                            {.name = "key", .bytes = key, .bytes_size = sizeof key},
                            {.name = "platform_role", .text = installation->platform_role},
                            {.name = "worker_login", .text = worker_login},
                            {0}},
                  NULL);
}

bool
migrate_shared(Call *call, const char *worker_login)
{
    Installation installation = {0};
    const DbRow *row;
    size_t applied = 0;

    db_begin(call, DB_WRITE);
    if (!db_run(call, &query_install_lock, NULL, NULL, NULL) ||
        !db_row(call, &query_install_state, NULL,
                (DbArg[]){{.name = "worker_login", .text = worker_login}, {0}}, &row))
        return false;
    if (!db_row_bool(row, "worker_is_fit"))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the workers' login %s must be NOINHERIT, neither superuser nor CREATEROLE nor "
                         "BYPASSRLS, and no member of the owner's login", worker_login);

    bool is_new = !db_row_bool(row, "installed");

    if (is_new ? !install(call, db_row_text(row, "database"), worker_login, &installation)
               : !read_installation(call, worker_login, &installation))
        return false;
    if (!apply_pending(call, is_new, &applied))
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
    const Server *server = call->server;
    const DbRow *row;
    const char *prefix, *number;

    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_installation, NULL, NULL, &row))
        return false;
    prefix = row == NULL ? NULL : call_printf(call, "ciq_%s_", db_row_text(row, "id"));
    number = call_printf(call, "%u", count);
    if (prefix == NULL || number == NULL)
        return false;
    call->changes_roles = true;
    return db_script(call, script_role_block.text,
                     (DbArg[]){{.name = "count", .text = number},
                               {.name = "prefix", .text = prefix},
                               {.name = "worker", .text = server->worker_login},
                               {0}}) &&
           db_commit(call);
}

bool
migrate_new_tenant(Call *call, const char *schema, const char *role)
{
    const DbArg names[] = {{.name = "schema", .text = schema}, {.name = "role", .text = role}, {0}};
    size_t size;
    char *script;

    pthread_once(&texts.once, make_texts);
    size = strlen(script_tenant_provision.text) + strlen(texts.tenant_steps) +
           strlen(script_tenant_provision_after.text) + 1;
    script = call_alloc(call, size);
    if (script == NULL)
        return false;
    snprintf(script, size, "%s%s%s", script_tenant_provision.text, texts.tenant_steps,
             script_tenant_provision_after.text);
    return db_script(call, script, names);
}
