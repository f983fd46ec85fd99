/* Groups of a tenant: what is more than one statement.  */
#include "db.h"
#include "queries.h"
#include "rights.h"
#include "rpc.h"

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
