/* Messages as JSON: proto3's JSON mapping.  64-bit integers are strings, enums are their names,
 * bytes are base64, times are as in RFC 3339, a field mask is one string.  */
#ifndef CIQ_PROTO_JSON_WRITE_H
#define CIQ_PROTO_JSON_WRITE_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/* How it is written; the mapping's own way has none of them. */
enum {
    JSON_ORIGINAL_NAMES = 1, /* fields and masks have the names of the .proto: page_size */
    JSON_ALL_FIELDS = 2      /* also empty ones; a message that is not there is null */
};

/* NULL: no memory. */
json_t *json_write(const ProtobufCMessage *message, unsigned style);

/* The same as text, from malloc; its size goes to *size, without the NUL behind it. */
char *json_write_text(const ProtobufCMessage *message, unsigned style, size_t *size);

#endif
