/* A server whose calendar is set while it runs, back or forward: nothing waits for the calendar, so
 * calls, jobs and runs go on, sessions end when they end, and a stop takes no longer.  The database
 * keeps the right time.  libfaketime moves the calendar (Debian's package faketime), and
 * calendar.c does what that leaves out.  */
#include "harness/calendar.h"
#include "harness/fleet.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STEP_MS = 5,         /* between two settings of the calendar during a stop */
    STOP_MAX_MS = 20000, /* of a test's stop, however busy the machine is */
    STEPS = 20,          /* while a call is held */
    SETTINGS = 2         /* of the calendar during a run */
};

typedef struct Moved {
    int hours; /* that one setting moves the calendar by */
    Fleet fleet;
    ServerProcess process;
    TestServer server; /* its url, for clients */
    CiqClient *platform;
    char folder[64]; /* the calendar's file, and mails */
} Moved;

static int set_back = -1, set_forward = 1;

static const char colour[] = "-- migrate:up\n"
                             "alter table fleet_car add column colour text;\n"
                             "-- migrate:down\n"
                             "alter table fleet_car drop column colour;\n";

/* ---- a server with a calendar of its own ---- */

/* So many hours beside the right time.  The server reads the file whenever it asks the calendar. */
static void
set_calendar(const Moved *moved, int hours)
{
    assert_true(calendar_set(moved->folder, hours));
}

static void
start_server(Moved *moved)
{
    char preload[1024], mails[96];
    const char *const options[] = {"--mail-dir",
                                   mails,
                                   "--retention-days",
                                   "0",
                                   "--session-use-s",
                                   "1",
                                   "--migration-workers",
                                   "1",
                                   "--migration-lock-timeout-ms",
                                   "20",
                                   "--migration-attempts",
                                   "1000",
                                   NULL};

    snprintf(mails, sizeof mails, "%s/mails", moved->folder);
    calendar_prepare(moved->folder, preload);
    assert_int_equal(setenv("LD_PRELOAD", preload, 1), 0);
    process_start(&moved->process, &moved->fleet.database, moved->fleet.apps, options);
    unsetenv("LD_PRELOAD");
    moved->server.url = moved->process.url;
    moved->platform = process_operator(&moved->process);
}

static int
setup(void **state)
{
    static Moved moved;

    memset(&moved, 0, sizeof moved);
    moved.hours = *(int *) *state;
    *state = &moved;
    if (!calendar_is_installed())
        return 0;
    folder_new(moved.folder);
    fleet_copy(&moved.fleet, "fleet/0002_colour", colour);
    start_server(&moved);
    return 0;
}

/* The server of a test that failed may not even end. */
static int
teardown(void **state)
{
    Moved *moved = *state;

    if (!calendar_is_installed())
        return 0;
    ciq_client_free(moved->platform);
    if (moved->process.pid > 0)
        process_kill(&moved->process);
    unlink(moved->process.log);
    unlink(moved->process.url + strlen("ipc://"));
    fleet_free(&moved->fleet);
    folder_remove(moved->folder);
    return 0;
}

static Moved *
moved_of(void **state)
{
    if (!calendar_is_installed()) {
        print_message("skipped: libfaketime is not installed (Debian's package faketime)\n");
        skip();
    }
    return *state;
}

/* Waits for the end of a server that was told to stop; the calendar moves on by some hours all the
 * time. */
