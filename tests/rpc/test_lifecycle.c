/* A tenant's life after its creation: suspended, deleted, brought back, purged, renamed, repaired;
 * and what its plan allows.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
activate(CiqClient *client, const char *schema, Code code, const char *text)
{
    CiqError *error = NULL;
    CiqActivateTenantRequest request = CLIENTIQ__V1__ACTIVATE_TENANT_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    ciq_activate_tenant_response_free(ciq_activate_tenant(client, &request, &error));
    assert_code(error, code, text);
}

static void delete (CiqClient *client, const char *schema, Code code, const char *text)
{
    CiqError *error = NULL;
    CiqDeleteTenantRequest request = CLIENTIQ__V1__DELETE_TENANT_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    ciq_delete_tenant_response_free(ciq_delete_tenant(client, &request, &error));
    assert_code(error, code, text);
}

static void
undelete(CiqClient *client, const char *schema, Code code, const char *text)
{
    CiqError *error = NULL;
    CiqUndeleteTenantRequest request = CLIENTIQ__V1__UNDELETE_TENANT_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    ciq_undelete_tenant_response_free(ciq_undelete_tenant(client, &request, &error));
    assert_code(error, code, text);
}

static void
purge(CiqClient *client, const char *schema, Code code, const char *text)
{
    CiqError *error = NULL;
    CiqPurgeTenantRequest request = CLIENTIQ__V1__PURGE_TENANT_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    ciq_purge_tenant_response_free(ciq_purge_tenant(client, &request, &error));
    assert_code(error, code, text);
}

static void
suspend(CiqClient *client, const char *schema, const char *reason, Code code, const char *text)
{
    CiqError *error = NULL;
    CiqSuspendTenantRequest request = CLIENTIQ__V1__SUSPEND_TENANT_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    request.reason = TEXT(reason);
    ciq_suspend_tenant_response_free(ciq_suspend_tenant(client, &request, &error));
    assert_code(error, code, text);
}

static CiqGetTenantResponse *
tenant_get(CiqClient *client, const char *schema)
{
    CiqError *error = NULL;
    CiqGetTenantRequest request = CLIENTIQ__V1__GET_TENANT_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    CiqGetTenantResponse *response = ciq_get_tenant(client, &request, &error);

    assert_ok(error);
    return response;
}

/* ---- suspend ---- */

