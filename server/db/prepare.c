/* Each statement is parsed and described as the unnamed one, which a pooler lets pass.  */
#include "db/prepare.h"
#include "db/context.h"
#include "db/failure.h"
#include "db/field.h"
#include "db/fit.h"
#include "db/pipeline.h"
#include "db/private.h"
#include "proto/method.h"

#include <stdlib.h>
#include <string.h>

static bool
fail_at(Call *call, const Query *query, size_t at, const char *what)
{
    const QueryLine *line = query_line(query, at);

    if (call->failure.code != CODE_OK)
        return false;
    call->failure.query = query;
    return call_fail(call, CODE_FAILED_PRECONDITION, "%s:%u: %s",
                     line->file != NULL ? line->file : query->file, line->line, what);
}

/* At the first place of $1, $2 … */
static bool
fail_parameter(Call *call, const Query *query, size_t index, const char *what)
{
    const char *number = call_printf(call, "%zu", index + 1);
    const char *words = call_printf(call, ":%s: %s", query->parameters[index], what);

    return number != NULL && words != NULL &&
           fail_at(call, query, query_find_word(query, number), words);
}

static bool
fail_column(Call *call, const Query *query, const char *column, uint32_t type, const char *what)
{
    const char *words = call_printf(call, "column %s of type %u %s", column, (unsigned) type, what);

    return words != NULL && fail_at(call, query, query_find_word(query, column), words);
}

static bool
check_parameters(Call *call, const PreparedQuery *prepared, const PGresult *description)
{
    const Query *query = prepared->query;

    if (PQnparams(description) != (int) query->parameters_count)
        return fail_at(call, query, 0, "PostgreSQL counts other parameters");
    for (size_t i = 0; i < query->parameters_count; i++) {
        FitKind kind = fit_parameter(query->parameters[i], prepared->request);

        /* of a handler's request nothing is known here: only what the call itself gives */
        if (kind == FIT_NOTHING && prepared->request == NULL)
            continue;
        if (!fit_parameter_type(kind, PQparamtype(description, (int) i)))
            return fail_parameter(
                call, query, i,
                kind == FIT_NOTHING
                    ? "nothing gives it"
                    : "PostgreSQL takes it for another type than its field has: cast it");
    }
    return true;
}

/* What the key of a page needs besides. */
static bool
check_page(Call *call, const PreparedQuery *prepared, uint32_t type)
{
    if (fit_parameter("page.limit", prepared->request) != FIT_NOTHING &&
        field_find(prepared->response, "next_page_token", 15) != NULL)
        return true;
    return fail_column(
        call, prepared->query, "page_key", type,
        "needs page_size and page_token in the request, next_page_token in the answer");
}

/* The first column that fits no field; the number of columns: all fit. */
static int
first_wrong(const Query *query, const ProtobufCMessageDescriptor *row, const PGresult *description)
{
    int i = 0, count = PQnfields(description);

    while (i < count &&
           fit_column(PQfname(description, i), PQftype(description, i), query->rows, row))
        i++;
    return i;
}

/* What a handler has filled is not known here: some rpc's answer must have the field, and all the
 * columns in it. */
static const ProtobufCMessageDescriptor *
row_of_handler(const Query *query, const PGresult *description)
{
    const ProtobufCMessageDescriptor *best = NULL;
    int most = -1;

    for (size_t i = 0; i < methods_count && query->into != NULL; i++) {
        bool fits;
        const ProtobufCMessageDescriptor *row =
            fit_row(query->rows, query->into, methods[i].response->descriptor, &fits);
        int count = row == NULL ? -1 : first_wrong(query, row, description);

        if (count > most) {
            most = count;
            best = row;
        }
    }
    return best;
}

