/* The options of ciq-client that stand before or after any command, and how words of the command
 * line are read: a flag's value, a number, a flag that does not exist.  */
#ifndef CIQ_CLI_OPTIONS_H
#define CIQ_CLI_OPTIONS_H

#include "client/cli/cli.h"

#include <stdnoreturn.h>

/* Takes the option at words[*i], and its value, of which *i is moved to the last word.  False: the
 * word is no option of every command. */
bool options_take(Cli *cli, int count, char **words, int *i);

/* One line for each option. */
void options_help(FILE *out);

/* The value of a flag "--name value" or "--name=value" at words[*i]; *i is moved to the last word
 * of it. NULL: the word is not this flag.  Ends the program if the value is missing. */
const char *options_value(int count, char **words, int *i, const char *name);

/* A whole number from 1 to max, in digits only; 0: it is something else. */
uint64_t options_number(const char *text, uint64_t max);

/* Ends the program: there is no flag as in word, which may have "=value" behind it.  Names the flag
 * that was probably meant, of the options of every command and of the command's own (ended by NULL;
 * NULL: it has none). */
noreturn void options_die_unknown(const char *word, const char *const *own);

#endif
