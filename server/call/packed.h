/* The bytes of a message before it is unpacked.  */
#ifndef CIQ_SERVER_PACKED_H
#define CIQ_SERVER_PACKED_H

#include "call/call.h"

/* Strings are UTF-8 without NUL (protobuf-c would cut them there), lengths fit, nesting is that of
 * the descriptor.  False: the call has failed with INVALID_ARGUMENT. */
MUST_CHECK bool packed_check(Call *call, const ProtobufCMessageDescriptor *descriptor,
                             const uint8_t *data, size_t size);

#endif
