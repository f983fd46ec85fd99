/* A proxy between a server of the test's and PostgreSQL that can fall silent: connections stay
 * open, bytes are taken by the kernel, and nobody answers, as from a machine that hangs.  */
#ifndef CIQ_TESTS_PROXY_H
#define CIQ_TESTS_PROXY_H

#include "harness/database.h"

typedef struct Proxy Proxy;

/* Listens on a port that the kernel picks; through becomes the database as it is reached through
 * the proxy. */
Proxy *proxy_new(const TestDatabase *database, TestDatabase *through);
void proxy_free(Proxy *proxy);

/* Waits until it has taken so many connections. */
void proxy_wait(Proxy *proxy, unsigned count);

/* Nothing passes any more, on the connections that there are and on new ones. */
void proxy_silence(Proxy *proxy);

/* Nothing passes any more on the connections that there are; new ones are served. */
void proxy_silence_open(Proxy *proxy);

#endif
