/* Counting is serialised by an advisory lock of the tenant, because the rows that are counted do
 * not exist yet. Called by handlers, in the tenant's transaction.  */
#include "access/quota.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>

static bool
check_count(Call *call, const Query *count, int64_t id, const char *limit_name, uint32_t limit)
{
    const char *except = call_printf(call, "%" PRId64, id);
    const DbRow *row;

    if (limit == 0)
        return true;
    if (except == NULL || !db_queue(call, &query_quota_lock, NULL, NULL) ||
        !db_row(call, count, NULL, (DbArg[]){{.name = "except", .text = except}, {0}}, &row))
        return false;
    if (row != NULL && db_row_int64(row, "count") < (int64_t) limit)
        return true;
    return call_fail(call, CODE_RESOURCE_EXHAUSTED,
                     "%s of the tenant is %" PRIu32 ", and there are that many already", limit_name,
                     limit);
}

bool
quota_check_copied(Call *call, int64_t users_max)
{
    const DbRow *row;

    if (users_max == 0)
        return true;
    if (!db_row(call, &query_quota_users, NULL, (DbArg[]){{.name = "except", .text = "0"}, {0}},
                &row))
        return false;
    if (row != NULL && db_row_int64(row, "count") <= users_max)
        return true;
    return call_fail(call, CODE_RESOURCE_EXHAUSTED,
                     "max_users of the tenant is %" PRId64 ", and %" PRId64
                     " users would be active",
                     users_max, row == NULL ? 0 : db_row_int64(row, "count"));
}

bool
quota_check_api_keys(Call *call, int64_t id)
{
    return check_count(call, &query_quota_api_keys, id, "max_api_keys",
                       call->tenant.limits.api_keys);
}

bool
quota_check_users(Call *call, int64_t id)
{
    return check_count(call, &query_quota_users, id, "max_users", call->tenant.limits.users);
}
