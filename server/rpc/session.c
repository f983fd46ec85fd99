/* Sessions: signing in and out, who the caller is, and which sessions there are.  */
#include "call/auth.h"
#include "db/db.h"
#include "access/guess.h"
#include "access/password.h"
#include "db/queries.h"
#include "access/realm.h"
#include "rpc/handlers.h"

#include <inttypes.h>
#include <string.h>

/* Nobody learns whether the address exists: the work and the words are the same. */
static bool
verify_login(Call *call, const LoginRequest *request, const Guess *guess, const DbRow *user,
             const char **rehash)
{
    bool ok;

    if (!password_verify(call, request->password, db_row_text(user, "password"), &ok, rehash))
        return false;
    return ok && db_row_bool(user, "is_active") ? guess_passed(call, guess)
                                                : guess_failed(call, guess);
}

bool
rpc_login(Call *call, const LoginRequest *request, LoginResponse *response)
{
    const Guess *guess;
    const DbRow *user;
    const char *rehash;
    char rehashed[AUTH_HASH_SIZE] = "";

    /* whatever token came with the call, it is now about the user who signs in */
    call->caller = (Caller){.email = "", .permissions = ""};
    call->target = call_printf(call, "email %.254s", request->email);
    db_begin(call, DB_READ);
    if (!realm_find(call, request->email, &user))
        return false;
    call->subject = db_row_text(user, "identity");
    if ((guess = guess_begin(call, call->subject)) == NULL ||
        !verify_login(call, request, guess, user, &rehash) ||
        (rehash != NULL && !auth_hash(call, rehash, rehashed)))
        return false;
    db_begin(call, DB_WRITE);
    return realm_open_session(call, user, rehashed, response);
}

bool
rpc_logout(Call *call, const LogoutRequest *request UNUSED, LogoutResponse *response UNUSED)
{
    if (call->caller.kind == CALLER_ACT_AS)
        return call_fail(call, CODE_FAILED_PRECONDITION, "an act-as session is ended by EndActAs");
    if (call->caller.session_id == 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the local operator has no session to end");
    call->target = call_printf(call, "session %" PRId64, call->caller.session_id);
    return db_run(call, realm_of(call)->sign_out, NULL, NULL, NULL);
}

bool
rpc_who_am_i(Call *call, const WhoAmIRequest *request UNUSED, WhoAmIResponse *response)
{
    const Caller *caller = &call->caller;
    size_t count = 0;

    for (const char *held = caller->permissions; *held != '\0'; held += strlen(held) + 1)
        count++;
    response->permissions = call_alloc(call, (count + 1) * sizeof(char *));
    if (response->permissions == NULL)
        return false;
    for (const char *held = caller->permissions; *held != '\0'; held += strlen(held) + 1)
        response->permissions[response->n_permissions++] = (char *) (uintptr_t) held;
    response->kind = (char *) (uintptr_t) caller_kind_name(caller->kind);
    response->user_id = caller->id;
    response->email = (char *) (uintptr_t) caller->email;
    response->schema_name = call->tenant.schema;
    response->tenant_id = call->tenant.id;
    response->is_admin = caller->is_admin;
    response->superuser_id = caller->superuser_id;
    return true;
}

/* ---- which sessions there are ---- */

/* Whose sessions are meant: by number, or the caller's own.  Dispatch has asked whether the caller
 * may. */
static bool
find_whose(Call *call, int64_t asked, const char **id)
{
    const Realm *realm = realm_of(call);
    int64_t own = caller_account_id(&call->caller);

    if (asked == 0 && own == 0)
        return call_fail_field(call, "user_id", "is required: the caller is not a %s", realm->who);
    *id = call_printf(call, "%" PRId64, asked != 0 ? asked : own);
    return *id != NULL;
}

static bool
is_own(const Call *call, int64_t asked)
{
    return asked == 0 || asked == caller_account_id(&call->caller);
}

bool
rpc_list_sessions(Call *call, const ListSessionsRequest *request, ListSessionsResponse *response)
{
    const char *id;

    if (!find_whose(call, request->user_id, &id))
        return false;
    if (!is_own(call, request->user_id) &&
        !realm_check_exists(call, &request->base, request->user_id))
        return false;
    return db_fill(call, realm_of(call)->sessions, &request->base,
                   (DbArg[]){{.name = "user_id", .text = id}, {0}}, &response->base);
}

bool
rpc_revoke_session(Call *call, const RevokeSessionRequest *request,
                   RevokeSessionResponse *response UNUSED)
{
    const Realm *realm = realm_of(call);
    uint64_t count;
    const char *id;

    call->target = call_printf(call, "session %" PRId64, request->id);
    if (!find_whose(call, request->user_id, &id) ||
        (!is_own(call, request->user_id) && !realm->check(call, request->user_id)) ||
        !db_run(call, realm->session_revoke, &request->base,
                (DbArg[]){{.name = "user_id", .text = id}, {0}}, &count))
        return false;
    return count > 0 || call_fail(call, CODE_NOT_FOUND, "no session %" PRId64 " of the %s %s",
                                  request->id, realm->who, id);
}

bool
rpc_revoke_all_sessions(Call *call, const RevokeAllSessionsRequest *request,
                        RevokeAllSessionsResponse *response)
{
    const Realm *realm = realm_of(call);
    bool own = is_own(call, request->user_id);
    const char *id, *keep;
    uint64_t count;

    if (!find_whose(call, request->user_id, &id))
        return false;
    call->target = call_printf(call, "%s %s", realm->who, id);
    keep =
        call_printf(call, "%" PRId64, request->except_current && own ? call->caller.session_id : 0);
    if (keep == NULL || (!own && !realm->check(call, request->user_id)) ||
        !db_run(call, realm->sessions_revoke, NULL,
                (DbArg[]){{.name = "user_id", .text = id}, {.name = "keep_id", .text = keep}, {0}},
                &count))
        return false;
    response->count = (int64_t) count;
    return true;
}
