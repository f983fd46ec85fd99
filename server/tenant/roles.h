/* Roles belong to the whole PostgreSQL and not to the database, so a dump that is restored may find
 * other roles than it was made with: none, or some that are newer.  */
#ifndef CIQ_SERVER_ROLES_H
#define CIQ_SERVER_ROLES_H

#include "call/call.h"

/* At start, in an owner's call: makes the platform's role again if it is not what it was, takes
 * roles from the pool that no tenant can be given, and logs which tenants calls cannot reach, with
 * the command that mends each. */
MUST_CHECK bool roles_check(Call *call);

#endif
