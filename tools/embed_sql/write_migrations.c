/* Writes the migrations, in the order in which they apply. */
#include "write.h"

#include "migration/file.h"
#include "released/list.h"

#include <errno.h>
#include <string.h>

static void
write_step(FILE *out, const MigrationFile *step, const Released *released)
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
    fprintf(out, "NULL},\n        .checksum = \"%s\",\n        .former = (const char *const[]){",
            step->checksum);
    for (size_t i = 0; step->former[i] != NULL; i++)
        fprintf(out, "\"%s\", ", step->former[i]);
    for (size_t i = 0; released != NULL && i < released->former_count; i++)
        fprintf(out, "\"%s\", ", released->former[i]);
    fprintf(out, "NULL},\n        .number = %u,\n", step->number);
    fprintf(out, "        .up_line = %u,\n        .down_line = %u,\n", step->up_line,
            step->down_line);
    fprintf(out, "        .no_transaction = %s,\n    },\n",
            step->no_transaction ? "true" : "false");
}

static void
say_mistake(void *argument, const char *file, size_t line, const char *text)
{
    (void) argument;
    mistake_at(file, line, text);
}

/* A migration's path is part/app/name.sql. */
static void
add_migration(MigrationSet *set, const char *part, const File *file)
{
    const char *app = file->path + strlen(part) + 1;
    const char *slash = strchr(app, '/');
    char name[NAME_SIZE];

    if (slash == NULL) {
        mistake(file, 1, "a migration must be in the folder of its app");
        return;
    }
    snprintf(name, sizeof name, "%.*s", (int) (slash - app), app);
    if (!migration_set_add(set, name, slash + 1, file->path, file->text, file->size))
        die("cannot allocate", "memory");
}

static void
write_part(FILE *header, FILE *source, const char *part, const Files *files, ReleasedList *released)
{
    MigrationSet set;

    if (!migration_set_init(&set, NULL, 0, say_mistake, NULL))
        die("cannot allocate", "memory");
    for (size_t i = 0; i < files->count; i++)
        add_migration(&set, part, &files->list[i]);

    bool ok = migration_set_order(&set);

    fprintf(header,
            "/* The files of sql/%s, in the order in which they apply. */\n"
            "extern const MigrationFile migrations_%s[];\n"
            "extern const size_t migrations_%s_count;\n",
            part, part, part);
    fprintf(source, "const MigrationFile migrations_%s[] = {\n", part);
    for (size_t i = 0; ok && i < set.count; i++)
        write_step(
            source, &set.files[i],
            released_check(released, set.files[i].file, set.files[i].file, set.files[i].checksum));
    if (set.count == 0)
        fputs("    {0},\n", source);
    fprintf(source, "};\nconst size_t migrations_%s_count = %zu;\n\n", part, set.count);
}

void
write_migrations(const char *root, const char *directory, const Files *shared, const Files *tenant)
{
    ReleasedList released;
    FILE *header = output_open(directory, "migration/embedded.h");
    FILE *source = output_open(directory, "migration/embedded.c");

    fputs("#ifndef CIQ_EMBEDDED_H\n#define CIQ_EMBEDDED_H\n\n#include \"migration/file.h\"\n\n",
          header);
    fputs("#include \"migration/embedded.h\"\n\n", source);
    /* a sample of the generator's tests has none */
    if (!released_read(&released, root, say_mistake, NULL) && errno != ENOENT)
        die("cannot read", "released.sums");
    write_part(header, source, "shared", shared, &released);
    write_part(header, source, "tenant", tenant, &released);
    released_check_found(&released);
    fputs("\n#endif\n", header);
    output_close(header, "migration/embedded.h");
    output_close(source, "migration/embedded.c");
}
