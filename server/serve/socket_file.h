/* The file of a socket that somebody listens on.  nng takes whatever stands at its path for a
 * socket of its own that a dead server has left, and removes it; so it is looked at before.  */
#ifndef CIQ_SERVER_SOCKET_FILE_H
#define CIQ_SERVER_SOCKET_FILE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct SocketFile {
    const char *path; /* in the URL; NULL: it has no file, or nothing was bound */
    dev_t device;
    ino_t number;
} SocketFile;

/* Whether the URL can be bound without removing anything but a socket.  False: reason says what is
 * there.  A socket on which somebody listens is left to the binding, which fails. */
MUST_CHECK bool socket_file_check(const char *url, char *reason, size_t size);

/* Notes what has just been bound.  The URL must outlive it. */
void socket_file_note(SocketFile *file, const char *url);

/* Around the closing of the listener, which removes whatever is at the path: what is not the socket
 * that was noted stands aside meanwhile. */
void socket_file_spare(const SocketFile *file);
void socket_file_restore(const SocketFile *file);

#endif
