/* Between a protobuf message and a statement: request fields and call context become parameters,
 * columns become response fields, both by name through the message's descriptor.  Knows
 * PostgreSQL's wire formats, calls no libpq.  */
#ifndef CIQ_SERVER_BIND_H
#define CIQ_SERVER_BIND_H

#include "call/call.h"
#include "db/query.h"

/* A value that a handler gives a statement as :arg.<name>; an array of them ends with a NULL name.
 */
typedef struct DbArg {
    const char *name;
    const char *text;  /* NULL and no bytes: null */
    const void *bytes; /* instead of text: a bytea */
    size_t bytes_size;
} DbArg;

/* One parameter as libpq takes it. */
typedef struct BindValue {
    const char *data; /* NULL: null */
    int size;
    int format; /* 0 text, 1 binary */
} BindValue;

/* One column of an answer, in binary format. */
typedef struct BindColumn {
    const char *name;
    uint32_t type; /* the type's oid */
} BindColumn;

typedef struct BindCell {
    const char *data; /* NULL: null */
    size_t size;
} BindCell;

/* Fills values (query->parameters_count of them).  False: the call has failed: a page token or page
 * size is wrong, or no memory.  A name that nothing can give is a programming error, found by
 * bind_check. */
MUST_CHECK bool bind_parameters(Call *call, const Query *query, const ProtobufCMessage *message,
                                const DbArg *args, BindValue *values);

/* Fills out from rows.  cells is rows_count * columns_count, row by row. */
MUST_CHECK bool bind_answer(Call *call, const Query *query, const ProtobufCMessage *message,
                            const BindColumn *columns, size_t columns_count, const BindCell *cells,
                            size_t rows_count, ProtobufCMessage *out);

/* Whether a statement fits the messages of its rpc; says what does not in problem.  For the test
 * that prepares every statement. */
MUST_CHECK bool bind_check(const Query *query, const ProtobufCMessageDescriptor *request,
                           const ProtobufCMessageDescriptor *response, const BindColumn *columns,
                           size_t columns_count, char *problem, size_t problem_size);

/* Readers of single cells; a null is 0, false, NULL. */
int64_t bind_int64(BindColumn column, BindCell cell);
bool bind_bool(BindColumn column, BindCell cell);
int64_t bind_time_us(BindColumn column, BindCell cell);
/* Text ended by NUL, in call memory. */
const char *bind_text(Call *call, BindColumn column, BindCell cell);

/* A google.protobuf.Timestamp in call memory, from Unix time in microseconds.  NULL: no memory. */
typedef struct Google__Protobuf__Timestamp Google__Protobuf__Timestamp;
Google__Protobuf__Timestamp *bind_timestamp(Call *call, int64_t us);

/* PLAN_TRIAL is 'trial' in the database, A_B is 'a-b', …_UNSPECIFIED is ''.  NULL: no memory. */
const char *bind_enum_text(Call *call, const ProtobufCEnumDescriptor *descriptor, int number);

/* True if update_mask of the message names the path, relative to the request or to its resource. */
bool bind_mask(const ProtobufCMessage *message, const char *path);

#endif
