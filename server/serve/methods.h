/* What serves each method: its statement, or its handler behind a typed thunk.  The table is made
 * by tools/protoc-gen-ciq and has the order of methods[].  */
#ifndef CIQ_SERVER_SERVER_METHODS_H
#define CIQ_SERVER_SERVER_METHODS_H

#include "call/call.h"
#include "db/query.h"

typedef struct ServerMethod {
    const Query *query; /* NULL: the handler */
    bool (*handler)(Call *call, const ProtobufCMessage *request, ProtobufCMessage *response);
} ServerMethod;

extern const ServerMethod server_methods[];

#endif
