/* Messages as JSON and back, as ciq-client shows and takes them: proto3's JSON mapping with the
 * names of the .proto files and with all fields; and what flags give.  */
#ifndef CIQ_CLI_JSON_H
#define CIQ_CLI_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

enum { JSON_MESSAGE = 520 }; /* bytes of what json_to_message says, with its NUL */

/* All fields, also empty ones.  NULL: no memory. */
json_t *json_of_message(const ProtobufCMessage *message);

/* The result is freed with protobuf_c_message_free_unpacked.  NULL: error says which field is wrong
 * and what is allowed.  Booleans and enums may also be words, as flags give them. */
ProtobufCMessage *json_to_message(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
                                  char error[JSON_MESSAGE]);

#endif
