/* Whose a token is: from memory, or by one statement in the context of call->tenant (id 0: the
 * platform).  For dispatch, about the caller; and for CheckPermission, about somebody else. Without
 * a database (call->db NULL) what memory does not know fails with UNAVAILABLE.  */
#ifndef CIQ_SERVER_CALLER_H
#define CIQ_SERVER_CALLER_H

#include "call/auth.h"
#include "call/call.h"

/* A live session of an active user or superuser, one of the platform's staff inside this tenant, or
 * a live API key, as the token's kind says.  *found false: there is none, and caller is unchanged;
 * so it is with the link of a mail, and with a token that is not of call->tenant. */
MUST_CHECK bool caller_of_token(Call *call, const AuthToken *token, Caller *caller, bool *found);

#endif
