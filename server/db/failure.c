/* From PostgreSQL's SQLSTATEs to the codes of calls.  */
#include "db/failure.h"
#include "call/text.h"
#include "db/queries.h"
#include "db/private.h"
#include "proto/utf8.h"

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
    {"40", CODE_ABORTED, "the call lost against another one"},
    {"55P03", CODE_ABORTED, "another call holds what this one needs"},
    {"53", CODE_RESOURCE_EXHAUSTED, "the database has no room for this now"},
    {"57P", CODE_UNAVAILABLE, "the database is not available"},
    {"08", CODE_UNAVAILABLE, "the database is not available"},
    {"42P06", CODE_ALREADY_EXISTS, "a schema of this name exists already"},
    {"25006", CODE_INTERNAL, "the call tried to write without saying so"},
    {"22", CODE_INVALID_ARGUMENT, "a value is outside what the database allows"},
};

enum {
    STATES = sizeof state_codes / sizeof *state_codes,
    OUTSIDE_ROWS = 5, /* the first ones have nothing to do with who wrote the statement */
    CALLERS_ROWS = 1  /* the last ones are the caller's mistake, where there is a caller's value */
};

/* NULL: none of the first so many rows fits. */
static const StateCode *
find_state(const char *state, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        if (strncmp(state, state_codes[i].prefix, strlen(state_codes[i].prefix)) == 0)
            return &state_codes[i];
    return NULL;
}

/* A long one is cut: the context of a function is its whole text. */
static void
add_part(Text *text, bool *first, const char *name, const char *value)
{
    enum { PART_MAX = 1000 };
    size_t size = value == NULL ? 0 : strlen(value);

    if (value == NULL)
        return;
    text_add(text, "%s%s%s", *first ? " (" : "; ", name, name[0] != '\0' ? ": " : "");
    text_add_bytes(text, value, size > PART_MAX ? utf8_cut(value, PART_MAX) : size);
    text_add(text, "%s", size > PART_MAX ? " …" : "");
    *first = false;
}

/* Where it happened, less the block of ours that ran it; the statement that the block made stays,
 * if it is not one of thousands of characters. */
static const char *
context_text(Call *call, const PGresult *result)
{
    enum { STATEMENT_MAX = 200 };
    static const char statement[] = "SQL statement \"";
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT), *end, *made = NULL;
    char *copy;

    end = context == NULL ? NULL : strstr(context, "inline_code_block");
    if (end == NULL || !call->db->runs_block)
        return context;
    for (const char *at = context; (at = strstr(at, statement)) != NULL && at < end; at++)
        made = at;
    while (end > context && end[-1] != '\n')
        end--;
    if (made != NULL && end - made > STATEMENT_MAX)
        end = made;
    while (end > context && end[-1] == '\n')
        end--;
    copy = call_strdup(call, context);
    if (copy != NULL)
        copy[end - context] = '\0';
    return copy == NULL || copy[0] == '\0' ? NULL : copy;
}

/* What PostgreSQL says of it, and all that it names. */
static const char *
whole_text(Call *call, const PGresult *result)
{
    static const struct {
        int field;
        const char *name;
    } objects[] = {{PG_DIAG_SCHEMA_NAME, "schema"},
                   {PG_DIAG_TABLE_NAME, "table"},
                   {PG_DIAG_COLUMN_NAME, "column"},
                   {PG_DIAG_DATATYPE_NAME, "type"},
                   {PG_DIAG_CONSTRAINT_NAME, "constraint"}};
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    Text text = text_new(call);
    bool first = true;

    message = message != NULL ? message : "PostgreSQL gives no message";
    text_add_bytes(&text, message, strlen(message));
    add_part(&text, &first, "", PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    add_part(&text, &first, "hint", PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
    add_part(&text, &first, "in", PQresultErrorField(result, PG_DIAG_INTERNAL_QUERY));
    add_part(&text, &first, "context", context_text(call, result));
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const char *name = PQresultErrorField(result, objects[i].field);

        if (name != NULL && strstr(message, name) == NULL)
            add_part(&text, &first, objects[i].name, name);
    }
    if (!first)
        text_add_bytes(&text, ")", 1);
    return text_end(&text);
}

/* A script that is not ours: whoever wrote it needs to read what PostgreSQL says. */
static bool
fail_user_script(Call *call, const char *state, const PGresult *result)
{
    const StateCode *row = find_state(state, OUTSIDE_ROWS);
    const char *text = whole_text(call, result);

    call->failure.is_of_script = true;
    if (strcmp(state, "57014") == 0)
        return call_fail_statement_ms(call);
    return call_fail_text(call, row != NULL ? row->code : CODE_FAILED_PRECONDITION,
                          text != NULL ? text : "PostgreSQL refuses it");
}

/* Both ways have one SQLSTATE, but for a key with on delete restrict from PostgreSQL 18 on; the
 * message tells them apart where it is in English. */
static bool
fail_by_key(Call *call, const char *constraint, const char *table, const PGresult *result)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    message = message != NULL ? message : "";
    if (strncmp(message, "update or delete ", 17) == 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "rows of %s still refer to this (foreign key %s): remove or change those "
                         "rows first",
                         table, constraint);
    if (strncmp(message, "insert or update ", 17) == 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "this refers to something that does not exist (foreign key %s of %s)",
                         constraint, table);
    return call_fail(call, CODE_FAILED_PRECONDITION,
                     "something else still refers to this, or it does not exist (foreign key %s "
                     "of %s)",
                     constraint, table);
}

