/* Drops what deleted tenants have left when their time is over.  A task of a job.  */
#ifndef CIQ_SERVER_PURGE_H
#define CIQ_SERVER_PURGE_H

#include "call/call.h"

/* Purges tenants that are due, some transactions in each look; what is left, or what a crash
 * leaves, the next look goes on with.  One that cannot be purged is put off (tenant/setback.h). */
MUST_CHECK bool purge_tenants(Call *call, void *state);

/* Gives the roles that have rested back to the pool. */
MUST_CHECK bool purge_roles(Call *call, void *state);

#endif
