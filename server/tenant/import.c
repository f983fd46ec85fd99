/* Makes a tenant from its archive, in one transaction as CreateTenant does.  Tables come from our
 * own migrations, run up to where the archive's tenant had them; rows come into tables and columns
 * that they have made; then what is newer is applied.  Nothing that the archive says is ever run.
 * Called by command_archive.c.  */
#include "tenant/import.h"
#include "access/audit.h"
#include "call/address.h"
#include "call/check.h"
#include "call/entry.h"
#include "db/db.h"
#include "call/host.h"
#include "call/text.h"
#include "migration/heads.h"
#include "migration/migrate.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "tenant/rows.h"
#include "tenant/registry.h"
#include "proto/visible.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { REASON_MAX = 200 }; /* characters, as SuspendTenant takes them */

typedef struct Import {
    Call *call;
    ArchiveReader *reader;
    const ArchiveManifest *manifest;
    const ImportNames *names;
    Clientiq__V1__Tenant tenant; /* as it is to be */
    const char *schema, *heads;
    NewTenant made;
    RowsState state;
    bool has_counts; /* PostgreSQL's own, of the version that is here */
    const char **counts;
    uint64_t rows;
    const ArchiveTableEnd *table_end;
} Import;

static const Method import_method = {.name = "ciq-server import"};

/* ---- the first look ---- */

bool
import_check(Call *call, FILE *file, ImportResult *result)
{
    ArchiveReader *reader = archive_reader_new(call, file);
    const ArchiveManifest *manifest;
    bool ok = (reader != NULL || call_fail(call, CODE_RESOURCE_EXHAUSTED, "no memory")) &&
              archive_read_manifest(reader, &manifest);
    uint64_t total = 0;

    for (size_t i = 0; ok && i < manifest->n_tables; i++) {
        const ArchiveTableEnd *end = NULL;
        const char *data;
        size_t size = 1;

        while (ok && size > 0)
            ok = archive_read_rows(reader, &data, &size, &end);
        total += end != NULL ? end->rows : 0;
    }
    ok = ok && archive_read_end(reader);
    archive_reader_free(reader);
    if (ok)
        *result = (ImportResult){.manifest = manifest, .rows = total};
    return ok;
}

/* The heads that its migrations mean to this server. */
static bool
read_heads(Import *import)
{
    const ArchiveManifest *manifest = import->manifest;
    LedgerRow *rows = call_alloc(import->call, (manifest->n_migrations + 1) * sizeof *rows);

    if (rows == NULL)
        return false;
    for (size_t i = 0; i < manifest->n_migrations; i++) {
        const ArchiveMigration *migration = manifest->migrations[i];

        rows[i] = (LedgerRow){migration->app, migration->name, migration->checksum};
    }
    return heads_of_ledger(import->call, &import->call->core->apps->tenant, rows,
                           manifest->n_migrations, &import->heads);
}

/* ---- what it is called ---- */

/* The archive may be older than the rules: what the tenant can be without is left out, if that was
 * asked for. */
static void
drop_invalid(Clientiq__V1__Tenant *tenant)
{
    char **addresses[] = {&tenant->contact_email, &tenant->billing_email};
    char **texts[] = {&tenant->contact_phone, &tenant->industry, &tenant->suspend_reason};
    static char nothing[] = "";
    uint32_t wrong;
    size_t place;

    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        if (address_wrong(*addresses[i]) != NULL)
            *addresses[i] = nothing;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!visible_is(*texts[i], VISIBLE_ONE_LINE, &wrong, &place))
            *texts[i] = nothing;
}

static bool
choose_names(Import *import)
{
    const ImportNames *names = import->names;
    Clientiq__V1__Tenant *tenant = &import->tenant;

    *tenant = *import->manifest->tenant;
    if (names->schema_name != NULL)
        tenant->schema_name = (char *) (uintptr_t) names->schema_name;
    if (names->name != NULL)
        tenant->name = (char *) (uintptr_t) names->name;
    if (names->domains_count > 0) {
        tenant->n_domains = names->domains_count;
        tenant->domains = (char **) (uintptr_t) names->domains;
    }
    if (names->drops_invalid)
        drop_invalid(tenant);
    import->schema = tenant->schema_name;
    if (tenant->n_domains == 0)
        return call_fail_field(import->call, "domain",
                               "must be given: the archive's tenant had none");
    /* nobody sets the reason by this message, but here it is taken from it */
    const MessageInfo *info = message_info_find(&clientiq__v1__tenant__descriptor);

    return entry_prepare(import->call, info, &tenant->base) &&
           check_message(import->call, info, &tenant->base) &&
           check_line(import->call, "suspend_reason", tenant->suspend_reason, REASON_MAX);
}

