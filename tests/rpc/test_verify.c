/* VerifyIsolation: in a clean world every check is ok; each thing that somebody breaks as superuser
 * turns the very check red that is about it, and after it is mended everything is ok again.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char acme_role[64], techcorp_role[64], platform_role[64];

static CiqVerifyIsolationResponse *
verify(const World *world, const char *schema, bool failed_only)
{
    CiqError *error = NULL;
    CiqVerifyIsolationRequest request = CLIENTIQ__V1__VERIFY_ISOLATION_REQUEST__INIT;

    request.schema_name = TEXT(schema);
    request.failed = failed_only;
    CiqVerifyIsolationResponse *response = ciq_verify_isolation(world->platform, &request, &error);
    assert_ok(error);
    return response;
}

static int
setup(void **state)
{
    int result = world_setup(state);
    World *world = *state;

    if (result != 0)
        return result;
    snprintf(acme_role, sizeof acme_role, "%s",
             database_value(&world->database,
                            "select role from tenants_tenant where schema_name = 'acme'"));
    snprintf(techcorp_role, sizeof techcorp_role, "%s",
             database_value(&world->database,
                            "select role from tenants_tenant where schema_name = 'techcorp'"));
    snprintf(platform_role, sizeof platform_role, "%s",
             database_value(&world->database, "select platform_role from core_installation"));
    return 0;
}

static void
assert_clean(const World *world)
{
    CiqVerifyIsolationResponse *response = verify(world, "", true);

    for (size_t i = 0; i < response->n_checks; i++)
        print_error("%s: %s: %s: %s\n", response->checks[i]->schema_name,
                    response->checks[i]->subject, response->checks[i]->attempt,
                    response->checks[i]->got);
    assert_int_equal(response->n_checks, 0);
    ciq_verify_isolation_response_free(response);
}

static void
test_verify_isolation__clean_world(void **state)
{
    static const char *const subjects[] = {
        "tenant",        "own rows",     "other tenants", "platform",       "create", "own tables",
        "append only",   "files",        "role",          "without a role", "trace",  "grants",
        "owners",        "foreign keys", "views",         "triggers",       "kinds",  "functions",
        "platform role", "roles",        "public",
    };
    World *world = *state;
    CiqVerifyIsolationResponse *response = verify(world, "", false);

    assert_int_equal(response->n_tenants, 2);
    for (size_t i = 0; i < response->n_tenants; i++) {
        assert_true(response->tenants[i]->checks > 50);
        assert_int_equal(response->tenants[i]->failed, 0);
        assert_string_equal(response->tenants[i]->state, "active");
    }
    for (size_t s = 0; s < sizeof subjects / sizeof *subjects; s++) {
        size_t found = 0;

        for (size_t i = 0; i < response->n_checks; i++)
            found += strcmp(response->checks[i]->subject, subjects[s]) == 0;
        if (found == 0)
            fail_msg("nothing is checked about: %s", subjects[s]);
    }
    for (size_t i = 0; i < response->n_checks; i++) {
        assert_true(response->checks[i]->ok);
        assert_string_equal(response->checks[i]->expected, response->checks[i]->got);
    }
    ciq_verify_isolation_response_free(response);
}

/* One thing that is broken, and mended again.  {acme}, {techcorp}, {platform} are roles, {worker}
 * and {owner} the logins, {database} the database. */
typedef struct Damage {
    const char *damage, *mend;
    const char *schema, *subject, *got; /* the check that must fail, and what it must say */
} Damage;

