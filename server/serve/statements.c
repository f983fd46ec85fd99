/* A statement that does not fit would fail its first call, or answer it wrongly.  A tenant's are
 * prepared in a schema that the server's own migrations make for it, since there may be no tenant
 * yet, or only such as a run has not reached; it is rolled back.  */
#include "serve/statements.h"
#include "db/db.h"
#include "db/prepare.h"
#include "db/queries.h"
#include "migration/apps.h"
#include "migration/migrate.h"
#include "serve/methods.h"

static const Method *
method_of(const Query *query)
{
    for (size_t i = 0; i < methods_count; i++)
        if (server_methods[i].query == query)
            return &methods[i];
    return NULL;
}

/* Those that can run in a scope; a handler's statements name what is the platform's by its schema,
 * so that they fit a tenant's. */
static size_t
gather(MethodScope scope, PreparedQuery *list)
{
    size_t count = 0;

    for (size_t i = 0; i < queries_count; i++) {
        const Method *method = method_of(queries[i]);

        if (method == NULL && scope == SCOPE_TENANT)
            list[count++] = (PreparedQuery){queries[i], NULL, NULL};
        else if (method != NULL && (method->scope == scope || method->scope == SCOPE_ANY))
            list[count++] = (PreparedQuery){queries[i], method->request->descriptor,
                                            method->response->descriptor};
    }
    return count;
}

static bool
check_scope(Call *call, MethodScope scope)
{
    PreparedQuery *list = call_alloc(call, queries_count * sizeof *list);

    return list != NULL && db_prepare(call, list, gather(scope, list));
}

/* The server's own migrations only: no statement knows the tables of the user's apps. */
static bool
make_schema(Call *owner)
{
    const MigrationSet *set = &owner->core->apps->tenant;
    const char *scratch = call_printf(owner, "ciq_start_%s", owner->core->run_id);

    if (scratch == NULL || !migrate_scratch(owner, scratch))
        return false;
    for (size_t i = 0; i < set->borrowed; i++)
        if (!migrate_up(owner, &set->files[i]))
            return false;
    return true;
}

bool
statements_check(Call *owner, Call *worker)
{
    bool ok;

    db_begin(worker, DB_SNAPSHOT);
    ok = check_scope(worker, SCOPE_PLATFORM);
    db_rollback(worker);
    if (!ok)
        return false;
    db_begin(owner, DB_WRITE);
    ok = make_schema(owner) && check_scope(owner, SCOPE_TENANT);
    db_rollback(owner);
    return ok;
}
