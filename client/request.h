/* What a call sends.  */
#ifndef CIQ_CLIENT_REQUEST_H
#define CIQ_CLIENT_REQUEST_H

#include "client/internal.h"

/* Packs the envelope, without what request_message appends, into memory of malloc.  NULL: it
 * worked. */
CiqError *request_pack(CiqClient *client, const Method *method, const ProtobufCMessage *message,
                       const CiqCallOptions *options, bool explain, uint8_t **packed, size_t *size);

/* The message of one attempt: with the time that is left, and, if run is not 0, the deadline on
 * that server's clock.  NULL: no memory. */
nng_msg *request_message(const uint8_t *packed, size_t packed_size, uint32_t left_ms, uint64_t run,
                         uint64_t deadline_us);

#endif