static const Damage damages[] = {
    /* what the attempts find, and the catalog */
    {"grant usage on schema acme to {techcorp}; grant select on acme.users_customuser to {techcorp}",
     "revoke all on acme.users_customuser from {techcorp}; revoke all on schema acme from {techcorp}",
     "techcorp", "other tenants", "allowed"},
    {"grant select on acme.users_customuser to {techcorp}",
     "revoke all on acme.users_customuser from {techcorp}", "acme", "grants",
     "{techcorp}: select on users_customuser"},
    {"grant select on acme.users_customuser to {techcorp}",
     "revoke all on acme.users_customuser from {techcorp}", "techcorp", "grants",
     "table acme.users_customuser"},
    {"grant select (password) on acme.users_customuser to {techcorp}",
     "revoke all (password) on acme.users_customuser from {techcorp}", "acme", "grants",
     "{techcorp}: select on users_customuser.password"},
    {"grant select on acme.auth_group to public", "revoke all on acme.auth_group from public",
     "acme", "grants", "everybody: select on auth_group"},
    {"grant usage on schema acme to public", "revoke usage on schema acme from public", "acme",
     "grants", "everybody: usage on the schema"},
    {"grant select on tenants_tenant to {acme}; grant usage on schema public to {acme}",
     "revoke all on tenants_tenant from {acme}; revoke all on schema public from {acme}", "acme",
     "platform", "allowed"},
    {"grant select on tenants_tenant to {acme}", "revoke all on tenants_tenant from {acme}", "acme",
     "grants", "table tenants_tenant"},
    {"grant select on core_installation to {acme}; grant usage on schema public to {acme}",
     "revoke all on core_installation from {acme}; revoke all on schema public from {acme}", "acme",
     "platform", "allowed"},
    {"grant create on schema acme to {acme}", "revoke create on schema acme from {acme}", "acme",
     "create", "allowed"},
    {"grant truncate, references on acme.auth_group to {acme}",
     "revoke truncate, references on acme.auth_group from {acme}", "acme", "grants",
     "references, truncate on auth_group"},
    {"grant select on acme.auth_group to {acme} with grant option",
     "revoke grant option for select on acme.auth_group from {acme}", "acme", "grants",
     "select with grant option on auth_group"},
    {"grant temporary on database {database} to public",
     "revoke temporary on database {database} from public", "acme", "create", "allowed"},
    {"grant temporary on database {database} to public",
     "revoke temporary on database {database} from public", "", "public", "everybody: temporary"},
    {"grant create on database {database} to {acme}",
     "revoke create on database {database} from {acme}", "acme", "create", "allowed"},
    {"grant create on database {database} to {acme}",
     "revoke create on database {database} from {acme}", "acme", "grants", "database {database}"},
    {"grant update, delete on acme.core_audit to {acme}",
     "revoke update, delete on acme.core_audit from {acme}", "acme", "append only", "allowed"},
    {"grant update on acme.core_migration to {acme}",
     "revoke update on acme.core_migration from {acme}", "acme", "append only",
     "update on core_migration"},
    {"grant delete on core_audit to {platform}", "revoke delete on core_audit from {platform}", "",
     "append only", "allowed"},
    {"alter default privileges for role {owner} in schema acme grant select on tables to {techcorp}",
     "alter default privileges for role {owner} in schema acme revoke select on tables from {techcorp}",
     "acme", "grants", "{techcorp}: select on new objects"},
    {"alter default privileges for role {owner} grant execute on functions to public",
     "alter default privileges for role {owner} revoke execute on functions from public", "",
     "public", "execute on new functions of {owner}"},
    {"alter default privileges for role {owner} in schema techcorp grant select on tables to public",
     "alter default privileges for role {owner} in schema techcorp revoke select on tables from public",
     "", "public", "select on new tables"},
    /* roles */
    {"grant {acme} to {techcorp}", "revoke {acme} from {techcorp}", "acme", "role", "{techcorp}"},
    {"grant {acme} to {techcorp}", "revoke {acme} from {techcorp}", "techcorp", "role", "{acme}"},
    {"grant pg_read_server_files to {acme}", "revoke pg_read_server_files from {acme}", "acme",
     "role", "pg_read_server_files"},
    {"grant pg_execute_server_program to {acme}", "revoke pg_execute_server_program from {acme}",
     "acme", "files", "allowed"},
    {"grant pg_read_all_data to {worker}", "revoke pg_read_all_data from {worker}", "", "roles",
     "pg_read_all_data"},
    {"grant {acme} to {worker} with admin option", "revoke admin option for {acme} from {worker}",
     "acme", "role", "{worker} with admin option"},
    {"alter role {acme} bypassrls createdb", "alter role {acme} nobypassrls nocreatedb", "acme",
     "role", "bypassrls"},
    {"alter role {acme} createrole", "alter role {acme} nocreaterole", "acme", "create", "allowed"},
    {"alter role {acme} set search_path to techcorp", "alter role {acme} reset search_path", "acme",
     "role", "search_path=techcorp"},
    {"alter database {database} set search_path to techcorp",
     "alter database {database} reset search_path", "", "roles", "all roles: search_path=techcorp"},
    {"alter role {worker} set role to {acme}", "alter role {worker} reset role", "", "roles",
     "{worker}: role={acme}"},
    {"alter role {worker} inherit", "alter role {worker} noinherit", "", "roles",
     "the workers' login: inherit"},
    {"grant usage on schema public to {worker}; grant select on tenants_tenant to {worker}",
     "revoke all on tenants_tenant from {worker}; revoke all on schema public from {worker}", "",
     "without a role", "allowed"},
    {"grant select on tenants_tenant to {worker}", "revoke all on tenants_tenant from {worker}", "",
     "roles", "table tenants_tenant"},
    {"grant usage on schema acme to {worker}; grant select on acme.users_customuser to {worker}",
     "revoke all on acme.users_customuser from {worker}; revoke all on schema acme from {worker}",
     "acme", "without a role", "allowed"},
    {"revoke {acme} from {worker}", "grant {acme} to {worker}", "acme", "tenant",
     "the workers' login cannot set the role"},
    /* owners */
    {"alter table acme.auth_group owner to {techcorp}",
     "alter table acme.auth_group owner to {owner}; revoke all on acme.auth_group from {techcorp}",
     "acme", "owners", "auth_group is {techcorp}'s"},
    {"alter table acme.auth_group owner to {techcorp}",
     "alter table acme.auth_group owner to {owner}; revoke all on acme.auth_group from {techcorp}",
     "techcorp", "owners", "table acme.auth_group"},
    {"alter table tenants_plan owner to {platform}", "alter table tenants_plan owner to {owner}",
     "", "owners", "tenants_plan is {platform}'s"},
    /* objects */
    {"create function acme.f() returns bigint language sql security definer as 'select count(*) from "
     "techcorp.users_customuser'",
     "drop function acme.f()", "acme", "functions", "f() of postgres"},
    {"create function acme.f() returns bigint language sql as 'select 1::bigint'",
     "drop function acme.f()", "acme", "grants", "everybody: execute on f()"},
    {"create schema extra; create function extra.f() returns integer language sql security definer as 'select 1'",
     "drop schema extra cascade", "", "functions", "extra.f() of postgres"},
    {"create function f() returns integer language sql as 'select 1'", "drop function f()", "",
     "public", "f(): everybody may run it"},
    {"alter table acme.business_contact add constraint across foreign key (id) references "
     "techcorp.users_customuser (id) not valid",
     "alter table acme.business_contact drop constraint across", "acme", "foreign keys",
     "business_contact.across to techcorp.users_customuser"},
    {"alter table acme.business_contact add constraint across foreign key (id) references "
     "techcorp.users_customuser (id) not valid",
     "alter table acme.business_contact drop constraint across", "techcorp", "foreign keys",
     "acme.business_contact.across"},
    {"create view acme.theirs as select * from techcorp.users_customuser", "drop view acme.theirs",
     "acme", "views", "theirs to techcorp.users_customuser"},
    {"create view acme.theirs as select * from techcorp.users_customuser", "drop view acme.theirs",
     "techcorp", "views", "acme.theirs to users_customuser"},
    {"create function t() returns trigger language plpgsql as 'begin return new; end'; create trigger noise after "
     "insert on acme.auth_group for each row execute function t()",
     "drop trigger noise on acme.auth_group; drop "
     "function t()",
     "acme", "triggers", "trigger noise on auth_group"},
    {"create rule noise as on insert to acme.auth_group do also delete from techcorp.auth_group",
     "drop rule noise on acme.auth_group", "acme", "views", "auth_group to techcorp.auth_group"},
    {"create function acme.t() returns trigger language plpgsql security definer as 'begin return new; end'; revoke "
     "execute on function acme.t() from public; create trigger noise after insert on acme.auth_group for each row "
     "execute function acme.t()",
     "drop function acme.t() cascade", "acme", "triggers", "noise on auth_group runs acme.t()"},
    {"create function acme.f() returns bigint language sql security definer as 'select count(*) from "
     "techcorp.users_customuser'; revoke execute on function acme.f() from public; grant execute on function "
     "acme.f() to {acme}",
     "drop function acme.f()", "acme", "functions", "acme.f()"},
    {"create table acme.child (primary key (id)) inherits (techcorp.auth_group)",
     "drop table acme.child", "acme", "kinds", "acme.child from techcorp.auth_group"},
    {"create table acme.child (primary key (id)) inherits (techcorp.auth_group)",
     "drop table acme.child", "techcorp", "kinds", "acme.child from techcorp.auth_group"},
    {"create materialized view acme.many as select id from techcorp.auth_group",
     "drop materialized view acme.many", "acme", "views", "many to techcorp.auth_group"},
    {"create foreign data wrapper f; create server f foreign data wrapper f; create foreign table acme.far (id bigint) "
     "server f",
     "drop foreign data wrapper f cascade", "acme", "kinds", "far"},
    {"create table acme.loose (id bigint); alter table acme.loose owner to {owner}",
     "drop table acme.loose", "acme", "kinds", "loose"},
    {"create function e() returns event_trigger language plpgsql as 'begin end'; create event trigger noise on "
     "ddl_command_end execute function e()",
     "drop event trigger noise; drop function e()", "", "triggers", "noise"},
    {"grant create on schema public to public", "revoke create on schema public from public", "",
     "public", "everybody: create"},
    {"grant select on platform_superuser to public", "revoke all on platform_superuser from public",
     "", "public", "everybody: select on platform_superuser"},
    /* the traced call: another tenant's table stands in this one's place */
    {"alter table acme.users_customuser rename to hidden; create view acme.users_customuser as select * from "
     "techcorp.users_customuser; grant select on acme.users_customuser to {acme}",
     "drop view acme.users_customuser; alter table acme.hidden rename to users_customuser", "acme",
     "trace", "acme, techcorp"},
};

