/* Ledgers are read as one text, app/name=checksum on each line.  */
#include "migration/ledger.h"
#include "base/lines.h"
#include "db/db.h"
#include "db/queries.h"

#include <string.h>

bool
ledger_cut(char *line, LedgerRow *row)
{
    char *slash = strchr(line, '/'), *equals = strchr(line, '=');

    if (slash == NULL || equals == NULL || slash > equals)
        return false;
    *slash = *equals = '\0';
    *row = (LedgerRow){.app = line, .name = slash + 1, .checksum = equals + 1};
    return true;
}

bool
ledger_read(Call *call, LedgerRow **rows, size_t *count)
{
    const DbRow *row;
    char *text, *line;

    if (!db_row(call, &query_item_ledger, NULL, NULL, &row) ||
        (text = call_strdup(call, row == NULL ? "" : db_row_text(row, "ledger"))) == NULL ||
        (*rows = call_alloc(call, (lines_count(text) + 1) * sizeof **rows)) == NULL)
        return false;
    for (*count = 0; (line = lines_next(&text)) != NULL; (*count)++)
        if (!ledger_cut(line, &(*rows)[*count]))
            return call_fail(call, CODE_DATA_LOSS,
                             "the ledger core_migration has a row whose app or name is damaged");
    return true;
}

bool
ledger_convert(Call *call, const char *files)
{
    return db_queue(call, &query_ledger_convert, NULL,
                    (DbArg[]){{.name = "files", .text = files}, {0}});
}

const MigrationFile *
ledger_file(const MigrationSet *set, const LedgerRow *row)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->files[i].app, row->app) == 0 && strcmp(set->files[i].name, row->name) == 0)
            return &set->files[i];
    return NULL;
}
