/* Statements and schemas of a call, if it asked for them.  */
#include "db/explain.h"
#include "db/private.h"

#include <string.h>

void
explain_statement(Call *call, const Query *query, int64_t duration_us)
{
    if (!call->explain.wanted || call->explain.statements_count == LIMIT_STATEMENTS)
        return;

    Statement *statement = call_alloc(call, sizeof *statement);

    if (call->explain.statements == NULL)
        call->explain.statements = call_alloc(call, LIMIT_STATEMENTS * sizeof(Statement *));
    if (statement == NULL || call->explain.statements == NULL)
        return;
    clientiq__v1__statement__init(statement);
    statement->text = call_strdup(call, query->text);
    statement->duration_us = (uint64_t) duration_us;
    if (statement->text != NULL)
        call->explain.statements[call->explain.statements_count++] = statement;
}

void
explain_schemas(Call *call, const PGresult *result)
{
    int count = PQntuples(result);

    for (int i = 0; i < count && call->explain.schemas_count < LIMIT_STATEMENTS; i++) {
        const char *schema = PQgetvalue(result, i, 0);
        size_t known = 0;

        if (call->explain.schemas == NULL)
            call->explain.schemas = call_alloc(call, LIMIT_STATEMENTS * sizeof(char *));
        if (call->explain.schemas == NULL)
            return;
        while (known < call->explain.schemas_count &&
               strcmp(call->explain.schemas[known], schema) != 0)
            known++;
        if (known < call->explain.schemas_count)
            continue;
        call->explain.schemas[known] = call_strdup(call, schema);
        if (call->explain.schemas[known] != NULL)
            call->explain.schemas_count++;
    }
}
