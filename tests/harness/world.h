/* What most suites begin with: a database, a server and two tenants; and the same with a second
 * server.  */
#ifndef CIQ_TESTS_WORLD_H
#define CIQ_TESTS_WORLD_H

#include "harness/server.h"

/* A whole fixture: database, server, and two tenants acme and techcorp (domains acme.localhost and
 * techcorp.localhost, admins admin@same.example in both, so with the same e-mail and the same
 * numeric id), each with a client signed in as its admin, and the operator. */
typedef struct World {
    TestDatabase database;
    TestServer server;
    CiqClient *platform, *acme, *techcorp;
} World;

/* cmocka's setup and teardown of a group or a test; *state is the World.  world_up is for a setup
 * of one's own: configure, which may be NULL, alters the server's settings. */
int world_setup(void **state);
int world_up(void **state, void (*configure)(Config *config));
int world_teardown(void **state);

/* Makes a user of acme's who may do nothing but what these permissions ("a.b,c.d"), granted one by
 * one, allow; gives the number, and a client that is signed in. */
CiqClient *holder_new(World *world, const char *email, const char *permissions, int64_t *id);

/* The same with a second server on the world's database.  pair_up is for a setup of one's
 * own: configure, which may be NULL, alters the second server's settings. */
typedef struct Pair {
    World *world;
    TestServer other;
} Pair;

int pair_setup(void **state);
int pair_up(void **state, void (*configure)(Config *config));
int pair_teardown(void **state);

#endif
