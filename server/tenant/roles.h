/* Roles belong to the whole PostgreSQL and not to the database, so a dump that is restored may find
 * other roles than it was made with: none, or some that are newer.  */
#ifndef CIQ_SERVER_ROLES_H
#define CIQ_SERVER_ROLES_H

#include "call/call.h"

/* At start, in an owner's call: makes the platform's role again if it is not what it was, takes
 * roles from the pool that no tenant can be given, mends tenants' roles for some seconds, and logs
 * which tenants calls cannot reach all the same, with the command that mends each. */
MUST_CHECK bool roles_check(Call *call);

typedef struct RolesMending {
    int64_t after; /* the tenant that was looked at last */
    uint64_t count;
    bool is_over;
} RolesMending;

/* A task, once after the start: gives tenants' roles again what they were given when the tenants
 * were made.  state: a RolesMending, zero at first. */
MUST_CHECK bool roles_mend(Call *call, void *state);

#endif
