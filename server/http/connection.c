/* A state for each part of a request's way.  Bytes are read by libevent into its buffer, of which
 * at most INPUT_MAX are there; a head is copied when it is whole, a body as it arrives.  A peer
 * that closes its side is still answered: some do once they have sent all.  */
#include "http/connection.h"
#include "base/clock.h"
#include "base/secret.h"
#include "proto/wire.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_MAX = 2 * HEAD_BYTES_MAX }; /* bytes that are read ahead */

typedef enum State {
    STATE_HEAD,   /* reading a head, or idle */
    STATE_BODY,   /* reading a body */
    STATE_CALL,   /* being served */
    STATE_ANSWER, /* sending an answer */
    STATE_LAST    /* sent the last answer; waits for the peer to close, so that it can read it */
} State;

struct HttpConnection {
    Guest guest;         /* its first member */
    Letter started;      /* sent when it comes */
    Letter told;         /* sent when the census says that it has to close */
    atomic_bool is_told; /* the letter was sent */
    bool told_is_open;   /* and opened */
    HttpPlace *place;
    Loop *loop;
    int fd; /* until it is started */
    struct bufferevent *stream;
    State state;
    bool is_over; /* it has closed, and only waits for the census's letter */
    bool input_ended;
    HttpRequest *request; /* of STATE_BODY to STATE_ANSWER */
    size_t scanned;       /* see head_end */
    size_t held;          /* bytes that the census knows of */
    Peer peer;
};

static void read_on(HttpConnection *connection);

/* ---- the end ---- */

static void
hold(HttpConnection *connection, size_t bytes)
{
    census_hold(connection->place->census, &connection->guest,
                (ptrdiff_t) bytes - (ptrdiff_t) connection->held);
    connection->held = bytes;
}

static void
end_request(const HttpPlace *place, HttpRequest *request)
{
    if (place->intake != NULL)
        intake_answered(place->intake, request->exchange.is_accepted);
    request_free(request);
}

/* One that is being served is freed when its answer comes. */
static void
leave_request(HttpConnection *connection)
{
    HttpRequest *request = connection->request;

    connection->request = NULL;
    if (request == NULL)
        return;
    if (connection->state == STATE_CALL) {
        request->connection = NULL;
        atomic_store(&request->is_gone, true);
    } else {
        end_request(connection->place, request);
    }
}

static void
connection_end(HttpConnection *connection)
{
    HttpPlace *place = connection->place;

    leave_request(connection);
    if (connection->stream != NULL)
        bufferevent_free(connection->stream);
    else
        close(connection->fd);
    connection->stream = NULL;
    /* the census tells nobody who has left */
    census_leave(place->census, &connection->guest);
    atomic_fetch_sub(&place->connections, 1);
    connection->is_over = true;
    if (!atomic_load(&connection->is_told) || connection->told_is_open)
        free(connection);
}

/* ---- answers ---- */

/* What the peer still sends is read for a while and thrown away: closed with something unread, the
 * kernel would take back the answer. */
static void
linger(HttpConnection *connection)
{
    if (connection->input_ended) {
        connection_end(connection);
        return;
    }
    connection->state = STATE_LAST;
    atomic_store(&connection->guest.unfinished_us, 0);
    atomic_store(&connection->guest.untaken_us, clock_us());
    shutdown(bufferevent_getfd(connection->stream), SHUT_WR);
    read_on(connection);
}

static void
wipe_bytes(const void *data, size_t size, void *bytes)
{
    (void) data;
    secret_wipe(bytes, size);
    free(bytes);
}

static void
send_bytes(HttpConnection *connection, char *bytes, size_t size)
{
    connection->state = STATE_ANSWER;
    atomic_store(&connection->guest.unfinished_us, 0);
    atomic_store(&connection->guest.untaken_us, clock_us());
    hold(connection, size);
    if (evbuffer_add_reference(bufferevent_get_output(connection->stream), bytes, size, wipe_bytes,
                               bytes) != 0) {
        free(bytes);
        connection_end(connection);
    }
}

/* HTTP itself cannot be read any further. */
static void
refuse(HttpConnection *connection, const HeadRefusal *refusal)
{
    size_t size;
    char *bytes = http_refusal_bytes(refusal, &size);

    if (connection->request != NULL)
        request_free(connection->request);
    connection->request = NULL;
    if (bytes == NULL)
        connection_end(connection);
    else
        send_bytes(connection, bytes, size);
}

static void
send_answer(HttpConnection *connection)
{
    HttpRequest *request = connection->request;
    char *bytes = request->answer;

    atomic_fetch_sub(&connection->guest.serving, 1);
    /* before it is sent: whoever has the answer is idle from here on */
    atomic_store(&connection->guest.active_us, clock_us());
    if (bytes == NULL) {
        connection->state = STATE_ANSWER;
        connection_end(connection);
        return;
    }
    request->answer = NULL;
    send_bytes(connection, bytes, request->answer_size);
}

