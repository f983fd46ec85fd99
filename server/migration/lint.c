/* Rules over the words of a migration's statements; see lint.h.  What stands in comments, strings
 * and dollar quotes is no word, except the bodies of functions and DO blocks, of which one thing is
 * asked.  */
#include "migration/lint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum Rule {
    RULE_INDEX_LOCK,
    RULE_CONCURRENTLY,
    RULE_TYPE_CHANGE,
    RULE_COLUMN_REWRITE,
    RULE_NOT_NULL_COLUMN,
    RULE_SET_NOT_NULL,
    RULE_CONSTRAINT_LOCK,
    RULE_UNIQUE_LOCK,
    RULE_TABLE_LOCK,
    RULE_PRIMARY_KEY,
    RULE_TRIGGER,
    RULE_RULE,
    RULE_INHERITANCE,
    RULE_TEMPORARY,
    RULE_MATERIALIZED,
    RULE_FOREIGN_KEY,
    RULE_QUALIFIED,
    RULE_VOLATILE_WRITE,
    RULE_DEFINER,
    RULE_DYNAMIC,
    RULE_CONTEXT,
    RULE_OUTSIDE,
    RULE_TRANSACTION,
    RULE_DOWN_MISSING,
    RULE_DOWN_INCOMPLETE,
    RULES
} Rule;

const LintRule lint_rules[] = {
    [RULE_INDEX_LOCK] = {"index-lock", "nobody can write to the table until the index is made",
                         "-- no-transaction, and create index concurrently if not exists"},
    [RULE_CONCURRENTLY] = {"concurrently", "concurrently is refused inside a transaction",
                           "the header -- no-transaction"},
    [RULE_TYPE_CHANGE] =
        {"type-change", "the table is written anew while nobody can read it",
         "a new column, filled in batches, and the old one dropped a release later"},
    [RULE_COLUMN_REWRITE] =
        {"column-rewrite",
         "a value of its own for each row writes the table anew while nobody can "
         "read it",
         "the column without it, then the default, then old rows in batches"},
    [RULE_NOT_NULL_COLUMN] = {"not-null-column", "this fails in every schema whose table has rows",
                              "a constant default, or the column without not null"},
    [RULE_SET_NOT_NULL] = {"set-not-null",
                           "every row is read while nobody can read or write the table",
                           "a check (… is not null) not valid, validated before this statement"},
    [RULE_CONSTRAINT_LOCK] = {"constraint-lock",
                              "every row is checked while nobody can write to the table",
                              "add it not valid, and validate it in a later release's migration"},
    [RULE_UNIQUE_LOCK] = {"unique-lock",
                          "its index is made while nobody can read or write the table",
                          "a unique index made concurrently, then add constraint … using index"},
    [RULE_TABLE_LOCK] = {"table-lock", "nobody can use the table until this has ended",
                         "leave it out, or its form with concurrently"},
    [RULE_PRIMARY_KEY] = {"primary-key",
                          "a table without a primary key cannot be replicated, moved or sharded",
                          "a primary key"},
    [RULE_TRIGGER] =
        {"trigger",
         "what runs by itself is run by no statement that anybody reads, and a sharded cluster "
         "refuses it",
         "the statement in the code that writes"},
    [RULE_RULE] = {"rule", "a rule rewrites other people's statements",
                   "the statement that is meant"},
    [RULE_INHERITANCE] =
        {"inheritance",
         "tables that inherit cannot be sharded, and unique keys do not reach over them",
         "one table, or a foreign key between two"},
    [RULE_TEMPORARY] =
        {"temporary-table",
         "tenants' roles may not make temporary tables, and behind a pooler they leak",
         "a common table expression, or a table"},
    [RULE_MATERIALIZED] = {"materialized-view",
                           "it is refreshed by no tenant's role, and cannot be sharded",
                           "a table that is filled by the code that writes, or a view"},
    [RULE_FOREIGN_KEY] = {"foreign-key", "a foreign key out of the schema ties tenants together",
                          "a table of the tenant's own"},
    [RULE_QUALIFIED] =
        {"qualified-name",
         "a schema's name is the same in every tenant: this leaves the tenant's schema",
         "the bare name, which search_path finds in the tenant's schema"},
    [RULE_VOLATILE_WRITE] =
        {"volatile-write",
         "a volatile function in update or delete is another value in each row and "
         "on each shard",
         "the value as a parameter, or in a from-list that is read once"},
    [RULE_DEFINER] = {"security-definer",
                      "the function reads every tenant's rows with its owner's rights",
                      "a function with its caller's rights"},
    [RULE_DYNAMIC] = {"dynamic-sql", "nobody can see what it runs", "the statements themselves"},
    [RULE_CONTEXT] =
        {"context",
         "role and search_path are set for the migration, and others follow it in the same "
         "transaction",
         "the statements without it"},
    [RULE_OUTSIDE] = {"outside",
                      "this is about the database or its roles, and would run once for each tenant",
                      "a shared migration, or the operator's hands"},
    [RULE_TRANSACTION] = {"transaction",
                          "all pending migrations of a schema are one transaction, with the ledger",
                          "the statements without it"},
    [RULE_DOWN_MISSING] = {"down-missing", "nobody can go back", "the statements that undo it"},
    [RULE_DOWN_INCOMPLETE] = {"down-incomplete", "the down section does not undo this statement",
                              "the statement that undoes it"},
};
const size_t lint_rules_count = RULES;

