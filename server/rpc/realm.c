/* The two realms as tables; see realm.h.  */
#include "realm.h"
#include "queries.h"
#include "rights.h"

static bool
check_user(Call *call, int64_t id)
{
    return rights_check_user(call, id, (RightsChange){.goes = false});
}

static const Realm tenant = {
    .who = "user",
    .view = "users.view_customuser",
    .change = "users.change_customuser",
    .kind = CALLER_USER,
    .find = &query_user_for_login,
    .exists = &query_user_find,
    .sign_in = &query_session_insert,
    .sign_out = &query_session_delete,
    .sessions = &query_sessions_of,
    .session_owner = &query_session_owner,
    .session_revoke = &query_session_revoke,
    .sessions_revoke = &query_sessions_revoke,
    .check = check_user,
};

static const Realm platform = {
    .who = "superuser",
    .view = "platform.view_superuser",
    .change = "platform.change_superuser",
    .kind = CALLER_SUPERUSER,
    .find = &query_superuser_for_login,
    .exists = &query_superuser_find,
    .sign_in = &query_platform_session_insert,
    .sign_out = &query_platform_session_delete,
    .sessions = &query_platform_sessions_of,
    .session_owner = &query_platform_session_owner,
    .session_revoke = &query_platform_session_revoke,
    .sessions_revoke = &query_platform_sessions_revoke,
    .check = rights_check_superuser,
};

const Realm *
realm_of(const Call *call)
{
    return call->tenant.id != 0 ? &tenant : &platform;
}