static void
test_suspend__closes_with_the_reason(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    tenant_new(world->platform, "late");
    CiqClient *client = sign_in(&world->server, "late.localhost", world_email, world_password);

    assert_user_code(client, CODE_OK, NULL);
    suspend(world->platform, "late", "invoice 17 is open", CODE_OK, NULL);
    assert_user_code(client, CODE_FAILED_PRECONDITION,
                     "the tenant late is suspended: invoice 17 is open");
    ciq_client_set_tenant(client, "late");
    assert_user_code(client, CODE_FAILED_PRECONDITION, "invoice 17 is open");
    login.email = TEXT(world_email);
    login.password = TEXT(world_password);
    assert_null(ciq_login(client, &login, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "suspended");
    assert_value(&world->database, "f",
                 "select has_schema_privilege(role, 'late', 'usage') from public.tenants_tenant "
                 "where schema_name = 'late'");

    CiqGetTenantResponse *tenant = tenant_get(world->platform, "late");
    assert_int_equal(tenant->tenant->state, CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_SUSPENDED);
    assert_string_equal(tenant->tenant->suspend_reason, "invoice 17 is open");
    ciq_get_tenant_response_free(tenant);
    suspend(world->platform, "late", "again", CODE_FAILED_PRECONDITION,
            "late is suspended, not active");

    activate(world->platform, "late", CODE_OK, NULL);
    assert_user_code(client, CODE_UNAUTHENTICATED,
                     NULL); /* the session ended with the suspension */
    ciq_client_free(client);
    client = sign_in(&world->server, "late.localhost", world_email, world_password);
    assert_user_code(client, CODE_OK, NULL);
    ciq_client_free(client);
    activate(world->platform, "late", CODE_FAILED_PRECONDITION, "not suspended");
    activate(world->platform, "nobody", CODE_NOT_FOUND, "no tenant with the schema nobody");
    suspend(world->platform, "late", "", CODE_INVALID_ARGUMENT, "reason is required");
    suspend(world->platform, "", "why", CODE_INVALID_ARGUMENT, "id or schema_name must be given");
}

/* Who does not belong to the platform changes no tenant, not even their own. */
static void
test_lifecycle__needs_the_platform(void **state)
{
    World *world = *state;

    suspend(world->acme, "acme", "x", CODE_INVALID_ARGUMENT, "tenant must be empty");
    ciq_client_set_tenant(world->acme, "");
    suspend(world->acme, "acme", "x", CODE_UNAUTHENTICATED, "the token belongs to a tenant");
    delete (world->acme, "techcorp", CODE_UNAUTHENTICATED, NULL);
    purge(world->acme, "techcorp", CODE_UNAUTHENTICATED, NULL);
    ciq_client_set_tenant(world->acme, "acme.localhost");
}

/* ---- what is shown of the registry and the database ---- */

static bool
finds(World *world, const char *kind, const char *name)
{
    CiqError *error = NULL;
    CiqReconcileTenantsRequest request = CLIENTIQ__V1__RECONCILE_TENANTS_REQUEST__INIT;
    CiqReconcileTenantsResponse *response =
        ciq_reconcile_tenants(world->platform, &request, &error);
    bool found = false;

    assert_ok(error);
    for (size_t i = 0; i < response->n_findings; i++)
        found = found || (strcmp(response->findings[i]->kind, kind) == 0 &&
                          strcmp(response->findings[i]->name, name) == 0);
    ciq_reconcile_tenants_response_free(response);
    return found;
}

/* ---- delete, undelete, purge ---- */

static void
test_delete__reserves_and_undelete_brings_back(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqAddDomainRequest add = CLIENTIQ__V1__ADD_DOMAIN_REQUEST__INIT;
    CiqDomain domain = CLIENTIQ__V1__DOMAIN__INIT;

    tenant_new(world->platform, "gone");
    CiqClient *client = sign_in(&world->server, "gone.localhost", world_email, world_password);
    user_new(client, "second@gone.example", false);
    char before[256];
    snprintf(before, sizeof before, "%s",
             database_value(&world->database, "select string_agg(email, ',' order by id) from "
                                              "gone.users_customuser"));

    delete (world->platform, "gone", CODE_OK, NULL);
    assert_user_code(client, CODE_NOT_FOUND, "no tenant for the domain gone.localhost");
    ciq_client_set_tenant(client, "gone");
    assert_user_code(client, CODE_NOT_FOUND, "no tenant with the schema gone");
    ciq_client_set_tenant(client, "gone.localhost");
    domain.domain = TEXT("gone.localhost");
    domain.schema_name = TEXT("acme");
    add.domain = &domain;
    assert_null(ciq_add_domain(world->platform, &add, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "domain is taken already");
    CiqRemoveDomainRequest drop = CLIENTIQ__V1__REMOVE_DOMAIN_REQUEST__INIT;
    drop.domain = TEXT("gone.localhost");
    assert_null(ciq_remove_domain(world->platform, &drop, &error));
    assert_code(error, CODE_NOT_FOUND, "no domain gone.localhost");
    delete (world->platform, "gone", CODE_FAILED_PRECONDITION,
            "gone is deleted, not active or suspended");

    /* what is shown is the name that it had, and when it will be purged */
    CiqGetTenantResponse *tenant = tenant_get(world->platform, "gone");
    assert_string_equal(tenant->tenant->schema_name, "gone");
    assert_int_equal(tenant->tenant->state, CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_DELETED);
    assert_true(tenant->tenant->purge_time->seconds - tenant->tenant->delete_time->seconds ==
                30 * 86400);
    ciq_get_tenant_response_free(tenant);

    undelete(world->platform, "gone", CODE_OK, NULL);
    assert_user_code(client, CODE_UNAUTHENTICATED, NULL);
    ciq_client_free(client);
    client = sign_in(&world->server, "gone.localhost", world_email, world_password);
    assert_value(&world->database, before,
                 "select string_agg(email, ',' order by id) from gone.users_customuser");
    undelete(world->platform, "gone", CODE_FAILED_PRECONDITION, "not deleted");
    ciq_client_free(client);
}

static void
test_undelete__a_suspended_tenant_stays_suspended(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "halted");
    suspend(world->platform, "halted", "why not", CODE_OK, NULL);
    delete (world->platform, "halted", CODE_OK, NULL);
    undelete(world->platform, "halted", CODE_OK, NULL);
    CiqClient *client = client_new(&world->server, "halted.localhost", NULL);
    assert_user_code(client, CODE_FAILED_PRECONDITION, "why not");
    assert_value(&world->database, "f",
                 "select has_schema_privilege(role, 'halted', 'usage') from public.tenants_tenant "
                 "where schema_name = 'halted'");
    ciq_client_free(client);
}

static void
one_owner(Config *config)
{
    config->owner_workers = 1;
}

/* The first call on a connection: deleting tells the other servers two things, so one statement
 * comes twice in one pipeline, and is prepared in that pipeline. */
static void
test_delete__first_on_its_connection(void **state)
{
    World *world = *state;
    TestServer other;

    tenant_new(world->platform, "early");
    server_up(&other, &world->database, one_owner);
    CiqClient *platform = operator_new(&other);
    delete (platform, "early", CODE_OK, NULL);
    ciq_client_free(platform);
    server_down(&other);
}

/* The name of a deleted tenant is free; the one that comes back needs another. */
static void
test_delete__frees_the_name(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest create = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    CiqUndeleteTenantRequest undelete = CLIENTIQ__V1__UNDELETE_TENANT_REQUEST__INIT;

    tenant_new(world->platform, "reused");
    CiqClient *old = sign_in(&world->server, "reused.localhost", world_email, world_password);
    user_new(old, "old@reused.example", false);
    delete (world->platform, "reused", CODE_OK, NULL);

    tenant.name = TEXT("New");
    tenant.schema_name = TEXT("reused");
    create.tenant = &tenant;
    create.domain = TEXT("new.localhost");
    create.admin_email = TEXT(world_email);
    create.admin_password = TEXT(world_password);
    ciq_create_tenant_response_free(ciq_create_tenant(world->platform, &create, &error));
    assert_ok(error);
    ciq_client_set_tenant(old, "reused");
    assert_user_code(old, CODE_UNAUTHENTICATED,
                     NULL); /* the old token opens nothing of the new one */
    CiqClient *new = sign_in(&world->server, "reused", world_email, world_password);
    assert_int_equal(user_count(new, "old@reused"), 0);

    char id[32];
    snprintf(
        id, sizeof id, "%s",
        database_value(&world->database,
                       "select id from public.tenants_tenant where former_schema_name = 'reused'"));
    undelete.id = strtoll(id, NULL, 10);
    assert_null(ciq_undelete_tenant(world->platform, &undelete, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "new_schema_name reused is taken already");
    undelete.new_schema_name = TEXT("reused_2");
    ciq_undelete_tenant_response_free(ciq_undelete_tenant(world->platform, &undelete, &error));
    assert_ok(error);
    ciq_client_free(old);
    old = sign_in(&world->server, "reused.localhost", world_email, world_password);
    assert_int_equal(user_count(old, "old@reused"), 1);
    assert_int_equal(user_count(new, "old@reused"), 0);
    ciq_client_free(old);
    ciq_client_free(new);
}

static void
test_purge__leaves_nothing(void **state)
{
    World *world = *state;
    char role[64], query[256];

    tenant_new(world->platform, "trash");
    purge(world->platform, "trash", CODE_FAILED_PRECONDITION, "trash is active, not deleted");
    snprintf(role, sizeof role, "%s",
             database_value(&world->database,
                            "select role from public.tenants_tenant where schema_name = 'trash'"));
    /* a table that no migration made and that the owner does not own */
    database_value(&world->database, "create table trash.foreign_thing (id bigint primary key)");
    delete (world->platform, "trash", CODE_OK, NULL);
    purge(world->platform, "trash", CODE_OK, NULL);
    wait_for_value(&world->database, "0",
                   "select count(*) from public.tenants_tenant where "
                   "coalesce(former_schema_name, schema_name) = 'trash'");
    assert_value(&world->database, "0",
                 "select count(*) from public.tenants_domain where domain = 'trash.localhost'");
    assert_value(&world->database, "0",
                 "select count(*) from pg_namespace where nspname ~ '^ciq_deleted|^trash'");
    snprintf(query, sizeof query,
             "select count(*) from pg_shdepend d join pg_roles r on r.oid = d.refobjid "
             "where rolname = '%s' and d.dbid = (select oid from pg_database where datname = "
             "current_database())",
             role);
    assert_value(&world->database, "0", "%s", query);

    /* the name and the domain are free again */
    tenant_new(world->platform, "trash");
    undelete(world->platform, "trash", CODE_FAILED_PRECONDITION, "not deleted");

    /* its role rests, and then goes back to the pool, where the next tenant may find it at once */
    snprintf(query, sizeof query, "select count(*) from public.role_rest where role = '%s'", role);
    assert_value(&world->database, "1", "%s", query);
    database_value(&world->database, "update public.role_rest set rest_until = now()");
    tenant_new(world->platform, "wakesthejob");
    snprintf(query, sizeof query,
             "select (select count(*) from public.role_pool where role = '%s') + "
             "(select count(*) from public.tenants_tenant where role = '%s')",
             role, role);
    wait_for_value(&world->database, "1", "%s", query);
}

/* Somebody's statements, as the owner of the tenants' schemas and in one of them. */
static void
run_as_owner(World *world, const char *schema, const char *statements)
{
    PGconn *connection = database_connect(&world->database);

    connection_run(connection, "do $$ begin execute 'set role ' || (select nspowner::regrole::text "
                               "from pg_namespace where nspname = 'acme'); end $$");
    connection_run(connection, "set search_path to %s", schema);
    connection_run(connection, "%s", statements);
    PQfinish(connection);
}

static void
wait_until_purged(World *world, const char *schema)
{
    wait_for_value(&world->database, "0",
                   "select count(*) from public.tenants_tenant where "
                   "coalesce(former_schema_name, schema_name) = '%s'",
                   schema);
}

/* What one drop takes along, and more of each kind than one transaction drops. */
static void
test_purge__of_all_kinds(void **state)
{
    static const char statements[] =
        "create table old_event (id bigint not null, at timestamptz not null, "
        "primary key (id, at));\n"
        "create table event (id bigint not null, at timestamptz not null, primary key (id, at)) "
        "partition by range (at);\n"
        "alter table event attach partition old_event default;\n"
        "create table line (event_id bigint, at timestamptz, foreign key (event_id, at) references "
        "event (id, at));\n"
        "create table parent (id bigint primary key);\n"
        "create table child () inherits (parent);\n"
        "create type state as enum ('a', 'b');\n"
        "create type pair as (a state, b integer);\n"
        "create domain pairs as pair[];\n"
        "create type span as range (subtype = float8);\n"
        "create table typed of pair;\n"
        "create collation german (provider = icu, locale = 'de');\n"
        "create function plus(pair, integer) returns integer language sql immutable as 'select "
        "($1).b + $2';\n"
        "create operator + (leftarg = pair, rightarg = integer, function = plus);\n"
        "create aggregate total(integer) (sfunc = int4pl, stype = integer);\n"
        "create view wide as select id, 'a'::state as state from parent;\n"
        "create materialized view kept as select * from wide;\n"
        "create text search configuration words (copy = simple);\n"
        "create text search dictionary stems (template = simple);\n"
        "create statistics together on id, at from old_event;\n"
        "create function noted() returns trigger language plpgsql as 'begin return new; end';\n"
        "create trigger noting before insert on line for each row execute function noted();\n"
        "create rule nothing as on delete to line do instead nothing;\n"
        "create sequence free;\n"
        "do $$ begin for i in 1..300 loop\n"
        "    execute format('create function f%s(integer) returns integer language sql as "
        "$f$select 1$f$', i);\n"
        "    execute format('create view v%s as select f%s(1)', i, i);\n"
        "    execute format('create sequence s%s', i);\n"
        "end loop; end $$";
    World *world = *state;

    tenant_new(world->platform, "allkinds");
    run_as_owner(world, "allkinds", statements);
    delete (world->platform, "allkinds", CODE_OK, NULL);
    purge(world->platform, "allkinds", CODE_OK, NULL);
    wait_until_purged(world, "allkinds");
    assert_value(&world->database, "0",
                 "select count(*) from pg_namespace where nspname ~ '^ciq_deleted|^allkinds'");
}

/* One that fails keeps no other waiting, is shown, and is purged when what was in its way is gone.
 */
static void
test_purge__goes_on_after_one_that_fails(void **state)
{
    World *world = *state;
    char reserved[64];

    tenant_new(world->platform, "stuck");
    tenant_new(world->platform, "goes");
    snprintf(reserved, sizeof reserved, "ciq_deleted_%s",
             database_value(&world->database,
                            "select id from public.tenants_tenant where schema_name = 'stuck'"));
    database_value(&world->database,
                   "create function public.keep() returns event_trigger language plpgsql as $$ "
                   "begin if exists (select from pg_event_trigger_dropped_objects() where "
                   "schema_name = '%s' or object_name = '%s') then raise exception 'kept for the "
                   "court'; end if; end $$",
                   reserved, reserved);
    database_value(&world->database,
                   "create event trigger keep on sql_drop execute function public.keep()");
    delete (world->platform, "stuck", CODE_OK, NULL);
    delete (world->platform, "goes", CODE_OK, NULL);
    purge(world->platform, "stuck", CODE_OK, NULL);
    wait_for_value(&world->database, "1",
                   "select count(*) from public.tenants_setback where task = 'purge'");
    purge(world->platform, "goes", CODE_OK, NULL);
    wait_until_purged(world, "goes");

    assert_true(finds(world, "purge-put-off", reserved));
    assert_value(&world->database, "kept for the court",
                 "select error from public.tenants_setback where task = 'purge'");
    database_value(&world->database, "drop event trigger keep");
    database_value(&world->database, "drop function public.keep()");
    purge(world->platform, "stuck", CODE_OK, NULL);
    wait_until_purged(world, "stuck");
    assert_false(finds(world, "purge-put-off", reserved));
    assert_value(&world->database, "0",
                 "select count(*) from public.tenants_setback where task = 'purge'");
}

/* Retention is over: the job finds it by itself. */
static void
test_purge__after_the_retention_time(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "expired");
    delete (world->platform, "expired", CODE_OK, NULL);
    database_value(&world->database,
                   "update public.tenants_tenant set purge_time = now() - interval '1 s' "
                   "where former_schema_name = 'expired'");
    tenant_new(world->platform, "wakesittoo");
    wait_for_value(&world->database, "0",
                   "select count(*) from public.tenants_tenant where "
                   "former_schema_name = 'expired'");
}

/* ---- what outlives its time ---- */

/* A schema that somebody has dropped cannot be swept; it must not stay first in turn for ever, or
 * no other is swept. */
static void
test_sweep__goes_on_after_a_damaged_schema(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "unswept");
    database_value(&world->database, "drop schema unswept cascade");
    database_value(&world->database,
                   "insert into techcorp.core_idempotency (key, request_hash, create_time) "
                   "values ('\\x01', '\\x01', now() - interval '25 hours')");
    database_value(&world->database,
                   "update public.tenants_tenant set sweep_time = now() - interval '2 hours'");
    database_value(&world->database,
                   "update public.tenants_tenant set sweep_time = null where schema_name = "
                   "'unswept'");
    tenant_new(world->platform, "wakesthesweep");
    wait_for_value(&world->database, "0",
                   "select count(*) from techcorp.core_idempotency where key = '\\x01'");
    assert_true(finds(world, "sweep-put-off", "unswept"));
    delete (world->platform, "unswept", CODE_OK, NULL);
}

