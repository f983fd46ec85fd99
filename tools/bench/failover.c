/* What a hung server of three costs those who call: writes in flight all the time over one client
 * that names all three; first in calm, then from the moment in which one of them is stopped
 * (SIGSTOP), then when it runs again.  Prints how many writes succeeded in each window, and those
 * of the second and third as ratios to the first.
 *
 * Called by tools/bench/failover with the URLs and the process to be stopped. */
#include "client/call.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WINDOW_S = 10, IN_FLIGHT_MAX = 1024 };

static const char email[] = "admin@bench.example", password[] = "correct horse battery";

typedef struct Load {
    CiqClient *client;
    _Atomic unsigned long done, failed;
    _Atomic unsigned number;
    _Atomic int running;
    _Atomic bool stop;
} Load;

static void
must(const void *answer, CiqError *error)
{
    if (answer != NULL)
        return;
    fprintf(stderr, "failover: %s\n", ciq_error_message(error));
    exit(1);
}

/* A tenant, and a client that is signed in as its admin. */
static CiqClient *
make_tenant(const char *urls)
{
    CiqError *error = NULL;
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest create = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = urls}, &error);

    must(client, error);
    tenant.name = tenant.schema_name = (char *) (uintptr_t) "failover";
    tenant.plan = CLIENTIQ__V1__PLAN__PLAN_ENTERPRISE;
    create.tenant = &tenant;
    create.domain = (char *) (uintptr_t) "failover.localhost";
    create.admin_email = login.email = (char *) (uintptr_t) email;
    create.admin_password = login.password = (char *) (uintptr_t) password;

    CiqCreateTenantResponse *created = ciq_create_tenant(client, &create, &error);

    must(created, error);
    ciq_create_tenant_response_free(created);
    ciq_client_set_tenant(client, "failover");

    CiqLoginResponse *session = ciq_login(client, &login, &error);

    must(session, error);
    ciq_client_set_token(client, session->token);
    ciq_login_response_free(session);
    return client;
}

static void ended(void *argument, CiqCreateUserResponse *response, CiqError *error);

static void
begin(Load *load)
{
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    char address[64];

    snprintf(address, sizeof address, "u%u@bench.example", atomic_fetch_add(&load->number, 1));
    user.email = address;
    request.user = &user;
    ciq_create_user_async(load->client, &request, &(CiqCallOptions){.timeout_ms = 10000}, ended,
                          load);
}

static void
ended(void *argument, CiqCreateUserResponse *response, CiqError *error)
{
    Load *load = argument;

    atomic_fetch_add(error == NULL ? &load->done : &load->failed, 1);
    ciq_error_free(error);
    ciq_create_user_response_free(response);
    if (load->stop)
        atomic_fetch_sub(&load->running, 1);
    else
        begin(load);
}

static double
window(Load *load)
{
    unsigned long before = load->done;

    nanosleep(&(struct timespec){.tv_sec = WINDOW_S}, NULL);
    return (double) (load->done - before) / WINDOW_S;
}

int
main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: failover URLS PID IN_FLIGHT (by tools/bench/failover)\n", stderr);
        return 2;
    }

    int in_flight = atoi(argv[3]);
    pid_t pid = (pid_t) atoi(argv[2]);
    Load load = {.client = make_tenant(argv[1])};

    if (in_flight < 1 || in_flight > IN_FLIGHT_MAX)
        in_flight = IN_FLIGHT_MAX;
    load.running = in_flight;
    for (int i = 0; i < in_flight; i++)
        begin(&load);
    nanosleep(&(struct timespec){.tv_sec = 2}, NULL); /* until all is warm */

    double calm = window(&load);

    kill(pid, SIGSTOP);

    double stopped = window(&load);

    kill(pid, SIGCONT);

    double again = window(&load);

    load.stop = true;
    while (load.running > 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    puts("| what | ours | baseline | unit | ratio |\n|---|---|---|---|---|");
    printf(
        "| writes, %d in flight, one of three servers stopped | %.0f | %.0f | calls/s | %.2f |\n",
        in_flight, stopped, calm, stopped / calm);
    printf("| the same when it runs again | %.0f | %.0f | calls/s | %.2f |\n", again, calm,
           again / calm);
    printf("\n%lu writes failed\n", load.failed);
    ciq_client_free(load.client);
    return load.failed == 0 ? 0 : 1;
}
