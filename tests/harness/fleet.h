/* Several tenants and an app of the user's own, for tests of migration runs.  The app is "fleet";
 * each test writes the files that it is about.  */
#ifndef CIQ_TESTS_FLEET_H
#define CIQ_TESTS_FLEET_H

#include "harness/harness.h"

#include <sys/types.h>

typedef struct Fleet {
    TestDatabase database;
    TestServer server; /* in this process; fleet_stop and fleet_start it */
    CiqClient *platform;
    char apps[64]; /* the folder */
    bool is_copy;  /* the database is one of fleet_with */
} Fleet;

/* fleet/0001_initial: a table fleet_car, and fleet_log, into which migrations of tests write. */
extern const char fleet_initial[];

/* A database and the app with 0001 alone; no server. */
void fleet_new(Fleet *fleet);
void fleet_free(Fleet *fleet);

/* Writes <apps>/tenant/<name>.sql; name is "fleet/0002_colour".  Read at the next start of a
 * server. */
void fleet_file(const Fleet *fleet, const char *name, const char *text);

/* A server in this process, with quick retries; change may alter its settings (NULL). */
void fleet_start(Fleet *fleet, void (*change)(Config *));
void fleet_stop(Fleet *fleet);

/* cmocka's setup and teardown of a group whose tests use fleet_with: makes once what each of them
 * copies. */
int fleet_group_setup(void **state);
int fleet_group_teardown(void **state);

/* What most tests do: four tenants alpha, beta, gamma and delta with fleet/0001, then a server that
 * knows fleet/0002 as well, with one thread for migrations.  name: "fleet/0002_colour". */
void fleet_with(Fleet *fleet, const char *name, const char *text);

/* The same without a server. */
void fleet_copy(Fleet *fleet, const char *name, const char *text);

/* Lets the registry say that delta has fleet/0002 already.  A run is then not refused before it
 * begins because no new tenant could have that file, and is not about delta. */
void fleet_skip_trial(Fleet *fleet);

/* Starts a run by CreateMigrationRun's fields in JSON ("" or "\"first\": 2, …") and gives its
 * number. */
int64_t run_start(CiqClient *platform, const char *fields);

/* Waits for its end and gives GetMigrationRun's answer, good until the next call. */
const json_t *run_wait(CiqClient *platform, int64_t id);
const json_t *run_get(CiqClient *platform, int64_t id);

/* A field of the run ("run.state"), and of the item of a schema ("attempts"), good until the next
 * call. */
const char *run_field(CiqClient *platform, int64_t id, const char *field);
const char *item_field(CiqClient *platform, int64_t id, const char *schema, const char *field);

/* Waits until the field of the item has this value. */
void item_wait(CiqClient *platform, int64_t id, const char *schema, const char *field,
               const char *value);

/* Fails the test unless the run ended so. */
void assert_run(CiqClient *platform, int64_t id, const char *state, int done, int failed);

/* A server of its own process, so that it can be killed. */
typedef struct ServerProcess {
    pid_t pid;
    char url[96], log[64]; /* url is of ipc:// */
    char tcp[64];          /* the other one; "" if its log tells nothing below a warning */
} ServerProcess;

/* options: more words of the command line, ended by NULL; may be NULL.  Returns when it is ready.
 */
void process_start(ServerProcess *process, const TestDatabase *database, const char *apps,
                   const char *const *options);
void process_kill(ServerProcess *process); /* SIGKILL */
void process_stop(ServerProcess *process); /* SIGTERM, and it must end well */

/* The same as process_start, but returns at once; stderr is this descriptor, or a file if it is -1.
 */
void process_spawn(ServerProcess *process, const TestDatabase *database, const char *apps,
                   const char *const *options, int log);

/* Waits for its end and gives its exit status; fails the test, and kills it, if that does not come.
 */
int process_end(ServerProcess *process);

/* The sanitizer with which this program and the server are built, which wants to be the first
 * library that is preloaded; "" if there is none. */
const char *sanitizer_library(void);

/* How many descriptors it has open. */
size_t process_descriptors(const ServerProcess *process);

/* The local operator of that server. */
CiqClient *process_operator(const ServerProcess *process);

#endif
