/* A tenant like another one: empty, or with its rows as they were at one moment; and nothing at all
 * where that cannot be.  */
#include "harness/writer.h"

#include <stdlib.h>
#include <string.h>

static CiqCloneTenantResponse *
clone_of(CiqClient *client, const char *schema, const char *new_schema, const char *admin,
         CiqError **error)
{
    CiqCloneTenantRequest request = CLIENTIQ__V1__CLONE_TENANT_REQUEST__INIT;
    char domain[96];

    snprintf(domain, sizeof domain, "%.60s.localhost", new_schema);
    for (char *c = domain; (c = strchr(c, '_')) != NULL;)
        *c = '-';
    request.schema_name = TEXT(schema);
    request.new_schema_name = TEXT(new_schema);
    request.domain = domain;
    request.with_rows = admin == NULL;
    request.admin_email = TEXT(admin == NULL ? "" : admin);
    return ciq_clone_tenant(client, &request, error);
}

static void
clone_rows(World *world, const char *schema, const char *new_schema)
{
    CiqError *error = NULL;

    ciq_clone_tenant_response_free(clone_of(world->platform, schema, new_schema, NULL, &error));
    assert_ok(error);
}

static void
refuse(CiqClient *client, const char *schema, const char *new_schema, Code code, const char *text)
{
    CiqError *error = NULL;

    assert_null(clone_of(client, schema, new_schema, NULL, &error));
    assert_code(error, code, text);
}

/* What two schemas' tables look like, and who may do what with them. */
static const char *
shape(World *world, const char *schema)
{
    return database_value(
        &world->database,
        "select md5(string_agg(line, E'\\n' order by line)) from ("
        "select replace(format('%%s %%s %%s %%s', table_name, column_name, data_type, column_default), '%s.', '') as line "
        "from information_schema.columns where table_schema = '%s' "
        "union all select conname || ' ' || replace(pg_get_constraintdef(oid), '%s.', '') || convalidated "
        "from pg_constraint where connamespace = '%s'::regnamespace "
        "union all select replace(indexdef, '%s.', '') from pg_indexes where schemaname = '%s' "
        "union all select relname || relkind::text || replace(coalesce(relacl::text, ''), t.role, 'ROLE') "
        "from pg_class c join public.tenants_tenant t on t.schema_name = '%s' "
        "where relnamespace = '%s'::regnamespace) s",
        schema, schema, schema, schema, schema, schema, schema, schema);
}

static void
assert_same_shape(World *world, const char *one, const char *other)
{
    char first[64];

    snprintf(first, sizeof first, "%s", shape(world, one));
    assert_string_equal(shape(world, other), first);
}

/* The rows of one table, whatever their order on disk. */
static void
assert_same_rows(World *world, const char *one, const char *other, const char *table)
{
    char first[64];
    const char *text =
        "select count(*) || md5(coalesce(string_agg(r::text, E'\\n' order by r::text), '')) from %s.%s r";

    snprintf(first, sizeof first, "%s", database_value(&world->database, text, one, table));
    if (strcmp(database_value(&world->database, text, other, table), first) != 0)
        fail_msg("%s differs", table);
}

static void
test_clone__without_rows(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    database_value(
        &world->database,
        "update public.tenants_tenant set plan = 'pro', settings = '{\"a\": 1}', max_users = 7, "
        "industry = 'Ships' where schema_name = 'techcorp'");
    CiqCloneTenantResponse *response =
        clone_of(world->platform, "techcorp", "bare", "boss@bare.example", &error);
    assert_ok(error);
    assert_int_equal(strlen(response->admin_password), 20);
    assert_string_equal(response->tenant->schema_name, "bare");
    assert_string_equal(response->tenant->name, "techcorp");
    assert_string_equal(response->tenant->domain, "bare.localhost");
    assert_int_equal(response->tenant->plan, CLIENTIQ__V1__PLAN__PLAN_PRO);
    assert_string_equal(response->tenant->industry, "Ships");
    assert_string_equal(response->tenant->settings, "{\"a\": 1}");
    assert_int_equal(response->tenant->max_users, 7);
    assert_same_shape(world, "techcorp", "bare");
    assert_same_rows(world, "techcorp", "bare", "auth_permission");
    assert_value(&world->database, "boss@bare.example",
                 "select string_agg(email, ',') from bare.users_customuser");

    CiqClient *boss =
        sign_in(&world->server, "bare.localhost", "boss@bare.example", response->admin_password);
    assert_true(user_new(boss, "second@bare.example", false) == 2);
    ciq_client_free(boss);
    ciq_clone_tenant_response_free(response);
}

