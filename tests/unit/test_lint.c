/* Each rule of migration lint: what it must find, on which line, and what only looks like it.  */
#include "harness/harness.h"

#include "client/cli/grammar.h"
#include "server/migration/lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Found {
    char text[512]; /* "rule:line rule:line" */
} Found;

static void
note(void *argument, const MigrationFile *file, size_t line, const LintRule *rule,
     const char *detail)
{
    Found *found = argument;
    size_t used = strlen(found->text);

    (void) file;
    assert_true(rule->why[0] != '\0' && rule->instead[0] != '\0');
    assert_int_equal(detail != NULL, strcmp(rule->name, "syntax") == 0);
    snprintf(found->text + used, sizeof found->text - used, "%s%s:%zu", used > 0 ? " " : "",
             rule->name, line);
}

static void
ignore_mistake(void *argument, const char *file, size_t line, const char *text)
{
    (void) argument;
    (void) file;
    (void) line;
    (void) text;
}

static void
fail_mistake(void *argument, const char *file, size_t line, const char *text)
{
    (void) argument;
    fail_msg("%s:%zu: %s", file, line, text);
}

static void
lint(const char *text, bool is_tenant, Found *found)
{
    MigrationSet set;

    *found = (Found){""};
    assert_true(migration_set_init(&set, NULL, 0, fail_mistake, NULL));
    assert_true(migration_set_add(&set, "shop", "0001_x.sql", "tenant/shop/0001_x.sql", text,
                                  strlen(text)));
    assert_int_equal(set.mistakes, 0);
    assert_true(lint_file(&set.files[0], is_tenant, grammar_takes, note, found));
    migration_set_free(&set);
}

typedef struct Sample {
    const char *up,
        *down;         /* the sections, of which the first line is line 2 and 1 behind up's last */
    const char *found; /* "" is none */
} Sample;

