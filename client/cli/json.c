/* The style of ciq-client.  */
#include "client/cli/json.h"
#include "proto/json_read.h"
#include "proto/json_write.h"

#include <stdio.h>

json_t *
json_of_message(const ProtobufCMessage *message)
{
    return json_write(message, JSON_ORIGINAL_NAMES | JSON_ALL_FIELDS);
}

ProtobufCMessage *
json_to_message(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
                char error[JSON_MESSAGE])
{
    JsonError wrong;
    ProtobufCMessage *message = json_read(descriptor, json, JSON_WORDS, &wrong);

    if (message == NULL)
        snprintf(error, JSON_MESSAGE, "%s%s%s", wrong.path, wrong.path[0] != '\0' ? ": " : "",
                 wrong.what);
    return message;
}
