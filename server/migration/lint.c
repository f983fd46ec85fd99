/* Which rules the statements of a migration break; see lint.h.  The bodies of functions and DO
 * blocks are read for one rule only.  */
#include "migration/lint.h"
#include "migration/words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct Lint {
    const MigrationFile *file;
    bool is_tenant;
    SqlSection up, down;
    const SqlSection *section;
    const SqlStatement *statement; /* the one that is looked at */
    LintParse parse;
    LintFound found;
    void *argument;
    bool has_memory;
} Lint;

/* ---- findings ---- */

static bool
is_allowed(const SqlStatement *statement, const char *rule)
{
    static const char mark[] = "-- lint: allow ";
    const char *end = statement->start + statement->size;

    for (const char *at = statement->before; at < end; at++) {
        if (strncmp(at, mark, sizeof mark - 1) != 0)
            continue;
        at += sizeof mark - 1;
        while (*at != '\n' && *at != '\0') {
            size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyz-");

            if (size == strlen(rule) && memcmp(at, rule, size) == 0)
                return true;
            at += size;
            if (*at != ',')
                break;
            at += strspn(at, ", ");
        }
    }
    return false;
}

static void
lint_find_at(Lint *lint, LintRuleId rule, const char *at, const char *detail)
{
    size_t line = lint->section->line;

    if (is_allowed(lint->statement, lint_rules[rule].name))
        return;
    for (const char *c = lint->section->text; c < at; c++)
        line += *c == '\n';
    lint->found(lint->argument, lint->file, line, &lint_rules[rule], detail);
}

static void
lint_find(Lint *lint, LintRuleId rule, size_t token)
{
    lint_find_at(lint, rule, words_token(lint->statement, token)->text, NULL);
}

static void
check_syntax(Lint *lint)
{
    const SqlStatement *s = lint->statement;
    char *text = strndup(s->start, s->size), why[500];
    size_t offset;

    if (text == NULL)
        lint->has_memory = false;
    else if (!lint->parse(text, why, sizeof why, &offset))
        lint_find_at(lint, LINT_SYNTAX, s->start + (offset < s->size ? offset : s->size), why);
    free(text);
}

/* ---- what the file itself makes ---- */

/* The table is made in this section before the statement: nobody uses it yet. */
static bool
is_new(const Lint *lint, const SqlToken *table)
{
    for (const SqlStatement *s = lint->section->statements; s < lint->statement; s++) {
        size_t i = words_created(s, "table");

        i = i > 0 ? i : words_created(s, "materialized view");
        if (i > 0 && words_is_same_name(words_name(s, i, NULL), table))
            return true;
    }
    return false;
}

/* ---- locks ---- */

static void
check_index(Lint *lint)
{
    const SqlStatement *s = lint->statement;
    size_t i = words_created(s, "index");

    if (words_has(s, 0, s->count, "concurrently") && !words_is(s, 0, "refresh")) {
        if (!lint->file->no_transaction)
            lint_find(lint, LINT_CONCURRENTLY, 0);
        return;
    }
    if (i == 0)
        return;
    while (i < s->count && !words_is(s, i, "on"))
        i++;
    if (!is_new(lint, words_name(s, i + 1, NULL)))
        lint_find(lint, LINT_INDEX_LOCK, 0);
}

static const char *const volatile_functions[] = {"random",           "gen_random_uuid",
                                                 "clock_timestamp",  "timeofday",
                                                 "nextval",          "setval",
                                                 "uuid_generate_v1", "uuid_generate_v1mc",
                                                 "uuid_generate_v4", "gen_random_bytes",
                                                 "pg_sleep",         "txid_current",
                                                 "setseed",          NULL};

static bool
has_volatile(const SqlStatement *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (words_is_one_of(s, i, volatile_functions) && words_is_sign(s, i + 1, '('))
            return true;
    return false;
}

static void
check_add_column(Lint *lint, size_t from, size_t to)
{
    static const char *const serials[] = {"serial",  "bigserial", "smallserial",
                                          "serial4", "serial8",   NULL};
    const SqlStatement *s = lint->statement;
    bool has_value = words_has(s, from, to, "default") || words_has(s, from, to, "generated"),
         is_serial;

    (void) words_name(s, words_skip(s, from + 1, (const char *const[]){"column", NULL}), &from);
    is_serial = words_is_one_of(s, from, serials);
    if (is_serial || words_has(s, from, to, "generated") || has_volatile(s, from, to))
        lint_find(lint, LINT_COLUMN_REWRITE, from - 1);
    if (words_has(s, from, to, "not null") && !has_value && !is_serial)
        lint_find(lint, LINT_NOT_NULL_COLUMN, from - 1);
    if (words_has(s, from, to, "references") || words_has(s, from, to, "check"))
        lint_find(lint, LINT_CONSTRAINT_LOCK, from - 1);
    if (words_has(s, from, to, "unique") || words_has(s, from, to, "primary key"))
        lint_find(lint, LINT_UNIQUE_LOCK, from - 1);
}

