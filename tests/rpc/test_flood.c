/* Floods of mail: how many somebody gets, whoever has them sent, by two servers; and that nobody's
 * requests in somebody's name take anything from them.  The mails are files here.  */
#include "harness/harness.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static char mail_folder[64];

static int
flood_setup(void **state)
{
    Pair *pair;
    Config *configs[2];

    pair_setup(state);
    pair = *state;
    configs[0] = &pair->world->server.config;
    configs[1] = &pair->other.config;
    folder_new(mail_folder);
    for (int i = 0; i < 2; i++)
        setting_set(&configs[i]->mail_dir, mail_folder);
    return 0;
}

static int
flood_teardown(void **state)
{
    pair_teardown(state);
    folder_remove(mail_folder);
    return 0;
}

/* Each test begins with nothing counted. */
static int
forget(void **state)
{
    Pair *pair = *state;

    database_value(&pair->world->database, "delete from public.core_throttle");
    database_value(&pair->world->database, "delete from public.core_mail_limit");
    return 0;
}

/* How many mails the outboxes of both tenants have, to an address or in all, for which this holds.
 */
static int
count_mails(Pair *pair, const char *recipient, const char *what)
{
    return atoi(database_value(&pair->world->database,
                               "select count(*) from (select * from acme.core_outbox union all "
                               "select * from techcorp.core_outbox) o "
                               "where recipient like '%s' and %s",
                               recipient, what));
}

typedef struct Wanted {
    Pair *pair;
    const char *recipient, *what;
    int count;
} Wanted;

static bool
have_come(void *argument)
{
    const Wanted *wanted = argument;

    return count_mails(wanted->pair, wanted->recipient, wanted->what) == wanted->count;
}

static void
wait_for_mails(Pair *pair, const char *recipient, const char *what, int count)
{
    wait_until("the mails", have_come, &(Wanted){pair, recipient, what, count});
}

/* ---- at once, on both servers ---- */

enum { AT_ONCE = 8 };

typedef struct Caller {
    pthread_t thread;
    CiqClient *client;
    const char *method;
    char json[128];
    Ends *ends;
} Caller;

static void *
call_once(void *argument)
{
    Caller *caller = argument;
    CiqError *error = NULL;

    json_decref(call_json(caller->client, caller->method, &error, "%s", caller->json));
    if (error != NULL && ciq_error_code(error) == CODE_RESOURCE_EXHAUSTED)
        assert_true(ciq_error_retry_after_ms(error) > 3000 * 1000);
    ends_add(caller->ends, error);
    return NULL;
}

static void
call_at_once(Pair *pair, const char *token, const char *method, const char *json, Ends *ends)
{
    Caller callers[AT_ONCE];

    for (int i = 0; i < AT_ONCE; i++) {
        callers[i] = (Caller){
            .client = client_new(i % 2 == 0 ? &pair->world->server : &pair->other, "acme", token),
            .method = method,
            .ends = ends};
        snprintf(callers[i].json, sizeof callers[i].json, "%s", json);
    }
    for (int i = 0; i < AT_ONCE; i++)
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_once, &callers[i]), 0);
    for (int i = 0; i < AT_ONCE; i++) {
        pthread_join(callers[i].thread, NULL);
        ciq_client_free(callers[i].client);
    }
}

/* ---- resets ---- */

static void
test_flood__of_resets_at_once(void **state)
{
    Pair *pair = *state;
    Ends ends = {0};

    pair->world->server.config.reset_per_account = pair->other.config.reset_per_account = 1;
    user_new(pair->world->acme, "once@flood.example", false);
    user_new(pair->world->techcorp, "once@flood.example", false);
    for (int i = 0; i < 2; i++)
        call_at_once(pair, NULL, "UserService/RequestPasswordReset",
                     "{\"email\": \"Once@flood.example\"}", &ends);
    assert_int_equal(ends.codes[CODE_OK], 2 * AT_ONCE);
    assert_int_equal(count_mails(pair, "once@flood.example", "template = 'reset'"), 1);
    pair->world->server.config.reset_per_account = pair->other.config.reset_per_account = 3;
}

/* ---- invitations ---- */

