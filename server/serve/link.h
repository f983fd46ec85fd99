/* The stream of one connection: what is under way on it, and the answers that it sends.  Whatever
 * is under way (the receive, a send, a call that is being served) holds a reference, and the link
 * ends with the last one.  Once a link is closing, nothing is begun on its stream, which is freed
 * as soon as neither receive nor send is under way, however long its calls still take.
 *
 * No operation has a time-out of nng's: the thread that ends one may still use the stream when the
 * operation has ended in another way and the stream was freed (1.5.2 and 1.10.1, the loop of
 * src/core/aio.c).  The listener closes those who are late; see census_close_late.
 *
 * For connection.c, which receives.  */
#ifndef CIQ_SERVER_LINK_H
#define CIQ_SERVER_LINK_H

#include "serve/answers.h"
#include "serve/census.h"
#include "serve/intake.h"
#include "serve/pauses.h"

#include <pthread.h>

typedef struct Link Link;

/* What all links share. */
typedef struct LinkPlace {
    Intake *intake;
    Pauses *pauses;
    Census *census;
    size_t calls_max;                   /* of one connection at once */
    void (*resume)(Link *link);         /* there is room for calls again: the receive may go on */
    void (*over)(void *of, Link *link); /* it has ended, and may be used again */
    void *of;
} LinkPlace;

struct Link {
    Guest guest; /* its first member */
    const LinkPlace *place;
    nng_aio *send;
    nng_stream *stream;
    pthread_mutex_t lock;
    unsigned references;
    unsigned operations; /* the receive and the send: those of the references that use the stream */
    atomic_bool closing; /* written with the lock */
    bool sending;
    bool gathering; /* answers wait a moment for others that are coming at once */
    bool waiting;   /* nothing is received until there is room for calls */
    Answers answers;
    size_t batch; /* bytes of which guest.untaken_us tells since when they are being sent */
};

/* False: no memory. */
MUST_CHECK bool link_new(Link *link, const LinkPlace *place);

/* By then it has ended, or was never started. */
void link_free(Link *link);

/* Takes the stream, with the reference of the receive, and the first bytes to send.  Unless the
 * answer is CENSUS_IN the stream is still the caller's. */
MUST_CHECK CensusAnswer link_start(Link *link, nng_stream *stream, const char *address,
                                   const uint8_t *hello, size_t size);

/* Begins to close it; see CensusLimits.close. */
void link_close(Guest *guest);

/* A call is over. */
void link_release(Link *link);

/* The receive or the send is over, and nothing was begun in its place. */
void link_operation_over(Link *link);

/* ---- with its lock ---- */

void link_close_locked(Link *link);
void link_send_if_idle(Link *link);

/* Whether one more call may be taken. */
bool link_has_room(const Link *link);

/* ---- without its lock ---- */

/* Puts an answer behind those that wait: a block of its own, or a small one of so many bytes that
 * pack writes.  False: the link is closing, or there is no memory. */
MUST_CHECK bool link_answer_block(Link *link, AnswerBlock *block);
MUST_CHECK bool link_answer(Link *link, size_t size, bool is_accepted,
                            void (*pack)(const void *what, uint8_t *out), const void *what);

#endif
