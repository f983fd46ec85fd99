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

/* The number of the newest migration of an app that heads ({"core":1,…}) has; 0: none. */
static uint32_t
head_of(const char *heads, const char *app)
{
    char key[128];
    const char *found;

    snprintf(key, sizeof key, "\"%.100s\":", app);
    found = strstr(heads, key);
    return found == NULL ? 0 : (uint32_t) strtoul(found + strlen(key), NULL, 10);
}

/* The up sections of all tenant migrations that heads has, then their rows of the ledger. */
static void
write_steps(FILE *out, const char *heads)
{
    bool first = true;

    for (size_t i = 0; i < migrations_tenant_count; i++)
        if (migrations_tenant[i].number <= head_of(heads, migrations_tenant[i].app))
            fprintf(out, "%s\n", migrations_tenant[i].up);

    /* names and checksums of our own making: letters, digits and underscores only */
    for (size_t i = 0; i < migrations_tenant_count; i++) {
        const MigrationFile *step = &migrations_tenant[i];

        if (step->number > head_of(heads, step->app))
            continue;
        fprintf(out, "%s('%s', '%s', '%s')",
                first ? "insert into core_migration (app, name, checksum) values " : ", ", step->app,
                step->name, step->checksum);
        first = false;
    }
    if (!first)
        fputs(";\n", out);
}

static void
make_texts(void)
{
    FILE *heads, *steps;
    size_t heads_size, steps_size;

    heads = open_memstream(&texts.heads, &heads_size);
    if (heads == NULL)
        abort(); /* at start, with nothing done */
    fputc('{', heads);
    for (size_t i = 0; i < migrations_tenant_count; i++) {
        const MigrationFile *step = &migrations_tenant[i];

        if (step->number == newest(step->app))
            fprintf(heads, "%s\"%s\":%" PRIu32, ftell(heads) > 1 ? "," : "", step->app, step->number);
    }
    fputc('}', heads);
    if (fclose(heads) != 0 || (steps = open_memstream(&texts.tenant_steps, &steps_size)) == NULL)
        abort();
    write_steps(steps, texts.heads);
    if (fclose(steps) != 0)
        abort();
}

const char *
migrate_heads(void)
{
    pthread_once(&texts.once, make_texts);
    return texts.heads;
}

/* Release N serves tenants whose apps are at N or one migration behind. */
bool
migrate_heads_ok(const char *heads, char *problem, size_t size)
{
    for (size_t i = 0; i < migrations_tenant_count; i++) {
        const char *app = migrations_tenant[i].app;
        uint32_t need = newest(app);
        uint32_t have = head_of(heads, app);

        if (have + 1 >= need && have > 0)
            continue;
        if (problem != NULL)
            snprintf(problem, size, "app %s is at %04" PRIu32 ", this server needs %04" PRIu32, app, have,
                     need > 1 ? need - 1 : need);
        return false;
    }
    return true;
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

static bool
make_schema(Call *call, const char *schema, const char *role, const char *steps)
{
    const DbArg names[] = {{.name = "schema", .text = schema}, {.name = "role", .text = role}, {0}};
    size_t size = strlen(script_tenant_provision.text) + strlen(steps) +
                  strlen(script_tenant_provision_after.text) + 1;
    char *script = call_alloc(call, size);

    if (script == NULL)
        return false;
    snprintf(script, size, "%s%s%s", script_tenant_provision.text, steps,
             script_tenant_provision_after.text);
    return db_script(call, script, names);
}

bool
migrate_new_tenant(Call *call, const char *schema, const char *role)
{
    pthread_once(&texts.once, make_texts);
    return make_schema(call, schema, role, texts.tenant_steps);
}

bool
migrate_tenant_at(Call *call, const char *schema, const char *role, const char *heads)
{
    char *text = NULL;
    size_t size;
    FILE *steps = open_memstream(&text, &size);
    bool ok;

    if (steps == NULL)
        return call_fail(call, CODE_RESOURCE_EXHAUSTED, "no memory");
    write_steps(steps, heads);
    ok = fclose(steps) == 0 ? make_schema(call, schema, role, text)
                            : call_fail(call, CODE_RESOURCE_EXHAUSTED, "no memory");
    free(text);
    return ok;
}
