/* The way of a message before a worker has it.  Transports call it on their own threads, which must
 * not be held up: what memory cannot answer is queued.  */
#include "serve/intake.h"
#include "base/clock.h"
#include "base/log.h"
#include "call/metrics.h"
#include "serve/admission.h"
#include "serve/dispatch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEMORY_ARENA = 64 * 1024,   /* bytes of a call that is answered from memory */
    MEMORY_MESSAGE = 16 * 1024, /* bytes of a message beyond which that may not be enough */
    ARENAS_MAX = 16,            /* kept for such calls; transports have fewer threads than that */
    DRAIN_PAUSE_MS = 50,   /* before a refusal while the server stops: clients that retry at once
                              then take no time from the calls that still finish */
    REFUSAL_PAUSE_MS = 100 /* before a refusal for want of room: a flood then gets no faster by it,
                              and takes little time from the calls that are served */
};

struct Intake {
    Core *core;
    Queue *const *queues;              /* by lane */
    Arena *_Atomic arenas[ARENAS_MAX]; /* wiped, for the next answer from memory */
    _Atomic size_t accepted;           /* queued or being served, and not answered yet */
    atomic_bool draining;
    pthread_mutex_t lock;
    pthread_cond_t idle; /* nothing is accepted any more */
};

Intake *
intake_new(Core *core, Queue *const queues[LANE_COUNT])
{
    Intake *intake = calloc(1, sizeof *intake);

    if (intake == NULL)
        return NULL;
    pthread_mutex_init(&intake->lock, NULL);
    clock_cond_init(&intake->idle);
    intake->core = core;
    intake->queues = queues;
    return intake;
}

void
intake_free(Intake *intake)
{
    if (intake == NULL)
        return;
    for (size_t i = 0; i < ARENAS_MAX; i++)
        arena_free(intake->arenas[i]);
    pthread_cond_destroy(&intake->idle);
    pthread_mutex_destroy(&intake->lock);
    free(intake);
}

void
intake_answered(Intake *intake, size_t count)
{
    if (count == 0 || atomic_fetch_sub(&intake->accepted, count) != count ||
        !atomic_load(&intake->draining))
        return;
    pthread_mutex_lock(&intake->lock);
    pthread_cond_broadcast(&intake->idle);
    pthread_mutex_unlock(&intake->lock);
}

/* Counted before it is asked whether a drain has begun, so that the drain either sees it or refuses
 * it. */
static bool
accept_call(Intake *intake, Exchange *exchange)
{
    atomic_fetch_add(&intake->accepted, 1);
    exchange->is_accepted = !atomic_load(&intake->draining);
    if (!exchange->is_accepted)
        intake_answered(intake, 1);
    return exchange->is_accepted;
}

void
intake_drain(Intake *intake, int64_t drain_ms)
{
    struct timespec until = clock_after_ms(drain_ms);
    size_t accepted;

    pthread_mutex_lock(&intake->lock);
    atomic_store(&intake->draining, true);
    while (atomic_load(&intake->accepted) > 0 &&
           pthread_cond_timedwait(&intake->idle, &intake->lock, &until) == 0)
        ;
    accepted = atomic_load(&intake->accepted);
    pthread_mutex_unlock(&intake->lock);
    if (accepted > 0)
        log_write(LOG_LEVEL_WARNING, "calls are cut off", "count=%zu", accepted);
}

static void
refuse_after(Exchange *exchange, uint32_t pause_ms, Code code, const char *text,
             uint32_t retry_after_ms)
{
    Reply reply = CLIENTIQ__V1__REPLY__INIT;

    reply.code = (Clientiq__V1__Code) code;
    reply.message = (char *) (uintptr_t) text;
    reply.retry_after_ms = retry_after_ms;
    exchange_reply(exchange, &reply, pause_ms);
}

static void
refuse(Exchange *exchange, Code code, const char *text, uint32_t retry_after_ms)
{
    refuse_after(exchange, 0, code, text, retry_after_ms);
}

static bool
is_large(const Exchange *exchange)
{
    return exchange->size > MEMORY_MESSAGE;
}

static Arena *
take_arena(Intake *intake, const Exchange *exchange)
{
    if (is_large(exchange))
        return arena_new(LIMIT_ARENA);
    for (size_t i = 0; i < ARENAS_MAX; i++) {
        Arena *arena = atomic_exchange(&intake->arenas[i], NULL);

        if (arena != NULL)
            return arena;
    }
    return arena_new(MEMORY_ARENA);
}

