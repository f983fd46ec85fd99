/* Writes the migrations, in the order in which they apply. */
#include "migration/file.h"
#include "source.h"
#include "write.h"

#include <string.h>

static void
write_step(FILE *out, const MigrationFile *step)
{
    fprintf(out,
            "    {\n        .app = \"%s\",\n        .name = \"%s\",\n        .file = \"sql/%s\",\n",
            step->app, step->name, step->file);
    fputs("        .up = ", out);
    write_string(out, step->up);
    fputs(",\n        .down = ", out);
    write_string(out, step->down);
    fputs(",\n        .depends = (const char *const[]){", out);
    for (size_t i = 0; step->depends[i] != NULL; i++)
        fprintf(out, "\"%s\", ", step->depends[i]);
    fprintf(out, "NULL},\n        .checksum = \"%s\",\n        .number = %u,\n", step->checksum,
            step->number);
    fprintf(out, "        .up_line = %u,\n        .down_line = %u,\n", step->up_line,
            step->down_line);
    fprintf(out, "        .no_transaction = %s,\n    },\n",
            step->no_transaction ? "true" : "false");
}

static void
migration_mistake(void *argument, const char *file, size_t line, const char *text)
{
    (void) argument;
    fprintf(stderr, "sql/%s:%zu: %s\n", file, line, text);
    mistakes++;
}

void
write_migrations(FILE *out, const char *folder)
{
    MigrationSet set;
    size_t prefix = strlen(folder) + 1;

    if (!migration_set_init(&set, NULL, 0, migration_mistake, NULL))
        die("cannot allocate", "memory");
    for (size_t i = 0; i < files_count; i++) {
        const char *app = files[i].path + prefix, *slash;
        char name[NAME_SIZE];

        if (strncmp(files[i].path, folder, prefix - 1) != 0 || app[-1] != '/')
            continue;
        slash = strchr(app, '/');
        if (slash == NULL) {
            mistake(&files[i], 1, "a migration must be in the folder of its app");
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int) (slash - app), app);
        if (!migration_set_add(&set, name, slash + 1, files[i].path, files[i].text, files[i].size))
            die("cannot allocate", "memory");
    }
    bool ok = migration_set_order(&set);

    fprintf(out, "const MigrationFile migrations_%s[] = {\n", folder);
    for (size_t i = 0; ok && i < set.count; i++)
        write_step(out, &set.files[i]);
    if (set.count == 0)
        fputs("    {0},\n", out);
    fprintf(out, "};\nconst size_t migrations_%s_count = %zu;\n\n", folder, set.count);
}
