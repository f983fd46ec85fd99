/* Which statements leave the transaction, change what others need of it, or stay with the
 * connection.  A function that is made here runs later, so its body is not looked at.  */
#include "migration/confine.h"

#include <string.h>
#include <strings.h>

static const char transaction_text[] =
    "must not begin, end or mark a transaction: all pending migrations of a schema are one, with "
    "the ledger";
static const char context_text[] =
    "must not change the role, search_path, the encoding or how the transaction works: they are "
    "set for the tenant, and what comes after it in the same transaction needs them";
static const char session_text[] =
    "stays with the connection, which serves other tenants afterwards: write set local, which "
    "ends with the migration, or leave it out";
static const char copy_text[] =
    "must not copy from stdin or to stdout: a migration has nothing but its text; write insert … "
    "values, or leave it out";

/* ---- settings ---- */

/* Settings that a migration cannot have otherwise, not even for itself. */
static const char *const context_names[] = {"role",
                                            "session",
                                            "session_authorization",
                                            "authorization",
                                            "search_path",
                                            "schema",
                                            "client_encoding",
                                            "names",
                                            "standard_conforming_strings",
                                            "session_replication_role",
                                            "transaction",
                                            "transaction_read_only",
                                            "transaction_isolation",
                                            "transaction_deferrable",
                                            "default_transaction_read_only",
                                            "default_transaction_isolation",
                                            "default_transaction_deferrable",
                                            NULL};

/* The string is one of these names in its quotes. */
static bool
is_context_string(const SqlToken *token)
{
    for (const char *const *name = context_names; *name != NULL; name++)
        if (token->size == strlen(*name) + 2 &&
            strncasecmp(token->text + 1, *name, strlen(*name)) == 0)
            return true;
    return false;
}

static bool
is_true(const SqlToken *token)
{
    static const char *const words[] = {"true", "'true'", "'t'", "'on'", "'yes'", "'1'", NULL};

    for (const char *const *word = words; *word != NULL; word++)
        if (token->size == strlen(*word) && strncasecmp(token->text, *word, token->size) == 0)
            return true;
    return false;
}

static const char *
wrong_set(const SqlStatement *s)
{
    bool is_local = words_is(s, 1, "local");
    size_t name = is_local || words_is(s, 1, "session") ? 2 : 1;

    if (words_is(s, name, "constraints")) /* of this transaction alone */
        return NULL;
    if (words_is_one_of(s, name, context_names) ||
        (words_is(s, name, "characteristics") && words_is(s, 1, "session")))
        return context_text;
    return is_local ? NULL : session_text;
}

/* set_config(name, value, is_local), wherever it is called from. */
static const char *
wrong_set_config(const SqlStatement *s)
{
    for (size_t i = 0; i + 2 < s->count; i++) {
        size_t depth = 1, end = i + 2;

        if (!words_is(s, i, "set_config") || !words_is_sign(s, i + 1, '('))
            continue;
        if (is_context_string(words_token(s, i + 2)))
            return context_text;
        for (; end < s->count && depth > 0; end++) {
            depth += words_is_sign(s, end, '(');
            depth -= words_is_sign(s, end, ')');
        }
        if (!is_true(words_token(s, end - 2)))
            return session_text;
    }
    return NULL;
}

/* ---- the rest ---- */

const char *
confine_wrong(const SqlStatement *statement)
{
    static const char *const transactions[] = {"begin",    "start",     "commit",  "end", "abort",
                                               "rollback", "savepoint", "release", NULL};
    static const char *const sessions[] = {"reset",   "discard",    "listen", "unlisten",
                                           "prepare", "deallocate", "load",   NULL};

    if (words_is_one_of(statement, 0, transactions) ||
        words_at(statement, 0, "prepare transaction") > 0)
        return transaction_text;
    if (words_is(statement, 0, "set"))
        return wrong_set(statement);
    if (words_is_one_of(statement, 0, sessions) ||
        (words_is(statement, 0, "declare") &&
         words_has(statement, 1, statement->count, "with hold")))
        return session_text;
    if (words_is(statement, 0, "copy") &&
        (words_has(statement, 1, statement->count, "from stdin") ||
         words_has(statement, 1, statement->count, "to stdout")))
        return copy_text;
    if (words_created(statement, "function") > 0 || words_created(statement, "procedure") > 0)
        return NULL;
    return wrong_set_config(statement);
}