typedef enum TokenKind { TOKEN_WORD, TOKEN_QUOTED, TOKEN_STRING, TOKEN_OTHER } TokenKind;

typedef struct Token {
    const char *text; /* of a quoted name and a string: with its quotes */
    size_t size;
    TokenKind kind;
} Token;

typedef struct Statement {
    const char *before; /* where the statement before has ended: its comments stand from here on */
    const char *start;
    size_t size;
    Token *tokens;
    size_t count;
} Statement;

typedef struct Section {
    const char *text;
    size_t line; /* of the file, where text starts */
    Statement *statements;
    size_t count;
} Section;

typedef struct Lint {
    const MigrationFile *file;
    bool is_tenant;
    Section up, down;
    const Section *section;
    const Statement *statement; /* the one that is looked at */
    LintFound found;
    void *argument;
} Lint;

/* ---- words ---- */

static bool
add_token(Statement *statement, size_t *room, Token token)
{
    if (statement->count == *room) {
        size_t more = *room * 2 + 32;
        Token *tokens = realloc(statement->tokens, more * sizeof *tokens);

        if (tokens == NULL)
            return false;
        statement->tokens = tokens;
        *room = more;
    }
    statement->tokens[statement->count++] = token;
    return true;
}

static bool
is_letter(char c)
{
    return isalpha((unsigned char) c) || c == '_' || (c & 0x80) != 0;
}

static bool
read_tokens(Statement *statement, const char *text, size_t size)
{
    const char *at = text, *end = text + size;
    size_t room = 0;

    while (at < end) {
        const char *piece = migration_skip(text, at);
        Token token = {.text = at, .size = 1, .kind = TOKEN_OTHER};

        if (piece > end)
            piece = end;
        if (piece != at && (*at == '-' || *at == '/')) {
            at = piece;
            continue;
        }
        if (piece != at) {
            token.kind = *at == '"' ? TOKEN_QUOTED : TOKEN_STRING;
            token.size = (size_t) (piece - at);
        } else if (isspace((unsigned char) *at)) {
            at++;
            continue;
        } else if (is_letter(*at)) {
            token.kind = TOKEN_WORD;
            while (at + token.size < end && (is_letter(at[token.size]) || at[token.size] == '$' ||
                                             isdigit((unsigned char) at[token.size])))
                token.size++;
        } else if (isdigit((unsigned char) *at)) {
            while (at + token.size < end &&
                   (isalnum((unsigned char) at[token.size]) || at[token.size] == '.'))
                token.size++;
        }
        if (!add_token(statement, &room, token))
            return false;
        at += token.size;
    }
    return true;
}

static void
free_section(Section *section)
{
    for (size_t i = 0; i < section->count; i++)
        free(section->statements[i].tokens);
    free(section->statements);
}

static bool
read_section(Section *section, const char *text, size_t line)
{
    const char *at = text, *next, *start;
    size_t size;

    *section = (Section){.text = text, .line = line};
    while ((next = migration_statement(at, &start, &size)) != NULL) {
        Statement *more = realloc(section->statements, (section->count + 1) * sizeof *more);

        if (more == NULL)
            return false;
        section->statements = more;
        more[section->count] = (Statement){.before = at, .start = start, .size = size};
        if (!read_tokens(&more[section->count++], start, size))
            return false;
        at = next;
    }
    return true;
}

