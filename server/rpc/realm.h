/* What differs between a tenant's users and the platform's superusers, for the handlers of sessions and
 * passwords, which do the same for both.  */
#ifndef CIQ_SERVER_RPC_REALM_H
#define CIQ_SERVER_RPC_REALM_H

#include "call.h"
#include "query.h"

typedef struct Realm {
    const char *who;               /* "user", "superuser" */
    const char *view, *change;     /* the permissions to see and to end the sessions of others */
    CallerKind kind;
    const Query *find;             /* by :email, for signing in */
    const Query *exists;           /* by :user_id */
    const Query *sign_in, *sign_out;
    const Query *sessions, *session_owner, *session_revoke, *sessions_revoke;
    /* whether the caller may change this one at all (rights.h) */
    bool (*check)(Call *call, int64_t id);
} Realm;

/* By the call's tenant. */
const Realm *realm_of(const Call *call);

#endif