static bool
add_domains(Import *import)
{
    Call *call = import->call;

    for (size_t i = 1; i < import->tenant.n_domains; i++) {
        const DbRow *row;
        Host host;

        if (!host_read(call, "domain", import->tenant.domains[i], &host) ||
            !registry_add_domain(call, import->made.id_text, &host, &row))
            return false;
    }
    return true;
}

/* There may never have been a server on this database that made roles ahead. */
static bool
have_roles(Call *call)
{
    const DbRow *row;

    db_begin(call, DB_READ);
    if (!db_row(call, &query_role_pool_count, NULL, NULL, &row))
        return false;
    return (row != NULL && db_row_int64(row, "count") > 0) ||
           migrate_role_block(call, (unsigned) call->core->config->role_block);
}

/* ---- rows ---- */

/* As in RowsTable.  NULL: the call has failed. */
static const char *
columns_of(Call *call, const ArchiveTable *table)
{
    Text columns = text_new(call);

    for (size_t i = 0; i < table->n_columns; i++)
        text_add_line(&columns, table->columns[i]);
    return text_end(&columns);
}

static bool
check_columns(Import *import, const RowsTable *known, const ArchiveTable *table,
              const char *columns)
{
    Call *call = import->call;
    const char *odd;
    size_t odd_size;

    if (known->name == NULL || strcmp(known->name, table->name) > 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the archive has a table %s, which its migrations do not make here",
                         table->name);
    if (strcmp(known->name, table->name) < 0)
        return call_fail(call, CODE_FAILED_PRECONDITION, "the archive lacks the table %s",
                         known->name);
    if (!rows_same_columns(known->columns, columns, &odd, &odd_size))
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "the archive's table %s does not have the columns that its migrations make here: %.*s",
            table->name, (int) odd_size, odd);
    return true;
}

/* All tables before the first row. */
static bool
check_all_tables(Import *import)
{
    Call *call = import->call;
    RowsTable known = {.name = ""};

    for (size_t i = 0; i < import->manifest->n_tables; i++) {
        const ArchiveTable *table = import->manifest->tables[i];
        const char *columns = columns_of(call, table);

        if (columns == NULL || !rows_next(call, import->schema, known.name, &known) ||
            !check_columns(import, &known, table, columns))
            return false;
    }
    if (!rows_next(call, import->schema, known.name, &known))
        return false;
    return known.name == NULL ||
           call_fail(call, CODE_FAILED_PRECONDITION, "the archive lacks the table %s", known.name);
}

static bool
give_rows(void *argument, const char **data, size_t *size)
{
    Import *import = argument;

    return archive_read_rows(import->reader, data, size, &import->table_end);
}

static bool
copy_table(Import *import, size_t index)
{
    const ArchiveTable *table = import->manifest->tables[index];
    Call *call = import->call;
    const char *columns = columns_of(call, table);
    const DbRow *row;
    uint64_t taken = 0;

    if (columns == NULL || !db_row(call, &query_tenant_copy_in, NULL,
                                   (DbArg[]){{.name = "schema", .text = import->schema},
                                             {.name = "table", .text = table->name},
                                             {.name = "columns", .text = columns},
                                             {0}},
                                   &row))
        return false;
    if (!db_copy_in(call, db_row_text(row, "statement"), give_rows, import, &taken))
        return rows_fail(call);
    if (taken != import->table_end->rows)
        return call_fail(call, CODE_DATA_LOSS,
                         "of %" PRIu64 " rows of the table %s PostgreSQL took %" PRIu64,
                         import->table_end->rows, table->name, taken);
    import->counts[index] = import->table_end->count;
    import->rows += taken;
    return true;
}

/* What the archive has beside tables, one a line, as the statement tenant_rows_objects has it. */
static const char *
objects_of(Import *import)
{
    const ArchiveManifest *manifest = import->manifest;
    Text lines = text_new(import->call);

    for (size_t i = 0; i < manifest->n_sequences; i++) {
        const char *line = call_printf(import->call, "sequence %s", manifest->sequences[i]->name);

        text_add_line(&lines, line != NULL ? line : "");
    }
    for (size_t i = 0; i < manifest->n_views; i++) {
        const char *line =
            call_printf(import->call, "materialized view %s", manifest->views[i]->name);

        text_add_line(&lines, line != NULL ? line : "");
    }
    return text_end(&lines);
}

