/* initdb, bootstrap and supervision of the private PostgreSQL.  A cluster is made under another
 * name and renamed when it is complete, so one that has its right name is whole.  As root
 * PostgreSQL runs as an unprivileged user.  */
#include "db/cluster.h"
#include "base/clock.h"
#include "base/directory.h"
#include "base/ending.h"
#include "base/log.h"
#include "db/postgres.h"
#include "proto/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SOCKET_PATH_MAX = 107, /* sockaddr_un, less its NUL */
    READY_MAX_MS = 60000,  /* PostgreSQL may have to recover after a crash */
    LEFTOVER_FAST_MS =
        20000, /* for the PostgreSQL of a killed server to write all and end; then immediately */
    LEFTOVER_MAX_MS = 40000, /* and then this server does not start */
    STOP_MAX_MS = 20000,     /* fast shutdown; then immediate */
    ASK_MS = 10,
    LOOK_MS = 100, /* between two looks whether the server is to end */
    BACKOFF_MAX_MS = 5000,
    STARTS_MAX =
        5, /* what the life before has left, memory or a lock, may still be in the way once */
    RESERVED_CONNECTIONS = 20, /* for jobs, heartbeat, and somebody who looks with psql */
    ARGUMENTS_MAX = 40
};

struct Cluster {
    Postgres postgres;
    char data[POSTGRES_PATH_SIZE], socket[POSTGRES_PATH_SIZE];
    int max_connections;
    int lock_fd;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pid_t pid; /* 0: not running */
    bool ready, stopping, failed;
};

/* ---- folders ---- */

static int
remove_entry(const char *path, const struct stat *status UNUSED, int kind UNUSED,
             struct FTW *place UNUSED)
{
    return remove(path);
}

/* Takes the lock of the data directory's one server; *taken: somebody else has it. */
static bool
take_lock(Cluster *cluster, const char *base, bool *taken, char *reason, size_t size)
{
    char lock[POSTGRES_PATH_SIZE + 16];

    snprintf(lock, sizeof lock, "%s/server.lock", base);
    cluster->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    *taken = cluster->lock_fd >= 0 && flock(cluster->lock_fd, LOCK_EX | LOCK_NB) != 0;
    if (cluster->lock_fd >= 0 && !*taken)
        return true;
    snprintf(reason, size, "another server uses the data directory %.200s", base);
    return false;
}

static bool
find_folders(Cluster *cluster, const Config *config, bool *taken, char *reason, size_t size)
{
    char base[POSTGRES_PATH_SIZE / 2], runtime[POSTGRES_PATH_SIZE / 2];

    directory_of_data(config, base, sizeof base);
    if (config->runtime_dir[0] != '\0')
        snprintf(runtime, sizeof runtime, "%s", config->runtime_dir);
    else if (!wire_runtime_dir(runtime, sizeof runtime))
        runtime[0] = '\0';
    snprintf(cluster->data, sizeof cluster->data, "%s/postgres", base);
    snprintf(cluster->postgres.log, sizeof cluster->postgres.log, "%s/postgres.log", base);
    snprintf(cluster->socket, sizeof cluster->socket, "%s/postgres", runtime);
    if (strlen(cluster->socket) + strlen("/.s.PGSQL.5432") > SOCKET_PATH_MAX) {
        snprintf(reason, size, "the runtime directory's name %.200s is too long for a socket",
                 runtime);
        return false;
    }
    if (!directory_make(runtime, 0755) || !directory_is_safe(runtime)) {
        snprintf(reason, size,
                 "the runtime directory %.200s must be this user's, and writable by "
                 "nobody else",
                 runtime);
        return false;
    }
    if (!directory_make(base, 0755) || !directory_make(cluster->socket, 0700) ||
        chown(cluster->socket, cluster->postgres.uid, cluster->postgres.gid) != 0 ||
        chmod(cluster->socket, 0700) != 0) {
        snprintf(reason, size, "cannot make %.200s or %.200s: %s", base, cluster->socket,
                 strerror(errno));
        return false;
    }
    return take_lock(cluster, base, taken, reason, size);
}

/* ---- making ---- */

static bool
write_file(const char *folder, const char *name, const char *text)
{
    char path[POSTGRES_PATH_SIZE * 2];
    FILE *file;
    bool ok;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    if (file == NULL)
        return false;
    ok = fputs(text, file) >= 0;
    return fclose(file) == 0 && ok;
}

/* By PostgreSQL's single-user mode: nobody else can be connected. */
static bool
run_alone(const Cluster *cluster, const char *folder, const char *statements)
{
    char postgres[POSTGRES_PATH_SIZE + 16], input[POSTGRES_PATH_SIZE * 2];

    snprintf(postgres, sizeof postgres, "%s/postgres", cluster->postgres.bin);
    snprintf(input, sizeof input, "%s/bootstrap.sql", folder);
    return write_file(folder, "bootstrap.sql", statements) &&
           postgres_run(&cluster->postgres,
                        (const char *const[]){postgres, "--single", "-D", folder, "postgres", NULL},
                        input) &&
           unlink(input) == 0;
}