/* Puts names in place of {acme} and the like. */
static void
fill(const World *world, const char *text, char out[2048])
{
    char worker[64], owner[64];
    const char *tag = world->database.name + strlen("ciq_test_");
    const char *const names[][2] = {{"{acme}", acme_role},
                                    {"{techcorp}", techcorp_role},
                                    {"{platform}", platform_role},
                                    {"{worker}", worker},
                                    {"{owner}", owner},
                                    {"{database}", world->database.name}};
    char *end = out;

    snprintf(worker, sizeof worker, "ciq_worker_%s", tag);
    snprintf(owner, sizeof owner, "ciq_owner_%s", tag);
    while (*text != '\0') {
        size_t i = 0;

        while (i < 6 && strncmp(text, names[i][0], strlen(names[i][0])) != 0)
            i++;
        if (i < 6) {
            end = stpcpy(end, names[i][1]);
            text += strlen(names[i][0]);
        } else {
            *end++ = *text++;
        }
    }
    *end = '\0';
}

static void
test_verify_isolation__each_damage_is_found(void **state)
{
    World *world = *state;
    char damage[2048], mend[2048], got[2048];

    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const Damage *row = &damages[i];
        bool found = false;

        fill(world, row->damage, damage);
        fill(world, row->mend, mend);
        fill(world, row->got, got);
        database_value(&world->database, "%s", damage);
        CiqVerifyIsolationResponse *response = verify(world, "", true);
        for (size_t c = 0; c < response->n_checks; c++) {
            const CiqIsolationCheck *check = response->checks[c];

            assert_false(check->ok);
            found |= strcmp(check->schema_name, row->schema) == 0 &&
                     strcmp(check->subject, row->subject) == 0 && strstr(check->got, got) != NULL;
        }
        for (size_t c = 0; c < response->n_checks && !found; c++)
            print_error("%s: %s: %s: %s\n", response->checks[c]->schema_name,
                        response->checks[c]->subject, response->checks[c]->attempt,
                        response->checks[c]->got);
        if (!found)
            fail_msg("not found: %s (%s: %s: %s)", damage, row->schema, row->subject, got);
        ciq_verify_isolation_response_free(response);
        database_value(&world->database, "%s", mend);
    }
    assert_clean(world);
}

