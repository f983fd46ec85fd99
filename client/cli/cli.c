/* What the commands share: ways to end, a client, one call, printing.  */
#include "cli.h"
#include "json.h"
#include "state.h"
#include "table.h"

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

/* The server's words without what a terminal would obey. */
static void
print_safely(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char) *text < 0x20 || *text == 0x7f)
            fprintf(stderr, "\\x%02x", (unsigned char) *text);
        else
            fputc(*text, stderr);
}

void
die_error(const CiqError *error, const Method *method, const char *tenant)
{
    int code = ciq_error_code(error);

    fprintf(stderr, "ciq-client: %s: ", ciq_error_code_name(error));
    print_safely(ciq_error_message(error));
    fputc('\n', stderr);
    for (size_t i = 0; i < ciq_error_violations(error); i++) {
        fputs("  ", stderr);
        print_safely(ciq_error_violation_field(error, i));
        fputs(": ", stderr);
        print_safely(ciq_error_violation_text(error, i));
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

    if (tenant == NULL && method->scope != SCOPE_PLATFORM && method->database != DATABASE_NONE)
        tenant = state_current_tenant();
    if (tenant == NULL && method->scope == SCOPE_TENANT)
        die_usage("%s is about a tenant: give --tenant, or sign in first", method->command);
    return tenant != NULL ? tenant : "";
}

static void
print_explained(const Reply *reply)
{
    for (size_t i = 0; i < reply->n_statements; i++)
        fprintf(stderr, "%8" PRIu64 " us  %s\n", reply->statements[i]->duration_us,
                reply->statements[i]->text);
    fputs("schemas touched:", stderr);
    for (size_t i = 0; i < reply->n_schemas; i++)
        fprintf(stderr, " %s", reply->schemas[i]);
    fputc('\n', stderr);
}

ProtobufCMessage *
cli_call(const Cli *cli, CiqClient *client, const Method *method, const ProtobufCMessage *request,
         const char *tenant, const char *token, CiqError **error)
{
    Reply *reply = NULL;
    const char *kept = token == NULL && method->database != DATABASE_NONE ? state_token(tenant) : token;
    ProtobufCMessage *response = ciq_call_with(
        client, method, request,
        &(CiqCallOptions){
            .tenant = tenant, .token = kept != NULL ? kept : "", .explain = cli->explain},
        &reply, error);

    if (reply != NULL && cli->explain)
        print_explained(reply);
    ciq_reply_free(reply);
    return response;
}

void
cli_print(const Cli *cli, const ProtobufCMessage *response)
{
    if (!cli->json) {
        table_print(response, stdout);
        return;
    }

    json_t *json = json_of_message(response);

    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    fputc('\n', stdout);
    json_decref(json);
}
