/* The statements of sql/rpc and sql/query: their headers, and their text with numbered parameters.
 * server/db/query.h says how such a file looks. */
#ifndef CIQ_EMBED_SQL_STATEMENT_H
#define CIQ_EMBED_SQL_STATEMENT_H

#include "part.h"
#include "source.h"

#include "base/limits.h"
#include "db/query.h"

typedef struct Parameter {
    char *name;
    const File *file; /* where it stands first: the statement's, or a part's */
    size_t line;
} Parameter;

/* From this character of the text on it comes from this line. */
typedef struct Line {
    size_t at, line;
    const File *file;
} Line;

typedef struct Statement {
    const File *file;
    char name[NAME_SIZE];
    char *text;                             /* with $1 … */
    Parameter parameters[LIMIT_PARAMETERS]; /* $1 first */
    size_t parameters_count;
    bool has_rows; /* its header says so */
    QueryRows rows;
    char into[NAME_SIZE]; /* "": the message itself */
    size_t into_line;     /* of the header that says so */
    size_t changes_line;  /* the same of changes */
    unsigned changes;     /* CHANGE_BITs */
    Line *lines;
    size_t lines_count;
} Statement;

typedef struct Statements {
    Statement *list;
    size_t count;
} Statements;

/* One statement for each file, called by the file's name behind the prefix, with its parts filled
 * in.  Mistakes are said. */
void statements_add(Statements *statements, const Files *files, const char *prefix,
                    const Parts *parts);

/* Says which parameters nothing gives, which fields are there for no answer, and which statements
 * of sql/rpc are no rpc's, by the descriptors of the messages.  What a handler passes to a
 * statement of sql/query is not known here: some rpc's request must have all its fields. */
void statements_check_fit(const Statements *statements);

/* Says which statements have the name of another. */
void statements_check_names(const Statements *statements);

#endif
