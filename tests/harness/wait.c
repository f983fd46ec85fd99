/* Waits of tests; see wait.h.  */
#include "harness/wait.h"

#include "harness/cases.h"

#include <poll.h>
#include <time.h>

enum { WAIT_MAX_MS = 10000, ASK_MS = 5 };

int64_t
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
now_ms(void)
{
    return now_us() / 1000;
}

void
wait_until(const char *what, bool (*condition)(void *argument), void *argument)
{
    int64_t until_ms = now_ms() + WAIT_MAX_MS;

    while (!condition(argument)) {
        if (now_ms() > until_ms)
            fail_msg("waited too long for: %s", what);
        (void) poll(NULL, 0, ASK_MS);
    }
}
