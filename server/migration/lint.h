/* What a migration would hurt when it runs on thousands of tenants in use: long locks, tables
 * without a primary key, what a schema-sharded cluster cannot hold (triggers, names of other
 * schemas …), a down that does not undo.  Reads words, not meaning: it knows no database, so what
 * it says is worth a look and not always a mistake.  Used by ciq-client migration lint.
 *
 * A finding is allowed by the comment "-- lint: allow RULE[, RULE]" at its statement.  */
#ifndef CIQ_SERVER_LINT_H
#define CIQ_SERVER_LINT_H

#include "migration/file.h"
#include "migration/lint_rule.h"

/* Told for each finding, in the order of the file.  detail: what more there is to say, or NULL. */
typedef void (*LintFound)(void *argument, const MigrationFile *file, size_t line,
                          const LintRule *rule, const char *detail);

/* Whether PostgreSQL's parser takes a statement.  False: why, and where in it. */
typedef bool (*LintParse)(const char *statement, char *why, size_t size, size_t *offset);

/* is_tenant: the file is for tenants' schemas.  False: no memory. */
MUST_CHECK bool lint_file(const MigrationFile *file, bool is_tenant, LintParse parse,
                          LintFound found, void *argument);

#endif
