/* The query of a target: name=value pairs separated by &, percent-encoded.  */
#ifndef CIQ_SERVER_HTTP_QUERY_H
#define CIQ_SERVER_HTTP_QUERY_H

#include "http/slice.h"

/* The value of a name as it stands there, still encoded; at is NULL: there is none.  *is_twice: it
 * is there more than once. */
Slice query_value(Slice query, const char *name, bool *is_twice);

/* Decodes a value into as many bytes as it has at most; '+' is a space.  False: it is not encoded
 * properly. */
MUST_CHECK bool query_decode(Slice value, char *out, size_t *size);

#endif
