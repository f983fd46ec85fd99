/* The two realms as tables, and what both do in the same words; see realm.h.  */
#include "access/realm.h"
#include "call/address.h"
#include "call/auth.h"
#include "db/bind.h"
#include "db/db.h"
#include "db/queries.h"
#include "access/rights.h"
#include "access/usage.h"

#include <inttypes.h>

static bool
check_user(Call *call, int64_t id)
{
    return rights_check_user(call, id, (RightsChange){.goes = false});
}

/* What the call is about stays what its handler has said. */
static bool
check_superuser(Call *call, int64_t id)
{
    const char *target = call->target;
    const DbRow *superuser;
    bool ok = rights_check_superuser(call, id, false, &superuser);

    if (target != NULL)
        call->target = target;
    return ok;
}

static const Realm tenant = {
    .who = "user",
    .kind = CALLER_USER,
    .find = &query_user_for_login,
    .address_others = &query_user_address_others,
    .exists = &query_user_find,
    .credentials = &query_user_credentials,
    .sign_in = &query_session_insert,
    .sign_out = &query_session_delete,
    .change_password = &query_password_change,
    .reset = &query_outbox_reset,
    .token_find = &query_token_find,
    .token_use = &query_token_use,
    .sessions = &query_sessions_of,
    .session_revoke = &query_session_revoke,
    .sessions_revoke = &query_sessions_revoke,
    .check = check_user,
};

static const Realm platform = {
    .who = "superuser",
    .kind = CALLER_SUPERUSER,
    .find = &query_superuser_for_login,
    .address_others = &query_superuser_address_others,
    .exists = &query_superuser_find,
    .credentials = &query_superuser_credentials,
    .sign_in = &query_platform_session_insert,
    .sign_out = &query_platform_session_delete,
    .change_password = &query_platform_password_change,
    .reset = &query_platform_outbox_reset,
    .token_find = &query_platform_token_find,
    .token_use = &query_platform_token_use,
    .sessions = &query_platform_sessions_of,
    .session_revoke = &query_platform_session_revoke,
    .sessions_revoke = &query_platform_sessions_revoke,
    .check = check_superuser,
};

const Realm *
realm_of(const Call *call)
{
    return call->tenant.id != 0 ? &tenant : &platform;
}

bool
realm_find(Call *call, const char *email, const DbRow **account)
{
    const char *spellings = address_spellings(call, email);
    const char *counted = address_counted(call, email);

    return spellings != NULL && counted != NULL &&
           db_row(call, realm_of(call)->find, NULL,
                  (DbArg[]){{.name = "email", .text = email},
                            {.name = "spellings", .text = spellings},
                            {.name = "counted", .text = counted},
                            {0}},
                  account);
}

bool
realm_check_address(Call *call, const char *email, int64_t own_id)
{
    const char *spellings = address_spellings(call, email);
    const char *counted = address_counted(call, email);
    const char *id = call_printf(call, "%" PRId64, own_id);
    const DbRow *others;

    if (spellings == NULL || counted == NULL || id == NULL)
        return false;
    if (spellings[0] == '\0')
        return true;
    return db_queue(call, &query_address_lock, NULL,
                    (DbArg[]){{.name = "counted", .text = counted}, {0}}) &&
           db_row(call, realm_of(call)->address_others, NULL,
                  (DbArg[]){{.name = "email", .text = email},
                            {.name = "spellings", .text = spellings},
                            {.name = "own_id", .text = id},
                            {0}},
                  &others) &&
           (!db_row_bool(others, "are_there") ||
            call_fail_field_code(call, CODE_ALREADY_EXISTS, "email", "is taken already"));
}

bool
realm_check_exists(Call *call, const ProtobufCMessage *request, int64_t user_id)
{
    const Realm *realm = realm_of(call);
    const DbRow *row;

    if (!db_row(call, realm->exists, request, NULL, &row))
        return false;
    return row != NULL || call_fail(call, CODE_NOT_FOUND, "no %s %" PRId64, realm->who, user_id);
}

/* The password was compared outside the transaction that writes, so the statement compares once
 * more. */
bool
realm_open_session(Call *call, const DbRow *user, const char *rehashed,
                   Clientiq__V1__LoginResponse *response)
{
    const Realm *realm = realm_of(call);
    int64_t user_id = db_row_int64(user, "id");
    const char *id = call_printf(call, "%" PRId64, user_id);
    const char *hours = call_printf(call, "%" PRId64, call->core->config->session_hours);
    const char *idle_s = call_printf(call, "%" PRId64, usage_idle_s(call->core->config));
    char *token = call_alloc(call, AUTH_TOKEN_SIZE);
    uint8_t hash[AUTH_SECRET_HASH_SIZE];
    const DbRow *session;

    if (id == NULL || hours == NULL || idle_s == NULL || token == NULL ||
        !auth_token_new(call, AUTH_TOKEN_SESSION, call->tenant.id, token, hash))
        return false;
    if (!db_row(call, realm->sign_in, NULL,
                (DbArg[]){{.name = "user_id", .text = id},
                          {.name = "verified", .text = db_row_text(user, "password")},
                          {.name = "password", .text = rehashed},
                          {.name = "hash", .bytes = hash, .bytes_size = sizeof hash},
                          {.name = "hours", .text = hours},
                          {.name = "idle_s", .text = idle_s},
                          {0}},
                &session))
        return false;
    if (session == NULL) {
        call->failure.retry_after_ms = 100;
        return call_fail(call, CODE_ABORTED, "the user was changed meanwhile: sign in again");
    }
    response->token = token;
    response->expire_time = bind_timestamp(call, db_row_time_us(session, "expire_time"));
    response->user_id = user_id;
    call->caller.kind = realm->kind;
    call->caller.id = user_id;
    return response->expire_time != NULL;
}