static const Sample samples[] = {
    {"select 1;\ncreate table a (\n  id bigint primary key,\n  b txet check b > 0);",
     "drop table a;", "syntax:5"},
    {"create table a (id bigint primary key);", "drop tabel a;", "down-incomplete:2 syntax:4"},
    {"-- lint: allow syntax\nselect from a newer postgresql;", "select 1;", ""},
    /* locks */
    {"create index a_b on a (b);", "drop index a_b;", "index-lock:2"},
    {"create unique index a_b on only a (b);", "drop index a_b;", "index-lock:2"},
    {"create table a (id bigint primary key, b text);\ncreate index a_b on a (b);", "drop table a;",
     ""},
    {"create index concurrently a_b on a (b);", "drop index a_b;", "concurrently:2"},
    {"alter table a alter column b type bigint;", "select 1;", "type-change:2"},
    {"alter table a add column c text,\n  alter b set data type text;",
     "alter table a drop column c;", "type-change:3"},
    {"alter table a add column b uuid default gen_random_uuid();", "alter table a drop column b;",
     "column-rewrite:2"},
    {"alter table a add column b bigserial;", "alter table a drop column b;", "column-rewrite:2"},
    {"alter table a add column b bigint generated always as identity;",
     "alter table a drop column b;", "column-rewrite:2"},
    {"alter table a add column b timestamptz not null default now();",
     "alter table a drop column b;", ""},
    {"alter table a add column b text not null;", "alter table a drop column b;",
     "not-null-column:2"},
    {"alter table a add column b text not null default 'x', add column c text;",
     "alter table a drop column b, drop column c;", ""},
    {"alter table a alter column b set not null;", "select 1;", "set-not-null:2"},
    {"alter table Users_Customuser alter column b set not null;", "select 1;",
     "set-not-null:2 server-column:2"},
    {"alter table users_customuser alter b set default '';\nalter table users_customuser alter b set "
     "not null;",
     "select 1;", "set-not-null:3"},
    {"alter table a validate constraint b_there;\nalter table a alter b set not null;", "select 1;",
     ""},
    {"alter table a add constraint b_check check (b > 0);",
     "alter table a drop constraint b_check;", "constraint-lock:2"},
    {"alter table a add constraint b_check check (b > 0) not valid;",
     "alter table a drop constraint b_check;", ""},
    {"alter table a add foreign key (b) references c (id);", "select 1;", "constraint-lock:2"},
    {"alter table a add column b bigint references c (id);", "alter table a drop column b;",
     "constraint-lock:2"},
    {"alter table a add constraint b_key unique (b);", "alter table a drop constraint b_key;",
     "unique-lock:2"},
    {"alter table a add constraint b_key unique using index b_index;",
     "alter table a drop constraint b_key;", ""},
    {"alter table a add primary key (b);", "select 1;", "unique-lock:2"},
    {"lock table a in exclusive mode;", "select 1;", "table-lock:2"},
    {"cluster a using b;", "select 1;", "table-lock:2"},
    {"vacuum (full, analyze) a;", "select 1;", "table-lock:2"},
    {"reindex table a;", "select 1;", "table-lock:2"},
    {"alter table a set unlogged;", "select 1;", "table-lock:2"},
    /* what a tenant's schema may hold */
    {"create table a (b text);", "drop table a;", "primary-key:2"},
    {"create table a as select 1 as b;", "drop table a;", "primary-key:2"},
    {"create table a (b text);\nalter table a add primary key (b);", "drop table a;", ""},
    {"create table a (b text, primary key (b));", "drop table a;", ""},
    {"create table a_1 partition of a for values in (1);", "drop table a_1;", ""},
    {"create table a (like b including all);", "drop table a;", ""},
    {"create trigger t after insert on a for each row execute function f();",
     "drop trigger t on a;", "trigger:2"},
    {"create constraint trigger t after insert on a for each row execute function f();",
     "drop trigger t on a;", "trigger:2"},
    {"create or replace rule r as on insert to a do nothing;", "drop rule r on a;", "rule:2"},
    {"create table a (primary key (id)) inherits (b);", "drop table a;", "inheritance:2"},
    {"alter table a inherit b;", "alter table a no inherit b;", "inheritance:2"},
    {"create temporary table a (b text);", "drop table a;", "temporary-table:2"},
    {"create temp table a as select 1;", "drop table a;", "temporary-table:2"},
    {"select 1 as b into temp a;", "select 1;", "temporary-table:2"},
    {"create materialized view a as select 1;", "drop materialized view a;", "materialized-view:2"},
    {"create table a (id bigint primary key references public.b (id));", "drop table a;",
     "foreign-key:2"},
    {"insert into public.a values (1);", "select 1;", "qualified-name:2"},
    {"select 1\n  from public.a;", "select 1;", "qualified-name:3"},
    {"update only \"Other\".a set b = 1;", "select 1;", "qualified-name:2"},
    {"create table if not exists other.a (id bigint primary key);", "drop table other.a;",
     "qualified-name:2 qualified-name:4"},
    {"select other.f(1);", "select 1;", "qualified-name:2"},
    {"select '1'::other.number;", "select 1;", "qualified-name:2"},
    {"alter table a set schema b;", "select 1;", "qualified-name:2"},
    {"insert into a select x.b from c x join d on d.id = x.id where extract(year from x.t) > 1 and x.b is distinct "
     "from d.b;",
     "select 1;", ""},
    {"insert into a select pg_catalog.lower(x.b) from pg_catalog.pg_class x;", "select 1;", ""},
    {"update a set b = random();", "select 1;", "volatile-write:2"},
    {"delete from a where b < clock_timestamp();", "select 1;", "volatile-write:2"},
    {"with c as (select 1) update a set b = gen_random_uuid();", "select 1;", "volatile-write:2"},
    {"update a set b = now();\ninsert into a values (random());", "select 1;", ""},
    {"create schema other;", "drop schema other;", "outside:2 outside:4"},
    {"grant select on a to b;", "revoke select on a from b;", "outside:2 outside:4"},
    {"create extension pg_trgm;", "drop extension pg_trgm;", "outside:2 outside:4"},
    /* code */
    {"create function f() returns integer language sql security definer as 'select 1';",
     "drop function f();", "security-definer:2"},
    {"do $$ begin execute 'drop table ' || 'a'; end $$;", "select 1;", "dynamic-sql:2"},
    {"create function f() returns void language plpgsql as $body$\nbegin\n  execute format('x');\nend $body$;",
     "drop function f();", "dynamic-sql:2"},
    {"do $$ begin perform 1; -- execute\n end $$;", "select 1;", ""},
    {"set local statement_timeout to '1s';", "select 1;", ""},
    /* the way back */
    {"create table a (id bigint primary key);", "", "down-missing:2"},
    {"create table a (id bigint primary key) partition by list (id);\n"
     "create table a_1 partition of a for values in (1);",
     "drop table a;", ""},
    {"create table a_1 partition of a for values in (1);", "drop table b;", "down-incomplete:2"},
    {"create materialized view a as select 1 as b;\ncreate index a_b on a (b);",
     "drop materialized view a;", "materialized-view:2"},
    {"create table a (id bigint primary key);", "select 1;", "down-incomplete:2"},
    {"create table a (id bigint primary key);", "drop table if exists b, a;", ""},
    {"create table a (id bigint primary key);", "drop table ab;", "down-incomplete:2"},
    {"alter table a add column b text;", "alter table a drop column if exists b;", ""},
    {"alter table a add column b text;", "alter table a drop column c;", "down-incomplete:2"},
    {"alter table a add constraint b check (c > 0) not valid;", "select 1;", "down-incomplete:2"},
    {"alter table a add column b bigint;\nalter table a add constraint c check (b > (0)) not valid, add constraint d "
     "check (e > 0) not valid;",
     "alter table a drop column b;", "down-incomplete:3"},
    {"create view a as select 1 as b;", "select 1;", "down-incomplete:2"},
    {"create function f() returns integer language sql as 'select 1';", "drop function f;", ""},
    {"create table a (id bigint primary key);\ncreate index on a (id);", "drop table a;", ""},
    /* what only looks like it */
    {"-- create index a_b on a (b)\n/* lock table a; /* vacuum full */ cluster */\nselect 1;",
     "select 1;", ""},
    {"insert into a (b) values ('create index a_b on public.a (b); lock table a; it''s'), (E'\\'; cluster a');",
     "delete from a;", ""},
    {"insert into a (b) values ($x$ create temp table a; alter table a alter b type text; $x$);",
     "select 1;", ""},
    {"create table a (\"lock\" bigint primary key, \"create trigger\" text, inherit text);",
     "drop table a;", ""},
    {"comment on table a is 'security definer';", "select 1;", ""},
    /* what is meant */
    {"-- lint: allow index-lock\ncreate index a_b on a (b);", "drop index a_b;", ""},
    {"-- lint: allow type-change, index-lock: it is small\ncreate index a_b on a (b);",
     "drop index a_b;", ""},
    {"-- lint: allow type-change\ncreate index a_b on a (b);", "drop index a_b;", "index-lock:3"},
    {"-- lint: allow index-lock\ncreate index a_b on a (b);\ncreate index a_c on a (c);",
     "drop index a_b, a_c;", "index-lock:4"},
};

