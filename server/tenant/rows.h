/* The rows of a tenant that go with it into a clone or an archive, and what a schema that is filled
 * with them must have or do besides.  Everything here runs in an owner's call.  What PostgreSQL
 * refuses while rows are read or written is told as it says it, with the code that a script of
 * somebody else's would have (db_user_script).  */
#ifndef CIQ_SERVER_ROWS_H
#define CIQ_SERVER_ROWS_H

#include "tenant/rows_state.h"
#include "call/call.h"

/* One table whose rows go along, in call memory. */
typedef struct RowsTable {
    const char *name;     /* NULL: there is none */
    const char *columns;  /* their names, one a line */
    const char *types;    /* the same with their types */
    const char *copy_out; /* the statement that writes its rows in COPY's text format */
    const char *count;    /* the one that counts them, with a checksum */
} RowsTable;

/* The first table of a schema whose name is greater than after, "" for the very first. */
MUST_CHECK bool rows_next(Call *call, const char *schema, const char *after, RowsTable *table);

/* Whether a list has all lines of another; *odd: the first that it lacks. */
bool rows_has_lines(const char *lines, const char *wanted, const char **odd, size_t *odd_size);

/* Whether two lists of columns name the same, in whatever order.  *odd: the first that only one of
 * them has. */
bool rows_same_columns(const char *one, const char *other, const char **odd, size_t *odd_size);

/* Whether all rows of a schema can be read, and mean the same elsewhere; before anything is made.
 * Fails with FAILED_PRECONDITION, which names what they cannot be carried with. */
MUST_CHECK bool rows_check_carried(Call *call, const char *schema);

/* Whether a schema has exactly the tables, columns, types, sequences and materialized views that
 * another has, which migrations have just made; partitions may be others, as far as they can be
 * made again, from an archive too if one is written; and whether its enums take all values of the
 * rows yet.  Fails with FAILED_PRECONDITION, which names the first difference: rows are neither
 * lost nor guessed. */
MUST_CHECK bool rows_check_source(Call *call, const char *schema, const char *made,
                                  bool is_archived);

/* The sequences and materialized views of a schema, one a line: "sequence a_number". */
MUST_CHECK bool rows_objects(Call *call, const char *schema, const char **lines);

/* Sets the transaction's search_path to a schema, with the extensions' behind it: functions of
 * checks and indexes find what they need. */
MUST_CHECK bool rows_path(Call *call, const char *schema);

/* Keeps the tables of a schema from being rewritten or dropped until the transaction ends. */
MUST_CHECK bool rows_lock(Call *call, const char *schema);

/* Around the filling of a schema that this transaction has made: begin takes away what would act on
 * rows or refuse some before all are there, and what its migrations have written; end brings it
 * back, proves all rows, and fills materialized views; finish sets the sequences and forces row
 * level security again, after which rows may not be readable.  Between end and finish the rows are
 * counted. */
MUST_CHECK bool rows_begin(Call *call, const char *schema, const RowsState *state);
MUST_CHECK bool rows_end(Call *call, const char *schema);
MUST_CHECK bool rows_finish(Call *call, const char *schema, const RowsState *state);

/* How many rows a table has, and a checksum of them, as text. */
MUST_CHECK bool rows_count(Call *call, const RowsTable *table, const char **count);

/* Fails with DATA_LOSS unless the count, which may be "" for unknown, is the table's now. */
MUST_CHECK bool rows_check_count(Call *call, const RowsTable *table, const char *count);

/* Makes the failure of a COPY of rows tell SQLSTATE and place; gives false. */
bool rows_fail(Call *call);

/* Fills a schema that this transaction has made, and that rows_check_source has found the same,
 * with what another one has at this moment. */
MUST_CHECK bool rows_clone(Call *call, const char *from, const char *schema);

#endif
