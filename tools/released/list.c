/* Reads the list, and compares files with it; see list.h.  */
#include "released/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
say(ReleasedList *released, const char *file, size_t line, const char *text)
{
    released->mistake(released->argument, file, line, text);
    released->mistakes++;
}

static bool
add_line(ReleasedList *released, char *text, size_t line)
{
    Released *list = realloc(released->list, (released->count + 1) * sizeof *list);
    Released added = {.line = line};
    char *rest = NULL, *word = strtok_r(text, " \t\r\n", &rest);

    if (list == NULL)
        return false;
    released->list = list;
    if (word == NULL || word[0] == '#')
        return true;
    added.path = strdup(word);
    word = strtok_r(NULL, " \t\r\n", &rest);
    if (word == NULL || strncmp(word, "2:", 2) != 0) {
        say(released, released->file, line, "a line must be a file, its checksum, and former ones");
        free(added.path);
        return true;
    }
    added.checksum = strdup(word);
    while ((word = strtok_r(NULL, " \t\r\n", &rest)) != NULL) {
        if (added.former_count == RELEASED_FORMER_MAX) {
            say(released, released->file, line, "there are more than 8 former checksums");
            break;
        }
        added.former[added.former_count++] = strdup(word);
    }
    list[released->count++] = added;
    return added.path != NULL && added.checksum != NULL;
}

bool
released_read(ReleasedList *released, const char *root, MigrationMistake mistake, void *argument)
{
    char path[1024], text[1024];
    FILE *stream;
    bool ok = true;

    *released = (ReleasedList){.file = "released.sums", .mistake = mistake, .argument = argument};
    snprintf(path, sizeof path, "%.1000s/released.sums", root);
    stream = fopen(path, "r");
    if (stream == NULL)
        return false;
    for (size_t line = 1; ok && fgets(text, sizeof text, stream) != NULL; line++)
        ok = add_line(released, text, line);
    ok = ok && !ferror(stream);
    fclose(stream);
    return ok;
}

void
released_free(ReleasedList *released)
{
    for (size_t i = 0; i < released->count; i++) {
        free(released->list[i].path);
        free(released->list[i].checksum);
        for (size_t j = 0; j < released->list[i].former_count; j++)
            free(released->list[i].former[j]);
    }
    free(released->list);
}

const Released *
released_check(ReleasedList *released, const char *path, const char *file, const char *checksum)
{
    for (size_t i = 0; i < released->count; i++) {
        Released *line = &released->list[i];

        if (strcmp(line->path, path) != 0)
            continue;
        line->is_found = true;
        if (strcmp(line->checksum, checksum) != 0)
            say(released, file, 1,
                "it was released and says something else now, with which no installation that has "
                "applied it would start: only comments and white space may change; write a new "
                "migration instead");
        return line;
    }
    return NULL;
}

void
released_check_found(ReleasedList *released)
{
    char text[1200];

    for (size_t i = 0; i < released->count; i++) {
        const Released *line = &released->list[i];

        if (line->is_found)
            continue;
        snprintf(text, sizeof text,
                 "%.1000s was released and is gone: installations have applied it, so it must stay",
                 line->path);
        say(released, released->file, line->line, text);
    }
}
