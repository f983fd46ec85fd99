/* Whether customers' domains are theirs: the job that asks DNS.  */
#ifndef CIQ_SERVER_OWNERSHIP_H
#define CIQ_SERVER_OWNERSHIP_H

#include "call/call.h"

/* A task of a job: asks about every domain that is due. */
MUST_CHECK bool ownership_work(Call *call, void *state);

#endif
