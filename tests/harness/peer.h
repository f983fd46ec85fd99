/* A peer of ipc:// or tcp:// without nng, as nng's protocol has it: a connected socket (-1: nobody
 * listens, or takes the connection in two seconds), what a REQ socket says first, and one request
 * with its number; gives the frame's bytes, of which tcp:// has all but the first.  */
#ifndef CIQ_TESTS_PEER_H
#define CIQ_TESTS_PEER_H

#include "proto/wire.h"

extern const uint8_t ipc_greeting[8];
int ipc_connect(const char *url);
int tcp_connect(const char *url);
size_t ipc_frame(const Request *request, uint32_t id, uint8_t *out);

#endif
