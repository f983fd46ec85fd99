/* One SQL statement as tools/embed_sql makes it from a .sql file: text with $1, $2 …, the names of
 * its parameters, and the shape of its answer.  Constant data.
 *
 * A file starts with a header of comment lines:
 *
 *     -- rows: one into user        one row, its columns fill response field "user"; no row is
 *                                   NOT_FOUND
 *     -- rows: one                  the same, columns fill the response (or target message) itself
 *     -- rows: many into users      each row is an element of the repeated field; a column page_key
 *                                   is the key to continue after and fills nothing; where a filter
 *                                   would have many rows read for a few, a statement reads
 * :page.scan of them, and a column page_last, null in all other rows, is in the last of these
 * whether the row belongs to the list: the list continues after it in any case
 *     -- rows: none                 no row is expected; columns, if any, are ignored
 *     -- changes: tenant names      the kinds of call/changes.def that it changes
 *
 * Parameters: ":id", ":user.email" are request fields by name; ":caller.id", ":page.key" and the
 * other names of db/parameter.def come from the call; ":mask.user.email" is true where update_mask
 * names "email" ("user.email" also); ":arg.x" is a value that the C handler gives by name.
 *
 * "{user_columns}" stands for the text of sql/part/user_columns.sql as it is, without its comments:
 * what several statements must have alike is written once, as a part.  */
#ifndef CIQ_SERVER_QUERY_H
#define CIQ_SERVER_QUERY_H

#include "call/changes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum QueryRows { ROWS_NONE, ROWS_ONE, ROWS_MANY } QueryRows;

/* From this character of a statement's text on, counted from 0, it comes from this line. */
typedef struct QueryLine {
    unsigned at, line;
    const char *file; /* the statement's, or that of a part */
} QueryLine;

typedef struct Query {
    const char *name;              /* "rpc_get_user" or "user_get"; names the prepared statement */
    const char *file;              /* "sql/rpc/user_service/get_user.sql" */
    const char *text;              /* with $1 … */
    const char *const *parameters; /* "id", "user.email", "caller.id" …; $1 first */
    size_t parameters_count;
    const char *into; /* "user"; NULL: the message itself */
    uint16_t index;   /* 0 … queries_count - 1 */
    QueryRows rows;
    unsigned changes;       /* CHANGE_BIT of each kind that its header line names */
    const QueryLine *lines; /* in the order of at, which begins with 0 */
    size_t lines_count;
} Query;

/* Where a character of its text stands, counted from 0, and the first that is this word, outside
 * quotes or in them; 0: there is no such word. */
const QueryLine *query_line(const Query *query, size_t at);
size_t query_find_word(const Query *query, const char *word);

/* Every statement of sql/rpc and sql/query; each is also extern as query_<name> in queries.h. */
extern const Query *const queries[];
extern const size_t queries_count;

/* A script of the owner's: several statements, with identifiers :"schema" that script.c quotes.
 * From sql/script/<name>.sql; each is extern as script_<name>. */
typedef struct Script {
    const char *name;
    const char *text;
} Script;

#endif
