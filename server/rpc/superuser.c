/* Superusers of the platform: what is more than one statement.  The rules of rights.h, for roles:
 * nobody gives or takes a role that holds more than they do, only an owner makes or changes owners,
 * and one active owner always remains.  */
#include "db/bind.h"
#include "db/db.h"
#include "access/password.h"
#include "db/queries.h"
#include "access/rights.h"
#include "rpc/handlers.h"

#include <inttypes.h>
#include <string.h>

/* Whether the caller may give or take a role with all that it holds. */
static bool
check_role(Call *call, const char *role, bool can_create_tenants)
{
    const char *held = rights_held(call), *beyond, *caller_role;
    const DbRow *row;

    if (held == NULL || !db_row(call, &query_platform_role_guard, NULL,
                                (DbArg[]){{.name = "platform_role", .text = role},
                                          {.name = "can_create_tenants",
                                           .text = can_create_tenants ? "true" : "false"},
                                          {.name = "held", .text = held},
                                          {0}},
                                &row))
        return false;
    if ((beyond = db_row_text(row, "beyond")) != NULL)
        return rights_refuse(call, "the role %s holds %.200s, which the caller does not", role,
                             beyond);
    caller_role = db_row_text(row, "caller_role");
    if (strcmp(role, "owner") != 0 || call->caller.kind == CALLER_OPERATOR ||
        (caller_role != NULL && strcmp(caller_role, "owner") == 0))
        return true;
    return rights_refuse(call, "only an owner may make or change an owner");
}

bool
rpc_create_superuser(Call *call, const CreateSuperuserRequest *request,
                     CreateSuperuserResponse *response)
{
    char hash[AUTH_HASH_SIZE];

    /* nobody gives what they do not hold; to create tenants is all that an owner can lack */
    if (request->superuser->can_create_tenants && !call_may(call, "tenants.add_tenant"))
        return rights_refuse(call, "only who may create tenants may give can_create_tenants");
    if (!password_hash(call, "password", request->password, request->superuser->email, hash) ||
        !check_role(call, request->superuser->platform_role,
                    request->superuser->can_create_tenants) ||
        !db_fill(call, &query_superuser_insert, &request->base,
                 (DbArg[]){{.name = "password", .text = hash}, {0}}, &response->base))
        return false;
    call->target = call_printf(call, "superuser %" PRId64, response->superuser->id);
    return true;
}

/* A superuser, under the lock of the platform's rights; whoever calls may change them.  goes: they
 * will not be an active owner any more. */
static bool
check_superuser(Call *call, int64_t superuser_id, bool goes, const DbRow **superuser)
{
    const char *id = call_printf(call, "%" PRId64, superuser_id), *held = rights_held(call), *role;
    const char *beyond;

    call->target = call_printf(call, "superuser %" PRId64, superuser_id);
    if (id == NULL || held == NULL || !rights_lock(call) ||
        !db_row(
            call, &query_superuser_guard, NULL,
            (DbArg[]){{.name = "superuser_id", .text = id}, {.name = "held", .text = held}, {0}},
            superuser))
        return false;
    if (*superuser == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no superuser %" PRId64, superuser_id);
    if ((beyond = db_row_text(*superuser, "beyond")) != NULL)
        return rights_refuse(call, "superuser %" PRId64 " holds %.200s, which the caller does not",
                             superuser_id, beyond);
    role = db_row_text(*superuser, "platform_role");
    if (role == NULL || !check_role(call, role, db_row_bool(*superuser, "can_create_tenants")))
        return false;
    if (goes && strcmp(role, "owner") == 0 && db_row_bool(*superuser, "is_active") &&
        !db_row_bool(*superuser, "has_other_owners"))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "superuser %" PRId64 " is the platform's last active owner", superuser_id);
    return true;
}

bool
rights_check_superuser(Call *call, int64_t superuser_id)
{
    const char *target = call->target;
    const DbRow *superuser;
    bool ok = check_superuser(call, superuser_id, false, &superuser);

    if (target != NULL)
        call->target = target;
    return ok;
}

bool
rpc_update_superuser(Call *call, const UpdateSuperuserRequest *request,
                     UpdateSuperuserResponse *response)
{
    const ProtobufCMessage *message = &request->base;
    const Superuser *new = request->superuser;
    bool role = bind_mask(message, "superuser.platform_role");
    bool can_create = bind_mask(message, "superuser.can_create_tenants");
    const DbRow *old;

    if (!check_superuser(call, request->id, role && strcmp(new->platform_role, "owner") != 0, &old))
        return false;
    if ((role || can_create) &&
        !check_role(call, role ? new->platform_role : db_row_text(old, "platform_role"),
                    can_create ? new->can_create_tenants : db_row_bool(old, "can_create_tenants")))
        return false;
    return db_queue(call, &query_superuser_update, message, NULL) &&
           db_fill(call, &query_rpc_get_superuser, message, NULL, &response->base);
}

bool
rpc_delete_superuser(Call *call, const DeleteSuperuserRequest *request,
                     DeleteSuperuserResponse *response UNUSED)
{
    const DbRow *superuser;

    return check_superuser(call, request->id, true, &superuser) &&
           db_run(call, &query_superuser_delete, &request->base, NULL, NULL);
}

static bool
set_active(Call *call, const ProtobufCMessage *request, int64_t id, bool is_active,
           ProtobufCMessage *response)
{
    const DbRow *superuser;

    return check_superuser(call, id, !is_active, &superuser) &&
           db_queue(call, &query_superuser_active_set, request,
                    (DbArg[]){{.name = "is_active", .text = is_active ? "true" : "false"}, {0}}) &&
           db_queue(call, &query_superuser_sessions_end, request, NULL) &&
           db_fill(call, &query_rpc_get_superuser, request, NULL, response);
}

bool
rpc_activate_superuser(Call *call, const ActivateSuperuserRequest *request,
                       ActivateSuperuserResponse *response)
{
    return set_active(call, &request->base, request->id, true, &response->base);
}

bool
rpc_deactivate_superuser(Call *call, const DeactivateSuperuserRequest *request,
                         DeactivateSuperuserResponse *response)
{
    return set_active(call, &request->base, request->id, false, &response->base);
}
