/* Every list that has pages, over far more rows than are read for one: however few of them a filter
 * leaves, and however far the list has gone, PostgreSQL reads a bounded number of rows.  Counted by
 * EXPLAIN ANALYZE of the server's own statements, with plans for unknown and for known parameters.
 */
#include "harness/harness.h"

#include "server/base/limits.h"
#include "server/db/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 4 * LIMIT_SCAN,
    READ_MAX = 2 * LIMIT_SCAN + 1000, /* each row that is scanned may have another looked up */
    PAGE_ROWS = 11
};

/* Paged, but no list of a table that grows. */
static const struct {
    const char *query, *reason;
} others[] = {
    {"rpc_list_migration_runs", "counts the items of each run that it shows"},
    {"rpc_list_migrations", "as many rows as there are migration files"},
    {"rpc_list_permissions", "as many rows as the apps declare permissions"},
    {"user_permissions", "the permissions of one user"},
    {"superuser_permissions", "the permissions of one superuser"},
    {"rpc_reconcile_tenants", "compares the whole registry with the database"},
    {"migration_status", "counts all tenants"},
    {"verify_page", "goes through all tenants"},
};

static int
lists_setup(void **state)
{
    static const char *const rows[] = {
        "insert into acme.users_customuser (email, first_name, last_name, date_joined) "
        "select 'person' || i || '@same.example', 'Anna', 'Last' || i, "
        "now() - (i || ' minutes')::interval from generate_series(1, %d) i",
        "insert into acme.core_session (user_id, secret_hash, expire_time) select 1, "
        "decode(md5('s' || i), 'hex'), now() - interval '1 day' from generate_series(1, %d) i",
        "insert into acme.auth_group (name) select 'group ' || i from generate_series(1, %d) i",
        "insert into acme.users_customuser_groups (user_id, group_id) "
        "select id, 1 from acme.users_customuser on conflict do nothing",
        "insert into acme.core_audit (caller_kind, caller_id, caller_email, origin, method, target, "
        "code, request_id, count) select 'user', 1, 'a@b.example', '', 'm', 't', 0, '', 1 "
        "from generate_series(1, %d) i",
        "insert into acme.core_outbox (template, recipient, user_id, next_time) "
        "select 'reset', 'a@b.example', 1, null from generate_series(1, %d) i",
        "insert into acme.core_api_key (name, permissions, secret_hash, creator) "
        "select 'key ' || i, '{}', decode(md5('k' || i), 'hex'), '' from generate_series(1, %d) i",
        "insert into public.tenants_tenant (name, schema_name, role, state, contact_email, plan) "
        "select 'Tenant ' || i, 'schema_' || i, 'no_role_' || i, 'active', 'a@b.example', 'trial' "
        "from generate_series(1, %d) i",
        "insert into public.tenants_domain (tenant_id, domain, is_primary) select id, "
        "replace(schema_name, '_', '-') || '.example', true from public.tenants_tenant "
        "where schema_name like 'schema%%'",
        "insert into public.demo_demorequest (company_name, first_name, email) "
        "select 'Company', 'Anna', 'a@b.example' from generate_series(1, %d) i",
        "insert into public.demo_event (demo_id, kind, text, actor) "
        "select 1, 'note', 'text', 'actor' from generate_series(1, %d) i",
        "insert into public.platform_superuser (email, platform_role) "
        "select 'super' || i || '@b.example', 'support' from generate_series(1, %d) i",
        "insert into public.platform_session (user_id, secret_hash, expire_time) select 1, "
        "decode(md5('p' || i), 'hex'), now() - interval '1 day' from generate_series(1, %d) i",
        "insert into public.migration_run (id, is_shared, app, target, mode, failures_max, caller, "
        "requires, state) overriding system value "
        "values (1, false, '', -1, 'apply', 0, '', '{}', 'done')",
        "insert into public.migration_item (run_id, tenant_id, schema_name, state) "
        "select 1, i, 'schema_' || i, 'done' from generate_series(1, %d) i",
        "analyze",
    };

    world_setup(state);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        database_value(&((World *) *state)->database, rows[i], ROWS); /* not all have a %d */
    return 0;
}

