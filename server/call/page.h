/* Lists in pages: how many rows, and the token by which a list goes on where a page ended.  A token
 * is base64url of a MAC under the installation's key and of the key of the page's last row, so
 * nobody but this installation makes one, and the database needs to remember none.  It is good for
 * the method, the tenant and the filters of the request that it answered; only page_token and
 * page_size may differ in the next one.  */
#ifndef CIQ_SERVER_PAGE_H
#define CIQ_SERVER_PAGE_H

#include "call/call.h"

/* The token by which this request goes on behind the row with this key.  NULL: the call has failed.
 */
MUST_CHECK char *page_token(Call *call, const ProtobufCMessage *request, const char *page_key);

/* The key that stands in the request's page_token; NULL: it has none, and the list begins.  False:
 * the call has failed with INVALID_ARGUMENT: the token is not one of this list. */
MUST_CHECK bool page_key(Call *call, const ProtobufCMessage *request, const char **page_key);

/* How many rows the request wants: its page_size, LIMIT_PAGE_DEFAULT if it says none, at most
 * LIMIT_PAGE.  False: the call has failed with INVALID_ARGUMENT: it is negative. */
MUST_CHECK bool page_size(Call *call, const ProtobufCMessage *request, int32_t *size);

#endif
