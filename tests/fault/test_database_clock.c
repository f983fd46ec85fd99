/* The database's calendar is set back: what is put off until a time that it will reach much later
 * is not put off that long.  Here the times that are stored go forward instead, while no server
 * runs. */
#include "harness/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static char folder[64];

static const char colour[] = "-- migrate:up\n"
                             "alter table fleet_car add column colour text;\n"
                             "-- migrate:down\n"
                             "alter table fleet_car drop column colour;\n";

static void
configure(Config *config)
{
    config->migration_lock_timeout_ms = 20;
    config->migration_attempts = 1000;
    setting_set(&config->mail_dir, folder);
    setting_set(&config->verify_domains, "on");
    setting_set(&config->dns_server, "127.0.0.1:1");
    config->dns_timeout_ms = 100;
}

static int
setup(void **state)
{
    static Fleet fleet;

    folder_new(folder);
    fleet_copy(&fleet, "fleet/0002_colour", colour);
    fleet_start(&fleet, configure);
    *state = &fleet;
    return 0;
}

static int
teardown(void **state)
{
    fleet_free(*state);
    folder_remove(folder);
    return 0;
}

static void
test_clock_back__runs_go_on(void **state)
{
    Fleet *fleet = *state;
    PGconn *holder = database_hold(&fleet->database, "lock table alpha.fleet_car");
    int64_t id = run_start(fleet->platform, "");

    wait_for_value(&fleet->database, "t",
                   "select attempts > 1 from public.migration_item where schema_name = 'alpha'");
    fleet_stop(fleet);
    database_release(holder);
    database_value(&fleet->database,
                   "update public.migration_item set retry_time = retry_time + interval '1 hour'");
    fleet_start(fleet, configure);
    assert_run(fleet->platform, id, "DONE", 4, 0);
}

static void
test_clock_back__mails_are_sent(void **state)
{
    Fleet *fleet = *state;

    fleet_stop(fleet);
    database_value(
        &fleet->database,
        "insert into alpha.core_outbox (template, recipient, user_id, next_time, attempts) "
        "select 'reset', u.email, u.id, now() + n.wait, n.attempts "
        "from alpha.users_customuser u, (values (interval '1 hour', 0), "
        "(interval '3 days', 2)) n (wait, attempts) where u.id = 1");
    fleet_start(fleet, configure);
    wait_for_value(&fleet->database, "2",
                   "select count(*) from alpha.core_outbox where template = 'reset' and "
                   "sent_time is not null");
}

static void
test_clock_back__tenants_are_swept(void **state)
{
    Fleet *fleet = *state;

    fleet_stop(fleet);
    database_value(&fleet->database,
                   "insert into beta.core_idempotency (key, request_hash, create_time) "
                   "values ('\\x01', '\\x01', now() - interval '25 hours')");
    database_value(&fleet->database,
                   "update public.tenants_tenant set sweep_time = now() + interval '1 hour'");
    fleet_start(fleet, configure);
    wait_for_value(&fleet->database, "0", "select count(*) from beta.core_idempotency");
}

static void
test_clock_back__domains_are_proved(void **state)
{
    Fleet *fleet = *state;

    expect_json(fleet->platform, "TenantService/AddDomain", CODE_OK, NULL,
                "{\"domain\": {\"schema_name\": \"alpha\", \"domain\": \"app.example.com\"}}");
    wait_for_value(&fleet->database, "1",
                   "select count(*) from public.tenants_domain where check_time is not null");
    fleet_stop(fleet);
    database_value(&fleet->database,
                   "update public.tenants_domain set next_time = next_time + interval '1 hour', "
                   "check_time = check_time + interval '1 hour', "
                   "claim_time = claim_time + interval '1 hour' where check_time is not null");
    fleet_start(fleet, configure);
    wait_for_value(&fleet->database, "1",
                   "select count(*) from public.tenants_domain where check_time <= now() and "
                   "next_time < now() + interval '30 minutes' and claim_time <= now()");
}

#define CLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CLOCK_TEST(test_clock_back__runs_go_on),
        CLOCK_TEST(test_clock_back__mails_are_sent),
        CLOCK_TEST(test_clock_back__tenants_are_swept),
        CLOCK_TEST(test_clock_back__domains_are_proved),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