static void
check_add(Lint *lint, size_t from, size_t to)
{
    static const char *const constraints[] = {"constraint", "check",   "foreign", "unique",
                                              "primary",    "exclude", NULL};
    const SqlStatement *s = lint->statement;

    if (!words_is_one_of(s, from + 1, constraints)) {
        check_add_column(lint, from, to);
        return;
    }
    if (words_is(s, from + 1, "constraint"))
        (void) words_name(s, from + 2, &from);
    else
        from++;
    if (words_is(s, from, "unique") || words_is(s, from, "primary") ||
        words_is(s, from, "exclude")) {
        if (!words_has(s, from, to, "using index"))
            lint_find(lint, LINT_UNIQUE_LOCK, from);
    } else if (!words_has(s, from, to, "not valid")) {
        lint_find(lint, LINT_CONSTRAINT_LOCK, from);
    }
}

/* A constraint of this table was validated in this section before: so it is known that no row has a
 * null. */
static bool
was_validated(const Lint *lint, const SqlToken *table)
{
    for (const SqlStatement *s = lint->section->statements; s < lint->statement; s++)
        if (words_at(s, 0, "alter table") > 0 &&
            words_is_same_name(words_name(s, 2, NULL), table) &&
            words_has(s, 2, s->count, "validate constraint"))
            return true;
    return false;
}

/* Of an app of the user's: the server writes the table's rows, and this section gives no column of
 * it a default. */
static bool
is_written_by_server(const Lint *lint, const SqlToken *table)
{
    static const char *const own[] = {"core", "users", NULL};
    static const char *const tables[] = {"users_customuser",
                                         "users_customuser_groups",
                                         "users_customuser_user_permissions",
                                         "users_token",
                                         "auth_group",
                                         "auth_group_permissions",
                                         "core_session",
                                         "core_audit",
                                         "core_idempotency",
                                         "core_outbox",
                                         "core_api_key",
                                         NULL};
    bool is_written = false;

    for (const char *const *app = own; *app != NULL; app++)
        if (strcmp(lint->file->app, *app) == 0)
            return false;
    for (const char *const *name = tables; *name != NULL; name++)
        is_written = is_written || (table->size == strlen(*name) &&
                                    strncasecmp(table->text, *name, table->size) == 0);
    for (const SqlStatement *s = lint->section->statements; is_written && s <= lint->statement; s++)
        if (words_at(s, 0, "alter table") > 0 &&
            words_is_same_name(words_name(s, 2, NULL), table) &&
            words_has(s, 2, s->count, "default"))
            return false;
    return is_written;
}

static void
check_set_not_null(Lint *lint, const SqlToken *table, size_t from)
{
    if (!was_validated(lint, table))
        lint_find(lint, LINT_SET_NOT_NULL, from);
    if (lint->is_tenant && is_written_by_server(lint, table))
        lint_find(lint, LINT_SERVER_COLUMN, from);
}

static void
check_action(Lint *lint, const SqlToken *table, size_t from, size_t to)
{
    const SqlStatement *s = lint->statement;

    if (words_is(s, from, "inherit")) {
        if (lint->is_tenant)
            lint_find(lint, LINT_INHERITANCE, from);
        return;
    }
    if (is_new(lint, table))
        return;
    if (words_is(s, from, "add")) {
        check_add(lint, from, to);
    } else if (words_is(s, from, "alter")) {
        size_t next;

        (void) words_name(s, words_skip(s, from + 1, (const char *const[]){"column", NULL}), &next);
        if (words_is(s, next, "type") || words_at(s, next, "set data type") > 0)
            lint_find(lint, LINT_TYPE_CHANGE, from);
        else if (words_at(s, next, "set not null") > 0)
            check_set_not_null(lint, table, from);
    } else if (words_at(s, from, "set logged") > 0 || words_at(s, from, "set unlogged") > 0 ||
               words_at(s, from, "set tablespace") > 0) {
        lint_find(lint, LINT_TABLE_LOCK, from);
    }
}

