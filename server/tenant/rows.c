/* Which rows of a tenant go along, and how a schema is filled with them.  Called by rpc/clone.c,
 * export.c and import.c.  Every name in a statement comes from PostgreSQL's own catalog, quoted
 * there.  */
#include "tenant/rows.h"
#include "call/text.h"
#include "base/lines.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>
#include <string.h>

bool
rows_next(Call *call, const char *schema, const char *after, RowsTable *table)
{
    const DbRow *row;

    if (!db_row(
            call, &query_tenant_rows, NULL,
            (DbArg[]){{.name = "schema", .text = schema}, {.name = "after", .text = after}, {0}},
            &row))
        return false;
    *table = (RowsTable){0};
    if (row == NULL)
        return true;
    table->name = db_row_text(row, "name");
    table->columns = db_row_text(row, "columns");
    table->types = db_row_text(row, "types");
    table->copy_out = db_row_text(row, "copy_out");
    table->count = db_row_text(row, "count");
    return table->name != NULL && table->columns != NULL && table->types != NULL &&
           table->copy_out != NULL && table->count != NULL;
}

/* ---- whether rows can be carried ---- */

bool
rows_has_lines(const char *lines, const char *wanted, const char **odd, size_t *odd_size)
{
    while (*wanted != '\0') {
        size_t length = strcspn(wanted, "\n");

        if (!lines_have(lines, wanted, length)) {
            *odd = wanted;
            *odd_size = length;
            return false;
        }
        wanted += length + (wanted[length] == '\n');
    }
    return true;
}

bool
rows_same_columns(const char *one, const char *other, const char **odd, size_t *odd_size)
{
    return rows_has_lines(one, other, odd, odd_size) && rows_has_lines(other, one, odd, odd_size);
}

/* The statement says why not, or null. */
static bool
check_reason(Call *call, const Query *query, const DbArg *args)
{
    const DbRow *row;

    if (!db_row(call, query, NULL, args, &row))
        return false;
    if (row == NULL || db_row_text(row, "reason") == NULL)
        return true;
    return call_fail_text(call, CODE_FAILED_PRECONDITION, db_row_text(row, "reason"));
}

static bool
check_tables(Call *call, const char *schema, const char *made)
{
    RowsTable table = {.name = ""}, known = {.name = ""};
    const char *odd;
    size_t odd_size;

    while (known.name != NULL) {
        if (!rows_next(call, schema, table.name, &table) ||
            !rows_next(call, made, known.name, &known))
            return false;

        int order = table.name == NULL   ? (known.name != NULL)
                    : known.name == NULL ? -1
                                         : strcmp(table.name, known.name);

        if (order < 0)
            return call_fail(call, CODE_FAILED_PRECONDITION,
                             "the tenant has a table %s that none of its migrations makes",
                             table.name);
        if (order > 0)
            return call_fail(call, CODE_FAILED_PRECONDITION,
                             "the tenant lacks the table %s: repair it first", known.name);
        if (known.name != NULL && !rows_same_columns(known.types, table.types, &odd, &odd_size))
            return call_fail(
                call, CODE_FAILED_PRECONDITION,
                "the tenant's table %s does not have the columns that its migrations make: %.*s",
                table.name, (int) odd_size, odd);
    }
    return true;
}

static bool
read_objects(Call *call, const char *schema, bool has_types, const char **lines)
{
    const DbRow *row;

    if (!db_row(call, &query_tenant_rows_objects, NULL,
                (DbArg[]){{.name = "schema", .text = schema},
                          {.name = "types", .text = has_types ? "true" : "false"},
                          {0}},
                &row))
        return false;
    *lines = row == NULL ? NULL : db_row_text(row, "lines");
    return *lines != NULL;
}

bool
rows_objects(Call *call, const char *schema, const char **lines)
{
    return read_objects(call, schema, false, lines);
}

static bool
check_objects(Call *call, const char *schema, const char *made)
{
    const char *lines, *known, *odd;
    size_t odd_size;

    if (!read_objects(call, schema, true, &lines) || !read_objects(call, made, true, &known))
        return false;
    if (!rows_has_lines(known, lines, &odd, &odd_size))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the tenant has a %.*s that none of its migrations makes", (int) odd_size,
                         odd);
    if (!rows_has_lines(lines, known, &odd, &odd_size))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the tenant lacks the %.*s, which its migrations make", (int) odd_size,
                         odd);
    return true;
}

