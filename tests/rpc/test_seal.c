/* The sealed audit against somebody who can write anything to the database but has no key: what
 * they change, delete, swap or cut off is found, and the first bad event is named.  Each tampering
 * is undone, so that the next one is found for itself.  */
#include "harness/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char key_path[64];

static void
with_key(Config *config)
{
    setting_set(&config->audit_key_file, key_path);
    config->audit_seal_s = 1;
}

static int
seal_setup(void **state)
{
    FILE *file;

    snprintf(key_path, sizeof key_path, "/tmp/ciq-seal-%ld", (long) getpid());
    file = fopen(key_path, "w");
    assert_non_null(file);
    fputs("a key for the tests, 32 bytes or more of it", file);
    fclose(file);
    return world_up(state, with_key);
}

static int
seal_teardown(void **state)
{
    unlink(key_path);
    return world_teardown(state);
}

static void
wait_sealed(World *world, const char *schema)
{
    wait_for_value(
        &world->database, "t",
        "select coalesce((select total from public.audit_anchor where tenant_id = "
        "coalesce((select id from public.tenants_tenant where schema_name = '%s'), 0)), 0) "
        "= (select count(*) from %s.core_audit)",
        schema, schema);
}

static void
write_some(CiqClient *client, int count)
{
    for (int i = 0; i < count; i++)
        expect_json(client, "UserService/UpdateMe", CODE_OK, NULL,
                    "{\"profile\": {\"first_name\": \"N%d\"}, \"update_mask\": \"first_name\"}", i);
}

static void
assert_intact(CiqClient *client)
{
    expect_json(client, "UserService/VerifyAudit", CODE_OK, NULL, "{}");
}

/* The second, third and last sealed event of acme. */
typedef struct Events {
    long long second, third, last;
} Events;

static Events
events_of(World *world)
{
    Events events = {0};

    write_some(world->acme, 5);
    wait_sealed(world, "acme");
    events.second =
        strtoll(database_value(&world->database, "select id from acme.core_audit order by id "
                                                 "offset 1 limit 1"),
                NULL, 10);
    events.third =
        strtoll(database_value(&world->database, "select id from acme.core_audit order by id "
                                                 "offset 2 limit 1"),
                NULL, 10);
    events.last =
        strtoll(database_value(&world->database, "select max(id) from acme.core_audit"), NULL, 10);
    return events;
}

static void
test_verify__counts(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqVerifyAuditRequest request = CLIENTIQ__V1__VERIFY_AUDIT_REQUEST__INIT;

    write_some(world->acme, 3);
    wait_sealed(world, "acme");
    CiqVerifyAuditResponse *response = ciq_verify_audit(world->acme, &request, &error);
    assert_ok(error);
    assert_true(response->seals > 0);
    assert_int_equal(response->events,
                     strtoll(database_value(&world->database, "select count(*) from "
                                                              "acme.core_audit"),
                             NULL, 10));
    assert_int_equal(response->events_compared, response->events);
    assert_int_equal(strlen(response->head), 64);
    assert_string_equal(response->next_page_token, "");
    ciq_verify_audit_response_free(response);

    /* each audit has its own */
    wait_sealed(world, "public");
    wait_sealed(world, "techcorp");
    assert_intact(world->platform);
    assert_intact(world->techcorp);
    assert_string_equal(
        database_value(&world->database, "select count(distinct head) from public.audit_anchor"),
        "3");
}

