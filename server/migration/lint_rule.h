/* The rules of ciq-client migration lint: what each is called, and what it says to people.  Whether
 * a statement breaks one is lint.c's. */
#ifndef CIQ_SERVER_LINT_RULE_H
#define CIQ_SERVER_LINT_RULE_H

#include <stddef.h>

typedef enum LintRuleId {
    LINT_SYNTAX,
    LINT_INDEX_LOCK,
    LINT_CONCURRENTLY,
    LINT_TYPE_CHANGE,
    LINT_COLUMN_REWRITE,
    LINT_NOT_NULL_COLUMN,
    LINT_SET_NOT_NULL,
    LINT_SERVER_COLUMN,
    LINT_CONSTRAINT_LOCK,
    LINT_UNIQUE_LOCK,
    LINT_TABLE_LOCK,
    LINT_PRIMARY_KEY,
    LINT_TRIGGER,
    LINT_REWRITE_RULE,
    LINT_INHERITANCE,
    LINT_TEMPORARY,
    LINT_MATERIALIZED,
    LINT_FOREIGN_KEY,
    LINT_QUALIFIED,
    LINT_VOLATILE_WRITE,
    LINT_DEFINER,
    LINT_DYNAMIC,
    LINT_OUTSIDE,
    LINT_DOWN_MISSING,
    LINT_DOWN_INCOMPLETE,
    LINT_RULES
} LintRuleId;

typedef struct LintRule {
    const char *name;    /* "index-lock" */
    const char *why;     /* what it hurts */
    const char *instead; /* what to write */
} LintRule;

extern const LintRule lint_rules[];
extern const size_t lint_rules_count;

#endif
