/* Schemas as pg_dump tells them; see snapshot.h.  */
#include "harness/snapshot.h"

#include "harness/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPE_MAX = 4 << 20 };

static char *
shape_of(const TestDatabase *database, const char *schema)
{
    char line[1024], role[64];
    char *text = malloc(SHAPE_MAX);
    FILE *dump;
    size_t size;

    assert_non_null(text);
    snprintf(role, sizeof role, "%s",
             database_value(database,
                            "select coalesce((select role from public.tenants_tenant where "
                            "schema_name = '%s'), 'nobody')",
                            schema));
    /* commas stand behind all columns but the last one */
    snprintf(line, sizeof line,
             "pg_dump --schema-only --schema='%s' '%s' | sed -e '/^--/d; /^$/d; /^\\\\/d' "
             "-e 's/\\b%s\\b/SCHEMA/g; s/\\b%s\\b/ROLE/g; s/,$//' | LC_ALL=C sort",
             schema, database->superuser, schema, role);
    dump = popen(line, "r");
    if (dump == NULL)
        fail_msg("cannot run pg_dump");
    size = fread(text, 1, SHAPE_MAX - 1, dump);
    text[size] = '\0';
    if (pclose(dump) != 0 || size < 100 || size == SHAPE_MAX - 1)
        fail_msg("pg_dump of %s failed", schema);
    return text;
}

/* pg_dump leaves out casts where one schema is asked for, and whether a view was ever filled. */
static char *
more_of(const TestDatabase *database, const char *schema)
{
    return strdup(database_value(
        database,
        "select coalesce(string_agg(line, E'\\n' order by line), '') from ("
        "select format('cast %%s to %%s by %%s %%s %%s', s.typname, t.typname, p.proname, "
        "c.castcontext, obj_description(c.oid, 'pg_cast')) as line from pg_cast c "
        "join pg_type s on s.oid = c.castsource join pg_type t on t.oid = c.casttarget "
        "left join pg_proc p on p.oid = c.castfunc where '%s'::regnamespace in (s.typnamespace, "
        "t.typnamespace) union all "
        "select format('%%s is %%s', relname, case when relispopulated then 'filled' else 'empty' end) "
        "from pg_class where relnamespace = '%s'::regnamespace and relkind = 'm') x",
        schema, schema));
}

static char *
rows_of(const TestDatabase *database, const char *schema, const char *row)
{
    return strdup(database_value(
        database,
        "select string_agg(relname || ' ' || (xpath('/row/h/text()', query_to_xml(case when relkind = 'S' "
        "then format('select last_value || '' '' || is_called as h from %%I.%%I', '%s', relname) "
        "when not relispopulated then 'select ''not populated'' as h' "
        "else format('select count(*) || '' '' || md5(coalesce(string_agg(%s, E''\\n'' order by "
        "%s collate \"C\"), '''')) as h from %%s %%I.%%I r', case when relkind = 'r' then 'only' else '' end, "
        "'%s', relname) end, false, true, '')))[1]::text, E'\\n' order by relname) "
        "from pg_class where relnamespace = '%s'::regnamespace and relkind in ('r', 'm', 'S') "
        "and relname !~ '^(core_|users_token)'",
        schema, row, row, schema, schema));
}

void
snapshot_take(Snapshot *snapshot, const TestDatabase *database, const char *schema)
{
    char *shape = shape_of(database, schema), *more = more_of(database, schema);
    size_t size = strlen(shape) + strlen(more) + 2;

    snapshot->shape = malloc(size);
    assert_non_null(snapshot->shape);
    snprintf(snapshot->shape, size, "%s%s\n", shape, more);
    free(shape);
    free(more);
    snapshot->rows = rows_of(database, schema, "r::text");
    snapshot->named = rows_of(database, schema, "to_jsonb(r)::text");
}

void
snapshot_free(Snapshot *snapshot)
{
    free(snapshot->shape);
    free(snapshot->rows);
    free(snapshot->named);
    memset(snapshot, 0, sizeof *snapshot);
}

/* How often a line of this length stands in a text. */
static int
lines_like(const char *text, const char *line, size_t length)
{
    int count = 0;

    for (const char *at = text; *at != '\0';) {
        size_t here = strcspn(at, "\n");

        if (here == length && memcmp(at, line, length) == 0)
            count++;
        at += here + (at[here] == '\n');
    }
    return count;
}

/* Shows the lines that one text has more often than the other. */
static int
show_more(const char *sign, const char *one, const char *other)
{
    int count = 0;

    for (const char *at = one; *at != '\0';) {
        size_t length = strcspn(at, "\n");

        if (lines_like(one, at, length) > lines_like(other, at, length) && count++ < 40)
            print_error("%s %.*s\n", sign, (int) length, at);
        at += length + (at[length] == '\n');
    }
    return count;
}

void
assert_same_lines(const char *what, const char *got, const char *expected)
{
    if (strcmp(got, expected) == 0)
        return;

    int more = show_more("got", got, expected), less = show_more("expected", expected, got);

    fail_msg("%s: %d lines more and %d lines less than expected", what, more, less);
}
