/* The registry's answer is kept in the cache under the name that was asked, also that there is none: a host
 * that nobody has costs the database one look, too.  */
#include "route.h"
#include "cache.h"
#include "db.h"
#include "migrate.h"
#include "queries.h"
#include "server_state.h"

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
        .behind = migrate_heads_behind(heads),
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
        tenant->domain_create_us = db_row_time_us(row, "domain_create_time");
    }
    return true;
}

bool
route_find(Call *call, const char *name, bool is_domain, TenantContext *tenant)
{
    Cache *cache = call->server->cache;
    CacheMoment moment = cache_moment(cache);
    const DbRow *row;

    *tenant = (TenantContext){0};
    if (cache_tenant_get(cache, name, tenant) || cache_unknown_get(cache, name))
        return true;
    if (call->db == NULL)
        return call_fail(call, CODE_UNAVAILABLE, "memory does not know this name");
    db_begin(call, DB_READ);
    if (!db_row(call, is_domain ? &query_tenant_by_domain : &query_tenant_by_schema, NULL,
                (DbArg[]){{.name = is_domain ? "domain" : "schema", .text = name}, {0}}, &row))
        return false;
    if (row == NULL) {
        cache_unknown_put(cache, moment, name);
        return true;
    }
    if (!read_tenant(call, row, is_domain, tenant))
        return false;
    cache_tenant_put(cache, moment, name, tenant);
    return true;
}
