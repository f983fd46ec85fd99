/* What every test with a server uses: a PostgreSQL, a database of the test's own, a server on it,
 * and the real client library.  The PostgreSQL is the one that CIQ_TEST_DATABASE names (a
 * superuser's connection string), or the run's private one, which tests/harness/postgres has
 * started.
 *
 * Failures end the test by cmocka's fail(); call only from the test's own thread.  */
#ifndef CIQ_TESTS_HARNESS_H
#define CIQ_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clientiq/client.h"
#include "proto/wire.h"
#include "server/base/config.h"
#include "server/migration/file.h"
#include "server/server.h"

#include <jansson.h>
#include <libpq-fe.h>

/* A database with logins of its own, so that no two tests meet. */
typedef struct TestDatabase {
    char name[64];
    char worker[160], owner[160], superuser[160]; /* connection strings to it */
} TestDatabase;

void database_new(TestDatabase *database);
void database_drop(TestDatabase *database); /* with its logins and roles */

/* A new superuser's connection to it; PQfinish it. */
PGconn *database_connect(const TestDatabase *database);

/* Runs a statement as the superuser, fails the test if it fails, and gives the first column of the
 * first row ("" for none), which is good until the next call. */
const char *database_value(const TestDatabase *database, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The newest of the server's own tenant migrations of an app. */
const MigrationFile *migration_newest(const char *app);

/* Undoes one in a tenant's schema as a run would, by hand, so that no test of runs rests on the
 * code it is about. */
void migration_undo(const TestDatabase *database, const char *schema, const MigrationFile *file);

/* Runs ciq-server on a database with words as a shell reads them, and gives its exit status; what
 * it printed, on either stream, goes to output (of size bytes). */
int server_command(const TestDatabase *database, char *output, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A server on a database, with inproc://, ipc:// and tcp:// (a port that the kernel picks), that
 * takes domains without a proof. */
typedef struct TestServer {
    TestDatabase *database;
    Config config;
    Server *server;
    char inproc[64], ipc[96], tcp[64];
    const char *url; /* the one that CIQ_TEST_TRANSPORT names; inproc:// without it */
} TestServer;

/* change may alter the configuration before the start; NULL: nothing to alter. */
void server_up(TestServer *server, TestDatabase *database, void (*change)(Config *));
void server_down(TestServer *server);

/* Puts another text into a setting of a configuration, which owns its texts. */
void setting_set(const char **setting, const char *value);

/* Deletes a folder with all that is in it. */
void folder_remove(const char *path);

/* A client over the chosen transport; tenant and token may be NULL. */
CiqClient *client_new(const TestServer *server, const char *tenant, const char *token);

/* A client that is the local operator: over ipc://, without token. */
CiqClient *operator_new(const TestServer *server);

/* A whole fixture: database, server, and two tenants acme and techcorp (domains acme.localhost and
 * techcorp.localhost, admins admin@same.example in both, so with the same e-mail and the same
 * numeric id), each with a client signed in as its admin, and the operator. */
typedef struct World {
    TestDatabase database;
    TestServer server;
    CiqClient *operator, * acme, *techcorp;
} World;

extern const char world_email[];    /* admin@same.example */
extern const char world_password[]; /* of both admins */

/* cmocka's setup and teardown of a group or a test; *state is the World. */
int world_setup(void **state);
int world_teardown(void **state);

/* The same with a second server on the world's database; configure, which may be NULL, is that
 * one's. */
typedef struct Pair {
    World *world;
    TestServer other;
} Pair;

int pair_up(void **state, void (*configure)(Config *config));
int pair_teardown(void **state);

/* A peer of ipc:// without nng, as nng's protocol has it: a connected socket (-1: nobody listens),
 * what a REQ socket says first, and one request with its number; gives the frame's bytes. */
extern const uint8_t ipc_greeting[8];
int ipc_connect(const char *url);
size_t ipc_frame(const Request *request, uint32_t id, uint8_t *out);

/* Creates a tenant <schema> with the domain <schema>.localhost and the admin above. */
void tenant_new(CiqClient *operator, const char * schema);

/* Creates a user and gives its number. */
int64_t user_new(CiqClient *client, const char *email, bool is_admin);

/* Signs in and gives a client with the token.  Fails the test if it cannot. */
CiqClient *sign_in(const TestServer *server, const char *tenant, const char *email,
                   const char *password);

/* Fails the test unless the error has this code (and, if text is not NULL, this text in its
 * message); frees the error. */
void assert_code(CiqError *error, Code code, const char *text);
/* Fails the test with the error's message if there is one. */
void assert_ok(CiqError *error);

/* A string constant where a message wants one of its own. */
#define TEXT(constant) ((char *) (uintptr_t) (constant))

/* One user by number; *error as with ciq_get_user. */
CiqGetUserResponse *user_get(CiqClient *client, int64_t id, CiqError **error);

/* How many users the client sees whose address or name contains search. */
size_t user_count(CiqClient *client, const char *search);

/* Any method by name with JSON in and out, as "ciq-client call" does it: call_json(client,
 * "UserService/GetUser", &error, "{\"id\": %d}", 1).  NULL: *error says why. */
json_t *call_json(CiqClient *client, const char *method, CiqError **error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, and fails the test unless it ends with this code and text (as assert_code).  CODE_OK:
 * it must succeed. */
void expect_json(CiqClient *client, const char *method, Code code, const char *text,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What stands at "users.0.email" in an answer, as text ("true", "12"), good until the next call; ""
 * if nothing does. */
const char *json_at(const json_t *json, const char *path);

/* Waits until condition(argument) is true, asking again; fails the test after 10 s. */
void wait_until(const char *what, bool (*condition)(void *argument), void *argument);

#endif
