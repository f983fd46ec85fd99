/* What reading and writing JSON have in common: names, times, and the places of elements in memory.
 * For proto/json_*.c, and enums' words for the commands of ciq-client.  */
#ifndef CIQ_PROTO_JSON_VALUE_H
#define CIQ_PROTO_JSON_VALUE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_NAME = 128, /* bytes of a field's name with its NUL; no name of the contract is as long */
    JSON_TIME = 40   /* bytes of a time with its NUL */
};

/* A field's name in lowerCamelCase, as protoc makes it: page_size is "pageSize".  A name that does
 * not fit is cut. */
void json_camel(const char *name, char camel[JSON_NAME]);

/* Seconds and nanoseconds since 1970 as a time of RFC 3339 in UTC, with 0, 3, 6 or 9 digits after
 * the point. */
void json_time_write(int64_t seconds, int32_t nanos, char text[JSON_TIME]);

/* The reverse, with any offset.  NULL, or what is wrong: a constant text. */
const char *json_time_read(const char *text, int64_t *seconds, int32_t *nanos);

/* Bytes of one element of a repeated field. */
size_t json_element_size(const ProtobufCFieldDescriptor *field);

/* An enum's value without its prefix, in lower case: PLAN_TRIAL is "trial".  From malloc. */
char *enum_word(const ProtobufCEnumDescriptor *descriptor, int number);

#endif
