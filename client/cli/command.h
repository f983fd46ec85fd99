/* The commands that the .proto files make, one for each rpc (user get), and call, which makes any
 * call with JSON.  Each returns the exit status.  */
#ifndef CIQ_CLI_COMMAND_H
#define CIQ_CLI_COMMAND_H

#include "client/cli/cli.h"

/* The command of this method; with --all, every page of a list. */
int command_run(Cli *cli, const Method *method);

/* The command of a method that reports findings: every page, and status 1 if there is a finding. */
int command_verify(Cli *cli, const Method *method);

/* call METHOD -d JSON */
int command_call(Cli *cli);

/* Says what the command of this method takes. */
void command_help(const Method *method, FILE *out);

#endif
