/* The registry's answer is kept in the cache under the name that was asked for, also when there is
 * no such tenant: so asking again and again for a host that nobody has costs the database one look.
 */
#include "access/route.h"
#include "access/cache.h"
#include "call/metrics.h"
#include "db/db.h"
#include "migration/heads.h"
#include "db/queries.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool
read_tenant(Call *call, const DbRow *row, bool is_domain, TenantContext *tenant)
{
    const char *schema = db_row_text(row, "schema_name"), *role = db_row_text(row, "role");
    const char *state = db_row_text(row, "state"), *heads = db_row_text(row, "heads");

    if (schema == NULL || role == NULL || state == NULL || heads == NULL)
        return call_fail(call, CODE_INTERNAL, "the tenant's registry row is incomplete");
    *tenant = (TenantContext){
        .id = db_row_int64(row, "id"),
        .behind = heads_behind(heads),
        .users_head = heads_number(heads, "users"),
        .limits =
            {
                .users = (uint32_t) db_row_int64(row, "max_users"),
                .api_keys = (uint32_t) db_row_int64(row, "max_api_keys"),
                .requests_per_second = (uint32_t) db_row_int64(row, "max_requests_per_second"),
                .statement_ms = (uint32_t) db_row_int64(row, "max_statement_ms"),
            },
    };
    snprintf(tenant->schema, sizeof tenant->schema, "%s", schema);
    snprintf(tenant->role, sizeof tenant->role, "%s", role);
    snprintf(tenant->state, sizeof tenant->state, "%s", state);
    if (is_domain) {
        snprintf(tenant->domain_kind, sizeof tenant->domain_kind, "%s", db_row_text(row, "kind"));
        tenant->domain_is_primary = db_row_bool(row, "is_primary");
        tenant->domain_is_verified = db_row_bool(row, "domain_is_verified");
        tenant->domain_create_us = db_row_time_us(row, "domain_create_time");
    }
    /* what a wrong statement says must not be remembered */
    return !call->has_defect;
}

/* By a statement with one argument, remembered under the key. */
static bool
find_remembered(Call *call, const char *key, const Query *query, DbArg arg, TenantContext *tenant)
{
    Cache *cache = call->core->cache;
    CacheMoment moment = cache_moment(cache);
    const DbRow *row;

    *tenant = (TenantContext){0};
    if (cache_tenant_get(cache, key, tenant) || cache_unknown_get(cache, key)) {
        metrics_add(call->core->metrics, METRIC_TENANT_HIT);
        return true;
    }
    if (call->db == NULL)
        return call_fail(call, CODE_UNAVAILABLE, "memory does not know this name");
    metrics_add(call->core->metrics, METRIC_TENANT_MISS);
    db_begin(call, DB_READ);
    if (!db_row(call, query, NULL, (DbArg[]){arg, {0}}, &row))
        return false;
    if (row == NULL) {
        cache_unknown_put(cache, moment, key);
        return true;
    }
    if (!read_tenant(call, row, query == &query_tenant_by_domain, tenant))
        return false;
    cache_tenant_put(cache, moment, key, tenant);
    return true;
}

static bool
look_up(Call *call, const char *name, bool is_domain, TenantContext *tenant)
{
    if (is_domain)
        return find_remembered(call, name, &query_tenant_by_domain,
                               (DbArg){.name = "domain", .text = name}, tenant);
    return find_remembered(call, name, &query_tenant_by_schema,
                           (DbArg){.name = "schema", .text = name}, tenant);
}

/* Which record is missing is read now, not remembered: a call that fails may take its time. */
static bool
fail_unproved(Call *call, const char *host)
{
    const DbRow *row;

    if (call->db == NULL)
        return call_fail(call, CODE_UNAVAILABLE, "memory does not know the record");
    db_begin(call, DB_READ);
    if (!db_row(call, &query_domain_state, NULL,
                (DbArg[]){{.name = "domain", .text = host}, {.name = "schema", .text = ""}, {0}},
                &row))
        return false;
    return call_fail(
        call, CODE_FAILED_PRECONDITION,
        "the domain %s is not verified: its TXT record %s is missing; domain dns %s shows it", host,
        row != NULL ? db_row_text(row, "txt_name") : "", host);
}

bool
route_find(Call *call, const char *name, bool is_domain, TenantContext *tenant)
{
    if (!look_up(call, name, is_domain, tenant))
        return false;
    return tenant->id == 0 || !is_domain || tenant->domain_is_verified || fail_unproved(call, name);
}

bool
route_find_id(Call *call, int64_t id, TenantContext *tenant)
{
    /* # cannot stand in the name of a schema or a host */
    const char *key = call_printf(call, "#%" PRId64, id);

    return key != NULL && find_remembered(call, key, &query_tenant_by_id,
                                          (DbArg){.name = "id", .text = key + 1}, tenant);
}

bool
route_is_there(const TenantContext *tenant)
{
    return strcmp(tenant->state, "active") == 0 || strcmp(tenant->state, "suspended") == 0;
}

bool
route_fail_unknown(Call *call, const char *name, bool is_domain)
{
    return call_fail(call, CODE_NOT_FOUND, "no tenant %s %.100s",
                     is_domain ? "for the domain" : "with the schema", name);
}

/* The reason is read now, not remembered: a call that fails may take its time. */
static bool
fail_suspended(Call *call, const TenantContext *tenant)
{
    const DbRow *row;

    if (call->db == NULL)
        return call_fail(call, CODE_UNAVAILABLE, "memory does not know the reason");
    db_begin(call, DB_READ);
    if (!db_row(call, &query_tenant_by_schema, NULL,
                (DbArg[]){{.name = "schema", .text = tenant->schema}, {0}}, &row))
        return false;

    const char *reason = row != NULL ? db_row_text(row, "suspend_reason") : NULL;

    return call_fail(call, CODE_FAILED_PRECONDITION, "the tenant %s is suspended%s%s",
                     tenant->schema, reason != NULL && reason[0] != '\0' ? ": " : "",
                     reason != NULL ? reason : "");
}

bool
route_check_open(Call *call, const TenantContext *tenant)
{
    const HeadsBehind *behind = &tenant->behind;

    if (strcmp(tenant->state, "suspended") == 0)
        return fail_suspended(call, tenant);
    return behind->app == NULL ||
           call_fail(call, CODE_FAILED_PRECONDITION,
                     "the schema %s has app %s at %04u, this server needs %04u: "
                     "ciq-client migrate --tenant --schema %s",
                     tenant->schema, behind->app, behind->have, behind->need, tenant->schema);
}