/* Out of range is a token that is nothing. */
static const Token *
token_at(const Statement *statement, size_t i)
{
    static const Token none = {.text = "", .kind = TOKEN_OTHER};

    return i < statement->count ? &statement->tokens[i] : &none;
}

static bool
is_word(const Statement *statement, size_t i, const char *word)
{
    const Token *token = token_at(statement, i);

    return token->kind == TOKEN_WORD && strlen(word) == token->size &&
           strncasecmp(token->text, word, token->size) == 0;
}

static bool
is_one_of(const Statement *statement, size_t i, const char *const *words)
{
    for (; *words != NULL; words++)
        if (is_word(statement, i, *words))
            return true;
    return false;
}

static bool
is_sign(const Statement *statement, size_t i, char sign)
{
    const Token *token = token_at(statement, i);

    return token->kind == TOKEN_OTHER && token->text[0] == sign;
}

/* How many tokens these words are from i on; 0: others stand there. */
static size_t
words_at(const Statement *statement, size_t i, const char *words)
{
    size_t count = 0;

    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        char word[32];

        memcpy(word, words, size);
        word[size] = '\0';
        if (!is_word(statement, i + count, word))
            return 0;
        count++;
        words += size + (words[size] == ' ');
    }
    return count;
}

/* The words stand somewhere from one token up to another. */
static bool
has_words(const Statement *statement, size_t from, size_t to, const char *words)
{
    for (size_t i = from; i < to && i < statement->count; i++)
        if (words_at(statement, i, words) > 0)
            return true;
    return false;
}

/* Past those of these words that stand here, in any order. */
static size_t
skip(const Statement *statement, size_t i, const char *const *words)
{
    while (is_one_of(statement, i, words))
        i++;
    return i;
}

static const char *const fillers[] = {"if",           "not", "exists",  "only",
                                      "concurrently", "or",  "replace", NULL};

static bool
is_name(const Statement *statement, size_t i)
{
    TokenKind kind = token_at(statement, i)->kind;

    return kind == TOKEN_WORD || kind == TOKEN_QUOTED;
}

/* The last part of a name that starts at i, after fillers; *next is behind it. */
static const Token *
name_at(const Statement *statement, size_t i, size_t *next)
{
    i = skip(statement, i, fillers);
    while (is_name(statement, i) && is_sign(statement, i + 1, '.') && is_name(statement, i + 2))
        i += 2;
    if (next != NULL)
        *next = i + 1;
    return token_at(statement, i);
}

static bool
is_same(const Token *one, const Token *other)
{
    const char *a = one->text, *b = other->text;
    size_t a_size = one->size, b_size = other->size;
    bool quoted = one->kind == TOKEN_QUOTED && other->kind == TOKEN_QUOTED;

    if (one->kind == TOKEN_QUOTED && a_size >= 2) {
        a++;
        a_size -= 2;
    }
    if (other->kind == TOKEN_QUOTED && b_size >= 2) {
        b++;
        b_size -= 2;
    }
    return a_size == b_size && a_size > 0 &&
           (quoted ? memcmp(a, b, a_size) : strncasecmp(a, b, a_size)) == 0;
}

/* ---- findings ---- */

static bool
is_allowed(const Statement *statement, const char *rule)
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
find(Lint *lint, Rule rule, size_t token)
{
    const char *at = token_at(lint->statement, token)->text;
    size_t line = lint->section->line;

    if (is_allowed(lint->statement, lint_rules[rule].name))
        return;
    for (const char *c = lint->section->text; c < at; c++)
        line += *c == '\n';
    lint->found(lint->argument, lint->file, line, &lint_rules[rule]);
}

/* ---- what the file itself makes ---- */

/* Past "create [or replace] [temporary …] <kind>"; 0: the statement makes something else. */
static size_t
creates(const Statement *statement, const char *kind)
{
    static const char *const modes[] = {"or",        "replace",    "unlogged", "temporary",
                                        "temp",      "global",     "local",    "unique",
                                        "recursive", "constraint", NULL};
    size_t i, size;

    if (!is_word(statement, 0, "create"))
        return 0;
    i = skip(statement, 1, modes);
    size = words_at(statement, i, kind);
    return size == 0 ? 0 : i + size;
}

