/* The C that is written into the output directory, whose folders db and migration are there. */
#ifndef CIQ_EMBED_SQL_WRITE_H
#define CIQ_EMBED_SQL_WRITE_H

#include "statement.h"

#include <stdio.h>

/* db/queries.h and .c: the statements, and the scripts as they are. */
void write_queries(const char *directory, const Statements *statements, const Files *scripts);

/* migration/embedded.h and .c: the migrations, in the order in which they apply.  root is the sql
 * directory, whose released.sums says what they may not be any more. */
void write_migrations(const char *root, const char *directory, const Files *shared,
                      const Files *tenant);

/* A file of the output directory, opened and closed.  Ends the program if that cannot be. */
FILE *output_open(const char *directory, const char *name);
void output_close(FILE *out, const char *name);

/* The text as a string literal. */
void write_string(FILE *out, const char *text);

#endif
