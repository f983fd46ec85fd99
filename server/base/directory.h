/* Folders: where the server keeps what must last, and whether others can meddle there.  */
#ifndef CIQ_SERVER_DIRECTORY_H
#define CIQ_SERVER_DIRECTORY_H

#include "base/compiler.h"
#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the server keeps what must last, by its settings; cut to size. */
void directory_of_data(const Config *config, char *path, size_t size);

/* Makes a directory with those above it; the last one gets the mode.  False: errno says why. */
MUST_CHECK bool directory_make(const char *path, unsigned mode);

/* Whether a directory may hold our sockets: it is ours, or root's, and nobody else may write into
 * it, so nobody can put a socket of their own in the place of ours. */
MUST_CHECK bool directory_is_safe(const char *path);

#endif
