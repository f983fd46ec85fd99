/* Who may give what to whom; see rights.h.  Called by the handlers of users, groups and superusers,
 * never by dispatch, which has already decided that the caller holds the permission of the rpc.  */
#include "access/rights.h"
#include "call/text.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool
rights_refuse(Call *call, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    call->failure.is_refused = true;
    return call_fail(call, CODE_PERMISSION_DENIED, "%s", text);
}

bool
rights_lock(Call *call)
{
    return db_queue(call, &query_rights_lock, NULL, NULL);
}

/* What the caller holds, and one more; NULL: no more.  Names of permissions are letters, digits,
 * underscores and a dot, so that there is nothing to quote. */
static const char *
held_and(Call *call, const char *more)
{
    Text array = text_new(call);

    for (const char *held = call->caller.permissions; *held != '\0'; held += strlen(held) + 1)
        text_add_element(&array, "%s", held);
    if (more != NULL)
        text_add_element(&array, "%s", more);
    return text_end_array(&array);
}

const char *
rights_held(Call *call)
{
    return held_and(call, NULL);
}

static const char auth_check[] = "auth.check";

/* What the caller must hold to give a key this permission. */
static const char *
needed_for_key(const Call *call, const char *permission)
{
    return call->tenant.id != 0 && strcmp(permission, auth_check) == 0 ? "users.view_customuser"
                                                                       : permission;
}

const char *
rights_held_for_keys(Call *call)
{
    bool may_check = call->tenant.id != 0 && call_may(call, needed_for_key(call, auth_check));

    return held_and(call, may_check ? auth_check : NULL);
}

bool
rights_check_user(Call *call, int64_t user_id, RightsChange change)
{
    const char *id = call_printf(call, "%" PRId64, user_id), *held = rights_held(call), *beyond;
    const DbRow *user;

    if (id == NULL || held == NULL ||
        !db_row(call, &query_user_guard, NULL,
                (DbArg[]){{.name = "user_id", .text = id}, {.name = "held", .text = held}, {0}},
                &user))
        return false;
    if (user == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no user %" PRId64, user_id);
    if (!call->caller.is_admin) {
        if (db_row_bool(user, "is_admin"))
            return rights_refuse(call, "only an admin may change an admin");
        if (change.is_admin)
            return rights_refuse(call, "only an admin may change is_admin");
        if ((beyond = db_row_text(user, "beyond")) != NULL)
            return rights_refuse(call, "user %" PRId64 " holds %.200s, which the caller does not",
                                 user_id, beyond);
    }
    if (change.goes && db_row_bool(user, "is_admin") && db_row_bool(user, "is_active") &&
        !db_row_bool(user, "has_other_admins"))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "user %" PRId64 " is the tenant's last active admin", user_id);
    return true;
}

bool
rights_check_role(Call *call, const char *role, bool can_create_tenants)
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
rights_check_superuser(Call *call, int64_t superuser_id, bool goes, const DbRow **superuser)
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
    if (role == NULL ||
        !rights_check_role(call, role, db_row_bool(*superuser, "can_create_tenants")))
        return false;
    if (goes && strcmp(role, "owner") == 0 && db_row_bool(*superuser, "is_active") &&
        !db_row_bool(*superuser, "has_other_owners"))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "superuser %" PRId64 " is the platform's last active owner", superuser_id);
    return true;
}

bool
rights_is_platforms(const char *permission)
{
    static const char *const apps[] = {"tenants", "platform",     "demo",
                                       "auth",    "contenttypes", "admin"};
    size_t size = strcspn(permission, ".");

    for (size_t i = 0; i < sizeof apps / sizeof *apps; i++)
        if (strlen(apps[i]) == size && memcmp(apps[i], permission, size) == 0)
            return true;
    return false;
}

/* Whether the tenant, or the platform, has them all. */
static bool
check_known(Call *call, const char *field, const char *const *permissions, size_t count)
{
    bool on_platform = call->tenant.id == 0;
    Text array = text_new(call);
    const char *asked, *unknown;
    const DbRow *row;

    for (size_t i = 0; i < count; i++)
        text_add_element(&array, "%s", permissions[i]);
    if ((asked = text_end_array(&array)) == NULL ||
        !db_row(call, on_platform ? &query_platform_permission_unknown : &query_permission_unknown,
                NULL, (DbArg[]){{.name = "permissions", .text = asked}, {0}}, &row))
        return false;
    unknown = row == NULL ? NULL : db_row_text(row, "name");
    return unknown == NULL ||
           call_fail_field(call, field, "names %.200s, which is not a permission of %s", unknown,
                           on_platform ? "the platform" : "this tenant");
}

static bool
check_not_platforms(Call *call, const char *field, const char *const *permissions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rights_is_platforms(permissions[i]))
            return call_fail_field(
                call, field,
                "names %.200s, which is the platform's and cannot be granted in a tenant",
                permissions[i]);
    return true;
}

static bool
check_held(Call *call, const char *permission, const char *needed)
{
    if (call->caller.is_admin || call_may(call, needed))
        return true;
    return rights_refuse(call, "only a caller who holds %.200s may give or take %s", needed,
                         strcmp(permission, needed) == 0 ? "it" : permission);
}

bool
rights_check_permissions(Call *call, const char *field, char *const *permissions, size_t count)
{
    const char *const *names = (const char *const *) permissions;

    if (count == 0)
        return true;
    if (!check_not_platforms(call, field, names, count) || !check_known(call, field, names, count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!check_held(call, permissions[i], permissions[i]))
            return false;
    return true;
}

bool
rights_check_key_permissions(Call *call, const char *field, char *const *permissions, size_t count)
{
    const char **declared = call_alloc(call, (count + 1) * sizeof *declared);
    size_t declared_count = 0;

    if (declared == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (call->tenant.id == 0 || strcmp(permissions[i], auth_check) != 0)
            declared[declared_count++] = permissions[i];
    if ((call->tenant.id != 0 && !check_not_platforms(call, field, declared, declared_count)) ||
        !check_known(call, field, declared, declared_count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!check_held(call, permissions[i], needed_for_key(call, permissions[i])))
            return false;
    return true;
}