/* The owner reads and fills tables that force row level security on their owner too, in copies and
 * in migrations: with bypassrls it sees all rows, and without it none, or an error.  Clusters that
 * were made before have an owner without; a file remembers that it has been given. */
static bool
give_owner_rights(const Cluster *cluster, const char *folder)
{
    static const char mark[] = "clientiq.owner";
    char path[POSTGRES_PATH_SIZE * 2];
    struct stat status;

    snprintf(path, sizeof path, "%s/%s", folder, mark);
    return stat(path, &status) == 0 ||
           (run_alone(cluster, folder, "alter role ciq_owner bypassrls;\n") &&
            write_file(folder, mark, "bypassrls\n"));
}

/* The logins and the database. */
static bool
bootstrap(const Cluster *cluster, const char *folder)
{
    static const char statements[] = "create role ciq_owner login createrole;\n"
                                     "create role ciq_worker login noinherit;\n"
                                     "create database clientiq owner ciq_owner;\n";
    char map[512];
    struct stat status;

    snprintf(map, sizeof map, "ciq %s ciq_owner\nciq %s ciq_worker\nciq %s postgres\n",
             cluster->postgres.server_user, cluster->postgres.server_user, cluster->postgres.user);
    return write_file(folder, "pg_hba.conf", "local all all peer map=ciq\n") &&
           write_file(folder, "pg_ident.conf", map) && stat(folder, &status) == 0 &&
           run_alone(cluster, folder, statements) && give_owner_rights(cluster, folder);
}

static bool
make_cluster(const Cluster *cluster, char *reason, size_t size)
{
    char unfinished[POSTGRES_PATH_SIZE + 8], initdb[POSTGRES_PATH_SIZE + 16];
    struct stat status;
    int64_t start_us = clock_us();

    if (stat(cluster->data, &status) == 0)
        return true;
    snprintf(unfinished, sizeof unfinished, "%s.new", cluster->data);
    snprintf(initdb, sizeof initdb, "%s/initdb", cluster->postgres.bin);
    (void) nftw(unfinished, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (mkdir(unfinished, 0700) != 0 ||
        chown(unfinished, cluster->postgres.uid, cluster->postgres.gid) != 0) {
        snprintf(reason, size, "cannot make %.200s: %s", unfinished, strerror(errno));
        return false;
    }
    log_write(LOG_LEVEL_INFO, "making the private PostgreSQL", "directory=%s", cluster->data);
    if (!postgres_run(&cluster->postgres,
                      (const char *const[]){initdb, "-D", unfinished, "-U", "postgres",
                                            "--auth=reject", "--encoding=UTF8", "--locale=C.UTF-8",
                                            "--no-instructions", NULL},
                      NULL) ||
        !bootstrap(cluster, unfinished) || rename(unfinished, cluster->data) != 0) {
        snprintf(reason, size, "the private PostgreSQL cannot be made; %.200s says why",
                 cluster->postgres.log);
        return false;
    }
    log_write(LOG_LEVEL_INFO, "private PostgreSQL made", "ms=%lld",
              (long long) ((clock_us() - start_us) / 1000));
    return true;
}

/* ---- running ---- */

/* Reads postmaster.pid: its first line is the process, its eighth says "ready". */
static pid_t
read_pid_file(const Cluster *cluster, bool *ready)
{
    char path[POSTGRES_PATH_SIZE + 32], line[256];
    FILE *file;
    long pid = 0;

    *ready = false;
    snprintf(path, sizeof path, "%s/postmaster.pid", cluster->data);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    for (int i = 1; i <= 8 && fgets(line, sizeof line, file) != NULL; i++) {
        if (i == 1)
            pid = strtol(line, NULL, 10);
        if (i == 8)
            *ready = strncmp(line, "ready", 5) == 0;
    }
    fclose(file);
    return (pid_t) pid;
}

/* True if the process runs on this data directory, not only under a number that was used again. */
static bool
is_ours(const Cluster *cluster, pid_t pid)
{
    char path[64], text[POSTGRES_PATH_SIZE * 2] = "";
    FILE *file;
    size_t size;
    bool found = false;

    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long) pid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    for (size_t i = 0; i < size; i += strlen(text + i) + 1)
        found = found || strcmp(text + i, cluster->data) == 0;
    return found;
}

/* The PostgreSQL of a server that was killed shuts down by itself (--pdeathsig); this waits for it.
 * An immediate shutdown loses nothing: the next start recovers. */
