/* The definitions of what is missing (schema_shape.sql) are run until none of them succeeds any
 * more: they are in the order in which their objects were made, but some need what comes later.
 * They are the migrations' own words, so each runs like a migration, at a savepoint.  */
#include "migration/repair.h"
#include "base/lines.h"
#include "call/text.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/migrate.h"
#include "migration/shape.h"

#include <inttypes.h>
#include <string.h>

/* Of the catalogue's phases: ahead of the rows is what they need; then all the rest. */
enum { PHASE_BEFORE_ROWS = 1, PHASE_ALL = 100 };

/* A definition that fails may need one of the same round, which may need another; a chain that is
 * longer than this has no end. */
enum { ROUNDS_MAX = 100 };

/* Something that the schema lacks, or has in another way. */
typedef struct Lack {
    bool is_different, is_table, is_weak;
    char *table; /* to which it belongs; "" */
    char *label, *statement;
} Lack;

/* A line for each. */
typedef struct Made {
    Text tables, sequences, labels;
} Made;

typedef struct Repair {
    Call *call;
    const char *schema, *scratch, *role, *path, *definitions;
    RepairReport *report;
    Made made;
    /* of the last round: what failed, a line each with its reason */
    Text failed;
} Repair;

bool
repair_report(Call *call, RepairReport *report, const char *what, const char *name)
{
    if (report->count == LIMIT_REPEATED)
        return true;
    report->lines[report->count] = call_printf(call, "%s %s", what, name);
    return report->lines[report->count++] != NULL;
}

static bool
report_line(Repair *repair, const char *line)
{
    RepairReport *report = repair->report;

    if (line == NULL)
        return false;
    if (report->count < LIMIT_REPEATED)
        report->lines[report->count++] = (char *) (uintptr_t) line;
    return true;
}

static bool
has_line(const Text *text, const char *line)
{
    return text->data != NULL && lines_have(text->data, line, strlen(line));
}

/* ---- one statement ---- */

/* Whether the next statement may well succeed. */
static bool
is_about_statement(const CallFailure *failure)
{
    return failure->code != CODE_UNAVAILABLE && failure->code != CODE_ABORTED &&
           failure->code != CODE_RESOURCE_EXHAUSTED && failure->code != CODE_DEADLINE_EXCEEDED;
}

/* *reason: PostgreSQL's, where it refuses; NULL: it ran. */
static bool
run(Call *call, const char *statement, const char **reason, char *sqlstate)
{
    CallFailure failure;
    size_t size;

    *reason = NULL;
    if (db_savepoint(call) && db_user_script(call, statement))
        return true;
    failure = call->failure;
    if (!is_about_statement(&failure) || !db_savepoint_rollback(call)) {
        call->failure = failure;
        return false;
    }
    size = strcspn(failure.text, "\n");
    *reason = call_printf(call, "%.*s", (int) size, failure.text);
    memcpy(sqlstate, failure.sqlstate, sizeof failure.sqlstate);
    return *reason != NULL;
}

static bool
is_broken_by_rows(const char *sqlstate)
{
    return strcmp(sqlstate, "23503") == 0 || strcmp(sqlstate, "23514") == 0;
}

/* What the making of a table or of anything else brings along is not told again. */
static bool
is_told(const Repair *repair, const Lack *lack)
{
    static const char *const prefixes[] = {"grants on ", "comment on ", NULL};

    if (!lack->is_table && lack->table[0] != '\0' && has_line(&repair->made.tables, lack->table))
        return true;
    for (const char *const *prefix = prefixes; *prefix != NULL; prefix++)
        if (strncmp(lack->label, *prefix, strlen(*prefix)) == 0 &&
            has_line(&repair->made.labels, lack->label + strlen(*prefix)))
            return true;
    return false;
}

static bool
note_made(Repair *repair, const Lack *lack, const char *note)
{
    static const char sequence[] = "sequence ";
    Made *made = &repair->made;

    if (!is_told(repair, lack) &&
        !report_line(repair, call_printf(repair->call, "%s%s", lack->label, note)))
        return false;
    if (lack->is_table)
        text_add_line(&made->tables, lack->table);
    if (strncmp(lack->label, sequence, sizeof sequence - 1) == 0)
        text_add_line(&made->sequences, lack->label + sizeof sequence - 1);
    text_add_line(&made->labels, lack->label);
    return true;
}

/* A constraint that old rows break holds for new ones. */
static bool
run_weak(Repair *repair, const Lack *lack, const char **reason)
{
    Call *call = repair->call;
    const char *statement = call_printf(call, "%s not valid", lack->statement);
    char sqlstate[6];

    if (statement == NULL || !run(call, statement, reason, sqlstate))
        return false;
    return *reason != NULL || note_made(repair, lack, ", for new rows only: old rows break it");
}

static bool
run_lack(Repair *repair, const Lack *lack)
{
    Call *call = repair->call;
    const char *reason, *line;
    char sqlstate[6] = "";

    if (lack->statement[0] == '\0') {
        if (lack->is_different)
            line = call_printf(call, "differs, not changed: %s", lack->label);
        else
            line = call_printf(call, "not %s: only a superuser can make it", lack->label);
        text_add_line(&repair->failed, line != NULL ? line : "");
        return line != NULL;
    }
    if (!run(call, lack->statement, &reason, sqlstate))
        return false;
    if (reason == NULL)
        return note_made(repair, lack, "");
    if (lack->is_weak && !lack->is_different && is_broken_by_rows(sqlstate) &&
        !run_weak(repair, lack, &reason))
        return false;
    if (reason == NULL)
        return true;
    line = call_printf(call, "not %s: %s", lack->label, reason);
    text_add_line(&repair->failed, line != NULL ? line : "");
    return line != NULL;
}

