/* Folders of this machine, in which ciq-client writes files.  */
#ifndef CIQ_CLI_FOLDER_H
#define CIQ_CLI_FOLDER_H

#include <sys/types.h>

/* Makes a folder and those above it, unless they exist.  Ends the program if that fails. */
void folder_make(const char *path, mode_t mode);

#endif
