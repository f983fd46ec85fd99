/* JSON texts from outside: bounded in depth and values before jansson sees them.  */
#ifndef CIQ_PROTO_JSON_TEXT_H
#define CIQ_PROTO_JSON_TEXT_H

#include "proto/json_read.h"

enum {
    JSON_DEPTH_MAX = 100,   /* of arrays and objects in each other, as in other implementations */
    JSON_VALUES_MAX = 65536 /* in one text; each takes memory that its size does not show */
};

/* json_read from a text, which need not end with a NUL. */
ProtobufCMessage *json_read_text(const ProtobufCMessageDescriptor *descriptor, const char *text,
                                 size_t size, unsigned style, JsonError *error);

/* From here on whatever jansson frees is overwritten first: it may have been a password.  Called
 * once, before any other thread uses jansson. */
void json_wipe_freed(void);

#endif
