/* Messages as JSON and back, as proto3's JSON mapping has it: 64-bit integers are strings, enums
 * are their names, bytes are base64, times are as in RFC 3339, field masks are separated by commas.
 * Fields have the names of the .proto files; on input their camelCase names are understood too.  */
#ifndef CIQ_CLI_JSON_H
#define CIQ_CLI_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* All fields, also empty ones.  NULL: no memory. */
json_t *json_of_message(const ProtobufCMessage *message);

/* The result is freed with protobuf_c_message_free_unpacked.  NULL: error says which field is wrong
 * and what is allowed.  Numbers, booleans and enums may also be strings, as flags give them. */
ProtobufCMessage *json_to_message(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
                                  char error[256]);

/* An enum's value without its prefix, in lower case: PLAN_TRIAL is "trial".  From malloc. */
char *enum_word(const ProtobufCEnumDescriptor *descriptor, int number);

#endif
