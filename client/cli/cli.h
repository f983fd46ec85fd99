/* What all commands of ciq-client share: their options, and how they make a call and print what it
 * returned.  Data go to stdout, all else to stderr.  */
#ifndef CIQ_CLI_CLI_H
#define CIQ_CLI_CLI_H

#include "client/call.h"

#include <jansson.h>
#include <stdio.h>

typedef struct Cli {
    const char *url;            /* the servers; main fills it in if no option did */
    const char *ca_file;        /* NULL: as the library has it */
    const char *tenant;         /* from the command line or CIQ_TENANT; NULL: from neither */
    bool tenant_is_environment; /* it is from CIQ_TENANT, which calls to the platform ignore */
    const char *token;          /* from --token-file; NULL: the kept one counts */
    const char *password_file;  /* NULL: none */
    uint32_t timeout_ms;        /* 0: as the library has it */
    bool json, explain, all, help, version;
    bool password_stdin, password_prompt, password_kept;
    int words_count; /* the command's, and those behind it that are no options */
    char **words;
} Cli;

/* A client for one or more calls.  Ends the program if it cannot be opened. */
CiqClient *cli_client(const Cli *cli);

/* The tenant to call a method on: that of the options, or else the one signed in to last; "" is the
 * platform.  Ends the program if a tenant is needed and none is known. */
const char *cli_tenant(const Cli *cli, const Method *method);

/* Makes one call.  token NULL: that of --token-file, or else the one kept for the tenant.  With
 * --explain it prints the statements that ran. */
ProtobufCMessage *cli_call(const Cli *cli, CiqClient *client, const Method *method,
                           const ProtobufCMessage *request, const char *tenant, const char *token,
                           CiqError **error);

/* Prints a response that json_of_message made, as a table or as JSON. */
void cli_print(const Cli *cli, const ProtobufCMessageDescriptor *descriptor,
               const json_t *response);

/* The method of this name: "UserService/GetUser", "UserService.GetUser", "GetUser" or the full one.
 * NULL: there is none. */
const Method *method_by_name(const char *name);

#endif
