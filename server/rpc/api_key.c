/* API keys of a tenant or of the platform: one table of the same name in each, so that the
 * statements are the same.  A key holds names of permissions of its own, of which it may use what
 * its maker holds at the time; it ends with its maker, unless --keys-end-with-maker says otherwise.
 * By the rules of rights.h nobody makes, changes, rotates or ends a key that may do what they may
 * not; and no key does so at all, so that one who has stolen a key cannot make it last.  */
#include "call/auth.h"
#include "db/bind.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/queries.h"
#include "access/leave.h"
#include "access/quota.h"
#include "access/rights.h"
#include "rpc/handlers.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>

static bool
check_caller(Call *call)
{
    return call->caller.kind != CALLER_API_KEY ||
           rights_refuse(call, "an API key may not make, change or end API keys");
}

static bool
check_expire_time(Call *call, const ApiKey *key)
{
    if (key->expire_time == NULL || key->expire_time->seconds > clock_unix_us() / 1000000)
        return true;
    return call_fail_field(call, "api_key.expire_time", "must be in the future");
}

/* ---- what they look like ---- */

/* Who may act inside tenants is the platform's to say, and not asked in the middle of a write:
 * staff NULL. */
static bool
fill_keys(Call *call, const Query *query, const ProtobufCMessage *request, int64_t key_id,
          const DbRow *staff, ProtobufCMessage *response)
{
    const char *id = call_printf(call, "%" PRId64, key_id);

    if (id == NULL)
        return false;
    return db_fill(
        call, query, request,
        (DbArg[]){
            {.name = "id", .text = id},
            {.name = "ends", .text = leave_keys_end(call)},
            {.name = "staff_ids", .text = staff ? db_row_text(staff, "staff_ids") : NULL},
            {.name = "staff_ends_us", .text = staff ? db_row_text(staff, "staff_ends_us") : NULL},
            {0}},
        response);
}

static bool
fill_written(Call *call, const ProtobufCMessage *request, int64_t id, ProtobufCMessage *response)
{
    return fill_keys(call, call->tenant.id == 0 ? &query_platform_api_key_get : &query_api_key_get,
                     request, id, NULL, response);
}

static bool
read_staff(Call *call, const DbRow **staff)
{
    TenantContext tenant = db_as_platform(call);

    db_begin(call, DB_READ);

    bool ok = db_row(call, &query_act_makers, NULL, NULL, staff);

    db_as_tenant(call, &tenant);
    db_begin(call, DB_READ);
    return ok;
}

bool
rpc_get_api_key(Call *call, const GetApiKeyRequest *request, GetApiKeyResponse *response)
{
    const DbRow *staff;

    if (call->tenant.id == 0)
        return fill_keys(call, &query_platform_api_key_get, &request->base, request->id, NULL,
                         &response->base);
    return read_staff(call, &staff) &&
           fill_keys(call, &query_api_key_get, &request->base, request->id, staff, &response->base);
}

bool
rpc_list_api_keys(Call *call, const ListApiKeysRequest *request, ListApiKeysResponse *response)
{
    const DbRow *staff;

    if (call->tenant.id == 0)
        return fill_keys(call, &query_platform_api_keys, &request->base, 0, NULL, &response->base);
    return read_staff(call, &staff) &&
           fill_keys(call, &query_api_keys, &request->base, 0, staff, &response->base);
}

/* ---- how they change ---- */

