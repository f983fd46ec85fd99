/* A purge drops what is its schema's, of every kind, and nothing that is anybody else's: what is in
 * the way stays, is named by ReconcileTenants, and keeps no other tenant from being purged.  */
#include "harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Somebody else's object that depends on one of the schema "old", how it is called, and how it goes
 * away. */
typedef struct Obstacle {
    const char *make, *name, *drop;
} Obstacle;

static const Obstacle obstacles[] = {
    {"create view public.theirs as select * from old.wide", "view theirs",
     "drop view public.theirs"},
    {"create function old.last() returns setof old.wide language sql as 'select * from old.wide'; "
     "create view public.theirs as select * from old.last()",
     "view theirs", "drop view public.theirs"},
    {"create view public.theirs as select * from old.thing", "view theirs",
     "drop view public.theirs"},
    {"create materialized view acme.theirs as select * from old.thing",
     "materialized view acme.theirs", "drop materialized view acme.theirs"},
    {"create table public.theirs (id bigint references old.thing (id))",
     "constraint theirs_id_fkey on table theirs", "drop table public.theirs"},
    {"create table acme.theirs (id bigint primary key references old.thing (id))",
     "constraint theirs_id_fkey on table acme.theirs", "drop table acme.theirs"},
    {"create table public.theirs (kind old.kind)", "column kind of table theirs",
     "drop table public.theirs"},
    {"create table public.theirs (pairs old.pair[])", "column pairs of table theirs",
     "drop table public.theirs"},
    {"create table public.theirs (id bigint default nextval('old.free'))",
     "default value for column id of table theirs", "drop table public.theirs"},
    {"create table public.theirs (id bigint, check (old.fits(id)))",
     "constraint theirs_id_check on table theirs", "drop table public.theirs"},
    {"create table public.theirs (id bigint, twice bigint generated always as (old.twice(id)) stored)",
     "column twice of table theirs", "drop table public.theirs"},
    {"create table public.theirs (id bigint); create index theirs_twice on public.theirs "
     "(old.twice(id))",
     "index theirs_twice", "drop table public.theirs"},
    {"create table public.theirs (id bigint); create trigger theirs before insert on public.theirs "
     "for each row execute function old.noted()",
     "trigger theirs on table theirs", "drop table public.theirs"},
    {"create table public.theirs (id bigint); create policy theirs on public.theirs using "
     "(old.fits(id))",
     "policy theirs on table theirs", "drop table public.theirs"},
    {"create table public.theirs partition of old.event default", "table theirs",
     "drop table public.theirs"},
    {"create table public.theirs () inherits (old.thing)", "table theirs",
     "drop table public.theirs"},
    {"create domain public.theirs as old.kind", "type theirs", "drop domain public.theirs"},
    {"create function public.theirs() returns bigint language sql begin atomic select count(*) from "
     "old.thing; end",
     "function theirs()", "drop function public.theirs()"},
    {"create function public.theirs(old.thing) returns bigint language sql as 'select 1::bigint'",
     "function theirs(", "drop function public.theirs"},
    {"create aggregate public.theirs(bigint) (sfunc = old.added, stype = bigint)",
     "function theirs(bigint)", "drop aggregate public.theirs(bigint)"},
    {"create event trigger theirs on ddl_command_end execute function old.noticed()",
     "event trigger theirs", "drop event trigger theirs"},
    {"create extension citext schema old; create table public.theirs (name old.citext)",
     "column name of table theirs", "drop table public.theirs"},
};

/* Nobody's loss: the schema's own, and what uses something of others. */
static const char own[] =
    "create table old.thing (id bigint primary key, note text);"
    "create type old.kind as enum ('a'); create type old.pair as (a old.kind, b bigint);"
    "create sequence old.free;"
    "create function old.fits(bigint) returns boolean language sql immutable as 'select true';"
    "create function old.twice(bigint) returns bigint language sql immutable as 'select $1 * 2';"
    "create function old.added(bigint, bigint) returns bigint language sql as 'select $1 + $2';"
    "create function old.noted() returns trigger language plpgsql as 'begin return new; end';"
    "create function old.noticed() returns event_trigger language plpgsql as 'begin end';"
    "create table old.event (id bigint, at timestamptz) partition by range (at);"
    "create table old.one (id bigint primary key, other bigint);"
    "create table old.other (id bigint primary key, one bigint references old.one (id));"
    "alter table old.one add foreign key (other) references old.other (id);"
    "create materialized view old.kept as select * from old.thing;"
    "create view old.wide as select k.id from old.kept k join old.one o on o.id = k.id;"
    "create cast (old.pair as text) with inout;"
    "create table old.uses (id bigint primary key references public.everyones (id));"
    "create table old.part (id bigint);"
    "alter table public.parts attach partition old.part default;"
    "create publication old_things for table old.thing, tables in schema old;"
    "create extension pg_trgm schema old;"
    "create index old_thing_note on old.thing using gin (note old.gin_trgm_ops);";

