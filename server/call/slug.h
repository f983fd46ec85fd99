/* Names in Latin letters, for what is made from what people wrote.  */
#ifndef CIQ_SERVER_SLUG_H
#define CIQ_SERVER_SLUG_H

#include <stddef.h>

/* The name in lower-case letters of ASCII and digits, with one underscore for whatever is between
 * them, none at the ends: "Müller & Söhne GmbH" is "muller_sohne_gmbh", "Łódź" is "lodz".  Han
 * characters are left out, since how they are read depends on the language.  As far as it fits in
 * size bytes with its NUL; "" if no letter or digit is left, or there is no memory. */
void slug_make(const char *name, char *slug, size_t size);

#endif
