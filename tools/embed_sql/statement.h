/* The statements of sql/rpc and sql/query: their headers, and their text with numbered parameters.
 * server/db/query.h says how such a file looks. */
#ifndef CIQ_EMBED_SQL_STATEMENT_H
#define CIQ_EMBED_SQL_STATEMENT_H

#include "part.h"
#include "source.h"

#include "call/changes.h"

enum { PARAMETERS_MAX = 32 };

typedef struct Statement {
    const File *file;
    char name[NAME_SIZE];
    char *text;                       /* with $1 … */
    char *parameters[PARAMETERS_MAX]; /* $1 first */
    size_t parameters_count;
    char rows[8], into[NAME_SIZE];
    unsigned changes; /* CHANGE_BITs */
} Statement;

typedef struct Statements {
    Statement *list;
    size_t count;
} Statements;

/* One statement for each file, called by the file's name behind the prefix, with its parts filled
 * in.  Mistakes are said. */
void statements_add(Statements *statements, const Files *files, const char *prefix,
                    const Parts *parts);

/* Says which statements have the name of another. */
void statements_check_names(const Statements *statements);

#endif
