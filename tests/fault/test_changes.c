/* What a transaction changes is told here when it is committed, and there by notification: two
 * servers' cores, without servers, on one database.  CHANGE_SAMPLE is a kind that is added in one
 * place, changes/call/changes.def: this program is its own build of base/, call/ and db/ with that
 * row, and of nothing else.  */
#include "harness/cases.h"
#include "harness/database.h"
#include "harness/wait.h"

#include "base/clock.h"
#include "call/internal.h"
#include "db/db.h"
#include "db/listen.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEARD_MAX = 128,
    CALL_MS = 20000,
    MARK = 1000000 /* a change of this tenant comes last */
};

/* One server, as far as changes know it: it keeps what it is told, in order. */
typedef struct Ear {
    Core core;
    pthread_mutex_t lock;
    Change heard[HEARD_MAX];
    size_t count;
    int64_t current_us;   /* everything that was committed before has been told */
    size_t current_count; /* and was so much */
} Ear;

typedef struct Ears {
    TestDatabase database;
    DbOptions options;
    Config config;
    Ear here, there;
    Db *db; /* here's */
    Arena *arena;
    Listen *listen; /* there's */
} Ears;

static void
hear(void *argument, Change change)
{
    Ear *ear = argument;

    pthread_mutex_lock(&ear->lock);
    if (ear->count < HEARD_MAX)
        ear->heard[ear->count++] = change;
    pthread_mutex_unlock(&ear->lock);
}

static void
hear_current(void *argument, int64_t time_us)
{
    Ear *ear = argument;

    pthread_mutex_lock(&ear->lock);
    ear->current_us = time_us;
    ear->current_count = ear->count;
    pthread_mutex_unlock(&ear->lock);
}

/* How often it was told of this, among the first so many. */
static size_t
heard_among(Ear *ear, ChangeKind kind, int64_t tenant_id, size_t count)
{
    size_t found = 0;

    pthread_mutex_lock(&ear->lock);
    for (size_t i = 0; i < ear->count && i < count; i++)
        if (ear->heard[i].kind == kind && ear->heard[i].tenant_id == tenant_id)
            found++;
    pthread_mutex_unlock(&ear->lock);
    return found;
}

static size_t
heard(Ear *ear, ChangeKind kind, int64_t tenant_id)
{
    return heard_among(ear, kind, tenant_id, HEARD_MAX);
}

static size_t
heard_count(Ear *ear)
{
    pthread_mutex_lock(&ear->lock);
    size_t count = ear->count;
    pthread_mutex_unlock(&ear->lock);
    return count;
}

/* How much it was told before it knew itself current. */
static size_t
current_count(Ear *ear)
{
    pthread_mutex_lock(&ear->lock);
    size_t count = ear->current_count;
    pthread_mutex_unlock(&ear->lock);
    return count;
}

static void
forget(Ear *ear)
{
    pthread_mutex_lock(&ear->lock);
    ear->count = ear->current_count = 0;
    ear->current_us = 0;
    pthread_mutex_unlock(&ear->lock);
}

typedef struct Awaited {
    Ear *ear;
    Change change;
} Awaited;

static bool
is_heard(void *argument)
{
    const Awaited *awaited = argument;

    return heard(awaited->ear, awaited->change.kind, awaited->change.tenant_id) > 0;
}

static void
wait_for(Ear *ear, ChangeKind kind, int64_t tenant_id)
{
    wait_until("a change", is_heard, &(Awaited){ear, {kind, tenant_id}});
}

static bool
is_current(void *argument)
{
    const Awaited *awaited = argument;

    pthread_mutex_lock(&awaited->ear->lock);
    bool current = awaited->ear->current_us >= awaited->change.tenant_id;
    pthread_mutex_unlock(&awaited->ear->lock);
    return current;
}

static void
wait_for_current(Ear *ear, int64_t time_us)
{
    wait_until("all that was committed", is_current, &(Awaited){ear, {.tenant_id = time_us}});
}

/* ---- calls on here ---- */

