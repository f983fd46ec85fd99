/* What differs between a tenant's users and the platform's superusers, for the handlers of sessions
 * and passwords, which do the same for both.  */
#ifndef CIQ_SERVER_REALM_H
#define CIQ_SERVER_REALM_H

#include "call/call.h"
#include "db/db.h"
#include "db/query.h"
#include "clientiq/v1/user_service.pb-c.h"

typedef struct Realm {
    const char *who; /* "user", "superuser" */
    CallerKind kind;
    const Query *find;           /* by an address, for signing in */
    const Query *address_others; /* who has an address besides one account */
    const Query *exists;         /* by :user_id */
    const Query *credentials;    /* of the caller */
    const Query *sign_in, *sign_out;
    const Query *change_password;
    const Query *reset; /* puts a mail into the outbox */
    const Query *token_find, *token_use;
    const Query *sessions, *session_revoke, *sessions_revoke;
    /* whether the caller may change this one at all (rights.h) */
    bool (*check)(Call *call, int64_t id);
} Realm;

/* By the call's tenant. */
const Realm *realm_of(const Call *call);

/* The account that an address leads to, in whatever spelling it is kept: a row with id, password
 * and is_active, which are null if there is none, and the identity that tries are counted under
 * (sql/part/identity.sql). */
MUST_CHECK bool realm_find(Call *call, const char *email, const DbRow **account);

/* ALREADY_EXISTS if another account than that of own_id (0: any) has the address in another
 * spelling; the same spelling is the index's to refuse.  In a transaction that writes: whoever asks
 * for the same address meanwhile waits for its end. */
MUST_CHECK bool realm_check_address(Call *call, const char *email, int64_t own_id);

/* NOT_FOUND unless the user or superuser of this number exists; request: whose user_id it is. */
MUST_CHECK bool realm_check_exists(Call *call, const ProtobufCMessage *request, int64_t user_id);

/* Makes a session for a row of find or token_use, whose password was right a moment ago;
 * rehashed: its new hash, or "".  ABORTED if the user was changed meanwhile. */
MUST_CHECK bool realm_open_session(Call *call, const DbRow *user, const char *rehashed,
                                   Clientiq__V1__LoginResponse *response);

#endif
