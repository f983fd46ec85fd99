/* How a permission is written: app.codename, "users.add_customuser".  For the server, which reads
 * them in requests, and for the generator of the build, which reads them in the rules of the rpcs.
 */
#ifndef CIQ_PERMISSION_H
#define CIQ_PERMISSION_H

#include <stdbool.h>

enum { PERMISSION_SIZE_MAX = 200 }; /* bytes; an app's name has 48 of them at most */

/* Whether the text is an app and a codename with a dot between them, each of lower-case letters,
 * digits and underscores. */
bool permission_is_valid(const char *text);

#endif
