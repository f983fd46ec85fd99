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
    table->copy_out = db_row_text(row, "copy_out");
    return table->name != NULL && table->columns != NULL && table->copy_out != NULL;
}

static bool
has_lines(const char *lines, const char *wanted, const char **odd, size_t *odd_size)
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
    return has_lines(one, other, odd, odd_size) && has_lines(other, one, odd, odd_size);
}

bool
rows_check_source(Call *call, const char *schema, const char *made)
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
        if (known.name != NULL && !rows_same_columns(table.columns, known.columns, &odd, &odd_size))
            return call_fail(
                call, CODE_FAILED_PRECONDITION,
                "the tenant's table %s does not have the columns that its migrations make: %.*s",
                table.name, (int) odd_size, odd);
    }
    return true;
}

/* The names of a schema's tables whose rows go along, one a line. */
static bool
list_tables(Call *call, const char *schema, const char **tables)
{
    RowsTable table = {.name = ""};
    Text list = text_new(call);

    for (size_t count = 0;; count++) {
        if (!rows_next(call, schema, table.name, &table))
            return false;
        if (table.name == NULL)
            break;
        if (count == LIMIT_TABLES)
            return call_fail(call, CODE_RESOURCE_EXHAUSTED, "the tenant has more than %d tables",
                             LIMIT_TABLES);
        text_add_line(&list, table.name);
    }
    *tables = text_end(&list);
    return *tables != NULL;
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
rows_begin(Call *call, const char *schema)
{
    const char *tables;

    return list_tables(call, schema, &tables) &&
           db_script(call, script_tenant_rows_begin.text,
                     (DbArg[]){{.name = "schema", .text = schema},
                               {.name = "tables", .text = tables},
                               {0}});
}

bool
rows_end(Call *call, const char *schema)
{
    return queue_timeout(call) && db_script(call, script_tenant_rows_end.text,
                                            (DbArg[]){{.name = "schema", .text = schema}, {0}});
}

bool
rows_copy(Call *call, const char *from, const char *schema)
{
    const char *tables;

    return list_tables(call, schema, &tables) && queue_timeout(call) &&
           db_script(call, script_tenant_rows_copy.text,
                     (DbArg[]){{.name = "source", .text = from},
                               {.name = "schema", .text = schema},
                               {.name = "tables", .text = tables},
                               {0}});
}
