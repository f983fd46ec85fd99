/* API keys of a tenant or of the platform: one table of the same name in each, so that the
 * statements are the same.  A key holds names of permissions of its own, not its maker's rights: it
 * goes on when they leave.  By the rules of rights.h nobody makes, changes, rotates or ends a key
 * that may do what they may not; and no key does so at all, so that one who has stolen a key cannot
 * make it last.  */
#include "call/auth.h"
#include "db/bind.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/queries.h"
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

bool
rpc_create_api_key(Call *call, const CreateApiKeyRequest *request, CreateApiKeyResponse *response)
{
    const ApiKey *key = request->api_key;
    const char *creator = call_actor(call);
    char *token = call_alloc(call, AUTH_TOKEN_SIZE);
    uint8_t hash[AUTH_SECRET_HASH_SIZE];

    if (creator == NULL || token == NULL || !check_caller(call) || !check_expire_time(call, key) ||
        !rights_check_key_permissions(call, "api_key.permissions", key->permissions,
                                      key->n_permissions) ||
        !quota_check_api_keys(call, 0) || !db_queue(call, &query_api_key_forget, NULL, NULL) ||
        !auth_token_new(call, AUTH_TOKEN_API_KEY, call->tenant.id, token, hash) ||
        !db_fill(call, &query_api_key_insert, &request->base,
                 (DbArg[]){{.name = "hash", .bytes = hash, .bytes_size = sizeof hash},
                           {.name = "creator", .text = creator},
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
           db_fill(call, &query_rpc_get_api_key, message, NULL, &response->base);
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
        !db_fill(call, &query_rpc_get_api_key, &request->base, NULL, &response->base))
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
           db_fill(call, &query_rpc_get_api_key, &request->base, NULL, &response->base);
}