/* Every tampering with one column of one row, as a superuser of the database. */
static void
test_verify__finds_a_changed_event(void **state)
{
    static const char *const changes[] = {
        "time = time + interval '1 microsecond'",
        "caller_kind = 'operator'",
        "caller_id = caller_id + 1",
        "caller_email = 'other@same.example'",
        "origin = ''",
        "method = method || 'X'",
        "target = 'user 9'",
        "code = 7",
        "request_id = ''",
        "count = 2",
    };
    World *world = *state;
    Events events = events_of(world);
    char text[96];

    database_value(&world->database,
                   "create table public.kept as select * from acme.core_audit where id = %lld",
                   events.second);
    snprintf(text, sizeof text, "event %lld was changed after seal", events.second);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        database_value(&world->database, "update acme.core_audit set %s where id = %lld",
                       changes[i], events.second);
        expect_json(world->acme, "UserService/VerifyAudit", CODE_DATA_LOSS, text, "{}");
        database_value(&world->database,
                       "delete from acme.core_audit where id = %lld; "
                       "insert into acme.core_audit select * from public.kept",
                       events.second);
        assert_intact(world->acme);
    }
    /* the other tenant's, with the same number, is as it was */
    assert_intact(world->techcorp);
    database_value(&world->database, "drop table public.kept");
}

static void
test_verify__finds_a_missing_event(void **state)
{
    World *world = *state;
    Events events = events_of(world);
    long long ids[] = {events.second, events.last};

    for (size_t i = 0; i < 2; i++) { /* from the middle, and from the end */
        char text[96];

        snprintf(text, sizeof text, "event %lld is missing", ids[i]);
        database_value(&world->database,
                       "create table public.kept as select * from acme.core_audit where id = "
                       "%lld; delete from acme.core_audit where id = %lld",
                       ids[i], ids[i]);
        expect_json(world->acme, "UserService/VerifyAudit", CODE_DATA_LOSS, text, "{}");
        database_value(&world->database, "insert into acme.core_audit select * from public.kept; "
                                         "drop table public.kept");
        assert_intact(world->acme);
    }
}

static void
test_verify__finds_swapped_events(void **state)
{
    static const char swap[] =
        "update acme.core_audit set id = case id when %lld then -1 else id end; "
        "update acme.core_audit set id = %lld where id = %lld; "
        "update acme.core_audit set id = %lld where id = -1";
    World *world = *state;
    Events events = events_of(world);
    char text[96];

    snprintf(text, sizeof text, "event %lld was changed", events.second);
    database_value(&world->database, swap, events.second, events.second, events.third,
                   events.third);
    expect_json(world->acme, "UserService/VerifyAudit", CODE_DATA_LOSS, text, "{}");
    database_value(&world->database, swap, events.second, events.second, events.third,
                   events.third);
    assert_intact(world->acme);
}

/* The seals themselves, and what they are anchored by. */
static void
test_verify__finds_what_was_done_to_the_seals(void **state)
{
    static const struct {
        const char *change, *text;
    } bad[] = {
        {"delete from public.audit_seal where tenant_id = 1 and number = 1", "seal 1 of"},
        {"delete from public.audit_seal where tenant_id = 1 and number = (select max(number) from "
         "public.audit_seal where tenant_id = 1)",
         "is missing"},
        {"update public.audit_seal set hashes = hashes || hashes where tenant_id = 1 and number = 1",
         "seal 1 was changed"},
        {"update public.audit_seal set total = 1000 where tenant_id = 1 and number = 2",
         "seal 2 was changed"},
        {"update public.audit_seal set number = -number where tenant_id = 1 and number < 3; "
         "update public.audit_seal set number = 3 + number where tenant_id = 1 and number < 0",
         "seal 1 was changed"},
        {"update public.audit_anchor set seals = seals - 1 where tenant_id = 1",
         "the anchor was changed"},
        {"update public.audit_anchor set total = 0 where tenant_id = 1", "the anchor was changed"},
        {"update public.audit_anchor a set seals = 1, total = s.total, head = s.mac from public.audit_seal s "
         "where a.tenant_id = 1 and s.tenant_id = 1 and s.number = 1",
         "the anchor was changed"},
        /* techcorp's anchor in the place of acme's: it is right in itself */
        {"update public.audit_anchor a set seals = o.seals, total = o.total, head = o.head, mac = o.mac from "
         "public.audit_anchor o where a.tenant_id = 1 and o.tenant_id = 2",
         "the anchor was changed"},
    };
    World *world = *state;

    (void) events_of(world);
    (void) events_of(world); /* a second seal at least */
    /* kept to undo each change: the server does not make damaged seals anew */
    database_value(&world->database,
                   "create table public.kept as select * from public.audit_seal; "
                   "create table public.kept_anchor as select * from public.audit_anchor");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        database_value(&world->database, "%s", bad[i].change);
        expect_json(world->acme, "UserService/VerifyAudit", CODE_DATA_LOSS, bad[i].text, "{}");
        database_value(
            &world->database,
            "delete from public.audit_seal; insert into public.audit_seal select * from public.kept; "
            "delete from public.audit_anchor; insert into public.audit_anchor select * from "
            "public.kept_anchor");
        assert_intact(world->acme);
    }
    /* an older anchor, right in itself, beside newer seals */
    database_value(&world->database,
                   "drop table public.kept; drop table public.kept_anchor; "
                   "create table public.kept_anchor as select * from public.audit_anchor "
                   "where tenant_id = 1");
    (void) events_of(world);
    database_value(&world->database,
                   "create table public.newer as select * from public.audit_anchor where "
                   "tenant_id = 1; delete from public.audit_anchor where tenant_id = 1; "
                   "insert into public.audit_anchor select * from public.kept_anchor");
    expect_json(world->acme, "UserService/VerifyAudit", CODE_DATA_LOSS, "the anchor was set back",
                "{}");
    database_value(&world->database,
                   "delete from public.audit_anchor where tenant_id = 1; insert into "
                   "public.audit_anchor select * from public.newer; "
                   "drop table public.newer; drop table public.kept_anchor");
    assert_intact(world->acme);
}

