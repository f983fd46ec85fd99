/* Whether a statement fits the messages of its rpc: by name what gives each parameter and what
 * takes each column, and by type what PostgreSQL makes of both.  Asked by tools/embed_sql, which
 * knows no database, for the names, and by db/prepare.c at start for the types.  Knows no Call.  */
#ifndef CIQ_SERVER_DB_FIT_H
#define CIQ_SERVER_DB_FIT_H

#include "base/compiler.h"
#include "db/query.h"

#include <protobuf-c/protobuf-c.h>

/* What a parameter's value is, as db/bind.c gives it. */
typedef enum FitKind {
    FIT_NOTHING,  /* nothing gives it */
    FIT_ARGUMENT, /* a handler does, by its name: whatever the handler likes */
    FIT_KEY,      /* of a page: what a row of the same statement had as page_key */
    FIT_BOOL,
    FIT_INTEGER,
    FIT_TEXT,
    FIT_TEXTS,
    FIT_BYTES,
    FIT_TIME,
} FitKind;

/* What gives the parameter of this name, if a message of this type (NULL: none) is the request. */
FitKind fit_parameter(const char *name, const ProtobufCMessageDescriptor *request);

/* Whether a name is one of the call's own group of names, but none of those in db/parameter.def. */
bool fit_is_unknown_context(const char *name);

/* Whether PostgreSQL can read a value of this kind as a parameter of this type (an oid). */
bool fit_parameter_type(FitKind kind, uint32_t type);

/* The message type whose fields the columns of each row fill; NULL: none that is known here
 * (response may be NULL), and with *fits false because the response has no field for them. */
const ProtobufCMessageDescriptor *fit_row(QueryRows rows, const char *into,
                                          const ProtobufCMessageDescriptor *response, bool *fits);

/* Whether a column of this name and type (an oid) fills a field of the message type, or is the key
 * of a page or its end. */
bool fit_column(const char *name, uint32_t type, QueryRows rows,
                const ProtobufCMessageDescriptor *row);

#endif