/* Where one action of an alter table ends. */
static size_t
action_end(const SqlStatement *s, size_t from)
{
    size_t depth = 0, i = from;

    for (; i < s->count && (depth > 0 || !words_is_sign(s, i, ',')); i++) {
        depth += words_is_sign(s, i, '(');
        depth -= words_is_sign(s, i, ')') && depth > 0;
    }
    return i;
}

static void
check_alter_table(Lint *lint)
{
    const SqlStatement *s = lint->statement;
    const SqlToken *table;
    size_t from, to;

    if (words_at(s, 0, "alter table") == 0)
        return;
    table = words_name(s, 2, &from);
    for (; from < s->count; from = to + 1) {
        to = action_end(s, from);
        check_action(lint, table, from, to);
    }
}

static void
check_locks(Lint *lint)
{
    const SqlStatement *s = lint->statement;
    bool is_refresh = words_at(s, 0, "refresh materialized view") > 0 || words_is(s, 0, "reindex");

    if (words_is(s, 0, "lock") || words_is(s, 0, "cluster") ||
        (words_is(s, 0, "vacuum") && words_has(s, 1, s->count, "full")) ||
        (is_refresh && !words_has(s, 0, s->count, "concurrently")))
        lint_find(lint, LINT_TABLE_LOCK, 0);
}

/* ---- what a tenant's schema may hold ---- */

static bool
gets_primary_key(const Lint *lint, const SqlToken *table)
{
    for (size_t i = 0; i < lint->section->count; i++) {
        const SqlStatement *s = &lint->section->statements[i];

        if (words_at(s, 0, "alter table") > 0 &&
            words_is_same_name(words_name(s, 2, NULL), table) &&
            words_has(s, 2, s->count, "primary key"))
            return true;
    }
    return false;
}

static void
check_table(Lint *lint)
{
    const SqlStatement *s = lint->statement;
    size_t i = words_created(s, "table");

    if (i == 0)
        return;
    if (lint->is_tenant && words_has(s, 0, s->count, "inherits"))
        lint_find(lint, LINT_INHERITANCE, 0);
    if (words_has(s, 0, i, "temp") || words_has(s, 0, i, "temporary")) {
        if (lint->is_tenant)
            lint_find(lint, LINT_TEMPORARY, 0);
        return;
    }
    if (!words_has(s, 0, s->count, "primary key") && !words_has(s, 0, s->count, "partition of") &&
        !words_has(s, 0, s->count, "including all") &&
        !words_has(s, 0, s->count, "including indexes") &&
        !gets_primary_key(lint, words_name(s, i, NULL)))
        lint_find(lint, LINT_PRIMARY_KEY, 0);
}

static void
check_kinds(Lint *lint)
{
    static const char *const outside[] = {"schema",       "role",      "user",       "group",
                                          "database",     "extension", "tablespace", "publication",
                                          "subscription", "language",  "server",     "event",
                                          "cast",         "foreign",   NULL};
    static const char *const verbs[] = {"create", "alter", "drop", NULL};
    const SqlStatement *s = lint->statement;

    if (words_created(s, "trigger") > 0)
        lint_find(lint, LINT_TRIGGER, 0);
    if (words_created(s, "rule") > 0)
        lint_find(lint, LINT_REWRITE_RULE, 0);
    if (words_created(s, "materialized view") > 0)
        lint_find(lint, LINT_MATERIALIZED, 0);
    if (words_is(s, 0, "alter") && words_has(s, 2, s->count, "set schema"))
        lint_find(lint, LINT_QUALIFIED, 0);
    if (words_has(s, 0, s->count, "into temp") || words_has(s, 0, s->count, "into temporary"))
        lint_find(lint, LINT_TEMPORARY, 0);
    if ((words_is_one_of(s, 0, verbs) && words_is_one_of(s, 1, outside)) ||
        words_is(s, 0, "grant") || words_is(s, 0, "revoke") ||
        words_at(s, 0, "alter default privileges") > 0 || words_at(s, 0, "alter system") > 0)
        lint_find(lint, LINT_OUTSIDE, 0);
}

/* Whether a name of two parts at i is a relation's, a type's or a function's: it stands where one
 * must stand.  A column of an alias looks the same and stands elsewhere. */