static bool
wait_for_leftover(const Cluster *cluster, char *reason, size_t size)
{
    int64_t start_us = clock_us();
    bool ready;

    for (;;) {
        pid_t pid = read_pid_file(cluster, &ready);

        if (pid <= 0 || !is_ours(cluster, pid))
            return true;
        if (clock_us() > start_us + LEFTOVER_MAX_MS * 1000 || ending_is_asked()) {
            snprintf(reason, size, "a PostgreSQL (process %ld) of an earlier server does not end%s",
                     (long) pid, ending_is_asked() ? " before this one is stopped" : "");
            return false;
        }
        (void) kill(pid, clock_us() > start_us + LEFTOVER_FAST_MS * 1000 ? SIGQUIT : SIGINT);
        (void) poll(NULL, 0, LOOK_MS);
    }
}

static pid_t
start_postgres(const Cluster *cluster)
{
    char postgres[POSTGRES_PATH_SIZE + 16], connections[64], socket[POSTGRES_PATH_SIZE + 32];

    snprintf(postgres, sizeof postgres, "%s/postgres", cluster->postgres.bin);
    snprintf(connections, sizeof connections, "max_connections=%d", cluster->max_connections);
    snprintf(socket, sizeof socket, "unix_socket_directories=%s", cluster->socket);
    return postgres_spawn(
        &cluster->postgres,
        (const char *const[]){postgres, "-D", cluster->data, "-c", "listen_addresses=", "-c",
                              socket, "-c", "unix_socket_permissions=0700", "-c", connections, "-c",
                              "max_locks_per_transaction=256", "-c",
                              "password_encryption=scram-sha-256",
                              /* no row and no parameter, which may be a hash,
                               * comes into its log */
                              "-c", "log_error_verbosity=terse", "-c", "log_parameter_max_length=0",
                              "-c", "log_parameter_max_length_on_error=0", NULL},
        NULL);
}

static void
set_state(Cluster *cluster, pid_t pid, bool ready)
{
    pthread_mutex_lock(&cluster->lock);
    cluster->pid = pid;
    cluster->ready = ready;
    pthread_cond_broadcast(&cluster->changed);
    pthread_mutex_unlock(&cluster->lock);
}

static bool
is_stopping(Cluster *cluster)
{
    pthread_mutex_lock(&cluster->lock);
    bool stopping = cluster->stopping;
    pthread_mutex_unlock(&cluster->lock);
    return stopping;
}

/* Watches one life of PostgreSQL: says when it is ready, and returns when it has ended. */
static void
watch(Cluster *cluster, pid_t pid)
{
    bool ready = false, said = false;
    int status = 0;

    while (waitpid(pid, &status, said ? 0 : WNOHANG) != pid) {
        if (!said && read_pid_file(cluster, &ready) == pid && ready) {
            said = true;
            set_state(cluster, pid, true);
        } else if (!said) {
            (void) poll(NULL, 0, ASK_MS);
        }
    }
    set_state(cluster, 0, false);
    if (!is_stopping(cluster))
        log_write(LOG_LEVEL_ERROR, "PostgreSQL ended", "%s=%d log=%s",
                  WIFSIGNALED(status) ? "signal" : "status",
                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                  cluster->postgres.log);
}

/* The thread that spawns is the parent that --pdeathsig means, so it lives as long as the cluster.
 */
static void *
supervise(void *argument)
{
    Cluster *cluster = argument;
    int backoff_ms = 100, failures = 0;
    bool was_ready = false;

    for (;;) {
        int64_t start_us = clock_us();
        pid_t pid = -1;

        pthread_mutex_lock(&cluster->lock);
        if (!cluster->stopping) {
            pid = start_postgres(cluster);
            cluster->pid = pid > 0 ? pid : 0;
        }
        pthread_mutex_unlock(&cluster->lock);
        if (pid > 0)
            watch(cluster, pid);

        pthread_mutex_lock(&cluster->lock);
        was_ready = was_ready || clock_us() - start_us > 10 * 1000000;
        if (!was_ready && !cluster->stopping && clock_us() - start_us < 2 * 1000000 &&
            ++failures == STARTS_MAX)
            cluster->failed = true; /* it does not start at all: cluster_start gives up */
        pthread_cond_broadcast(&cluster->changed);
        if (!cluster->stopping) {
            if (clock_us() - start_us > 10 * 1000000)
                backoff_ms = 100;

            struct timespec until = clock_after_ms(backoff_ms);

            while (!cluster->stopping &&
                   pthread_cond_timedwait(&cluster->changed, &cluster->lock, &until) == 0)
                ;
            backoff_ms = backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : backoff_ms * 2;
        }

        bool stopping = cluster->stopping;

        pthread_mutex_unlock(&cluster->lock);
        if (stopping)
            return NULL;
    }
}

