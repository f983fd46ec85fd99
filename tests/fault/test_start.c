/* Whatever keeps a program from its work, it says so: a process that ends badly has left a line on
 * stderr, and it has ended by itself, not by a signal.  */
#include "harness/fleet.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    THREADS_MAX = 64, /* more than a small server has */
    FILES_MIN = 8,    /* the program itself and its libraries must be read */
    FILES_MAX = 64
};

static const char *const small[] = {"--workers",
                                    "1",
                                    "--password-workers",
                                    "1",
                                    "--owner-workers",
                                    "1",
                                    "--migration-workers",
                                    "1",
                                    "--drain-ms",
                                    "0",
                                    NULL};

/* Whether the log has this; false also while there is none. */
static bool
log_has(const ServerProcess *process, const char *text)
{
    FILE *log = fopen(process->log, "r");
    char line[2048];
    bool found = false;

    while (log != NULL && !found && fgets(line, sizeof line, log) != NULL)
        found = strstr(line, text) != NULL;
    if (log != NULL)
        fclose(log);
    return found;
}

typedef struct Started {
    ServerProcess *process;
    bool is_over;
    int status;
} Started;

static bool
is_ready_or_over(void *argument)
{
    Started *started = argument;

    started->is_over = waitpid(started->process->pid, &started->status, WNOHANG) > 0;
    return started->is_over || log_has(started->process, "msg=ready") ||
           log_has(started->process, "msg=\"ready\"");
}

/* Starts a server that has no more than the environment says.  True: it serves, and has been
 * stopped; else it has said why not. */
static bool
serves(Fleet *fleet, const char *what, int count)
{
    ServerProcess process;
    Started started = {.process = &process};
    char preload[1024], number[16];

    snprintf(preload, sizeof preload, "%s %s/scarce.so", sanitizer_library(), CIQ_BIN_DIR);
    snprintf(number, sizeof number, "%d", count);
    assert_int_equal(setenv("LD_PRELOAD", preload, 1), 0);
    assert_int_equal(setenv(what, number, 1), 0);
    process_spawn(&process, &fleet->database, fleet->apps, small, -1);
    unsetenv("LD_PRELOAD");
    unsetenv(what);
    wait_until("a server that is ready or has given up", is_ready_or_over, &started);
    if (started.is_over) {
        if (!WIFEXITED(started.status) || WEXITSTATUS(started.status) != 1 ||
            (!log_has(&process, "level=error") && !log_has(&process, "ciq-server: ")))
            fail_msg("with %s=%d the server ended with status %d; its log is %s", what, count,
                     started.status, process.log);
    } else {
        assert_int_equal(kill(process.pid, SIGTERM), 0);
        assert_int_equal(process_end(&process), 0);
    }
    unlink(process.log);
    return !started.is_over;
}

typedef struct OwnerOf {
    long pid;
} OwnerOf;

/* It waits in read(2) of its standard input. */
static bool
reads_password(void *argument)
{
    const OwnerOf *owner = argument;
    char path[64], text[256] = "";
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/syscall", owner->pid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    (void) !fgets(text, sizeof text, file);
    fclose(file);
    return strncmp(text, "0 0x0 ", 6) == 0;
}

static void
test_start__few_threads(void **state)
{
    int threads = 0;

    while (threads < THREADS_MAX && !serves(*state, "CIQ_THREADS", threads))
        threads++;
    assert_in_range(threads, 2, THREADS_MAX - 1);
}

static void
test_start__few_descriptors(void **state)
{
    int files = FILES_MIN;

    while (files < FILES_MAX && !serves(*state, "CIQ_FILES", files))
        files++;
    assert_in_range(files, FILES_MIN + 1, FILES_MAX - 1);
}

/* Runs a command of a shell, which must end with this status and say this. */
static void
expect(const char *what, const char *command, int status, const char *text)
{
    char output[8192];
    FILE *stream = popen(command, "r");
    size_t size;

    assert_non_null(stream);
    size = fread(output, 1, sizeof output - 1, stream);
    output[size] = '\0';

    int ended = pclose(stream);

    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != status || strstr(output, text) == NULL)
        fail_msg("%s: status %d instead of %d, and it said: %s", what, ended, status, output);
}

/* ciq-server with these words, on the database; what it says on stderr. */
static void
expect_server(const Fleet *fleet, const char *what, int status, const char *text, const char *words)
{
    char command[4096];

    snprintf(command, sizeof command,
             "CIQ_DATABASE='%s' CIQ_DATABASE_OWNER='%s' CIQ_ROLE_BLOCK=16 timeout 60 %s/ciq-server "
             "%s 2>&1 >/dev/null",
             fleet->database.worker, fleet->database.owner, CIQ_BIN_DIR, words);
    expect(what, command, status, text);
}

