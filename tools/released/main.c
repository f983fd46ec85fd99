/* Holds the released migrations of a folder, sql/, to released.sums in it, for tools/lint:
 *
 *     released SQL_DIRECTORY              names those that have changed or are gone
 *     released SQL_DIRECTORY --complete   also those that are not in the list yet
 *     released SQL_DIRECTORY --add        adds those to the list; what is there stays
 *
 * It is built by tools/lint, with the server's own code for what a file's checksum is.  */
#include "released/list.h"

#include "migration/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum Mode { MODE_CHECK, MODE_COMPLETE, MODE_ADD } Mode;

static void
say_mistake(void *argument, const char *file, size_t line, const char *text)
{
    const char *root = argument;

    /* the list's own name has no folder */
    if (strchr(file, '/') == NULL)
        printf("%s/%s:%zu: %s\n", root, file, line, text);
    else
        printf("%s:%zu: %s\n", file, line, text);
}

static bool
add(const char *root, const char *path, const char *checksum)
{
    char name[1024];
    FILE *stream;

    snprintf(name, sizeof name, "%.1000s/released.sums", root);
    stream = fopen(name, "a");
    if (stream == NULL)
        return false;
    fprintf(stream, "%s %s\n", path, checksum);
    return fclose(stream) == 0;
}

static bool
check_part(ReleasedList *released, const char *root, const char *part, Mode mode)
{
    MigrationSet set;
    bool ok = migration_set_init(&set, NULL, 0, say_mistake, (void *) (uintptr_t) root) &&
              folder_read(&set, root, part);

    for (size_t i = 0; ok && i < set.count; i++) {
        const MigrationFile *file = &set.files[i];
        const char *path = file->file + strlen(root) + 1;

        if (released_check(released, path, file->file, file->checksum) != NULL ||
            mode == MODE_CHECK)
            continue;
        if (mode == MODE_ADD)
            ok = add(root, path, file->checksum);
        else
            migration_mistake(&set, file->file, 1,
                              "it is not in released.sums: tools/lint --release-sums adds it");
    }
    released->mistakes += set.mistakes;
    migration_set_free(&set);
    return ok;
}

int
main(int argc, char **argv)
{
    const char *word = argc > 2 ? argv[2] : "";
    Mode mode = strcmp(word, "--complete") == 0 ? MODE_COMPLETE
                : strcmp(word, "--add") == 0    ? MODE_ADD
                                                : MODE_CHECK;
    ReleasedList released;
    bool ok;

    if (argc < 2 || argc > 3 || (argc == 3 && mode == MODE_CHECK)) {
        fputs("usage: released SQL_DIRECTORY [--complete | --add]\n", stderr);
        return 2;
    }
    ok = released_read(&released, argv[1], say_mistake, argv[1]);
    if (!ok && errno == ENOENT) {
        say_mistake(argv[1], released.file, 1, "it is gone: it says what has been released");
        return 1;
    }
    ok = ok && check_part(&released, argv[1], "shared", mode) &&
         check_part(&released, argv[1], "tenant", mode);
    if (ok)
        released_check_found(&released);
    else
        perror(argv[1]);
    ok = ok && released.mistakes == 0;
    released_free(&released);
    return ok ? 0 : 1;
}