/* The table is made in this section before the statement: nobody uses it yet. */
static bool
is_new(const Lint *lint, const Token *table)
{
    for (const Statement *s = lint->section->statements; s < lint->statement; s++) {
        size_t i = creates(s, "table");

        if (i > 0 && is_same(name_at(s, i, NULL), table))
            return true;
    }
    return false;
}

/* ---- locks ---- */

static void
check_index(Lint *lint)
{
    const Statement *s = lint->statement;
    size_t i = creates(s, "index");

    if (has_words(s, 0, s->count, "concurrently") && !is_word(s, 0, "refresh")) {
        if (!lint->file->no_transaction)
            find(lint, RULE_CONCURRENTLY, 0);
        return;
    }
    if (i == 0)
        return;
    while (i < s->count && !is_word(s, i, "on"))
        i++;
    if (!is_new(lint, name_at(s, i + 1, NULL)))
        find(lint, RULE_INDEX_LOCK, 0);
}

static const char *const volatile_functions[] = {"random",           "gen_random_uuid",
                                                 "clock_timestamp",  "timeofday",
                                                 "nextval",          "setval",
                                                 "uuid_generate_v1", "uuid_generate_v1mc",
                                                 "uuid_generate_v4", "gen_random_bytes",
                                                 "pg_sleep",         "txid_current",
                                                 "setseed",          NULL};

static bool
has_volatile(const Statement *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (is_one_of(s, i, volatile_functions) && is_sign(s, i + 1, '('))
            return true;
    return false;
}

static void
check_add_column(Lint *lint, size_t from, size_t to)
{
    static const char *const serials[] = {"serial",  "bigserial", "smallserial",
                                          "serial4", "serial8",   NULL};
    const Statement *s = lint->statement;
    bool has_value = has_words(s, from, to, "default") || has_words(s, from, to, "generated"),
         is_serial;

    (void) name_at(s, skip(s, from + 1, (const char *const[]){"column", NULL}), &from);
    is_serial = is_one_of(s, from, serials);
    if (is_serial || has_words(s, from, to, "generated") || has_volatile(s, from, to))
        find(lint, RULE_COLUMN_REWRITE, from - 1);
    if (has_words(s, from, to, "not null") && !has_value && !is_serial)
        find(lint, RULE_NOT_NULL_COLUMN, from - 1);
    if (has_words(s, from, to, "references") || has_words(s, from, to, "check"))
        find(lint, RULE_CONSTRAINT_LOCK, from - 1);
    if (has_words(s, from, to, "unique") || has_words(s, from, to, "primary key"))
        find(lint, RULE_UNIQUE_LOCK, from - 1);
}

static void
check_add(Lint *lint, size_t from, size_t to)
{
    static const char *const constraints[] = {"constraint", "check",   "foreign", "unique",
                                              "primary",    "exclude", NULL};
    const Statement *s = lint->statement;

    if (!is_one_of(s, from + 1, constraints)) {
        check_add_column(lint, from, to);
        return;
    }
    if (is_word(s, from + 1, "constraint"))
        (void) name_at(s, from + 2, &from);
    else
        from++;
    if (is_word(s, from, "unique") || is_word(s, from, "primary") || is_word(s, from, "exclude")) {
        if (!has_words(s, from, to, "using index"))
            find(lint, RULE_UNIQUE_LOCK, from);
    } else if (!has_words(s, from, to, "not valid")) {
        find(lint, RULE_CONSTRAINT_LOCK, from);
    }
}

/* Something of this table was validated in this section before: that no row has a null is known
 * then. */
static bool
was_validated(const Lint *lint, const Token *table)
{
    for (const Statement *s = lint->section->statements; s < lint->statement; s++)
        if (words_at(s, 0, "alter table") > 0 && is_same(name_at(s, 2, NULL), table) &&
            has_words(s, 2, s->count, "validate constraint"))
            return true;
    return false;
}

static void
check_action(Lint *lint, const Token *table, size_t from, size_t to)
{
    const Statement *s = lint->statement;

    if (is_word(s, from, "inherit")) {
        if (lint->is_tenant)
            find(lint, RULE_INHERITANCE, from);
        return;
    }
    if (is_new(lint, table))
        return;
    if (is_word(s, from, "add")) {
        check_add(lint, from, to);
    } else if (is_word(s, from, "alter")) {
        size_t next;

        (void) name_at(s, skip(s, from + 1, (const char *const[]){"column", NULL}), &next);
        if (is_word(s, next, "type") || words_at(s, next, "set data type") > 0)
            find(lint, RULE_TYPE_CHANGE, from);
        else if (words_at(s, next, "set not null") > 0 && !was_validated(lint, table))
            find(lint, RULE_SET_NOT_NULL, from);
    } else if (words_at(s, from, "set logged") > 0 || words_at(s, from, "set unlogged") > 0 ||
               words_at(s, from, "set tablespace") > 0) {
        find(lint, RULE_TABLE_LOCK, from);
    }
}

