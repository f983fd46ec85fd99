/* VerifySchema: compares what is in tenants' schemas with what their migrations make, by
 * pg_catalog's words for both.  Each tenant is compared with its own heads, so one that is behind
 * is not taken for damaged.  What the migrations make is made in a scratch schema, once for all
 * tenants of a page with the same heads, in a transaction that is always rolled back.  Nothing here
 * repairs anything: that is RepairTenant's.  */
#include "db/db.h"
#include "migration/migrate.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "rpc/handlers.h"
#include "migration/shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ATTEMPTS_MAX = 3, /* looks at a tenant whose heads change meanwhile: a run passes only once */
    SHAPES_MAX = 16   /* of different heads that are kept in one call; more are made again */
};

/* The lines of a schema's shape, and those of its ledger.  They are not put together: call memory
 * has those of a whole page of tenants. */
typedef struct Whole {
    const char *shape, *ledger;
} Whole;

/* What migrations make for these heads. */
typedef struct WantedShape {
    const char *heads;
    Whole whole; /* in the words of the scratch schema */
} WantedShape;

typedef struct Drift {
    Call *call;
    VerifySchemaResponse *response;
    size_t room;
    WantedShape wanted[SHAPES_MAX];
    size_t wanted_count;
} Drift;

/* What the registry says of a tenant. */
typedef struct Registered {
    const char *schema, *role, *heads, *unknown;
    bool has_schema, has_role, is_active;
} Registered;

static bool
add_difference(Drift *drift, SchemaDifference *difference)
{
    VerifySchemaResponse *response = drift->response;
    SchemaDifference **list =
        call_grow(drift->call, response->differences, response->n_differences, &drift->room);

    if (list == NULL)
        return false;
    response->differences = list;
    list[response->n_differences++] = difference;
    return true;
}

/* Something because of which nothing can be compared. */
static bool
add_obstacle(Drift *drift, const char *schema, const char *object, const char *problem,
             const char *expected)
{
    SchemaDifference *difference = call_alloc(drift->call, sizeof *difference);

    if (difference == NULL)
        return false;
    clientiq__v1__schema_difference__init(difference);
    difference->schema_name = (char *) (uintptr_t) schema;
    difference->object = (char *) (uintptr_t) object;
    difference->problem = (char *) (uintptr_t) problem;
    difference->expected = (char *) (uintptr_t) expected;
    return add_difference(drift, difference);
}

/* ---- shapes ---- */

/* The shape of a schema, and what its ledger says; leaves search_path at the schema. */
static bool
read_whole(Call *call, const char *schema, const char *role, Whole *whole)
{
    const DbRow *row;
    const ShapeOf of = {schema, schema, role};

    whole->ledger = "";
    if (!shape_read(call, &of, &whole->shape))
        return false;
    /* a ledger that is damaged is in the shape; one that is not can be read */
    if (!db_savepoint(call))
        return false;
    if (!db_row(call, &query_drift_ledger, NULL,
                (DbArg[]){{.name = "files", .text = call->core->apps->tenant_files}, {0}}, &row)) {
        if (strcmp(call->failure.sqlstate, "42P01") != 0 &&
            strcmp(call->failure.sqlstate, "42703") != 0)
            return false;
        return db_savepoint_rollback(call);
    }
    whole->ledger = db_row_text(row, "ledger");
    return whole->ledger != NULL;
}

static const char *
scratch_name(const Drift *drift)
{
    return call_printf(drift->call, "ciq_verify_%s", drift->call->id);
}

static bool
make_wanted(Drift *drift, const Registered *tenant, Whole *wanted)
{
    Call *call = drift->call;
    const char *scratch = scratch_name(drift);

    return scratch != NULL && db_run(call, &query_scratch_begin, NULL, NULL, NULL) &&
           migrate_tenant_at(call, scratch, tenant->role, tenant->heads) &&
           read_whole(call, scratch, tenant->role, wanted) &&
           db_run(call, &query_scratch_end, NULL, NULL, NULL);
}

static bool
find_wanted(Drift *drift, const Registered *tenant, Whole *wanted)
{
    for (size_t i = 0; i < drift->wanted_count; i++)
        if (strcmp(drift->wanted[i].heads, tenant->heads) == 0) {
            *wanted = drift->wanted[i].whole;
            return true;
        }
    if (!make_wanted(drift, tenant, wanted))
        return false;
    if (drift->wanted_count < SHAPES_MAX)
        drift->wanted[drift->wanted_count++] = (WantedShape){tenant->heads, *wanted};
    return true;
}

