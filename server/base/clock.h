/* The clocks: those that only go forward, for deadlines, and the calendar's, for what is stored. */
#ifndef CIQ_SERVER_CLOCK_H
#define CIQ_SERVER_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

static inline int64_t
clock_read_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Microseconds of the monotonic clock. */
static inline int64_t
clock_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

/* The same, but it goes on while the machine sleeps: for times that another machine counts on. */
static inline int64_t
clock_boot_us(void)
{
    return clock_read_us(CLOCK_BOOTTIME);
}

/* Microseconds since 1970-01-01 UTC. */
static inline int64_t
clock_unix_us(void)
{
    return clock_read_us(CLOCK_REALTIME);
}

/* A condition variable whose waits end by the monotonic clock, and the time at which a wait of so
 * many milliseconds ends. */
static inline void
clock_cond_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static inline struct timespec
clock_after_ms(int64_t wait_ms)
{
    int64_t until_us = clock_us() + wait_ms * 1000;

    return (struct timespec){.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
}

#endif
