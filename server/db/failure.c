/* From PostgreSQL's SQLSTATEs to the codes of calls.  */
#include "db/failure.h"
#include "db/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
failure_lost(Call *call)
{
    Db *db = call->db;

    if (db->connection != NULL)
        call->failure.detail = call_strdup(call, PQerrorMessage(db->connection));
    db->stale = true;
    return call_fail(call, CODE_UNAVAILABLE, "the database is not available");
}

/* "users_customuser_email_key" on "users_customuser" is about "email". */
static const char *
constraint_field(Call *call, const char *constraint, const char *table)
{
    size_t prefix = strlen(table), size;
    char *field;

    if (strncmp(constraint, table, prefix) == 0 && constraint[prefix] == '_')
        constraint += prefix + 1;
    field = call_strdup(call, constraint);
    if (field == NULL)
        return "value";
    size = strlen(field);
    if (size > 4 && strcmp(field + size - 4, "_key") == 0)
        field[size - 4] = '\0';
    return field;
}

typedef struct StateCode {
    const char *prefix; /* of the SQLSTATE */
    Code code;
    const char *text;
} StateCode;

/* The first row that fits wins; what is not here is INTERNAL. */
static const StateCode state_codes[] = {
    {"23503", CODE_FAILED_PRECONDITION,
     "something else still refers to this, or it does not exist"},
    {"23514", CODE_INVALID_ARGUMENT, "a value is outside what the database allows"},
    {"23502", CODE_INVALID_ARGUMENT, "a value is missing"},
    {"22", CODE_INVALID_ARGUMENT, "a value is outside what the database allows"},
    {"40", CODE_ABORTED, "the call lost against another one"},
    {"55P03", CODE_ABORTED, "another call holds what this one needs"},
    {"53", CODE_RESOURCE_EXHAUSTED, "the database has no room for this now"},
    {"57P", CODE_UNAVAILABLE, "the database is not available"},
    {"08", CODE_UNAVAILABLE, "the database is not available"},
    {"42P06", CODE_ALREADY_EXISTS, "a schema of this name exists already"},
    {"25006", CODE_INTERNAL, "the call tried to write without saying so"},
};

bool
failure_of_result(Call *call, const Query *query, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);

    if (state == NULL)
        return failure_lost(call);
    call->failure.query = query;
    snprintf(call->failure.sqlstate, sizeof call->failure.sqlstate, "%s", state);
    if (query == NULL) {
        const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);

        call->failure.script_position = position == NULL ? 0 : atoi(position);
    }
    /* the first line only: the others quote values of the row */
    call->failure.detail = call_printf(call, "%s: %s", query == NULL ? "script" : query->name,
                                       PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));

    if (strcmp(state, "23505") == 0 && constraint != NULL && table != NULL)
        return call_fail_field_code(call, CODE_ALREADY_EXISTS,
                                    constraint_field(call, constraint, table), "is taken already");
    if (strcmp(state, "0A000") == 0) {
        call->failure.is_outdated = true;
        call->db->stale = true;
        return call_fail(call, CODE_ABORTED, "the schema changed while the call ran");
    }
    /* a tenant that was closed on another server, or whose schema somebody damaged */
    if (call->tenant.id != 0 && (strcmp(state, "42501") == 0 || strcmp(state, "42P01") == 0 ||
                                 strcmp(state, "3F000") == 0 || strcmp(state, "42704") == 0))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the tenant's schema is closed or incomplete (SQLSTATE %s)", state);
    if (strcmp(state, "57014") == 0)
        return call_fail_statement_ms(call);
    for (size_t i = 0; i < sizeof state_codes / sizeof *state_codes; i++) {
        const StateCode *row = &state_codes[i];

        if (strncmp(state, row->prefix, strlen(row->prefix)) != 0)
            continue;
        if (row->code == CODE_ABORTED)
            call->failure.retry_after_ms = 100;
        return call_fail(call, row->code, "%s", row->text);
    }
    return call_fail(call, CODE_INTERNAL, "the server has a defect; its log names this call");
}

bool
failure_of_status(Call *call, const Query *query, ExecStatusType status)
{
    bool copies = status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;

    call->db->stale = true;
    if (query == NULL && copies)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "a script cannot copy from stdin or to stdout");
    call->failure.detail = call_printf(call, "%s: unexpected %s",
                                       query == NULL ? "script" : query->name, PQresStatus(status));
    return call_fail(call, CODE_INTERNAL, "the server has a defect; its log names this call");
}
