/* The two clocks: one that only goes forward, for deadlines, and the calendar's, for what is
 * stored. */
#ifndef CIQ_SERVER_CLOCK_H
#define CIQ_SERVER_CLOCK_H

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

/* Microseconds since 1970-01-01 UTC. */
static inline int64_t
clock_unix_us(void)
{
    return clock_read_us(CLOCK_REALTIME);
}

#endif
