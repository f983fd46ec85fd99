/* Every statement of sql/ against a migrated database: it prepares in the schema it is meant for,
 * as the role that will run it; that its parameters and columns fit the messages of its rpc is
 * found when a server starts.  What is wrong is refused there with file and line, and where only a
 * call can meet it, it fails that call and nothing else.  And every message type is safe to unpack.
 */
#include "harness/harness.h"

#include "proto/method.h"
#include "server/call/internal.h"
#include "server/call/page.h"
#include "server/db/db.h"
#include "server/db/prepare.h"
#include "db/queries.h"
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
test_statements__prepare_as_their_role(void **state)
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

        /* a statement of an rpc belongs where the rpc is called; the others must fit somewhere */
        bool ok = method != NULL
                      ? prepares(method->scope == SCOPE_TENANT ? tenant : platform, query,
                                 &description, problem, sizeof problem)
                      : prepares(tenant, query, &description, problem, sizeof problem) ||
                            prepares(platform, query, &description, problem, sizeof problem) ||
                            prepares(owner, query, &description, problem, sizeof problem);

        if (!ok)
            fail_msg("%s", problem);
        if (PQnparams(description) != (int) query->parameters_count)
            fail_msg("%s: PostgreSQL counts other parameters", query->file);
        PQclear(description);
        checked++;
    }
    assert_int_equal(checked, queries_count);
    assert_true(checked > 40);
    PQfinish(tenant);
    PQfinish(platform);
    PQfinish(owner);
}

/* ---- what is wrong ---- */

/* A call of the server's own on the world's database, as the owner. */
typedef struct Own {
    Core core;
    DbOptions options;
    Arena *arena;
    Call call;
} Own;

static void
own_new(Own *own, World *world)
{
    char reason[256];

    *own = (Own){.options = {.conninfo = world->database.owner,
                             .named = true,
                             .tenants_max = 100,
                             .creations_max = 100,
                             .extension_schemas = "",
                             .owner = true}};
    own->core.config = &world->server.config;
    own->arena = arena_new(LIMIT_ARENA);
    assert_non_null(own->arena);
    internal_call(&own->call, &own->core, own->arena, db_new(&own->options), 20000);
    assert_non_null(own->call.db);
    if (!db_ready(own->call.db, NULL, reason, sizeof reason))
        fail_msg("%s", reason);
}

static void
own_free(Own *own)
{
    db_rollback(&own->call);
    db_free(own->call.db);
    arena_free(own->arena);
}

#define LINES(...)                                                                                 \
    .lines = (const QueryLine[]){__VA_ARGS__},                                                     \
    .lines_count = sizeof((const QueryLine[]){__VA_ARGS__}) / sizeof(QueryLine)
#define PARAMETERS(...)                                                                            \
    .parameters = (const char *const[]){__VA_ARGS__},                                              \
    .parameters_count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

/* Statements as if they were those of GetUser (one row) and ListUsers (many). */
static const struct {
    Query query;
    const char *what;
    bool is_handlers; /* no rpc's, but one that a handler of some rpc may run */
} wrong[] = {
    {.query = {.text = "select 1::bigint as id from public.tenants_tennant",
               .rows = ROWS_ONE,
               .into = "user",
               LINES({0, 2, "sql/rpc/a.sql"}, {23, 3, "sql/rpc/a.sql"})},
     .what = "sql/rpc/a.sql:3: relation \"public.tenants_tennant\" does not exist"},
    {.query = {.text = "select 1::bigint as id, emial from (select 'x'::text as email) u",
               .rows = ROWS_ONE,
               .into = "user",
               LINES({0, 2, "sql/rpc/a.sql"}, {24, 7, "sql/part/b.sql"}, {29, 3, "sql/rpc/a.sql"})},
     .what = "sql/part/b.sql:7: column \"emial\" does not exist"},
    {.query = {.text = "select '…' as email, 'x'::text as emial",
               .rows = ROWS_ONE,
               .into = "user",
               LINES({0, 2, "sql/rpc/a.sql"}, {21, 3, "sql/rpc/a.sql"})},
     .what = "sql/rpc/a.sql:3: column emial of type 25 fits no field of clientiq.v1.User"},
    {.query = {.text = "select 'x'::text as id",
               .rows = ROWS_ONE,
               .into = "user",
               LINES({0, 2, "a.sql"})},
     .what = "a.sql:2: column id of type 25 fits no field of clientiq.v1.User"},
    {.query = {.text = "select 1::bigint as id, 2::bigint as id",
               .rows = ROWS_ONE,
               .into = "user",
               LINES({0, 2, "a.sql"})},
     .what = "a.sql:2: column id of type 20 is there twice"},
    {.query = {.text = "select 1::bigint as id",
               .rows = ROWS_ONE,
               .into = "usr",
               LINES({0, 2, "a.sql"})},
     .what = "a.sql:2: its rows go into no field of the answer"},
    {.query = {.text = "select 1::bigint as id where $1::bigint > 0 and $2 = ''",
               .rows = ROWS_ONE,
               .into = "user",
               PARAMETERS("id", "emial"),
               LINES({0, 2, "a.sql"}, {44, 3, "a.sql"})},
     .what = "a.sql:3: :emial: nothing gives it"},
    {.query = {.text = "select 1::bigint as id where $1 = ''",
               .rows = ROWS_ONE,
               .into = "user",
               PARAMETERS("id"),
               LINES({0, 2, "a.sql"})},
     .what = "a.sql:2: :id: PostgreSQL takes it for another type than its field has: cast it"},
    {.query = {.text = "select 1::bigint as id where $1 is null",
               .rows = ROWS_ONE,
               .into = "user",
               PARAMETERS("id"),
               LINES({0, 2, "a.sql"})},
     .what = "a.sql:2: :id: could not determine data type of parameter $1"},
    {.query = {.text = "select 1::bigint as id, 'x'::text as page_key",
               .rows = ROWS_MANY,
               .into = "user",
               LINES({0, 2, "a.sql"})},
     .what = "a.sql:2: its rows go into no field of the answer"},
    {.query = {.text = "select 'x'::text as email, 'x'::text as emial",
               .rows = ROWS_ONE,
               .into = "user",
               LINES({0, 2, "a.sql"}, {26, 3, "a.sql"})},
     .what = "a.sql:3: column emial of type 25 fits no field of clientiq.v1.User",
     .is_handlers = true},
    {.query = {.text = "select $1::bigint as a where $2",
               .rows = ROWS_ONE,
               PARAMETERS("arg.x", "caller.id"),
               LINES({0, 2, "a.sql"}, {24, 3, "a.sql"})},
     .what =
         "a.sql:3: :caller.id: PostgreSQL takes it for another type than its field has: cast it",
     .is_handlers = true},
    {.query = {.text = "selct 1", .rows = ROWS_NONE, LINES({0, 4, "a.sql"})},
     .what = "a.sql:4: syntax error at or near \"selct\""},
};

