/* Keeps nng before 1.6 alive where a peer closes early; guard.c says how.  For the
 * client library; the server has no sockets of nng's.  */
#ifndef CIQ_PROTO_GUARD_H
#define CIQ_PROTO_GUARD_H

/* Does nothing by itself; calling it makes the linker put the guard into the program. */
void wire_guard(void);

#endif
