/* Users of a tenant: what is more than one statement.  Two rules stand above the permissions: nobody gives
 * rights that only an admin may give, and a tenant keeps an active admin.  */
#include "auth.h"
#include "bind.h"
#include "db.h"
#include "quota.h"
#include "queries.h"
#include "rpc.h"

#include <inttypes.h>

static bool
check_groups(Call *call, const ProtobufCMessage *request, const User *user)
{
    const DbRow *unknown;

    if (user->n_groups == 0)
        return true;
    if (!db_row(call, &query_group_unknown, request, NULL, &unknown))
        return false;
    if (unknown != NULL)
        return call_fail_field(call, "user.groups", "names %.150s, which is no group of this tenant",
                               db_row_text(unknown, "name"));
    return true;
}

bool
rpc_create_user(Call *call, const CreateUserRequest *request, CreateUserResponse *response)
{
    char hash[AUTH_HASH_SIZE] = "";

    if (!call->caller.is_admin && (request->user->is_admin || request->user->n_groups > 0))
        return call_fail(call, CODE_PERMISSION_DENIED, "only an admin may give is_admin or groups");
    if (request->password[0] != '\0' && !auth_hash(call, request->password, hash))
        return false;
    if (!quota_check_users(call, 0) || !check_groups(call, &request->base, request->user) ||
        !db_fill(call, &query_user_insert, &request->base,
                 (DbArg[]){{.name = "password", .text = hash}, {0}}, &response->base))
        return false;
    call->target = call_printf(call, "user %" PRId64, response->user->id);
    return true;
}

/* Whether the caller may change these rights of the user, or delete them.  goes: the user will not be an
 * active admin any more. */
static bool
guard(Call *call, const ProtobufCMessage *request, int64_t id, bool rights, bool goes)
{
    const DbRow *user;

    if (!db_row(call, &query_user_guard, request, NULL, &user))
        return false;
    if (user == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no user %" PRId64, id);
    if (!call->caller.is_admin && db_row_bool(user, "is_admin"))
        return call_fail(call, CODE_PERMISSION_DENIED, "only an admin may change an admin");
    if (!call->caller.is_admin && rights)
        return call_fail(call, CODE_PERMISSION_DENIED,
                         "only an admin may change is_admin, is_active or groups");
    if (goes && db_row_bool(user, "is_admin") && db_row_bool(user, "is_active") &&
        db_row_int64(user, "other_admins") == 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "user %" PRId64 " is the tenant's last active admin", id);
    return true;
}

bool
rpc_update_user(Call *call, const UpdateUserRequest *request, UpdateUserResponse *response)
{
    bool admin = bind_mask(&request->base, "user.is_admin");
    bool active = bind_mask(&request->base, "user.is_active");
    bool groups = bind_mask(&request->base, "user.groups");
    bool goes = (admin && !request->user->is_admin) || (active && !request->user->is_active);

    call->target = call_printf(call, "user %" PRId64, request->id);
    if (!guard(call, &request->base, request->id, admin || active || groups, goes))
        return false;
    if (groups && (!check_groups(call, &request->base, request->user) ||
                   !db_queue(call, &query_user_groups_set, &request->base, NULL)))
        return false;
    if (active && request->user->is_active && !quota_check_users(call, request->id))
        return false;
    return db_queue(call, &query_user_update, &request->base, NULL) &&
           (!active || db_queue(call, &query_user_sessions_end, &request->base, NULL)) &&
           db_fill(call, &query_rpc_get_user, &request->base, NULL, &response->base);
}

bool
rpc_delete_user(Call *call, const DeleteUserRequest *request, DeleteUserResponse *response UNUSED)
{
    call->target = call_printf(call, "user %" PRId64, request->id);
    return guard(call, &request->base, request->id, false, true) &&
           db_run(call, &query_user_delete, &request->base, NULL, NULL);
}