static void
begin(Ears *ears, Call *call)
{
    char reason[512];

    arena_wipe(ears->arena);
    if (!db_ready(ears->db, NULL, reason, sizeof reason))
        fail_msg("%s", reason);
    internal_call(call, &ears->here.core, ears->arena, ears->db, CALL_MS);
    db_begin(call, DB_WRITE);
}

static void
commit(Call *call)
{
    if (!db_commit(call))
        fail_msg("%s", call->failure.text);
}

/* What was committed before has come there, if it comes at all. */
static void
commit_mark(Ears *ears)
{
    Call call;

    begin(ears, &call);
    call_change(&call, CHANGE_SAMPLE, MARK);
    commit(&call);
    wait_for(&ears->there, CHANGE_SAMPLE, MARK);
}

/* ---- fixture: a group's, since tests share it one after the other ---- */

static void
ear_start(Ear *ear, const Ears *ears, const char *run_id)
{
    ear->core.config = &ears->config;
    ear->core.changes = (ChangeListener){hear, hear_current, ear};
    snprintf(ear->core.run_id, sizeof ear->core.run_id, "%s", run_id);
    pthread_mutex_init(&ear->lock, NULL);
}

static int
group_setup(void **state)
{
    static Ears ears;

    database_new(&ears.database);
    ears.options = (DbOptions){
        .conninfo = ears.database.owner,
        .tenants_max = 1000,
        .creations_max = 1000,
        .extension_schemas = "",
        .owner = true,
    };
    config_defaults(&ears.config);
    ear_start(&ears.here, &ears, "1111111100000000");
    ear_start(&ears.there, &ears, "2222222200000000");
    ears.db = db_new(&ears.options);
    ears.arena = arena_new(LIMIT_ARENA);
    ears.listen = listen_start(&ears.there.core, ears.database.worker);
    assert_non_null(ears.db);
    assert_non_null(ears.arena);
    assert_non_null(ears.listen);
    *state = &ears;
    return 0;
}

static int
group_teardown(void **state)
{
    Ears *ears = *state;

    listen_stop(ears->listen);
    db_free(ears->db);
    arena_free(ears->arena);
    config_free(&ears->config);
    database_drop(&ears->database);
    return 0;
}

/* There listens, and has heard nothing yet. */
static int
setup(void **state)
{
    Ears *ears = *state;

    wait_for_current(&ears->there, clock_us());
    forget(&ears->here);
    forget(&ears->there);
    return 0;
}

/* ---- tests ---- */

static void
test_new_kind__arrives_here_and_there(void **state)
{
    Ears *ears = *state;
    Call call;

    begin(ears, &call);
    call_change(&call, CHANGE_SAMPLE, 42);
    call_change(&call, CHANGE_SAMPLE, 42);
    assert_int_equal(heard(&ears->here, CHANGE_SAMPLE, 42), 0);
    commit(&call);
    assert_int_equal(heard(&ears->here, CHANGE_SAMPLE, 42), 1); /* at once, and once */
    commit_mark(ears);
    assert_int_equal(heard(&ears->there, CHANGE_SAMPLE, 42), 1);
    assert_int_equal(heard_count(&ears->there), 2); /* and the mark */
}

/* A statement says by its header what it changes. */
static void
test_new_kind__of_a_statement(void **state)
{
    static const Query sample = {
        .name = "sample",
        .file = "sample.sql",
        .text = "select 1",
        .rows = ROWS_NONE,
        .changes = CHANGE_BIT(CHANGE_SAMPLE),
    };
    Ears *ears = *state;
    Call call;

    begin(ears, &call);
    assert_true(db_queue(&call, &sample, NULL, NULL));
    commit(&call);
    assert_int_equal(heard(&ears->here, CHANGE_SAMPLE, 0), 1);
    wait_for(&ears->there, CHANGE_SAMPLE, 0);
}

/* All but those that nobody else has to know. */
static void
test_every_kind__arrives(void **state)
{
    static const char letters[] = {
#define CHANGE(name, letter, what) letter,
#include "call/changes.def"
#undef CHANGE
    };
    Ears *ears = *state;
    Call call;

    for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++) {
        begin(ears, &call);
        call_change(&call, kind, 7);
        commit(&call);
        assert_int_equal(heard(&ears->here, kind, 7), 1);
    }
    commit_mark(ears);
    for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
        assert_int_equal(heard(&ears->there, kind, 7), letters[kind] != 0 ? 1 : 0);
}

