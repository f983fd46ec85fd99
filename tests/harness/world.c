/* What most suites begin with; see world.h.  */
#include "harness/world.h"

#include "harness/cases.h"
#include "harness/people.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
world_up(void **state, void (*configure)(Config *config))
{
    World *world = calloc(1, sizeof *world);

    assert_non_null(world);
    database_new(&world->database);
    server_up(&world->server, &world->database, configure);
    world->platform = operator_new(&world->server);
    tenant_new(world->platform, "acme");
    tenant_new(world->platform, "techcorp");
    world->acme = sign_in(&world->server, "acme.localhost", world_email, world_password);
    world->techcorp = sign_in(&world->server, "techcorp", world_email, world_password);
    *state = world;
    return 0;
}

int
world_setup(void **state)
{
    return world_up(state, NULL);
}

int
world_teardown(void **state)
{
    World *world = *state;

    ciq_client_free(world->platform);
    ciq_client_free(world->acme);
    ciq_client_free(world->techcorp);
    server_down(&world->server);
    database_drop(&world->database);
    free(world);
    return 0;
}

CiqClient *
holder_new(World *world, const char *email, const char *permissions, int64_t *id)
{
    char copy[512], *rest;

    *id = user_new(world->acme, email, false);
    assert_true(snprintf(copy, sizeof copy, "%s", permissions) < (int) sizeof copy);
    for (char *name = strtok_r(copy, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest))
        expect_json(world->acme, "UserService/GrantPermission", CODE_OK, NULL,
                    "{\"user_id\": %" PRId64 ", \"permission\": \"%s\"}", *id, name);
    return sign_in(&world->server, "acme", email, world_password);
}

int
pair_up(void **state, void (*configure)(Config *config))
{
    Pair *pair = calloc(1, sizeof *pair);
    void *world;

    assert_non_null(pair);
    world_setup(&world);
    pair->world = world;
    server_up(&pair->other, &pair->world->database, configure);
    *state = pair;
    return 0;
}

int
pair_setup(void **state)
{
    return pair_up(state, NULL);
}

int
pair_teardown(void **state)
{
    Pair *pair = *state;
    void *world = pair->world;

    server_down(&pair->other);
    world_teardown(&world);
    free(pair);
    return 0;
}
