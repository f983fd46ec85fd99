/* sql/released.sums: the migrations that have been released, one a line: the file from sql/ on, its
 * checksum, and the checksums of version 1 that servers have noted for it
 * (server/migration/checksum.h), of earlier forms of the file too, which differ in comments.  Read
 * by tools/embed_sql, which refuses to build a file that has changed, and by tools/lint.  */
#ifndef CIQ_RELEASED_LIST_H
#define CIQ_RELEASED_LIST_H

#include "base/compiler.h"
#include "migration/file.h"

enum { RELEASED_FORMER_MAX = 8 };

typedef struct Released {
    char *path;     /* "shared/core/0001_initial.sql" */
    char *checksum; /* of version 2 */
    char *former[RELEASED_FORMER_MAX];
    size_t former_count, line;
    bool is_found; /* by released_check */
} Released;

typedef struct ReleasedList {
    Released *list;
    size_t count;
    const char *file; /* "sql/released.sums", for what is said */
    unsigned mistakes;
    MigrationMistake mistake;
    void *argument;
} ReleasedList;

/* Reads root/released.sums; a line that cannot be read is a mistake.  False: no memory, or the file
 * cannot be read, as errno says. */
MUST_CHECK bool released_read(ReleasedList *released, const char *root, MigrationMistake mistake,
                              void *argument);
void released_free(ReleasedList *released);

/* The line of a file; NULL: it has not been released.  A file that has changed is a mistake.  file
 * is how it is called in what is said. */
const Released *released_check(ReleasedList *released, const char *path, const char *file,
                               const char *checksum);

/* Says which were released and have not been checked: they are gone. */
void released_check_found(ReleasedList *released);

#endif
