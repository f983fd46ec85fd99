/* What all of ciq-client's files share: the options that stand before or after any command,
 * and one call.  Data go to stdout, all else to stderr.  */
#ifndef CIQ_CLI_CLI_H
#define CIQ_CLI_CLI_H

#include "client/call.h"

#include <jansson.h>
#include <stdio.h>

typedef struct Cli {
    const char *url;            /* NULL: the library's choice */
    const char *tenant;         /* said on the command line or in CIQ_TENANT; NULL: not said */
    bool tenant_is_environment; /* CIQ_TENANT: not meant for what belongs to the platform */
    const char *token;          /* of --token-file; NULL: the one that is kept */
    const char *password_file;  /* NULL: none */
    uint32_t timeout_ms;        /* 0: the library's */
    bool json, explain, all, help, version;
    bool password_stdin, password_prompt, password_kept;
    int words_count; /* the command and its own arguments */
    char **words;
} Cli;

/* A client for one call or several.  Ends the program if there can be none. */
CiqClient *cli_client(const Cli *cli);

/* The tenant that a method is called on: the one that was said; else, for what belongs to a tenant,
 * the one of the last login; else "". */
const char *cli_tenant(const Cli *cli, const Method *method);

/* One call with the token given; NULL: that of --token-file, or the one kept for the tenant. Prints
 * --explain's lines. */
ProtobufCMessage *cli_call(const Cli *cli, CiqClient *client, const Method *method,
                           const ProtobufCMessage *request, const char *tenant, const char *token,
                           CiqError **error);

/* Prints a response, as json_of_message made it, as table or JSON. */
void cli_print(const Cli *cli, const ProtobufCMessageDescriptor *descriptor,
               const json_t *response);

/* The method of this name: "UserService/GetUser", "UserService.GetUser", "GetUser" or the full one.
 * NULL: there is none. */
const Method *method_by_name(const char *name);

#endif
