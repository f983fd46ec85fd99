/* Housekeeping of tenants and the platform: roles made ahead, and rows whose time is over.  Each is
 * a task of a job, in an owner's call, as short transactions of its own.  */
#ifndef CIQ_SERVER_SWEEP_H
#define CIQ_SERVER_SWEEP_H

#include "call/call.h"

/* Makes the next block of tenants' roles when less than half of one is left. */
MUST_CHECK bool sweep_roles(Call *call, void *state);

/* Deletes what has ended among the platform's own rows. */
MUST_CHECK bool sweep_platform(Call *call, void *state);

/* Deletes counters of strangers beyond --throttle-rows. */
MUST_CHECK bool sweep_strangers(Call *call, void *state);

/* The same as sweep_platform in the next few tenants. */
MUST_CHECK bool sweep_tenants(Call *call, void *state);

#endif
