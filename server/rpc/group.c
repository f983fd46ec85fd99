/* Groups of a tenant, and permissions that are given without one: what is more than one statement.
 * The rules of who may give what are in rights.h; here is one more: Tenant Admins, which is made
 * with the tenant, always means "may do everything in this tenant", so it keeps its name and its
 * permissions.  */
#include "db/bind.h"
#include "db/db.h"
#include "db/queries.h"
#include "access/realm.h"
#include "access/rights.h"
#include "rpc/handlers.h"

#include <inttypes.h>

bool
rpc_create_group(Call *call, const CreateGroupRequest *request, CreateGroupResponse *response)
{
    if (!rights_check_permissions(call, "group.permissions", request->group->permissions,
                                  request->group->n_permissions))
        return false;
    if (!db_fill(call, &query_group_insert, &request->base, NULL, &response->base))
        return false;
    call->target = call_printf(call, "group %" PRId64, response->group->id);
    return true;
}

/* Whether the caller may change the group: they hold what it gives.  changes: its name or
 * permissions, or it goes; not only its members. */
static bool
check_group(Call *call, int64_t group_id, bool changes)
{
    const char *id = call_printf(call, "%" PRId64, group_id), *held = rights_held(call), *beyond;
    const DbRow *group;

    if (id == NULL || held == NULL ||
        !db_row(call, &query_group_guard, NULL,
                (DbArg[]){{.name = "group_id", .text = id}, {.name = "held", .text = held}, {0}},
                &group))
        return false;
    if (group == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no group %" PRId64, group_id);
    beyond = db_row_text(group, "beyond");
    if (!call->caller.is_admin && beyond != NULL)
        return rights_refuse(call, "the group holds %.200s, which the caller does not", beyond);
    if (changes && db_row_bool(group, "is_tenant_admins"))
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "Tenant Admins is made with the tenant and holds all of its permissions: only "
            "its members can be changed");
    return true;
}

bool
rpc_update_group(Call *call, const UpdateGroupRequest *request, UpdateGroupResponse *response)
{
    const ProtobufCMessage *message = &request->base;
    const Group *group = request->group;
    bool name = bind_mask(message, "group.name"), held = bind_mask(message, "group.permissions");

    call->target = call_printf(call, "group %" PRId64, request->id);
    if (!rights_lock(call) || !check_group(call, request->id, true) ||
        (held && !rights_check_permissions(call, "group.permissions", group->permissions,
                                           group->n_permissions)))
        return false;
    return (!name || db_queue(call, &query_group_rename, message, NULL)) &&
           (!held || db_queue(call, &query_group_permissions_set, message, NULL)) &&
           db_fill(call, &query_rpc_get_group, message, NULL, &response->base);
}

bool
rpc_delete_group(Call *call, const DeleteGroupRequest *request,
                 DeleteGroupResponse *response UNUSED)
{
    call->target = call_printf(call, "group %" PRId64, request->id);
    return rights_lock(call) && check_group(call, request->id, true) &&
           db_run(call, &query_group_delete, &request->base, NULL, NULL);
}

/* Whether the caller may change who is in this group, as far as this user is concerned. */
static bool
check_member(Call *call, int64_t group_id, int64_t user_id)
{
    call->target = call_printf(call, "group %" PRId64 " user %" PRId64, group_id, user_id);
    return rights_lock(call) && check_group(call, group_id, false) &&
           rights_check_user(call, user_id, (RightsChange){0});
}

bool
rpc_add_group_member(Call *call, const AddGroupMemberRequest *request,
                     AddGroupMemberResponse *response UNUSED)
{
    return check_member(call, request->group_id, request->user_id) &&
           db_run(call, &query_group_member_add, &request->base, NULL, NULL);
}

bool
rpc_remove_group_member(Call *call, const RemoveGroupMemberRequest *request,
                        RemoveGroupMemberResponse *response UNUSED)
{
    uint64_t rows;

    if (!check_member(call, request->group_id, request->user_id) ||
        !db_run(call, &query_group_member_remove, &request->base, NULL, &rows))
        return false;
    return rows > 0 || call_fail(call, CODE_NOT_FOUND, "user %" PRId64 " is not in group %" PRId64,
                                 request->user_id, request->group_id);
}

/* An empty first page may be that of a group that does not exist. */
static bool
check_group_exists(Call *call, const ProtobufCMessage *request, int64_t group_id)
{
    const DbRow *row;

    if (!db_row(call, &query_group_find, request, NULL, &row))
        return false;
    return row != NULL || call_fail(call, CODE_NOT_FOUND, "no group %" PRId64, group_id);
}

bool
rpc_list_group_members(Call *call, const ListGroupMembersRequest *request,
                       ListGroupMembersResponse *response)
{
    return db_fill(call, &query_group_members, &request->base, NULL, &response->base) &&
           (response->n_users > 0 || check_group_exists(call, &request->base, request->group_id));
}

bool
rpc_list_user_permissions(Call *call, const ListUserPermissionsRequest *request,
                          ListUserPermissionsResponse *response)
{
    return db_fill(call, &query_user_permissions, &request->base,
                   (DbArg[]){{.name = "all", .text = "false"}, {0}}, &response->base) &&
           (response->n_permissions > 0 ||
            realm_check_exists(call, &request->base, request->user_id));
}

/* Whether the caller may give the user this permission, or take it. */
static bool
check_grant(Call *call, int64_t user_id, char *permission)
{
    call->target = call_printf(call, "user %" PRId64 " permission %s", user_id, permission);
    return rights_lock(call) && rights_check_permissions(call, "permission", &permission, 1) &&
           rights_check_user(call, user_id, (RightsChange){0});
}

bool
rpc_grant_permission(Call *call, const GrantPermissionRequest *request,
                     GrantPermissionResponse *response UNUSED)
{
    return check_grant(call, request->user_id, request->permission) &&
           db_run(call, &query_permission_grant, &request->base, NULL, NULL);
}

bool
rpc_revoke_permission(Call *call, const RevokePermissionRequest *request,
                      RevokePermissionResponse *response UNUSED)
{
    uint64_t rows;

    if (!check_grant(call, request->user_id, request->permission) ||
        !db_run(call, &query_permission_revoke, &request->base, NULL, &rows))
        return false;
    return rows > 0 || call_fail(call, CODE_NOT_FOUND, "user %" PRId64 " was not given %s directly",
                                 request->user_id, request->permission);
}
