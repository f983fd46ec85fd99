/* See faults.h.  Each lane is a thread: it waits, begins a fault, holds it, mends it.  */
#include "faults.h"

#include "harness/calendar.h"
#include "harness/wait.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TEND_MS = 100, /* between two looks for servers that have ended */
    PAUSE_MS = 1500,
    HOLD_MS = 2500,
    BACKENDS_MAX = 256
};

/* xorshift64*, one for each lane: what a seed does does not depend on how the lanes meet. */
static uint32_t
chance(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t) ((*state * 0x2545F4914F6CDD1Du) >> 33) % below;
}

/* ---- servers ---- */

/* The environment with the calendar's library ahead of all others. */
static char **
environment(const Place *place)
{
    static char *copy[512], preload[1100];
    size_t count = 0;

    if (!place->has_calendar)
        return environ;
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", place->preload);
    copy[count++] = preload;
    for (char **variable = environ; *variable != NULL && count < 511; variable++)
        copy[count++] = *variable;
    copy[count] = NULL;
    return copy;
}

void
server_spawn(Place *place, ChaosServer *server)
{
    char program[256], url[128], mails[96];
    const char *const words[] = {program,
                                 "--listen",
                                 url,
                                 "--database",
                                 server->worker,
                                 "--database-owner",
                                 server->owner,
                                 "--mail-dir",
                                 mails,
                                 "--drain-ms",
                                 "1000",
                                 "--role-block",
                                 "16",
                                 "--http",
                                 "",
                                 "--http-admin",
                                 "",
                                 NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    snprintf(program, sizeof program, "%s/ciq-server", CIQ_BIN_DIR);
    snprintf(url, sizeof url, "ipc://%s", server->socket);
    snprintf(mails, sizeof mails, "%s/mails", place->folder);
    unlink(server->socket);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, server->log,
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
    atomic_store(&server->is_killed, false);
    if (posix_spawn(&pid, program, &actions, NULL, (char *const *) (uintptr_t) words,
                    environment(place)) == 0)
        atomic_store(&server->pid, pid);
    posix_spawn_file_actions_destroy(&actions);
}

bool
server_tend(Place *place, ChaosServer *server)
{
    int status, pid = atomic_load(&server->pid);

    if (pid != 0 && waitpid(pid, &status, WNOHANG) == pid) {
        if (!atomic_load(&server->is_killed) && WIFSIGNALED(status)) {
            fprintf(stderr, "chaos: a server ended by signal %d; its log is %s\n", WTERMSIG(status),
                    server->log);
            atomic_fetch_add(&place->crashes, 1);
        }
        atomic_store(&server->pid, 0);
        pid = 0;
    }
    if (pid == 0 && !atomic_load(&place->stop))
        server_spawn(place, server);
    return pid != 0;
}

static void
server_signal(ChaosServer *server, int number)
{
    int pid = atomic_load(&server->pid);

    if (pid > 0)
        kill(pid, number);
}

static void
kill_server(Place *place, uint32_t target)
{
    ChaosServer *server = &place->servers[target % SERVERS];

    atomic_store(&server->is_killed, true);
    server_signal(server, SIGKILL);
}

static void
stop_server(Place *place, uint32_t target)
{
    server_signal(&place->servers[target % SERVERS], SIGSTOP);
}

static void
continue_server(Place *place, uint32_t target)
{
    server_signal(&place->servers[target % SERVERS], SIGCONT);
}

static void
end_server(Place *place, uint32_t target)
{
    ChaosServer *server = &place->servers[target % SERVERS];

    /* one that has only begun to start has no handler yet */
    atomic_store(&server->is_killed, true);
    server_signal(server, SIGTERM);
}

/* ---- PostgreSQL and the pooler ---- */

static pid_t
postmaster(const Place *place)
{
    FILE *file = fopen(place->postmaster_file, "r");
    long pid = 0;

    if (file != NULL) {
        if (fscanf(file, "%ld", &pid) != 1)
            pid = 0;
        fclose(file);
    }
    return (pid_t) pid;
}

/* One of its children, whatever it does; 0: it has none, or does not run. */
static pid_t
backend(const Place *place, uint32_t target)
{
    char path[96];
    long pids[BACKENDS_MAX];
    uint32_t count = 0;
    pid_t parent = postmaster(place);
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long) parent, (long) parent);
    file = parent > 0 ? fopen(path, "r") : NULL;
    if (file == NULL)
        return 0;
    while (count < BACKENDS_MAX && fscanf(file, "%ld", &pids[count]) == 1)
        count++;
    fclose(file);
    return count == 0 ? 0 : (pid_t) pids[target % count];
}

static pid_t stopped_backend;

static void
kill_backend(Place *place, uint32_t target)
{
    pid_t pid = backend(place, target);

    if (pid > 0)
        kill(pid, SIGKILL);
}

static void
stop_backend(Place *place, uint32_t target)
{
    stopped_backend = backend(place, target);
    if (stopped_backend > 0)
        kill(stopped_backend, SIGSTOP);
}

static void
continue_backend(Place *place, uint32_t target)
{
    (void) place;
    (void) target;
    if (stopped_backend > 0)
        kill(stopped_backend, SIGCONT);
}

static void
kill_postmaster(Place *place, uint32_t target)
{
    pid_t pid = postmaster(place);

    (void) target;
    if (pid > 0)
        kill(pid, SIGKILL);
}

static void
stop_pooler(Place *place, uint32_t target)
{
    (void) target;
    if (place->has_pooler)
        kill(place->pooler.pid, SIGSTOP);
}

