/* A process that hangs when it is told to end: it says what it was doing, and ends all the same,
 * also where nobody reads what it says.  Each is a process of its own.  */
#include "harness/cases.h"
#include "harness/wait.h"

#include "server/base/ending.h"
#include "server/base/log.h"
#include "server/base/stop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 50, HANG_MS = 600000 };

typedef struct Child {
    pid_t pid;
    int stderr_fd; /* the end to read */
} Child;

/* In the child: told to end, and does not. */
static void
hang(void)
{
    if (!ending_start(LIMIT_MS) || !log_start(LOG_LEVEL_INFO))
        _exit(1);
    ending_step("a step that hangs");
    (void) kill(getpid(), SIGTERM);
    (void) poll(NULL, 0, HANG_MS);
    _exit(1);
}

/* In the child: a start is interrupted. */
static void
start(void)
{
    int stop = stop_new();
    struct pollfd descriptor = {.fd = stop, .events = POLLIN};

    if (!ending_start(HANG_MS) || ending_is_asked() || ending_left_ms(5) != 5)
        _exit(1);
    ending_raises(stop);
    (void) kill(getpid(), SIGHUP); /* a closed terminal stops nothing */
    (void) kill(getpid(), SIGTERM);
    if (poll(&descriptor, 1, HANG_MS) != 1)
        _exit(1);
    ending_wait();
    _exit(ending_is_asked() && ending_left_ms(5) == 5 ? 0 : 1);
}

static Child
child_new(void (*run)(void), bool is_full)
{
    Child child;
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        static const char filler[4096];

        dup2(ends[1], STDERR_FILENO);
        if (is_full) {
            (void) fcntl(ends[1], F_SETFL, O_NONBLOCK);
            while (write(ends[1], filler, sizeof filler) > 0)
                ;
            (void) fcntl(ends[1], F_SETFL, 0);
        }
        run();
    }
    close(ends[1]);
    child.stderr_fd = ends[0];
    return child;
}

static int
child_status(const Child *child)
{
    int status;

    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
test_ending__says_what_hangs(void **state)
{
    Child child = child_new(hang, false);
    char said[4096] = "";
    ssize_t size;

    (void) state;
    assert_int_equal(child_status(&child), ENDING_STATUS);
    size = read(child.stderr_fd, said, sizeof said - 1);
    assert_true(size > 0);
    said[size] = '\0';
    assert_non_null(strstr(said, "stop hung"));
    assert_non_null(strstr(said, "a step that hangs"));
    close(child.stderr_fd);
}

static void
test_ending__nobody_reads_it(void **state)
{
    Child child = child_new(hang, true);

    (void) state;
    assert_int_equal(child_status(&child), ENDING_STATUS);
    close(child.stderr_fd);
}

static void
test_ending__interrupts_a_start(void **state)
{
    Child child = child_new(start, false);

    (void) state;
    assert_int_equal(child_status(&child), 0);
    close(child.stderr_fd);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ending__says_what_hangs),
        cmocka_unit_test(test_ending__nobody_reads_it),
        cmocka_unit_test(test_ending__interrupts_a_start),
    };

    return run_cases(tests, NULL, NULL);
}
