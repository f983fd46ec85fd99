/* Whether tables that exist already are what a migration would have made.  */
#ifndef CIQ_SERVER_SHAPE_H
#define CIQ_SERVER_SHAPE_H

#include "call.h"
#include "migration.h"

/* Makes what the file and all before it make in a scratch schema, within the open transaction, and takes it back.
 * *is_there: the schema has all that this file makes, in the same shape; false: it has none of it.  Anything
 * between fails the call with the difference. */
MUST_CHECK bool shape_check(Call *call, const MigrationSet *set, const MigrationFile *file,
                            const char *schema, bool *is_there);

#endif
