/* A thread of its own, since whatever else could look after the time may be what hangs.  */
#include "base/ending.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { SAYING_MS = 500 /* of the time, for what comes last: saying what hung, or the log's end */ };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_asked;
    int raises;
    const char *step;
    int64_t limit_ms, until_us;
} ending = {.lock = PTHREAD_MUTEX_INITIALIZER, .raises = -1, .step = "start"};

static void
fill_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
}

/* The process ends before this returns, unless it hangs. */
static void
wait_until_late(void)
{
    struct timespec until = clock_after_ms(ending.limit_ms);

    while (pthread_cond_timedwait(&ending.changed, &ending.lock, &until) == 0)
        ;
}

static void *
ending_loop(void *argument UNUSED)
{
    sigset_t signals;
    int number;
    char text[256];

    fill_signals(&signals);
    do
        sigwait(&signals, &number);
    while (number == SIGHUP); /* a closed terminal does not stop the server */
    log_write(LOG_LEVEL_INFO, "stopping", "signal=%s", sigabbrev_np(number));

    pthread_mutex_lock(&ending.lock);
    ending.is_asked = true;
    ending.until_us = clock_us() + ending.limit_ms * 1000;
    stop_raise(ending.raises);
    pthread_cond_broadcast(&ending.changed);
    wait_until_late();
    log_write(LOG_LEVEL_ERROR, "stop hung: the process ends now", "step=%s limit_ms=%lld",
              log_quote(text, sizeof text, ending.step), (long long) ending.limit_ms);
    log_stop();
    _exit(ENDING_STATUS);
}

bool
ending_start(int64_t limit_ms)
{
    pthread_t thread;
    sigset_t signals;

    fill_signals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    clock_cond_init(&ending.changed);
    ending.limit_ms = limit_ms;
    errno = pthread_create(&thread, NULL, ending_loop, NULL);
    if (errno != 0)
        return false;
    pthread_detach(thread);
    return true;
}

void
ending_wait(void)
{
    pthread_mutex_lock(&ending.lock);
    while (!ending.is_asked)
        pthread_cond_wait(&ending.changed, &ending.lock);
    pthread_mutex_unlock(&ending.lock);
}

bool
ending_is_asked(void)
{
    pthread_mutex_lock(&ending.lock);
    bool is_asked = ending.is_asked;
    pthread_mutex_unlock(&ending.lock);
    return is_asked;
}

void
ending_raises(int descriptor)
{
    pthread_mutex_lock(&ending.lock);
    ending.raises = descriptor;
    if (ending.is_asked)
        stop_raise(descriptor);
    pthread_mutex_unlock(&ending.lock);
}

void
ending_step(const char *what)
{
    pthread_mutex_lock(&ending.lock);
    ending.step = what;
    pthread_mutex_unlock(&ending.lock);
}

int64_t
ending_left_ms(int64_t otherwise_ms)
{
    int64_t left_ms = otherwise_ms;

    pthread_mutex_lock(&ending.lock);
    if (ending.is_asked) {
        left_ms = (ending.until_us - clock_us()) / 1000 - SAYING_MS;
        left_ms = left_ms < 0 ? 0 : left_ms < otherwise_ms ? left_ms : otherwise_ms;
    }
    pthread_mutex_unlock(&ending.lock);
    return left_ms;
}
