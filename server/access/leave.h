/* What ends when an account may not sign in any more, is deleted, or gets another address: the rows
 * that were made for it.  bound.def lists all that credentials are bound to, and what holds by
 * looking instead.  Called by the handlers that change accounts, in their transaction, behind the
 * statement that locks the account's row: so nothing can be made for it meanwhile that stays.  The
 * request has the account's number in its field id.  */
#ifndef CIQ_SERVER_LEAVE_H
#define CIQ_SERVER_LEAVE_H

#include "call/call.h"

/* The migration of app users since which a tenant's keys say who made them. */
enum { LEAVE_HEAD_MAKERS = 7 };

/* Whether keys end with whoever made them (--keys-end-with-maker), as a statement takes it. */
const char *leave_keys_end(const Call *call);

/* A user of the tenant was deactivated: sessions, links, keys. */
MUST_CHECK bool leave_user_inactive(Call *call, const ProtobufCMessage *request);

/* A user is to be deleted, by the statement; rows that are only theirs go with it. */
MUST_CHECK bool leave_user_delete(Call *call, const ProtobufCMessage *request);

/* The links that were mailed to a user's old address, which is known to have changed. */
MUST_CHECK bool leave_user_address(Call *call, const ProtobufCMessage *request);

/* The same of superusers; with what they did inside tenants, also where they only lose the right
 * to. */
MUST_CHECK bool leave_superuser_inactive(Call *call, const ProtobufCMessage *request);
MUST_CHECK bool leave_superuser_delete(Call *call, const ProtobufCMessage *request);
MUST_CHECK bool leave_superuser_right(Call *call, const ProtobufCMessage *request);

#endif
