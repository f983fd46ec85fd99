/* Letters lie in a list under a lock; a descriptor that can be read wakes the loop.  Those that
 * wait for their time are few (answers to who is refused), and lie in a list of the loop's own.  */
#include "http/loop.h"
#include "base/clock.h"
#include "base/secret.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TICK_MS = 100 };

struct Loop {
    struct event_base *base;
    struct event *bell, *timer, *alarm; /* alarm: when the next waiting letter is due */
    void (*tick)(void *of);
    void *of;
    int bell_fd;
    pthread_t thread;
    pthread_mutex_t lock;
    Letter *first, **last; /* with the lock */
    Letter *waiting;       /* the loop's own */
    Letter stop;
    bool stopping; /* the loop's own */
};

static void
wipe_and_free(void *memory)
{
    if (memory != NULL)
        secret_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

void
loop_init(void)
{
    event_set_mem_functions(malloc, realloc, wipe_and_free);
}

struct event_base *
loop_base(const Loop *loop)
{
    return loop->base;
}

bool
loop_is_here(const Loop *loop)
{
    return pthread_equal(loop->thread, pthread_self()) != 0;
}

static void
set_alarm(Loop *loop)
{
    int64_t due_us = INT64_MAX, left_us;

    for (const Letter *letter = loop->waiting; letter != NULL; letter = letter->next)
        due_us = letter->due_us < due_us ? letter->due_us : due_us;
    if (due_us == INT64_MAX)
        return;
    left_us = due_us - clock_us();
    if (left_us < 0)
        left_us = 0;
    event_add(loop->alarm,
              &(struct timeval){.tv_sec = left_us / 1000000, .tv_usec = left_us % 1000000});
}

/* Opens those that are due, or all. */
static void
open_waiting(Loop *loop)
{
    Letter *letter = loop->waiting;
    int64_t now_us = clock_us();

    loop->waiting = NULL;
    while (letter != NULL) {
        Letter *next = letter->next;

        if (loop->stopping || letter->due_us <= now_us) {
            letter->open(letter);
        } else {
            letter->next = loop->waiting;
            loop->waiting = letter;
        }
        letter = next;
    }
    set_alarm(loop);
}

static void
open_letters(Loop *loop)
{
    Letter *letter;
    int64_t now_us = clock_us();
    bool waits = false;

    pthread_mutex_lock(&loop->lock);
    letter = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    while (letter != NULL) {
        Letter *next = letter->next; /* what is opened may be gone */

        if (letter->due_us > now_us && !loop->stopping) {
            letter->next = loop->waiting;
            loop->waiting = letter;
            waits = true;
        } else {
            letter->open(letter);
        }
        letter = next;
    }
    if (waits)
        set_alarm(loop);
}

static void
bell_rung(evutil_socket_t fd, short what, void *argument)
{
    uint64_t count;

    (void) what;
    (void) !read(fd, &count, sizeof count); /* before the letters are taken: none is missed */
    open_letters(argument);
}

static void
alarm_over(evutil_socket_t fd, short what, void *argument)
{
    (void) fd;
    (void) what;
    open_waiting(argument);
}

static void
timer_over(evutil_socket_t fd, short what, void *argument)
{
    Loop *loop = argument;

    (void) fd;
    (void) what;
    if (loop->tick != NULL)
        loop->tick(loop->of);
}

void
loop_post(Loop *loop, Letter *letter, uint32_t pause_ms)
{
    const uint64_t one = 1;
    bool was_empty;

    letter->next = NULL;
    letter->due_us = pause_ms > 0 ? clock_us() + (int64_t) pause_ms * 1000 : 0;
    pthread_mutex_lock(&loop->lock);
    was_empty = loop->first == NULL;
    *loop->last = letter;
    loop->last = &letter->next;
    pthread_mutex_unlock(&loop->lock);
    if (was_empty)
        (void) !write(loop->bell_fd, &one, sizeof one);
}

static void *
loop_run(void *argument)
{
    Loop *loop = argument;

    event_base_dispatch(loop->base);
    open_letters(loop); /* those that came with the stop */
    open_waiting(loop);
    return NULL;
}

static void
stop_opened(Letter *letter)
{
    Loop *loop = (Loop *) (void *) ((char *) letter - offsetof(Loop, stop));

    loop->stopping = true;
    event_base_loopbreak(loop->base);
}

static void
loop_free(Loop *loop)
{
    struct event *events[] = {loop->bell, loop->timer, loop->alarm};

    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    if (loop->base != NULL)
        event_base_free(loop->base);
    if (loop->bell_fd >= 0)
        close(loop->bell_fd);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

static bool
make_events(Loop *loop)
{
    struct event_config *config = event_config_new();

    if (config == NULL)
        return false;
    /* no other thread touches the base: a letter's bell wakes it */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    loop->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->base == NULL || loop->bell_fd < 0)
        return false;
    loop->bell = event_new(loop->base, loop->bell_fd, EV_READ | EV_PERSIST, bell_rung, loop);
    loop->timer = event_new(loop->base, -1, EV_PERSIST, timer_over, loop);
    loop->alarm = event_new(loop->base, -1, 0, alarm_over, loop);
    return loop->bell != NULL && loop->timer != NULL && loop->alarm != NULL &&
           event_add(loop->bell, NULL) == 0 &&
           event_add(loop->timer, &(struct timeval){.tv_usec = TICK_MS * 1000}) == 0;
}

Loop *
loop_start(void (*tick)(void *of), void *of)
{
    Loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return NULL;
    pthread_mutex_init(&loop->lock, NULL);
    loop->last = &loop->first;
    loop->bell_fd = -1;
    loop->tick = tick;
    loop->of = of;
    loop->stop.open = stop_opened;
    if (make_events(loop) && pthread_create(&loop->thread, NULL, loop_run, loop) == 0)
        return loop;
    loop_free(loop);
    return NULL;
}

void
loop_stop(Loop *loop)
{
    if (loop == NULL)
        return;
    loop_post(loop, &loop->stop, 0);
    pthread_join(loop->thread, NULL);
    loop_free(loop);
}