static void
answer_came(Letter *letter)
{
    HttpRequest *request =
        (HttpRequest *) (void *) ((char *) letter - offsetof(HttpRequest, letter));

    if (request->connection != NULL)
        send_answer(request->connection);
    else
        end_request(request->place, request);
}

static void
answer_sent(HttpConnection *connection)
{
    HttpRequest *request = connection->request;
    bool closes = request == NULL || request->closes;

    atomic_store(&connection->guest.untaken_us, 0);
    hold(connection, 0);
    if (request != NULL) {
        atomic_fetch_sub(&connection->guest.calls, 1);
        connection->request = NULL;
        end_request(connection->place, request);
    }
    if (closes) {
        linger(connection);
        return;
    }
    connection->state = STATE_HEAD;
    read_on(connection);
}

/* ---- requests ---- */

static void
serve(HttpConnection *connection)
{
    HttpRequest *request = connection->request;
    int64_t now_us = clock_us();

    connection->state = STATE_CALL;
    atomic_store(&connection->guest.unfinished_us, 0);
    atomic_store(&connection->guest.active_us, now_us);
    atomic_store(&connection->guest.has_asked, true);
    atomic_fetch_add(&connection->guest.calls, 1);
    atomic_fetch_add(&connection->guest.serving, 1);
    request->exchange.receive_us = now_us;
    request->is_current = true;
    connection->place->handle(connection->place->of, request);
    /* another thread may have answered it by now, but its letter is opened on this one */
    request->is_current = false;
    if (request->is_answered)
        send_answer(connection);
}

static bool
append(HttpRequest *request, const char *data, size_t size)
{
    if (!request_body_room(request, size))
        return false;
    memcpy(request->body + request->body_size, data, size);
    request->body_size += size;
    return true;
}

static const HeadRefusal too_large = {413, "the body must be at most 1048576 bytes"};

/* Reads on in a body in chunks; true: it is whole.  Otherwise more must come, or the connection has
 * answered or ended: then *over is true. */
static bool
read_chunks(HttpConnection *connection, struct evbuffer *input, bool *over)
{
    HttpRequest *request = connection->request;
    size_t size;

    *over = true;
    while ((size = evbuffer_get_contiguous_space(input)) > 0) {
        const char *bytes = (const char *) evbuffer_pullup(input, (ev_ssize_t) size), *piece;
        size_t used, piece_size;
        ChunksAnswer answer =
            chunks_read(&request->chunks, bytes, size, &used, &piece, &piece_size);

        if (answer == CHUNKS_WRONG) {
            refuse(connection, &(HeadRefusal){400, request->chunks.wrong});
            return false;
        }
        if (answer == CHUNKS_DATA && request->body_size + piece_size > WIRE_MESSAGE_MAX) {
            refuse(connection, &too_large);
            return false;
        }
        if (answer == CHUNKS_DATA && !append(request, piece, piece_size)) {
            connection_end(connection);
            return false;
        }
        evbuffer_drain(input, used);
        if (answer == CHUNKS_END)
            return true;
    }
    *over = false;
    return false;
}

static bool
read_length(HttpConnection *connection, struct evbuffer *input, bool *over)
{
    HttpRequest *request = connection->request;
    size_t left = (size_t) request->head.length - request->body_size;
    size_t size = evbuffer_get_length(input);

    *over = false;
    if (size > left)
        size = left;
    if (size == 0)
        return left == 0;
    if (!request_body_room(request, size)) {
        connection_end(connection);
        *over = true;
        return false;
    }
    evbuffer_remove(input, request->body + request->body_size, size);
    request->body_size += size;
    return size == left;
}

static void
read_body(HttpConnection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    bool over, whole = connection->request->head.is_chunked ? read_chunks(connection, input, &over)
                                                            : read_length(connection, input, &over);

    if (!whole && over)
        return;
    if (!whole && connection->input_ended) {
        connection_end(connection);
        return;
    }
    hold(connection, connection->request->body_room);
    if (whole)
        serve(connection);
}

