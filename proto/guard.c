/* Keeps nng before 1.6 alive.  nng 1.5.2 takes EPIPE from sendmsg for "this object is closed": a
 * peer that connects and closes before the first 8 bytes of the handshake are out makes a listener
 * stop accepting for good, and a dialer stop dialling (nng issue 1518).  ECONNRESET says the same
 * of one connection only.
 *
 * libnng calls sendmsg through its dynamic symbol, so a sendmsg that the executable exports comes
 * first; linkers export what a shared library refers to, once this object is linked in at all,
 * which wire_guard is for.  Everybody else in the process gets the same small change of errno.  */
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
