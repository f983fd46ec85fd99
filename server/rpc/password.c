/* Passwords: changed by who knows the old one, and set by the link of a mail.  */
#include "db/db.h"
#include "access/guess.h"
#include "access/origin.h"
#include "access/password.h"
#include "db/queries.h"
#include "access/realm.h"
#include "rpc/handlers.h"
#include "access/throttle.h"

#include <inttypes.h>
#include <string.h>

enum { HOUR_S = 3600 };

/* Other sessions end, and links that were mailed: whoever has them may be the reason for the
 * change. */
bool
rpc_change_password(Call *call, const ChangePasswordRequest *request,
                    ChangePasswordResponse *response UNUSED)
{
    const Realm *realm = realm_of(call);
    const Guess *guess;
    const DbRow *user;
    char hash[AUTH_HASH_SIZE];
    const char *rehash;
    bool ok, same;

    if (call->caller.kind != realm->kind)
        return call_fail(call, CODE_FAILED_PRECONDITION, "the caller has no password");
    call->target = call_printf(call, "%s %" PRId64, realm->who, call->caller.id);
    if ((guess = guess_begin_own(call)) == NULL)
        return false;
    db_begin(call, DB_READ);
    if (!db_row(call, realm->credentials, NULL, NULL, &user))
        return false;
    if (user == NULL)
        return call_fail(call, CODE_UNAUTHENTICATED, "the session has ended or does not exist");
    if (!password_verify(call, request->old_password, db_row_text(user, "password"), &ok, &rehash))
        return false;
    if (!ok)
        return guess_failed_own(call, guess, "old_password");
    if (!password_same(call, request->old_password, request->new_password, &same))
        return false;
    if (same)
        return call_fail_field(call, "new_password", "must differ from the old password");
    if (!password_hash(call, "new_password", request->new_password, db_row_text(user, "email"),
                       hash))
        return false;
    db_begin(call, DB_WRITE);
    if (!db_row(call, realm->change_password, NULL,
                (DbArg[]){{.name = "verified", .text = db_row_text(user, "password")},
                          {.name = "password", .text = hash},
                          {0}},
                &user))
        return false;
    if (user != NULL)
        return true;
    call->failure.retry_after_ms = 100;
    return call_fail(call, CODE_ABORTED, "the password was changed meanwhile");
}

/* ---- by mail ---- */

/* Every request is counted for where it comes from, whatever becomes of it.  For whom it is about
 * it is not: somebody else's requests must not refuse the account's owner. */
static bool
count_reset(Call *call)
{
    const int64_t allowed = call->core->config->reset_per_origin;
    Throttle counter = {.allowed = allowed, .interval_s = allowed < HOUR_S ? HOUR_S / allowed : 1};
    char origin[ORIGIN_SIZE];

    origin_key(call->origin, origin);
    throttle_name(call, &counter, "reset", NULL, origin);
    if (!throttle_read(call, &counter, 1))
        return false;
    if (counter.wait_ms > 0)
        return throttle_fail(call, &counter, "too many password resets from this address");
    return throttle_count(call, &counter, 1);
}

/* What happens is the same for every address, up to the mail that is or is not in the outbox: none
 * is written for nobody, and none for whom the links of some work already. */
bool
rpc_request_password_reset(Call *call, const RequestPasswordResetRequest *request,
                           RequestPasswordResetResponse *response UNUSED)
{
    const char *allowed = call_printf(call, "%" PRId64, call->core->config->reset_per_account);
    const Realm *realm = realm_of(call);
    const DbRow *user;
    const char *id;

    call->caller = (Caller){.email = "", .permissions = ""};
    call->target = call_printf(call, "email %.254s", request->email);
    db_begin(call, DB_READ);
    if (allowed == NULL || !realm_find(call, request->email, &user))
        return false;
    call->subject = db_row_text(user, "identity");
    id = call_printf(call, "%" PRId64, db_row_int64(user, "id")); /* 0: nobody's */
    if (id == NULL || !count_reset(call))
        return false;
    db_begin(call, DB_WRITE);
    call_change(call, CHANGE_OUTBOX, call->tenant.id);
    return db_queue(call, &query_outbox_reset_lock, NULL,
                    (DbArg[]){{.name = "identity", .text = call->subject}, {0}}) &&
           db_queue(call, realm->reset, NULL,
                    (DbArg[]){{.name = "user_id", .text = id},
                              {.name = "allowed", .text = allowed},
                              {0}});
}

/* With the secret of a mailed link, once: sets the password and signs in. */
bool
rpc_set_password(Call *call, const SetPasswordRequest *request, SetPasswordResponse *response)
{
    const Realm *realm = realm_of(call);
    const char wrong[] = "the link is no longer valid: ask for a new one";
    AuthToken link;
    char hash[AUTH_HASH_SIZE];
    LoginResponse login = CLIENTIQ__V1__LOGIN_RESPONSE__INIT;
    const DbRow *user;
    const char *identity;

    call->caller = (Caller){.email = "", .permissions = ""};
    if (!auth_token_read(request->link_token, &link) || link.kind != AUTH_TOKEN_LINK ||
        link.tenant_id != call->tenant.id)
        return call_fail(call, CODE_UNAUTHENTICATED, "%s", wrong);

    const DbArg token[] = {{.name = "hash", .bytes = link.hash, .bytes_size = sizeof link.hash},
                           {0}};

    /* before anything is hashed, which costs tens of milliseconds */
    db_begin(call, DB_READ);
    if (!db_row(call, realm->token_find, NULL, token, &user))
        return false;
    if (user == NULL)
        return call_fail(call, CODE_UNAUTHENTICATED, "%s", wrong);
    call->target = call_printf(call, "%s %" PRId64, realm->who, db_row_int64(user, "id"));
    identity = call_printf(call, "#%" PRId64, db_row_int64(user, "id"));
    /* who has the mail is the owner, and may sign in from here whatever others try elsewhere */
    if (identity == NULL ||
        !password_hash(call, "password", request->password, db_row_text(user, "email"), hash) ||
        !guess_proved(call, identity))
        return false;
    db_begin(call, DB_WRITE);
    if (!db_row(call, realm->token_use, NULL,
                (DbArg[]){token[0], {.name = "password", .text = hash}, {0}}, &user))
        return false;
    if (user == NULL)
        return call_fail(call, CODE_UNAUTHENTICATED, "%s", wrong);
    if (!realm_open_session(call, user, "", &login))
        return false;
    response->token = login.token;
    response->expire_time = login.expire_time;
    response->user_id = login.user_id;
    return true;
}
