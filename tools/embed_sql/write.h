/* The C that is written into the output directory. */
#ifndef CIQ_EMBED_SQL_WRITE_H
#define CIQ_EMBED_SQL_WRITE_H

#include "statement.h"

#include <stdio.h>

/* queries.h and queries.c: the statements, the scripts as they are, and the migrations. */
void write_queries(const char *directory, const Statements *statements, const Files *scripts,
                   const Files *shared, const Files *tenant);

/* An array of the migrations of a part, shared or tenant, in the order in which they apply. */
void write_migrations(FILE *out, const char *part, const Files *files);

/* A file of the output directory, opened and closed.  Ends the program if that cannot be. */
FILE *output_open(const char *directory, const char *name);
void output_close(FILE *out, const char *name);

/* The text as a string literal. */
void write_string(FILE *out, const char *text);

#endif
