/* The C that is written. */
#ifndef CIQ_EMBED_SQL_WRITE_H
#define CIQ_EMBED_SQL_WRITE_H

#include <stdio.h>

/* As a string literal. */
void write_string(FILE *out, const char *text);

void write_migrations(FILE *out, const char *folder);
void write_queries(const char *directory);

#endif
