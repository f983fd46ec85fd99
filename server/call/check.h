/* Validates any message by its descriptor and its fields' options, once, before a handler sees it.
 * Every field that is wrong is named; the call fails with INVALID_ARGUMENT.  */
#ifndef CIQ_SERVER_CHECK_H
#define CIQ_SERVER_CHECK_H

#include "call/call.h"

/* The bytes of a message before it is unpacked: strings are UTF-8 without NUL (protobuf-c would cut
 * them there), lengths fit, nesting is that of the descriptor. */
MUST_CHECK bool check_wire(Call *call, const ProtobufCMessageDescriptor *descriptor,
                           const uint8_t *data, size_t size);

/* An unpacked message against its fields' options.  Where it has an update_mask, only the fields
 * that the mask names are checked, and the mask's paths must exist. */
MUST_CHECK bool check_message(Call *call, const MessageInfo *info, const ProtobufCMessage *message);

/* The shapes of strings, also for unit tests.  NULL: right; otherwise what is wrong and what is
 * allowed. */
const char *check_schema_name(const char *text);
const char *check_email(const char *text);
const char *check_host(const char *text);
const char *check_permission(const char *text);
const char *check_json_object(const char *text);

#endif
