/* What several statements have in common: {user_columns} in a statement stands for the text of
 * sql/part/user_columns.sql. */
#ifndef CIQ_EMBED_SQL_PART_H
#define CIQ_EMBED_SQL_PART_H

#include "source.h"

#include <stdbool.h>

typedef struct Part {
    const File *file;
    char name[NAME_SIZE];
    bool is_used;
} Part;

typedef struct Parts {
    Part *list;
    size_t count;
} Parts;

/* One part for each file. */
void parts_add(Parts *parts, const Files *files);

/* NULL: no part is called so. */
Part *parts_find(const Parts *parts, const char *name, size_t size);

/* Says which parts no statement has. */
void parts_check_used(const Parts *parts);

#endif