static void
test_flood__of_invitations_at_once(void **state)
{
    Pair *pair = *state;
    CiqError *error = NULL;
    Ends ends = {0};
    char token[TOKEN_SIZE], json[64];
    json_t *made = call_json(pair->world->acme, "UserService/InviteUser", &error,
                             "{\"user\": {\"email\": \"gu.est@flood.example\"}}");

    assert_ok(error);
    token_new(&pair->world->server, "acme", world_email, token);
    snprintf(json, sizeof json, "{\"id\": %s}", json_at(made, "user.id"));
    call_at_once(pair, token, "UserService/ReinviteUser", json, &ends);
    assert_int_equal(ends.codes[CODE_OK], 4);
    assert_int_equal(ends.codes[CODE_RESOURCE_EXHAUSTED], AT_ONCE - 4);
    assert_int_equal(count_mails(pair, "gu.est@flood.example", "true"), 5);

    /* another spelling is the same mailbox, and nothing is left of who was not invited */
    expect_json(pair->world->acme, "UserService/InviteUser", CODE_RESOURCE_EXHAUSTED,
                "too many invitations to this address: 5 in an hour are allowed",
                "{\"user\": {\"email\": \"Guest+more@FLOOD.example\"}}");
    assert_int_equal(user_count(pair->world->acme, "guest+more"), 0);
    expect_json(pair->world->acme, "UserService/DeleteUser", CODE_OK, NULL, "%s", json);
    expect_json(pair->world->acme, "UserService/InviteUser", CODE_RESOURCE_EXHAUSTED, NULL,
                "{\"user\": {\"email\": \"gu.est@flood.example\"}}");
    /* others are others, and an hour ends */
    expect_json(pair->world->acme, "UserService/InviteUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"guests@flood.example\"}}");
    database_value(&pair->world->database,
                   "update acme.core_outbox set create_time = create_time - interval '1 hour'");
    expect_json(pair->world->acme, "UserService/InviteUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"gu.est@flood.example\"}}");
    json_decref(made);
}

/* ---- of all tenants together ---- */

/* Half of what a mailbox gets is kept for what its owner asks for; what is too much waits, and is
 * not lost. */
static void
test_flood__of_all_tenants_together(void **state)
{
    static const char waits[] = "sent_time is null and attempts = 0 and next_time > now() and "
                                "last_error = 'waits: too many mails to this address'";
    Pair *pair = *state;
    World *world = pair->world;
    CiqClient *stranger = client_new(&pair->other, "acme", NULL);

    world->server.config.mails_per_address = pair->other.config.mails_per_address = 4;
    expect_json(world->acme, "UserService/InviteUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"all@flood.example\"}}");
    expect_json(world->techcorp, "UserService/InviteUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"all+x@flood.example\"}}");
    wait_for_mails(pair, "all%@flood.example", "sent_time is not null", 2);
    expect_json(world->techcorp, "UserService/InviteUser", CODE_OK, NULL,
                "{\"user\": {\"email\": \"a.l.l@flood.example\"}}");
    wait_for_mails(pair, "a.l.l@flood.example", waits, 1);

    /* trying again does not help */
    expect_json(world->techcorp, "UserService/RetryMail", CODE_OK, NULL, "{\"id\": %s}",
                database_value(&world->database, "select id from techcorp.core_outbox "
                                                 "where recipient = 'a.l.l@flood.example'"));
    wait_for_mails(pair, "a.l.l@flood.example", waits, 1);

    /* and does not keep the owner out: twice, in both tenants */
    for (int i = 0; i < 2; i++) {
        ciq_client_set_tenant(stranger, i == 0 ? "acme" : "techcorp");
        expect_json(stranger, "UserService/RequestPasswordReset", CODE_OK, NULL,
                    "{\"email\": \"%s@flood.example\"}", i == 0 ? "all" : "all+x");
        wait_for_mails(pair, "all%@flood.example", "sent_time is not null and template = 'reset'",
                       i + 1);
    }
    assert_int_equal(count_mails(pair, "%",
                                 "sent_time is not null and recipient like 'a%l%@%' "
                                 "and create_time > now() - interval '30 minutes'"),
                     4);

    /* the fifth waits too; nobody is told, and nothing more is queued for it */
    for (int i = 0; i < 3; i++) {
        expect_json(stranger, "UserService/RequestPasswordReset", CODE_OK, NULL,
                    "{\"email\": \"a.l.l@flood.example\"}");
        wait_for_mails(pair, "a.l.l@flood.example", waits, 2);
    }
    database_value(&world->database, "update public.core_mail_limit set paid_time = now()");
    expect_json(world->platform, "TenantService/RetryTenantMails", CODE_OK, NULL,
                "{\"schema_name\": \"techcorp\"}");
    wait_for_mails(pair, "a.l.l@flood.example", "sent_time is not null", 2);
    world->server.config.mails_per_address = pair->other.config.mails_per_address = 20;
    ciq_client_free(stranger);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_flood__of_resets_at_once, forget),
        cmocka_unit_test_setup(test_flood__of_invitations_at_once, forget),
        cmocka_unit_test_setup(test_flood__of_all_tenants_together, forget),
    };

    return run_cases(tests, flood_setup, flood_teardown);
}
