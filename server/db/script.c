/* Several statements in one message, which only the simple protocol has: outside the pipeline. What
 * others wrote runs between two statements of ours that compare what it must leave as it was.  And
 * one that allows no transaction: in the pipeline, behind a transaction that has ended.  */
#include "db/script.h"
#include "call/text.h"
#include "db/connection.h"
#include "db/context.h"
#include "db/failure.h"
#include "db/path.h"
#include "db/pipeline.h"
#include "db/private.h"
#include "db/queries.h"
#include "db/statement.h"
#include "db/transaction.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* Replaces :"name" and :'name' by what args give, quoted by libpq. */
static bool
script_text(Call *call, const char *script, const DbArg *args, Text *text)
{
    PGconn *connection = call->db->connection;

    for (;;) {
        const char *colon = strchr(script, ':');
        size_t before = colon == NULL ? strlen(script) : (size_t) (colon - script);

        text_add_bytes(text, script, before);
        if (colon == NULL)
            return true;

        char quote = colon[1];
        const char *end = quote == '"' || quote == '\'' ? strchr(colon + 2, quote) : NULL;
        const DbArg *arg = args;

        while (end != NULL && arg != NULL && arg->name != NULL &&
               (strlen(arg->name) != (size_t) (end - colon - 2) ||
                memcmp(arg->name, colon + 2, strlen(arg->name)) != 0))
            arg++;
        if (end == NULL || arg == NULL || arg->name == NULL) {
            text_add_bytes(text, colon, 1);
            script = colon + 1;
            continue;
        }

        char *quoted = quote == '"' ? PQescapeIdentifier(connection, arg->text, strlen(arg->text))
                                    : PQescapeLiteral(connection, arg->text, strlen(arg->text));

        if (quoted == NULL)
            return call_fail(call, CODE_INTERNAL, "a name cannot be quoted");
        text_add_bytes(text, quoted, strlen(quoted));
        PQfreemem(quoted);
        script = end + 1;
    }
}

bool
db_script(Call *call, const char *script, const DbArg *args)
{
    Db *db = call->db;
    Text text = text_new(call);
    const char *sent;

    if (!db->options->owner && !db->options->tries)
        return call_defect(call, "a script on a connection that is not the owner's");
    if (db->connection == NULL)
        return failure_lost(call);
    if (db->begun && db->is_block && !context_start(call))
        return false;
    if (!script_text(call, script, args, &text) || (sent = text_end(&text)) == NULL)
        return false;
    call->failure.script_statement = 0;
    call->failure.script_position = 0;

    return pipeline_leave(call, sent) &&
           pipeline_return(call, call->deadline_us + PIPELINE_GRACE_MS * 1000, NULL);
}

static bool
fail_left(Call *call)
{
    call->failure.is_of_script = true;
    return call_fail(call, CODE_FAILED_PRECONDITION,
                     "the script does not leave the transaction open in which it runs, or resets "
                     "all settings");
}

static bool
check_left_as_found(Call *call)
{
    const DbRow *row;
    const char *changed;

    /* what comes after it would be in no transaction at all */
    if (PQtransactionStatus(call->db->connection) != PQTRANS_INTRANS) {
        call->db->stale = true;
        return fail_left(call);
    }
    if (!db_row(call, &query_script_end, NULL, NULL, &row))
        return false;
    if (!db_row_bool(row, "is_same"))
        return fail_left(call);
    changed = db_row_text(row, "changed");
    if (changed == NULL)
        return true;
    call->failure.is_of_script = true;
    return call_fail(call, CODE_FAILED_PRECONDITION,
                     "the script changes %s, which what comes after it needs as it was", changed);
}

static bool
run_watched(Call *call, const char *text, const DbArg *args)
{
    Db *db = call->db;
    bool is_watched = db->begun && db->is_block, ok;

    if (is_watched && !db_queue(call, &query_script_begin, NULL, NULL))
        return false;
    db->is_soiled = is_watched;
    db->runs_user_script = true;
    ok = db_script(call, text, args);
    db->runs_user_script = false;
    return ok && (!is_watched || check_left_as_found(call));
}

bool
db_user_script(Call *call, const char *text)
{
    return run_watched(call, text, NULL);
}

bool
db_rows_script(Call *call, const char *text, const DbArg *args)
{
    bool ok;

    call->db->runs_block = true;
    ok = run_watched(call, text, args);
    call->db->runs_block = false;
    return ok;
}

/* A pooler gives a session to a message until PostgreSQL is ready for the next one, and it is not
 * before the pipeline's end.  So nobody else uses the session between the three parts. */
static bool
send_alone(Call *call, const DbArg *session, const char *text)
{
    Db *db = call->db;
    PGresult *none = NULL;

    db_begin(call, DB_WRITE);
    if (!pipeline_queue(call, &query_begin, NULL, NULL, false) ||
        !pipeline_queue(call, &query_alone_enter, NULL, session, false) ||
        !pipeline_queue(call, &query_commit, NULL, NULL, false))
        return false;
    pipeline_queue_text(call, text);
    if (!pipeline_queue(call, &query_begin, NULL, NULL, false) ||
        !pipeline_queue(call, &query_alone_leave, NULL, NULL, false) ||
        !pipeline_queue(call, &query_commit, NULL, NULL, false) || !pipeline_flush(call, &none))
        return false;
    db->begun = db->open = false;
    return true;
}

/* A statement that failed has left what it needed in the session.  Nothing of the server's relies
 * on what stands there, but people who use the same pooler may: the session that was used last is
 * the one that a pooler gives next. */
static void
leave_session(Call *call)
{
    CallFailure failure = call->failure;
    PGresult *none = NULL;

    db_begin(call, DB_WRITE);
    if (!pipeline_queue(call, &query_begin, NULL, NULL, false) ||
        !pipeline_queue(call, &query_alone_leave, NULL, NULL, false) ||
        !pipeline_queue(call, &query_commit, NULL, NULL, false) || !pipeline_flush(call, &none))
        call->db->stale = true;
    call->db->begun = call->db->open = false;
    call->failure = failure;
}

bool
db_alone(Call *call, int64_t tenant_id, const char *schema, const char *text, const DbArg *args)
{
    Db *db = call->db;
    Text statement = text_new(call);
    const char *sent, *path = db_path(call, schema);
    const DbArg session[] = {
        {.name = "tenant_id", .text = call_printf(call, "%" PRId64, tenant_id)},
        {.name = "schema", .text = schema},
        {.name = "search_path", .text = path},
        {.name = "statement_timeout",
         .text = call_printf(call, "%" PRId64, call_statement_ms(call))},
        {0}};

    assert(db->options->owner && !db->begun);
    if (db->connection == NULL)
        return failure_lost(call);
    if (path == NULL || session[0].text == NULL || session[3].text == NULL ||
        (args != NULL && !script_text(call, text, args, &statement)) ||
        (args != NULL && text_end(&statement) == NULL))
        return false;
    sent = args == NULL ? text : text_end(&statement);
    call->failure.script_statement = 0;
    call->failure.script_position = 0;
    db->runs_user_script = args == NULL;

    bool ok = send_alone(call, session, sent);

    db->runs_user_script = false;
    if (ok)
        return true;
    db_rollback(call);
    if (!db->stale)
        leave_session(call);
    return false;
}