/* What one look deletes has a bound; as long as there is more, another look follows at once. */
static void
test_sweep__comes_back_while_there_is_more(void **state)
{
    World *world = *state;
    static const char *const tables[] = {"acme.core_idempotency", "techcorp.core_idempotency",
                                         "public.core_idempotency"};

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        database_value(
            &world->database,
            "insert into %s (key, request_hash, create_time) select sha256(n::text::bytea), "
            "'\\x01', now() - interval '25 hours' from generate_series(1, 25000) n",
            tables[i]);
    database_value(&world->database, "update public.tenants_tenant set sweep_time = null");
    tenant_new(world->platform, "wakesagain");
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        wait_for_value(&world->database, "0",
                       "select count(*) from %s where create_time < now() - interval '24 hours'",
                       tables[i]);
    wait_for_value(&world->database, "0",
                   "select count(*) from public.tenants_tenant where schema_name in ('acme', "
                   "'techcorp') and sweep_time < now() - interval '30 minutes'");
    delete (world->platform, "wakesagain", CODE_OK, NULL);
}

/* ---- rename ---- */

static void
test_rename__the_domain_and_the_session_stay(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqRenameTenantRequest request = CLIENTIQ__V1__RENAME_TENANT_REQUEST__INIT;

    tenant_new(world->platform, "before");
    CiqClient *client = sign_in(&world->server, "before.localhost", world_email, world_password);
    request.schema_name = TEXT("before");
    request.new_schema_name = TEXT("acme");
    assert_null(ciq_rename_tenant(world->platform, &request, &error));
    assert_code(error, CODE_ALREADY_EXISTS, "new_schema_name acme is taken already");
    request.new_schema_name = TEXT("pg_x");
    assert_null(ciq_rename_tenant(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "new_schema_name");
    request.new_schema_name = TEXT("after");
    ciq_rename_tenant_response_free(ciq_rename_tenant(world->platform, &request, &error));
    assert_ok(error);

    assert_user_code(client, CODE_OK, NULL);
    ciq_client_set_tenant(client, "after");
    assert_user_code(client, CODE_OK, NULL);
    ciq_client_set_tenant(client, "before");
    assert_user_code(client, CODE_NOT_FOUND, "no tenant with the schema before");
    ciq_client_free(client);
}

/* ---- repair and reconcile ---- */

static CiqRepairTenantResponse *
repair(World *world, const char *schema)
{
    CiqError *error = NULL;
    CiqRepairTenantRequest request = CLIENTIQ__V1__REPAIR_TENANT_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    CiqRepairTenantResponse *response = ciq_repair_tenant(world->platform, &request, &error);

    assert_ok(error);
    return response;
}

static bool
says(const CiqRepairTenantResponse *response, const char *line)
{
    for (size_t i = 0; i < response->n_repaired; i++)
        if (strcmp(response->repaired[i], line) == 0)
            return true;
    return false;
}

static void
test_repair__nothing_is_missing(void **state)
{
    World *world = *state;
    CiqRepairTenantResponse *response = repair(world, "acme");

    assert_int_equal(response->n_repaired, 0);
    assert_value(&world->database, "0",
                 "select count(*) from pg_namespace where nspname like 'ciq_repair%%'");
    ciq_repair_tenant_response_free(response);
    assert_user_code(world->acme, CODE_OK, NULL);
}

static void
test_repair__missing_tables_and_grants(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "broken");
    CiqClient *client = sign_in(&world->server, "broken.localhost", world_email, world_password);
    user_new(client, "kept@broken.example", false);
    database_value(&world->database, "drop table broken.auth_permission cascade");
    database_value(&world->database, "drop table broken.business_contact");
    database_value(&world->database, "revoke insert on broken.auth_group from %s",
                   database_value(&world->database, "select role from public.tenants_tenant "
                                                    "where schema_name = 'broken'"));
    ciq_client_free(client);
    client = sign_in(&world->server, "broken.localhost", world_email, world_password);
    assert_user_code(client, CODE_FAILED_PRECONDITION, "closed or incomplete");

    CiqRepairTenantResponse *response = repair(world, "broken");
    assert_true(says(response, "table auth_permission"));
    assert_true(says(response, "table business_contact"));
    assert_true(says(response, "foreign key auth_group_permissions_permission_id_fkey"));
    assert_true(says(response, "grants on table auth_group"));
    assert_int_equal(response->n_repaired, 5); /* what a table has comes with it */
    ciq_repair_tenant_response_free(response);

    assert_user_code(client, CODE_OK, NULL);
    assert_int_equal(user_count(client, "kept@broken.example"), 1);
    assert_value(
        &world->database,
        database_value(&world->database,
                       "select string_agg(relname::text, ',' order by relname) from pg_class where "
                       "relnamespace = 'acme'::regnamespace and relkind in ('r', 'S', 'i')"),
        "select string_agg(relname::text, ',' order by relname) from pg_class where relnamespace = "
        "'broken'::regnamespace and relkind in ('r', 'S', 'i')");
    ciq_client_free(client);
}