/* Where one action of an alter table ends. */
static size_t
action_end(const Statement *s, size_t from)
{
    size_t depth = 0, i = from;

    for (; i < s->count && (depth > 0 || !is_sign(s, i, ',')); i++) {
        depth += is_sign(s, i, '(');
        depth -= is_sign(s, i, ')') && depth > 0;
    }
    return i;
}

static void
check_alter_table(Lint *lint)
{
    const Statement *s = lint->statement;
    const Token *table;
    size_t from, to;

    if (words_at(s, 0, "alter table") == 0)
        return;
    table = name_at(s, 2, &from);
    for (; from < s->count; from = to + 1) {
        to = action_end(s, from);
        check_action(lint, table, from, to);
    }
}

static void
check_locks(Lint *lint)
{
    const Statement *s = lint->statement;
    bool is_refresh = words_at(s, 0, "refresh materialized view") > 0 || is_word(s, 0, "reindex");

    if (is_word(s, 0, "lock") || is_word(s, 0, "cluster") ||
        (is_word(s, 0, "vacuum") && has_words(s, 1, s->count, "full")) ||
        (is_refresh && !has_words(s, 0, s->count, "concurrently")))
        find(lint, RULE_TABLE_LOCK, 0);
}

/* ---- what a tenant's schema may hold ---- */

static bool
gets_primary_key(const Lint *lint, const Token *table)
{
    for (size_t i = 0; i < lint->section->count; i++) {
        const Statement *s = &lint->section->statements[i];

        if (words_at(s, 0, "alter table") > 0 && is_same(name_at(s, 2, NULL), table) &&
            has_words(s, 2, s->count, "primary key"))
            return true;
    }
    return false;
}

static void
check_table(Lint *lint)
{
    const Statement *s = lint->statement;
    size_t i = creates(s, "table");

    if (i == 0)
        return;
    if (lint->is_tenant && has_words(s, 0, s->count, "inherits"))
        find(lint, RULE_INHERITANCE, 0);
    if (has_words(s, 0, i, "temp") || has_words(s, 0, i, "temporary")) {
        if (lint->is_tenant)
            find(lint, RULE_TEMPORARY, 0);
        return;
    }
    if (!has_words(s, 0, s->count, "primary key") && !has_words(s, 0, s->count, "partition of") &&
        !has_words(s, 0, s->count, "including all") &&
        !has_words(s, 0, s->count, "including indexes") &&
        !gets_primary_key(lint, name_at(s, i, NULL)))
        find(lint, RULE_PRIMARY_KEY, 0);
}

static void
check_kinds(Lint *lint)
{
    static const char *const outside[] = {"schema",       "role",      "user",       "group",
                                          "database",     "extension", "tablespace", "publication",
                                          "subscription", "language",  "server",     "event",
                                          "cast",         "foreign",   NULL};
    static const char *const verbs[] = {"create", "alter", "drop", NULL};
    const Statement *s = lint->statement;

    if (creates(s, "trigger") > 0)
        find(lint, RULE_TRIGGER, 0);
    if (creates(s, "rule") > 0)
        find(lint, RULE_RULE, 0);
    if (creates(s, "materialized view") > 0)
        find(lint, RULE_MATERIALIZED, 0);
    if (is_word(s, 0, "alter") && has_words(s, 2, s->count, "set schema"))
        find(lint, RULE_QUALIFIED, 0);
    if (has_words(s, 0, s->count, "into temp") || has_words(s, 0, s->count, "into temporary"))
        find(lint, RULE_TEMPORARY, 0);
    if ((is_one_of(s, 0, verbs) && is_one_of(s, 1, outside)) || is_word(s, 0, "grant") ||
        is_word(s, 0, "revoke") || words_at(s, 0, "alter default privileges") > 0 ||
        words_at(s, 0, "alter system") > 0)
        find(lint, RULE_OUTSIDE, 0);
}

