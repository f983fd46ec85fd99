/* Reads the migrations of the user's apps at start and keeps them beside the server's own.  Called
 * by server.c.  Never runs anything: that is migrate.c's and steps.c's.  */
#include "migration/apps.h"
#include "base/log.h"
#include "migration/embedded.h"
#include "migration/folder.h"
#include "migration/heads.h"
#include "migration/ledger.h"
#include "base/lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEW_TENANT_SIZE_MAX =
        1024 * 1024, /* all of them pass through the memory of CreateTenant's call */
    PATH_SIZE = 1024
};

static void
log_mistake(void *argument UNUSED, const char *file, size_t line, const char *text)
{
    char quoted_file[PATH_SIZE * 2], quoted[1024];

    log_write(LOG_LEVEL_ERROR, "migration", "file=%s line=%zu text=%s",
              log_quote(quoted_file, sizeof quoted_file, file), line,
              log_quote(quoted, sizeof quoted, text));
}

static bool
read_directory(Apps *apps, const char *directory)
{
    if (directory[0] == '\0')
        return true;
    if (!folder_fits(directory)) {
        migration_mistake(
            &apps->tenant, directory, 1,
            "--apps must name a folder that has shared/ or tenant/, with a folder for each app");
        return true;
    }
    return folder_read(&apps->shared, directory, "shared") &&
           folder_read(&apps->tenant, directory, "tenant");
}

static void
write_json_string(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', stream);
        if ((unsigned char) *text < 0x20)
            fprintf(stream, "\\u%04x", (unsigned) *text);
        else
            fputc(*text, stream);
    }
    fputc('"', stream);
}

static bool
make_files(const MigrationSet *set, char **files)
{
    size_t size;
    FILE *stream = open_memstream(files, &size);

    if (stream == NULL)
        return false;
    fputc('[', stream);
    for (size_t i = 0; i < set->count; i++) {
        fprintf(stream,
                "%s{\"app\":\"%s\",\"number\":%" PRIu32
                ",\"name\":\"%s\",\"checksum\":\"%s\",\"former\":[",
                i > 0 ? "," : "", set->files[i].app, set->files[i].number, set->files[i].name,
                set->files[i].checksum);
        for (size_t j = 0; set->files[i].former[j] != NULL; j++) {
            fputs(j > 0 ? "," : "", stream);
            write_json_string(stream, set->files[i].former[j]);
        }
        fputs("],\"file\":", stream);
        write_json_string(stream, set->files[i].file);
        fputc('}', stream);
    }
    fputc(']', stream);
    return fclose(stream) == 0;
}

/* The server's own files, which come first, as one script, and the rows of the ledger. */
static bool
make_new_tenant(Apps *apps)
{
    const MigrationSet *set = &apps->tenant;
    size_t size, together = 0;
    FILE *stream = open_memstream(&apps->own_tenant, &size);

    for (size_t i = 0; i < set->borrowed && stream != NULL; i++)
        fprintf(stream, "%s\n;\n", set->files[i].up);
    if (stream == NULL || fclose(stream) != 0)
        return false;
    stream = open_memstream(&apps->ledger_rows, &size);
    /* names and checksums were checked: letters, digits and underscores only */
    for (size_t i = 0; i < set->count && stream != NULL; i++)
        fprintf(stream, "%s('%s', '%s', '%s')",
                i == 0 ? "insert into core_migration (app, name, checksum) values " : ", ",
                set->files[i].app, set->files[i].name, set->files[i].checksum);
    if (stream == NULL || fclose(stream) != 0)
        return false;
    for (size_t i = 0; i < set->count; i++)
        together += strlen(set->files[i].up);
    if (together > NEW_TENANT_SIZE_MAX)
        migration_mistake(&apps->tenant, "all tenant migrations", 1,
                          "together they may have at most 1 MiB");
    return true;
}

Apps *
apps_new(const char *directory)
{
    Apps *apps = calloc(1, sizeof *apps);

    if (apps != NULL &&
        migration_set_init(&apps->shared, migrations_shared, migrations_shared_count, log_mistake,
                           NULL) &&
        migration_set_init(&apps->tenant, migrations_tenant, migrations_tenant_count, log_mistake,
                           NULL) &&
        read_directory(apps, directory)) {
        bool in_order = migration_set_order(&apps->shared);

        /* both, so that all mistakes are reported */
        in_order = migration_set_order(&apps->tenant) && in_order;
        if (in_order && (apps->heads = heads_newest(&apps->tenant)) != NULL &&
            (apps->shared_heads = heads_newest(&apps->shared)) != NULL &&
            make_files(&apps->shared, &apps->shared_files) &&
            make_files(&apps->tenant, &apps->tenant_files) && make_new_tenant(apps) &&
            apps->tenant.mistakes == 0)
            return apps;
    }
    apps_free(apps);
    return NULL;
}

/* A file's former checksums with accepted ones behind them. */
typedef struct AcceptedList {
    const char *const *before; /* the file's own list, which apps_free gives back to it */
    const char **list;         /* NULL: nothing was accepted */
} AcceptedList;

static bool
accept_former(Apps *apps, size_t index, const char *checksum)
{
    MigrationFile *file = &apps->tenant.files[index];
    AcceptedList *accepted = &apps->accepted_lists[index];
    size_t count = 0;
    const char **list;

    while (file->former[count] != NULL)
        count++;
    list = realloc(accepted->list, (count + 2) * sizeof *list);
    if (list == NULL)
        return false;
    if (accepted->list == NULL) {
        accepted->before = file->former;
        memcpy(list, file->former, count * sizeof *list);
    }
    list[count] = checksum;
    list[count + 1] = NULL;
    file->former = accepted->list = list;
    return true;
}

bool
apps_accept(Apps *apps, const char *lines)
{
    char *rest, *line;

    if (lines[0] == '\0')
        return true;
    apps->accepted = rest = strdup(lines);
    apps->accepted_lists = calloc(apps->tenant.count + 1, sizeof *apps->accepted_lists);
    if (rest == NULL || apps->accepted_lists == NULL)
        return false;
    while ((line = lines_next(&rest)) != NULL) {
        LedgerRow row;
        const MigrationFile *file;

        if (!ledger_cut(line, &row))
            continue;
        file = ledger_file(&apps->tenant, &row);
        if (file != NULL &&
            !accept_former(apps, (size_t) (file - apps->tenant.files), row.checksum))
            return false;
    }
    free(apps->tenant_files);
    return make_files(&apps->tenant, &apps->tenant_files);
}

void
apps_free(Apps *apps)
{
    if (apps == NULL)
        return;
    for (size_t i = 0; apps->accepted_lists != NULL && i < apps->tenant.count; i++)
        if (apps->accepted_lists[i].list != NULL) {
            apps->tenant.files[i].former = apps->accepted_lists[i].before;
            free(apps->accepted_lists[i].list);
        }
    free(apps->accepted_lists);
    free(apps->accepted);
    migration_set_free(&apps->shared);
    migration_set_free(&apps->tenant);
    free(apps->heads);
    free(apps->shared_heads);
    free(apps->shared_files);
    free(apps->tenant_files);
    free(apps->own_tenant);
    free(apps->ledger_rows);
    free(apps);
}