static void
continue_pooler(Place *place, uint32_t target)
{
    (void) target;
    if (place->has_pooler)
        kill(place->pooler.pid, SIGCONT);
}

/* ---- wires and the calendar ---- */

static void
cut_wire(Place *place, uint32_t target)
{
    atomic_store(&place->servers[target % SERVERS].wire.mode, PROXY_CUT);
}

static void
mute_wire(Place *place, uint32_t target)
{
    atomic_store(&place->servers[target % SERVERS].wire.mode, PROXY_MUTE);
}

static void
deafen_wire(Place *place, uint32_t target)
{
    atomic_store(&place->servers[target % SERVERS].wire.mode, PROXY_DEAF);
}

static void
mend_wire(Place *place, uint32_t target)
{
    atomic_store(&place->servers[target % SERVERS].wire.mode, PROXY_PASS);
}

static void
cut_database(Place *place, uint32_t target)
{
    (void) target;
    atomic_store(&place->database_wire.mode, PROXY_CUT);
}

static void
mute_database(Place *place, uint32_t target)
{
    (void) target;
    atomic_store(&place->database_wire.mode, PROXY_MUTE);
}

static void
mend_database(Place *place, uint32_t target)
{
    (void) target;
    atomic_store(&place->database_wire.mode, PROXY_PASS);
}

static void
set_back(Place *place, uint32_t target)
{
    (void) !calendar_set(place->folder, -1 - (int) (target % 48));
}

static void
set_forward(Place *place, uint32_t target)
{
    (void) !calendar_set(place->folder, 1 + (int) (target % 48));
}

static void
set_right(Place *place, uint32_t target)
{
    (void) target;
    (void) !calendar_set(place->folder, 0);
}

/* ---- the lanes ---- */

typedef struct Fault {
    const char *name;
    int lane;
    void (*begin)(Place *place, uint32_t target);
    void (*end)(Place *place, uint32_t target); /* NULL: it mends itself */
    int count;
} Fault;

static Fault faults[] = {
    {"server killed (SIGKILL), started again", 0, kill_server, NULL, 0},
    {"server stopped (SIGSTOP), continued", 0, stop_server, continue_server, 0},
    {"server told to end (SIGTERM), started again", 0, end_server, NULL, 0},
    {"backend of PostgreSQL killed: all of it recovers", 1, kill_backend, NULL, 0},
    {"backend stopped, continued", 1, stop_backend, continue_backend, 0},
    {"postmaster killed, started again", 1, kill_postmaster, NULL, 0},
    {"pooler stopped, continued", 1, stop_pooler, continue_pooler, 0},
    {"wire to a server cut", 2, cut_wire, mend_wire, 0},
    {"wire to a server mute", 2, mute_wire, mend_wire, 0},
    {"answers of a server lost", 2, deafen_wire, mend_wire, 0},
    {"wire to the database cut", 2, cut_database, mend_database, 0},
    {"wire to the database mute", 2, mute_database, mend_database, 0},
    {"calendar set back by hours", 2, set_back, set_right, 0},
    {"calendar set forward by hours", 2, set_forward, set_right, 0},
};

enum { FAULTS = sizeof faults / sizeof *faults };

typedef struct Lane {
    Place *place;
    int number;
    uint64_t chance;
    pthread_t thread;
} Lane;

static Lane lanes[LANES];

/* Meanwhile the first lane starts what has ended. */
static void
rest(Lane *lane, int64_t ms)
{
    int64_t until_ms = now_ms() + ms;

    while (now_ms() < until_ms && !atomic_load(&lane->place->stop)) {
        if (lane->number == 0)
            for (int i = 0; i < SERVERS; i++)
                (void) server_tend(lane->place, &lane->place->servers[i]);
        (void) poll(NULL, 0, TEND_MS);
    }
}

static Fault *
choose(Lane *lane)
{
    for (;;) {
        Fault *fault = &faults[chance(&lane->chance, FAULTS)];

        if (fault->lane == lane->number)
            return fault;
    }
}

static void *
lane_run(void *argument)
{
    Lane *lane = argument;

    while (!atomic_load(&lane->place->stop)) {
        Fault *fault = choose(lane);
        uint32_t target = chance(&lane->chance, 1 << 16);

        rest(lane, 200 + chance(&lane->chance, PAUSE_MS));
        if (atomic_load(&lane->place->stop))
            break;
        fault->begin(lane->place, target);
        fault->count++;
        rest(lane, 100 + chance(&lane->chance, HOLD_MS));
        if (fault->end != NULL)
            fault->end(lane->place, target);
    }
    return NULL;
}

void
faults_start(Place *place, uint64_t seed)
{
    for (int i = 0; i < LANES; i++) {
        lanes[i] = (Lane){
            .place = place, .number = i, .chance = (seed + 1) * 0x9E3779B97F4A7C15u + (uint64_t) i};
        if (pthread_create(&lanes[i].thread, NULL, lane_run, &lanes[i]) != 0)
            abort();
    }
}

void
faults_stop(Place *place)
{
    atomic_store(&place->stop, true);
    for (int i = 0; i < LANES; i++)
        pthread_join(lanes[i].thread, NULL);
    atomic_store(&place->stop, false); /* what has ended is started again */
}

void
faults_print(FILE *out)
{
    for (int i = 0; i < FAULTS; i++)
        fprintf(out, "| %s | %d |\n", faults[i].name, faults[i].count);
}
