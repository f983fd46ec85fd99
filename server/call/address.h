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
 * people see (proto/visible.h) and that have one form only: no compatibility characters, such as
 * full-width letters, and none that Unicode has not assigned; and no word of them mixes scripts, or
 * looks like ASCII in another one (call/lookalike.h).  Otherwise what is wrong, a constant text
 * that follows the field's name. */
MUST_CHECK const char *address_wrong(const char *text);

/* The address as it is kept: composed (NFC), and with a domain that has other letters than ASCII's
 * in those letters.  What is not an address is given back as it is.  NULL: the call has failed. */
MUST_CHECK const char *address_kept(Call *call, const char *text);

/* The same address in every other spelling in which an older row may have it, without regard to
 * case, with spaces between them: composed and decomposed, its domain in letters and in ASCII, a
 * Greek sigma in its two small forms.  "": it has no other.  NULL: the call has failed. */
MUST_CHECK const char *address_spellings(Call *call, const char *text);

/* One spelling for all of these, also without case, by which it is counted and locked; nobody is
 * found by it.  NULL: the call has failed. */
MUST_CHECK const char *address_counted(Call *call, const char *text);

/* A domain as it follows the @: a host name, or one label of one.  host is in ASCII and lower case.
 * NULL, or what is wrong. */
MUST_CHECK const char *address_domain(const char *text, char host[HOST_SIZE]);

#endif
