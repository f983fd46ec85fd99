/* The servers of a client: which of them gets a call, and which is passed by because it does not
 * answer.  A server is asked by Health when it owes answers and nothing has come from it for a
 * moment, and before the first write on a connection, which needs to know the server's clock.  */
#ifndef CIQ_CLIENT_ENDPOINT_H
#define CIQ_CLIENT_ENDPOINT_H

#include "client/internal.h"

/* Makes the next endpoint of the client and begins to connect.  NULL: it worked. */
CiqError *endpoint_open(CiqClient *client, const char *url);

/* Ends probes, then closes; by then no call is under way. */
void endpoint_close(Endpoint *endpoint);

/* ---- all below under the client's lock ---- */

/* The server for an attempt; NULL: none is connected, or, for a write, none has answered yet on its
 * connection: endpoints_probe asks, and what is parked is woken.  avoid: where the last attempt
 * failed (NULL: nowhere). */
Endpoint *endpoint_choose(CiqClient *client, const Method *method, const Endpoint *avoid);

bool endpoints_are_connected(const CiqClient *client);

/* Whether a server other than this one is connected and good. */
bool endpoints_have_other(const CiqClient *client, const Endpoint *endpoint);

/* A call is given to it; a call is taken from it without an answer; it has answered a call. */
void endpoint_begin(Endpoint *endpoint);
void endpoint_end(Endpoint *endpoint);
void endpoint_answered(Endpoint *endpoint);

/* It let a whole attempt pass without answering any call. */
void endpoint_is_slow(Endpoint *endpoint);

/* It is silent if it owes answers and does not answer Health either. */
void endpoint_look(Endpoint *endpoint);

/* What a reply says of its clock, to a request sent at sent_us of ours; and the time on it at which
 * what has left_us to go is over. */
void endpoint_learn(Endpoint *endpoint, const Reply *reply, int64_t sent_us);
uint64_t endpoint_deadline_us(const Endpoint *endpoint, int64_t left_us);

/* ---- without the lock ---- */

/* Asks by Health those servers of which endpoint_choose or endpoint_look wants to know something.
 */
void endpoints_probe(CiqClient *client);

#endif
