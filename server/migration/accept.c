/* For tenants' migrations the old checksum stays good, in public.migration_accepted: their ledgers
 * have it, and are too many to be written at once.  */
#include "migration/accept.h"
#include "base/lines.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "migration/ledger.h"

#include <string.h>

/* Cuts off what is before the next tab. */
static const char *
next_field(char **line)
{
    char *field = *line, *tab = field == NULL ? NULL : strchr(field, '\t');

    *line = tab == NULL ? NULL : tab + 1;
    if (tab != NULL)
        *tab = '\0';
    return field == NULL ? "" : field;
}

static ChangedFile
cut_changed(char *line)
{
    ChangedFile changed = {.part = next_field(&line)};

    changed.id = next_field(&line);
    changed.file = next_field(&line);
    changed.applied = next_field(&line);
    changed.tenants = next_field(&line);
    changed.sample = next_field(&line);
    changed.other_name = next_field(&line);
    return changed;
}

bool
accept_changed(Call *call, ChangedFile **list, size_t *count)
{
    const Apps *apps = call->core->apps;
    const DbRow *row;
    const char *lines;
    char *text, *line;

    if (!db_row(call, &query_ledger_changed, NULL,
                (DbArg[]){{.name = "shared_files", .text = apps->shared_files},
                          {.name = "tenant_files", .text = apps->tenant_files},
                          {0}},
                &row))
        return false;
    lines = row == NULL ? NULL : db_row_text(row, "lines");
    if ((text = call_strdup(call, lines != NULL ? lines : "")) == NULL ||
        (*list = call_alloc(call, (lines_count(text) + 1) * sizeof **list)) == NULL)
        return false;
    for (*count = 0; (line = lines_next(&text)) != NULL; (*count)++)
        (*list)[*count] = cut_changed(line);
    return true;
}

static const MigrationFile *
file_of(Call *call, const ChangedFile *changed)
{
    const Apps *apps = call->core->apps;
    const MigrationSet *set = strcmp(changed->part, "shared") == 0 ? &apps->shared : &apps->tenant;

    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->files[i].file, changed->file) == 0)
            return &set->files[i];
    return NULL;
}

const char *
accept_checksum(Call *call, const ChangedFile *changed)
{
    const MigrationFile *file = file_of(call, changed);

    return file == NULL ? "" : file->checksum;
}

bool
accept_file(Call *call, const ChangedFile *changed)
{
    const MigrationFile *file = file_of(call, changed);

    if (file == NULL)
        return call_fail(call, CODE_NOT_FOUND, "this server has no file %s", changed->file);
    if (changed->other_name[0] != '\0')
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "%s was applied as %s/%s: give it that name back, ledgers have it",
                         changed->file, file->app, changed->other_name);
    return db_run(call,
                  strcmp(changed->part, "shared") == 0 ? &query_migration_accept_shared
                                                       : &query_migration_accept_tenant,
                  NULL,
                  (DbArg[]){{.name = "app", .text = file->app},
                            {.name = "name", .text = file->name},
                            {.name = "checksum", .text = file->checksum},
                            {0}},
                  NULL);
}
