/* Keeps nng before 1.6 alive.  nng 1.5.2 takes EPIPE from sendmsg for "this object is closed": a
 * peer that connects and closes before the first 8 bytes of the handshake are out makes a listener
 * stop accepting for good, and a dialer stop dialling (nng issue 1518).  ECONNRESET means to nng
 * that one connection is lost, which is what has happened.
 *
 * libnng calls sendmsg through its dynamic symbol, so a sendmsg that the executable exports is
 * found first, and so is one of a shared library that comes before the C library (libciq.so; not
 * where a program loads that at run time, by dlopen).  Linkers export a function that a shared
 * library refers to, once its object is part of the program: wire_guard is called to make it part.
 * All other callers of sendmsg in the
 * process get ECONNRESET for EPIPE too.  */
#include "proto/guard.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    ssize_t sent = syscall(SYS_sendmsg, descriptor, message, flags);

    if (sent < 0 && errno == EPIPE)
        errno = ECONNRESET;
    return sent;
}

void
wire_guard(void)
{
}
