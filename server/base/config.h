/* The server's settings.  Each is one row of config.def, from which come this struct, the parser of
 * options, environment and file, --help, and docs/settings.md.  */
#ifndef CIQ_SERVER_CONFIG_H
#define CIQ_SERVER_CONFIG_H

#include "base/compiler.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct Config {
#define SETTING_TEXT(field, option, standard, help) const char *field;
#define SETTING_NUMBER(field, option, standard, low, high, help) int64_t field;
#define SETTING_CHOICE(field, option, standard, choices, help) const char *field;
#include "base/config.def"
#undef SETTING_TEXT
#undef SETTING_NUMBER
#undef SETTING_CHOICE
} Config;

/* Sets every setting to its default; config_free frees them.  A text of the struct may be replaced
 * only by memory from malloc. */
void config_defaults(Config *config);

/* Defaults, then the file (--config or CIQ_CONFIG), then the environment, then the options; later
 * ones override earlier ones.  False: a sentence about the first mistake was written to errors, and
 * says where it is.  Texts belong to config until config_free. */
MUST_CHECK bool config_load(Config *config, int argc, char **argv, FILE *errors);
void config_free(Config *config);

/* The table of settings as lines of --help, with its current values (passwords hidden), and as a
 * page of the docs. */
void config_usage(FILE *out);
void config_print(const Config *config, FILE *out);
void config_markdown(FILE *out);

#endif
