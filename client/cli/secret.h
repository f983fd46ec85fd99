/* Passwords and tokens come from a terminal without echo, from stdin or from a file, and never from
 * the command line, which every user of the machine can read.  */
#ifndef CIQ_CLI_SECRET_H
#define CIQ_CLI_SECRET_H

#include "client/cli/cli.h"

/* The password from where the options say.  If they do not say, one that is required is asked for
 * at the terminal, and for one that is not the result is NULL.  Ends the program if there is no
 * password to be had.  From malloc. */
char *secret_get(const Cli *cli, const char *prompt, bool required);

/* The first line of a file.  Ends the program if there is none or it is empty.  From malloc. */
char *secret_of_file(const char *path);

/* A new random password (proto/password.h).  From malloc. */
char *secret_make_password(void);

#endif
