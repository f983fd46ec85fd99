/* Superusers of the platform: what is more than one statement.  Who may change whom is rights.h's.
 */
#include "db/bind.h"
#include "access/leave.h"
#include "db/db.h"
#include "access/password.h"
#include "db/queries.h"
#include "access/realm.h"
#include "access/rights.h"
#include "rpc/handlers.h"

#include <inttypes.h>
#include <string.h>

bool
rpc_create_superuser(Call *call, const CreateSuperuserRequest *request,
                     CreateSuperuserResponse *response)
{
    char hash[AUTH_HASH_SIZE];

    /* nobody gives what they do not hold; to create tenants is all that an owner can lack */
    if (request->superuser->can_create_tenants && !call_may(call, "tenants.add_tenant"))
        return rights_refuse(call,
                             "only a caller who may create tenants may give can_create_tenants");
    if (!password_hash(call, "password", request->password, request->superuser->email, hash) ||
        !rights_check_role(call, request->superuser->platform_role,
                           request->superuser->can_create_tenants) ||
        !realm_check_address(call, request->superuser->email, 0) ||
        !db_fill(call, &query_superuser_insert, &request->base,
                 (DbArg[]){{.name = "password", .text = hash}, {0}}, &response->base))
        return false;
    call->target = call_printf(call, "superuser %" PRId64, response->superuser->id);
    return true;
}

bool
rpc_update_superuser(Call *call, const UpdateSuperuserRequest *request,
                     UpdateSuperuserResponse *response)
{
    const ProtobufCMessage *message = &request->base;
    const Superuser *new = request->superuser;
    bool role = bind_mask(message, "superuser.platform_role");
    bool can_create = bind_mask(message, "superuser.can_create_tenants");
    const DbRow *old, *address;

    if (!rights_check_superuser(call, request->id, role && strcmp(new->platform_role, "owner") != 0,
                                &old))
        return false;
    if ((role || can_create) &&
        !rights_check_role(call, role ? new->platform_role : db_row_text(old, "platform_role"),
                           can_create ? new->can_create_tenants
                                      : db_row_bool(old, "can_create_tenants")))
        return false;
    if (bind_mask(message, "superuser.email") &&
        (!realm_check_address(call, new->email, request->id) ||
         !db_row(call, &query_superuser_address_lock, message, NULL, &address) ||
         (address != NULL && db_row_bool(address, "moves") &&
          !db_queue(call, &query_platform_tokens_end, message, NULL))))
        return false;
    return db_queue(call, &query_superuser_update, message, NULL) &&
           (!role || leave_superuser_right(call, message)) &&
           db_fill(call, &query_rpc_get_superuser, message, NULL, &response->base);
}

bool
rpc_delete_superuser(Call *call, const DeleteSuperuserRequest *request,
                     DeleteSuperuserResponse *response UNUSED)
{
    const DbRow *superuser;

    return rights_check_superuser(call, request->id, true, &superuser) &&
           leave_superuser_delete(call, &request->base);
}

static bool
set_superuser_active(Call *call, const ProtobufCMessage *request, int64_t id, bool is_active,
                     ProtobufCMessage *response)
{
    const DbRow *superuser;

    return rights_check_superuser(call, id, !is_active, &superuser) &&
           db_queue(call, &query_superuser_active_set, request,
                    (DbArg[]){{.name = "is_active", .text = is_active ? "true" : "false"}, {0}}) &&
           (is_active || leave_superuser_inactive(call, request)) &&
           db_fill(call, &query_rpc_get_superuser, request, NULL, response);
}

bool
rpc_activate_superuser(Call *call, const ActivateSuperuserRequest *request,
                       ActivateSuperuserResponse *response)
{
    return set_superuser_active(call, &request->base, request->id, true, &response->base);
}

bool
rpc_deactivate_superuser(Call *call, const DeactivateSuperuserRequest *request,
                         DeactivateSuperuserResponse *response)
{
    return set_superuser_active(call, &request->base, request->id, false, &response->base);
}
