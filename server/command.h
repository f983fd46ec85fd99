/* What ciq-server does besides serving; each returns the exit status: 0, 1 (it failed), 2 (usage).
 */
#ifndef CIQ_SERVER_COMMAND_H
#define CIQ_SERVER_COMMAND_H

#include <stdbool.h>

/* create-superuser --email ADDRESS [--password-stdin | --password-file FILE] and any settings;
 * argv[0] is the command itself. */
int command_create_superuser(int argc, char **argv);

/* export --schema-name NAME [--output FILE]: one tenant into an archive, to standard output without
 * a file. */
int command_export(int argc, char **argv);

/* import [--input FILE] [--check] [--schema-name NAME] [--name NAME] [--domain HOST …]: a tenant
 * out of an archive, from standard input without a file; --check only proves it. */
int command_import(int argc, char **argv);

/* For commands: takes "--name value" or "--name=value" out of the arguments (NULL: it is not there,
 * or has no value), or a word without one. */
const char *command_take_value(int *argc, char **argv, const char *name);
bool command_take_word(int *argc, char **argv, const char *word);

#endif
