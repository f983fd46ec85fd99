/* The .sql files as text, and what is said of their mistakes. */
#ifndef CIQ_EMBED_SQL_SOURCE_H
#define CIQ_EMBED_SQL_SOURCE_H

#include "base/compiler.h"

#include <stddef.h>

enum { PATH_SIZE = 512, NAME_SIZE = 128 };

typedef struct File {
    char path[PATH_SIZE]; /* from the sql directory: "tenant/users/0001_initial.sql" */
    char *text;           /* size bytes and a NUL */
    size_t size;
} File;

typedef struct Files {
    File *list;
    size_t count;
} Files;

/* Adds every .sql file below root/folder, in the order of their names; there may be none.  Ends the
 * program if one cannot be read. */
void files_read(Files *files, const char *root, const char *folder);

/* The line, from 1 on, in which a place of the file's text stands. */
size_t file_line(const File *file, const char *at);

/* "rpc/user_service/get_user.sql" gives "get_user". */
void file_name(const File *file, char name[NAME_SIZE]);

/* Says a mistake with file and line.  The program goes on, to say them all, and then fails. */
void mistake(const File *file, size_t line, const char *format, ...) PRINTF_LIKE(3, 4);
void mistake_at(const char *path, size_t line, const char *text);
unsigned mistakes_count(void);

/* Ends the program with a message and the reason in errno. */
_Noreturn void die(const char *what, const char *path);

/* Zeroed memory that nobody gives back: the program ends as soon as it has written. */
void *allocate(size_t size);
char *copy(const char *text, size_t size);

#endif
