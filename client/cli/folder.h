/* Folders on this machine.  */
#ifndef CIQ_CLI_FOLDER_H
#define CIQ_CLI_FOLDER_H

#include <sys/types.h>

/* Makes the folder and those above it, unless they exist.  Ends the program if that fails. */
void folder_make(const char *path, mode_t mode);

#endif
