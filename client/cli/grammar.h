/* PostgreSQL's own parser, by libpg_query: of one version, which
 * may be another one than the server's.  */
#ifndef CIQ_CLIENT_GRAMMAR_H
#define CIQ_CLIENT_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the parser takes a statement.  False: why, as PostgreSQL says it, with its version, and
 * *offset, in bytes, is where. */
bool grammar_takes(const char *statement, char *why, size_t size, size_t *offset);

#endif