/* Attempts that succeed are taken back: nothing is there afterwards that was not there before. */
static void
test_verify_isolation__changes_nothing(void **state)
{
    static const char state_of[] =
        "select md5(string_agg(line, E'\\n' order by line)) from ("
        "select 'c ' || relname || relnamespace || coalesce(relacl::text, '') as line from pg_class "
        "where relkind in ('r', 'v', 'S') and relnamespace in (select oid from pg_namespace where nspname !~ '^pg_') "
        "union all select 'n ' || nspname || coalesce(nspacl::text, '') from pg_namespace where nspname !~ '^pg_' "
        "union all select 'r ' || rolname || rolsuper from pg_roles "
        "union all select 'g ' || count(*) from acme.auth_group "
        "union all select 'u ' || count(*) from techcorp.users_customuser "
        "union all select 's ' || count(*) from techcorp.core_session "
        "union all select 'a ' || count(*) from acme.core_audit "
        "union all select 'p ' || count(*) from pg_proc) l";
    World *world = *state;
    char before[64], rights[2048], roles[2048];

    /* all doors open */
    fill(world,
         "alter role {acme} createrole; grant all on schema acme, techcorp, public to {acme}; "
         "grant all on all tables in schema acme, techcorp, public to {acme}; "
         "grant all on database {database} to {acme}",
         rights);
    database_value(&world->database, "%s", rights);
    snprintf(before, sizeof before, "%s", database_value(&world->database, "%s", state_of));
    CiqVerifyIsolationResponse *response = verify(world, "acme", true);
    assert_true(response->n_checks > 15);
    ciq_verify_isolation_response_free(response);
    assert_string_equal(database_value(&world->database, "%s", state_of), before);

    fill(world,
         "alter role {acme} nocreaterole; revoke all on schema techcorp, public from {acme}; "
         "revoke create on schema acme from {acme}; "
         "revoke all on all tables in schema techcorp, public from {acme}; "
         "revoke truncate, references, trigger on all tables in schema acme from {acme}; "
         "revoke insert, update, delete on acme.core_migration from {acme}; "
         "revoke update, delete on acme.core_audit from {acme}; "
         "revoke all on database {database} from {acme}",
         roles);
    database_value(&world->database, "%s", roles);
    assert_clean(world);
}

