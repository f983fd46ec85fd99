/* Reads the sql directory, and says and counts mistakes. */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

File files[FILES_MAX];
size_t files_count;
unsigned mistakes;

void
mistake(const File *file, size_t line, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "sql/%s:%zu: ", file->path, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    mistakes++;
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
read_file(const char *root, const char *path)
{
    char full[PATH_SIZE * 2];
    File *file = &files[files_count];

    if (files_count == FILES_MAX || strlen(path) >= sizeof file->path) {
        errno = E2BIG;
        die("cannot take", path);
    }
    if (snprintf(full, sizeof full, "%s/%s", root, path) >= (int) sizeof full)
        die("cannot take", path);

    FILE *stream = fopen(full, "rb");

    if (stream == NULL)
        die("cannot read", full);
    file->text = allocate(FILE_SIZE_MAX + 1);
    file->size = fread(file->text, 1, FILE_SIZE_MAX + 1, stream);
    fclose(stream);
    if (file->size > FILE_SIZE_MAX) {
        errno = EFBIG;
        die("cannot read", full);
    }

    char *fitting = copy(file->text, file->size);

    free(file->text);
    file->text = fitting;
    strcpy(file->path, path);
    files_count++;
    if (memchr(file->text, 0, file->size) != NULL)
        mistake(file, 1, "a NUL character");
}

static int
not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

void
read_folder(const char *root, const char *path)
{
    char full[PATH_SIZE * 4], inner[PATH_SIZE * 2];
    struct dirent **entries;

    snprintf(full, sizeof full, "%s/%s", root, path);

    int count = scandir(full, &entries, not_hidden, alphasort);

    if (count < 0 && errno == ENOENT)
        return;
    if (count < 0)
        die("cannot list", full);
    for (int i = 0; i < count; i++) {
        struct stat status;
        size_t size = strlen(entries[i]->d_name);

        snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        snprintf(full, sizeof full, "%.1000s/%.1000s", root, inner);
        if (stat(full, &status) != 0)
            die("cannot read", full);
        if (S_ISDIR(status.st_mode))
            read_folder(root, inner);
        else if (size > 4 && strcmp(entries[i]->d_name + size - 4, ".sql") == 0)
            read_file(root, inner);
        free(entries[i]);
    }
    free(entries);
}

size_t
line_of(const File *file, const char *at)
{
    size_t line = 1;

    for (const char *c = file->text; c < at; c++)
        line += *c == '\n';
    return line;
}

void
base_name(const File *file, char name[NAME_SIZE])
{
    const char *slash = strrchr(file->path, '/');

    snprintf(name, NAME_SIZE, "%.*s", (int) (strlen(slash + 1) - 4), slash + 1);
}
