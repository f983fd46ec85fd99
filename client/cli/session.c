/* login and logout, and the tokens that are kept between two runs. */
#include "client/cli/session.h"
#include "client/cli/exit.h"
#include "client/cli/secret.h"
#include "client/cli/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
command_login(Cli *cli)
{
    const Method *method = method_by_name("UserService/Login");
    const char *tenant = cli->tenant != NULL ? cli->tenant : "";
    const char *kept = NULL;
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqError *error = NULL;
    CiqClient *client;

    if (cli->words_count != 2)
        die_usage("login needs an e-mail address: ciq-client --tenant acme.localhost login "
                  "admin@acme.com");
    request.email = cli->words[1];
    if (cli->password_kept && (kept = state_password(tenant, request.email)) == NULL)
        die("no password of %s is kept in %s", request.email, state_path("passwords"));
    request.password = kept != NULL ? strdup(kept) : secret_get(cli, "password", true);
    client = cli_client(cli);

    CiqLoginResponse *response =
        (CiqLoginResponse *) cli_call(cli, client, method, &request.base, tenant, "", &error);

    if (error != NULL)
        die_error(error, NULL, tenant);
    state_keep_token(tenant, response->token);
    fprintf(stderr, "signed in as %s %s%s\n", request.email,
            tenant[0] != '\0' ? "on " : "on the platform", tenant);
    ciq_login_response_free(response);
    ciq_client_free(client);
    free(request.password);
    return 0;
}

int
command_logout(Cli *cli)
{
    const Method *method = method_by_name("UserService/Logout");
    const char *tenant = cli_tenant(cli, method);
    CiqLogoutRequest request = CLIENTIQ__V1__LOGOUT_REQUEST__INIT;
    CiqError *error = NULL;
    CiqClient *client;

    if (cli->token == NULL && state_token(tenant) == NULL)
        die("nobody is signed in %s%s", tenant[0] != '\0' ? "on " : "on the platform", tenant);
    client = cli_client(cli);
    ciq_logout_response_free(
        (CiqLogoutResponse *) cli_call(cli, client, method, &request.base, tenant, NULL, &error));
    /* a session that had ended already is no failure */
    if (error != NULL && ciq_error_code(error) != CODE_UNAUTHENTICATED)
        die_error(error, method, tenant);
    ciq_error_free(error);
    if (cli->token == NULL)
        state_keep_token(tenant, NULL);
    ciq_client_free(client);
    return 0;
}

/* The token is kept as login keeps one, so that it need not be shown. */
void
session_keep(const Cli *cli, const Method *method, json_t *response)
{
    const char *schema = json_string_value(json_object_get(response, "schema_name"));

    if (strcmp(method->rpc, "ActAs") == 0 && !cli->json) {
        state_keep_token(schema, json_string_value(json_object_get(response, "token")));
        json_object_del(response, "token");
        fprintf(stderr, "acting in %s; to end it: ciq-client tenant end-act-as --schema-name %s\n",
                schema, schema);
    } else if (strcmp(method->rpc, "EndActAs") == 0) {
        const char *token = state_token(schema);

        if (token != NULL && strncmp(token, "ciq_a_", 6) == 0)
            state_keep_token(schema, NULL);
    }
}
