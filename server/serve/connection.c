/* Receiving, and what became of each message.  The receive holds a reference of the link while it
 * is under way and while what it brought is being read; only who holds that one touches the reader.
 */
#include "serve/connection.h"
#include "base/clock.h"
#include "base/secret.h"
#include "serve/frame.h"

#include <stdlib.h>
#include <string.h>

enum { SMALL_ANSWER = 1024 /* bytes of an answer that is packed with the link's lock held */ };

struct Connection {
    Link link; /* its first member */
    Connection *next;
    nng_aio *receive;
    Peer peer;
    bool is_ipc;
    FrameReader reader;
    size_t reader_held; /* bytes of it that the census knows of */
};

/* One message of a connection. */
typedef struct Incoming {
    Exchange base; /* its first member */
    Connection *connection;
    AnswerBlock *answer; /* packed, while it pauses */
    uint8_t *block;      /* of a large message; NULL: it is in data */
    uint8_t *message;    /* of base.size bytes: in one of them */
    uint8_t words[FRAME_WORDS_MAX * FRAME_WORD];
    size_t words_size;
    uint8_t data[];
} Incoming;

Connection **
connection_next(Connection *connection)
{
    return &connection->next;
}

/* ---- answers ---- */

static void
incoming_end(Incoming *incoming)
{
    Link *link = &incoming->connection->link;

    /* passwords and tokens are in it */
    secret_wipe(incoming->message, incoming->base.size);
    free(incoming->block);
    free(incoming);
    link_release(link);
}

/* It gets no answer: its connection is closing, or has to close since there is no memory. */
static void
incoming_drop(Exchange *exchange)
{
    Incoming *incoming = (Incoming *) (void *) exchange;
    Link *link = &incoming->connection->link;

    link_close(&link->guest);
    atomic_fetch_sub(&link->guest.serving, 1);
    intake_answered(link->place->intake, exchange->is_accepted);
    incoming_end(incoming);
}

static bool
incoming_is_gone(const Exchange *exchange)
{
    const Incoming *incoming = (const Incoming *) (const void *) exchange;

    return atomic_load(&incoming->connection->link.closing);
}

typedef struct Packing {
    const Reply *reply;
    uint8_t head[FRAME_HEAD_MAX];
    size_t head_size;
} Packing;

static void
pack(const void *what, uint8_t *out)
{
    const Packing *packing = what;

    memcpy(out, packing->head, packing->head_size);
    clientiq__v1__reply__pack(packing->reply, out + packing->head_size);
}

static void
pause_over(void *argument)
{
    Incoming *incoming = argument;

    if (link_answer_block(&incoming->connection->link, incoming->answer)) {
        incoming_end(incoming);
        return;
    }
    free(incoming->answer);
    incoming_drop(&incoming->base);
}

static void
incoming_reply(Exchange *exchange, const Reply *reply, uint32_t pause_ms)
{
    Incoming *incoming = (Incoming *) (void *) exchange;
    Connection *connection = incoming->connection;
    Packing packing = {.reply = reply};
    size_t size = clientiq__v1__reply__get_packed_size(reply);

    packing.head_size =
        frame_head(connection->is_ipc, incoming->words, incoming->words_size, size, packing.head);
    size += packing.head_size;
    if (pause_ms == 0 && size <= SMALL_ANSWER) {
        if (link_answer(&connection->link, size, exchange->is_accepted, pack, &packing))
            incoming_end(incoming);
        else
            incoming_drop(exchange);
        return;
    }
    incoming->answer = answers_block(size, exchange->is_accepted);
    if (incoming->answer == NULL) {
        incoming_drop(exchange);
        return;
    }
    pack(&packing, incoming->answer->data);
    if (pause_ms == 0 ||
        !pauses_begin(connection->link.place->pauses, pause_ms, pause_over, incoming))
        pause_over(incoming);
}

static const ExchangeOps incoming_ops = {incoming_reply, incoming_drop, incoming_is_gone};

/* ---- messages ---- */

static Incoming *
incoming_new(Connection *connection, const Frame *frame, int64_t now_us)
{
    size_t copied = frame->block != NULL ? 0 : frame->size;
    Incoming *incoming = malloc(sizeof *incoming + copied);

    if (incoming == NULL)
        return NULL;
    memset(incoming, 0, sizeof *incoming);
    incoming->connection = connection;
    incoming->block = frame->block;
    memcpy(incoming->words, frame->words, frame->words_size);
    incoming->words_size = frame->words_size;
    if (copied > 0)
        memcpy(incoming->data, frame->data, copied);
    incoming->base.ops = &incoming_ops;
    incoming->base.peer = &connection->peer;
    incoming->message = incoming->data;
    if (frame->block != NULL)
        incoming->message = frame->block + (frame->data - frame->block);
    incoming->base.data = incoming->message;
    incoming->base.size = frame->size;
    incoming->base.receive_us = now_us;
    return incoming;
}

/* False: no memory. */
static bool
take_message(Connection *connection, const Frame *frame, int64_t now_us)
{
    Link *link = &connection->link;
    Incoming *incoming = incoming_new(connection, frame, now_us);

    if (incoming == NULL) {
        free(frame->block);
        return false;
    }
    pthread_mutex_lock(&link->lock);
    link->references++;
    atomic_fetch_add(&link->guest.calls, 1);
    atomic_fetch_add(&link->guest.serving, 1);
    pthread_mutex_unlock(&link->lock);
    atomic_store(&link->guest.has_asked, true);
    atomic_store(&link->guest.active_us, now_us);
    intake_receive(link->place->intake, &incoming->base);
    return true;
}

