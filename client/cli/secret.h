/* Secrets on their way in: from a terminal without echo, from stdin, or from a file; never from the
 * command line, which every user of the machine can read.  */
#ifndef CIQ_CLI_SECRET_H
#define CIQ_CLI_SECRET_H

#include "client/cli/cli.h"

/* The secret that the options name, or NULL if they name none: then, if it must be had, the
 * terminal is asked, and without one the program ends.  From malloc. */
char *secret_get(const Cli *cli, const char *prompt, bool required);

/* The first line of a file.  Ends the program if there is none.  From malloc. */
char *secret_of_file(const char *path);

/* A new random password: 20 characters, 100 bits.  From malloc. */
char *secret_random(void);

#endif
