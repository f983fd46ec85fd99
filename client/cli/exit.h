/* How ciq-client ends.  Its exit status is 0, 1 (a failure on this side, or findings), 2 (wrong
 * usage), or 64 + the status code of the call that failed.  What went wrong goes to stderr.  */
#ifndef CIQ_CLI_EXIT_H
#define CIQ_CLI_EXIT_H

#include "client/call.h"

#include <stdnoreturn.h>

enum { EXIT_USAGE = 2, EXIT_CODE = 64 };

/* Each ends the program.  tenant is the one that the call was made on, method may be NULL. */
noreturn void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
noreturn void die_error(const CiqError *error, const Method *method, const char *tenant);

#endif
