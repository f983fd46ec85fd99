/* Finding PostgreSQL's programs, and spawning them.  Children are only spawned, never forked: nng
 * does not survive a fork.  */
#include "db/postgres.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 40,
    LOOK_MS = 10,           /* between two looks whether a program has ended */
    RUN_MAX_MS = 300000,    /* initdb on a slow disk */
    PG_CONFIG_MAX_MS = 5000 /* it prints a line */
};

/* ---- who and what ---- */

bool
postgres_find_user(Postgres *postgres, char *reason, size_t size)
{
    const struct passwd *entry = getpwuid(geteuid());

    snprintf(postgres->server_user, sizeof postgres->server_user, "%s",
             entry != NULL ? entry->pw_name : "");
    if (geteuid() == 0) {
        entry = getpwnam("postgres");
        if (entry == NULL)
            entry = getpwnam("nobody");
    }
    if (entry == NULL) {
        snprintf(reason, size, "no user to run PostgreSQL as");
        return false;
    }
    snprintf(postgres->user, sizeof postgres->user, "%s", entry->pw_name);
    postgres->uid = entry->pw_uid;
    postgres->gid = entry->pw_gid;
    return true;
}

static bool
has_initdb(const char *folder)
{
    char path[POSTGRES_PATH_SIZE + 16];

    snprintf(path, sizeof path, "%s/initdb", folder);
    return access(path, X_OK) == 0;
}

/* Waits for the end of a child, and kills it with its group if that does not come.  False: it
 * failed. */
static bool
wait_for_child(pid_t pid, int64_t limit_ms)
{
    int64_t until_us = clock_us() + limit_ms * 1000;
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        if (clock_us() > until_us || ending_is_asked()) {
            (void) kill(-pid, SIGKILL);
            (void) kill(pid, SIGKILL);
            (void) waitpid(pid, &status, 0); /* a killed child ends */
            return false;
        }
        (void) poll(NULL, 0, LOOK_MS);
    }
    return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The first line that it prints is short: a pipe holds it until it is read here. */
static bool
ask_pg_config(Postgres *postgres)
{
    int ends[2];
    pid_t pid;
    posix_spawn_file_actions_t actions;
    char *const arguments[] = {"pg_config", "--bindir", NULL};
    bool ok = false;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ) == 0 &&
        wait_for_child(pid, PG_CONFIG_MAX_MS)) {
        struct pollfd answer = {.fd = ends[0], .events = POLLIN};
        ssize_t size =
            poll(&answer, 1, 0) > 0 ? read(ends[0], postgres->bin, sizeof postgres->bin - 1) : 0;

        postgres->bin[size > 0 ? size : 0] = '\0';
        postgres->bin[strcspn(postgres->bin, "\n")] = '\0';
        ok = size > 0;
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    close(ends[1]);
    return ok && has_initdb(postgres->bin);
}

/* Debian keeps each version in a folder of its own; the newest wins. */
static bool
look_for_debian(Postgres *postgres)
{
    static const char root[] = "/usr/lib/postgresql";
    DIR *folder = opendir(root);
    const struct dirent *entry;
    long newest = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        long version = strtol(entry->d_name, NULL, 10);
        char bin[POSTGRES_PATH_SIZE];

        snprintf(bin, sizeof bin, "%s/%s/bin", root, entry->d_name);
        if (version > newest && has_initdb(bin)) {
            newest = version;
            snprintf(postgres->bin, sizeof postgres->bin, "%s", bin);
        }
    }
    if (folder != NULL)
        closedir(folder);
    return newest > 0;
}

bool
postgres_find_programs(Postgres *postgres, char *reason, size_t size)
{
    if (ask_pg_config(postgres) || look_for_debian(postgres))
        return true;
    snprintf(
        reason, size,
        "no PostgreSQL found: install the package postgresql, or name a database by --database");
    return false;
}

/* ---- children ---- */

/* The words that come before a PostgreSQL program: another user if we are root, and a fast shutdown
 * if the server dies without a word. */
static size_t
add_setpriv(const Postgres *postgres, char *storage[2], const char **arguments)
{
    size_t count = 0;

    arguments[count++] = "setpriv";
    if (geteuid() == 0) {
        if (asprintf(&storage[0], "--reuid=%u", (unsigned) postgres->uid) < 0 ||
            asprintf(&storage[1], "--regid=%u", (unsigned) postgres->gid) < 0)
            return 0;
        arguments[count++] = storage[0];
        arguments[count++] = storage[1];
        arguments[count++] = "--clear-groups";
    }
    arguments[count++] = "--pdeathsig=INT";
    arguments[count++] = "--";
    return count;
}

pid_t
postgres_spawn(const Postgres *postgres, const char *const *words, const char *input)
{
    const char *arguments[ARGUMENTS_MAX + 8];
    char *storage[2] = {NULL, NULL};
    size_t count = add_setpriv(postgres, storage, arguments);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t pid = -1;
    char text[256];

    for (size_t i = 0; words[i] != NULL && i < ARGUMENTS_MAX; i++)
        arguments[count++] = words[i];
    arguments[count] = NULL;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    /* a Ctrl-C at the terminal is for the server, which stops PostgreSQL last */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input != NULL ? input : "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, postgres->log,
                                     O_WRONLY | O_CREAT | O_APPEND, 0640);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, "/");

    int error = posix_spawnp(&pid, "setpriv", &actions, &attributes,
                             (char *const *) (uintptr_t) arguments, environ);

    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(storage[0]);
    free(storage[1]);
    if (error == 0)
        return pid;
    log_write(LOG_LEVEL_ERROR, "cannot run a program",
              "program=setpriv reason=%s hint=\"it comes with the package util-linux\"",
              log_quote(text, sizeof text, strerror(error)));
    return -1;
}

bool
postgres_run(const Postgres *postgres, const char *const *words, const char *input)
{
    pid_t pid = postgres_spawn(postgres, words, input);

    return pid > 0 && wait_for_child(pid, RUN_MAX_MS);
}
