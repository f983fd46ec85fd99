/* Files and folders of tests.  */
#ifndef CIQ_TESTS_FILE_H
#define CIQ_TESTS_FILE_H

/* Deletes a folder with all that is in it. */
void folder_remove(const char *path);

#endif
