/* list and describe.  Each returns the exit status.  */
#ifndef CIQ_CLI_DESCRIBE_H
#define CIQ_CLI_DESCRIBE_H

#include "client/cli/cli.h"

int command_list(Cli *cli);
int command_describe(Cli *cli);

#endif
