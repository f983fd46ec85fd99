/* Ends the program with a message.  Called by all of ciq-client's files; depends only on text.c,
 * which makes a server's message fit for a terminal.  */
#include "client/cli/exit.h"
#include "client/cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static noreturn void
die_with(int status, const char *format, va_list arguments)
{
    fputs("ciq-client: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(status);
}

void
die_usage(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    die_with(EXIT_USAGE, format, arguments);
}

void
die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    die_with(1, format, arguments);
}

void
die_error(const CiqError *error, const Method *method, const char *tenant)
{
    int code = ciq_error_code(error);

    fprintf(stderr, "ciq-client: %s: ", ciq_error_code_name(error));
    text_print(ciq_error_message(error), stderr);
    fputc('\n', stderr);
    /* the message says it already if there is only one */
    for (size_t i = 0; ciq_error_violations(error) > 1 && i < ciq_error_violations(error); i++) {
        fputs("  ", stderr);
        text_print(ciq_error_violation_field(error, i), stderr);
        fputs(": ", stderr);
        text_print(ciq_error_violation_text(error, i), stderr);
        fputc('\n', stderr);
    }
    if (code == CODE_UNAUTHENTICATED && method != NULL)
        fprintf(stderr, "  to sign in: ciq-client %s%s%slogin EMAIL\n",
                tenant[0] != '\0' ? "--tenant " : "", tenant, tenant[0] != '\0' ? " " : "");
    exit(EXIT_CODE + code);
}