static void
test_statements__wrong_ones_are_named(void **state)
{
    const PreparedQuery right = {&query_rpc_get_user, &clientiq__v1__get_user_request__descriptor,
                                 &clientiq__v1__get_user_response__descriptor};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Query query = wrong[i].query;
        PreparedQuery list[] = {right,
                                {&query, &clientiq__v1__get_user_request__descriptor,
                                 &clientiq__v1__get_user_response__descriptor},
                                right};

        if (wrong[i].is_handlers)
            list[1] = (PreparedQuery){&query, NULL, NULL};

        Own own;

        query.name = "wrong";
        query.file = "a.sql";
        own_new(&own, *state);
        own.call.tenant = (TenantContext){.id = 1, .schema = "acme", .role = "none"};
        db_begin(&own.call, DB_WRITE);
        if (db_prepare(&own.call, list, 3))
            fail_msg("%s: it was accepted", query.text);
        assert_string_equal(own.call.failure.text, wrong[i].what);
        assert_int_equal(own.call.failure.code, CODE_FAILED_PRECONDITION);
        own_free(&own);

        /* the connection and the others are good */
        own_new(&own, *state);
        own.call.tenant = (TenantContext){.id = 1, .schema = "acme", .role = "none"};
        db_begin(&own.call, DB_WRITE);
        assert_true(db_prepare(&own.call, &right, 1));
        own_free(&own);
    }
}

/* Each does what only a mistake of the server's own, or a damaged row, can do. */
static const Query query_unknown_parameter = {.name = "wrong",
                                              .file = "wrong.sql",
                                              .text = "select $1::bigint as id",
                                              .rows = ROWS_ONE,
                                              PARAMETERS("idd"),
                                              .index = 0};
Clientiq__V1__GetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
Clientiq__V1__GetUserResponse response = CLIENTIQ__V1__GET_USER_RESPONSE__INIT;

static bool
do_unknown_parameter(Call *call)
{
    return db_fill(call, &query_unknown_parameter, &request.base, NULL, &response.base);
}

static const Query query_no_message = {
    .name = "wrong", .file = "wrong.sql", .text = "select $1::bigint", PARAMETERS("id")};

static bool
do_no_message(Call *call)
{
    return db_run(call, &query_no_message, NULL, NULL, NULL);
}

static const Query query_no_argument = {
    .name = "wrong", .file = "wrong.sql", .text = "select $1::text", PARAMETERS("arg.name")};

static bool
do_no_argument(Call *call)
{
    return db_run(call, &query_no_argument, NULL, (DbArg[]){{.name = "nmae", .text = "x"}, {0}},
                  NULL);
}

static bool
fill_user(Call *call, const Query *query)
{
    Clientiq__V1__User user = CLIENTIQ__V1__USER__INIT;

    return db_fill(call, query, NULL, NULL, &user.base);
}

static const Query query_unknown_column = {
    .name = "wrong", .file = "wrong.sql", .text = "select 'x'::text as emial", .rows = ROWS_ONE};

static bool
do_unknown_column(Call *call)
{
    return fill_user(call, &query_unknown_column);
}

