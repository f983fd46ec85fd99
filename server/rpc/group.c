/* Groups of a tenant: what is more than one statement.  */
#include "db.h"
#include "queries.h"
#include "rpc.h"

#include <inttypes.h>

/* The platform's permissions do not exist in a tenant's schema, so they cannot be granted there. */
bool
rpc_create_group(Call *call, const CreateGroupRequest *request, CreateGroupResponse *response)
{
    const DbRow *unknown;

    if (!call->caller.is_admin && request->group->n_permissions > 0)
        return call_fail(call, CODE_PERMISSION_DENIED, "only an admin may grant permissions");
    if (!db_row(call, &query_permission_unknown, &request->base, NULL, &unknown))
        return false;
    if (unknown != NULL)
        return call_fail_field(call, "group.permissions",
                               "names %.200s, which is no permission of this tenant",
                               db_row_text(unknown, "name"));
    if (!db_fill(call, &query_group_insert, &request->base, NULL, &response->base))
        return false;
    call->target = call_printf(call, "group %" PRId64, response->group->id);
    return true;
}
