/* nng's own listener without proto/guard.c: what test_peers shows to die of what ours survives.
 * Prints its port, answers every request with itself, and ends when stdin does.  */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    nng_socket socket;
    nng_listener listener;
    nng_msg *message;

    if (argc != 2 || nng_rep0_open(&socket) != 0 ||
        nng_listener_create(&listener, socket, argv[1]) != 0 ||
        nng_listener_start(listener, 0) != 0)
        return 1;
    nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 60000);
    puts("ready");
    fflush(stdout);
    while (nng_recvmsg(socket, &message, 0) == 0)
        if (nng_sendmsg(socket, message, 0) != 0)
            nng_msg_free(message);
    return 0;
}
