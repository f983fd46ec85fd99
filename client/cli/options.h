/* The options of ciq-client, which may stand before or after any command, and how words of the
 * command line are read: a flag's value, a number, a flag that does not exist.  */
#ifndef CIQ_CLI_OPTIONS_H
#define CIQ_CLI_OPTIONS_H

#include "client/cli/cli.h"

#include <stdnoreturn.h>

/* Takes the option at words[*i].  If its value is the next word, *i is moved to that.  False: the
 * word is not one of these options. */
bool options_take(Cli *cli, int count, char **words, int *i);

/* Prints one line for each option. */
void options_help(FILE *out);

/* The value of a flag "--name value" or "--name=value" at words[*i].  If it is the next word, *i is
 * moved to that.  NULL: the word is not this flag.  Ends the program if the value is missing. */
const char *options_value(int count, char **words, int *i, const char *name);

/* The whole number from 1 to max that the text is, in digits only; 0: it is something else. */
uint64_t options_number(const char *text, uint64_t max);

/* Ends the program, since there is no flag like this word, which may go on with "=value".  Proposes
 * the flag that was probably meant, among these options and the command's own flags (ended by NULL;
 * NULL: it has none). */
noreturn void options_die_unknown(const char *word, const char *const *own);

#endif