static void
test_repair__the_schema_is_gone(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "lost");
    CiqClient *client = sign_in(&world->server, "lost.localhost", world_email, world_password);
    assert_user_code(client, CODE_OK, NULL);
    assert_false(finds(world, "missing-schema", "lost"));
    database_value(&world->database, "drop schema lost cascade");
    assert_user_code(client, CODE_FAILED_PRECONDITION, "closed or incomplete");
    assert_true(finds(world, "missing-schema", "lost"));

    CiqRepairTenantResponse *response = repair(world, "lost");
    assert_true(says(response, "schema lost"));
    assert_true(says(response, "usage of schema lost"));
    assert_true(says(response, "table users_customuser"));
    ciq_repair_tenant_response_free(response);
    assert_user_code(client, CODE_UNAUTHENTICATED,
                     NULL); /* its rows are gone; nobody else's appear */
    assert_false(finds(world, "missing-schema", "lost"));
    ciq_client_free(client);

    /* a lost schema can be deleted and purged all the same */
    database_value(&world->database, "drop schema lost cascade");
    delete (world->platform, "lost", CODE_OK, NULL);
    purge(world->platform, "lost", CODE_OK, NULL);
    wait_for_value(&world->database, "0",
                   "select count(*) from public.tenants_tenant where "
                   "former_schema_name = 'lost'");
}