static bool
names_relation(const SqlStatement *s, size_t i, const char *function)
{
    static const char *const always[] = {"table", "into",  "update",   "join",     "references",
                                         "only",  "view",  "sequence", "function", "procedure",
                                         "type",  "index", "truncate", "inherits", NULL};
    static const char *const readers[] = {"extract", "substring", "trim",
                                          "overlay", "position",  NULL};
    size_t before = i;

    if (words_is_sign(s, i + 3, '(') ||
        (i >= 2 && words_is_sign(s, i - 1, ':') && words_is_sign(s, i - 2, ':')))
        return true;
    while (before > 0 && words_is_one_of(s, before - 1, words_fillers))
        before--;
    if (before == 0)
        return false;
    if (words_is_one_of(s, before - 1, always))
        return true;
    if (words_is(s, before - 1, "on"))
        return words_created(s, "index") > 0 || words_created(s, "trigger") > 0 ||
               words_created(s, "policy") > 0;
    if (!words_is(s, before - 1, "from") ||
        (before >= 2 && words_is(s, before - 2, "distinct") && before >= 3 &&
         (words_is(s, before - 3, "is") || words_is(s, before - 3, "not"))))
        return false;
    for (size_t r = 0; readers[r] != NULL; r++)
        if (strcasecmp(function, readers[r]) == 0)
            return false;
    return true;
}

static void
check_names(Lint *lint)
{
    enum { DEPTH_MAX = 64 }; /* parentheses deeper than that count as one */
    const SqlStatement *s = lint->statement;
    char functions[DEPTH_MAX + 1][16] = {""};
    size_t depth = 0;

    for (size_t i = 0; i < s->count; i++) {
        if (words_is_sign(s, i, '(')) {
            const SqlToken *word = words_token(s, i - 1);

            depth += depth < DEPTH_MAX;
            functions[depth][0] = '\0';
            if (i > 0 && word->kind == TOKEN_WORD && word->size < sizeof functions[0]) {
                memcpy(functions[depth], word->text, word->size);
                functions[depth][word->size] = '\0';
            }
        }
        depth -= words_is_sign(s, i, ')') && depth > 0;
        if (!words_is_name(s, i) || !words_is_sign(s, i + 1, '.') || !words_is_name(s, i + 2) ||
            words_is_sign(s, i - 1, '.') || words_is(s, i, "pg_catalog") ||
            !names_relation(s, i, functions[depth]))
            continue;
        lint_find(lint,
                  i > 0 && words_is(s, i - 1, "references") ? LINT_FOREIGN_KEY : LINT_QUALIFIED, i);
    }
}

static void
check_write(Lint *lint)
{
    const SqlStatement *s = lint->statement;
    bool writes = words_is(s, 0, "update") || words_is(s, 0, "delete");

    if (words_is(s, 0, "with"))
        writes = words_has(s, 1, s->count, "update") || words_has(s, 1, s->count, "delete from");
    if (writes && has_volatile(s, 0, s->count))
        lint_find(lint, LINT_VOLATILE_WRITE, 0);
}

/* ---- what nobody should write ---- */

/* A body has the word execute, other than in "grant execute" and "execute function". */
static bool
executes(const SqlToken *body)
{
    SqlStatement inner = {0};
    const char *open = body->text, *start = open + 1;
    size_t around = 1;
    bool found = false;

    if (*open == '$') {
        start = strchr(open + 1, '$') + 1;
        around = (size_t) (start - open);
    }
    if (body->size < 2 * around || !words_read_statement(&inner, start, body->size - 2 * around)) {
        free(inner.tokens);
        return false;
    }
    for (size_t i = 0; i < inner.count; i++)
        found = found || (words_is(&inner, i, "execute") && !words_is(&inner, i + 1, "function") &&
                          !words_is(&inner, i + 1, "procedure") && !words_is(&inner, i + 1, "on") &&
                          !words_is_sign(&inner, i - 1, ','));
    free(inner.tokens);
    return found;
}

static void
check_code(Lint *lint)
{
    const SqlStatement *s = lint->statement;
    bool is_function = words_created(s, "function") > 0 || words_created(s, "procedure") > 0;

    if ((is_function || words_at(s, 0, "alter function") > 0 ||
         words_at(s, 0, "alter procedure") > 0) &&
        words_has(s, 0, s->count, "security definer"))
        lint_find(lint, LINT_DEFINER, 0);
    for (size_t i = 1; (is_function || words_is(s, 0, "do")) && i < s->count; i++)
        if (s->tokens[i].kind == TOKEN_STRING && executes(&s->tokens[i]))
            lint_find(lint, LINT_DYNAMIC, 0);
}

/* ---- the way back ---- */

