/* Reads the files of a folder of apps; see folder.h.  */
#include "migration/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    FILE_SIZE_MAX =
        256 * 1024, /* a migration that is longer was made by a program, and should be several */
    PATH_SIZE = 1024
};

static int
not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The entries of a folder by name; 0: there are none, or it is not a folder. */
static int
list_entries(const char *path, struct dirent ***entries)
{
    int count = scandir(path, entries, not_hidden, alphasort);

    if (count >= 0)
        return count;
    *entries = NULL;
    return 0;
}

static void
free_entries(struct dirent **entries, int count)
{
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

static bool
read_file(MigrationSet *set, const char *app, const char *name, const char *path)
{
    FILE *stream = fopen(path, "rb");
    char *text = malloc(FILE_SIZE_MAX + 2);
    bool ok = text != NULL;

    if (stream == NULL) {
        migration_mistake(set, path, 1, "%s", strerror(errno));
    } else if (ok) {
        size_t size = fread(text, 1, FILE_SIZE_MAX + 1, stream);

        text[size] = '\0';
        if (ferror(stream))
            migration_mistake(set, path, 1, "the file cannot be read");
        else if (size > FILE_SIZE_MAX)
            migration_mistake(set, path, 1, "a migration may have at most 256 KiB");
        else
            ok = migration_set_add(set, app, name, path, text, size);
    }
    if (stream != NULL)
        fclose(stream);
    free(text);
    return ok;
}

static bool
is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Other files than .sql are somebody's notes and are passed over. */
static bool
read_app(MigrationSet *set, const char *folder, const char *app)
{
    struct dirent **entries;
    int count = list_entries(folder, &entries);
    bool ok = true;

    for (int i = 0; i < count && ok; i++) {
        const char *name = entries[i]->d_name;
        size_t size = strlen(name);
        char path[PATH_SIZE];

        if (size <= 4 || strcasecmp(name + size - 4, ".sql") != 0)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int) sizeof path)
            migration_mistake(set, folder, 1, "the path is too long");
        else if (strcmp(name + size - 4, ".sql") != 0)
            migration_mistake(set, path, 1, "a migration's name must end with .sql in lower case");
        else
            ok = read_file(set, app, name, path);
    }
    free_entries(entries, count);
    return ok;
}

bool
folder_read(MigrationSet *set, const char *directory, const char *part)
{
    char folder[PATH_SIZE], path[PATH_SIZE];
    struct dirent **entries;
    bool ok = true;

    if (snprintf(folder, sizeof folder, "%s/%s", directory, part) >= (int) sizeof folder) {
        migration_mistake(set, directory, 1, "the path is too long");
        return true;
    }

    int count = list_entries(folder, &entries);

    for (int i = 0; i < count && ok; i++) {
        const char *name = entries[i]->d_name;
        size_t size = strlen(name);

        if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int) sizeof path)
            migration_mistake(set, folder, 1, "the path is too long");
        else if (is_folder(path))
            ok = read_app(set, path, name);
        else if (size > 4 && strcmp(name + size - 4, ".sql") == 0)
            migration_mistake(set, path, 1, "a migration must be in the folder of its app");
    }
    free_entries(entries, count);
    return ok;
}

bool
folder_fits(const char *directory)
{
    char shared[PATH_SIZE], tenant[PATH_SIZE];

    snprintf(shared, sizeof shared, "%.1000s/shared", directory);
    snprintf(tenant, sizeof tenant, "%.1000s/tenant", directory);
    return is_folder(shared) || is_folder(tenant);
}
