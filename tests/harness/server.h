/* A server in the test's process, clients of it, and ciq-server's other commands.  */
#ifndef CIQ_TESTS_SERVER_H
#define CIQ_TESTS_SERVER_H

#include "clientiq/client.h"
#include "harness/database.h"
#include "server/base/config.h"
#include "server/server.h"

/* A server on a database, with ipc:// and tcp:// (a port that the kernel picks), that takes domains
 * without a proof. */
typedef struct TestServer {
    TestDatabase *database;
    Config config;
    Server *server;
    char ipc[96], tcp[64];
    const char *url; /* the one that CIQ_TEST_TRANSPORT names; ipc:// without it */
} TestServer;

/* change may alter the configuration before the start; NULL: nothing to alter. */
void server_up(TestServer *server, TestDatabase *database, void (*change)(Config *));
void server_down(TestServer *server);

/* The defaults, without HTTP, which listens on fixed ports. */
void settings_begin(Config *config);

/* Puts another text into a setting of a configuration, which owns its texts. */
void setting_set(const char **setting, const char *value);

/* Runs ciq-server on a database with words as a shell reads them, and gives its exit status; what
 * it printed, on either stream, goes to output (of size bytes). */
int server_command(const TestDatabase *database, char *output, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A client over the chosen transport; tenant and token may be NULL. */
CiqClient *client_new(const TestServer *server, const char *tenant, const char *token);

/* A client that is the local operator: over ipc://, without token. */
CiqClient *operator_new(const TestServer *server);

#endif
