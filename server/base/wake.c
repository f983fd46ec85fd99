/* A condition variable on the monotonic clock.  */
#include "base/wake.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

struct Wake {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool rung, stopped;
};

Wake *
wake_new(void)
{
    Wake *wake = calloc(1, sizeof *wake);

    if (wake == NULL)
        return NULL;
    pthread_mutex_init(&wake->lock, NULL);
    clock_cond_init(&wake->changed);
    return wake;
}

void
wake_free(Wake *wake)
{
    if (wake == NULL)
        return;
    pthread_cond_destroy(&wake->changed);
    pthread_mutex_destroy(&wake->lock);
    free(wake);
}

void
wake_ring(Wake *wake)
{
    if (wake == NULL)
        return;
    pthread_mutex_lock(&wake->lock);
    wake->rung = true;
    pthread_cond_signal(&wake->changed);
    pthread_mutex_unlock(&wake->lock);
}

void
wake_stop(Wake *wake)
{
    pthread_mutex_lock(&wake->lock);
    wake->stopped = true;
    pthread_cond_signal(&wake->changed);
    pthread_mutex_unlock(&wake->lock);
}

bool
wake_wait(Wake *wake, int64_t wait_ms)
{
    struct timespec until = clock_after_ms(wait_ms);
    bool stopped;

    pthread_mutex_lock(&wake->lock);
    while (!wake->stopped && !wake->rung)
        if (wait_ms == WAKE_FOR_EVER)
            pthread_cond_wait(&wake->changed, &wake->lock);
        else if (pthread_cond_timedwait(&wake->changed, &wake->lock, &until) != 0)
            break;
    wake->rung = false;
    stopped = wake->stopped;
    pthread_mutex_unlock(&wake->lock);
    return !stopped;
}
