/* What the commands share: ways to end, a client, one call, printing.  */
#include "client/cli/cli.h"
#include "client/cli/json.h"
#include "client/cli/state.h"
#include "client/cli/table.h"
#include "client/cli/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

const char *const cli_options[] = {"--url",
                                   "--tenant",
                                   "--token-file",
                                   "--output",
                                   "--all",
                                   "--timeout",
                                   "--password",
                                   "--explain",
                                   "--password-stdin",
                                   "--password-file",
                                   "--kept-password",
                                   "--help",
                                   "--version",
                                   NULL};

void
die_unknown_option(const char *word, size_t size, const char *nearest)
{
    char whole[64];
    size_t best = 3; /* more than two letters away it is another word */

    snprintf(whole, sizeof whole, "%.*s", (int) (size < sizeof whole ? size : sizeof whole - 1),
             word);
    if (nearest != NULL)
        best = text_distance(whole, nearest);
    for (size_t i = 0; cli_options[i] != NULL; i++)
        if (text_distance(whole, cli_options[i]) < best) {
            nearest = cli_options[i];
            best = text_distance(whole, nearest);
        }
    if (nearest == NULL)
        die_usage("there is no option %s; see --help", whole);
    die_usage("there is no option %s; is %s meant?", whole, nearest);
}

void
die_error(const CiqError *error, const Method *method, const char *tenant)
{
    int code = ciq_error_code(error);

    fprintf(stderr, "ciq-client: %s: ", ciq_error_code_name(error));
    text_print(ciq_error_message(error), stderr);
    fputc('\n', stderr);
    /* one alone is what the message says */
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

CiqClient *
cli_client(const Cli *cli)
{
    CiqError *error = NULL;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = cli->url, .timeout_ms = cli->timeout_ms}, &error);

    if (client == NULL)
        die("%s", ciq_error_message(error));
    return client;
}

const char *
cli_tenant(const Cli *cli, const Method *method)
{
    const char *tenant = cli->tenant;

    if (method->scope == SCOPE_PLATFORM)
        return tenant != NULL && !cli->tenant_is_environment ? tenant : "";
    if (tenant == NULL && method->database != DATABASE_NONE)
        tenant = method->scope == SCOPE_TENANT ? state_current_tenant() : state_last_tenant();
    if (tenant == NULL && method->scope == SCOPE_TENANT)
        die_usage("%s is about a tenant: give --tenant, or sign in first", method->command);
    return tenant != NULL ? tenant : "";
}

static void
print_statement(const Statement *statement)
{
    fprintf(stderr, "%8" PRIu64 " us  ", statement->duration_us);
    text_print_line(statement->text, stderr);
    fputc('\n', stderr);
}

static void
print_explained(const Reply *reply)
{
    for (size_t i = 0; i < reply->n_statements; i++)
        print_statement(reply->statements[i]);
    fputs("schemas touched:", stderr);
    for (size_t i = 0; i < reply->n_schemas; i++) {
        fputc(' ', stderr);
        text_print(reply->schemas[i], stderr);
    }
    fputc('\n', stderr);
}

ProtobufCMessage *
cli_call(const Cli *cli, CiqClient *client, const Method *method, const ProtobufCMessage *request,
         const char *tenant, const char *token, CiqError **error)
{
    Reply *reply = NULL;
    const char *kept = token != NULL ? token : cli->token;

    if (kept == NULL && method->database != DATABASE_NONE)
        kept = state_token(tenant);

    ProtobufCMessage *response = ciq_call_with(client, method, request,
                                               &(CiqCallOptions){.tenant = tenant,
                                                                 .token = kept != NULL ? kept : "",
                                                                 .explain = cli->explain},
                                               &reply, error);

    if (reply != NULL && cli->explain)
        print_explained(reply);
    ciq_reply_free(reply);
    return response;
}

void
cli_print(const Cli *cli, const ProtobufCMessageDescriptor *descriptor, const json_t *response)
{
    if (cli->json)
        text_print_json(response, stdout);
    else
        table_print(descriptor, response, stdout);
}
