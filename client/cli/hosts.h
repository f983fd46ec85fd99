/* domain hosts: lines for /etc/hosts.  */
#ifndef CIQ_CLI_HOSTS_H
#define CIQ_CLI_HOSTS_H

#include "client/cli/cli.h"

/* domain hosts [ADDRESS]; returns the exit status. */
int command_hosts(Cli *cli);

#endif
