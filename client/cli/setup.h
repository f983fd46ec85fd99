/* setup and seed make a platform and a tenant to try things with.  Each returns the exit status. */
#ifndef CIQ_CLI_SETUP_H
#define CIQ_CLI_SETUP_H

#include "client/cli/cli.h"

int command_setup(Cli *cli);
int command_seed(Cli *cli);

#endif