static void
test_start__what_is_missing_or_taken(void **state)
{
    const Fleet *fleet = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char words[256];

    assert_int_equal(bind(taken, (struct sockaddr *) &address, size), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *) &address, &size), 0);
    snprintf(words, sizeof words, "--listen tcp://127.0.0.1:%d", ntohs(address.sin_port));
    expect_server(fleet, "a port that is taken", 1, "cannot listen", words);
    snprintf(words, sizeof words, "--http 127.0.0.1:%d", ntohs(address.sin_port));
    expect_server(fleet, "a port for HTTP that is taken", 1,
                  "--http ADDRESS:PORT chooses another address", words);
    close(taken);

    expect_server(fleet, "a folder that cannot be made", 1, "cannot listen",
                  "--runtime-dir /proc/nowhere");
    expect_server(fleet, "no key of the audit", 1, "cannot start", "--audit-key-file /nowhere");
    expect_server(fleet, "no apps", 1, "level=error", "--apps /nowhere");
    expect_server(fleet, "no address for HTTP", 2, "--http must be an address and a port",
                  "--http localhost");
    expect_server(fleet, "HTTP that other machines reach", 2, "--plaintext-beyond-loopback on",
                  "--http 0.0.0.0:0");
    expect_server(fleet, "no proxy", 2, "--trusted-proxies must be",
                  "--http 127.0.0.1:0 --trusted-proxies 10.0.0.0/33");
    expect_server(fleet, "a wrong setting", 2, "--workers", "--workers none");
    expect_server(fleet, "no such database", 1, "cannot connect",
                  "--database 'host=/nowhere' --database-owner 'host=/nowhere'");
    expect_server(fleet, "only one login", 2, "must be given together", "--database-owner ''");
    expect_server(
        fleet, "no folder for data", 1, "cannot make",
        "--database '' --database-owner '' --data-dir /proc/nowhere --runtime-dir /tmp/ciq-start-$$");
    expect_server(fleet, "an archive that is not there", 1, "cannot read",
                  "import --input /nowhere");
    expect_server(fleet, "a folder for an archive that is not there", 1, "cannot write",
                  "export --schema-name acme --output /nowhere/acme");
    expect_server(fleet, "no password", 1, "is empty",
                  "create-superuser --email a@b.example --password-stdin </dev/null");
}

/* The private PostgreSQL needs programs of others. */
static void
test_start__no_programs(void **state)
{
    const Fleet *fleet = *state;
    char folder[64], words[512];

    folder_new(folder);
    snprintf(words, sizeof words,
             "--database '' --database-owner '' --data-dir %s/data --runtime-dir %s/run", folder,
             folder);
    char command[2048];
    snprintf(command, sizeof command, "PATH=%s timeout 60 %s/ciq-server %s 2>&1 >/dev/null", folder,
             CIQ_BIN_DIR, words);
    /* the shell itself finds timeout by the PATH that it had */
    (void) fleet;
    memcpy(strstr(command, "timeout 60"), "          ", strlen("timeout 60"));
    expect("no program is found", command, 1, "cannot start the private PostgreSQL");
    folder_remove(folder);
}

/* A program that waits for a password, as somebody who is not root, and who owns what /proc shows
 * of it: root, if it keeps its memory to itself. */
static void
assert_owner(const char *core_dumps, bool is_root)
{
    char command[1024], path[64];
    long pid = 0;
    struct stat status;

    snprintf(command, sizeof command,
             "%s sh -c 'echo $$; exec %s/ciq-server create-superuser --email a@b.example "
             "--password-stdin --core-dumps %s' 2>/dev/null",
             geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups --" : "",
             CIQ_BIN_DIR, core_dumps);

    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    int saved = dup(STDIN_FILENO);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    FILE *stream = popen(command, "r");
    assert_true(dup2(saved, STDIN_FILENO) >= 0);
    close(saved);
    close(ends[0]);
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%ld", &pid), 1);
    snprintf(path, sizeof path, "/proc/%ld/mem", pid);

    OwnerOf owner = {.pid = pid};

    wait_until("the program to ask for a password", reads_password, &owner);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_uid == 0, is_root);
    close(ends[1]);
    pclose(stream);
}

static void
test_memory__is_hidden(void **state)
{
    (void) state;
    assert_owner("off", true);
    assert_owner("on", false);
}

static void
test_output__cannot_be_written(void **state)
{
    char command[512];

    (void) state;
    static const char *const programs[] = {"ciq-server --help", "ciq-server --version",
                                           "ciq-server --check-config", "ciq-client --help",
                                           "ciq-client --version"};

    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        snprintf(command, sizeof command, "ASAN_OPTIONS=detect_leaks=0 %s/%s 2>&1 >/dev/full",
                 CIQ_BIN_DIR, programs[i]);
        expect(programs[i], command, 1, "cannot write to standard output");
    }
}

static int
setup(void **state)
{
    static Fleet fleet;

    fleet_new(&fleet);
    *state = &fleet;
    return 0;
}

static int
teardown(void **state)
{
    fleet_free(*state);
    return 0;
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start__few_threads),
        cmocka_unit_test(test_start__few_descriptors),
        cmocka_unit_test(test_start__what_is_missing_or_taken),
        cmocka_unit_test(test_start__no_programs),
        cmocka_unit_test(test_output__cannot_be_written),
        cmocka_unit_test(test_memory__is_hidden),
    };

    return run_cases(tests, setup, teardown);
}
