/* The migrations of a folder of apps, DIR/shared/<app>/ and DIR/tenant/<app>/, for the server's
 * --apps and for ciq-client's lint.  A folder may hold anything: a .sql file outside an app is a
 * mistake, and other files are passed over. */
#ifndef CIQ_SERVER_FOLDER_H
#define CIQ_SERVER_FOLDER_H

#include "migration/file.h"

/* Adds every file of DIRECTORY/PART/<app>/, in the order of their names; there may be none.  Gives
 * false without memory. */
MUST_CHECK bool folder_read(MigrationSet *set, const char *directory, const char *part);

/* Whether it is a folder with a part shared or tenant. */
bool folder_fits(const char *directory);

#endif
