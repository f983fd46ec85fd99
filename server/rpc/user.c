/* Users of a tenant: what is more than one statement.  What nobody may do to a user, whatever
 * permissions they hold, is in rights.h.  */
#include "call/page.h"
#include "db/bind.h"
#include "access/leave.h"
#include "db/db.h"
#include "access/password.h"
#include "access/quota.h"
#include "db/queries.h"
#include "access/realm.h"
#include "access/rights.h"
#include "rpc/handlers.h"

#include <inttypes.h>

/* Whether the groups exist and the caller holds what they give. */
static bool
check_groups(Call *call, const ProtobufCMessage *request, const User *user)
{
    const char *held = rights_held(call), *name;
    const DbRow *groups;

    if (user->n_groups == 0)
        return true;
    if (held == NULL || !db_row(call, &query_groups_guard, request,
                                (DbArg[]){{.name = "held", .text = held}, {0}}, &groups))
        return false;
    if ((name = db_row_text(groups, "unknown")) != NULL)
        return call_fail_field(call, "user.groups",
                               "names %.150s, which is not a group of this tenant", name);
    if (!call->caller.is_admin && (name = db_row_text(groups, "beyond")) != NULL)
        return rights_refuse(call, "the groups hold %.200s, which the caller does not", name);
    return true;
}

/* hash: of the password, or "". */
static bool
create_user(Call *call, const ProtobufCMessage *request, const User *user, const char *hash,
            ProtobufCMessage *response)
{
    return quota_check_users(call, 0) && (user->n_groups == 0 || rights_lock(call)) &&
           check_groups(call, request, user) && realm_check_address(call, user->email, 0) &&
           db_fill(call, &query_user_insert, request,
                   (DbArg[]){{.name = "password", .text = hash}, {0}}, response);
}

bool
rpc_create_user(Call *call, const CreateUserRequest *request, CreateUserResponse *response)
{
    char hash[AUTH_HASH_SIZE] = "";

    if (!call->caller.is_admin && request->user->is_admin)
        return rights_refuse(call, "only an admin may make an admin");
    if (request->password[0] != '\0' &&
        !password_hash(call, "password", request->password, request->user->email, hash))
        return false;
    if (!create_user(call, &request->base, request->user, hash, &response->base))
        return false;
    call->target = call_printf(call, "user %" PRId64, response->user->id);
    return true;
}

/* Whoever may invite must not flood somebody's mailbox, by whichever spelling of its address.  One
 * by one, because the user's row is locked. */
static bool
within_invitations(Call *call, const char *email)
{
    int64_t allowed = call->core->config->invitations_per_address;
    const char *text = call_printf(call, "%" PRId64, allowed);
    const DbRow *row;

    if (text == NULL ||
        !db_row(
            call, &query_outbox_invited, NULL,
            (DbArg[]){{.name = "recipient", .text = email}, {.name = "allowed", .text = text}, {0}},
            &row))
        return false;
    if (db_row_int64(row, "count") < allowed)
        return true;
    call->failure.retry_after_ms = (uint32_t) db_row_int64(row, "wait_ms");
    return call_fail(call, CODE_RESOURCE_EXHAUSTED,
                     "too many invitations to this address: %" PRId64 " in an hour are allowed",
                     allowed);
}

/* A mail of the user's, sent by outbox.c, which also makes its link. */
static bool
queue_invitation(Call *call, int64_t user_id, const char *email)
{
    const char *id = call_printf(call, "%" PRId64, user_id);

    call_change(call, CHANGE_OUTBOX, call->tenant.id);
    return id != NULL && within_invitations(call, email) &&
           db_queue(call, &query_outbox_invite, NULL,
                    (DbArg[]){{.name = "user_id", .text = id}, {0}});
}

bool
rpc_invite_user(Call *call, const InviteUserRequest *request, InviteUserResponse *response)
{
    if (!call->caller.is_admin && request->user->is_admin)
        return rights_refuse(call, "only an admin may make an admin");
    if (!create_user(call, &request->base, request->user, "", &response->base))
        return false;
    call->target = call_printf(call, "user %" PRId64, response->user->id);
    return queue_invitation(call, response->user->id, request->user->email);
}

bool
rpc_reinvite_user(Call *call, const ReinviteUserRequest *request,
                  ReinviteUserResponse *response UNUSED)
{
    const DbRow *row;

    call->target = call_printf(call, "user %" PRId64, request->id);
    if (!db_row(call, &query_user_invited, &request->base, NULL, &row))
        return false;
    if (row == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no user %" PRId64, request->id);
    if (!db_row_bool(row, "is_active"))
        return call_fail(call, CODE_FAILED_PRECONDITION, "user %" PRId64 " may not sign in",
                         request->id);
    if (db_row_bool(row, "has_password"))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "user %" PRId64
                         " has chosen a password: RequestPasswordReset mails a link",
                         request->id);
    return db_queue(call, &query_tokens_end, &request->base, NULL) &&
           queue_invitation(call, request->id, db_row_text(row, "email"));
}

/* A page that ended where no more was read, before it was full.  Where few users can be what is
 * searched for, all of them are looked at instead, and none is missing. */