/* What a rule of the schema says: one that an app may have brought, and of which the request's
 * fields know nothing.  It names table and column, so that somebody can mend the row or the rule.
 */
static bool
fail_by_rule(Call *call, const char *state, const PGresult *result)
{
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    const char *column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    table = table != NULL ? table : "a table";
    constraint = constraint != NULL ? constraint : "a rule";
    if (strcmp(state, "23502") == 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "%s.%s must have a value, and nothing gives it one", table,
                         column != NULL ? column : "a column");
    if (strcmp(state, "23503") == 0 || strcmp(state, "23001") == 0)
        return fail_by_key(call, constraint, table, result);
    return call_fail(call, CODE_FAILED_PRECONDITION, "the database refuses this: %s of %s",
                     constraint, table);
}

/* A function or trigger raised it, so it is about more than what the caller sent. */
static bool
is_from_inside(const PGresult *result)
{
    return PQresultErrorField(result, PG_DIAG_CONTEXT) != NULL;
}

static bool
has_field(const ProtobufCMessageDescriptor *descriptor, const char *name, unsigned depth)
{
    enum { DEPTH_MAX = 4 };

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (strcmp(field->name, name) == 0 ||
            (field->type == PROTOBUF_C_TYPE_MESSAGE && depth < DEPTH_MAX &&
             has_field(field->descriptor, name, depth + 1)))
            return true;
    }
    return false;
}

/* Taken already: told of the request's field, if it is one's; of an app's own table, which a
 * trigger fills, it is a rule. */
static bool
fail_unique(Call *call, const char *state, const PGresult *result)
{
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME), *field;

    if (constraint == NULL || table == NULL || is_from_inside(result))
        return fail_by_rule(call, state, result);
    field = constraint_field(call, constraint, table);
    if (call->message == NULL || has_field(call->message->descriptor, field, 0))
        return call_fail_field_code(call, CODE_ALREADY_EXISTS, field, "is taken already");
    return call_fail(call, CODE_ALREADY_EXISTS, "there is one already (%s of %s)", constraint,
                     table);
}

/* A tenant that was closed on another server, or whose schema or role somebody damaged: rights,
 * tables, the schema, the role. */
static bool
is_of_damage(const Call *call, const char *state)
{
    return strcmp(state, "42501") == 0 || strcmp(state, "42P01") == 0 ||
           strcmp(state, "3F000") == 0 || strcmp(state, "42704") == 0 ||
           (strcmp(state, "22023") == 0 && call->failure.query == &query_context);
}

static bool
fail_statement(Call *call, const char *state, const PGresult *result)
{
    bool sends_values = call->message != NULL;
    const char *source = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    const StateCode *row;

    if (strcmp(state, "23505") == 0)
        return fail_unique(call, state, result);
    if (strncmp(state, "23", 2) == 0)
        return fail_by_rule(call, state, result);
    /* PostgreSQL has no SQLSTATE of its own for a plan that does not fit any more */
    if (strcmp(state, "0A000") == 0 && source != NULL &&
        strcmp(source, "RevalidateCachedQuery") == 0) {
        call->failure.is_outdated = true;
        call->db->stale = true;
        return call_fail(call, CODE_ABORTED, "the schema changed while the call ran");
    }
    /* the words of an app's function or trigger, for whoever caused it */
    if (strncmp(state, "P0", 2) == 0 || (strncmp(state, "22", 2) == 0 && is_from_inside(result)))
        return call_fail_text(
            call, CODE_FAILED_PRECONDITION,
            call_strdup(call, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
    /* a role that has just been made: PostgreSQL may go by a list of memberships that it read while
     * that changed, until the connection ends (seen with thousands of roles) */
    if (strcmp(state, "42501") == 0 && call->failure.query == &query_context) {
        call->failure.is_outdated = true;
        call->db->stale = true;
    }
    if (call->tenant.id != 0 && is_of_damage(call, state))
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "the tenant's schema is closed or incomplete (SQLSTATE %s)", state);
    if (strcmp(state, "57014") == 0)
        return call_fail_statement_ms(call);
    row = find_state(state, sends_values ? STATES : STATES - CALLERS_ROWS);
    if (row == NULL)
        return call_fail(call, CODE_INTERNAL, "the server has a defect; its log names this call");
    if (row->code == CODE_ABORTED)
        call->failure.retry_after_ms = 100;
    return call_fail_text(call, row->code, row->text);
}

bool
failure_of_result(Call *call, const Query *query, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

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
    return call->db->runs_user_script && query == NULL ? fail_user_script(call, state, result)
                                                       : fail_statement(call, state, result);
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
