/* Statements of handlers: queued, sent, and their answers read.  What an answer holds is copied
 * into the call's memory before libpq's result is freed.  */
#include "db/statement.h"
#include "db/bind_answer.h"
#include "db/context.h"
#include "db/failure.h"
#include "db/format.h"
#include "db/pipeline.h"
#include "db/private.h"
#include "db/queries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool
db_queue(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args)
{
    if (!call->db->is_block)
        return call_defect(call, "%s: queued outside a transaction", query->file);
    return context_queue_start(call) && pipeline_queue(call, query, message, args, false);
}

static bool
run(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
    PGresult **result)
{
    Db *db = call->db;

    *result = NULL;
    if (!context_queue_start(call) || !pipeline_queue(call, query, message, args, true)) {
        db->queue_size = 0;
        return false;
    }
    if (call->explain.wanted && !db->is_block &&
        !pipeline_queue(call, &query_locks, NULL, NULL, false))
        return false;
    if (pipeline_flush(call, result) && *result != NULL)
        return true;
    PQclear(*result);
    *result = NULL;
    if (call->failure.code == CODE_OK)
        return failure_lost(call);
    return false;
}

static bool
copy_answer(Call *call, const PGresult *result, BindColumn **columns, size_t *columns_count,
            BindCell **cells, size_t *rows_count)
{
    size_t width = (size_t) PQnfields(result), height = (size_t) PQntuples(result);

    *columns = call_alloc(call, width * sizeof **columns + 1);
    *cells = call_alloc(call, width * height * sizeof **cells + 1);
    if (*columns == NULL || *cells == NULL)
        return false;
    for (size_t x = 0; x < width; x++) {
        (*columns)[x].name = call_strdup(call, PQfname(result, (int) x));
        (*columns)[x].type = PQftype(result, (int) x);
        if ((*columns)[x].name == NULL)
            return false;
    }
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            if (!PQgetisnull(result, (int) y, (int) x))
                (*cells)[y * width + x] =
                    (BindCell){PQgetvalue(result, (int) y, (int) x),
                               (size_t) PQgetlength(result, (int) y, (int) x)};
    *columns_count = width;
    *rows_count = height;
    return true;
}

bool
db_fill(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
        ProtobufCMessage *out)
{
    PGresult *result;
    BindColumn *columns;
    BindCell *cells;
    size_t columns_count, rows_count;

    if (!run(call, query, message, args, &result))
        return false;

    bool ok = copy_answer(call, result, &columns, &columns_count, &cells, &rows_count) &&
              bind_answer(call, query, message, columns, columns_count, cells, rows_count, out);

    PQclear(result);
    return ok;
}

struct DbRow {
    Call *call;
    const Query *query;
    BindColumn *columns;
    BindCell *cells;
    size_t count;
};

bool
db_row(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
       const DbRow **row)
{
    PGresult *result;
    size_t rows_count;
    DbRow *copy = call_alloc(call, sizeof *copy);

    *row = NULL;
    if (copy == NULL || !run(call, query, message, args, &result))
        return false;
    copy->call = call;
    copy->query = query;

    bool ok = copy_answer(call, result, &copy->columns, &copy->count, &copy->cells, &rows_count);

    for (size_t i = 0; ok && rows_count > 0 && i < copy->count; i++) {
        if (copy->cells[i].data == NULL)
            continue;

        char *data = call_alloc(call, copy->cells[i].size + 1);

        ok = data != NULL;
        if (ok)
            copy->cells[i].data = memcpy(data, copy->cells[i].data, copy->cells[i].size);
    }
    PQclear(result);
    if (ok && rows_count > 0)
        *row = copy;
    return ok;
}

/* The column of this name, which has one of these types (ended by 0); NULL: the statement has none,
 * and the call has failed. */
static const BindCell *
row_cell(const DbRow *row, const char *name, const uint32_t *types, uint32_t *type)
{
    for (size_t i = 0; i < row->count; i++) {
        if (strcmp(row->columns[i].name, name) != 0)
            continue;
        *type = row->columns[i].type;
        while (*types != 0 && *types != *type)
            types++;
        if (*types != 0)
            return &row->cells[i];
        (void) !call_defect(row->call, "%s: column %s has the type %" PRIu32, row->query->file,
                            name, *type);
        return NULL;
    }
    (void) !call_defect(row->call, "%s: there is no column %s", row->query->file, name);
    return NULL;
}

const char *
db_row_text(const DbRow *row, const char *column)
{
    static const uint32_t types[] = {FORMAT_TEXT, FORMAT_VARCHAR, FORMAT_NAME, 0};
    uint32_t type;
    const BindCell *cell = row_cell(row, column, types, &type);

    /* the call has failed, but whoever reads the text may not look at once */
    return cell == NULL ? "" : cell->data;
}

int64_t
db_row_int64(const DbRow *row, const char *column)
{
    static const uint32_t types[] = {FORMAT_INT8, FORMAT_INT4, FORMAT_INT2, 0};
    uint32_t type;
    const BindCell *cell = row_cell(row, column, types, &type);
    int64_t number = 0;

    if (cell != NULL && !bind_int64((BindColumn){column, type}, *cell, &number))
        (void) !call_defect(row->call, "%s: column %s is no number", row->query->file, column);
    return number;
}

bool
db_row_bool(const DbRow *row, const char *column)
{
    static const uint32_t types[] = {FORMAT_BOOL, 0};
    uint32_t type;
    const BindCell *cell = row_cell(row, column, types, &type);

    return cell != NULL && cell->data != NULL && cell->data[0] != 0;
}

int64_t
db_row_time_us(const DbRow *row, const char *column)
{
    static const uint32_t types[] = {FORMAT_TIMESTAMPTZ, 0};
    uint32_t type;
    const BindCell *cell = row_cell(row, column, types, &type);
    int64_t time_us = 0;

    if (cell != NULL && !bind_time_us((BindColumn){column, type}, *cell, &time_us))
        (void) !call_defect(row->call, "%s: column %s is no time", row->query->file, column);
    return time_us;
}

const uint8_t *
db_row_bytes(const DbRow *row, const char *column, size_t *size)
{
    static const uint32_t types[] = {FORMAT_BYTEA, 0};
    uint32_t type;
    const BindCell *cell = row_cell(row, column, types, &type);

    *size = cell == NULL ? 0 : cell->size;
    return cell == NULL ? NULL : (const uint8_t *) cell->data;
}

bool
db_run(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
       uint64_t *rows)
{
    PGresult *result;

    if (!run(call, query, message, args, &result))
        return false;
    if (rows != NULL)
        *rows = strtoull(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return true;
}
