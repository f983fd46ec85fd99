/* Passwords in the form in which they are hashed: OpaqueString of PRECIS (RFC 8265, 4.2), so that a
 * password is the same from whatever keyboard it comes.  */
#ifndef CIQ_SERVER_OPAQUE_H
#define CIQ_SERVER_OPAQUE_H

#include "call/call.h"

/* The first character that a password may not have, and its number, from 1; 0: none. */
typedef struct OpaqueWrong {
    uint32_t character;
    size_t place;
} OpaqueWrong;

/* Spaces of any kind become U+0020, characters are composed (NFC); width and case stay.  Control
 * and invisible characters and those that Unicode has not assigned are refused, and a few others
 * where their script does not have them (FreeformClass of RFC 8264).  False: the call has failed
 * for want of memory.  *prepared is NULL if the text is empty or has a wrong character. */
MUST_CHECK bool opaque_prepare(Call *call, const char *text, const char **prepared,
                               OpaqueWrong *wrong);

#endif