bool
rows_check_source(Call *call, const char *schema, const char *made, bool is_archived)
{
    return check_tables(call, schema, made) && check_objects(call, schema, made) &&
           check_reason(call, &query_tenant_partitions_refused,
                        (DbArg[]){{.name = "schema", .text = schema},
                                  {.name = "made", .text = made},
                                  {.name = "is_archive", .text = is_archived ? "true" : "false"},
                                  {0}}) &&
           (db_rows_script(call, script_tenant_rows_labels.text,
                           (DbArg[]){{.name = "schema", .text = schema},
                                     {.name = "made", .text = made},
                                     {0}}) ||
            rows_fail(call));
}

/* ---- before and after ---- */

bool
rows_path(Call *call, const char *schema)
{
    const char *path = db_path(call, schema);

    return path != NULL &&
           db_queue(call, &query_path, NULL, (DbArg[]){{.name = "search_path", .text = path}, {0}});
}

/* The names of a schema's tables whose rows go along, one a line, and the statements that count
 * them. */
static bool
list_tables(Call *call, const char *schema, const char **tables, const char **counts)
{
    RowsTable table = {.name = ""};
    Text list = text_new(call), statements = text_new(call);

    for (size_t count = 0;; count++) {
        if (!rows_next(call, schema, table.name, &table))
            return false;
        if (table.name == NULL)
            break;
        if (count == LIMIT_TABLES)
            return call_fail(call, CODE_RESOURCE_EXHAUSTED, "the tenant has more than %d tables",
                             LIMIT_TABLES);
        text_add_line(&list, table.name);
        text_add_line(&statements, table.count);
    }
    *tables = text_end(&list);
    *counts = text_end(&statements);
    return *tables != NULL && *counts != NULL;
}

bool
rows_fail(Call *call)
{
    const CallFailure *failure = &call->failure;
    const char *text = NULL;

    if (failure->is_of_script && failure->sqlstate[0] != '\0')
        text = call_printf(call, "the rows cannot be copied: %s (SQLSTATE %s)", failure->text,
                           failure->sqlstate);
    if (text != NULL)
        call->failure.text = text;
    return false;
}

static bool
run(Call *call, const Script *script, const char *schema)
{
    return db_rows_script(call, script->text, (DbArg[]){{.name = "schema", .text = schema}, {0}}) ||
           rows_fail(call);
}

/* The next statement may take as long as the call has time left. */
static bool
queue_timeout(Call *call)
{
    int64_t left_ms = call_left_ms(call);
    const char *text = call_printf(call, "%" PRId64, left_ms);

    if (left_ms == 0)
        return call_fail(call, CODE_DEADLINE_EXCEEDED,
                         "the deadline passed before all rows were copied");
    return text != NULL && db_queue(call, &query_statement_timeout, NULL,
                                    (DbArg[]){{.name = "ms", .text = text}, {0}});
}

bool
rows_check_carried(Call *call, const char *schema)
{
    const char *tables, *counts;

    return check_reason(call, &query_tenant_rows_refused,
                        (DbArg[]){{.name = "schema", .text = schema}, {0}}) &&
           rows_path(call, schema) && list_tables(call, schema, &tables, &counts) &&
           db_queue(call, &query_tenant_rows_tables, NULL,
                    (DbArg[]){{.name = "tables", .text = tables}, {0}}) &&
           queue_timeout(call) && run(call, &script_tenant_rows_prove, schema) &&
           db_queue(call, &query_path_public, NULL, NULL);
}

bool
rows_lock(Call *call, const char *schema)
{
    const char *tables, *counts;

    return list_tables(call, schema, &tables, &counts) &&
           db_queue(call, &query_tenant_rows_tables, NULL,
                    (DbArg[]){{.name = "tables", .text = tables}, {0}}) &&
           db_script(call, script_tenant_rows_lock.text,
                     (DbArg[]){{.name = "schema", .text = schema}, {0}});
}

