/* Makes folders.  */
#include "client/cli/folder.h"
#include "client/cli/exit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void
folder_make(const char *path, mode_t mode)
{
    char *part = strdup(path);

    if (part == NULL)
        die("no memory");
    /* a folder above that cannot be made shows in the last mkdir; one that exists may fail in any
     * way */
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void) mkdir(part, mode);
        *slash = '/';
    }
    if (mkdir(part, mode) != 0 && errno != EEXIST)
        die("cannot make %s: %s", path, strerror(errno));
    free(part);
}
