/* What ciq-server does besides serving; each returns the exit status: 0, 1 (it failed), 2 (usage).
 */
#ifndef CIQ_SERVER_COMMAND_H
#define CIQ_SERVER_COMMAND_H

/* create-superuser --email ADDRESS [--password-stdin | --password-file FILE] and any settings;
 * argv[0] is the command itself. */
int command_create_superuser(int argc, char **argv);

#endif
