/* Compares what is there with what a migration would make, by pg_catalog's own words for both.
 * Called by item.c for runs with fake_initial.  Nothing it makes outlives it.  */
#include "migration/shape.h"
#include "base/lines.h"
#include "db/db.h"
#include "migration/migrate.h"
#include "db/queries.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIFFERENCES_SHOWN = 8 };

static bool
read_catalogue(Call *call, const ShapeOf *of, bool with_definitions, const DbRow **row)
{
    const char *path = db_path(call, of->schema);

    return path != NULL &&
           db_row(call, &query_schema_shape, NULL,
                  (DbArg[]){{.name = "schema", .text = of->schema},
                            {.name = "search_path", .text = path},
                            {.name = "called", .text = of->called},
                            {.name = "role", .text = of->role != NULL ? of->role : ""},
                            {.name = "whole", .text = of->role != NULL ? "on" : "off"},
                            {.name = "definitions", .text = with_definitions ? "on" : "off"},
                            {0}},
                  row);
}

bool
shape_read(Call *call, const ShapeOf *of, const char **shape)
{
    const bool with_definitions = false;
    const DbRow *row;

    if (!read_catalogue(call, of, with_definitions, &row))
        return false;
    *shape = row == NULL ? "" : db_row_text(row, "shape");
    return *shape != NULL;
}

bool
shape_definitions(Call *call, const ShapeOf *of, const char **definitions)
{
    const bool with_definitions = true;
    const DbRow *row;

    if (!read_catalogue(call, of, with_definitions, &row))
        return false;
    *definitions = row == NULL ? NULL : db_row_text(row, "definitions");
    if (*definitions == NULL)
        *definitions = "[]";
    return true;
}

/* Whether a shape has something of the table that this line is about. */
static bool
has_table(const char *shape, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);

    return lines_have_start(shape, line, colon == NULL ? size : (size_t) (colon - line) + 1);
}

/* The lines of one shape that the other has not, as words after what; only of tables that the file
 * makes: those that made has and before has not. */
static size_t
differences(const char *one, const char *other, const char *made, const char *before,
            const char *what, char *text, size_t size)
{
    size_t count = 0;

    while (*one != '\0') {
        size_t length = strcspn(one, "\n");

        if (has_table(made, one, length) && !has_table(before, one, length) &&
            !lines_have(other, one, length)) {
            size_t used = strlen(text);

            if (count++ < DIFFERENCES_SHOWN)
                snprintf(text + used, size - used, "; %s %.*s", what, (int) length, one);
            for (char *tab = text + used; (tab = strchr(tab, '\t')) != NULL;)
                *tab = ' ';
        }
        one += length + (one[length] == '\n');
    }
    return count;
}

static bool
make_scratch(Call *call, const MigrationSet *set, const MigrationFile *file, const ShapeOf *scratch,
             const char **before, const char **after)
{
    if (!db_run(call, &query_scratch_begin, NULL, NULL, NULL) ||
        !migrate_scratch(call, scratch->schema))
        return false;
    for (const MigrationFile *step = set->files; step < file; step++)
        if (!migrate_up(call, step))
            return false;
    return shape_read(call, scratch, before) && migrate_up(call, file) &&
           shape_read(call, scratch, after) && db_run(call, &query_scratch_end, NULL, NULL, NULL);
}

bool
shape_check(Call *call, const MigrationSet *set, const MigrationFile *file, const char *schema,
            bool *is_there)
{
    /* cannot be a tenant's: no schema name of a tenant may begin with ciq_ */
    const char *scratch = call_printf(call, "ciq_scratch_%" PRId64, call->tenant.id);
    const ShapeOf found = {.schema = schema, .called = schema};
    const ShapeOf made = {.schema = scratch, .called = schema};
    const char *have, *before, *after;
    char text[900] = "";
    size_t missing, more, tables = 0;

    *is_there = false;
    if (scratch == NULL || !shape_read(call, &found, &have) ||
        !make_scratch(call, set, file, &made, &before, &after))
        return false;
    missing = differences(after, have, after, before, "missing", text, sizeof text);
    more = differences(have, after, after, before, "has", text, sizeof text);
    for (const char *line = have; *line != '\0';) {
        size_t length = strcspn(line, "\n");

        tables += has_table(after, line, length) && !has_table(before, line, length);
        line += length + (line[length] == '\n');
    }
    if (tables == 0)
        return true;
    if (missing + more > 0)
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "the tables of %s/%s are here, but differ from what it makes: %zu missing, %zu unexpected%s",
            file->app, file->name, missing, more, text);
    *is_there = true;
    return true;
}
