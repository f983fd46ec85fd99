/* What a text is written in: UTF-8, with or without the mark that some editors put at its
 * beginning.
 */
#ifndef CIQ_SERVER_ENCODING_H
#define CIQ_SERVER_ENCODING_H

#include <stddef.h>

/* The bytes of the mark at the beginning (U+FEFF, RFC 3629 section 6), which is no part of the
 * text; 0: there is none. */
size_t encoding_mark_size(const char *text);

/* Why the text, with a NUL behind its size bytes, cannot be read as UTF-8 without NUL characters,
 * and on which line; NULL: it can. */
const char *encoding_wrong(const char *text, size_t size, size_t *line);

#endif
