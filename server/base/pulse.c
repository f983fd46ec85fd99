/* A thread that looks at the clock all the time; where it misses a beat, nobody else ran either. */
#include "base/pulse.h"
#include "base/clock.h"
#include "base/wake.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    BEAT_MS = 100,
    PAUSE_MIN_US = 300000, /* a busy machine makes a thread late, too */
    AFTER_US = 1000000     /* for so long after a pause, what it left behind is still read */
};

struct Pulse {
    Wake *wake;
    pthread_t thread;
    /* the last beat, and the last pause; beat_us is written last */
    _Atomic int64_t beat_us, from_us, until_us;
};

static void *
pulse_loop(void *argument)
{
    Pulse *pulse = argument;

    while (wake_wait(pulse->wake, BEAT_MS)) {
        int64_t now_us = clock_boot_us(), before_us = atomic_load(&pulse->beat_us);

        if (now_us - before_us >= PAUSE_MIN_US) {
            atomic_store(&pulse->from_us, before_us);
            atomic_store(&pulse->until_us, now_us);
        }
        atomic_store(&pulse->beat_us, now_us);
    }
    return NULL;
}

Pulse *
pulse_start(void)
{
    Pulse *pulse = calloc(1, sizeof *pulse);

    if (pulse == NULL)
        return NULL;
    atomic_store(&pulse->beat_us, clock_boot_us());
    pulse->wake = wake_new();
    if (pulse->wake != NULL && pthread_create(&pulse->thread, NULL, pulse_loop, pulse) == 0)
        return pulse;
    wake_free(pulse->wake);
    free(pulse);
    return NULL;
}

void
pulse_stop(Pulse *pulse)
{
    if (pulse == NULL)
        return;
    wake_stop(pulse->wake);
    pthread_join(pulse->thread, NULL);
    wake_free(pulse->wake);
    free(pulse);
}

int64_t
pulse_unread_us(const Pulse *pulse, int64_t receive_us)
{
    if (pulse == NULL)
        return 0;

    int64_t beat_us = atomic_load(&pulse->beat_us), from_us = atomic_load(&pulse->from_us);

    /* the pause has just ended, and the thread has not seen it yet */
    if (receive_us - beat_us >= PAUSE_MIN_US)
        return receive_us - beat_us;
    if (from_us != 0 && receive_us >= from_us &&
        receive_us < atomic_load(&pulse->until_us) + AFTER_US)
        return receive_us - from_us;
    return 0;
}
