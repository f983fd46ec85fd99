/* Messages as people read them: a list as a table, one thing as lines "name  value".  */
#ifndef CIQ_CLI_TABLE_H
#define CIQ_CLI_TABLE_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

/* Prints a message of this type that json_of_message made. */
void table_print(const ProtobufCMessageDescriptor *descriptor, const json_t *json, FILE *out);

#endif
