/* What ciq-server does besides serving, and what its commands share.  A command returns the exit
 * status: 0, 1 (it failed), 2 (usage). */
#ifndef CIQ_SERVER_COMMAND_H
#define CIQ_SERVER_COMMAND_H

#include "base/compiler.h"
#include "base/config.h"

#include <stdbool.h>

/* create-superuser --email ADDRESS [--password-stdin | --password-file FILE] and any settings;
 * argv[0] is the command itself. */
int command_create_superuser(int argc, char **argv);

/* Removes "--name value" or "--name=value" from the arguments (NULL: it is not there, or has no
 * value), or a word without a value. */
const char *command_take_value(int *argc, char **argv, const char *name);
bool command_take_word(int *argc, char **argv, const char *word);

/* config_load for every command: what is wrong is said on stderr.  From here on the process keeps
 * its memory to itself, unless a setting allows otherwise. */
MUST_CHECK bool command_load_config(Config *config, int argc, char **argv);

/* Starts the log of a command, which shows only warnings and errors. */
void command_start_log(void);

#endif
