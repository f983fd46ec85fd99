/* migrate: starts a migration run and shows its progress.  */
#ifndef CIQ_CLI_MIGRATE_H
#define CIQ_CLI_MIGRATE_H

#include "client/cli/cli.h"

/* Returns the exit status: 0 if all schemas are where they should be, 1 if the run failed or was
 * canceled. */
int command_migrate(Cli *cli);

/* Says what migrate takes. */
void migrate_help(FILE *out);

#endif
