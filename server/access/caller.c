/* What was read is kept by cache.c, which forgets it when anything of the tenant's users or keys
 * changes.  */
#include "access/caller.h"
#include "access/cache.h"
#include "call/metrics.h"
#include "access/leave.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/queries.h"
#include "access/usage.h"

#include <inttypes.h>
#include <string.h>

/* "a\nb" becomes a list as in Caller.permissions. */
static const char *
permissions_list(Call *call, const char *lines)
{
    size_t size = strlen(lines);
    char *list = call_alloc(call, size + 2);

    if (list == NULL)
        return NULL;
    memcpy(list, lines, size);
    for (size_t i = 0; i < size; i++)
        if (list[i] == '\n')
            list[i] = '\0';
    return list;
}

static const char *
column_text(const DbRow *row, const char *column)
{
    const char *text = db_row_text(row, column);

    return text != NULL ? text : "";
}

/* The row of this secret and the permissions in it; *row NULL: there is none.  Its left_us is how
 * long the secret is still good when the database answers; added to a time before the question, it
 * ends no later than there. */
static bool
read_row(Call *call, const Query *query, const AuthToken *token, const DbRow **row,
         const char **permissions)
{
    if (call->db == NULL)
        return call_fail(call, CODE_UNAVAILABLE, "memory does not know whose the token is");
    db_begin(call, DB_READ);
    if (!db_row(call, query, NULL,
                (DbArg[]){{.name = "hash", .bytes = token->hash, .bytes_size = sizeof token->hash},
                          {.name = "ends", .text = leave_keys_end(call)},
                          {0}},
                row))
        return false;
    if (*row == NULL)
        return true;
    *permissions = permissions_list(call, column_text(*row, "permissions"));
    return *permissions != NULL;
}

/* Somebody uses the session, whoever asks about it: its end moves. */
static void
note_use(Call *call, const Caller *caller)
{
    usage_note(call->core->usage, USAGE_SESSION, call->tenant.id, caller->session_id);
}

static bool
in_memory(Call *call, const AuthToken *token, Caller *caller)
{
    bool found = cache_session_get(call->core->cache, call, token, caller);

    if (found)
        metrics_add(call->core->metrics, METRIC_SESSION_HIT);
    else if (call->db != NULL) /* a worker asks the database then */
        metrics_add(call->core->metrics, METRIC_SESSION_MISS);
    return found;
}

static bool
find_session(Call *call, const AuthToken *token, Caller *caller, bool *found)
{
    Cache *cache = call->core->cache;
    bool on_platform = call->tenant.id == 0;
    CacheMoment moment = cache_moment(cache);
    const char *permissions;
    const DbRow *row;

    *found = in_memory(call, token, caller);
    if (*found) {
        note_use(call, caller);
        return true;
    }

    int64_t asked_us = clock_us(), left_us;

    if (!read_row(call, on_platform ? &query_session_superuser : &query_session_user, token, &row,
                  &permissions))
        return false;
    if (row == NULL)
        return true;
    *caller = (Caller){
        .kind = on_platform ? CALLER_SUPERUSER : CALLER_USER,
        .id = db_row_int64(row, "user_id"),
        .session_id = db_row_int64(row, "session_id"),
        .is_admin = db_row_bool(row, "is_admin"),
        .email = column_text(row, "email"),
        .permissions = permissions,
    };
    left_us = db_row_int64(row, "left_us");
    if (call->has_defect) /* what a wrong statement says must not be remembered */
        return false;
    cache_session_put(cache, moment, token, caller, asked_us + left_us);
    *found = true;
    note_use(call, caller);
    return true;
}

/* Whether the superuser who made a key under Act as may still act inside tenants, and might all the
 * time since. */