static void
assert_ends(Moved *moved, int hours, int step)
{
    int64_t until_ms = now_ms() + STOP_MAX_MS;
    pid_t ended = 0;
    int status = 0;

    while ((ended = waitpid(moved->process.pid, &status, WNOHANG)) == 0) {
        if (now_ms() > until_ms)
            fail_msg("the server does not stop");
        set_calendar(moved, hours += step);
        (void) poll(NULL, 0, STEP_MS);
    }
    assert_int_equal(ended, moved->process.pid);
    moved->process.pid = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void
stop_server(Moved *moved)
{
    assert_int_equal(kill(moved->process.pid, SIGTERM), 0);
    assert_ends(moved, moved->hours, 0);
}

/* ---- calls and jobs ---- */

static bool
has_mail(void *argument)
{
    const Moved *moved = argument;
    char path[96];
    DIR *folder;
    bool found = false;

    snprintf(path, sizeof path, "%s/mails", moved->folder);
    folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        found = found || entry->d_name[0] != '.';
    if (folder != NULL)
        closedir(folder);
    return found;
}

static bool
is_use_written(void *argument)
{
    return strcmp(database_value(argument, "select count(*) from alpha.core_session "
                                           "where last_use_time is not null"),
                  "1") == 0;
}

static bool
is_purged(void *argument)
{
    return strcmp(database_value(argument, "select count(*) from public.tenants_tenant "
                                           "where 'gamma' in (schema_name, former_schema_name)"),
                  "0") == 0;
}

/* Jobs that look by themselves each second, and those that are woken. */
static void
test_calls_and_jobs__go_on(void **state)
{
    Moved *moved = moved_of(state);
    TestDatabase *database = &moved->fleet.database;
    CiqClient *client = sign_in(&moved->server, "alpha", world_email, world_password);

    set_calendar(moved, moved->hours);
    database_value(database, "update alpha.core_session set last_use_time = null");
    assert_int_equal(user_count(client, world_email), 1);
    wait_until("the session's last use to be written", is_use_written, database);
    expect_json(client, "UserService/RequestPasswordReset", CODE_OK, NULL, "{\"email\": \"%s\"}",
                world_email);
    wait_until("a mail", has_mail, moved);
    expect_json(moved->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"gamma\"}");
    tenant_new(moved->platform, "epsilon"); /* which wakes housekeeping */
    wait_until("the purge of a deleted tenant", is_purged, database);
    ciq_client_free(client);
    stop_server(moved);
}

/* ---- sessions ---- */

typedef struct Question {
    CiqClient *client;
    int code;
} Question;

static bool
is_refused(void *argument)
{
    Question *question = argument;
    CiqError *error = NULL;

    json_decref(call_json(question->client, "UserService/WhoAmI", &error, "{}"));
    question->code = (int) code_of(error);
    return question->code != CODE_OK;
}

/* However much it is used: it is at the end of its longest life, in the database and in memory. */
static void
test_session__ends_when_it_ends(void **state)
{
    Moved *moved = moved_of(state);
    CiqClient *client = sign_in(&moved->server, "alpha", world_email, world_password);
    Question question = {.client = client};

    database_value(&moved->fleet.database,
                   "update alpha.core_session set expire_time = now() + interval '3 s', "
                   "create_time = now() + interval '3 s' - interval '12 hours'");
    assert_int_equal(user_count(client, world_email), 1);
    set_calendar(moved, moved->hours);
    assert_int_equal(user_count(client, world_email), 1);
    wait_until("the session to be refused", is_refused, &question);
    assert_int_equal(question.code, CODE_UNAUTHENTICATED);
    ciq_client_free(client);
    stop_server(moved);
}

/* ---- runs ---- */

typedef struct Attempts {
    CiqClient *platform;
    int64_t run_id;
    int least, now;
} Attempts;

static bool
are_so_many(void *argument)
{
    Attempts *attempts = argument;

    attempts->now = atoi(item_field(attempts->platform, attempts->run_id, "beta", "attempts"));
    return attempts->now >= attempts->least;
}

/* One schema is tried again and again; the calendar is set while its runner waits for the next
 * attempt, as it does nearly all the time. */
static void
test_run__finishes(void **state)
{
    Moved *moved = moved_of(state);
    PGconn *lock =
        database_hold(&moved->fleet.database, "lock table beta.fleet_car in access share mode");
    Attempts attempts = {.platform = moved->platform, .least = 4};

    attempts.run_id = run_start(moved->platform, "");
    for (int i = 1; i <= SETTINGS; i++) {
        wait_until("an attempt", are_so_many, &attempts);
        set_calendar(moved, i * moved->hours);
        attempts.least = attempts.now + 1;
    }
    wait_until("another attempt", are_so_many, &attempts);
    PQfinish(lock);
    assert_run(moved->platform, attempts.run_id, "DONE", 4, 0);
    stop_server(moved);
}

/* ---- the end ---- */

static void *
count_users(void *argument)
{
    Question *question = argument;
    CiqError *error = NULL;

    json_decref(call_json(question->client, "UserService/ListUsers", &error, "{}"));
    question->code = (int) code_of(error);
    return NULL;
}

static bool
says(const ServerProcess *process, const char *text)
{
    FILE *log = fopen(process->log, "r");
    char line[1024];
    bool found = false;

    assert_non_null(log);
    while (fgets(line, sizeof line, log) != NULL)
        found = found || strstr(line, text) != NULL;
    fclose(log);
    return found;
}

/* The call that is being served when the stop begins is answered; nothing is given up before its
 * time, nor waited for beyond it. */
static void
test_stop__ends(void **state)
{
    Moved *moved = moved_of(state);
    CiqClient *client = sign_in(&moved->server, "alpha", world_email, world_password);
    PGconn *lock = database_hold(&moved->fleet.database, "lock table alpha.users_customuser");
    Question question = {.client = client};
    pthread_t thread;
    int hours = 0;

    assert_int_equal(pthread_create(&thread, NULL, count_users, &question), 0);
    wait_for_waiters(&moved->fleet.database, 1);
    assert_int_equal(kill(moved->process.pid, SIGTERM), 0);
    for (int i = 0; i < STEPS; i++, (void) poll(NULL, 0, STEP_MS))
        set_calendar(moved, hours += moved->hours);
    PQfinish(lock);
    pthread_join(thread, NULL);
    assert_int_equal(question.code, CODE_OK);
    assert_ends(moved, hours, moved->hours);
    assert_false(says(&moved->process, "calls are cut off"));
    assert_false(says(&moved->process, "sockets stay open"));
    ciq_client_free(client);
}

/* "test_stop__ends__set_back" */
#define CASE(function, hours)                                                                      \
    {                                                                                              \
        .name = #function "__" #hours, .test_func = (function), .setup_func = setup,               \
        .teardown_func = teardown, .initial_state = &(hours)                                       \
    }

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_calls_and_jobs__go_on, set_back),
        CASE(test_calls_and_jobs__go_on, set_forward),
        CASE(test_session__ends_when_it_ends, set_back),
        CASE(test_session__ends_when_it_ends, set_forward),
        CASE(test_run__finishes, set_back),
        CASE(test_run__finishes, set_forward),
        CASE(test_stop__ends, set_back),
        CASE(test_stop__ends, set_forward),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