static bool
read_found(Drift *drift, const Registered *tenant, Whole *found)
{
    Call *call = drift->call;

    return read_whole(call, tenant->schema, tenant->role, found) &&
           db_queue(call, &query_path_public, NULL, NULL);
}

/* ---- one tenant ---- */

static bool
read_registered(Drift *drift, const VerifiedTenant *tenant, Registered *registered)
{
    Call *call = drift->call;
    const char *id = call_printf(call, "%" PRId64, tenant->id);
    const DbRow *row;

    *registered = (Registered){.schema = tenant->schema_name};
    if (id == NULL || !db_row(call, &query_drift_tenant, NULL,
                              (DbArg[]){{.name = "id", .text = id},
                                        {.name = "newest", .text = call->core->apps->heads},
                                        {0}},
                              &row))
        return false;
    if (row == NULL) {
        registered->heads = "";
        return true;
    }
    *registered = (Registered){
        .schema = tenant->schema_name,
        .role = db_row_text(row, "role"),
        .heads = db_row_text(row, "heads"),
        .unknown = db_row_text(row, "unknown"),
        .has_schema = db_row_bool(row, "has_schema"),
        .has_role = db_row_bool(row, "has_role"),
        .is_active = db_row_bool(row, "is_active"),
    };
    return registered->role != NULL && registered->heads != NULL;
}

/* *again: a migration changed the heads meanwhile, and the comparison is worth nothing. */
static bool
compare_tenant(Drift *drift, const VerifiedTenant *tenant, VerifySchemaResponse *part, bool *again)
{
    Call *call = drift->call;
    Registered before, after;
    const char *scratch = scratch_name(drift);
    Whole wanted, found;

    if (scratch == NULL || !read_registered(drift, tenant, &before))
        return false;
    *again = false;
    if (before.role == NULL) /* purged since the page was read */
        return true;
    if (!before.has_schema)
        return add_obstacle(drift, tenant->schema_name, "schema", "missing", "the tenant's schema");
    if (!before.has_role)
        return add_obstacle(drift, tenant->schema_name, "role", "missing", before.role);
    if (before.unknown != NULL)
        return add_obstacle(drift, tenant->schema_name, before.unknown, "unknown",
                            "a migration that this server has: check --apps");
    if (!find_wanted(drift, &before, &wanted) || !read_found(drift, &before, &found) ||
        !db_fill(call, &query_drift_compare, NULL,
                 (DbArg[]){{.name = "schema", .text = tenant->schema_name},
                           {.name = "scratch", .text = scratch},
                           {.name = "is_active", .text = before.is_active ? "on" : "off"},
                           {.name = "wanted", .text = wanted.shape},
                           {.name = "wanted_ledger", .text = wanted.ledger},
                           {.name = "found", .text = found.shape},
                           {.name = "found_ledger", .text = found.ledger},
                           {0}},
                 &part->base) ||
        !read_registered(drift, tenant, &after))
        return false;
    *again = strcmp(before.heads, after.heads) != 0;
    return true;
}

static bool
drift_verify(Drift *drift, VerifiedTenant *tenant)
{
    size_t before = drift->response->n_differences;
    VerifySchemaResponse *part = call_alloc(drift->call, sizeof *part);
    bool again = true;

    if (part == NULL)
        return false;
    for (int i = 0; again && i < ATTEMPTS_MAX; i++) {
        clientiq__v1__verify_schema_response__init(part);
        if (!compare_tenant(drift, tenant, part, &again))
            return false;
    }
    for (size_t i = 0; i < part->n_differences; i++)
        if (!add_difference(drift, part->differences[i]))
            return false;
    tenant->checks = 1;
    tenant->failed = drift->response->n_differences > before;
    return true;
}

bool
rpc_verify_schema(Call *call, const VerifySchemaRequest *request, VerifySchemaResponse *response)
{
    Drift *drift = call_alloc(call, sizeof *drift);

    if (drift == NULL || !db_fill(call, &query_verify_page, &request->base, NULL, &response->base))
        return false;
    if (request->schema_name[0] != '\0' && response->n_tenants == 0)
        return call_fail(call, CODE_NOT_FOUND, "no tenant with the schema %s",
                         request->schema_name);
    *drift = (Drift){.call = call, .response = response};
    /* reads only, but what it compares with must be made first: dispatch rolls it back */
    db_begin(call, DB_WRITE);
    for (size_t i = 0; i < response->n_tenants; i++)
        if (!drift_verify(drift, response->tenants[i]))
            return false;
    return true;
}