static bool
check_staff(Call *call, const DbRow *key, bool *found)
{
    const char *superuser_id = call_printf(call, "%" PRId64, db_row_int64(key, "superuser_id"));
    const DbRow *maker;

    if (superuser_id == NULL)
        return false;

    TenantContext tenant = db_as_platform(call);

    db_begin(call, DB_READ);

    bool ok = db_row(call, &query_act_maker, NULL,
                     (DbArg[]){{.name = "superuser_id", .text = superuser_id},
                               {.name = "create_us", .text = column_text(key, "create_us")},
                               {0}},
                     &maker);

    db_as_tenant(call, &tenant);
    *found = ok && maker != NULL;
    return ok;
}

static bool
read_key(Call *call, const AuthToken *token, Caller *caller, bool *found)
{
    Cache *cache = call->core->cache;
    CacheMoment moment = cache_moment(cache);
    int64_t asked_us = clock_us();
    const char *permissions;
    const DbRow *row;

    if (!read_row(call,
                  call->tenant.id == 0 ? &query_platform_api_key_caller : &query_api_key_caller,
                  token, &row, &permissions))
        return false;
    if (row == NULL)
        return true;

    Caller key = {
        .kind = CALLER_API_KEY,
        .id = db_row_int64(row, "id"),
        .is_staffs = db_row_int64(row, "superuser_id") != 0,
        .email = "",
        .permissions = permissions,
    };
    int64_t left_us = db_row_int64(row, "left_us");

    if (call->has_defect || (key.is_staffs && !check_staff(call, row, found)))
        return false;
    if (key.is_staffs && !*found)
        return true;
    cache_session_put(cache, moment, token, &key, asked_us + left_us);
    *caller = key;
    *found = true;
    return true;
}

static bool
find_key(Call *call, const AuthToken *token, Caller *caller, bool *found)
{
    *found = in_memory(call, token, caller);
    if (!*found && !read_key(call, token, caller, found))
        return false;
    if (*found)
        usage_note(call->core->usage, USAGE_KEY, call->tenant.id, caller->id);
    return true;
}

/* Never from memory: the session is the platform's, and so are the reasons for which it ends. */
static bool
find_act_as(Call *call, const AuthToken *token, Caller *caller, bool *found)
{
    const char *tenant_id = call_printf(call, "%" PRId64, call->tenant.id);
    const DbRow *session, *held;

    *found = false;
    if (tenant_id == NULL)
        return false;
    if (call->db == NULL)
        return call_fail(call, CODE_UNAVAILABLE, "memory does not know whose the token is");

    TenantContext tenant = db_as_platform(call);

    db_begin(call, DB_READ);

    bool ok =
        db_row(call, &query_act_session, NULL,
               (DbArg[]){{.name = "hash", .bytes = token->hash, .bytes_size = sizeof token->hash},
                         {.name = "tenant_id", .text = tenant_id},
                         {0}},
               &session);

    db_as_tenant(call, &tenant);
    if (!ok)
        return false;
    if (session == NULL)
        return true;
    db_begin(call, DB_READ);
    if (!db_row(call, &query_act_permissions, NULL, NULL, &held))
        return false;

    const char *permissions =
        permissions_list(call, held != NULL ? column_text(held, "permissions") : "");

    if (permissions == NULL)
        return false;
    *caller = (Caller){
        .kind = CALLER_ACT_AS,
        .superuser_id = db_row_int64(session, "superuser_id"),
        .is_admin = true,
        .email = column_text(session, "email"),
        .permissions = permissions,
    };
    *found = true;
    return true;
}

bool
caller_of_token(Call *call, const AuthToken *token, Caller *caller, bool *found)
{
    *found = false;
    if (token->tenant_id != call->tenant.id)
        return true;
    switch (token->kind) {
    case AUTH_TOKEN_SESSION:
        return find_session(call, token, caller, found);
    case AUTH_TOKEN_API_KEY:
        return find_key(call, token, caller, found);
    case AUTH_TOKEN_ACT_AS:
        return find_act_as(call, token, caller, found);
    case AUTH_TOKEN_LINK:
        break;
    }
    return true;
}
