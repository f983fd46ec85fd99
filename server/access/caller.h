/* Whose a token is: from memory, or by one statement in the context of call->tenant (id 0: the
 * platform).  For dispatch, about the caller; and for CheckPermission, about somebody else. Without
 * a database (call->db NULL) what memory does not know fails with UNAVAILABLE.  */
#ifndef CIQ_SERVER_CALLER_H
#define CIQ_SERVER_CALLER_H

#include "call/call.h"

/* A live session of an active user or superuser.  *found false: there is none, and caller is
 * unchanged. */
MUST_CHECK bool caller_of_session(Call *call, const uint8_t hash[32], Caller *caller, bool *found);

/* A live session of the platform's staff inside this tenant. */
MUST_CHECK bool caller_of_act_as(Call *call, const uint8_t hash[32], Caller *caller, bool *found);

/* A live API key. */
MUST_CHECK bool caller_of_key(Call *call, const uint8_t hash[32], Caller *caller, bool *found);

#endif