/* As after a restore of a dump, which has no roles. */
static void
test_repair__the_role_is_gone(void **state)
{
    World *world = *state;
    char role[64];

    tenant_new(world->platform, "roleless");
    CiqClient *client = sign_in(&world->server, "roleless.localhost", world_email, world_password);
    snprintf(role, sizeof role, "%s",
             database_value(&world->database, "select role from public.tenants_tenant "
                                              "where schema_name = 'roleless'"));
    database_value(&world->database, "drop owned by %s", role);
    database_value(&world->database, "drop role %s", role);
    assert_user_code(client, CODE_FAILED_PRECONDITION, "closed or incomplete");
    assert_true(finds(world, "missing-role", role));

    CiqRepairTenantResponse *response = repair(world, "roleless");
    assert_true(says(response, "usage of schema roleless"));
    ciq_repair_tenant_response_free(response);
    assert_user_code(client, CODE_OK, NULL);
    ciq_client_free(client);
}

static void
test_reconcile__orphans(void **state)
{
    World *world = *state;
    char role[96];

    snprintf(role, sizeof role, "ciq_%s_999999",
             database_value(&world->database, "select id from public.core_installation"));
    database_value(&world->database, "create schema stray");
    database_value(&world->database, "create table stray.core_migration (app text primary key)");
    database_value(&world->database, "create role %s", role);
    assert_true(finds(world, "orphan-schema", "stray"));
    assert_true(finds(world, "orphan-role", role));
    database_value(&world->database, "drop schema stray cascade");
    database_value(&world->database, "drop role %s", role);
    assert_false(finds(world, "orphan-schema", "stray"));
    assert_false(finds(world, "orphan-role", role));
}

