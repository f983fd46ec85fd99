/* Files are told apart by device and number, since the path may be somebody else's by now.  */
#include "serve/socket_file.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 256 }; /* a socket's is shorter by far */

static const char *
path_of(const char *url)
{
    static const char *const schemes[] = {"ipc://", "unix://"};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return url + strlen(schemes[i]);
    return NULL;
}

static const char *
kind_of(mode_t mode)
{
    if (S_ISREG(mode))
        return "a regular file";
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISLNK(mode))
        return "a symbolic link";
    return "not a socket";
}

bool
socket_file_check(const char *url, char *reason, size_t size)
{
    const char *path = path_of(url);
    struct stat found;

    if (path == NULL)
        return true;
    if (lstat(path, &found) != 0) {
        if (errno == ENOENT)
            return true;
        snprintf(reason, size, "cannot listen on %s: %s", url, strerror(errno));
        return false;
    }
    if (S_ISSOCK(found.st_mode))
        return true;
    snprintf(reason, size,
             "cannot listen on %s: what is there is %s, and only a socket is ever replaced", url,
             kind_of(found.st_mode));
    return false;
}

void
socket_file_note(SocketFile *file, const char *url)
{
    struct stat made;

    *file = (SocketFile){.path = path_of(url)};
    if (file->path == NULL || lstat(file->path, &made) != 0) {
        file->path = NULL;
        return;
    }
    file->device = made.st_dev;
    file->number = made.st_ino;
}

/* The name beside it that whatever is there has meanwhile. */
static bool
name_aside(const SocketFile *file, char aside[PATH_SIZE])
{
    return snprintf(aside, PATH_SIZE, "%s.%ld", file->path, (long) getpid()) < PATH_SIZE;
}

void
socket_file_spare(const SocketFile *file)
{
    char aside[PATH_SIZE], text[PATH_SIZE];
    struct stat found;

    if (file->path == NULL || lstat(file->path, &found) != 0 ||
        (found.st_dev == file->device && found.st_ino == file->number) || !name_aside(file, aside))
        return;
    if (rename(file->path, aside) == 0)
        log_write(LOG_LEVEL_WARNING, "somebody else's file is where the socket was", "path=%s",
                  log_quote(text, sizeof text, file->path));
}

void
socket_file_restore(const SocketFile *file)
{
    char aside[PATH_SIZE];
    struct stat found;

    if (file->path != NULL && name_aside(file, aside) && lstat(aside, &found) == 0 &&
        lstat(file->path, &found) != 0)
        (void) rename(aside, file->path);
}
