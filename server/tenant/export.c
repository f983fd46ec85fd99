/* Writes a tenant's archive.  First, in a transaction that is rolled back, the schema is compared
 * with what its migrations make, so that no archive is written that no import would take; then all
 * rows are read in one snapshot. Called by command_archive.c.  */
#include "tenant/export.h"
#include "tenant/archive.h"
#include "access/audit.h"
#include "base/lines.h"
#include "db/bind.h"
#include "db/db.h"
#include "migration/apps.h"
#include "migration/heads.h"
#include "migration/migrate.h"
#include "db/queries.h"
#include "tenant/rows.h"
#include "tenant/registry.h"

#include <inttypes.h>
#include <string.h>

enum { LOCK_MAX_MS = 60000 }; /* how long a migration of the tenant is waited for */

typedef struct Export {
    Call *call;
    const char *schema, *id_text, *role;
    int64_t id;
    const char *heads; /* that the schema was compared with */
    ArchiveManifest manifest;
    ArchiveWriter *writer;
} Export;

static const Method export_method = {.name = "ciq-server export"};

static bool
find_exported(Export *export)
{
    Call *call = export->call;
    const DbRow *row;

    db_begin(call, DB_READ);
    if (!db_row(call, &query_tenant_by_schema, NULL,
                (DbArg[]){{.name = "schema", .text = export->schema}, {0}}, &row))
        return false;
    if (row == NULL)
        return registry_not_found(call, 0, export->schema);
    export->id = db_row_int64(row, "id");
    export->id_text = call_printf(call, "%" PRId64, export->id);
    export->role = db_row_text(row, "role");
    call->target = call_printf(call, "tenant %" PRId64, export->id);
    if (strcmp(db_row_text(row, "state"), "active") != 0 &&
        strcmp(db_row_text(row, "state"), "suspended") != 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the tenant %s is %s, not active or suspended", export->schema,
                         db_row_text(row, "state"));
    return export->id_text != NULL && export->role != NULL;
}

/* ---- what the schema has applied ---- */

/* The ledger into the manifest, and the heads that it means. */
static bool
read_migrations(Export *export, const char **heads)
{
    Call *call = export->call;
    ArchiveManifest *manifest = &export->manifest;
    const char *path = db_path(call, export->schema);
    LedgerRow *rows;
    size_t count;

    if (path == NULL ||
        !db_queue(call, &query_path, NULL, (DbArg[]){{.name = "search_path", .text = path}, {0}}) ||
        !ledger_read(call, &rows, &count))
        return false;
    manifest->n_migrations = 0;
    manifest->migrations = call_alloc(call, (count + 1) * sizeof *manifest->migrations);
    for (size_t i = 0; manifest->migrations != NULL && i < count; i++) {
        ArchiveMigration *migration = call_alloc(call, sizeof *migration);

        if (migration == NULL)
            return false;
        clientiq__v1__archive_migration__init(migration);
        migration->app = rows[i].app;
        migration->name = rows[i].name;
        migration->checksum = rows[i].checksum;
        manifest->migrations[manifest->n_migrations++] = migration;
    }
    return manifest->migrations != NULL &&
           heads_of_ledger(call, &call->core->apps->tenant, rows, count, heads);
}

/* Nobody migrates the tenant meanwhile; what is made for the comparison goes with the transaction.
 */
static bool
check_schema(Export *export)
{
    Call *call = export->call;
    const char *scratch = call_printf(call, "ciq_export_%" PRId64, export->id);
    const DbRow *row;

    db_begin(call, DB_WRITE);
    if (scratch == NULL ||
        !db_row(call, &query_item_tenant, NULL,
                (DbArg[]){{.name = "id", .text = export->id_text}, {0}}, &row) ||
        !rows_check_carried(call, export->schema) || !read_migrations(export, &export->heads) ||
        !migrate_tenant_at(call, scratch, export->role, export->heads) ||
        !rows_check_source(call, export->schema, scratch, true))
        return false;
    db_rollback(call);
    return true;
}

/* ---- the snapshot ---- */

