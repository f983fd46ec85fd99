/* E-mail addresses, wherever one comes from outside: fields of messages, archives, settings, the
 * command line.  What is stored may be older than this rule: it is found, shown and compared as it
 * is, and mail/letter.h says which of it gets mail.  */
#ifndef CIQ_SERVER_ADDRESS_H
#define CIQ_SERVER_ADDRESS_H

#include "base/compiler.h"
#include "call/host.h"

/* NULL: the text is one address and nothing else, a dot-string, @ and a domain (RFC 5321, 4.1.2),
 * with the letters of RFC 6531: no quotes, no comment, no name before it, no list, no address
 * literal; at most 64 bytes before the @ and 254 in all.  Of the letters those are taken that
 * people see (proto/visible.h), and no spaces and wide forms of ASCII.  Otherwise what is wrong, a
 * constant text that follows the field's name. */
MUST_CHECK const char *address_wrong(const char *text);

/* A domain as it follows the @: a host name, or one label of one.  host is in ASCII and lower case.
 * NULL, or what is wrong. */
MUST_CHECK const char *address_domain(const char *text, char host[HOST_SIZE]);

#endif
