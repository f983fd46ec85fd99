/* A peer of a server without nng, as nng's protocol has it, over ipc:// and tcp://: one that can do
 * what no REQ socket does.  */
#ifndef CIQ_TESTS_PEER_H
#define CIQ_TESTS_PEER_H

#include "proto/wire.h"

enum { PEER_HEAD_MAX = 13 }; /* bytes before a request: its length and its number */

/* What a REQ socket says first. */
extern const uint8_t peer_greeting[8];

/* A connected socket; -1: nobody listens. */
int peer_connect(const char *url);

/* The same after both sides have said hello; fails the test if that does not happen. */
int peer_new(const char *url);

/* Writes what stands before a message of so many bytes with this number, and returns its size. */
size_t peer_head(const char *url, size_t size, uint32_t id, uint8_t *out);

/* One request with its number; gives the frame's bytes. */
size_t peer_frame(const char *url, const Request *request, uint32_t id, uint8_t *out);

/* Sends all of it; false: the connection is closed. */
bool peer_send(int descriptor, const void *data, size_t size);

/* Reads the next reply, of any number (NULL: nobody asks); NULL: the connection is closed.  Freed
 * by clientiq__v1__reply__free_unpacked. */
Reply *peer_reply(int descriptor, const char *url, uint32_t *id);

/* Waits until the other side has closed it, reading whatever comes; fails the test after 10 s. */
void peer_wait_closed(int descriptor);

/* Closes it; by a reset, so that the other side's next write fails, if so wanted. */
void peer_close(int descriptor, bool reset);

#endif
