/* domain hosts: lines for /etc/hosts, by which a machine finds the development domains.  */
#include "client/cli/hosts.h"
#include "client/cli/exit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_SIZE = 1000 };

static bool
is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

int
command_hosts(Cli *cli)
{
    const Method *method = method_by_name("TenantService/ListDomains");
    const char *address = cli->words_count > 2 ? cli->words[2] : "127.0.0.1";
    CiqListDomainsRequest request = CLIENTIQ__V1__LIST_DOMAINS_REQUEST__INIT;
    CiqClient *client;
    char token[512] = "";

    if (cli->words_count > 3 || !is_address(address))
        die_usage("domain hosts takes one IP address, or none for 127.0.0.1");
    client = cli_client(cli);
    request.kind = CLIENTIQ__V1__DOMAIN_KIND__DOMAIN_KIND_DEVELOPMENT;
    request.page_size = PAGE_SIZE;
    do {
        CiqError *error = NULL;

        request.page_token = token;
        CiqListDomainsResponse *page = (CiqListDomainsResponse *) cli_call(
            cli, client, method, &request.base, "", NULL, &error);

        if (error != NULL)
            die_error(error, method, "");
        for (size_t i = 0; i < page->n_domains; i++)
            printf("%s %s\n", address, page->domains[i]->domain);
        snprintf(token, sizeof token, "%s", page->next_page_token);
        ciq_list_domains_response_free(page);
    } while (token[0] != '\0');
    ciq_client_free(client);
    return 0;
}
