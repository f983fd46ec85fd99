/* UTF-8 (RFC 3629), for the server and the client: only the shortest form of a character, no
 * surrogates, nothing over U+10FFFF.  NUL is a character like any other here.  */
#ifndef CIQ_UTF8_H
#define CIQ_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_SIZE_MAX = 4 }; /* bytes of one character */

/* Reads the character that begins at text, of which left bytes are there (at least 1).  Gives its
 * bytes; 0: it is not UTF-8, and *character is untouched.  It reads no byte behind the first that
 * is wrong, so where a NUL ends the text, UTF8_SIZE_MAX will do for left. */
size_t utf8_read(const char *text, size_t left, uint32_t *character);

/* How many of the size bytes are valid UTF-8, counted from the beginning. */
size_t utf8_valid(const char *text, size_t size);

/* Whether a byte goes on with a character that began before it. */
bool utf8_goes_on(char byte);

/* The characters of valid UTF-8; of other text as many as bytes that begin something. */
size_t utf8_length(const char *text);

/* Where to cut a text of more than size bytes so that no character is halved: size, or up to three
 * bytes less. */
size_t utf8_cut(const char *text, size_t size);

#endif
