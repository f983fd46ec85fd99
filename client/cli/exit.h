/* How ciq-client ends: with 0, 1 (something here went wrong), 2 (usage), or 64 + the status code of
 * the server.  What went wrong goes to stderr.  */
#ifndef CIQ_CLI_EXIT_H
#define CIQ_CLI_EXIT_H

#include "client/call.h"

#include <stdnoreturn.h>

enum { EXIT_USAGE = 2, EXIT_CODE = 64 };

/* Ends the program. */
noreturn void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
noreturn void die_error(const CiqError *error, const Method *method, const char *tenant);

#endif
