/* Errors between the files of the library.  */
#ifndef CIQ_CLIENT_ERROR_H
#define CIQ_CLIENT_ERROR_H

#include "client/call.h"

/* Takes the reply. */
CiqError *error_of_reply(Reply *reply);

#endif
