#include "base/pace.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    PACE_WORK_US = 50, /* what another may have to wait for a core */
    PACE_REST_US =
        50, /* and the kernel's slack of 50: long enough for a step of somebody else's call */
    PACE_CALM_US = 5000 /* without a call: nobody to give way to */
};

/* Ignored wherever it is not asked for, so that one which comes late does no harm. */
#define PACE_SIGNAL SIGURG

static _Thread_local struct {
    timer_t timer;
    const _Atomic int64_t *last_call_us;
    unsigned rests;
} pace;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Once only, and set again after each rest: a rest that took long is not followed by the next at
 * once. */
static void
set_timer(void)
{
    (void) timer_settime(pace.timer, 0,
                         &(struct itimerspec){.it_value.tv_nsec = PACE_WORK_US * 1000}, NULL);
}

static void
rest(int signal_number)
{
    int saved = errno;

    (void) signal_number;
    if (pace.last_call_us != NULL) {
        if (clock_us() - atomic_load_explicit(pace.last_call_us, memory_order_relaxed) <
            PACE_CALM_US) {
            (void) pselect(0, NULL, NULL, NULL, &(struct timespec){.tv_nsec = PACE_REST_US * 1000},
                           NULL);
            pace.rests++;
        }
        set_timer();
    }
    errno = saved;
}

static void
install(void)
{
    struct sigaction action = {.sa_handler = rest, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    (void) sigaction(PACE_SIGNAL, &action, NULL);
}

void
pace_begin(const _Atomic int64_t *last_call_us)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = PACE_SIGNAL};

    event._sigev_un._tid = gettid(); /* sigev_notify_thread_id, which glibc has since 2.38 only */
    pthread_once(&once, install);
    pace.rests = 0;
    if (timer_create(CLOCK_MONOTONIC, &event, &pace.timer) != 0)
        return; /* it is only less polite */
    pace.last_call_us = last_call_us;
    set_timer();
}

unsigned
pace_end(void)
{
    if (pace.last_call_us != NULL) {
        pace.last_call_us = NULL;
        (void) timer_delete(pace.timer);
    }
    return pace.rests;
}

/* libsodium maps its 19 MiB for each hash and has the kernel fill all of them at once: milliseconds
 * in which the thread cannot rest, and half of what a hash takes.  While a thread is paced it gets
 * them page by page, and large pages where the kernel has them.  libsodium calls mmap through its
 * dynamic symbol, so this one comes first (proto/guard.c does the same to sendmsg).  Sanitizers
 * have an mmap of their own. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__LP64__)
void *
mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    bool is_paced = pace.last_call_us != NULL && (flags & MAP_POPULATE) != 0;
    void *memory = (void *) syscall(SYS_mmap, address, size, protection,
                                    is_paced ? flags & ~MAP_POPULATE : flags, descriptor, offset);

    if (is_paced && memory != MAP_FAILED)
        (void) madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}
#endif
