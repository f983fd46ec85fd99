/* Whether tables that exist already are what a migration would have made.  */
#ifndef CIQ_SERVER_SHAPE_H
#define CIQ_SERVER_SHAPE_H

#include "call/call.h"
#include "migration/file.h"

/* A schema, which becomes the first of search_path.  called: whose name stands where PostgreSQL
 * writes its own, that of the schema with which it is compared.  role: that of its tenant, for the
 * whole shape, with rights, comments and what belongs to no table; NULL: what belongs to tables
 * only. */
typedef struct ShapeOf {
    const char *schema, *called, *role;
} ShapeOf;

/* Its lines (schema_shape.sql). */
MUST_CHECK bool shape_read(Call *call, const ShapeOf *of, const char **shape);

/* The statements that make each of its objects again in called, as json; of the whole shape. */
MUST_CHECK bool shape_definitions(Call *call, const ShapeOf *of, const char **definitions);

/* Makes what the file and all before it make in a scratch schema, within the open transaction, and
 * takes it back. *is_there: the schema has all that this file makes, in the same shape; false: it
 * has none of it.  Anything between fails the call with the difference. */
MUST_CHECK bool shape_check(Call *call, const MigrationSet *set, const MigrationFile *file,
                            const char *schema, bool *is_there);

#endif
