/* The list of the parts; statement.c puts them where they belong. */
#include "part.h"

#include <string.h>

void
parts_add(Parts *parts, const Files *files)
{
    parts->list = allocate(files->count * sizeof *parts->list + 1);
    parts->count = files->count;
    for (size_t i = 0; i < files->count; i++) {
        parts->list[i].file = &files->list[i];
        file_name(&files->list[i], parts->list[i].name);
    }
}

Part *
parts_find(const Parts *parts, const char *name, size_t size)
{
    for (size_t i = 0; i < parts->count; i++)
        if (strlen(parts->list[i].name) == size && strncmp(parts->list[i].name, name, size) == 0)
            return &parts->list[i];
    return NULL;
}

void
parts_check_used(const Parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        if (!parts->list[i].is_used)
            mistake(parts->list[i].file, 1, "no statement uses {%s}", parts->list[i].name);
}
