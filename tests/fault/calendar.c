/* Preloaded into a server of a test's own, before libfaketime, which moves the calendar but leaves
 * two things out.  A wait until a time of the calendar ends here when the calendar says so, as the
 * kernel has it: libfaketime turns it into a wait of so long, which nothing moves any more.  And
 * the other clocks are read without libfaketime: the address sanitizer reads one while it makes its
 * first memory, which libfaketime would ask it for.  */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_NS = 10000000 }; /* between two looks at the calendar */

static int (*next_gettime)(clockid_t, struct timespec *);
static int (*next_clockwait)(pthread_cond_t *, pthread_mutex_t *, clockid_t,
                             const struct timespec *);

__attribute__((constructor)) static void
find_next(void)
{
    *(void **) &next_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    *(void **) &next_clockwait = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
    if (id != CLOCK_REALTIME || next_gettime == NULL)
        return (int) syscall(SYS_clock_gettime, id, now);
    return next_gettime(id, now);
}

static bool
has_passed(const struct timespec *until)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec > until->tv_sec ||
           (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

int
pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                       const struct timespec *until)
{
    int error = ETIMEDOUT;

    /* glibc's mark of a condition whose clock is the monotonic one */
    if ((condition->__data.__wrefs & 2) != 0)
        return next_clockwait(condition, lock, CLOCK_MONOTONIC, until);
    while (error == ETIMEDOUT && !has_passed(until)) {
        struct timespec look;

        clock_gettime(CLOCK_MONOTONIC, &look);
        look.tv_nsec += LOOK_NS;
        look.tv_sec += look.tv_nsec / 1000000000;
        look.tv_nsec %= 1000000000;
        error = next_clockwait(condition, lock, CLOCK_MONOTONIC, &look);
    }
    return error;
}
