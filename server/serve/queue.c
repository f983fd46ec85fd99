/* Each worker has its own condition, so that exactly one thread is woken for one call.  */
#include "serve/queue.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct Sleeper {
    pthread_cond_t wake;
    int64_t tenant; /* served last */
    Party *account; /* of the call that it serves; NULL: none */
    Ticket *given;
    bool idle;
} Sleeper;

struct Queue {
    pthread_mutex_t lock;
    Shares *shares;
    size_t workers, idle;
    bool closed;
    Sleeper *sleepers;
};

Queue *
queue_new(const SharesSize *size)
{
    Queue *queue = calloc(1, sizeof *queue);

    if (queue == NULL)
        return NULL;
    queue->shares = shares_new(size);
    queue->sleepers = calloc(size->workers, sizeof *queue->sleepers);
    if (queue->shares == NULL || queue->sleepers == NULL) {
        shares_free(queue->shares);
        free(queue->sleepers);
        free(queue);
        return NULL;
    }
    pthread_mutex_init(&queue->lock, NULL);
    for (size_t i = 0; i < size->workers; i++)
        clock_cond_init(&queue->sleepers[i].wake);
    queue->workers = size->workers;
    return queue;
}

void
queue_free(Queue *queue)
{
    if (queue == NULL)
        return;
    for (size_t i = 0; i < queue->workers; i++)
        pthread_cond_destroy(&queue->sleepers[i].wake);
    pthread_mutex_destroy(&queue->lock);
    shares_free(queue->shares);
    free(queue->sleepers);
    free(queue);
}

/* An idle worker, preferably one that served this tenant last.  There is one. */
static Sleeper *
choose_sleeper(Queue *queue, int64_t tenant)
{
    Sleeper *chosen = NULL;

    for (size_t i = 0; i < queue->workers; i++) {
        Sleeper *sleeper = &queue->sleepers[i];

        if (!sleeper->idle)
            continue;
        if (sleeper->tenant == tenant)
            return sleeper;
        if (chosen == NULL) /* the first, so that few threads do most of the work */
            chosen = sleeper;
    }
    return chosen;
}

/* To an idle worker, of whom there is one. */
static void
give(Queue *queue, Ticket *ticket, Party *account)
{
    Sleeper *sleeper = choose_sleeper(queue, ticket->share.tenant);

    sleeper->account = account;
    sleeper->given = ticket;
    sleeper->idle = false;
    queue->idle--;
    pthread_cond_signal(&sleeper->wake);
}

/* Calls may wait while workers are idle, since their account has as many running as it may. */
static void
give_those_that_are_due(Queue *queue)
{
    Party *account;
    Ticket *ticket;

    while (queue->idle > 0 && (ticket = shares_next(queue->shares, &account)) != NULL)
        give(queue, ticket, account);
}

Ticket *
queue_push(Queue *queue, Ticket *ticket)
{
    Ticket *refused = NULL;
    Party *account;

    ticket->next = NULL;
    pthread_mutex_lock(&queue->lock);
    if (queue->closed) {
        refused = ticket;
    } else if (queue->idle > 0 && (account = shares_start(queue->shares, ticket)) != NULL) {
        give(queue, ticket, account);
    } else {
        shares_wait(queue->shares, ticket);
        give_those_that_are_due(queue);
        refused = shares_shed(queue->shares, ticket);
    }
    pthread_mutex_unlock(&queue->lock);
    return refused;
}

static Ticket *
wait_for_call(Queue *queue, Sleeper *sleeper, int idle_ms)
{
    struct timespec until = clock_after_ms(idle_ms);

    sleeper->given = NULL;
    sleeper->idle = true;
    queue->idle++;
    while (sleeper->idle && !queue->closed &&
           pthread_cond_timedwait(&sleeper->wake, &queue->lock, &until) == 0)
        ;
    if (sleeper->idle) {
        sleeper->idle = false;
        queue->idle--;
    }
    return sleeper->given;
}

Ticket *
queue_pop(Queue *queue, size_t worker, int idle_ms, bool *closed)
{
    Sleeper *sleeper = &queue->sleepers[worker];
    Ticket *ticket;

    pthread_mutex_lock(&queue->lock);
    if (sleeper->account != NULL)
        shares_end(queue->shares, sleeper->account);
    sleeper->account = NULL;
    ticket = shares_next(queue->shares, &sleeper->account);
    if (ticket != NULL)
        give_those_that_are_due(queue);
    else if (!queue->closed)
        ticket = wait_for_call(queue, sleeper, idle_ms);
    if (ticket != NULL)
        sleeper->tenant = ticket->share.tenant;
    *closed = queue->closed && ticket == NULL;
    pthread_mutex_unlock(&queue->lock);
    return ticket;
}

void
queue_close(Queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    for (size_t i = 0; i < queue->workers; i++)
        pthread_cond_signal(&queue->sleepers[i].wake);
    pthread_mutex_unlock(&queue->lock);
}

void
queue_waiting(Queue *queue, size_t *calls, size_t *bytes)
{
    pthread_mutex_lock(&queue->lock);
    shares_waiting(queue->shares, calls, bytes);
    pthread_mutex_unlock(&queue->lock);
}
