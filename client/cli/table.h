/* Messages for people: a list as a table, one thing as lines "name  value".  */
#ifndef CIQ_CLI_TABLE_H
#define CIQ_CLI_TABLE_H

#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

void table_print(const ProtobufCMessage *message, FILE *out);

#endif