/* More than one transaction drops. */
static const char many[] =
    "create table old.named (id bigint primary key, note text) partition by list (id);"
    "do $$ begin for i in 1..200 loop execute format('create table old.named_%s partition of "
    "old.named for values in (%s)', i, i); end loop; end $$;";

static int
setup(void **state)
{
    int result = world_setup(state);
    World *world = *state;

    if (result == 0)
        database_value(&world->database,
                       "create table public.everyones (id bigint primary key);"
                       "create table public.parts (id bigint) partition by list (id)");
    return result;
}

static void
ask(World *world, const char *method)
{
    expect_json(world->platform, method, CODE_OK, NULL, "{\"schema_name\": \"old\"}");
}

static void
purge(World *world)
{
    ask(world, "TenantService/PurgeTenant");
}

static void
wait_until_purged(World *world)
{
    wait_for_value(&world->database, "0",
                   "select count(*) from public.tenants_tenant where "
                   "coalesce(former_schema_name, schema_name) = 'old'");
    assert_value(&world->database, "0",
                 "select count(*) from pg_namespace where nspname ~ '^ciq_deleted'");
}

static void
test_purge__takes_all_of_its_own(void **state)
{
    World *world = *state;

    tenant_new(world->platform, "old");
    database_value(&world->database, "%s%s", own, many);
    ask(world, "TenantService/DeleteTenant");
    purge(world);
    wait_until_purged(world);
    assert_value(&world->database, "2",
                 "select count(*) from pg_class where oid in (to_regclass('public.everyones'), "
                 "to_regclass('public.parts'))");
    assert_value(&world->database, "1", "select count(*) from pg_publication");
    database_value(&world->database, "drop publication old_things");
}

static void
assert_told(World *world, const char *name)
{
    CiqError *error = NULL;
    json_t *answer = call_json(world->platform, "TenantService/ReconcileTenants", &error, "{}");
    json_t *findings = json_object_get(answer, "findings");
    bool found = false;

    assert_ok(error);
    for (size_t i = 0; i < json_array_size(findings); i++)
        found =
            found || (strcmp(json_at(json_array_get(findings, i), "kind"), "purge-put-off") == 0 &&
                      strstr(json_at(json_array_get(findings, i), "text"), name) != NULL);
    if (!found)
        fail_msg("not told: %s; but %s", name,
                 database_value(&world->database,
                                "select error from public.tenants_setback where task = 'purge'"));
    json_decref(answer);
}

static void
test_purge__takes_nothing_of_others(void **state)
{
    World *world = *state;

    for (size_t i = 0; i < sizeof obstacles / sizeof *obstacles; i++) {
        const Obstacle *row = &obstacles[i];

        print_message("%s\n", row->make);
        tenant_new(world->platform, "old");
        database_value(&world->database, "%s", own);
        database_value(&world->database, "%s", row->make);
        ask(world, "TenantService/DeleteTenant");
        purge(world);
        wait_for_value(&world->database, "1",
                       "select count(*) from public.tenants_setback where task = 'purge'");
        assert_told(world, row->name);
        database_value(&world->database, "%s", row->drop); /* it is still there */
        purge(world);
        wait_until_purged(world);
        assert_value(&world->database, "0",
                     "select count(*) from public.tenants_setback where task = 'purge'");
        database_value(&world->database, "drop publication old_things");
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_purge__takes_all_of_its_own),
        cmocka_unit_test(test_purge__takes_nothing_of_others),
    };

    return run_cases(tests, setup, world_teardown);
}