/* The same addresses and the same numbers in both, and neither knows of the other. */
static void
test_clone__with_rows(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t second, gone;

    second = user_new(world->acme, "second@same.example", false);
    gone = user_new(world->acme, "gone@same.example", false);
    database_value(&world->database, "delete from acme.users_customuser where id = %d", (int) gone);
    database_value(
        &world->database,
        "insert into acme.business_company (name) values (E'tab\\t, line\\n, \\\\. and \"quotes\"'); "
        "insert into acme.business_contact (company_id, email) values (1, 'a@b.c'), (null, ''); "
        "insert into acme.auth_group (id, name) values (1000, 'Far'); "
        "insert into acme.users_customuser_groups values (%d, 1000); "
        "insert into acme.core_outbox (template, recipient, user_id) values ('x', 'y', 1); "
        "insert into acme.users_token values ('\\x01', 1, now(), now() + interval '1 hour'); "
        "insert into acme.core_idempotency (key, request_hash) values ('\\x01', '\\x02')",
        (int) second);
    clone_rows(world, "acme", "twin");

    static const char *const tables[] = {"users_customuser",
                                         "auth_group",
                                         "auth_permission",
                                         "auth_group_permissions",
                                         "users_customuser_groups",
                                         "users_customuser_user_permissions",
                                         "business_company",
                                         "business_contact",
                                         "core_audit"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        assert_same_rows(world, "acme", "twin", tables[i]);
    assert_value(
        &world->database, "0 0 0 0",
        "select (select count(*) from twin.core_session) || ' ' || (select count(*) from twin.users_token) "
        "|| ' ' || (select count(*) from twin.core_outbox) || ' ' || "
        "(select count(*) from twin.core_idempotency)");
    assert_same_shape(world, "acme", "twin");

    /* the password works there, the session does not */
    CiqClient *twin = sign_in(&world->server, "twin", world_email, world_password);
    ciq_client_set_tenant(world->acme, "twin");
    ciq_get_user_response_free(user_get(world->acme, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, NULL);
    ciq_client_set_tenant(world->acme, "acme");

    /* numbers go on where they do in the source, which is behind rows that are gone, and not
     * behind those whose number somebody chose */
    assert_true(user_new(twin, "new@same.example", false) > gone);
    assert_value(&world->database, "t",
                 "insert into twin.auth_group (name) values ('Next') "
                 "returning id = nextval(pg_get_serial_sequence('acme.auth_group', 'id'))");
    assert_int_equal(user_count(world->acme, "new@same.example"), 0);
    assert_int_equal(user_count(twin, "new@same.example"), 1);

    /* the audit cannot be deleted there either */
    assert_value(&world->database, "f",
                 "select has_table_privilege(role, 'twin.core_audit', 'delete') "
                 "from public.tenants_tenant where schema_name = 'twin'");
    ciq_client_free(twin);
}

static void
test_clone__of_a_suspended_tenant(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "slow");
    expect_json(world->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"slow\", \"reason\": \"unpaid\"}");
    clone_rows(world, "slow", "slow_copy");
    ciq_client_free(sign_in(&world->server, "slow_copy", world_email, world_password));
    assert_value(&world->database, "suspended active",
                 "select string_agg(state, ' ' order by id) from public.tenants_tenant "
                 "where schema_name like 'slow%%'");
}

/* A source that a run has not reached yet: the clone has the same migrations, and is migrated with
 * it later. */
static void
test_clone__has_the_sources_migrations(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "older");
    migration_undo(&world->database, "older", migration_newest("business"));
    clone_rows(world, "older", "older_copy");
    assert_value(
        &world->database, "1 f",
        "select heads ->> 'business' || ' ' || (to_regclass('older_copy.business_contact_email') is not null)::text::char "
        "from public.tenants_tenant where schema_name = 'older_copy'");
    assert_same_rows(world, "older", "older_copy", "users_customuser");
}

