/* From an answer to a message: columns become fields, by name through the message's descriptor.
 * Knows PostgreSQL's binary formats, calls no libpq.  For the files of db/ only.  */
#ifndef CIQ_SERVER_DB_BIND_ANSWER_H
#define CIQ_SERVER_DB_BIND_ANSWER_H

#include "call/call.h"
#include "db/query.h"

/* One column of an answer, in binary format. */
typedef struct BindColumn {
    const char *name;
    uint32_t type; /* the type's oid */
} BindColumn;

typedef struct BindCell {
    const char *data; /* NULL: null */
    size_t size;
} BindCell;

/* Fills out from rows.  cells is rows_count * columns_count, row by row.  False: the call has
 * failed: "rows: one" without a row, a page size that is wrong, no memory, or a column that fits no
 * field, which is a defect. */
MUST_CHECK bool bind_answer(Call *call, const Query *query, const ProtobufCMessage *message,
                            const BindColumn *columns, size_t columns_count, const BindCell *cells,
                            size_t rows_count, ProtobufCMessage *out);

/* Readers of single cells; a null is 0.  False: the column is no number (int8, int4, int2) or no
 * timestamptz. */
MUST_CHECK bool bind_int64(BindColumn column, BindCell cell, int64_t *number);
MUST_CHECK bool bind_time_us(BindColumn column, BindCell cell, int64_t *time_us);

#endif
