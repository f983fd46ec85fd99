/* Superusers of the platform: what is more than one statement.  */
#include "auth.h"
#include "db.h"
#include "queries.h"
#include "rpc.h"

#include <inttypes.h>

bool
rpc_create_superuser(Call *call, const CreateSuperuserRequest *request,
                     CreateSuperuserResponse *response)
{
    char hash[AUTH_HASH_SIZE];

    /* nobody gives what they do not hold; to create tenants is all that an owner can lack */
    if (request->superuser->can_create_tenants && !call_may(call, "tenants.add_tenant"))
        return call_fail(call, CODE_PERMISSION_DENIED,
                         "only who may create tenants may give can_create_tenants");
    if (!auth_hash(call, request->password, hash) ||
        !db_fill(call, &query_superuser_insert, &request->base,
                 (DbArg[]){{.name = "password", .text = hash}, {0}}, &response->base))
        return false;
    call->target = call_printf(call, "superuser %" PRId64, response->superuser->id);
    return true;
}