static void
test_lint__samples(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char text[2048];
        Found found;

        snprintf(text, sizeof text, "-- migrate:up\n%s\n-- migrate:down\n%s\n", samples[i].up,
                 samples[i].down);
        lint(text, true, &found);
        if (strcmp(found.text, samples[i].found) != 0)
            fail_msg("%s\n-- migrate:down\n%s\nfound: %s\nwanted: %s", samples[i].up,
                     samples[i].down, found.text, samples[i].found);
    }
}

/* Every rule has a sample that it finds: one without could not fail. */
static void
test_lint__every_rule_has_a_sample(void **state)
{
    (void) state;
    for (size_t r = 0; r < lint_rules_count; r++) {
        char wanted[64];
        bool found = false;

        snprintf(wanted, sizeof wanted, "%s:", lint_rules[r].name);
        for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
            found = found || strstr(samples[i].found, wanted) != NULL;
        if (!found)
            fail_msg("no sample of %s", lint_rules[r].name);
    }
}

static void
test_lint__rules_are_in_the_docs(void **state)
{
    char *page = file_read(CIQ_SOURCE_DIR "/docs/lint.md", NULL);

    (void) state;
    for (size_t r = 0; r < lint_rules_count; r++) {
        char line[512];

        snprintf(line, sizeof line, "| `%s` | %s | %s |\n", lint_rules[r].name, lint_rules[r].why,
                 lint_rules[r].instead);
        if (strstr(page, line) == NULL)
            fail_msg("docs/lint.md has no line %s", line);
    }
    free(page);
}

/* Without a transaction an index may be made concurrently; the schema public may name itself. */
static void
test_lint__files_of_their_own_kind(void **state)
{
    Found found;

    (void) state;
    lint("-- no-transaction\n-- migrate:up\ncreate index concurrently if not exists a_b on a (b);\n"
         "-- migrate:down\ndrop index concurrently if exists a_b;\n",
         true, &found);
    assert_string_equal(found.text, "");
    lint(
        "-- migrate:up\ncreate table public.a (id bigint primary key);\ncreate index a_id on public.a (id);\n"
        "-- migrate:down\ndrop table public.a;\n",
        false, &found);
    assert_string_equal(found.text, "");
    lint("-- migrate:up\ncreate table public.a (id bigint);\ncreate index b_id on public.b (id);\n"
         "-- migrate:down\ndrop table public.a;\ndrop index public.b_id;\n",
         false, &found);
    assert_string_equal(found.text, "primary-key:2 index-lock:3");
}

/* Anything may stand in a file: what is cut in the middle is read to its end and not beyond. */
static void
test_lint__cut_anywhere(void **state)
{
    static const char whole[] =
        "-- migrate:up\ncreate table a.b (id bigint default E'\\'', t text check ($$x$$ <> \"q\")); /* c /* d */ */\n"
        "do $x$ begin execute 'a'; end $x$;\nalter table only a.b add constraint c check (d > (1));\n-- migrate:down\n"
        "drop table a.b;\n";
    (void) state;

    for (size_t size = strlen("-- migrate:up\n"); size < sizeof whole; size++) {
        MigrationSet set;
        Found found = {""};
        char *text = strndup(whole, size);

        assert_true(migration_set_init(&set, NULL, 0, ignore_mistake, NULL));
        assert_true(migration_set_add(&set, "shop", "0001_x.sql", "x", text, strlen(text)));
        for (size_t i = 0; i < set.count; i++)
            assert_true(lint_file(&set.files[i], true, grammar_takes, note, &found));
        migration_set_free(&set);
        free(text);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lint__samples),
        cmocka_unit_test(test_lint__every_rule_has_a_sample),
        cmocka_unit_test(test_lint__rules_are_in_the_docs),
        cmocka_unit_test(test_lint__files_of_their_own_kind),
        cmocka_unit_test(test_lint__cut_anywhere),
    };

    return run_cases(tests, NULL, NULL);
}
