/* Letters of one script that are taken for letters of another: a Cyrillic а among Latin letters. By
 * ICU's detection after UTS 39.  */
#ifndef CIQ_SERVER_LOOKALIKE_H
#define CIQ_SERVER_LOOKALIKE_H

#include "base/compiler.h"

#include <stdbool.h>

/* Whether a word of the text (letters, digits and marks between signs of ASCII) mixes scripts that
 * no language writes together: what is not "Highly Restrictive" (UTS 39, 5.2).  The text is UTF-8
 * of at most LIMIT_EMAIL bytes. */
bool lookalike_mixes(const char *text);

/* Whether the text has letters that are not Latin and yet looks as if all of it were ASCII. */
bool lookalike_of_ascii(const char *text);

#endif
