/* Messages from JSON: proto3's JSON mapping.  Fields are known by both of their names, page_size
 * and pageSize; numbers may be strings, enums numbers; bytes are base64 of either alphabet; null is
 * a field that is not there.  A name that comes twice, and one field under both names, are refused.
 */
#ifndef CIQ_PROTO_JSON_READ_H
#define CIQ_PROTO_JSON_READ_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

enum {
    JSON_PATH = 256, /* bytes of the path to a field, with its NUL; a longer one is cut */
    JSON_WHAT = 256
};

/* What is taken besides. */
enum {
    JSON_WORDS = 1,         /* booleans as strings, and enums as enum_word writes them, as flags of
                             * a command line give them */
    JSON_IGNORE_UNKNOWN = 2 /* fields that the message does not have */
};

/* What is wrong; what is in the text itself is not told, since it may be a password. */
typedef struct JsonError {
    char path[JSON_PATH]; /* of the field: "user.groups[1]"; "": none */
    char what[JSON_WHAT]; /* and what is allowed */
} JsonError;

/* The result is freed with protobuf_c_message_free_unpacked.  NULL: see error. */
ProtobufCMessage *json_read(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
                            unsigned style, JsonError *error);

#endif