/* Where the role can sign in, it does, and what needs a session of its own is tried too. */
static void
test_verify_isolation__signs_in_where_it_can(void **state)
{
    World *world = *state;
    size_t tried = 0, failed = 0;

    database_value(&world->database, "alter role %s login password 'test'", acme_role);
    database_value(&world->database, "grant connect on database %s to %s", world->database.name,
                   acme_role);
    CiqVerifyIsolationResponse *response = verify(world, "acme", false);
    for (size_t i = 0; i < response->n_checks; i++) {
        const CiqIsolationCheck *check = response->checks[i];

        tried += strcmp(check->attempt, "set another tenant's role") == 0 && check->ok;
        failed += !check->ok && strcmp(check->got, "login") != 0;
    }
    ciq_verify_isolation_response_free(response);
    assert_int_equal(tried, 1);
    assert_int_equal(failed, 0);

    database_value(&world->database, "grant %s to %s", techcorp_role, acme_role);
    response = verify(world, "acme", true);
    tried = 0;
    for (size_t i = 0; i < response->n_checks; i++)
        tried += strcmp(response->checks[i]->attempt, "set another tenant's role") == 0;
    ciq_verify_isolation_response_free(response);
    assert_int_equal(tried, 1);
    database_value(&world->database, "revoke %s from %s", techcorp_role, acme_role);
    database_value(&world->database, "revoke connect on database %s from %s", world->database.name,
                   acme_role);
    database_value(&world->database, "alter role %s nologin password null", acme_role);
    assert_clean(world);
}