bool
rows_begin(Call *call, const char *schema, const RowsState *state)
{
    const char *tables, *counts, *text = rows_state_text(call, state);

    return text != NULL && list_tables(call, schema, &tables, &counts) && rows_path(call, schema) &&
           db_queue(call, &query_tenant_rows_begin, NULL,
                    (DbArg[]){{.name = "tables", .text = tables},
                              {.name = "state", .text = text},
                              {0}}) &&
           run(call, &script_tenant_rows_begin, schema);
}

bool
rows_end(Call *call, const char *schema)
{
    return queue_timeout(call) && run(call, &script_tenant_rows_end, schema);
}

bool
rows_finish(Call *call, const char *schema, const RowsState *state)
{
    const char *text = rows_state_text(call, state);

    return text != NULL &&
           db_queue(call, &query_tenant_rows_state, NULL,
                    (DbArg[]){{.name = "state", .text = text}, {0}}) &&
           run(call, &script_tenant_rows_finish, schema) &&
           db_queue(call, &query_tenant_rows_end, NULL, NULL);
}

/* ---- counts ---- */

typedef struct Count {
    Call *call;
    const char *text;
} Count;

static bool
take_count(void *argument, const char *data, size_t size)
{
    Count *count = argument;

    count->text = call_printf(count->call, "%.*s", (int) (size - (size > 0)), data);
    return count->text != NULL;
}

bool
rows_count(Call *call, const RowsTable *table, const char **count)
{
    const char *statement = call_printf(call, "copy (%s) to stdout", table->count);
    Count taken = {.call = call};

    if (statement == NULL || !queue_timeout(call))
        return false;
    if (!db_copy_out(call, statement, take_count, &taken))
        return rows_fail(call);
    *count = taken.text;
    return *count != NULL;
}

bool
rows_check_count(Call *call, const RowsTable *table, const char *count)
{
    const char *found;

    if (!rows_count(call, table, &found))
        return false;
    if (count[0] == '\0' || strcmp(found, count) == 0)
        return true;
    if (strcspn(found, " ") != strcspn(count, " ") ||
        strncmp(found, count, strcspn(count, " ")) != 0)
        return call_fail(
            call, CODE_DATA_LOSS, "the table %s had %.*s rows, and %.*s are there after the copy",
            table->name, (int) strcspn(count, " "), count, (int) strcspn(found, " "), found);
    return call_fail(call, CODE_DATA_LOSS,
                     "the rows of the table %s are others after the copy than they were",
                     table->name);
}

/* ---- clones ---- */

static bool
copy(Call *call, const char *from, const char *schema)
{
    const char *tables, *counts;

    if (!list_tables(call, from, &tables, &counts) ||
        !db_queue(call, &query_tenant_rows_counts, NULL,
                  (DbArg[]){{.name = "counts", .text = counts}, {0}}) ||
        !queue_timeout(call))
        return false;
    return db_rows_script(call, script_tenant_rows_copy.text,
                          (DbArg[]){{.name = "source", .text = from},
                                    {.name = "schema", .text = schema},
                                    {0}}) ||
           rows_fail(call);
}

static bool
check_counts(Call *call, const char *schema)
{
    RowsTable table = {.name = ""};

    for (;;) {
        const DbRow *row;

        if (!rows_next(call, schema, table.name, &table))
            return false;
        if (table.name == NULL)
            return true;
        if (!db_row(call, &query_tenant_rows_sum, NULL,
                    (DbArg[]){{.name = "table", .text = table.name}, {0}}, &row))
            return false;
        if (row == NULL || db_row_text(row, "sum") == NULL)
            return call_defect(call, "a table was copied and not counted");
        if (!rows_check_count(call, &table, db_row_text(row, "sum")))
            return false;
    }
}

bool
rows_clone(Call *call, const char *from, const char *schema)
{
    ArchiveManifest manifest = CLIENTIQ__V1__ARCHIVE_MANIFEST__INIT;
    RowsState state = {.manifest = &manifest, .is_complete = true, .is_trusted = true};

    return rows_path(call, from) && rows_lock(call, from) && rows_describe(call, from, &manifest) &&
           rows_begin(call, schema, &state) && copy(call, from, schema) &&
           rows_describe_sequences(call, from, &manifest) && rows_end(call, schema) &&
           check_counts(call, schema) && rows_finish(call, schema, &state);
}