/* Nor is what was rolled back told when the call goes on. */
static void
test_rollback__tells_nobody(void **state)
{
    Ears *ears = *state;
    Call call;

    begin(ears, &call);
    call_change(&call, CHANGE_SAMPLE, 1);
    assert_true(db_script(&call, "select 1", NULL)); /* so PostgreSQL has begun it */
    db_rollback(&call);
    db_begin(&call, DB_WRITE);
    call_change(&call, CHANGE_SAMPLE, 2);
    db_rollback(&call);
    db_begin(&call, DB_WRITE);
    commit(&call);
    commit_mark(ears);
    assert_int_equal(heard_count(&ears->here), 1);
    assert_int_equal(heard_count(&ears->there), 1);
}

static void
test_failed_commit__tells_nobody(void **state)
{
    Ears *ears = *state;
    Call call;

    begin(ears, &call);
    call_change(&call, CHANGE_SAMPLE, 1);
    assert_false(db_script(&call, "select 1 / 0", NULL));
    assert_false(db_commit(&call));
    db_rollback(&call);
    commit_mark(ears);
    assert_int_equal(heard_count(&ears->here), 1);
    assert_int_equal(heard_count(&ears->there), 1);
}

static void
test_too_many__become_anything(void **state)
{
    Ears *ears = *state;
    Call call;

    begin(ears, &call);
    for (int64_t id = 1; id <= CHANGES_MAX + 1; id++)
        call_change(&call, CHANGE_SAMPLE, id);
    commit(&call);
    assert_int_equal(heard(&ears->here, CHANGE_ALL, 0), 1);
    wait_for(&ears->there, CHANGE_ALL, 0);
}

/* What a newer server says, or nobody ever should. */
static void
test_not_understood__means_anything(void **state)
{
    static const char *const payloads[] = {"~7", "z", "zx", ""};
    Ears *ears = *state;

    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        forget(&ears->there);
        database_value(&ears->database, "select pg_notify('ciq', '%s')", payloads[i]);
        wait_for(&ears->there, CHANGE_ALL, 0);
        assert_int_equal(heard_count(&ears->there), 1);
    }
}

/* What was changed while nobody listened is unknown; afterwards all is as before. */
static void
test_lost_connection__means_anything(void **state)
{
    Ears *ears = *state;
    Call call;

    database_value(&ears->database, "select pg_terminate_backend(pid) from pg_stat_activity "
                                    "where datname = current_database() and "
                                    "application_name = 'clientiq-heartbeat'");
    wait_for(&ears->there, CHANGE_ALL, 0);
    begin(ears, &call);
    call_change(&call, CHANGE_SAMPLE, 3);
    commit(&call);
    wait_for(&ears->there, CHANGE_SAMPLE, 3);
}

/* What memory rests on: when there knows itself current, it was told of all that was committed. */
static void
test_current__after_what_was_committed(void **state)
{
    Ears *ears = *state;

    for (int64_t id = 1; id <= 5; id++) {
        Call call;

        begin(ears, &call);
        call_change(&call, CHANGE_SAMPLE, id);
        commit(&call);
        wait_for_current(&ears->there, clock_us());
        assert_int_equal(heard_among(&ears->there, CHANGE_SAMPLE, id, current_count(&ears->there)),
                         1);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_new_kind__arrives_here_and_there, setup),
        cmocka_unit_test_setup(test_new_kind__of_a_statement, setup),
        cmocka_unit_test_setup(test_every_kind__arrives, setup),
        cmocka_unit_test_setup(test_rollback__tells_nobody, setup),
        cmocka_unit_test_setup(test_failed_commit__tells_nobody, setup),
        cmocka_unit_test_setup(test_too_many__become_anything, setup),
        cmocka_unit_test_setup(test_not_understood__means_anything, setup),
        cmocka_unit_test_setup(test_lost_connection__means_anything, setup),
        cmocka_unit_test_setup(test_current__after_what_was_committed, setup),
    };

    return run_cases(tests, group_setup, group_teardown);
}
