/* A trial also writes what the server itself writes, as the role of a tenant: what would let nobody
 * be made, or sign in, is refused before any tenant has it.  And it finds what a database can have
 * only once.  */
#include "harness/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Try {
    const char *up, *text; /* text: with which it is refused; NULL: it is applied */
} Try;

static const Try tries[] = {
    {"alter table users_customuser add column centre text; update users_customuser set centre = "
     "'0'; alter table users_customuser alter column centre set not null;",
     "must allow null or have a default"},
    {"alter table users_customuser add column centre text not null default '0';", NULL},
    {"alter table core_session add column centre text; delete from core_session; alter table "
     "core_session alter column centre set not null;",
     "relation \"core_session\" violates not-null constraint"},
    {"alter table core_audit add column centre text; alter table core_audit add check (centre is "
     "not null) not valid;",
     "when the server writes to a new tenant's tables"},
    {"alter table core_idempotency add column centre text; delete from core_idempotency; alter "
     "table core_idempotency alter column centre set not null;",
     "core_idempotency"},
    {"create domain fleet_must as text not null; alter table auth_group add column centre text; "
     "update auth_group set centre = ''; alter table auth_group alter column centre type fleet_must;",
     "fleet_must does not allow null values"},
    {"alter table users_token add column centre text; alter table users_token alter column centre "
     "set not null;",
     "users_token"},
    /* nobody may run it, so nobody could sign in */
    {"create function fleet_fits(text) returns boolean language sql immutable security definer as "
     "'select true'; alter table users_customuser add check (fleet_fits(email));",
     "none that is security definer"},
    {"create function fleet_never() returns trigger language plpgsql as $$ begin raise exception "
     "'never %', tg_op; end $$; create trigger fleet_never before insert on core_audit for each row "
     "execute function fleet_never();",
     "never INSERT"},
    /* a rule about what people choose is the app's own matter */
    {"create function fleet_team() returns trigger language plpgsql as $$ begin if new.name not in "
     "('Tenant Admins', 'Drivers') then raise exception 'no team %', new.name; end if; return new; "
     "end $$; create trigger fleet_team before insert on auth_group for each row execute function "
     "fleet_team(); alter table users_customuser add check (is_admin or job_title = 'Driver') not "
     "valid;",
     NULL},
    {"create extension pg_trgm;", "--extension-schemas"},
    {"do $$ begin create extension if not exists citext; end $$;", "the database has it only once"},
};

static void
test_trial__writes_what_the_server_writes(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        const Try *row = &tries[i];
        char file[2048];
        Fleet fleet;

        snprintf(file, sizeof file, "-- migrate:up\n%s\n-- migrate:down\n", row->up);
        fleet_copy(&fleet, "fleet/0002_try", file);
        fleet_start(&fleet, NULL);
        print_message("%s\n", row->up);
        if (row->text == NULL) {
            int64_t id = run_start(fleet.platform, "");

            assert_run(fleet.platform, id, "DONE", 4, 0);
            tenant_new(fleet.platform, "omega");
        } else {
            expect_json(fleet.platform, "MigrationService/CreateMigrationRun",
                        CODE_FAILED_PRECONDITION, "nothing was applied", "{}");
            expect_json(fleet.platform, "MigrationService/CreateMigrationRun",
                        CODE_FAILED_PRECONDITION, row->text, "{}");
            assert_value(
                &fleet.database, "0",
                "select count(*) from public.tenants_tenant where heads ->> 'fleet' = '2'");
        }
        fleet_free(&fleet);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trial__writes_what_the_server_writes),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
