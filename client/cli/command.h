/* The commands that the .proto files make: one for each rpc, by its words (user get), and call,
 * which takes any rpc with JSON.  Each returns the exit status.  */
#ifndef CIQ_CLI_COMMAND_H
#define CIQ_CLI_COMMAND_H

#include "client/cli/cli.h"

/* One call; with --all, every page of a list. */
int command_run(Cli *cli, const Method *method);

/* A call that reports: every page of it, and 1 if there is a finding. */
int command_verify(Cli *cli, const Method *method);

/* call METHOD -d JSON */
int command_call(Cli *cli);

/* What the command of one method takes. */
void command_help(const Method *method, FILE *out);

#endif