static bool
find_users(Call *call, const ListUsersRequest *request, ListUsersResponse *response)
{
    const DbRow *row;
    const char *ids;

    if (!db_row(call, &query_users_candidates, &request->base, NULL, &row))
        return false;
    ids = row == NULL ? NULL : db_row_text(row, "ids");
    if (ids == NULL)
        return true;
    clientiq__v1__list_users_response__init(response);
    return db_fill(call, &query_users_found, &request->base,
                   (DbArg[]){{.name = "ids", .text = ids}, {0}}, &response->base);
}

bool
rpc_list_users(Call *call, const ListUsersRequest *request, ListUsersResponse *response)
{
    const Query *query = &query_users_by_id;
    int32_t limit;

    switch (request->order_by) {
    case CLIENTIQ__V1__USER_ORDER__USER_ORDER_EMAIL:
        query = &query_users_by_email;
        break;
    case CLIENTIQ__V1__USER_ORDER__USER_ORDER_LAST_NAME:
        query = &query_users_by_last_name;
        break;
    case CLIENTIQ__V1__USER_ORDER__USER_ORDER_DATE_JOINED:
        query = &query_users_by_date_joined;
        break;
    default:
        break;
    }
    if (!db_fill(call, query, &request->base, NULL, &response->base) ||
        !page_size(call, &request->base, &limit))
        return false;
    return response->next_page_token[0] == '\0' || response->n_users >= (size_t) limit ||
           request->search[0] == '\0' || find_users(call, request, response);
}

/* Whoever reads the mail at an old address must not get in by a link that was sent there. */
static bool
leave_address(Call *call, const ProtobufCMessage *request)
{
    const DbRow *row;

    return db_row(call, &query_user_address_lock, request, NULL, &row) &&
           (row == NULL || !db_row_bool(row, "moves") || leave_user_address(call, request));
}

bool
rpc_update_user(Call *call, const UpdateUserRequest *request, UpdateUserResponse *response)
{
    const ProtobufCMessage *message = &request->base;
    const User *user = request->user;
    bool email = bind_mask(message, "user.email"), admin = bind_mask(message, "user.is_admin");
    bool active = bind_mask(message, "user.is_active"), groups = bind_mask(message, "user.groups");
    RightsChange change = {.is_admin = admin,
                           .goes = (admin && !user->is_admin) || (active && !user->is_active)};

    call->target = call_printf(call, "user %" PRId64, request->id);
    if ((admin || active || groups) && !rights_lock(call))
        return false;
    /* an admin may change whatever is no right; that the user exists is seen at the end */
    if ((!call->caller.is_admin || admin || active || groups) &&
        !rights_check_user(call, request->id, change))
        return false;
    if (active && user->is_active && !quota_check_users(call, request->id))
        return false;
    if (groups && (!check_groups(call, message, user) ||
                   !db_queue(call, &query_user_groups_set, message, NULL)))
        return false;
    return (!email || (realm_check_address(call, user->email, request->id) &&
                       leave_address(call, message))) &&
           db_queue(call, &query_user_update, message, NULL) &&
           (!(email || admin || active) ||
            db_queue(call, &query_user_account_update, message, NULL)) &&
           (!active || user->is_active || leave_user_inactive(call, message)) &&
           db_fill(call, &query_rpc_get_user, message, NULL, &response->base);
}

bool
rpc_delete_user(Call *call, const DeleteUserRequest *request, DeleteUserResponse *response UNUSED)
{
    call->target = call_printf(call, "user %" PRId64, request->id);
    return rights_lock(call) &&
           rights_check_user(call, request->id, (RightsChange){.goes = true}) &&
           leave_user_delete(call, &request->base);
}

static bool
set_user_active(Call *call, const ProtobufCMessage *request, int64_t id, bool is_active,
                ProtobufCMessage *response)
{
    call->target = call_printf(call, "user %" PRId64, id);
    return rights_lock(call) && rights_check_user(call, id, (RightsChange){.goes = !is_active}) &&
           (!is_active || quota_check_users(call, id)) &&
           db_queue(call, &query_user_active_set, request,
                    (DbArg[]){{.name = "is_active", .text = is_active ? "true" : "false"}, {0}}) &&
           (is_active || leave_user_inactive(call, request)) &&
           db_fill(call, &query_rpc_get_user, request, NULL, response);
}

bool
rpc_activate_user(Call *call, const ActivateUserRequest *request, ActivateUserResponse *response)
{
    return set_user_active(call, &request->base, request->id, true, &response->base);
}

bool
rpc_deactivate_user(Call *call, const DeactivateUserRequest *request,
                    DeactivateUserResponse *response)
{
    return set_user_active(call, &request->base, request->id, false, &response->base);
}

bool
rpc_update_me(Call *call, const UpdateMeRequest *request, UpdateMeResponse *response)
{
    call->target = call_printf(call, "user %" PRId64, call->caller.id);
    return db_queue(call, &query_me_update, &request->base, NULL) &&
           db_fill(call, &query_rpc_get_me, &request->base, NULL, &response->base);
}
