/* VerifySchema: no difference in a world that nobody touched, whatever its heads; each thing that
 * somebody changes behind the service is named, and after it is mended nothing is.  */
#include "harness/drift.h"
#include "harness/harness.h"

#include <stdio.h>
#include <string.h>

static void
assert_clean(const World *world)
{
    CiqVerifySchemaResponse *response = drift_verify(world->platform, "");

    drift_print(response);
    assert_int_equal(response->n_differences, 0);
    assert_true(response->n_tenants >= 2);
    for (size_t i = 0; i < response->n_tenants; i++)
        assert_int_equal(response->tenants[i]->failed, 0);
    ciq_verify_schema_response_free(response);
}

typedef struct Damage {
    const char *damage, *mend;
    const char *object, *problem, *expected, *got; /* of the one difference; "": nothing there */
} Damage;

static const Damage damages[] = {
    {"alter table acme.users_customuser drop column job_title",
     "alter table acme.users_customuser add column job_title text not null default ''",
     "users_customuser: column job_title", "missing", "text not null default ''::text", ""},
    {"alter table acme.users_customuser add column shoe_size integer",
     "alter table acme.users_customuser drop column shoe_size",
     "users_customuser: column shoe_size", "unexpected", "", "integer"},
    {"alter table acme.users_customuser alter column phone_number type varchar(40)",
     "alter table acme.users_customuser alter column phone_number type text",
     "users_customuser: column phone_number", "different", "text not null",
     "character varying(40) not null"},
    {"alter table acme.users_customuser alter column is_active set default false",
     "alter table acme.users_customuser alter column is_active set default true",
     "users_customuser: column is_active", "different", "default true", "default false"},
    {"alter table acme.users_customuser alter column email drop not null",
     "alter table acme.users_customuser alter column email set not null",
     "users_customuser: column email", "different", "text not null", "text"},
    {"create index extra on acme.users_customuser (department)", "drop index acme.extra",
     "users_customuser: index extra", "unexpected", "",
     "CREATE INDEX extra ON users_customuser USING btree (department)"},
    {"drop index acme.users_customuser_email_key",
     "create unique index users_customuser_email_key on acme.users_customuser (lower(email))",
     "users_customuser: index users_customuser_email_key", "missing", "CREATE UNIQUE INDEX", ""},
    {"drop index acme.core_session_expire_time; create index core_session_expire_time on acme.core_session (expire_time, id)",
     "drop index acme.core_session_expire_time; create index core_session_expire_time on acme.core_session (expire_time)",
     "core_session: index core_session_expire_time", "different", "(expire_time)",
     "(expire_time, id)"},
    {"update pg_index set indisvalid = false where indexrelid = 'acme.core_session_expire_time'::regclass",
     "update pg_index set indisvalid = true where indexrelid = 'acme.core_session_expire_time'::regclass",
     "core_session: index core_session_expire_time", "different", "(expire_time)",
     "(expire_time) (invalid)"},
    {"alter table acme.users_customuser drop constraint users_customuser_preferences_check",
     "alter table acme.users_customuser add constraint users_customuser_preferences_check check "
     "(jsonb_typeof(preferences) = 'object')",
     "users_customuser: constraint users_customuser_preferences_check", "missing", "CHECK", ""},
    {"alter table acme.users_customuser drop constraint users_customuser_preferences_check; alter table "
     "acme.users_customuser add constraint users_customuser_preferences_check check (jsonb_typeof(preferences) = "
     "'object') not valid",
     "alter table acme.users_customuser validate constraint users_customuser_preferences_check",
     "users_customuser: constraint users_customuser_preferences_check", "different",
     "'object'::text))", "NOT VALID"},
    {"alter table acme.business_contact drop constraint business_contact_company_id_fkey; alter table "
     "acme.business_contact add constraint business_contact_company_id_fkey foreign key (company_id) references "
     "acme.business_company (id)",
     "alter table acme.business_contact drop constraint business_contact_company_id_fkey; alter table "
     "acme.business_contact add constraint business_contact_company_id_fkey foreign key (company_id) references "
     "acme.business_company (id) on delete set null",
     "business_contact: constraint business_contact_company_id_fkey", "different",
     "ON DELETE SET NULL", "REFERENCES business_company(id)"},
    {"alter table acme.business_contact disable trigger all",
     "alter table acme.business_contact enable trigger all",
     "business_contact: trigger of business_contact_company_id_fkey", "unexpected", "", "disabled"},
    {"create table acme.notes (id bigint primary key)", "drop table acme.notes", "notes: table",
     "unexpected", "", ""},
    {"create view acme.names as select first_name from acme.users_customuser",
     "drop view acme.names", "names: view", "unexpected", "",
     "SELECT users_customuser.first_name FROM users_customuser;"},
    {"create function acme.f(a integer) returns integer language sql as 'select 1'",
     "drop function acme.f", "function f(a integer)", "unexpected", "",
     "(a integer) RETURNS integer LANGUAGE sql"},
    {"create type acme.mood as enum ('good', 'bad')", "drop type acme.mood", "type mood",
     "unexpected", "", "enum ('good', 'bad')"},
    {"create sequence acme.numbers", "drop sequence acme.numbers", "numbers: sequence",
     "unexpected", "", "bigint"},
    {"alter sequence acme.auth_group_id_seq increment 2",
     "alter sequence acme.auth_group_id_seq increment 1", "auth_group_id_seq: sequence",
     "different", "increment 1", "increment 2"},
    {"revoke update on acme.auth_group from {role}", "grant update on acme.auth_group to {role}",
     "auth_group: rights of its role", "different", "delete, insert, select, update",
     "delete, insert, select"},
    {"grant delete on acme.core_audit to {role}", "revoke delete on acme.core_audit from {role}",
     "core_audit: rights of its role", "different", "insert, select", "delete, insert, select"},
    {"alter table acme.auth_group set (fillfactor = 50)",
     "alter table acme.auth_group reset (fillfactor)", "auth_group: table", "different", "",
     "fillfactor='50'"},
    {"alter table acme.auth_group enable row level security",
     "alter table acme.auth_group disable row level security", "auth_group: row level security",
     "unexpected", "", "enabled"},
    {"update acme.core_migration set checksum = 'edited' where app = 'users' and name = '0001_initial'",
     "update acme.core_migration a set checksum = b.checksum from techcorp.core_migration b "
     "where a.app = b.app and a.name = b.name",
     "ledger: users/0001_initial", "different", "", "edited"},
    {"delete from acme.core_migration where app = 'business' and name = '0002_contact_email'",
     "insert into acme.core_migration select * from techcorp.core_migration where app = 'business' and "
     "name = '0002_contact_email'",
     "ledger: business/0002_contact_email", "missing", "", ""},
};

