/* How far a migration run is, until it ends.  Both return the exit status: 0, or 1 if the run
 * failed or was canceled.  */
#ifndef CIQ_CLI_WATCH_H
#define CIQ_CLI_WATCH_H

#include "client/cli/cli.h"

int watch_run(const Cli *cli, CiqClient *client, int64_t id);

/* migration run watch ID */
int command_watch(Cli *cli);

#endif
