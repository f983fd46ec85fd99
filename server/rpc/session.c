/* Sessions: signing in and out, and who one is.  */
#include "auth.h"
#include "bind.h"
#include "db.h"
#include "queries.h"
#include "rpc.h"
#include "server_state.h"

#include <inttypes.h>
#include <string.h>

/* What differs between a tenant's users and the platform's superusers. */
typedef struct Realm {
    const Query *find, *sign_in, *sign_out;
} Realm;

static const Realm *
realm_of(const Call *call)
{
    static const Realm tenant = {&query_user_for_login, &query_session_insert,
                                 &query_session_delete};
    static const Realm platform = {&query_superuser_for_login, &query_platform_session_insert,
                                   &query_platform_session_delete};

    return call->tenant.id != 0 ? &tenant : &platform;
}

/* Nobody learns whether the address exists: the work and the words are the same. */
static bool
verify(Call *call, const LoginRequest *request, const DbRow *user, bool *needs_rehash)
{
    bool ok;

    if (!auth_verify(call, request->password, user != NULL ? db_row_text(user, "password") : NULL,
                     &ok, needs_rehash))
        return false;
    if (ok && db_row_bool(user, "is_active"))
        return true;
    call->refused = true;
    return call_fail(call, CODE_UNAUTHENTICATED, "e-mail or password is wrong");
}

/* The password was compared outside the transaction that writes, so the statement compares once more. */
static bool
insert_session(Call *call, const Realm *realm, const DbRow *user, const char *rehashed,
               LoginResponse *response)
{
    int64_t user_id = db_row_int64(user, "id");
    const char *id = call_printf(call, "%" PRId64, user_id);
    const char *hours = call_printf(call, "%" PRId64, server_config(call->server)->session_hours);
    char *token = call_alloc(call, AUTH_TOKEN_SIZE);
    uint8_t hash[AUTH_SECRET_HASH_SIZE];
    const DbRow *session;

    if (id == NULL || hours == NULL || token == NULL || 
        !auth_token_new(call, AUTH_TOKEN_SESSION, call->tenant.id, token, hash))
        return false;
    if (!db_row(call, realm->sign_in, NULL,
                (DbArg[]){{.name = "user_id", .text = id},
                          {.name = "verified", .text = db_row_text(user, "password")},
                          {.name = "password", .text = rehashed},
                          {.name = "hash", .bytes = hash, .bytes_size = sizeof hash},
                          {.name = "hours", .text = hours},
                          {0}},
                &session))
        return false;
    if (session == NULL) {
        call->retry_after_ms = 100;
        return call_fail(call, CODE_ABORTED, "the user was changed meanwhile: sign in again");
    }
    response->token = token;
    response->expire_time = bind_timestamp(call, db_row_time_us(session, "expire_time"));
    response->user_id = user_id;
    call->caller.kind = call->tenant.id != 0 ? CALLER_USER : CALLER_SUPERUSER;
    call->caller.id = user_id;
    return response->expire_time != NULL;
}

bool
rpc_login(Call *call, const LoginRequest *request, LoginResponse *response)
{
    const Realm *realm = realm_of(call);
    const DbRow *user;
    bool needs_rehash;
    char rehashed[AUTH_HASH_SIZE] = "";

    /* whoever called before, the result is about the one who signs in */
    call->caller = (Caller){.email = "", .permissions = ""};
    call->target = call_printf(call, "email %.254s", request->email);
    db_begin(call, DB_READ);
    if (!db_row(call, realm->find, &request->base, NULL, &user) ||
        !verify(call, request, user, &needs_rehash) ||
        (needs_rehash && !auth_hash(call, request->password, rehashed)))
        return false;
    db_begin(call, DB_WRITE);
    return insert_session(call, realm, user, rehashed, response);
}

/* With the secret of a mailed link, once: sets the password and signs in. */
bool
rpc_set_password(Call *call, const SetPasswordRequest *request, SetPasswordResponse *response)
{
    const char wrong[] = "the link is not good any more: ask for a new one";
    uint8_t token_hash[AUTH_SECRET_HASH_SIZE];
    char hash[AUTH_HASH_SIZE];
    LoginResponse login = CLIENTIQ__V1__LOGIN_RESPONSE__INIT;
    int64_t tenant_id;
    const DbRow *user;

    call->caller = (Caller){.email = "", .permissions = ""};
    if (!auth_token_parse(request->link_token, AUTH_TOKEN_LINK, &tenant_id, token_hash) ||
        tenant_id != call->tenant.id)
        return call_fail(call, CODE_UNAUTHENTICATED, "%s", wrong);

    const DbArg token[] = {{.name = "hash", .bytes = token_hash, .bytes_size = sizeof token_hash}, {0}};

    /* before anything is hashed, which is dear */
    db_begin(call, DB_READ);
    if (!db_row(call, &query_token_find, NULL, token, &user))
        return false;
    if (user == NULL)
        return call_fail(call, CODE_UNAUTHENTICATED, "%s", wrong);
    call->target = call_printf(call, "user %" PRId64, db_row_int64(user, "id"));
    if (!auth_hash(call, request->password, hash))
        return false;
    db_begin(call, DB_WRITE);
    if (!db_row(call, &query_token_use, NULL,
                (DbArg[]){token[0], {.name = "password", .text = hash}, {0}}, &user))
        return false;
    if (user == NULL)
        return call_fail(call, CODE_UNAUTHENTICATED, "%s", wrong);
    if (!insert_session(call, realm_of(call), user, "", &login))
        return false;
    response->token = login.token;
    response->expire_time = login.expire_time;
    response->user_id = login.user_id;
    return true;
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
