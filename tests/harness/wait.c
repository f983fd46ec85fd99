/* Waits of tests; see wait.h.  */
#include "harness/wait.h"

#include "harness/cases.h"

#include <poll.h>
#include <time.h>

enum { WAIT_MAX_MS = 10000, ASK_MS = 5 };

void
wait_until(const char *what, bool (*condition)(void *argument), void *argument)
{
    struct timespec start, now;

    clock_gettime(CLOCK_MONOTONIC, &start);
    while (!condition(argument)) {
        (void) poll(NULL, 0, ASK_MS);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((now.tv_sec - start.tv_sec) * 1000 > WAIT_MAX_MS)
            fail_msg("waited too long for: %s", what);
    }
}