static void
begin_request(HttpConnection *connection, HttpRequest *request)
{
    HeadRefusal refusal;

    request->loop = connection->loop;
    request->place = connection->place;
    request->connection = connection;
    request->letter.open = answer_came;
    request->peer = connection->peer;
    connection->request = request;
    if (!head_read(request->head_bytes, request->head_size, &request->head, &refusal)) {
        refuse(connection, &refusal);
        return;
    }
    if (request->head.length > WIRE_MESSAGE_MAX) {
        refuse(connection, &too_large);
        return;
    }
    request->closes = !request->head.keeps_alive;
    connection->state = STATE_BODY;
    if (request->head.wants_continue &&
        evbuffer_get_length(bufferevent_get_input(connection->stream)) == 0)
        bufferevent_write(connection->stream, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    read_body(connection);
}

static void
read_head(HttpConnection *connection)
{
    static const HeadRefusal too_long = {431, "the head must be at most 16384 bytes"};
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    size_t size = evbuffer_get_length(input), end;
    HttpRequest *request;
    const char *bytes;

    if (size > HEAD_BYTES_MAX)
        size = HEAD_BYTES_MAX;
    bytes = size == 0 ? "" : (const char *) evbuffer_pullup(input, (ev_ssize_t) size);
    end = bytes == NULL ? 0 : head_end(bytes, size, &connection->scanned);
    if (end > 0) {
        connection->scanned = 0;
        request = request_new(bytes, end);
        evbuffer_drain(input, end);
        if (request == NULL)
            connection_end(connection);
        else
            begin_request(connection, request);
    } else if (size == HEAD_BYTES_MAX) {
        refuse(connection, &too_long);
    } else if (connection->input_ended || bytes == NULL) {
        connection_end(connection);
    } else if (size > 0 && atomic_load(&connection->guest.unfinished_us) == 0) {
        atomic_store(&connection->guest.unfinished_us, clock_us());
    }
}

static void
read_on(HttpConnection *connection)
{
    switch (connection->state) {
    case STATE_HEAD:
        read_head(connection);
        break;
    case STATE_BODY:
        read_body(connection);
        break;
    case STATE_LAST:
        (void) evbuffer_drain(bufferevent_get_input(connection->stream), INPUT_MAX);
        if (connection->input_ended)
            connection_end(connection);
        break;
    case STATE_CALL:
    case STATE_ANSWER:
        break; /* it waits until this one is answered */
    }
}

/* ---- what libevent and the census tell ---- */

static void
input_came(struct bufferevent *stream, void *argument)
{
    (void) stream;
    read_on(argument);
}

/* Also called when "100 Continue" has been sent. */
static void
output_sent(struct bufferevent *stream, void *argument)
{
    HttpConnection *connection = argument;

    (void) stream;
    if (connection->state == STATE_ANSWER)
        answer_sent(connection);
}

static void
stream_over(struct bufferevent *stream, short what, void *argument)
{
    HttpConnection *connection = argument;

    (void) stream;
    connection->input_ended = true;
    if ((what & BEV_EVENT_ERROR) != 0)
        connection_end(connection);
    else
        read_on(connection);
}

/* Somebody slow is told so, if that is possible at once. */
static void
tell_late(HttpConnection *connection)
{
    static const HeadRefusal late = {408, "the request did not come in time"};
    size_t size;
    char *bytes;

    if (connection->state > STATE_BODY || atomic_load(&connection->guest.unfinished_us) == 0)
        return;
    bytes = http_refusal_bytes(&late, &size);
    if (bytes != NULL)
        (void) !send(bufferevent_getfd(connection->stream), bytes, size,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
    free(bytes);
}

static void
told_opened(Letter *letter)
{
    HttpConnection *connection =
        (HttpConnection *) (void *) ((char *) letter - offsetof(HttpConnection, told));

    connection->told_is_open = true;
    if (connection->is_over) {
        free(connection);
    } else if (connection->stream != NULL) {
        tell_late(connection);
        connection_end(connection);
    }
}

void
connection_told_to_close(Guest *guest)
{
    HttpConnection *connection = (HttpConnection *) (void *) guest;

    atomic_store(&connection->is_told, true);
    loop_post(connection->loop, &connection->told, 0);
}

/* ---- the beginning ---- */

static void
started_opened(Letter *letter)
{
    HttpConnection *connection =
        (HttpConnection *) (void *) ((char *) letter - offsetof(HttpConnection, started));

    if (!connection->told_is_open)
        connection->stream = bufferevent_socket_new(loop_base(connection->loop), connection->fd,
                                                    BEV_OPT_CLOSE_ON_FREE);
    if (connection->stream == NULL) {
        connection_end(connection);
        return;
    }
    bufferevent_setcb(connection->stream, input_came, output_sent, stream_over, connection);
    bufferevent_setwatermark(connection->stream, EV_READ, 0, INPUT_MAX);
    if (bufferevent_enable(connection->stream, EV_READ | EV_WRITE) != 0)
        connection_end(connection);
}

CensusAnswer
connection_open(HttpPlace *place, Loop *loop, int fd, const Peer *peer, const char *address)
{
    HttpConnection *connection = calloc(1, sizeof *connection);
    CensusAnswer answer = CENSUS_NO_MEMORY;
    int64_t now_us = clock_us();

    if (connection != NULL) {
        connection->started.open = started_opened;
        connection->told.open = told_opened;
        connection->place = place;
        connection->loop = loop;
        connection->fd = fd;
        connection->peer = *peer;
        atomic_store(&connection->guest.active_us, now_us);
        /* who says nothing at all is as late as who does not finish */
        atomic_store(&connection->guest.unfinished_us, now_us);
        answer = census_enter(place->census, &connection->guest, address);
    }
    if (answer != CENSUS_IN) {
        close(fd);
        free(connection);
        return answer;
    }
    atomic_fetch_add(&place->connections, 1);
    loop_post(loop, &connection->started, 0);
    return CENSUS_IN;
}
