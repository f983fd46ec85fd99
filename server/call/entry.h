/* What comes in is kept in one form, so that what is the same to people has the same bytes wherever
 * it is compared, counted or searched for.  */
#ifndef CIQ_SERVER_ENTRY_H
#define CIQ_SERVER_ENTRY_H

#include "call/call.h"

/* Puts the texts of a message into their form, before they are checked: addresses as they are kept
 * (call/address.h), other texts composed (NFC, as RFC 5198 has it).  Secrets, JSON and what is only
 * looked up stay as they were sent.  False: the call has failed. */
MUST_CHECK bool entry_prepare(Call *call, const MessageInfo *info, ProtobufCMessage *message);

#endif
