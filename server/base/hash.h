/* Hashes for tables in memory: where in a table a name or a number has its place.  Keyed by random
 * bytes that this process makes once and shows to nobody: tenants choose their own names and share
 * the tables with others, and must not be able to choose whose place they take.  Never stored,
 * never sent: the next process has another key.  Any thread may call.  */
#ifndef CIQ_SERVER_HASH_H
#define CIQ_SERVER_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t size);

/* Of two numbers: a tenant's and something of the tenant's. */
uint64_t hash_pair(int64_t one, int64_t other);

#endif