static void
give_arena_back(Intake *intake, bool large, Arena *arena)
{
    if (large) {
        arena_free(arena);
        return;
    }
    arena_wipe(arena);
    for (size_t i = 0; i < ARENAS_MAX; i++) {
        Arena *none = NULL;

        if (atomic_compare_exchange_strong(&intake->arenas[i], &none, arena))
            return;
    }
    arena_free(arena);
}

/* Answers without a worker.  False: memory did not suffice, and nothing was sent; otherwise the
 * exchange belongs to the transport again.  in_any_case: it must be answered, if need be by a
 * failure. */
static bool
answer_from_memory(Intake *intake, Exchange *exchange, bool in_any_case)
{
    Arena *arena = take_arena(intake, exchange);
    Call call = {
        .core = intake->core,
        .arena = arena,
        .receive_us = exchange->receive_us,
        .peer = *exchange->peer,
    };
    Reply reply;
    bool large = is_large(exchange), answered = true;

    if (arena == NULL) {
        if (in_any_case)
            refuse(exchange, CODE_RESOURCE_EXHAUSTED, "no memory", 0);
        return in_any_case;
    }
    if (in_any_case)
        dispatch(&call, exchange->data, exchange->size, &reply);
    else
        answered = dispatch_from_memory(&call, exchange->data, exchange->size, &reply);
    if (answered)
        exchange_reply(exchange, &reply, 0);
    give_arena_back(intake, large, arena);
    return answered;
}

static Lane
method_lane(const Method *method)
{
    if (method->database == DATABASE_OWNER)
        return LANE_OWNER;
    return method->hashes_password ? LANE_PASSWORDS : LANE_CALLS;
}

static void
queue_call(Intake *intake, Exchange *exchange, const WirePeek *peek, Lane lane)
{
    AdmissionRefusal refusal;
    Ticket *refused;

    exchange->ticket.size = exchange->size;
    if (!admission_ask(intake->core, peek, exchange->peer, &exchange->ticket, &refusal)) {
        metrics_add(intake->core->metrics, METRIC_REFUSED_FULL);
        refuse_after(exchange, REFUSAL_PAUSE_MS, CODE_RESOURCE_EXHAUSTED, refusal.text,
                     refusal.retry_after_ms);
        return;
    }
    if (!accept_call(intake, exchange)) {
        metrics_add(intake->core->metrics, METRIC_REFUSED_STOPPING);
        refuse_after(exchange, DRAIN_PAUSE_MS, CODE_UNAVAILABLE, "the server is shutting down",
                     500);
        return;
    }
    refused = queue_push(intake->queues[lane], &exchange->ticket);
    while (refused != NULL) {
        Exchange *other = exchange_of(refused);

        metrics_add(intake->core->metrics, METRIC_REFUSED_FULL);
        refused = refused->next; /* before the exchange is used for the next call */
        refuse_after(other, REFUSAL_PAUSE_MS, CODE_RESOURCE_EXHAUSTED,
                     "too many calls are waiting; try again later", 200);
    }
}

void
intake_receive(Intake *intake, Exchange *exchange)
{
    WirePeek peek;
    char name[WIRE_METHOD_MAX + 1];

    if (exchange->size > WIRE_MESSAGE_MAX) {
        refuse(exchange, CODE_INVALID_ARGUMENT, "the message is larger than 1 MiB", 0);
        return;
    }
    if (!wire_peek(exchange->data, exchange->size, &peek)) {
        refuse(exchange, CODE_INVALID_ARGUMENT, "message is not a clientiq.v1.Request", 0);
        return;
    }
    if (peek.method_size > 0)
        memcpy(name, peek.method, peek.method_size);
    name[peek.method_size] = '\0';

    const Method *method = method_find(name);

    if (method != NULL && method_lane(method) == LANE_CALLS)
        atomic_store_explicit(&intake->core->last_call_us, exchange->receive_us,
                              memory_order_relaxed);
    /* for a method that does not exist dispatch makes the failure, and needs no database for it */
    if (method == NULL || method->database == DATABASE_NONE) {
        (void) answer_from_memory(intake, exchange, true);
        return;
    }
    if (method->from_memory && answer_from_memory(intake, exchange, false))
        return;
    queue_call(intake, exchange, &peek, method_lane(method));
}