/* ---- limits ---- */

static void
update_limits(World *world, const char *schema, CiqTenant tenant, const char *field)
{
    CiqError *error = NULL;
    char *paths[] = {TEXT(field)};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqUpdateTenantRequest request = CLIENTIQ__V1__UPDATE_TENANT_REQUEST__INIT;

    tenant.schema_name = TEXT(schema);
    mask.n_paths = 1;
    mask.paths = paths;
    request.tenant = &tenant;
    request.update_mask = &mask;
    ciq_update_tenant_response_free(ciq_update_tenant(world->platform, &request, &error));
    assert_ok(error);
}

static void
test_limits__users(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqTenant limits = CLIENTIQ__V1__TENANT__INIT;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

    tenant_new(world->platform, "small");
    CiqClient *client = sign_in(&world->server, "small.localhost", world_email, world_password);
    limits.max_users = 2;
    update_limits(world, "small", limits, "max_users");
    user_new(client, "two@small.example", false);
    user.email = TEXT("three@small.example");
    request.user = &user;
    assert_null(ciq_create_user(client, &request, &error));
    assert_code(error, CODE_RESOURCE_EXHAUSTED, "max_users of the tenant is 2");
    assert_value(&world->database, "2", "select count(*) from small.users_customuser");
    limits.max_users = 0; /* what the plan says: enterprise has no limit */
    update_limits(world, "small", limits, "max_users");
    user_new(client, "three@small.example", false);
    ciq_client_free(client);
}

