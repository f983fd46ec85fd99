/* Drops what deleted tenants have left when their time is over.  A task of a job.  */
#ifndef CIQ_SERVER_PURGE_H
#define CIQ_SERVER_PURGE_H

#include "call/call.h"

/* Purges every tenant that is due, with as many transactions as that takes; what a crash leaves,
 * the next look goes on with.  Then gives the roles that have rested back to the pool. */
MUST_CHECK bool purge_tenants(Call *call, void *state);

#endif