/* The other section has a statement with these words and, behind them, the name. */
static bool
other_has(const SqlSection *section, const char *words, const SqlToken *name)
{
    for (size_t i = 0; i < section->count; i++) {
        const SqlStatement *s = &section->statements[i];

        for (size_t j = 0; j < s->count; j++) {
            size_t size = words_at(s, j, words);

            for (size_t k = j + size; size > 0 && k < s->count; k++)
                if (words_is_same_name(&s->tokens[k], name))
                    return true;
        }
    }
    return false;
}

/* With a table go its partitions. */
static bool
goes_with_table(const SqlSection *down, const SqlStatement *s, size_t from)
{
    for (size_t i = from; i < s->count; i++)
        if (words_at(s, i, "partition of") > 0)
            return other_has(down, "drop table", words_name(s, i + 2, NULL));
    return false;
}

/* With a column go its constraints and indexes. */
static bool
goes_with_column(const SqlSection *down, const SqlStatement *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (words_is_name(s, i) && other_has(down, "drop column", &s->tokens[i]))
            return true;
    return false;
}

static void
check_undone(Lint *lint)
{
    static const char *const kinds[][2] = {{"table", "drop table"},
                                           {"view", "drop view"},
                                           {"materialized view", "drop materialized view"},
                                           {"sequence", "drop sequence"},
                                           {"type", "drop type"},
                                           {"domain", "drop domain"},
                                           {"function", "drop function"},
                                           {"procedure", "drop procedure"}};
    const SqlStatement *s = lint->statement;
    const SqlSection *down = &lint->down;
    size_t i = words_created(s, "index"), on, next;
    const SqlToken *table;

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t made = words_created(s, kinds[k][0]);

        if (made > 0 && !other_has(down, kinds[k][1], words_name(s, made, NULL)) &&
            !goes_with_table(down, s, made))
            lint_find(lint, LINT_DOWN_INCOMPLETE, 0);
    }
    for (on = i; i > 0 && on < s->count && !words_is(s, on, "on"); on++)
        ;
    if (i > 0 && !words_is(s, words_skip(s, i, words_fillers), "on") &&
        !other_has(down, "drop index", words_name(s, i, NULL)) &&
        !other_has(down, "drop table", words_name(s, on + 1, NULL)) &&
        !other_has(down, "drop materialized view", words_name(s, on + 1, NULL)) &&
        !goes_with_column(down, s, on, s->count))
        lint_find(lint, LINT_DOWN_INCOMPLETE, 0);
    if (words_at(s, 0, "alter table") == 0)
        return;
    table = words_name(s, 2, &next);
    if (other_has(down, "drop table", table))
        return;
    for (i = next; i < s->count; i++) {
        bool begins = i == next || words_is_sign(s, i - 1, ',');

        if (begins && words_at(s, i, "add column") > 0) {
            if (!other_has(down, "drop column", words_name(s, i + 2, NULL)))
                lint_find(lint, LINT_DOWN_INCOMPLETE, i);
        } else if (begins && words_at(s, i, "add constraint") > 0) {
            if (!other_has(down, "drop constraint", words_name(s, i + 2, NULL)) &&
                !goes_with_column(down, s, i + 3, action_end(s, i)))
                lint_find(lint, LINT_DOWN_INCOMPLETE, i);
        }
    }
}

/* ---- one file ---- */

static void
check_section(Lint *lint, const SqlSection *section)
{
    lint->section = section;
    for (size_t i = 0; i < section->count; i++) {
        lint->statement = &section->statements[i];
        check_syntax(lint);
        check_index(lint);
        check_alter_table(lint);
        check_locks(lint);
        check_table(lint);
        check_code(lint);
        if (lint->is_tenant) {
            check_kinds(lint);
            check_names(lint);
            check_write(lint);
        }
        if (section == &lint->up && lint->down.count > 0)
            check_undone(lint);
    }
}

bool
lint_file(const MigrationFile *file, bool is_tenant, LintParse parse, LintFound found,
          void *argument)
{
    Lint lint = {.file = file,
                 .is_tenant = is_tenant,
                 .parse = parse,
                 .found = found,
                 .argument = argument,
                 .has_memory = true};
    bool ok = words_read(&lint.up, file->up, file->up_line) &&
              words_read(&lint.down, file->down, file->down_line);

    if (ok) {
        check_section(&lint, &lint.up);
        check_section(&lint, &lint.down);
        if (lint.down.count == 0 && lint.up.count > 0) {
            lint.section = &lint.up;
            lint.statement = &lint.up.statements[0];
            lint_find(&lint, LINT_DOWN_MISSING, 0);
        }
    }
    words_free(&lint.up);
    words_free(&lint.down);
    return ok && lint.has_memory;
}
