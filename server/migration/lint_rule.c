/* The words of the rules; docs have them as a table, which tests/unit/test_lint.c compares.  */
#include "migration/lint_rule.h"

const LintRule lint_rules[] = {
    [LINT_SYNTAX] =
        {"syntax", "PostgreSQL's parser refuses this",
         "the statement mended, or the rule allowed where the server's PostgreSQL is newer"},
    [LINT_INDEX_LOCK] = {"index-lock", "nobody can write to the table until the index is made",
                         "-- no-transaction, and create index concurrently if not exists"},
    [LINT_CONCURRENTLY] = {"concurrently", "concurrently is refused inside a transaction",
                           "the header -- no-transaction"},
    [LINT_TYPE_CHANGE] =
        {"type-change", "the table is written anew while nobody can read it",
         "a new column, filled in batches, and the old one dropped a release later"},
    [LINT_COLUMN_REWRITE] =
        {"column-rewrite",
         "a value of its own for each row writes the table anew while nobody can "
         "read it",
         "the column without it, then the default, then old rows in batches"},
    [LINT_NOT_NULL_COLUMN] = {"not-null-column", "this fails in every schema whose table has rows",
                              "a constant default, or the column without not null"},
    [LINT_SET_NOT_NULL] = {"set-not-null",
                           "every row is read while nobody can read or write the table",
                           "a check (… is not null) not valid, validated before this statement"},
    [LINT_SERVER_COLUMN] = {"server-column",
                            "the server writes rows of this table without the column, so that "
                            "nobody could be made or sign in",
                            "a default, set before it, or leave it out"},
    [LINT_CONSTRAINT_LOCK] = {"constraint-lock",
                              "every row is checked while nobody can write to the table",
                              "add it not valid, and validate it in a later release's migration"},
    [LINT_UNIQUE_LOCK] = {"unique-lock",
                          "its index is made while nobody can read or write the table",
                          "a unique index made concurrently, then add constraint … using index"},
    [LINT_TABLE_LOCK] = {"table-lock", "nobody can use the table until this has ended",
                         "leave it out, or its form with concurrently"},
    [LINT_PRIMARY_KEY] = {"primary-key",
                          "a table without a primary key cannot be replicated, moved or sharded",
                          "a primary key"},
    [LINT_TRIGGER] =
        {"trigger",
         "what runs by itself is run by no statement that anybody reads, and a sharded cluster "
         "refuses it",
         "the statement in the code that writes"},
    [LINT_REWRITE_RULE] = {"rule", "a rule rewrites other people's statements",
                           "the statement that is meant"},
    [LINT_INHERITANCE] =
        {"inheritance",
         "tables that inherit cannot be sharded, and unique keys do not reach over them",
         "one table, or a foreign key between two"},
    [LINT_TEMPORARY] =
        {"temporary-table",
         "tenants' roles may not make temporary tables, and behind a pooler they leak",
         "a common table expression, or a table"},
    [LINT_MATERIALIZED] = {"materialized-view",
                           "it is refreshed by no tenant's role, and cannot be sharded",
                           "a table that is filled by the code that writes, or a view"},
    [LINT_FOREIGN_KEY] = {"foreign-key", "a foreign key out of the schema ties tenants together",
                          "a table of the tenant's own"},
    [LINT_QUALIFIED] =
        {"qualified-name",
         "a schema's name is the same in every tenant: this leaves the tenant's schema",
         "the bare name, which search_path finds in the tenant's schema"},
    [LINT_VOLATILE_WRITE] =
        {"volatile-write",
         "a volatile function in update or delete is another value in each row and "
         "on each shard",
         "the value as a parameter, or in a from-list that is read once"},
    [LINT_DEFINER] = {"security-definer",
                      "the function reads every tenant's rows with its owner's rights, so no "
                      "tenant's role may run it",
                      "a function with its caller's rights"},
    [LINT_DYNAMIC] = {"dynamic-sql", "nobody can see what it runs", "the statements themselves"},
    [LINT_OUTSIDE] = {"outside",
                      "this is about the database or its roles, and would run once for each tenant",
                      "a shared migration, or the operator's hands"},
    [LINT_DOWN_MISSING] = {"down-missing", "nobody can go back", "the statements that undo it"},
    [LINT_DOWN_INCOMPLETE] = {"down-incomplete", "the down section does not undo this statement",
                              "the statement that undoes it"},
};
const size_t lint_rules_count = LINT_RULES;
