/* What a tenant's plan limits and the database counts: users, API keys.  Calls in a second are
 * rate.c's, and how long a statement may run is call_statement_ms.  */
#ifndef CIQ_SERVER_QUOTA_H
#define CIQ_SERVER_QUOTA_H

#include "call/call.h"

/* In a transaction that is about to make a user active (id; 0: a new one): fails with
 * RESOURCE_EXHAUSTED unless one more fits.  Two such transactions of one tenant come one after the
 * other. */
MUST_CHECK bool quota_check_users(Call *call, int64_t id);

/* In a transaction that has filled a new tenant's schema, which is first in search_path: fails with
 * RESOURCE_EXHAUSTED if more users than users_max are active; 0: any number may. */
MUST_CHECK bool quota_check_copied(Call *call, int64_t users_max);

/* The same for an API key that is about to be made, or to be good again. */
MUST_CHECK bool quota_check_api_keys(Call *call, int64_t id);

#endif