static void
test_clone__refusals_leave_nothing(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqCloneTenantRequest request = CLIENTIQ__V1__CLONE_TENANT_REQUEST__INIT;
    char before[200], after[200];

    tenant_new(world->platform, "odd");
    tenant_new(world->platform, "doomed");
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"doomed\"}");
    database_traces(&world->database, before);

    refuse(world->platform, "nobody", "copy", CODE_NOT_FOUND, "no tenant with the schema nobody");
    refuse(world->platform, "doomed", "copy", CODE_FAILED_PRECONDITION,
           "the tenant doomed is deleted");
    refuse(world->platform, "", "copy", CODE_INVALID_ARGUMENT, "schema_name");
    refuse(world->platform, "odd", "", CODE_INVALID_ARGUMENT, "new_schema_name");
    refuse(world->platform, "odd", "pg_copy", CODE_INVALID_ARGUMENT, "new_schema_name");
    refuse(world->platform, "odd", "a\"; drop schema acme", CODE_INVALID_ARGUMENT,
           "new_schema_name");
    refuse(world->platform, "odd", "odd", CODE_ALREADY_EXISTS, "taken already");
    refuse(world->platform, "odd", "techcorp", CODE_ALREADY_EXISTS, "taken already");
    request.schema_name = TEXT("odd");
    request.new_schema_name = TEXT("copy");
    request.domain = TEXT("ACME.localhost.");
    request.with_rows = true;
    assert_null(ciq_clone_tenant(world->platform, &request, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "domain is taken already");
    request.domain = TEXT("10.0.0.1");
    assert_null(ciq_clone_tenant(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "domain");
    request.domain = TEXT("copy.localhost");
    request.admin_email = TEXT("a@b.c");
    assert_null(ciq_clone_tenant(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "admin_email must be empty");
    request.admin_email = TEXT("");
    request.admin_password = TEXT("long enough");
    assert_null(ciq_clone_tenant(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "admin_password must be empty");
    request.with_rows = false;
    assert_null(ciq_clone_tenant(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "admin_email is required");

    /* a tenant's own admin is nobody on the platform */
    ciq_client_set_tenant(world->acme, "");
    refuse(world->acme, "odd", "copy", CODE_UNAUTHENTICATED, NULL);
    ciq_client_set_tenant(world->acme, "acme");
    database_traces(&world->database, after);
    assert_string_equal(after, before);
}

static void
test_clone__of_a_schema_that_is_not_what_migrations_make(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "bent");
    database_value(&world->database, "create table bent.by_hand (id bigint primary key)");
    refuse(world->platform, "bent", "straight", CODE_FAILED_PRECONDITION,
           "table by_hand that none of its migrations makes");
    database_value(&world->database, "alter table bent.by_hand rename to zzz_by_hand");
    refuse(world->platform, "bent", "straight", CODE_FAILED_PRECONDITION,
           "table zzz_by_hand that none of its migrations makes");
    database_value(&world->database,
                   "drop table bent.zzz_by_hand; alter table bent.business_company add shoe text");
    refuse(world->platform, "bent", "straight", CODE_FAILED_PRECONDITION, "shoe");
    database_value(&world->database, "alter table bent.business_company drop shoe, drop website");
    refuse(world->platform, "bent", "straight", CODE_FAILED_PRECONDITION, "website");
    database_value(&world->database, "drop table bent.business_company cascade");
    refuse(world->platform, "bent", "straight", CODE_FAILED_PRECONDITION,
           "lacks the table business_company: repair it first");
    database_value(&world->database,
                   "update public.tenants_tenant set heads = heads || '{\"users\": 999}' "
                   "where schema_name = 'bent'");
    refuse(world->platform, "bent", "straight", CODE_FAILED_PRECONDITION,
           "has users/0999, and this server has users up to");
    assert_value(&world->database, "0",
                 "select count(*) from public.tenants_tenant where schema_name = 'straight'");
    assert_value(&world->database, "0",
                 "select count(*) from pg_namespace where nspname = 'straight'");
    database_value(&world->database,
                   "delete from public.tenants_domain where domain = 'bent.localhost'; "
                   "delete from public.tenants_tenant where schema_name = 'bent'; "
                   "drop schema bent cascade");
}

static void
test_clone__within_the_plan(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    tenant_new(world->platform, "full");
    database_value(&world->database,
                   "update public.tenants_tenant set max_users = 2 where schema_name = 'full'; "
                   "insert into \"full\".users_customuser (email) values ('b@c.d')");
    clone_rows(world, "full", "full_two");
    database_value(&world->database,
                   "insert into \"full\".users_customuser (email) values ('c@c.d')");
    refuse(world->platform, "full", "full_three", CODE_RESOURCE_EXHAUSTED,
           "max_users of the tenant is 2, and 3 users would be active");
    assert_value(&world->database, "0",
                 "select count(*) from pg_namespace where nspname = 'full_three'");

    /* without rows there is one user */
    ciq_clone_tenant_response_free(
        clone_of(world->platform, "full", "full_none", "boss@full.example", &error));
    assert_ok(error);
}

/* ---- while others write ---- */

static void
test_clone__sees_one_moment(void **state)
{
    World *world = *state;
    Writer writer;

    writer_start(&writer, world);
    clone_rows(world, "busy", "moment_a");
    clone_rows(world, "busy", "moment_b");
    writer_stop(&writer);
    assert_one_moment(world, "moment_a");
    assert_one_moment(world, "moment_b");
}

/* More rows than fit the time: the caller is told, and may come again with more of it. */
static void
test_clone__past_the_deadline(void **state)
{
    World *world = *state;
    CiqError *error = NULL;

    tenant_new(world->platform, "large");
    database_value(
        &world->database,
        "insert into large.business_contact (email) select n || '@large.example' from generate_series(1, 200000) n");
    CiqClient *hasty = ciq_client_new(
        &(CiqOptions){.urls = world->server.ipc, .timeout_ms = 400, .attempts_max = 1}, &error);
    assert_ok(error);
    refuse(hasty, "large", "late", CODE_DEADLINE_EXCEEDED, NULL);
    ciq_client_free(hasty);
    /* the clone is gone */
    wait_for_value(&world->database, "0",
                   "select (select count(*) from pg_namespace where nspname = 'late') + "
                   "(select count(*) from public.tenants_tenant where schema_name = 'late') + "
                   "(select count(*) from pg_stat_activity where datname = current_database() and "
                   "state <> 'idle' and pid <> pg_backend_pid())");
    clone_rows(world, "large", "late");
    assert_value(&world->database, "200000", "select count(*) from late.business_contact");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clone__without_rows),
        cmocka_unit_test(test_clone__with_rows),
        cmocka_unit_test(test_clone__of_a_suspended_tenant),
        cmocka_unit_test(test_clone__has_the_sources_migrations),
        cmocka_unit_test(test_clone__refusals_leave_nothing),
        cmocka_unit_test(test_clone__of_a_schema_that_is_not_what_migrations_make),
        cmocka_unit_test(test_clone__within_the_plan),
        cmocka_unit_test(test_clone__sees_one_moment),
        cmocka_unit_test(test_clone__past_the_deadline),
    };

    return run_cases(tests, world_setup, world_teardown);
}
