/* Lists that PostgreSQL returns as one text, a line for each element. */
#ifndef CIQ_SERVER_LINES_H
#define CIQ_SERVER_LINES_H

#include <stdbool.h>
#include <stddef.h>

size_t lines_count(const char *text);

/* Cuts the first line off: *text goes on behind it.  NULL: there is no more. */
char *lines_next(char **text);

/* Whether text has this line, or one that starts so. */
bool lines_have(const char *text, const char *line, size_t size);
bool lines_have_start(const char *text, const char *start, size_t size);

#endif
