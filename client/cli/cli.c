/* What the commands share: a client, a method by its name, one call, and printing what it returned.
 */
#include "client/cli/cli.h"
#include "client/cli/exit.h"
#include "client/cli/json.h"
#include "client/cli/state.h"
#include "client/cli/table.h"
#include "client/cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const Method *
method_by_name(const char *name)
{
    for (size_t i = 0; i < methods_count; i++) {
        char slash[160], dot[160];

        snprintf(slash, sizeof slash, "%s/%s", methods[i].service, methods[i].rpc);
        snprintf(dot, sizeof dot, "%s.%s", methods[i].service, methods[i].rpc);
        if (strcmp(name, methods[i].name) == 0 || strcmp(name, slash) == 0 ||
            strcmp(name, dot) == 0 || strcmp(name, methods[i].rpc) == 0)
            return &methods[i];
    }
    return NULL;
}

CiqClient *
cli_client(const Cli *cli)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = cli->url, .ca_file = cli->ca_file, .timeout_ms = cli->timeout_ms},
        &error);

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
        die_usage("%s is a call to a tenant: give --tenant, or sign in first", method->command);
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

    ProtobufCMessage *response =
        ciq_call_reply(client, method, request,
                       &(CiqCallOptions){.tenant = tenant, .token = kept != NULL ? kept : ""},
                       cli->explain, &reply, error);

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
