/* Where the statements of an SQL text start and end.  */
#ifndef CIQ_SERVER_STATEMENT_H
#define CIQ_SERVER_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a word that is not quoted may start with this character. */
bool statement_is_letter(char c);

/* Where the word that starts at text ends; text itself if none starts there. */
const char *statement_word(const char *text);

/* Where a comment, a string, a quoted name or a dollar quote that starts at text ends; text itself
 * if none starts there.  Text must not be inside a word; start is where the whole begins. */
const char *statement_skip(const char *start, const char *text);

/* The statement that starts at or after text, without what is around it.  Gives where to look for
 * the next one; NULL: there was none. */
const char *statement_next(const char *text, const char **start, size_t *size);

#endif
