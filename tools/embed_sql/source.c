/* Reads the .sql files, and says and counts mistakes. */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 4096, FILE_SIZE_MAX = 16 * 1024 * 1024 };

static unsigned mistakes;

void
mistake(const File *file, size_t line, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mistake_at(file->path, line, text);
}

void
mistake_at(const char *path, size_t line, const char *text)
{
    fprintf(stderr, "sql/%s:%zu: %s\n", path, line, text);
    mistakes++;
}

unsigned
mistakes_count(void)
{
    return mistakes;
}

void
die(const char *what, const char *path)
{
    fprintf(stderr, "embed_sql: %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

void *
allocate(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL)
        die("cannot allocate", "memory");
    return memory;
}

char *
copy(const char *text, size_t size)
{
    return memcpy(allocate(size + 1), text, size);
}

static void
read_text(File *file, const char *full, size_t size)
{
    FILE *stream = fopen(full, "rb");

    if (stream == NULL)
        die("cannot read", full);
    file->text = allocate(size + 1);
    file->size = fread(file->text, 1, size, stream);
    if (file->size != size || fclose(stream) != 0)
        die("cannot read", full);
    if (memchr(file->text, 0, size) != NULL)
        mistake(file, 1, "must be text, but has a NUL character");
}

static void
read_file(Files *files, const char *full, const char *path, size_t size)
{
    if (files->list == NULL)
        files->list = allocate(FILES_MAX * sizeof *files->list);
    if (files->count == FILES_MAX || size > FILE_SIZE_MAX) {
        errno = EFBIG;
        die("cannot take", path);
    }

    File *file = &files->list[files->count++];

    snprintf(file->path, sizeof file->path, "%s", path);
    read_text(file, full, size);
}

static int
not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void
join(char path[PATH_SIZE], const char *folder, const char *name)
{
    if (snprintf(path, PATH_SIZE, "%s/%s", folder, name) < PATH_SIZE)
        return;
    errno = ENAMETOOLONG;
    die("cannot read", name);
}

void
files_read(Files *files, const char *root, const char *folder)
{
    char full[PATH_SIZE], path[PATH_SIZE];
    struct dirent **entries;

    join(full, root, folder);

    int count = scandir(full, &entries, not_hidden, alphasort);

    if (count < 0 && errno == ENOENT)
        return;
    if (count < 0)
        die("cannot list", full);
    for (int i = 0; i < count; i++) {
        const char *ending = strrchr(entries[i]->d_name, '.');
        struct stat status;

        join(path, folder, entries[i]->d_name);
        join(full, root, path);
        if (stat(full, &status) != 0)
            die("cannot read", full);
        if (S_ISDIR(status.st_mode))
            files_read(files, root, path);
        else if (ending != NULL && strcmp(ending, ".sql") == 0)
            read_file(files, full, path, (size_t) status.st_size);
        free(entries[i]);
    }
    free(entries);
}

size_t
file_line(const File *file, const char *at)
{
    size_t line = 1;

    for (const char *c = file->text; c < at; c++)
        line += *c == '\n';
    return line;
}

void
file_name(const File *file, char name[NAME_SIZE])
{
    const char *base = strrchr(file->path, '/') + 1;

    snprintf(name, NAME_SIZE, "%.*s", (int) (strlen(base) - strlen(".sql")), base);
}
