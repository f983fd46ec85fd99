/* CheckPermission: from memory when warm, so that it runs in the listener and call has no database.
 * What a user may do and why is one string, their facts: each permission that exists, its reasons,
 * an empty string; and an empty string at the end.  A user who is not active has none.  */
#include "call/auth.h"
#include "call/text.h"
#include "access/cache.h"
#include "call/metrics.h"
#include "access/caller.h"
#include "db/db.h"
#include "db/queries.h"
#include "access/realm.h"
#include "access/rights.h"
#include "access/route.h"
#include "rpc/handlers.h"

#include <inttypes.h>
#include <string.h>

enum { PAGES_MAX = 16 }; /* of LIMIT_PAGE permissions; more than a realm will ever have */

/* ---- whose permissions ---- */

static bool
fail_no_session(Call *call)
{
    return call_fail(call, CODE_NOT_FOUND,
                     "the session of session_token has ended or does not exist");
}

/* The user of a session.  Its token names its tenant: on a tenant it must be that one; without one
 * it is found there, and call->tenant becomes it. */
static bool
find_subject_session(Call *call, const char *token, int64_t *user_id)
{
    AuthToken read;
    TenantContext tenant;
    Caller subject;
    bool found;

    if (!auth_token_read(token, &read) || read.kind != AUTH_TOKEN_SESSION)
        return call_fail_field(call, "session_token", "is not the token of a session");
    if (read.tenant_id != call->tenant.id) {
        if (call->tenant.id != 0) {
            call->failure.is_refused = true;
            return fail_no_session(call);
        }
        if (!route_find_id(call, read.tenant_id, &tenant))
            return false;
        if (!route_is_there(&tenant))
            return fail_no_session(call);
        if (!route_check_open(call, &tenant))
            return false;
        call->tenant = tenant;
    }
    if (!caller_of_token(call, &read, &subject, &found))
        return false;
    *user_id = subject.id;
    return found || fail_no_session(call);
}

/* ---- their facts ---- */

/* With its NUL, behind which the next one begins. */
static void
add_fact(Text *facts, const char *fact)
{
    text_add_bytes(facts, fact, strlen(fact) + 1);
}

static void
add_facts(Text *facts, const UserPermission *held, const char *group)
{
    add_fact(facts, held->permission);
    if (held->by_admin)
        add_fact(facts, "admin");
    for (size_t i = 0; i < held->n_groups; i++) {
        text_add_bytes(facts, group, strlen(group));
        add_fact(facts, held->groups[i]);
    }
    if (held->direct)
        add_fact(facts, "direct");
    add_fact(facts, "");
}

static bool
read_facts(Call *call, int64_t user_id, const char **facts, size_t *size)
{
    bool on_platform = call->tenant.id == 0;
    ListUserPermissionsRequest request = CLIENTIQ__V1__LIST_USER_PERMISSIONS_REQUEST__INIT;
    ListUserPermissionsResponse page;
    Text text = text_new(call);
    size_t pages = 0;

    request.user_id = user_id;
    request.page_size = LIMIT_PAGE;
    do {
        if (pages++ == PAGES_MAX)
            return call_fail(call, CODE_RESOURCE_EXHAUSTED,
                             "there are more permissions than can be checked");
        clientiq__v1__list_user_permissions_response__init(&page);
        if (!db_fill(call, on_platform ? &query_superuser_permissions : &query_user_permissions,
                     &request.base, (DbArg[]){{.name = "all", .text = "true"}, {0}}, &page.base))
            return false;
        for (size_t i = 0; i < page.n_permissions; i++)
            add_facts(&text, page.permissions[i], on_platform ? "role " : "group ");
        request.page_token = page.next_page_token;
    } while (request.page_token[0] != '\0');
    /* an active user has at least the permissions that they do not hold; so there is no such user,
     * or the user is not active */
    if (text.size == 0 && !realm_check_exists(call, &request.base, user_id))
        return false;
    add_fact(&text, "");
    *facts = text_end(&text);
    *size = text.size;
    return *facts != NULL;
}

