/* A tenant like another one, made in one transaction of the owner's.  Tables, keys and grants come
 * from the source's own migrations, run again; only rows are copied.  */
#include "rpc/handlers.h"
#include "tenant/registry.h"
#include "call/auth.h"
#include "migration/migrate.h"
#include "migration/heads.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "access/quota.h"
#include "tenant/rows.h"

#include <inttypes.h>
#include <string.h>

typedef struct Source {
    int64_t id;
    const char *schema, *heads;
} Source;

static bool
check_request(Call *call, const CloneTenantRequest *request)
{
    if (!registry_check_which(call, request->id, request->schema_name))
        return false;
    if (request->with_rows && request->admin_email[0] != '\0')
        return call_fail_field(call, "admin_email", "must be empty: the users come with the rows");
    if (request->with_rows && request->admin_password[0] != '\0')
        return call_fail_field(call, "admin_password", "must be empty: users keep their passwords");
    if (!request->with_rows && request->admin_email[0] == '\0')
        return call_fail_field(call, "admin_email", "is required for a clone without rows");
    return true;
}

/* The registry may know of migrations that this server has no file of. */
static bool
check_known(Call *call, const Source *source)
{
    const Apps *apps = call->core->apps;
    const char *id = call_printf(call, "%" PRId64, source->id);
    char *unknown, *slash;
    const DbRow *row;

    if (id == NULL ||
        !db_row(call, &query_drift_tenant, NULL,
                (DbArg[]){{.name = "id", .text = id}, {.name = "newest", .text = apps->heads}, {0}},
                &row))
        return false;
    if (row == NULL || db_row_text(row, "unknown") == NULL)
        return true;
    unknown = call_strdup(call, db_row_text(row, "unknown"));
    if (unknown == NULL || (slash = strchr(unknown, '/')) == NULL)
        return false;
    *slash = '\0';
    return heads_fail_unknown(call, &apps->tenant, unknown, slash + 1);
}

/* What the source has applied, if this server can make all of it: by its ledger, since the registry
 * knows nothing of files that were changed. */
static bool
read_heads(Call *call, Source *source)
{
    const char *path = db_path(call, source->schema);
    LedgerRow *rows;
    size_t count;

    if (path == NULL ||
        !db_queue(call, &query_path, NULL, (DbArg[]){{.name = "search_path", .text = path}, {0}}))
        return false;
    if (!ledger_read(call, &rows, &count))
        return false;
    return heads_of_ledger(call, &call->core->apps->tenant, rows, count, &source->heads) &&
           db_queue(call, &query_path_public, NULL, NULL);
}

/* Locked: nobody migrates, renames or deletes the source while it is read. */
static bool
lock_source(Call *call, const CloneTenantRequest *request, Source *source)
{
    const DbRow *row;
    const char *state;

    if (!registry_lock(call, &request->base, request->id, request->schema_name, &row))
        return false;
    state = db_row_text(row, "state");
    if (strcmp(state, "active") != 0 && strcmp(state, "suspended") != 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the tenant %s is %s, not active or suspended", db_row_text(row, "name"),
                         state);
    *source = (Source){
        .id = db_row_int64(row, "id"),
        .schema = db_row_text(row, "schema_name"),
    };
    return check_known(call, source) && read_heads(call, source);
}

/* What the registry says of the source, under new names. */
static bool
register_clone(Call *call, const CloneTenantRequest *request, const Source *source, NewTenant *made)
{
    CreateTenantRequest create = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;

    if (!registry_fill(call, source->id, &create.tenant))
        return false;
    create.tenant->schema_name = request->new_schema_name;
    if (request->new_name[0] != '\0')
        create.tenant->name = request->new_name;
    create.domain = request->domain;
    return registry_add(call, &create, source->heads, made);
}

static bool
check_users_max(Call *call, const char *schema)
{
    const DbRow *row;

    if (!db_row(call, &query_tenant_by_schema, NULL,
                (DbArg[]){{.name = "schema", .text = schema}, {0}}, &row))
        return false;
    return quota_check_copied(call, row == NULL ? 0 : db_row_int64(row, "max_users"));
}

static bool
copy_rows(Call *call, const char *from, const char *schema)
{
    return rows_check_source(call, from, schema, false) && rows_clone(call, from, schema) &&
           check_users_max(call, schema);
}

static bool
make_admin(Call *call, const CloneTenantRequest *request, const char *hash)
{
    return db_queue(call, &query_admin_insert, &request->base,
                    (DbArg[]){{.name = "password", .text = hash}, {0}});
}

/* As with CreateTenant, only a hash is made before the first statement. */
bool
rpc_clone_tenant(Call *call, const CloneTenantRequest *request, CloneTenantResponse *response)
{
    const char *password = request->admin_password;
    char hash[AUTH_HASH_SIZE];
    Source source = {0};
    NewTenant made;

    if (!check_request(call, request))
        return false;
    if (!request->with_rows && password[0] == '\0' &&
        (password = auth_password_random(call)) == NULL)
        return false;
    if (!request->with_rows && !auth_hash(call, password, hash))
        return false;
    if (!lock_source(call, request, &source) ||
        (request->with_rows && !rows_check_carried(call, source.schema)) ||
        !register_clone(call, request, &source, &made) ||
        !migrate_tenant_at(call, request->new_schema_name, made.role, source.heads))
        return false;
    if (request->with_rows ? !copy_rows(call, source.schema, request->new_schema_name)
                           : !make_admin(call, request, hash))
        return false;
    if (password != request->admin_password)
        response->admin_password = (char *) (uintptr_t) password;
    call->target = call_printf(call, "tenant %" PRId64 " like tenant %" PRId64, made.id, source.id);
    return db_queue(call, &query_path_public, NULL, NULL) &&
           registry_fill(call, made.id, &response->tenant);
}
