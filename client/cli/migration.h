/* migration new and migration lint.  Each returns the exit status.  */
#ifndef CIQ_CLI_MIGRATION_H
#define CIQ_CLI_MIGRATION_H

#include "client/cli/cli.h"

int command_migration_new(Cli *cli);
int command_migration_lint(Cli *cli);

/* Says what both take. */
void migration_help(FILE *out);

#endif