/* Whether a name of two parts at i is a relation's, a type's or a function's: it stands where one
 * must stand.  A column of an alias looks the same and stands elsewhere. */
static bool
names_relation(const Statement *s, size_t i, const char *function)
{
    static const char *const always[] = {"table", "into",  "update",   "join",     "references",
                                         "only",  "view",  "sequence", "function", "procedure",
                                         "type",  "index", "truncate", "inherits", NULL};
    static const char *const readers[] = {"extract", "substring", "trim",
                                          "overlay", "position",  NULL};
    size_t before = i;

    if (is_sign(s, i + 3, '(') || (i >= 2 && is_sign(s, i - 1, ':') && is_sign(s, i - 2, ':')))
        return true;
    while (before > 0 && is_one_of(s, before - 1, fillers))
        before--;
    if (before == 0)
        return false;
    if (is_one_of(s, before - 1, always))
        return true;
    if (is_word(s, before - 1, "on"))
        return creates(s, "index") > 0 || creates(s, "trigger") > 0 || creates(s, "policy") > 0;
    if (!is_word(s, before - 1, "from") ||
        (before >= 2 && is_word(s, before - 2, "distinct") && before >= 3 &&
         (is_word(s, before - 3, "is") || is_word(s, before - 3, "not"))))
        return false;
    for (size_t r = 0; readers[r] != NULL; r++)
        if (strcasecmp(function, readers[r]) == 0)
            return false;
    return true;
}

static void
check_names(Lint *lint)
{
    enum { DEPTH_MAX = 64 }; /* deeper parentheses are read as if they were one */
    const Statement *s = lint->statement;
    char functions[DEPTH_MAX + 1][16] = {""};
    size_t depth = 0;

    for (size_t i = 0; i < s->count; i++) {
        if (is_sign(s, i, '(')) {
            const Token *word = token_at(s, i - 1);

            depth += depth < DEPTH_MAX;
            functions[depth][0] = '\0';
            if (i > 0 && word->kind == TOKEN_WORD && word->size < sizeof functions[0]) {
                memcpy(functions[depth], word->text, word->size);
                functions[depth][word->size] = '\0';
            }
        }
        depth -= is_sign(s, i, ')') && depth > 0;
        if (!is_name(s, i) || !is_sign(s, i + 1, '.') || !is_name(s, i + 2) ||
            is_sign(s, i - 1, '.') || is_word(s, i, "pg_catalog") ||
            !names_relation(s, i, functions[depth]))
            continue;
        find(lint, i > 0 && is_word(s, i - 1, "references") ? RULE_FOREIGN_KEY : RULE_QUALIFIED, i);
    }
}

static void
check_write(Lint *lint)
{
    const Statement *s = lint->statement;
    bool writes = is_word(s, 0, "update") || is_word(s, 0, "delete");

    if (is_word(s, 0, "with"))
        writes = has_words(s, 1, s->count, "update") || has_words(s, 1, s->count, "delete from");
    if (writes && has_volatile(s, 0, s->count))
        find(lint, RULE_VOLATILE_WRITE, 0);
}

/* ---- what nobody should write ---- */

/* A body has the word execute, other than in "grant execute" and "execute function". */
static bool
executes(const Token *body)
{
    Statement inner = {0};
    const char *open = body->text, *start = open + 1;
    size_t around = 1;
    bool found = false;

    if (*open == '$') {
        start = strchr(open + 1, '$') + 1;
        around = (size_t) (start - open);
    }
    if (body->size < 2 * around || !read_tokens(&inner, start, body->size - 2 * around)) {
        free(inner.tokens);
        return false;
    }
    for (size_t i = 0; i < inner.count; i++)
        found = found || (is_word(&inner, i, "execute") && !is_word(&inner, i + 1, "function") &&
                          !is_word(&inner, i + 1, "procedure") && !is_word(&inner, i + 1, "on") &&
                          !is_sign(&inner, i - 1, ','));
    free(inner.tokens);
    return found;
}

static void
check_code(Lint *lint)
{
    const Statement *s = lint->statement;
    bool is_function = creates(s, "function") > 0 || creates(s, "procedure") > 0;

    if ((is_function || words_at(s, 0, "alter function") > 0 ||
         words_at(s, 0, "alter procedure") > 0) &&
        has_words(s, 0, s->count, "security definer"))
        find(lint, RULE_DEFINER, 0);
    for (size_t i = 1; (is_function || is_word(s, 0, "do")) && i < s->count; i++)
        if (s->tokens[i].kind == TOKEN_STRING && executes(&s->tokens[i]))
            find(lint, RULE_DYNAMIC, 0);
}

