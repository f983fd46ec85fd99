/* libpg_query exports the symbols of the protobuf-c that it was built with.  CMake keeps those of
 * its functions that are called here and makes all others local, so that our protobuf-c is the only
 * one that anybody sees.  */
#include "client/cli/grammar.h"

#include <pg_query.h>
#include <stdio.h>

bool
grammar_takes(const char *statement, char *why, size_t size, size_t *offset)
{
    PgQuerySplitResult result = pg_query_split_with_parser(statement);
    bool takes = result.error == NULL;

    if (!takes) {
        snprintf(why, size, "%s (PostgreSQL " PG_MAJORVERSION ")", result.error->message);
        *offset = result.error->cursorpos > 0 ? (size_t) result.error->cursorpos - 1 : 0;
    }
    pg_query_free_split_result(result);
    return takes;
}
