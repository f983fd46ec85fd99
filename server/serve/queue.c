/* Tenants are hashed into buckets; the buckets that have calls form a ring, and take turns.  Each
 * worker has its own condition, so that exactly one thread is woken for one call.  */
#include "serve/queue.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS = 1024 }; /* tenants of one bucket share its turn */

typedef struct Bucket Bucket;
struct Bucket {
    Ticket *first, **last; /* waiting, oldest first */
    Bucket *next;          /* in the ring of buckets with calls */
};

typedef struct Sleeper {
    pthread_cond_t wake;
    uint64_t tenant_hash; /* served last */
    Ticket *given;
    bool idle;
} Sleeper;

struct Queue {
    pthread_mutex_t lock;
    size_t calls, calls_max, bytes, bytes_max;
    size_t workers, idle;
    bool closed;
    Bucket *ring; /* the bucket that had the last turn, whose next is due; NULL: nothing waits */
    Sleeper *sleepers;
    Bucket buckets[BUCKETS];
};

Queue *
queue_new(size_t calls_max, size_t bytes_max, size_t workers)
{
    Queue *queue = calloc(1, sizeof *queue);

    if (queue == NULL)
        return NULL;
    queue->sleepers = calloc(workers, sizeof *queue->sleepers);
    if (queue->sleepers == NULL) {
        free(queue);
        return NULL;
    }
    pthread_mutex_init(&queue->lock, NULL);
    for (size_t i = 0; i < workers; i++)
        clock_cond_init(&queue->sleepers[i].wake);
    queue->calls_max = calls_max;
    queue->bytes_max = bytes_max;
    queue->workers = workers;
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
    free(queue->sleepers);
    free(queue);
}

/* An idle worker, preferably one that served this tenant last. */
static Sleeper *
choose_sleeper(Queue *queue, uint64_t tenant_hash)
{
    Sleeper *chosen = NULL;

    for (size_t i = 0; i < queue->workers; i++) {
        Sleeper *sleeper = &queue->sleepers[i];

        if (!sleeper->idle)
            continue;
        if (sleeper->tenant_hash == tenant_hash)
            return sleeper;
        if (chosen == NULL) /* the first, so that few threads do most of the work */
            chosen = sleeper;
    }
    return chosen;
}

static void
queue_append(Queue *queue, Ticket *ticket)
{
    Bucket *bucket = &queue->buckets[ticket->tenant_hash % BUCKETS];

    ticket->next = NULL;
    if (bucket->first == NULL) {
        bucket->last = &bucket->first;
        if (queue->ring == NULL) {
            bucket->next = bucket;
        } else {
            bucket->next = queue->ring->next;
            queue->ring->next = bucket;
        }
        queue->ring = bucket; /* its turn comes after all others */
    }
    *bucket->last = ticket;
    bucket->last = &ticket->next;
    queue->calls++;
    queue->bytes += ticket->size;
}

static Ticket *
queue_take(Queue *queue)
{
    if (queue->ring == NULL)
        return NULL;

    Bucket *bucket = queue->ring->next;
    Ticket *ticket = bucket->first;

    bucket->first = ticket->next;
    if (bucket->first != NULL)
        queue->ring = bucket;
    else if (bucket == queue->ring)
        queue->ring = NULL;
    else
        queue->ring->next = bucket->next;
    queue->calls--;
    queue->bytes -= ticket->size;
    return ticket;
}

bool
queue_push(Queue *queue, Ticket *ticket)
{
    bool taken = false;

    pthread_mutex_lock(&queue->lock);
    if (!queue->closed) {
        Sleeper *sleeper = queue->idle > 0 ? choose_sleeper(queue, ticket->tenant_hash) : NULL;

        if (sleeper != NULL) {
            sleeper->given = ticket;
            sleeper->idle = false;
            queue->idle--;
            pthread_cond_signal(&sleeper->wake);
            taken = true;
        } else if (queue->calls < queue->calls_max &&
                   ticket->size <= queue->bytes_max - queue->bytes) {
            queue_append(queue, ticket);
            taken = true;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

Ticket *
queue_pop(Queue *queue, size_t worker, int idle_ms, bool *closed)
{
    Sleeper *sleeper = &queue->sleepers[worker];
    struct timespec until = clock_after_ms(idle_ms);
    Ticket *ticket;

    pthread_mutex_lock(&queue->lock);
    ticket = queue_take(queue);
    if (ticket == NULL && !queue->closed) {
        sleeper->given = NULL;
        sleeper->idle = true;
        queue->idle++;
        while (sleeper->idle && !queue->closed &&
               pthread_cond_timedwait(&sleeper->wake, &queue->lock, &until) == 0)
            ;
        ticket = sleeper->given;
        if (sleeper->idle) {
            sleeper->idle = false;
            queue->idle--;
        }
    }
    if (ticket != NULL)
        sleeper->tenant_hash = ticket->tenant_hash;
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