/* An archive of the first format names only sequences, and of these only the used ones. */
static bool
check_objects(Import *import)
{
    Call *call = import->call;
    const char *objects = objects_of(import), *known, *odd;
    size_t odd_size;

    if (objects == NULL || !rows_objects(call, import->schema, &known))
        return false;
    if (!rows_has_lines(known, objects, &odd, &odd_size))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the archive has a %.*s, which its migrations do not make here",
                         (int) odd_size, odd);
    return !import->state.is_complete || rows_has_lines(objects, known, &odd, &odd_size) ||
           call_fail(call, CODE_FAILED_PRECONDITION, "the archive lacks the %.*s", (int) odd_size,
                     odd);
}

/* Rows of another version of PostgreSQL may be written as another text, and mean the same. */
static bool
check_counts(Import *import)
{
    Call *call = import->call;
    RowsTable table = {.name = ""};

    for (size_t i = 0; import->has_counts && i < import->manifest->n_tables; i++)
        if (!rows_next(call, import->schema, table.name, &table) ||
            !rows_check_count(call, &table, import->counts[i]))
            return false;
    return true;
}

/* What it says beside rows, and whether its counts can be compared. */
static bool
read_state(Import *import)
{
    const ArchiveManifest *manifest = import->manifest;
    const DbRow *row;

    import->state = (RowsState){
        .manifest = manifest,
        .is_complete = archive_is_complete(import->reader),
    };
    import->counts = call_alloc(import->call, (manifest->n_tables + 1) * sizeof *import->counts);
    if (import->counts == NULL || !db_row(import->call, &query_postgres_version, NULL, NULL, &row))
        return false;
    import->has_counts = row != NULL && db_row_int64(row, "version") == manifest->postgres_version;
    return true;
}

static bool
fill(Import *import)
{
    Call *call = import->call;

    if (!read_state(import) || !check_all_tables(import) || !check_objects(import) ||
        !rows_begin(call, import->schema, &import->state))
        return false;
    for (size_t i = 0; i < import->manifest->n_tables; i++)
        if (!copy_table(import, i))
            return false;
    return archive_read_end(import->reader) && rows_end(call, import->schema) &&
           check_counts(import) && rows_finish(call, import->schema, &import->state);
}

/* ---- the whole ---- */

/* A tenant that was closed does not open by coming back. */
static bool
keep_closed(Import *import)
{
    Call *call = import->call;

    if (import->tenant.state != CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_SUSPENDED)
        return true;
    return db_queue(call, &query_tenant_set_state, NULL,
                    (DbArg[]){{.name = "id", .text = import->made.id_text},
                              {.name = "state", .text = "suspended"},
                              {.name = "reason", .text = import->tenant.suspend_reason},
                              {0}}) &&
           db_script(call, script_tenant_close.text,
                     (DbArg[]){{.name = "schema", .text = import->schema},
                               {.name = "role", .text = import->made.role},
                               {0}});
}

static bool
import_whole(Import *import)
{
    Call *call = import->call;
    Clientiq__V1__CreateTenantRequest create = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;

    create.tenant = &import->tenant;
    create.domain = import->tenant.domains[0];
    db_begin(call, DB_WRITE);
    if (!registry_add(call, &create, call->core->apps->heads, &import->made) ||
        !add_domains(import) ||
        !migrate_tenant_at(call, import->schema, import->made.role, import->heads) ||
        !fill(import) || !migrate_to_newest(call, import->heads, import->made.role) ||
        !keep_closed(import) || !db_queue(call, &query_path_public, NULL, NULL))
        return false;
    call->method = &import_method;
    return audit_write(call) && db_commit(call);
}

bool
import_tenant(Call *call, FILE *file, const ImportNames *names, ImportResult *result)
{
    Import import = {.call = call, .names = names, .reader = archive_reader_new(call, file)};
    bool ok;

    ok = (import.reader != NULL || call_fail(call, CODE_RESOURCE_EXHAUSTED, "no memory")) &&
         archive_read_manifest(import.reader, &import.manifest) && choose_names(&import) &&
         read_heads(&import) && have_roles(call) && import_whole(&import);
    db_rollback(call);
    archive_reader_free(import.reader);
    if (ok)
        *result =
            (ImportResult){.manifest = import.manifest, .rows = import.rows, .id = import.made.id};
    return ok;
}