static void
check_context(Lint *lint)
{
    static const char *const scopes[] = {"local", "session", NULL};
    static const char *const settings[] = {"search_path", "role", "authorization", "schema", NULL};
    static const char *const ends[] = {"begin", "commit",    "rollback", "abort",
                                       "end",   "savepoint", "start",    NULL};
    const Statement *s = lint->statement;

    if ((is_word(s, 0, "set") || is_word(s, 0, "reset")) &&
        is_one_of(s, skip(s, 1, scopes), settings))
        find(lint, RULE_CONTEXT, 0);
    if (is_one_of(s, 0, ends))
        find(lint, RULE_TRANSACTION, 0);
}

/* ---- the way back ---- */

/* The other section has a statement with these words and, behind them, the name. */
static bool
other_has(const Section *section, const char *words, const Token *name)
{
    for (size_t i = 0; i < section->count; i++) {
        const Statement *s = &section->statements[i];

        for (size_t j = 0; j < s->count; j++) {
            size_t size = words_at(s, j, words);

            for (size_t k = j + size; size > 0 && k < s->count; k++)
                if (is_same(&s->tokens[k], name))
                    return true;
        }
    }
    return false;
}

/* With a column go its constraints and indexes. */
static bool
goes_with_column(const Section *down, const Statement *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (is_name(s, i) && other_has(down, "drop column", &s->tokens[i]))
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
    const Statement *s = lint->statement;
    const Section *down = &lint->down;
    size_t i = creates(s, "index"), on, next;
    const Token *table;

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t made = creates(s, kinds[k][0]);

        if (made > 0 && !other_has(down, kinds[k][1], name_at(s, made, NULL)))
            find(lint, RULE_DOWN_INCOMPLETE, 0);
    }
    for (on = i; i > 0 && on < s->count && !is_word(s, on, "on"); on++)
        ;
    if (i > 0 && !is_word(s, skip(s, i, fillers), "on") &&
        !other_has(down, "drop index", name_at(s, i, NULL)) &&
        !other_has(down, "drop table", name_at(s, on + 1, NULL)) &&
        !goes_with_column(down, s, on, s->count))
        find(lint, RULE_DOWN_INCOMPLETE, 0);
    if (words_at(s, 0, "alter table") == 0)
        return;
    table = name_at(s, 2, &next);
    if (other_has(down, "drop table", table))
        return;
    for (i = next; i < s->count; i++) {
        bool begins = i == next || is_sign(s, i - 1, ',');

        if (begins && words_at(s, i, "add column") > 0) {
            if (!other_has(down, "drop column", name_at(s, i + 2, NULL)))
                find(lint, RULE_DOWN_INCOMPLETE, i);
        } else if (begins && words_at(s, i, "add constraint") > 0) {
            if (!other_has(down, "drop constraint", name_at(s, i + 2, NULL)) &&
                !goes_with_column(down, s, i + 3, action_end(s, i)))
                find(lint, RULE_DOWN_INCOMPLETE, i);
        }
    }
}

/* ---- one file ---- */

static void
check_section(Lint *lint, const Section *section)
{
    lint->section = section;
    for (size_t i = 0; i < section->count; i++) {
        lint->statement = &section->statements[i];
        check_index(lint);
        check_alter_table(lint);
        check_locks(lint);
        check_table(lint);
        check_code(lint);
        check_context(lint);
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
lint_file(const MigrationFile *file, bool is_tenant, LintFound found, void *argument)
{
    Lint lint = {.file = file, .is_tenant = is_tenant, .found = found, .argument = argument};
    bool ok = read_section(&lint.up, file->up, file->up_line) &&
              read_section(&lint.down, file->down, file->down_line);

    if (ok) {
        check_section(&lint, &lint.up);
        check_section(&lint, &lint.down);
        if (lint.down.count == 0 && lint.up.count > 0) {
            lint.section = &lint.up;
            lint.statement = &lint.up.statements[0];
            find(&lint, RULE_DOWN_MISSING, 0);
        }
    }
    free_section(&lint.up);
    free_section(&lint.down);
    return ok;
}