static void
test_limits__requests_per_second(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqTenant limits = CLIENTIQ__V1__TENANT__INIT;
    Code code = CODE_OK;
    int served = 0;

    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    tenant_new(world->platform, "hasty");
    /* a client that does not try again by itself, as the others would */
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = world->server.url, .tenant = "hasty.localhost", .attempts_max = 1},
        &error);
    assert_ok(error);
    login.email = TEXT(world_email);
    login.password = TEXT(world_password);
    CiqLoginResponse *session = ciq_login(client, &login, &error);
    assert_ok(error);
    ciq_client_set_token(client, session->token);
    ciq_login_response_free(session);
    limits.max_requests_per_second = 1;
    update_limits(world, "hasty", limits, "max_requests_per_second");
    for (int i = 0; i < 50 && code == CODE_OK; i++) {
        ciq_get_user_response_free(user_get(client, 1, &error));
        if (error == NULL) {
            served++;
            continue;
        }
        code = (Code) ciq_error_code(error);
        assert_true(ciq_error_retry_after_ms(error) > 0);
        assert_code(error, CODE_RESOURCE_EXHAUSTED, "max_requests_per_second of the tenant is 1");
    }
    assert_int_equal(code, CODE_RESOURCE_EXHAUSTED);
    assert_true(served >= 1);
    assert_user_code(world->acme, CODE_OK, NULL); /* another tenant's calls are its own */
    ciq_client_free(client);
}

