/* One statement of sql/rpc or sql/query: its header, and its text with numbered parameters. */
#ifndef CIQ_EMBED_SQL_STATEMENT_H
#define CIQ_EMBED_SQL_STATEMENT_H

#include "source.h"

#include "call/changes.h"

#include <stdbool.h>

enum { PARAMETERS_MAX = 32 };

typedef struct Statement {
    const File *file;
    char name[NAME_SIZE];
    char *text;
    char *parameters[PARAMETERS_MAX];
    size_t parameters_count;
    char rows[8], into[NAME_SIZE];
    unsigned changes; /* CHANGE_BITs */
} Statement;

extern Statement statements[FILES_MAX];
extern size_t statements_count;

void parse_statement(const File *file, const char *prefix);

#endif
