/* What a tenant's plan limits and the database counts: users, API keys.  Calls in a second are rate.c's, and the
 * time of a statement is db.c's.  */
#ifndef CIQ_SERVER_QUOTA_H
#define CIQ_SERVER_QUOTA_H

#include "call.h"

/* In a transaction that is about to make a user active (id; 0: a new one): fails with RESOURCE_EXHAUSTED unless
 * one more fits.  Two such transactions of one tenant come one after the other. */
MUST_CHECK bool quota_check_users(Call *call, int64_t id);

/* The same for an API key that is about to be made, or to be good again. */
MUST_CHECK bool quota_check_api_keys(Call *call, int64_t id);

#endif
