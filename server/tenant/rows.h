/* The rows of a tenant that go with it into a clone or an archive.  Everything here runs in an
 * owner's call.  */
#ifndef CIQ_SERVER_ROWS_H
#define CIQ_SERVER_ROWS_H

#include "call/call.h"

/* One table whose rows go along, in call memory. */
typedef struct RowsTable {
    const char *name;     /* NULL: there is none */
    const char *columns;  /* their names, one a line */
    const char *copy_out; /* the statement that writes its rows in COPY's text format */
} RowsTable;

/* The first table of a schema whose name is greater than after, "" for the very first. */
MUST_CHECK bool rows_next(Call *call, const char *schema, const char *after, RowsTable *table);

/* Whether two lists of columns name the same, in whatever order.  *odd: the first that only one of
 * them has. */
bool rows_same_columns(const char *one, const char *other, const char **odd, size_t *odd_size);

/* Whether a schema has exactly the tables and columns that another has, which migrations have just
 * made; fails with FAILED_PRECONDITION, which names the first difference: rows are neither lost nor
 * guessed. */
MUST_CHECK bool rows_check_source(Call *call, const char *schema, const char *made);

/* Around the filling of a schema that this transaction has made: begin takes away its foreign keys
 * and what its migrations have written, end brings back the keys, proves all rows, and sets the
 * sequences. */
MUST_CHECK bool rows_begin(Call *call, const char *schema);
MUST_CHECK bool rows_end(Call *call, const char *schema);

/* Fills a schema, between the two, with what another one has at this moment. */
MUST_CHECK bool rows_copy(Call *call, const char *from, const char *schema);

#endif