/* What the plan's nodes have read from tables, also what a filter then removed. */
static double
rows_read(const json_t *plan)
{
    static const char *const counts[] = {"Actual Rows", "Rows Removed by Filter",
                                         "Rows Removed by Index Recheck"};
    const json_t *child;
    double rows = 0;
    size_t i;

    if (json_object_get(plan, "Relation Name") != NULL)
        for (i = 0; i < sizeof counts / sizeof *counts; i++)
            rows += json_number_value(json_object_get(plan, counts[i])) *
                    json_number_value(json_object_get(plan, "Actual Loops"));
    json_array_foreach(json_object_get(plan, "Plans"), i, child) rows += rows_read(child);
    return rows;
}

static PGresult *
run(PGconn *connection, const char *statement)
{
    PGresult *result = PQexec(connection, statement);

    if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", statement, PQerrorMessage(connection));
    return result;
}

static bool
starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Whether it is a filter of the request that takes any text. */
static bool
is_filter(const Query *query, size_t parameter, const char *type)
{
    const char *name = query->parameters[parameter];

    return strcmp(type, "text") == 0 && strchr(name, '.') == NULL && strcmp(name, "order_by") != 0;
}

/* The parameters as EXECUTE takes them.  filter: the parameter that is 'nowhere'; of a page in the
 * middle key is what the page before ended with, else "". */
static void
write_values(PGconn *connection, const Query *query, size_t filter, const char *key, int limit,
             char *values, size_t size)
{
    PGresult *types =
        run(connection, "select unnest(parameter_types) from pg_prepared_statements where name = "
                        "'list'");
    size_t used = 0;

    for (size_t i = 0; i < query->parameters_count; i++) {
        const char *name = query->parameters[i], *type = PQgetvalue(types, (int) i, 0);
        char number[16], *value = NULL;

        snprintf(number, sizeof number, "%d", strcmp(name, "page.limit") == 0 ? limit : LIMIT_SCAN);
        if (starts_with(name, "page."))
            value = strcmp(name, "page.key") == 0 ? TEXT(key) : number;
        else if (i == filter)
            value = TEXT("nowhere");
        else if (strcmp(type, "bigint") == 0)
            value = starts_with(name, "caller") ? TEXT("0") : TEXT("1");
        else if (strcmp(type, "text") == 0)
            value = TEXT("");
        else if (strcmp(type, "text[]") == 0)
            value = TEXT("{OK}");
        else if (strcmp(type, "bigint[]") == 0)
            value = TEXT("{1,2,3}");

        bool is_null = value == NULL || (value[0] == '\0' && strcmp(name, "page.key") == 0);
        char *literal =
            is_null ? strdup("null") : PQescapeLiteral(connection, value, strlen(value));

        used += (size_t) snprintf(values + used, size - used, "%s%s", i == 0 ? "" : ", ", literal);
        assert_true(used < size);
        is_null ? free(literal) : PQfreemem(literal);
    }
    PQclear(types);
}

static void
expect_few(PGconn *connection, const Query *query, size_t filter, const char *key)
{
    char values[2048], statement[4096];

    write_values(connection, query, filter, key, PAGE_ROWS, values, sizeof values);
    snprintf(statement, sizeof statement, "explain (analyze, format json) execute list (%s)",
             values);

    PGresult *result = run(connection, statement);
    json_t *plans = json_loads(PQgetvalue(result, 0, 0), 0, NULL);
    double rows = rows_read(json_object_get(json_array_get(plans, 0), "Plan"));

    if (rows > READ_MAX)
        fail_msg("%s: %.0f rows are read for a page of %d, with %s and the key \"%s\": %s",
                 query->file, rows, PAGE_ROWS,
                 filter < query->parameters_count ? query->parameters[filter] : "no filter", key,
                 PQgetvalue(result, 0, 0));
    json_decref(plans);
    PQclear(result);
}

/* The key of a row in the middle of the list, found by a plan that reads all of it. */
static void
middle_key(PGconn *connection, const Query *query, char *key, size_t size)
{
    char values[2048], statement[4096];

    write_values(connection, query, SIZE_MAX, "", LIMIT_SCAN / 2, values, sizeof values);
    snprintf(statement, sizeof statement, "execute list (%s)", values);

    PGresult *result = run(connection, statement);
    int rows = PQntuples(result), column = PQfnumber(result, "page_key");

    assert_true(column >= 0);
    snprintf(key, size, "%s", rows == 0 ? "" : PQgetvalue(result, rows - 1, column));
    PQclear(result);
}

