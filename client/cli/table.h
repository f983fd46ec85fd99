/* Messages for people: a list as a table, one thing as lines "name  value".  */
#ifndef CIQ_CLI_TABLE_H
#define CIQ_CLI_TABLE_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

/* A message of this type, as json_of_message made it. */
void table_print(const ProtobufCMessageDescriptor *descriptor, const json_t *json, FILE *out);

#endif