static bool
wait_until_ready(Cluster *cluster)
{
    int64_t until_us = clock_us() + READY_MAX_MS * 1000;
    bool ready;

    pthread_mutex_lock(&cluster->lock);
    while (!cluster->ready && !cluster->failed && clock_us() < until_us && !ending_is_asked()) {
        struct timespec look = clock_after_ms(LOOK_MS);

        (void) pthread_cond_timedwait(&cluster->changed, &cluster->lock, &look);
    }
    ready = cluster->ready;
    pthread_mutex_unlock(&cluster->lock);
    return ready;
}

static Cluster *
cluster_new(char *reason, size_t size)
{
    Cluster *cluster = calloc(1, sizeof *cluster);

    if (cluster == NULL) {
        snprintf(reason, size, "no memory");
        return NULL;
    }
    pthread_mutex_init(&cluster->lock, NULL);
    clock_cond_init(&cluster->changed);
    cluster->lock_fd = -1;
    return cluster;
}

Cluster *
cluster_join(const Config *config, char *reason, size_t size)
{
    Cluster *cluster = cluster_new(reason, size);
    bool taken = false;

    if (cluster == NULL)
        return NULL;
    if (postgres_find_user(&cluster->postgres, reason, size) &&
        find_folders(cluster, config, &taken, reason, size))
        reason[0] = '\0'; /* the lock is free */
    else if (taken)
        return cluster;
    cluster_stop(cluster);
    return NULL;
}

Cluster *
cluster_start(const Config *config, char *reason, size_t size)
{
    Cluster *cluster = cluster_new(reason, size);
    bool taken = false;

    if (cluster == NULL)
        return NULL;
    cluster->max_connections =
        (int) (config->workers + config->password_workers + config->owner_workers) +
        RESERVED_CONNECTIONS;
    if (!postgres_find_user(&cluster->postgres, reason, size) ||
        !find_folders(cluster, config, &taken, reason, size))
        goto failed;
    if (!postgres_find_programs(&cluster->postgres, reason, size) ||
        !make_cluster(cluster, reason, size) || !wait_for_leftover(cluster, reason, size))
        goto failed;
    if (!give_owner_rights(cluster, cluster->data)) {
        snprintf(reason, size, "the owner's login cannot be given bypassrls; %.200s says why",
                 cluster->postgres.log);
        goto failed;
    }
    cluster->has_thread = pthread_create(&cluster->thread, NULL, supervise, cluster) == 0;
    if (cluster->has_thread && wait_until_ready(cluster))
        return cluster;
    if (!cluster->has_thread)
        snprintf(reason, size, "there is no thread left to look after it");
    else if (ending_is_asked())
        snprintf(reason, size, "the server is told to end");
    else
        snprintf(reason, size, "the private PostgreSQL does not start; %.200s says why",
                 cluster->postgres.log);
failed:
    cluster_stop(cluster);
    return NULL;
}

/* Asks PostgreSQL to end; true when it has.  Where the process itself must end sooner, a PostgreSQL
 * that is still writing is left to itself: it has been told to shut down, and the next server waits
 * for its end. */
static bool
end_postgres(Cluster *cluster)
{
    int64_t limit_ms = ending_left_ms(STOP_MAX_MS);

    for (int signal = SIGINT; cluster->pid > 0; signal = SIGQUIT) {
        struct timespec until = clock_after_ms(limit_ms);

        (void) kill(cluster->pid, signal);
        while (cluster->pid > 0 &&
               pthread_cond_timedwait(&cluster->changed, &cluster->lock, &until) == 0)
            ;
        if (cluster->pid > 0 && ending_is_asked()) {
            log_write(LOG_LEVEL_WARNING, "PostgreSQL still shuts down: it ends by itself",
                      "process=%ld log=%s", (long) cluster->pid, cluster->postgres.log);
            return false;
        }
        if (signal == SIGQUIT && cluster->pid > 0)
            (void) kill(cluster->pid, SIGKILL);
    }
    return true;
}

void
cluster_stop(Cluster *cluster)
{
    bool ended;

    if (cluster == NULL)
        return;
    pthread_mutex_lock(&cluster->lock);
    cluster->stopping = true;
    pthread_cond_broadcast(&cluster->changed);
    ended = end_postgres(cluster);
    pthread_mutex_unlock(&cluster->lock);
    if (!ended)
        return; /* its thread still uses the memory, and its lock ends with the process */
    if (cluster->has_thread)
        pthread_join(cluster->thread, NULL);
    if (cluster->lock_fd >= 0)
        close(cluster->lock_fd);
    pthread_cond_destroy(&cluster->changed);
    pthread_mutex_destroy(&cluster->lock);
    free(cluster);
}

char *
cluster_conninfo(const Cluster *cluster, const char *login)
{
    char *text;

    if (asprintf(&text, "host='%s' dbname=clientiq user=%s", cluster->socket, login) < 0)
        return NULL;
    return text;
}