bool
rpc_create_api_key(Call *call, const CreateApiKeyRequest *request, CreateApiKeyResponse *response)
{
    const ApiKey *key = request->api_key;
    const char *creator = call_actor(call);
    const char *maker_id = call_printf(call, "%" PRId64, caller_number(&call->caller));
    bool is_new = call->tenant.id == 0 || call->tenant.users_head >= LEAVE_HEAD_MAKERS;
    char *token = call_alloc(call, AUTH_TOKEN_SIZE);
    uint8_t hash[AUTH_SECRET_HASH_SIZE];

    if (creator == NULL || maker_id == NULL || token == NULL || !check_caller(call) ||
        !check_expire_time(call, key) ||
        !rights_check_key_permissions(call, "api_key.permissions", key->permissions,
                                      key->n_permissions) ||
        !quota_check_api_keys(call, 0) || !db_queue(call, &query_api_key_forget, NULL, NULL) ||
        !auth_token_new(call, AUTH_TOKEN_API_KEY, call->tenant.id, token, hash) ||
        !db_fill(call, is_new ? &query_api_key_insert : &query_api_key_insert_before,
                 &request->base,
                 (DbArg[]){{.name = "hash", .bytes = hash, .bytes_size = sizeof hash},
                           {.name = "creator", .text = creator},
                           {.name = "maker_kind", .text = caller_kind_name(call->caller.kind)},
                           {.name = "maker_id", .text = maker_id},
                           {0}},
                 &response->base))
        return false;
    response->token = token;
    call->target = call_printf(call, "api key %" PRId64, response->api_key->id);
    return true;
}

/* Locks the key's row; whoever calls may change it.  The key must not be revoked, unless it is
 * about to be. */
static bool
lock_key(Call *call, int64_t key_id, bool may_be_revoked, const DbRow **key)
{
    const char *id = call_printf(call, "%" PRId64, key_id), *held = rights_held_for_keys(call),
               *beyond;

    call->target = call_printf(call, "api key %" PRId64, key_id);
    if (id == NULL || held == NULL || !check_caller(call) ||
        !db_row(call, &query_api_key_guard, NULL,
                (DbArg[]){{.name = "id", .text = id}, {.name = "held", .text = held}, {0}}, key))
        return false;
    if (*key == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no API key %" PRId64, key_id);
    beyond = db_row_text(*key, "beyond");
    if (!call->caller.is_admin && beyond != NULL)
        return rights_refuse(call, "the API key holds %.200s, which the caller does not", beyond);
    if (!may_be_revoked && db_row_bool(*key, "is_revoked"))
        return call_fail(call, CODE_FAILED_PRECONDITION, "API key %" PRId64 " is revoked", key_id);
    return true;
}

bool
rpc_update_api_key(Call *call, const UpdateApiKeyRequest *request, UpdateApiKeyResponse *response)
{
    const ProtobufCMessage *message = &request->base;
    const ApiKey *new = request->api_key;
    bool permissions = bind_mask(message, "api_key.permissions");
    bool expire_time = bind_mask(message, "api_key.expire_time");
    const DbRow *key;

    if ((expire_time && !check_expire_time(call, new)) ||
        !lock_key(call, request->id, false, &key) ||
        (permissions && !rights_check_key_permissions(call, "api_key.permissions", new->permissions,
                                                      new->n_permissions)) ||
        (expire_time && db_row_bool(key, "is_expired") && !quota_check_api_keys(call, request->id)))
        return false;
    return db_queue(call, &query_api_key_update, message, NULL) &&
           fill_written(call, message, request->id, &response->base);
}

bool
rpc_rotate_api_key(Call *call, const RotateApiKeyRequest *request, RotateApiKeyResponse *response)
{
    char *token = call_alloc(call, AUTH_TOKEN_SIZE);
    uint8_t hash[AUTH_SECRET_HASH_SIZE];
    const DbRow *key;

    if (token == NULL || !lock_key(call, request->id, false, &key))
        return false;
    if (db_row_bool(key, "is_expired"))
        return call_fail(call, CODE_FAILED_PRECONDITION, "API key %" PRId64 " has expired",
                         request->id);
    if (!auth_token_new(call, AUTH_TOKEN_API_KEY, call->tenant.id, token, hash) ||
        !db_queue(call, &query_api_key_rotate, &request->base,
                  (DbArg[]){{.name = "hash", .bytes = hash, .bytes_size = sizeof hash}, {0}}) ||
        !fill_written(call, &request->base, request->id, &response->base))
        return false;
    response->token = token;
    return true;
}

bool
rpc_revoke_api_key(Call *call, const RevokeApiKeyRequest *request, RevokeApiKeyResponse *response)
{
    const DbRow *key;

    return lock_key(call, request->id, true, &key) &&
           db_queue(call, &query_api_key_revoke, &request->base, NULL) &&
           fill_written(call, &request->base, request->id, &response->base);
}