static bool
describe_tables(Export *export)
{
    Call *call = export->call;
    ArchiveManifest *manifest = &export->manifest;
    RowsTable table = {.name = ""};

    manifest->tables = call_alloc(call, LIMIT_TABLES * sizeof *manifest->tables);
    while (manifest->tables != NULL) {
        ArchiveTable *described = call_alloc(call, sizeof *described);
        char *columns, *column;

        if (described == NULL || !rows_next(call, export->schema, table.name, &table))
            return false;
        if (table.name == NULL)
            return true;
        if (manifest->n_tables == LIMIT_TABLES)
            return call_fail(call, CODE_RESOURCE_EXHAUSTED, "the tenant has more than %d tables",
                             LIMIT_TABLES);
        clientiq__v1__archive_table__init(described);
        described->name = (char *) (uintptr_t) table.name;
        described->columns = call_alloc(call, (lines_count(table.columns) + 1) * sizeof(char *));
        columns = call_strdup(call, table.columns);
        if (described->columns == NULL || columns == NULL)
            return false;
        while ((column = lines_next(&columns)) != NULL)
            described->columns[described->n_columns++] = column;
        manifest->tables[manifest->n_tables++] = described;
    }
    return false;
}

static bool
open_snapshot(Export *export)
{
    Call *call = export->call;
    ArchiveManifest *manifest = &export->manifest;
    const DbRow *row;
    const char *heads;

    call->lock_timeout_ms = LOCK_MAX_MS;
    db_begin(call, DB_SNAPSHOT);
    if (!db_row(call, &query_export_begin, NULL, NULL, &row))
        return false;
    manifest->server_version = (char *) (uintptr_t) CIQ_VERSION;
    manifest->snapshot_time = bind_timestamp(call, db_row_time_us(row, "time"));
    if (manifest->snapshot_time == NULL || !db_row(call, &query_postgres_version, NULL, NULL, &row))
        return false;
    manifest->postgres_version = (int32_t) db_row_int64(row, "version");
    if (!registry_fill(call, export->id, &manifest->tenant) || !read_migrations(export, &heads) ||
        !rows_path(call, export->schema) || !rows_lock(call, export->schema) ||
        !describe_tables(export) || !rows_describe(call, export->schema, manifest) ||
        !rows_describe_sequences(call, export->schema, manifest))
        return false;
    if (strcmp(heads, export->heads) != 0 ||
        strcmp(manifest->tenant->schema_name, export->schema) != 0)
        return call_fail(call, CODE_ABORTED, "the tenant was changed just now: export it again");
    return true;
}

static bool
take_row(void *argument, const char *data, size_t size)
{
    return archive_write_rows(argument, data, size);
}

static bool
write_archive(Export *export)
{
    Call *call = export->call;
    RowsTable table = {.name = ""};

    if (!archive_write_manifest(export->writer, &export->manifest))
        return false;
    for (size_t i = 0; i < export->manifest.n_tables; i++) {
        const char *count;

        if (!rows_next(call, export->schema, table.name, &table))
            return false;
        if (!db_copy_out(call, table.copy_out, take_row, export->writer))
            return rows_fail(call);
        if (!rows_count(call, &table, &count) ||
            !archive_write_table_end(export->writer, table.name, count))
            return false;
    }
    return archive_write_end(export->writer);
}

/* Who has taken a copy of a tenant's rows is as important as who has changed them. */
static bool
record_export(Call *call)
{
    db_rollback(call);
    call->method = &export_method;
    db_begin(call, DB_WRITE);
    return audit_write(call) && db_commit(call);
}

bool
export_tenant(Call *call, const char *schema_name, FILE *file, ExportResult *result)
{
    Export export = {.call = call, .schema = schema_name, .writer = archive_writer_new(call, file)};
    bool ok;

    clientiq__v1__archive_manifest__init(&export.manifest);
    ok = (export.writer != NULL || call_fail(call, CODE_RESOURCE_EXHAUSTED, "no memory")) &&
         find_exported(&export) && check_schema(&export) && open_snapshot(&export) &&
         write_archive(&export) && record_export(call);
    if (ok)
        *result = (ExportResult){export.manifest.n_tables, archive_rows_written(export.writer)};
    db_rollback(call);
    archive_writer_free(export.writer);
    return ok;
}
