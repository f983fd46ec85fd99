/* Reads it from the catalog, one object at a time, and writes it for the scripts.  */
#include "tenant/rows_state.h"
#include "call/text.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>

/* The next object of a kind.  *row NULL: there is none any more. */
static bool
next(Call *call, const Query *query, const char *schema, const char *after, size_t count,
     const DbRow **row)
{
    if (!db_row(
            call, query, NULL,
            (DbArg[]){{.name = "schema", .text = schema}, {.name = "after", .text = after}, {0}},
            row))
        return false;
    return *row == NULL || count < LIMIT_TABLES ||
           call_fail(call, CODE_RESOURCE_EXHAUSTED,
                     "the tenant has more than %d partitions, materialized views or sequences",
                     LIMIT_TABLES);
}

static char *
text_of(const DbRow *row, const char *column)
{
    return (char *) (uintptr_t) db_row_text(row, column);
}

static bool
describe_partitions(Call *call, const char *schema, ArchiveManifest *manifest)
{
    const char *after = "";
    const DbRow *row;

    manifest->n_partitions = 0;
    manifest->partitions = call_alloc(call, LIMIT_TABLES * sizeof *manifest->partitions);
    while (manifest->partitions != NULL) {
        ArchivePartition *partition = call_alloc(call, sizeof *partition);

        if (partition == NULL ||
            !next(call, &query_tenant_partitions, schema, after, manifest->n_partitions, &row))
            return false;
        if (row == NULL)
            return true;
        clientiq__v1__archive_partition__init(partition);
        partition->name = text_of(row, "name");
        partition->parent = text_of(row, "parent");
        partition->bound = text_of(row, "bound");
        partition->key = text_of(row, "key");
        partition->is_unlogged = db_row_bool(row, "is_unlogged");
        if ((after = partition->name) == NULL || partition->parent == NULL ||
            partition->bound == NULL || partition->key == NULL)
            return false;
        manifest->partitions[manifest->n_partitions++] = partition;
    }
    return false;
}

static bool
describe_views(Call *call, const char *schema, ArchiveManifest *manifest)
{
    const char *after = "";
    const DbRow *row;

    manifest->n_views = 0;
    manifest->views = call_alloc(call, LIMIT_TABLES * sizeof *manifest->views);
    while (manifest->views != NULL) {
        ArchiveView *view = call_alloc(call, sizeof *view);

        if (view == NULL ||
            !next(call, &query_tenant_views, schema, after, manifest->n_views, &row))
            return false;
        if (row == NULL)
            return true;
        clientiq__v1__archive_view__init(view);
        view->name = text_of(row, "name");
        view->is_populated = db_row_bool(row, "is_populated");
        if ((after = view->name) == NULL)
            return false;
        manifest->views[manifest->n_views++] = view;
    }
    return false;
}

bool
rows_describe(Call *call, const char *schema, ArchiveManifest *manifest)
{
    return describe_partitions(call, schema, manifest) && describe_views(call, schema, manifest);
}

bool
rows_describe_sequences(Call *call, const char *schema, ArchiveManifest *manifest)
{
    const char *after = "";
    const DbRow *row;

    if (!db_script(call, script_tenant_rows_sequences.text,
                   (DbArg[]){{.name = "schema", .text = schema}, {0}}))
        return false;
    manifest->n_sequences = 0;
    manifest->sequences = call_alloc(call, LIMIT_TABLES * sizeof *manifest->sequences);
    while (manifest->sequences != NULL) {
        ArchiveSequence *sequence = call_alloc(call, sizeof *sequence);

        if (sequence == NULL ||
            !next(call, &query_tenant_sequences, schema, after, manifest->n_sequences, &row))
            return false;
        if (row == NULL)
            return true;
        clientiq__v1__archive_sequence__init(sequence);
        sequence->name = text_of(row, "name");
        sequence->last_value = db_row_int64(row, "last_value");
        sequence->is_called = db_row_bool(row, "is_called");
        if ((after = sequence->name) == NULL)
            return false;
        manifest->sequences[manifest->n_sequences++] = sequence;
    }
    return false;
}

/* ---- as JSON ---- */

static void
add_string(Text *text, const char *name, const char *value)
{
    text_add(text, "\"%s\":\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            text_add(text, "\\%c", *value);
        else if ((unsigned char) *value < 0x20)
            text_add(text, "\\u%04x", (unsigned) *value);
        else
            text_add_bytes(text, value, 1);
    }
    text_add(text, "\"");
}

static const char *
json_bool(bool value)
{
    return value ? "true" : "false";
}

const char *
rows_state_text(Call *call, const RowsState *state)
{
    const ArchiveManifest *manifest = state->manifest;
    Text text = text_new(call);

    text_add(&text, "{\"is_complete\":%s,\"is_trusted\":%s,\"partitions\":[",
             json_bool(state->is_complete), json_bool(state->is_trusted));
    for (size_t i = 0; i < manifest->n_partitions; i++) {
        const ArchivePartition *partition = manifest->partitions[i];

        text_add(&text, "%s{\"is_unlogged\":%s,", i == 0 ? "" : ",",
                 json_bool(partition->is_unlogged));
        add_string(&text, "name", partition->name);
        text_add(&text, ",");
        add_string(&text, "parent", partition->parent);
        text_add(&text, ",");
        add_string(&text, "bound", partition->bound);
        text_add(&text, ",");
        add_string(&text, "key", partition->key);
        text_add(&text, "}");
    }
    text_add(&text, "],\"views\":[");
    for (size_t i = 0; i < manifest->n_views; i++) {
        text_add(&text, "%s{\"is_populated\":%s,", i == 0 ? "" : ",",
                 json_bool(manifest->views[i]->is_populated));
        add_string(&text, "name", manifest->views[i]->name);
        text_add(&text, "}");
    }
    text_add(&text, "],\"sequences\":[");
    for (size_t i = 0; i < manifest->n_sequences; i++) {
        const ArchiveSequence *sequence = manifest->sequences[i];

        text_add(&text, "%s{\"last_value\":%" PRId64 ",\"is_called\":%s,", i == 0 ? "" : ",",
                 sequence->last_value, json_bool(sequence->is_called || !state->is_complete));
        add_string(&text, "name", sequence->name);
        text_add(&text, "}");
    }
    text_add(&text, "]}");
    return text_end(&text);
}
