/* Every statement of sql/ against a migrated database: it prepares in the schema it is meant for,
 * as the role that will run it, and its parameters and columns fit the messages of its rpc.  And
 * every message type is safe to unpack.  */
#include "harness/harness.h"

#include "proto/method.h"
#include "server/db/bind_check.h"
#include "server/serve/methods.h"

#include <string.h>

static const Method *
method_of(const Query *query)
{
    for (size_t i = 0; i < methods_count; i++)
        if (server_methods[i].query == query)
            return &methods[i];
    return NULL;
}

/* Prepares and describes; false if PostgreSQL refuses. */
static bool
prepares(PGconn *connection, const Query *query, PGresult **description, char *problem, size_t size)
{
    PGresult *result = PQprepare(connection, query->name, query->text, 0, NULL);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    PQclear(result);
    *description = ok ? PQdescribePrepared(connection, query->name) : NULL;
    if (!ok)
        snprintf(problem, size, "%s: %s", query->file, PQerrorMessage(connection));
    return ok;
}

static void
set_context(PGconn *connection, const char *role, const char *path)
{
    char statement[256];

    snprintf(statement, sizeof statement, "reset role; set role %s; set search_path to %s", role,
             path);
    PGresult *result = PQexec(connection, statement);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s", PQerrorMessage(connection));
    PQclear(result);
}

static void
test_statements__prepare_and_fit(void **state)
{
    World *world = *state;
    char tenant_role[64], platform_role[64];
    PGconn *tenant = PQconnectdb(world->database.worker);
    PGconn *platform = PQconnectdb(world->database.worker);
    PGconn *owner = PQconnectdb(world->database.owner);
    size_t checked = 0;

    snprintf(tenant_role, sizeof tenant_role, "%s",
             database_value(&world->database,
                            "select role from public.tenants_tenant where schema_name = 'acme'"));
    snprintf(
        platform_role, sizeof platform_role, "%s",
        database_value(&world->database, "select platform_role from public.core_installation"));
    set_context(tenant, tenant_role, "acme, pg_temp");
    set_context(platform, platform_role, "public, pg_temp");

    for (size_t i = 0; i < queries_count; i++) {
        const Query *query = queries[i];
        const Method *method = method_of(query);
        PGresult *description = NULL;
        char problem[512] = "";
        BindColumn columns[64];
        size_t columns_count = 0;

        /* a statement of an rpc belongs where the rpc is called; the others must fit somewhere */
        bool ok = method != NULL
                      ? prepares(method->scope == SCOPE_TENANT ? tenant : platform, query,
                                 &description, problem, sizeof problem)
                      : prepares(tenant, query, &description, problem, sizeof problem) ||
                            prepares(platform, query, &description, problem, sizeof problem) ||
                            prepares(owner, query, &description, problem, sizeof problem);

        if (!ok)
            fail_msg("%s", problem);
        for (int x = 0; x < PQnfields(description) && columns_count < 64; x++)
            columns[columns_count++] =
                (BindColumn){PQfname(description, x), PQftype(description, x)};
        if (PQnparams(description) != (int) query->parameters_count)
            fail_msg("%s: PostgreSQL counts other parameters", query->file);
        if (method != NULL &&
            !bind_check(query, method->request->descriptor, method->response->descriptor, columns,
                        columns_count, problem, sizeof problem))
            fail_msg("%s", problem);
        PQclear(description);
        checked++;
    }
    assert_int_equal(checked, queries_count);
    assert_true(checked > 40);
    PQfinish(tenant);
    PQfinish(platform);
    PQfinish(owner);
}

/* A read-only rpc's statement must not write, whatever it is called. */
static void
test_methods__that_read_have_reading_statements(void **state)
{
    (void) state;
    for (size_t i = 0; i < methods_count; i++) {
        const Query *query = server_methods[i].query;

        if (query == NULL || methods[i].writes)
            continue;
        if (strncmp(query->text, "select ", 7) != 0)
            fail_msg("%s: %s does not say that it writes", query->file, methods[i].name);
    }
}

/* protobuf-c unpacks without a limit of depth. */
static void
walk(const ProtobufCMessageDescriptor *descriptor, int depth)
{
    if (depth > 16)
        fail_msg("%s contains itself", descriptor->name);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            walk(descriptor->fields[i].descriptor, depth + 1);
}

static void
test_messages__contain_no_circle(void **state)
{
    (void) state;
    for (size_t i = 0; i < methods_count; i++) {
        walk(methods[i].request->descriptor, 0);
        walk(methods[i].response->descriptor, 0);
    }
    walk(&clientiq__v1__request__descriptor, 0);
    walk(&clientiq__v1__reply__descriptor, 0);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements__prepare_and_fit),
        cmocka_unit_test(test_methods__that_read_have_reading_statements),
        cmocka_unit_test(test_messages__contain_no_circle),
    };

    return run_cases(tests, world_setup, world_teardown);
}
