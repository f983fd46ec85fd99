/* Servers in the test's process, and clients of them; see server.h.  */
#include "harness/server.h"

#include "harness/cases.h"
#include "harness/expect.h"

#include <nng/nng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What was closed is freed by a thread of nng's, which may not have come to it when the test ends.
 */
__attribute__((constructor)) static void
finish_nng_at_exit(void)
{
    atexit(nng_fini);
}

/* Of servers that are processes: many run at once, and only suites about HTTP need it. */
__attribute__((constructor)) static void
leave_http_out(void)
{
    setenv("CIQ_HTTP", "", 0);
    setenv("CIQ_HTTP_ADMIN", "", 0);
}

int
server_command(const TestDatabase *database, char *output, size_t size, const char *format, ...)
{
    char words[1024], line[2048];
    va_list arguments;
    size_t got;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    /* freed memory is given back soon, so that the program's own peak is measured, and not the
     * sanitizer's */
    int length = snprintf(line, sizeof line,
                          "export CIQ_DATABASE='%s' CIQ_DATABASE_OWNER='%s' CIQ_ROLE_BLOCK=16 "
                          "ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64; "
                          "{ " CIQ_BIN_DIR "/ciq-server %s; } 2>&1",
                          database->worker, database->owner, words);

    assert_true(length > 0 && (size_t) length < sizeof line);
    FILE *stream = popen(line, "r");

    if (stream == NULL)
        fail_msg("cannot run %s", line);
    got = fread(output, 1, size - 1, stream);
    output[got] = '\0';
    while (fgetc(stream) != EOF)
        ;

    int status = pclose(stream);

    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
setting_set(const char **setting, const char *value)
{
    free((void *) (uintptr_t) *setting);
    *setting = strdup(value);
}

void
settings_begin(Config *config)
{
    config_defaults(config);
    setting_set(&config->http, "");
    setting_set(&config->http_admin, "");
}

void
server_up(TestServer *server, TestDatabase *database, void (*change)(Config *))
{
    static int number;
    const char *transport = getenv("CIQ_TEST_TRANSPORT"), *named = getenv("CIQ_TEST_NAMED");
    char urls[256];

    server->database = database;
    number++;
    snprintf(server->ipc, sizeof server->ipc, "ipc:///tmp/ciq-test-%ld-%d.sock", (long) getpid(),
             number);
    snprintf(urls, sizeof urls, "%s,tcp://127.0.0.1:0", server->ipc);

    settings_begin(&server->config);
    setting_set(&server->config.listen, urls);
    setting_set(&server->config.database, database->worker);
    setting_set(&server->config.database_owner, database->owner);
    /* suites about proofs of ownership turn this on */
    setting_set(&server->config.verify_domains, "off");
    if (named != NULL)
        setting_set(&server->config.named_statements, named);
    server->config.workers = 4;
    server->config.password_workers = 2;
    server->config.owner_workers = 2;
    server->config.role_block = 16;
    server->config.queue_calls = 256;
    server->config.drain_ms = 5000;
    if (change != NULL)
        change(&server->config);
    server->server = server_start(&server->config);
    if (server->server == NULL)
        fail_msg("the server does not start; its log says why");
    if (!server_url(server->server, "tcp", server->tcp, sizeof server->tcp))
        fail_msg("the server has no tcp:// URL");
    server->url = transport != NULL && strcmp(transport, "tcp") == 0 ? server->tcp : server->ipc;
}

void
server_down(TestServer *server)
{
    server_stop(server->server);
    server->server = NULL;
    config_free(&server->config);
    unlink(server->ipc + strlen("ipc://"));
}

static CiqClient *
client_on(const char *url, const char *tenant, const char *token)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = url, .tenant = tenant, .token = token, .timeout_ms = 20000}, &error);

    assert_ok(error);
    assert_non_null(client);
    return client;
}

CiqClient *
client_new(const TestServer *server, const char *tenant, const char *token)
{
    return client_on(server->url, tenant, token);
}

CiqClient *
operator_new(const TestServer *server)
{
    return client_on(server->ipc, NULL, NULL);
}
