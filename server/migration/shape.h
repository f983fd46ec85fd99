/* Whether tables that exist already are what a migration would have made.  */
#ifndef CIQ_SERVER_SHAPE_H
#define CIQ_SERVER_SHAPE_H

#include "call/call.h"
#include "migration/file.h"

/* The lines of a schema that is first in the search_path (schema_shape.sql).  role: that of its
 * tenant, for the whole shape, with rights and with what is no table; NULL: the tables only. */
MUST_CHECK bool shape_read(Call *call, const char *schema, const char *role, const char **shape);

/* Makes what the file and all before it make in a scratch schema, within the open transaction, and
 * takes it back. *is_there: the schema has all that this file makes, in the same shape; false: it
 * has none of it.  Anything between fails the call with the difference. */
MUST_CHECK bool shape_check(Call *call, const MigrationSet *set, const MigrationFile *file,
                            const char *schema, bool *is_there);

#endif
