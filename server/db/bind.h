/* From a request to a statement: its fields, by name through its descriptor, and what the call
 * knows become parameters.  Knows PostgreSQL's formats, calls no libpq.  */
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

/* Fills values (query->parameters_count of them).  False: the call has failed: a page token or page
 * size is wrong, no memory, or the server has a defect (call_defect): nothing gives a parameter
 * of this name. */
MUST_CHECK bool bind_parameters(Call *call, const Query *query, const ProtobufCMessage *message,
                                const DbArg *args, BindValue *values);

/* A google.protobuf.Timestamp in call memory, from Unix time in microseconds.  NULL: no memory. */
typedef struct Google__Protobuf__Timestamp Google__Protobuf__Timestamp;
Google__Protobuf__Timestamp *bind_timestamp(Call *call, int64_t us);

/* PLAN_TRIAL is 'trial' in the database, A_B is 'a-b', …_UNSPECIFIED is ''.  NULL: no memory. */
const char *bind_enum_text(Call *call, const ProtobufCEnumDescriptor *descriptor, int number);

/* True if update_mask of the message names the path, relative to the request or to its resource. */
bool bind_mask(const ProtobufCMessage *message, const char *path);

#endif