/* ---- rounds ---- */

/* Takes repair_missing.sql's escapes back. */
static void
unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        from++;
        *to++ = (char) (*from == 'n' ? '\n' : *from == 't' ? '\t' : *from);
    }
    *to = '\0';
}

static char *
next_field(char **line)
{
    char *field = *line, *end = field + strcspn(field, "\t");

    *line = *end == '\0' ? end : end + 1;
    *end = '\0';
    return field;
}

static Lack
read_lack(char *line)
{
    Lack lack;

    lack.is_different = next_field(&line)[0] == 'd';
    lack.is_table = next_field(&line)[0] == 't';
    lack.is_weak = next_field(&line)[0] == 't';
    lack.table = next_field(&line);
    lack.label = next_field(&line);
    lack.statement = next_field(&line);
    unescape(lack.statement);
    return lack;
}

static bool
read_missing(Repair *repair, int phase, char **missing)
{
    Call *call = repair->call;
    const ShapeOf target = {repair->schema, repair->schema, repair->role};
    const char *found;
    const DbRow *row;

    if (!shape_read(call, &target, &found) ||
        !db_row(call, &query_repair_missing, NULL,
                (DbArg[]){{.name = "wanted", .text = repair->definitions},
                          {.name = "found", .text = found},
                          {.name = "phase", .text = call_printf(call, "%d", phase)},
                          {0}},
                &row))
        return false;
    *missing = call_strdup(call, db_row_text(row, "missing"));
    return *missing != NULL;
}

/* Until nothing is missing, or the same as in the round before. */
static bool
run_rounds(Repair *repair, int phase)
{
    const char *before = "";

    for (int round = 0; round < ROUNDS_MAX; round++) {
        char *missing, *line;

        if (!read_missing(repair, phase, &missing))
            return false;
        if (strcmp(missing, before) == 0)
            return true;
        before = call_strdup(repair->call, missing);
        repair->failed = text_new(repair->call);
        if (before == NULL)
            return false;
        while ((line = lines_next(&missing)) != NULL) {
            Lack lack = read_lack(line);

            if (!run_lack(repair, &lack))
                return false;
        }
    }
    return true;
}

/* ---- rows and sequences ---- */

/* The statements that a query gives, a line each. */
static bool
run_statements(Repair *repair, const Query *query, const char *what)
{
    Call *call = repair->call;
    const char *tables = text_end(&repair->made.tables);
    const char *sequences = text_end(&repair->made.sequences);
    const DbRow *row;
    char *statements, *statement;

    if (tables == NULL || sequences == NULL ||
        !db_row(call, query, NULL,
                (DbArg[]){{.name = "schema", .text = repair->schema},
                          {.name = "scratch", .text = repair->scratch},
                          {.name = "tables", .text = tables},
                          {.name = "sequences", .text = sequences},
                          {0}},
                &row) ||
        (statements = call_strdup(call, db_row_text(row, "statements"))) == NULL)
        return false;
    while ((statement = lines_next(&statements)) != NULL) {
        const char *reason;
        char sqlstate[6];

        if (!run(call, statement, &reason, sqlstate) ||
            (reason != NULL &&
             !report_line(repair, call_printf(call, "not all %s: %s", what, reason))))
            return false;
    }
    return true;
}

/* ---- all of it ---- */

static bool
report_failed(Repair *repair)
{
    char *lines = text_end(&repair->failed), *line;

    if (lines == NULL)
        return false;
    while ((line = lines_next(&lines)) != NULL)
        if (!report_line(repair, line))
            return false;
    return true;
}

/* What no migration makes, and the end of the scratch schema. */
static bool
end_scratch(Repair *repair)
{
    Call *call = repair->call;
    const DbRow *row;
    char *lines, *line;

    if (!db_script(call, script_tenant_repair.text,
                   (DbArg[]){{.name = "schema", .text = repair->schema},
                             {.name = "scratch", .text = repair->scratch},
                             {.name = "role", .text = repair->role},
                             {0}}) ||
        !db_row(call, &query_repaired, NULL, NULL, &row) ||
        (lines = call_strdup(call, db_row_text(row, "repaired"))) == NULL)
        return false;
    while ((line = lines_next(&lines)) != NULL)
        if (!report_line(repair, line))
            return false;
    return true;
}

static bool
make_wanted(Repair *repair, const char *heads)
{
    Call *call = repair->call;
    const ShapeOf scratch = {repair->scratch, repair->schema, repair->role};

    return migrate_tenant_at(call, repair->scratch, repair->role, heads) &&
           db_user_script(call, script_trial_end.text) &&
           shape_definitions(call, &scratch, &repair->definitions);
}

bool
repair_schema(Call *call, const char *schema, const char *role, const char *heads,
              RepairReport *report)
{
    Repair repair = {
        .call = call,
        .schema = schema,
        .scratch = call_printf(call, "ciq_repair_%s", call->id),
        .role = role,
        .path = db_path(call, schema),
        .report = report,
        .made = {text_new(call), text_new(call), text_new(call)},
        .failed = text_new(call),
    };

    return repair.scratch != NULL && repair.path != NULL && make_wanted(&repair, heads) &&
           db_queue(call, &query_repair_begin, NULL,
                    (DbArg[]){{.name = "search_path", .text = repair.path}, {0}}) &&
           run_rounds(&repair, PHASE_BEFORE_ROWS) &&
           run_statements(&repair, &query_repair_rows, "rows of the migrations") &&
           run_rounds(&repair, PHASE_ALL) &&
           run_statements(&repair, &query_repair_sequences, "sequences") && end_scratch(&repair) &&
           report_failed(&repair);
}
