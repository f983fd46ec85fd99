/* Validates any message by its descriptor and its fields' options, once, before a handler sees it.
 * Every field that is wrong is named; the call fails with INVALID_ARGUMENT.  */
#ifndef CIQ_SERVER_CHECK_H
#define CIQ_SERVER_CHECK_H

#include "call/call.h"

/* An unpacked message against its fields' options.  Where it has an update_mask, only the fields
 * that the mask names are checked, and the mask's paths must exist. */
MUST_CHECK bool check_message(Call *call, const MessageInfo *info, const ProtobufCMessage *message);

/* One line of text for people that comes from elsewhere than a message's field: at most max
 * characters, and none that nobody would see (proto/visible.h). */
MUST_CHECK bool check_line(Call *call, const char *path, const char *text, size_t max);

#endif
