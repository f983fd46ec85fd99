/* The files of the sql directory as they are read, and what is said about them. */
#ifndef CIQ_EMBED_SQL_SOURCE_H
#define CIQ_EMBED_SQL_SOURCE_H

#include "base/compiler.h"

#include <stddef.h>

enum { FILES_MAX = 4096, PATH_SIZE = 512, NAME_SIZE = 128, FILE_SIZE_MAX = 16 * 1024 * 1024 };

typedef struct File {
    char path[PATH_SIZE]; /* from the sql directory: "tenant/users/0001_initial.sql" */
    char *text;
    size_t size;
} File;

extern File files[FILES_MAX];
extern size_t files_count;
extern unsigned mistakes;

/* Says what is wrong in a file, and goes on. */
void mistake(const File *file, size_t line, const char *format, ...) PRINTF_LIKE(3, 4);

/* Ends the program. */
void die(const char *what, const char *path);

void *allocate(size_t size);
char *copy(const char *text, size_t size);

/* Reads every .sql below a folder, in the order of their names. */
void read_folder(const char *root, const char *path);

/* The number of the line of the file's text in which at is. */
size_t line_of(const File *file, const char *at);

/* "rpc/user_service/get_user.sql" gives "get_user". */
void base_name(const File *file, char name[NAME_SIZE]);

#endif
