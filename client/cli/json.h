/* Messages as JSON and back, by descriptor, as proto3's JSON mapping has it: 64-bit integers are
 * strings, enums their names, times RFC 3339, masks comma-separated.  Field names are the .proto's
 * own; on input the camelCase ones are understood too.  */
#ifndef CIQ_CLI_JSON_H
#define CIQ_CLI_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* Every field, also empty ones.  NULL: no memory. */
json_t *json_of_message(const ProtobufCMessage *message);

/* From malloc; protobuf_c_message_free_unpacked.  NULL: error (of 256 bytes) names the field and
 * what is wrong.  Numbers, truths and enums may also be given as words, as flags give them. */
ProtobufCMessage *json_to_message(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
                                  char error[256]);

/* An enum's value without its prefix, in lower case: PLAN_TRIAL is "trial".  From malloc. */
char *enum_word(const ProtobufCEnumDescriptor *descriptor, int number);

#endif