/* Waits until housekeeping has looked for rows to seal once, from beginning to end. */
static void
wait_looked(World *world)
{
    for (int i = 0; i < 2; i++) {
        char time[64];

        snprintf(time, sizeof time, "%s",
                 database_value(&world->database, "select clock_timestamp()"));
        /* the last statement of a look has run since then */
        wait_for_value(
            &world->database, "t",
            "select count(*) > 0 from pg_stat_activity where datname = current_database() and "
            "query like '%%(heads ->> ''core'')%%' and pid <> pg_backend_pid() and "
            "state = 'idle' and query_start > '%s'",
            time);
    }
}

/* A row with a smaller number that commits later than one with a larger number: both are sealed,
 * each once, and the writer waits for nobody. */
static void
test_seal__waits_for_what_is_under_way(void **state)
{
    static const char row[] =
        "insert into acme.core_audit (caller_kind, caller_id, caller_email, origin, method, "
        "target, code, request_id, count) values ('user', 1, '', '', 'late', '', 0, '', 1)";
    World *world = *state;
    PGconn *late;
    long long before;

    wait_sealed(world, "acme");
    before = strtoll(database_value(&world->database,
                                    "select total from public.audit_anchor where tenant_id = 1"),
                     NULL, 10);
    late = database_hold(&world->database, "%s", row);
    write_some(world->acme, 3);
    wait_looked(world);
    /* acme's three are younger than a transaction that still runs */
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from acme.core_audit where xact >= "
                                       "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"),
                        "3");
    assert_int_equal(
        strtoll(database_value(&world->database, "select total from public.audit_anchor where "
                                                 "tenant_id = 1"),
                NULL, 10),
        before);
    connection_run(late, "commit");
    PQfinish(late);
    wait_sealed(world, "acme");
    assert_int_equal(
        strtoll(database_value(&world->database, "select total from public.audit_anchor where "
                                                 "tenant_id = 1"),
                NULL, 10),
        before + 4);
    assert_intact(world->acme);
}

