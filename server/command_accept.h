/* What ciq-server accept-migrations does, for main.c. */
#ifndef CIQ_SERVER_COMMAND_ACCEPT_H
#define CIQ_SERVER_COMMAND_ACCEPT_H

/* accept-migrations [APP/NAME …] and any settings; argv[0] is the command itself.  Gives the exit
 * status: 0, 1 (it failed, or files have changed and none was named), 2 (usage). */
int command_accept(int argc, char **argv);

#endif