static void
run(const World *world, const char *text, const char *role)
{
    char statement[2048];
    const char *hole = strstr(text, "{role}");

    if (hole == NULL)
        snprintf(statement, sizeof statement, "%s", text);
    else
        snprintf(statement, sizeof statement, "%.*s%s%s", (int) (hole - text), text, role,
                 hole + strlen("{role}"));
    database_value(&world->database, "%s", statement);
}

static void
test_verify_schema__each_damage_is_named(void **state)
{
    World *world = *state;
    char role[64];

    snprintf(role, sizeof role, "%s",
             database_value(&world->database,
                            "select role from tenants_tenant where schema_name = 'acme'"));
    assert_clean(world);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const Damage *row = &damages[i];
        bool found = false;

        run(world, row->damage, role);
        CiqVerifySchemaResponse *response = drift_verify(world->platform, "");
        for (size_t d = 0; d < response->n_differences; d++) {
            const CiqSchemaDifference *one = response->differences[d];

            assert_string_equal(one->schema_name, "acme");
            found |=
                strcmp(one->object, row->object) == 0 && strcmp(one->problem, row->problem) == 0 &&
                strstr(one->expected, row->expected) != NULL && strstr(one->got, row->got) != NULL;
        }
        if (!found) {
            drift_print(response);
            fail_msg("not found: %s", row->damage);
        }
        for (size_t t = 0; t < response->n_tenants; t++)
            assert_int_equal(response->tenants[t]->failed,
                             strcmp(response->tenants[t]->schema_name, "acme") == 0);
        ciq_verify_schema_response_free(response);
        run(world, row->mend, role);
    }
    assert_clean(world);
}