typedef enum Reading { READING_MORE, READING_WAITS, READING_ENDS } Reading;

/* Takes the messages that have come, as long as there is room for calls. */
static Reading
take_messages(Connection *connection, int64_t now_us)
{
    Link *link = &connection->link;

    for (;;) {
        Frame frame;
        bool room;

        pthread_mutex_lock(&link->lock);
        room = link_has_room(link);
        pthread_mutex_unlock(&link->lock);
        if (atomic_load(&link->closing))
            return READING_ENDS;
        if (!room)
            return READING_WAITS;
        switch (frame_next(&connection->reader, &frame)) {
        case FRAME_WHOLE:
            /* what has come of the next one has come just now */
            atomic_store(&link->guest.unfinished_us, 0);
            if (!take_message(connection, &frame, now_us))
                return READING_ENDS;
            break;
        case FRAME_SKIPPED:
            atomic_store(&link->guest.unfinished_us, 0);
            break;
        case FRAME_MORE:
            return READING_MORE;
        case FRAME_WRONG:
        case FRAME_NO_MEMORY:
            return READING_ENDS;
        }
    }
}

/* ---- receiving ---- */

/* A message has a time in which it must be whole, which begins with its first byte. */
static void
note_unfinished(Connection *connection, int64_t now_us)
{
    Guest *guest = &connection->link.guest;

    if (!frame_is_unfinished(&connection->reader))
        atomic_store(&guest->unfinished_us, 0);
    else if (atomic_load(&guest->unfinished_us) == 0)
        atomic_store(&guest->unfinished_us, now_us);
}

/* Where the next bytes go.  False: no memory. */
static bool
find_room(Connection *connection, nng_iov *part)
{
    bool ok = frame_room(&connection->reader, &part->iov_buf, &part->iov_len);
    size_t held = frame_held(&connection->reader), before = connection->reader_held;

    connection->reader_held = held;
    census_hold(connection->link.place->census, &connection->link.guest,
                (ptrdiff_t) held - (ptrdiff_t) before);
    return ok;
}

/* Sends what was gathered, and receives on if that is what comes next.  True: there is room for
 * calls again, and more messages may be taken; otherwise the reference of the receive is not the
 * caller's any more. */
static bool
go_on(Connection *connection, Reading reading, const nng_iov *part, int64_t now_us)
{
    Link *link = &connection->link;
    bool again = false, is_ours = true;

    pthread_mutex_lock(&link->lock);
    link->gathering = false;
    link_send_if_idle(link);
    if (reading == READING_ENDS || atomic_load(&link->closing)) {
        link_close_locked(link);
    } else if (reading == READING_MORE) {
        is_ours = false;
        note_unfinished(connection, now_us);
        (void) nng_aio_set_iov(connection->receive, 1, part);
        nng_stream_recv(link->stream, connection->receive);
    } else if (link_has_room(link)) {
        link->gathering = again = true;
    } else {
        link->waiting = true;
        /* the time of a message does not run while it is not read */
        atomic_store(&link->guest.unfinished_us, 0);
    }
    pthread_mutex_unlock(&link->lock);
    if (is_ours && !again)
        link_operation_over(link);
    return again;
}

/* With the reference of the receive. */
static void
connection_read(Connection *connection)
{
    Link *link = &connection->link;
    int64_t now_us = clock_us();
    nng_iov part = {0};
    Reading reading;

    pthread_mutex_lock(&link->lock);
    link->gathering = true;
    pthread_mutex_unlock(&link->lock);
    do {
        reading = take_messages(connection, now_us);
        if (reading == READING_MORE && !find_room(connection, &part))
            reading = READING_ENDS;
    } while (go_on(connection, reading, &part, now_us));
}

void
connection_resume(Link *link)
{
    connection_read((Connection *) (void *) link);
}

Connection *
connection_ended(Link *link)
{
    Connection *connection = (Connection *) (void *) link;

    frame_reset(&connection->reader);
    return connection;
}

static void
received(void *argument)
{
    Connection *connection = argument;
    size_t size = nng_aio_count(connection->receive);

    if (nng_aio_result(connection->receive) != 0 || size == 0) {
        link_close(&connection->link.guest);
        link_operation_over(&connection->link);
        return;
    }
    frame_received(&connection->reader, size);
    connection_read(connection);
}

/* ---- coming and going ---- */

Connection *
connection_new(const LinkPlace *place)
{
    Connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return NULL;
    if (link_new(&connection->link, place) &&
        nng_aio_alloc(&connection->receive, received, connection) == 0) {
        nng_aio_set_timeout(connection->receive, NNG_DURATION_INFINITE);
        return connection;
    }
    connection_free(connection);
    return NULL;
}

void
connection_free(Connection *connection)
{
    if (connection == NULL)
        return;
    nng_aio_free(connection->receive);
    link_free(&connection->link);
    free(connection);
}

CensusAnswer
connection_start(Connection *connection, nng_stream *stream, bool is_ipc, const Peer *peer,
                 const char *address)
{
    Link *link = &connection->link;
    CensusAnswer answer;

    connection->peer = *peer;
    connection->is_ipc = is_ipc;
    connection->reader = (FrameReader){.is_ipc = is_ipc};
    connection->reader_held = 0;
    answer = link_start(link, stream, address, frame_hello, FRAME_HELLO);
    if (answer == CENSUS_IN)
        connection_read(connection); /* nothing has come yet: it begins to receive */
    return answer;
}
