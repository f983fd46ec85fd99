/* login, logout and the token that is kept between two runs.  The commands return the exit status.
 */
#ifndef CIQ_CLI_SESSION_H
#define CIQ_CLI_SESSION_H

#include "client/cli/cli.h"

int command_login(Cli *cli);
int command_logout(Cli *cli);

/* Keeps or forgets the token of a session inside a tenant, after ActAs and EndActAs; after any
 * other method it does nothing.  A token that is kept is taken out of the response. */
void session_keep(const Cli *cli, const Method *method, json_t *response);

#endif