static bool
is_list(const Query *query)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].query, query->name) == 0)
            return false;
    for (size_t i = 0; i < query->parameters_count; i++)
        if (strcmp(query->parameters[i], "page.limit") == 0)
            return true;
    return false;
}

static void
check_list(PGconn *connection, const Query *query)
{
    char statement[16384], key[512], type[64];

    snprintf(statement, sizeof statement, "deallocate all; prepare list as %s", query->text);
    PQclear(run(connection, statement));
    middle_key(connection, query, key, sizeof key);
    expect_few(connection, query, SIZE_MAX, "");
    expect_few(connection, query, SIZE_MAX, key);
    for (size_t i = 0; i < query->parameters_count; i++) {
        snprintf(statement, sizeof statement,
                 "select parameter_types[%zu] from pg_prepared_statements where name = 'list'",
                 i + 1);

        PGresult *result = run(connection, statement);

        snprintf(type, sizeof type, "%s", PQgetvalue(result, 0, 0));
        PQclear(result);
        if (!is_filter(query, i, type))
            continue;
        expect_few(connection, query, i, "");
        expect_few(connection, query, i, key);
    }
}

static void
test_lists__read_a_bounded_number_of_rows(void **state)
{
    World *world = *state;
    PGconn *connection = database_connect(&world->database);
    size_t checked = 0;

    PQclear(run(connection, "set search_path to acme, public"));
    for (int known = 0; known < 2; known++) {
        PQclear(run(connection, known ? "set plan_cache_mode to force_custom_plan"
                                      : "set plan_cache_mode to force_generic_plan"));
        for (size_t i = 0; i < queries_count; i++)
            if (is_list(queries[i])) {
                check_list(connection, queries[i]);
                checked++;
            }
    }
    assert_true(checked > 40);
    PQfinish(connection);
}

/* Far beyond what is read for a page: found on the first page, in each order. */
static void
test_list_users__finds_the_rare_one(void **state)
{
    World *world = *state;
    static const char *const orders[] = {"id", "email", "last-name", "date-joined"};
    char search[64];

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        CiqError *error = NULL;
        json_t *page;

        /* the last but some in each order */
        snprintf(search, sizeof search, "%d@SAME",
                 strcmp(orders[i], "date-joined") == 0 ? 11 : ROWS - 10);
        page = call_json(world->acme, "UserService/ListUsers", &error,
                         "{\"search\": \"%s\", \"order_by\": \"%s\", \"is_admin\": \"no\", "
                         "\"page_size\": 1000}",
                         search, orders[i]);
        assert_ok(error);
        assert_true(atoi(json_at(page, "users")) >= 1);
        assert_string_equal(json_at(page, "next_page_token"), "");
        json_decref(page);
    }
}

/* Too many for that, or too short: pages that end early, and lead to every user that there is. */
static void
test_list_users__goes_on_to_the_end(void **state)
{
    World *world = *state;
    static const char *const searches[] = {"st1999", "t1", "same"};
    static const char *const orders[] = {"id", "email", "last-name", "date-joined"};

    for (size_t s = 0; s < sizeof searches / sizeof *searches; s++)
        for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
            char token[600] = "";
            int found = 0, pages = 0;

            do {
                CiqError *error = NULL;
                json_t *page = call_json(world->acme, "UserService/ListUsers", &error,
                                         "{\"search\": \"%s\", \"order_by\": \"%s\", "
                                         "\"page_size\": 1000, \"page_token\": \"%s\"}",
                                         searches[s], orders[o], token);

                assert_ok(error);
                found += atoi(json_at(page, "users"));
                snprintf(token, sizeof token, "%s", json_at(page, "next_page_token"));
                json_decref(page);
            } while (token[0] != '\0' && pages++ < 100);
            assert_string_equal(token, "");
            snprintf(token, sizeof token, "%d", found);
            assert_value(&world->database, token,
                         "select count(*) from acme.users_customuser where "
                         "strpos(lower(email), '%s') > 0 or "
                         "strpos(lower(first_name || ' ' || last_name), '%s') > 0",
                         searches[s], searches[s]);
        }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists__read_a_bounded_number_of_rows),
        cmocka_unit_test(test_list_users__finds_the_rare_one),
        cmocka_unit_test(test_list_users__goes_on_to_the_end),
    };

    return run_cases(tests, lists_setup, world_teardown);
}