/* More rows than one call compares. */
static void
test_verify__in_several_calls(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char token[600] = "";
    int calls = 0;

    database_value(
        &world->database,
        "insert into techcorp.core_audit (caller_kind, caller_id, caller_email, origin, method, target, "
        "code, request_id, count) select 'user', 1, '', '', 'many', i::text, 0, '', 1 "
        "from generate_series(1, 26000) i");
    wait_sealed(world, "techcorp");
    do {
        json_t *page = call_json(world->techcorp, "UserService/VerifyAudit", &error,
                                 "{\"page_token\": \"%s\"}", token);

        assert_ok(error);
        snprintf(token, sizeof token, "%s", json_at(page, "next_page_token"));
        if (token[0] == '\0')
            assert_int_equal(strtoll(json_at(page, "events_compared"), NULL, 10),
                             strtoll(json_at(page, "events"), NULL, 10));
        json_decref(page);
        calls++;
        if (token[0] != '\0')
            expect_json(world->acme, "UserService/VerifyAudit", CODE_INVALID_ARGUMENT, "page_token",
                        "{\"page_token\": \"%s\"}", token);
    } while (token[0] != '\0' && calls < 10);
    assert_int_equal(calls, 2);

    /* found in the second call */
    database_value(&world->database,
                   "update techcorp.core_audit set target = 'x' where target = '25999'");
    json_t *page = call_json(world->techcorp, "UserService/VerifyAudit", &error, "{}");
    assert_ok(error);
    expect_json(world->techcorp, "UserService/VerifyAudit", CODE_DATA_LOSS, "was changed",
                "{\"page_token\": \"%s\"}", json_at(page, "next_page_token"));
    json_decref(page);
    database_value(&world->database,
                   "update techcorp.core_audit set target = '25999' where target = 'x'");
    assert_intact(world->techcorp);
}

/* A database that was restored in a new cluster, whose transaction numbers begin again: rows from
 * before are sealed, and so are later ones. */
static void
test_seal__goes_on_after_a_restore(void **state)
{
    World *world = *state;

    wait_sealed(world, "acme");
    database_value(
        &world->database,
        "update acme.core_audit set xact = xact + 1000000000000; "
        "update public.audit_anchor set cursor_xact = cursor_xact + 1000000000000 where tenant_id = 1; "
        "insert into acme.core_audit (caller_kind, caller_id, caller_email, origin, method, target, code, "
        "request_id, count, xact) values ('user', 1, '', '', 'unsealed', '', 0, '', 1, 2000000000000)");
    write_some(world->acme, 2);
    wait_sealed(world, "acme");
    assert_intact(world->acme);
    write_some(world->acme, 2);
    wait_sealed(world, "acme");
    assert_intact(world->acme);
}

static void
with_another_key(Config *config)
{
    setting_set(&config->audit_key_file, "/proc/self/exe");
    config->audit_seal_s = 86400;
}

static void
test_verify__needs_the_key(void **state)
{
    World *world = *state;
    TestServer without, another;

    wait_sealed(world, "acme");
    server_up(&without, &world->database, NULL);
    CiqClient *client = sign_in(&without, "acme", world_email, world_password);
    expect_json(client, "UserService/VerifyAudit", CODE_FAILED_PRECONDITION, "--audit-key-file",
                "{}");
    ciq_client_free(client);
    server_down(&without);

    wait_sealed(world, "acme");
    server_up(&another, &world->database, with_another_key);
    client = sign_in(&another, "techcorp", world_email, world_password);
    expect_json(client, "UserService/VerifyAudit", CODE_DATA_LOSS, "another key", "{}");
    ciq_client_free(client);
    /* that server has sealed nothing with its key: what is left to seal is sealed with the right
     * one */
    server_down(&another);
    wait_sealed(world, "techcorp");
    assert_intact(world->techcorp);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify__counts),
        cmocka_unit_test(test_verify__finds_a_changed_event),
        cmocka_unit_test(test_verify__finds_a_missing_event),
        cmocka_unit_test(test_verify__finds_swapped_events),
        cmocka_unit_test(test_verify__finds_what_was_done_to_the_seals),
        cmocka_unit_test(test_seal__waits_for_what_is_under_way),
        cmocka_unit_test(test_verify__in_several_calls),
        cmocka_unit_test(test_seal__goes_on_after_a_restore),
        cmocka_unit_test(test_verify__needs_the_key),
    };

    return run_cases(tests, seal_setup, seal_teardown);
}