static void
test_verify_isolation__closed_tenants(void **state)
{
    World *world = *state;
    char role[64];

    tenant_new(world->platform, "resting");
    expect_json(world->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"resting\", \"reason\": \"unpaid\"}");
    tenant_new(world->platform, "leaving");
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"leaving\"}");
    assert_clean(world);

    /* open again behind the service's back */
    snprintf(role, sizeof role, "%s",
             database_value(&world->database,
                            "select role from tenants_tenant where schema_name = 'resting'"));
    database_value(&world->database, "grant usage on schema resting to %s", role);
    CiqVerifyIsolationResponse *response = verify(world, "resting", true);
    assert_int_equal(response->n_checks, 1);
    assert_string_equal(response->checks[0]->subject, "own rows");
    assert_string_equal(response->checks[0]->expected, "refused");
    ciq_verify_isolation_response_free(response);

    database_value(&world->database, "drop schema resting cascade");
    response = verify(world, "resting", true);
    assert_int_equal(response->n_checks, 1);
    assert_string_equal(response->checks[0]->got, "the schema is gone");
    ciq_verify_isolation_response_free(response);
    expect_json(world->platform, "TenantService/RepairTenant", CODE_OK, NULL,
                "{\"schema_name\": \"resting\"}");
    assert_clean(world);
}

static void
test_verify_isolation__pages(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqVerifyIsolationRequest request = CLIENTIQ__V1__VERIFY_ISOLATION_REQUEST__INIT;
    size_t tenants = 0, installations = 0, pages = 0;
    char token[512] = "";

    for (int i = 0; i < 3; i++) {
        char schema[16];

        snprintf(schema, sizeof schema, "page%d", i);
        tenant_new(world->platform, schema);
    }
    request.page_size = 2;
    do {
        request.page_token = token;
        CiqVerifyIsolationResponse *response =
            ciq_verify_isolation(world->platform, &request, &error);
        assert_ok(error);
        tenants += response->n_tenants;
        assert_true(response->n_tenants <= 2);
        installations += response->checks[0]->schema_name[0] == '\0';
        snprintf(token, sizeof token, "%s", response->next_page_token);
        ciq_verify_isolation_response_free(response);
        pages++;
    } while (token[0] != '\0');
    assert_true(tenants >= 5);
    assert_true(pages >= 3);
    assert_int_equal(installations, 1);
}

static void
test_verify_isolation__bad_requests(void **state)
{
    World *world = *state;

    expect_json(world->platform, "MigrationService/VerifyIsolation", CODE_NOT_FOUND,
                "no tenant with the schema nobody", "{\"schema_name\": \"nobody\"}");
    expect_json(world->platform, "MigrationService/VerifyIsolation", CODE_INVALID_ARGUMENT,
                "schema_name", "{\"schema_name\": \"A\\\"b\"}");
    expect_json(world->platform, "MigrationService/VerifyIsolation", CODE_INVALID_ARGUMENT,
                "page_size", "{\"page_size\": 101}");
    expect_json(world->platform, "MigrationService/VerifyIsolation", CODE_INVALID_ARGUMENT,
                "page_token", "{\"page_token\": \"x\"}");
    expect_json(world->acme, "MigrationService/VerifyIsolation", CODE_INVALID_ARGUMENT,
                "tenant must be empty", "{}");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_isolation__clean_world),
        cmocka_unit_test(test_verify_isolation__each_damage_is_found),
        cmocka_unit_test(test_verify_isolation__changes_nothing),
        cmocka_unit_test(test_verify_isolation__signs_in_where_it_can),
        cmocka_unit_test(test_verify_isolation__closed_tenants),
        cmocka_unit_test(test_verify_isolation__pages),
        cmocka_unit_test(test_verify_isolation__bad_requests),
    };

    return run_cases(tests, setup, world_teardown);
}
