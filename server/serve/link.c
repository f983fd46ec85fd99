/* References, closing and sending.  nng's operation is used again for the next connection and never
 * stopped, so that nothing ever waits for it.  */
#include "serve/link.h"
#include "base/clock.h"

#include <string.h>

enum {
    ANSWERS_WAIT = 256 * 1024, /* bytes of answers that wait; beyond them nothing more is read */
    ANSWERS_GATHER = 2 * ANSWERS_BLOCK /* bytes that are sent though more answers are coming */
};

void
link_close_locked(Link *link)
{
    if (atomic_load(&link->closing))
        return;
    atomic_store(&link->closing, true);
    nng_stream_close(link->stream);
}

void
link_close(Guest *guest)
{
    Link *link = (Link *) (void *) guest;

    pthread_mutex_lock(&link->lock);
    link_close_locked(link);
    pthread_mutex_unlock(&link->lock);
}

void
link_release(Link *link)
{
    AnswersDone done = {0};
    unsigned left;

    pthread_mutex_lock(&link->lock);
    left = --link->references;
    pthread_mutex_unlock(&link->lock);
    if (left > 0)
        return;
    nng_stream_free(link->stream);
    link->stream = NULL;
    answers_clear(&link->answers, &done);
    intake_answered(link->place->intake, done.accepted);
    census_leave(link->place->census, &link->guest);
    link->place->over(link->place->of, link);
}

void
link_operation_over(Link *link)
{
    nng_stream *stream = NULL;

    pthread_mutex_lock(&link->lock);
    if (--link->operations == 0 && atomic_load(&link->closing)) {
        stream = link->stream;
        link->stream = NULL;
    }
    pthread_mutex_unlock(&link->lock);
    if (stream != NULL) {
        nng_stream_free(stream);
        census_leaving(link->place->census, &link->guest);
    }
    link_release(link);
}

bool
link_has_room(const Link *link)
{
    return atomic_load(&link->guest.calls) < link->place->calls_max &&
           link->answers.bytes < ANSWERS_WAIT;
}

static void
begin_send(Link *link)
{
    nng_iov parts[ANSWERS_IOV];
    unsigned count = answers_take(&link->answers, parts);

    if (link->batch == 0) {
        atomic_store(&link->guest.untaken_us, clock_us());
        for (unsigned i = 0; i < count; i++)
            link->batch += parts[i].iov_len;
    }
    link->sending = true;
    link->operations++;
    link->references++;
    (void) nng_aio_set_iov(link->send, count, parts);
    nng_stream_send(link->stream, link->send);
}

void
link_send_if_idle(Link *link)
{
    if (!link->sending && link->answers.first != NULL &&
        (!link->gathering || link->answers.bytes > ANSWERS_GATHER) && !atomic_load(&link->closing))
        begin_send(link);
}

/* With the lock. */
static void
batch_sent(Link *link, size_t size, AnswersDone *done)
{
    answers_sent(&link->answers, size, done);
    link->batch = size < link->batch ? link->batch - size : 0;
    if (link->batch == 0)
        atomic_store(&link->guest.untaken_us, 0);
    atomic_fetch_sub(&link->guest.calls, done->answers);
    link_send_if_idle(link);
}

static void
sent(void *argument)
{
    Link *link = argument;
    AnswersDone done = {0};
    size_t before;
    ptrdiff_t freed;
    bool resume;

    pthread_mutex_lock(&link->lock);
    before = link->answers.bytes;
    link->sending = false;
    if (nng_aio_result(link->send) != 0)
        link_close_locked(link);
    if (!atomic_load(&link->closing))
        batch_sent(link, nng_aio_count(link->send), &done);
    freed = (ptrdiff_t) (before - link->answers.bytes);
    resume = link->waiting && link_has_room(link) && !atomic_load(&link->closing);
    if (resume) {
        link->waiting = false;
        link->operations++;
        link->references++;
    }
    pthread_mutex_unlock(&link->lock);
    census_hold(link->place->census, &link->guest, -freed);
    intake_answered(link->place->intake, done.accepted);
    if (resume)
        link->place->resume(link);
    link_operation_over(link);
}

bool
link_answer_block(Link *link, AnswerBlock *block)
{
    ptrdiff_t size = (ptrdiff_t) answers_block_bytes(block);
    bool ok;

    pthread_mutex_lock(&link->lock);
    ok = !atomic_load(&link->closing);
    if (ok) {
        answers_append(&link->answers, block);
        atomic_fetch_sub(&link->guest.serving, block->answers);
        link_send_if_idle(link);
    }
    pthread_mutex_unlock(&link->lock);
    if (ok)
        census_hold(link->place->census, &link->guest, size);
    return ok;
}

bool
link_answer(Link *link, size_t size, bool is_accepted, void (*pack)(const void *what, uint8_t *out),
            const void *what)
{
    uint8_t *room = NULL;
    ptrdiff_t more = 0;

    pthread_mutex_lock(&link->lock);
    if (!atomic_load(&link->closing)) {
        size_t before = link->answers.bytes;

        room = answers_room(&link->answers, size, is_accepted);
        more = (ptrdiff_t) (link->answers.bytes - before);
        if (room != NULL) {
            pack(what, room);
            atomic_fetch_sub(&link->guest.serving, 1);
        }
        link_send_if_idle(link);
    }
    pthread_mutex_unlock(&link->lock);
    census_hold(link->place->census, &link->guest, more);
    return room != NULL;
}

bool
link_new(Link *link, const LinkPlace *place)
{
    *link = (Link){.place = place};
    pthread_mutex_init(&link->lock, NULL);
    if (nng_aio_alloc(&link->send, sent, link) != 0)
        return false;
    nng_aio_set_timeout(link->send, NNG_DURATION_INFINITE);
    return true;
}

void
link_free(Link *link)
{
    nng_aio_free(link->send);
    pthread_mutex_destroy(&link->lock);
}

CensusAnswer
link_start(Link *link, nng_stream *stream, const char *address, const uint8_t *hello, size_t size)
{
    AnswerBlock *block = answers_block(size, false);
    AnswersDone done = {0};
    CensusAnswer answer;

    if (block == NULL)
        return CENSUS_NO_MEMORY;
    memcpy(block->data, hello, size);
    block->answers = 0; /* nobody called for it */
    link->stream = stream;
    link->references = link->operations = 1;
    atomic_store(&link->closing, false);
    link->sending = link->gathering = link->waiting = false;
    link->batch = 0;
    answers_init(&link->answers);
    answers_append(&link->answers, block);
    link->guest = (Guest){.active_us = clock_us()};
    answer = census_enter(link->place->census, &link->guest, address);
    if (answer != CENSUS_IN)
        answers_clear(&link->answers, &done);
    else
        census_hold(link->place->census, &link->guest, (ptrdiff_t) answers_block_bytes(block));
    return answer;
}
