/* migrate: a migration run from the command line.  */
#ifndef CIQ_CLI_MIGRATE_H
#define CIQ_CLI_MIGRATE_H

#include "client/cli/cli.h"

/* Returns the exit status: 0 if every schema is there, 1 if the run failed or was canceled. */
int command_migrate(Cli *cli);

/* What migrate takes. */
void migrate_help(FILE *out);

#endif