static const Query query_type_of_column = {
    .name = "wrong", .file = "wrong.sql", .text = "select 'x'::text as id", .rows = ROWS_ONE};

static bool
do_type_of_column(Call *call)
{
    return fill_user(call, &query_type_of_column);
}

static const Query query_null_in_list = {.name = "wrong",
                                         .file = "wrong.sql",
                                         .text = "select array['a', null] as groups",
                                         .rows = ROWS_ONE};

static bool
do_null_in_list(Call *call)
{
    return fill_user(call, &query_null_in_list);
}

static const Query query_list_of_lists = {.name = "wrong",
                                          .file = "wrong.sql",
                                          .text = "select array[array['a'], array['b']] as groups",
                                          .rows = ROWS_ONE};

static bool
do_list_of_lists(Call *call)
{
    return fill_user(call, &query_list_of_lists);
}

static const Query query_no_list = {.name = "wrong",
                                    .file = "wrong.sql",
                                    .text = "select 1::bigint as id",
                                    .rows = ROWS_MANY,
                                    .into = "email"};

static bool
do_no_list(Call *call)
{
    return fill_user(call, &query_no_list);
}

static const Query query_row = {
    .name = "wrong", .file = "wrong.sql", .text = "select 'x'::text as name", .rows = ROWS_ONE};

static bool
do_row_without_column(Call *call)
{
    const DbRow *row;

    if (!db_row(call, &query_row, NULL, NULL, &row))
        return false;
    assert_string_equal(db_row_text(row, "nmae"), "");
    return db_commit(call);
}

static bool
do_row_of_other_type(Call *call)
{
    const DbRow *row;

    if (!db_row(call, &query_row, NULL, NULL, &row))
        return false;
    assert_int_equal(db_row_int64(row, "name"), 0);
    assert_false(db_row_bool(row, "name"));
    assert_int_equal(db_row_time_us(row, "name"), 0);
    return db_commit(call);
}

static bool
do_long_queue(Call *call)
{
    for (int i = 0; i < 100; i++)
        if (!db_queue(call, &query_notify, NULL, (DbArg[]){{.name = "payload", .text = "x"}, {0}}))
            return false;
    return true;
}

static bool
do_page_of_no_list(Call *call)
{
    Clientiq__V1__GetUserRequest asked = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    const char *key;

    return page_key(call, &asked.base, &key);
}

static bool
do_change_without_transaction(Call *call)
{
    db_rollback(call);
    call_change(call, CHANGE_TENANT, 1);
    return db_commit(call);
}

static bool
do_transaction_in_transaction(Call *call)
{
    if (!db_run(call, &query_row, NULL, NULL, NULL))
        return false;
    db_begin(call, DB_WRITE);
    return db_run(call, &query_row, NULL, NULL, NULL) && db_commit(call);
}

static void
test_defects__fail_one_call(void **state)
{
    static const struct {
        bool (*make)(Call *call);
        const char *detail;
    } rows[] = {
        {do_unknown_parameter, "wrong.sql: nothing gives :idd in clientiq.v1.GetUserRequest"},
        {do_no_message, "wrong.sql: nothing gives :id in a call without a message"},
        {do_no_argument, "wrong.sql: the handler does not give :arg.name"},
        {do_unknown_column, "wrong.sql: column emial of type 25 fits no field of clientiq.v1.User"},
        {do_type_of_column, "wrong.sql: column id of type 25 fits no field of clientiq.v1.User"},
        {do_null_in_list, "wrong.sql: column groups has a null in its list"},
        {do_list_of_lists, "wrong.sql: column groups is no list"},
        {do_no_list, "wrong.sql: clientiq.v1.User has no list email"},
        {do_row_without_column, "wrong.sql: there is no column nmae"},
        {do_row_of_other_type, "wrong.sql: column name has the type 25"},
        {do_long_queue, "sql/query/notify.sql: more than one pipeline holds"},
        {do_page_of_no_list, "clientiq.v1.GetUserRequest has no page_token"},
        {do_change_without_transaction, "a change is noted where nothing is written"},
        {do_transaction_in_transaction, "a transaction begins in another"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Own own;

        own_new(&own, *state);
        own.options.named = false; /* wrong statements have no place among the prepared ones */
        db_begin(&own.call, DB_WRITE);
        if (rows[i].make(&own.call))
            fail_msg("it was accepted, not: %s", rows[i].detail);
        assert_int_equal(own.call.failure.code, CODE_INTERNAL);
        assert_string_equal(own.call.failure.text,
                            "the server has a defect; its log names this call");
        assert_non_null(own.call.failure.detail);
        assert_string_equal(own.call.failure.detail, rows[i].detail);
        own_free(&own);
    }
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
        cmocka_unit_test(test_statements__prepare_as_their_role),
        cmocka_unit_test(test_statements__wrong_ones_are_named),
        cmocka_unit_test(test_defects__fail_one_call),
        cmocka_unit_test(test_methods__that_read_have_reading_statements),
        cmocka_unit_test(test_messages__contain_no_circle),
    };

    return run_cases(tests, world_setup, world_teardown);
}