static void
test_limits__statement_time(void **state)
{
    World *world = *state;
    CiqTenant limits = CLIENTIQ__V1__TENANT__INIT;

    tenant_new(world->platform, "slow");
    CiqClient *client = sign_in(&world->server, "slow.localhost", world_email, world_password);
    assert_user_code(client, CODE_OK, NULL);
    limits.max_statement_ms = 50;
    update_limits(world, "slow", limits, "max_statement_ms");
    PGconn *holder = database_hold(&world->database, "lock table slow.users_customuser");
    assert_user_code(client, CODE_RESOURCE_EXHAUSTED, "max_statement_ms is 50");
    database_release(holder);
    assert_user_code(client, CODE_OK, NULL);
    ciq_client_free(client);
}

static void
test_plans__list_and_update(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListPlansRequest list = CLIENTIQ__V1__LIST_PLANS_REQUEST__INIT;
    CiqUpdatePlanRequest update = CLIENTIQ__V1__UPDATE_PLAN_REQUEST__INIT;
    CiqPlanLimits limits = CLIENTIQ__V1__PLAN_LIMITS__INIT;
    char *paths[] = {TEXT("max_users")};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;

    CiqListPlansResponse *plans = ciq_list_plans(world->platform, &list, &error);
    assert_ok(error);
    assert_int_equal(plans->n_plans, 4);
    assert_int_equal(plans->plans[0]->plan, CLIENTIQ__V1__PLAN__PLAN_BASIC);
    ciq_list_plans_response_free(plans);

    mask.n_paths = 1;
    mask.paths = paths;
    limits.plan = CLIENTIQ__V1__PLAN__PLAN_TRIAL;
    limits.max_users = 7;
    update.plan_limits = &limits;
    update.update_mask = &mask;
    CiqUpdatePlanResponse *changed = ciq_update_plan(world->platform, &update, &error);
    assert_ok(error);
    assert_int_equal(changed->plan_limits->max_users, 7);
    assert_int_equal(changed->plan_limits->max_requests_per_second, 50); /* not in the mask */
    ciq_update_plan_response_free(changed);
    limits.max_users = 2000000000;
    assert_null(ciq_update_plan(world->platform, &update, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "plan_limits.max_users must be 0 to 1000000000");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suspend__closes_with_the_reason),
        cmocka_unit_test(test_lifecycle__needs_the_platform),
        cmocka_unit_test(test_delete__reserves_and_undelete_brings_back),
        cmocka_unit_test(test_undelete__a_suspended_tenant_stays_suspended),
        cmocka_unit_test(test_delete__frees_the_name),
        cmocka_unit_test(test_purge__leaves_nothing),
        cmocka_unit_test(test_purge__of_all_kinds),
        cmocka_unit_test(test_purge__goes_on_after_one_that_fails),
        cmocka_unit_test(test_purge__after_the_retention_time),
        cmocka_unit_test(test_delete__first_on_its_connection),
        cmocka_unit_test(test_sweep__goes_on_after_a_damaged_schema),
        cmocka_unit_test(test_sweep__comes_back_while_there_is_more),
        cmocka_unit_test(test_rename__the_domain_and_the_session_stay),
        cmocka_unit_test(test_repair__nothing_is_missing),
        cmocka_unit_test(test_repair__missing_tables_and_grants),
        cmocka_unit_test(test_repair__the_schema_is_gone),
        cmocka_unit_test(test_repair__the_role_is_gone),
        cmocka_unit_test(test_reconcile__orphans),
        cmocka_unit_test(test_limits__users),
        cmocka_unit_test(test_limits__requests_per_second),
        cmocka_unit_test(test_limits__statement_time),
        cmocka_unit_test(test_plans__list_and_update),
    };

    return run_cases(tests, world_setup, world_teardown);
}
