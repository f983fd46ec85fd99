/* Sessions: signing in and out, who one is, and which sessions there are.  */
#include "auth.h"
#include "db.h"
#include "guess.h"
#include "queries.h"
#include "realm.h"
#include "rights.h"
#include "rpc.h"

#include <inttypes.h>
#include <string.h>

/* Nobody learns whether the address exists: the work and the words are the same. */
static bool
verify(Call *call, const LoginRequest *request, const Guess *guess, const DbRow *user, bool *needs_rehash)
{
    bool ok;

    if (!auth_verify(call, request->password, user != NULL ? db_row_text(user, "password") : NULL,
                     &ok, needs_rehash))
        return false;
    return ok && db_row_bool(user, "is_active") ? guess_passed(call, guess) : guess_failed(call, guess);
}

bool
rpc_login(Call *call, const LoginRequest *request, LoginResponse *response)
{
    const Realm *realm = realm_of(call);
    const Guess *guess;
    const DbRow *user;
    bool needs_rehash;
    char rehashed[AUTH_HASH_SIZE] = "";

    /* whoever called before, the result is about the one who signs in */
    call->caller = (Caller){.email = "", .permissions = ""};
    call->target = call_printf(call, "email %.254s", request->email);
    if ((guess = guess_begin(call, request->email)) == NULL)
        return false;
    db_begin(call, DB_READ);
    if (!db_row(call, realm->find, &request->base, NULL, &user) ||
        !verify(call, request, guess, user, &needs_rehash) ||
        (needs_rehash && !auth_hash(call, request->password, rehashed)))
        return false;
    db_begin(call, DB_WRITE);
    return realm_open_session(call, user, rehashed, response);
}

bool
rpc_logout(Call *call, const LogoutRequest *request UNUSED, LogoutResponse *response UNUSED)
{
    if (call->caller.session_id == 0)
        return call_fail(call, CODE_FAILED_PRECONDITION, "the local operator has no session to end");
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
    return true;
}

/* ---- which sessions there are ---- */

/* Whose sessions are meant: by number, or the caller's own.  *is_own: of the caller. */
static bool
find_whose(Call *call, const Realm *realm, int64_t asked, int64_t *id, bool *is_own)
{
    if (asked == 0 && call->caller.session_id == 0)
        return call_fail_field(call, "user_id", "is required: the caller has no session");
    *is_own = call->caller.kind == realm->kind && (asked == 0 || asked == call->caller.id);
    *id = asked != 0 ? asked : call->caller.id;
    return true;
}

static bool
refuse_others(Call *call, const Realm *realm, const char *permission)
{
    return rights_refuse(call, "the sessions of another %s need the permission %s", realm->who, permission);
}

bool
rpc_list_sessions(Call *call, const ListSessionsRequest *request, ListSessionsResponse *response)
{
    const Realm *realm = realm_of(call);
    const DbRow *row;
    const char *text;
    int64_t id;
    bool is_own;

    if (!find_whose(call, realm, request->user_id, &id, &is_own))
        return false;
    if (!is_own) {
        if (!call_may(call, realm->view))
            return refuse_others(call, realm, realm->view);
        if (!db_row(call, realm->exists, &request->base, NULL, &row))
            return false;
        if (row == NULL)
            return call_fail(call, CODE_NOT_FOUND, "no %s %" PRId64, realm->who, id);
    }
    text = call_printf(call, "%" PRId64, id);
    return text != NULL && db_fill(call, realm->sessions, &request->base,
                                   (DbArg[]){{.name = "user_id", .text = text}, {0}}, &response->base);
}

bool
rpc_revoke_session(Call *call, const RevokeSessionRequest *request,
                   RevokeSessionResponse *response UNUSED)
{
    const Realm *realm = realm_of(call);
    const DbRow *row;

    call->target = call_printf(call, "session %" PRId64, request->id);
    if (!db_row(call, realm->session_owner, &request->base, NULL, &row))
        return false;

    int64_t owner = row == NULL ? 0 : db_row_int64(row, "user_id");
    bool is_own = call->caller.kind == realm->kind && owner == call->caller.id;

    /* whoever may not end it does not learn that it is there */
    if (row == NULL || (!is_own && !call_may(call, realm->change)))
        return call_fail(call, CODE_NOT_FOUND, "no session %" PRId64, request->id);
    return (is_own || realm->check(call, owner)) &&
           db_run(call, realm->session_revoke, &request->base, NULL, NULL);
}

bool
rpc_revoke_all_sessions(Call *call, const RevokeAllSessionsRequest *request,
                        RevokeAllSessionsResponse *response)
{
    const Realm *realm = realm_of(call);
    const char *text, *keep;
    uint64_t count;
    int64_t id;
    bool is_own;

    if (!find_whose(call, realm, request->user_id, &id, &is_own))
        return false;
    call->target = call_printf(call, "%s %" PRId64, realm->who, id);
    if (!is_own && !call_may(call, realm->change))
        return refuse_others(call, realm, realm->change);
    text = call_printf(call, "%" PRId64, id);
    keep = call_printf(call, "%" PRId64, request->except_current ? call->caller.session_id : 0);
    if (text == NULL || keep == NULL || (!is_own && !realm->check(call, id)) ||
        !db_run(call, realm->sessions_revoke, NULL,
                (DbArg[]){{.name = "user_id", .text = text}, {.name = "keep_id", .text = keep}, {0}},
                &count))
        return false;
    response->count = (int64_t) count;
    return true;
}