static bool
check_columns(Call *call, const PreparedQuery *prepared, const PGresult *description)
{
    const Query *query = prepared->query;
    bool fits;
    const ProtobufCMessageDescriptor *row =
        fit_row(query->rows, query->into, prepared->response, &fits);

    if (!fits)
        return fail_at(call, query, 0, "its rows go into no field of the answer");
    if (prepared->response == NULL)
        row = row_of_handler(query, description);
    for (int i = 0; i < PQnfields(description); i++) {
        const char *column = PQfname(description, i);
        uint32_t type = PQftype(description, i);

        if (row != NULL && i == first_wrong(query, row, description))
            return fail_column(call, query, column, type,
                               call_printf(call, "fits no field of %s", row->name));
        if (prepared->response != NULL && query->rows == ROWS_MANY &&
            strcmp(column, "page_key") == 0 && !check_page(call, prepared, type))
            return false;
        for (int j = 0; j < i && row != NULL; j++)
            if (strcmp(PQfname(description, j), column) == 0)
                return fail_column(call, query, column, type, "is there twice");
    }
    return true;
}

/* PostgreSQL points to a character of the text, from 1 on, or names the parameter $1. */
static bool
fail_refused(Call *call, const Query *query, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *dollar = message == NULL ? NULL : strchr(message, '$');
    size_t number = dollar == NULL ? 0 : strtoul(dollar + 1, NULL, 10);

    /* what is not the statement's fault: a lost connection, a time-out, no room */
    if (state == NULL || message == NULL ||
        (strncmp(state, "42", 2) != 0 && strncmp(state, "22", 2) != 0 &&
         strncmp(state, "0A", 2) != 0 && strncmp(state, "3F", 2) != 0))
        return failure_of_result(call, query, result);
    if (position == NULL && number > 0 && number <= query->parameters_count)
        return fail_parameter(call, query, number - 1, message);
    return fail_at(call, query, position == NULL ? 0 : strtoul(position, NULL, 10) - 1, message);
}

/* The results of one message of the pipeline, up to the NULL between two.  *description becomes the
 * last, which the caller clears. */
static bool
take_results(Call *call, const Query *query, PGresult **description)
{
    PGresult *result = NULL;
    bool ok = true;

    for (;;) {
        if (!pipeline_next(call, call->deadline_us, &result))
            return false;
        if (result == NULL)
            return ok;

        ExecStatusType status = PQresultStatus(result);

        PQclear(*description);
        *description = result;
        if (status == PGRES_FATAL_ERROR)
            ok = fail_refused(call, query, result);
        else if (status != PGRES_COMMAND_OK)
            ok = false;
    }
}

static bool
send_all(Call *call, const PreparedQuery *list, size_t count)
{
    PGconn *connection = call->db->connection;

    for (size_t i = 0; i < count; i++)
        if (PQsendPrepare(connection, "", list[i].query->text, 0, NULL) != 1 ||
            PQsendDescribePrepared(connection, "") != 1)
            return failure_lost(call);
    return PQpipelineSync(connection) == 1 || failure_lost(call);
}

static bool
take_sync(Call *call)
{
    PGresult *result = NULL;
    bool ok = pipeline_next(call, call->deadline_us, &result) &&
              PQresultStatus(result) == PGRES_PIPELINE_SYNC;

    PQclear(result);
    if (!ok && !call->db->stale)
        return failure_lost(call);
    return ok;
}

bool
db_prepare(Call *call, const PreparedQuery *list, size_t count)
{
    bool ok = true;

    if (call->db->connection == NULL)
        return failure_lost(call);
    if (!context_start(call) || !send_all(call, list, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        PGresult *description = NULL;

        ok = take_results(call, list[i].query, &description) && ok;
        /* both are there, whatever became of the first */
        ok = !call->db->stale && take_results(call, list[i].query, &description) && ok;
        ok = ok && check_parameters(call, &list[i], description) &&
             check_columns(call, &list[i], description);
        PQclear(description);
        if (call->db->stale)
            return false;
    }
    return take_sync(call) && ok;
}
