/* Called at start and before a letter is written into a file.  Makes folders, and removes none.  */
#include "base/directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_SIZE = 512, /* of a path that is made, with its NUL */
    HERE_SIZE = 128  /* of the working directory in a relative path's place */
};

bool
directory_make(const char *path, unsigned mode)
{
    char part[PATH_SIZE];
    struct stat status;

    if ((size_t) snprintf(part, sizeof part, "%s", path) >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    if (mkdir(part, mode) == 0)
        return true;
    return errno == EEXIST && stat(part, &status) == 0 && S_ISDIR(status.st_mode);
}

bool
directory_is_safe(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
           (status.st_uid == geteuid() || status.st_uid == 0) && (status.st_mode & 022) == 0;
}

void
directory_of_data(const Config *config, char *path, size_t size)
{
    const char *home = getenv("HOME"), *xdg = getenv("XDG_DATA_HOME");

    if (config->data_dir[0] == '/')
        snprintf(path, size, "%s", config->data_dir);
    else if (config->data_dir[0] != '\0') {
        char here[HERE_SIZE];

        if (getcwd(here, sizeof here) == NULL)
            here[0] = '\0';
        snprintf(path, size, "%s/%.100s", here, config->data_dir);
    } else if (geteuid() == 0)
        snprintf(path, size, "/var/lib/clientiq");
    else if (xdg != NULL && xdg[0] == '/')
        snprintf(path, size, "%s/clientiq", xdg);
    else
        snprintf(path, size, "%s/.local/share/clientiq", home != NULL ? home : "/tmp");
}
