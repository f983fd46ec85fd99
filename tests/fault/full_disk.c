/* Preloaded into a PostgreSQL of a test's own: while the file that CIQ_FULL_DISK names exists,
 * files under base/ and pg_tblspc/ cannot grow beyond their first MiB, as if the disk were full.
 * PostgreSQL itself finds ENOSPC where it would find it.  */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ROOM = 1024 * 1024 };

static bool
is_full(int descriptor, off64_t end)
{
    const char *flag = getenv("CIQ_FULL_DISK");
    char link[64], path[512];
    ssize_t size;

    if (flag == NULL || end <= ROOM || access(flag, F_OK) != 0)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    return strstr(path, "/base/") != NULL;
}

ssize_t
pwrite64(int descriptor, const void *data, size_t size, off64_t offset)
{
    ssize_t (*next)(int, const void *, size_t, off64_t);

    *(void **) &next = dlsym(RTLD_NEXT, "pwrite64");
    if (is_full(descriptor, offset + (off64_t) size)) {
        errno = ENOSPC;
        return -1;
    }
    return next(descriptor, data, size, offset);
}

ssize_t
pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    return pwrite64(descriptor, data, size, offset);
}

ssize_t
pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset)
{
    ssize_t (*next)(int, const struct iovec *, int, off64_t);
    off64_t end = offset;

    for (int i = 0; i < count; i++)
        end += (off64_t) parts[i].iov_len;
    *(void **) &next = dlsym(RTLD_NEXT, "pwritev64");
    if (is_full(descriptor, end)) {
        errno = ENOSPC;
        return -1;
    }
    return next(descriptor, parts, count, offset);
}

ssize_t
pwritev(int descriptor, const struct iovec *parts, int count, off_t offset)
{
    return pwritev64(descriptor, parts, count, offset);
}

int
posix_fallocate64(int descriptor, off64_t offset, off64_t size)
{
    int (*next)(int, off64_t, off64_t);

    *(void **) &next = dlsym(RTLD_NEXT, "posix_fallocate64");
    return is_full(descriptor, offset + size) ? ENOSPC : next(descriptor, offset, size);
}

int
posix_fallocate(int descriptor, off_t offset, off_t size)
{
    return posix_fallocate64(descriptor, offset, size);
}
