/* See leave.h.  A tenant whose app users is older has no links or no makers of keys yet. */
#include "access/leave.h"
#include "db/db.h"
#include "db/queries.h"

#include <string.h>

enum { HEAD_LINKS = 3 };

static bool
keys_end(const Call *call)
{
    return strcmp(call->core->config->keys_end_with_maker, "on") == 0;
}

const char *
leave_keys_end(const Call *call)
{
    return keys_end(call) ? "true" : "false";
}

bool
leave_user_address(Call *call, const ProtobufCMessage *request)
{
    return call->tenant.users_head < HEAD_LINKS || db_queue(call, &query_tokens_end, request, NULL);
}

static bool
end_user_keys(Call *call, const ProtobufCMessage *request)
{
    return !keys_end(call) || call->tenant.users_head < LEAVE_HEAD_MAKERS ||
           db_queue(call, &query_user_keys_end, request, NULL);
}

bool
leave_user_inactive(Call *call, const ProtobufCMessage *request)
{
    return db_queue(call, &query_user_sessions_end, request, NULL) &&
           leave_user_address(call, request) && end_user_keys(call, request);
}

bool
leave_user_delete(Call *call, const ProtobufCMessage *request)
{
    if (!keys_end(call) && call->tenant.users_head >= LEAVE_HEAD_MAKERS &&
        !db_queue(call, &query_user_keys_cut, request, NULL))
        return false;
    return db_queue(call, &query_user_delete, request, NULL) && end_user_keys(call, request);
}

bool
leave_superuser_right(Call *call, const ProtobufCMessage *request)
{
    return db_queue(call, &query_superuser_act_end, request, NULL) &&
           db_queue(call, &query_act_sessions_end_of, request, NULL);
}

static bool
end_platform_keys(Call *call, const ProtobufCMessage *request)
{
    return !keys_end(call) || db_queue(call, &query_platform_keys_end, request, NULL);
}

bool
leave_superuser_inactive(Call *call, const ProtobufCMessage *request)
{
    return db_queue(call, &query_superuser_sessions_end, request, NULL) &&
           db_queue(call, &query_platform_tokens_end, request, NULL) &&
           leave_superuser_right(call, request) && end_platform_keys(call, request);
}

bool
leave_superuser_delete(Call *call, const ProtobufCMessage *request)
{
    return (keys_end(call) || db_queue(call, &query_platform_keys_cut, request, NULL)) &&
           db_queue(call, &query_superuser_delete, request, NULL) &&
           end_platform_keys(call, request);
}
