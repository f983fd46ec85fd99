/* A fixed number of timers of nng's; those that run no pause are in a list.  */
#include "serve/pauses.h"
#include "proto/aio.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct Pause Pause;
struct Pause {
    Pauses *pauses;
    Pause *next; /* in the list of those that are free */
    AioPause *timer;
    void (*over)(void *argument);
    void *argument;
};

struct Pauses {
    pthread_mutex_t lock;
    Pause *free;
    Pause all[PAUSES_MAX];
};

static void
pause_over(void *argument, int error)
{
    Pause *pause = argument;
    Pauses *pauses = pause->pauses;
    void (*over)(void *) = pause->over;
    void *of = pause->argument;

    (void) error; /* ended early: what waits is sent now */
    pthread_mutex_lock(&pauses->lock);
    pause->next = pauses->free;
    pauses->free = pause;
    pthread_mutex_unlock(&pauses->lock);
    over(of);
}

Pauses *
pauses_new(void)
{
    Pauses *pauses = calloc(1, sizeof *pauses);

    if (pauses == NULL)
        return NULL;
    pthread_mutex_init(&pauses->lock, NULL);
    for (size_t i = 0; i < PAUSES_MAX; i++) {
        Pause *pause = &pauses->all[i];

        pause->pauses = pauses;
        pause->timer = aio_pause_new(pause_over, pause);
        if (pause->timer == NULL) {
            pauses_free(pauses);
            return NULL;
        }
        pause->next = pauses->free;
        pauses->free = pause;
    }
    return pauses;
}

void
pauses_free(Pauses *pauses)
{
    if (pauses == NULL)
        return;
    for (size_t i = 0; i < PAUSES_MAX; i++)
        aio_pause_free(pauses->all[i].timer);
    pthread_mutex_destroy(&pauses->lock);
    free(pauses);
}

bool
pauses_begin(Pauses *pauses, uint32_t pause_ms, void (*over)(void *argument), void *argument)
{
    Pause *pause;

    pthread_mutex_lock(&pauses->lock);
    pause = pauses->free;
    if (pause != NULL)
        pauses->free = pause->next;
    pthread_mutex_unlock(&pauses->lock);
    if (pause == NULL)
        return false;
    pause->over = over;
    pause->argument = argument;
    aio_pause_begin(pause->timer, pause_ms);
    return true;
}

void
pauses_cancel(Pauses *pauses)
{
    for (size_t i = 0; i < PAUSES_MAX; i++)
        aio_pause_cancel(pauses->all[i].timer);
}
