/* The errors of libciq, for the library itself.  */
#ifndef CIQ_CLIENT_ERROR_H
#define CIQ_CLIENT_ERROR_H

#include "client/call.h"

/* The error that a reply carries.  It owns the reply from now on. */
CiqError *error_of_reply(Reply *reply);

#endif