static bool
find_facts(Call *call, int64_t user_id, const char **facts)
{
    Cache *cache = call->core->cache;
    CacheMoment moment = cache_moment(cache);
    size_t size = 0;

    if (cache_facts_get(cache, call, call->tenant.id, user_id, facts)) {
        metrics_add(call->core->metrics, METRIC_FACTS_HIT);
        return true;
    }
    if (call->db == NULL)
        return call_fail(call, CODE_UNAVAILABLE, "memory does not know what this user may do");
    metrics_add(call->core->metrics, METRIC_FACTS_MISS);
    db_begin(call, DB_READ);
    if (!read_facts(call, user_id, facts, &size))
        return false;
    cache_facts_put(cache, moment, call->tenant.id, user_id, *facts, size);
    return true;
}

/* ---- the answer ---- */

/* The reasons behind a permission's name; NULL: there is no such permission. */
static const char *
reasons_of(const char *facts, const char *permission)
{
    while (*facts != '\0') {
        const char *reasons = facts + strlen(facts) + 1;

        if (strcmp(facts, permission) == 0)
            return reasons;
        for (facts = reasons; *facts != '\0';)
            facts += strlen(facts) + 1;
        facts++;
    }
    return NULL;
}

static bool
add_reason(Call *call, PermissionCheck *check, const char *reason)
{
    if (check->reasons == NULL)
        check->reasons = call_alloc(call, sizeof *check->reasons);
    if (check->reasons == NULL)
        return false;
    check->reasons[check->n_reasons++] = (char *) (uintptr_t) reason;
    return true;
}

static bool
check_permission(Call *call, const char *facts, char *permission, PermissionCheck *check)
{
    const char *reasons = reasons_of(facts, permission);
    size_t count = 0;

    clientiq__v1__permission_check__init(check);
    check->permission = permission;
    if (facts[0] == '\0')
        return add_reason(call, check, "the user is not active");
    if (reasons == NULL)
        return add_reason(call, check,
                          call->tenant.id != 0 && rights_is_platforms(permission)
                              ? "a permission of the platform"
                              : "no such permission");
    if (reasons[0] == '\0')
        return add_reason(call, check, "not granted");
    for (const char *reason = reasons; *reason != '\0'; reason += strlen(reason) + 1)
        count++;
    check->reasons = call_alloc(call, count * sizeof *check->reasons);
    if (check->reasons == NULL)
        return false;
    for (const char *reason = reasons; *reason != '\0'; reason += strlen(reason) + 1)
        check->reasons[check->n_reasons++] = (char *) (uintptr_t) reason;
    check->allowed = true;
    return true;
}

static bool
check_permissions(Call *call, const CheckPermissionRequest *request,
                  CheckPermissionResponse *response)
{
    int64_t user_id = 0;
    bool by_session =
        request->subject_case == CLIENTIQ__V1__CHECK_PERMISSION_REQUEST__SUBJECT_SESSION_TOKEN;
    PermissionCheck *checks = call_alloc(call, request->n_permissions * sizeof *checks);
    const char *facts;

    response->checks = call_alloc(call, request->n_permissions * sizeof *response->checks);
    if (checks == NULL || response->checks == NULL)
        return false;
    if (!by_session)
        user_id = request->user_id != 0 ? request->user_id : caller_account_id(&call->caller);
    else if (!find_subject_session(call, request->session_token, &user_id))
        return false;
    if (!find_facts(call, user_id, &facts))
        return false;
    response->user_id = user_id;
    response->tenant_id = call->tenant.id;
    response->schema_name = call_strdup(call, call->tenant.schema);
    for (size_t i = 0; i < request->n_permissions; i++) {
        if (!check_permission(call, facts, request->permissions[i], &checks[i]))
            return false;
        response->checks[response->n_checks++] = &checks[i];
    }
    return response->schema_name != NULL;
}

bool
rpc_check_permission(Call *call, const CheckPermissionRequest *request,
                     CheckPermissionResponse *response)
{
    TenantContext called = call->tenant;
    bool ok = check_permissions(call, request, response);

    /* the log and the audit are about where it was asked */
    call->tenant = called;
    return ok;
}
