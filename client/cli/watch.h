/* Shows the progress of a migration run until it ends.  Both return the exit status: 0 if the run
 * is done, 1 if it failed or was canceled.  */
#ifndef CIQ_CLI_WATCH_H
#define CIQ_CLI_WATCH_H

#include "client/cli/cli.h"

int watch_run(const Cli *cli, CiqClient *client, int64_t id);

/* migration run watch ID */
int command_watch(Cli *cli);

#endif
