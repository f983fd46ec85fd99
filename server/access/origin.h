/* Where a call comes from: the address of an end user, and what counts as one origin where
 * strangers are limited.  */
#ifndef CIQ_SERVER_ORIGIN_H
#define CIQ_SERVER_ORIGIN_H

#include "base/compiler.h"

#include <stdbool.h>

enum { ORIGIN_SIZE = 64 }; /* an IPv6 address in text has 45 characters, "/64" 3 more */

/* An IPv4 or IPv6 address in its one form, so that nobody is two by writing it in another; an IPv4
 * address in IPv6 is the IPv4 address.  False: it is not an address. */
MUST_CHECK bool origin_address(const char *text, char address[ORIGIN_SIZE]);

/* The address without its port, since each connection has another one.  Of IPv6 the network of 64
 * bits, which one subscriber has to themselves ("2001:db8:1:2::/64"); an IPv4 address in IPv6 is
 * the IPv4 address.  What is no address stays as it is, cut to size. */
void origin_key(const char *address, char key[ORIGIN_SIZE]);

#endif