/* What is gone as a whole: the schema, the ledger, the role. */
static void
test_verify_schema__what_cannot_be_compared(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "hollow");
    database_value(&world->database, "drop table hollow.core_migration");
    CiqVerifySchemaResponse *response = drift_verify(world->platform, "hollow");
    assert_true(response->n_differences > 3);
    ciq_verify_schema_response_free(response);

    database_value(&world->database, "drop schema hollow cascade");
    response = drift_verify(world->platform, "hollow");
    assert_int_equal(response->n_differences, 1);
    assert_string_equal(response->differences[0]->object, "schema");
    assert_string_equal(response->differences[0]->problem, "missing");
    ciq_verify_schema_response_free(response);

    expect_json(world->platform, "TenantService/RepairTenant", CODE_OK, NULL,
                "{\"schema_name\": \"hollow\"}");
    assert_clean(world);

    /* a newer server, or one with other apps, has migrated it */
    database_value(&world->database, "update tenants_tenant set heads = heads || '{\"shop\": 2}' "
                                     "where schema_name = 'hollow'");
    response = drift_verify(world->platform, "hollow");
    assert_int_equal(response->n_differences, 1);
    assert_string_equal(response->differences[0]->object, "shop/0002");
    assert_string_equal(response->differences[0]->problem, "unknown");
    ciq_verify_schema_response_free(response);
    database_value(&world->database,
                   "update tenants_tenant set heads = heads - 'shop' where schema_name = 'hollow'");
}

/* A tenant that is behind is as it must be for its heads, and one in another state too. */
static void
test_verify_schema__compares_with_its_own_heads(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "older");
    database_value(
        &world->database,
        "drop index older.business_contact_email; delete from older.core_migration where app = 'business' "
        "and name = '0002_contact_email'; update tenants_tenant set heads = heads || '{\"business\": 1}' "
        "where schema_name = 'older'");
    tenant_new(world->platform, "resting");
    expect_json(world->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"resting\", \"reason\": \"unpaid\"}");
    tenant_new(world->platform, "leaving");
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"leaving\"}");
    tenant_new(world->platform, "s"); /* a schema's name that is part of many words */
    assert_clean(world);
}

static void
test_verify_schema__leaves_nothing_behind(void **state)
{
    static const char count[] =
        "select (select count(*) from pg_namespace) || ' ' || (select count(*) from pg_class)";
    World *world = *state;
    char before[64];

    snprintf(before, sizeof before, "%s", database_value(&world->database, count));
    assert_clean(world);
    assert_string_equal(database_value(&world->database, count), before);
}

static void
test_verify_schema__pages(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqVerifySchemaRequest request = CLIENTIQ__V1__VERIFY_SCHEMA_REQUEST__INIT;
    size_t tenants = 0;
    char token[512] = "";

    request.page_size = 1;
    do {
        request.page_token = token;
        CiqVerifySchemaResponse *response = ciq_verify_schema(world->platform, &request, &error);
        assert_ok(error);
        assert_int_equal(response->n_tenants, 1);
        tenants++;
        snprintf(token, sizeof token, "%s", response->next_page_token);
        ciq_verify_schema_response_free(response);
    } while (token[0] != '\0');
    snprintf(token, sizeof token, "%zu", tenants);
    assert_string_equal(database_value(&world->database, "select count(*) from tenants_tenant"),
                        token);

    expect_json(world->platform, "MigrationService/VerifySchema", CODE_NOT_FOUND,
                "no tenant with the schema nobody", "{\"schema_name\": \"nobody\"}");
    expect_json(world->platform, "MigrationService/VerifySchema", CODE_INVALID_ARGUMENT,
                "page_size", "{\"page_size\": -1}");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_schema__each_damage_is_named),
        cmocka_unit_test(test_verify_schema__what_cannot_be_compared),
        cmocka_unit_test(test_verify_schema__compares_with_its_own_heads),
        cmocka_unit_test(test_verify_schema__leaves_nothing_behind),
        cmocka_unit_test(test_verify_schema__pages),
    };

    return run_cases(tests, world_setup, world_teardown);
}
