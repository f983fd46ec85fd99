/* Files and folders of tests.  */
#ifndef CIQ_TESTS_FILE_H
#define CIQ_TESTS_FILE_H

#include <stddef.h>

/* Makes an empty folder under /tmp and gives its path. */
void folder_new(char path[64]);

/* Deletes a folder with all that is in it. */
void folder_remove(const char *path);

/* A whole file, with '\0' behind it; its size, unless size is NULL.  Fails the test if it cannot be
 * read or is empty.  The caller frees it. */
char *file_read(const char *path, size_t *size);

#endif
