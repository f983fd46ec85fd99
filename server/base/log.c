/* A ring of lines under a short lock, and the thread that writes them.  Its state belongs to the
 * process and not to a server: lines are also logged before a server starts and after it stops.  */
#include "base/log.h"
#include "base/clock.h"
#include "proto/visible.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LINES_MAX = 1024,    /* in the ring: what a busy server logs in a few tenths of a second */
    LINE_SIZE = 1024,    /* longer lines are cut */
    BATCH_LINES = 64,    /* taken from the ring at a time */
    PIECE_SIZE = 4096,   /* PIPE_BUF: what a pipe that poll says has room can take */
    LOOK_MS = 50,        /* between two looks whether the log is to stop, while nobody reads it */
    DIRECT_MAX_MS = 200, /* for a line that is written without the thread */
    STOP_MAX_MS = 300    /* for the lines that are left at the end */
};

typedef struct Line {
    uint16_t size;
    char text[LINE_SIZE];
} Line;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, ended;
    bool running, stopping;
    int64_t stop_until_us;
    _Atomic LogLevel least; /* read without the lock, by each line that is not written */
    size_t first, count;
    uint64_t dropped;
    Line lines[LINES_MAX];
} state = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .least = LOG_LEVEL_INFO,
};

static _Atomic uint64_t errors;

/* Before anybody waits on them; log_start may come several times. */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_conditions(void)
{
    clock_cond_init(&state.filled);
    clock_cond_init(&state.ended);
}

static const char *const level_names[] = {"debug", "info", "warning", "error"};

LogLevel
log_level_of(const char *name)
{
    for (LogLevel level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++)
        if (strcmp(level_names[level], name) == 0)
            return level;
    return LOG_LEVEL_INFO;
}

static bool
is_late(int64_t until_us)
{
    return until_us != 0 && clock_us() >= until_us;
}

/* When the thread is to end; 0: it is not. */
static int64_t
stop_until_us(void)
{
    pthread_mutex_lock(&state.lock);
    int64_t until_us = state.stop_until_us;
    pthread_mutex_unlock(&state.lock);
    return until_us;
}

/* In pieces for which a pipe that is said to have room has it, so that a write does not block where
 * nobody reads.  until_us 0: as log_stop says.  The rest is given up when it is late, or if
 * standard error fails: there is nowhere to report that. */
static void
write_all(const char *data, size_t size, int64_t until_us)
{
    while (size > 0) {
        struct pollfd stream = {.fd = STDERR_FILENO, .events = POLLOUT};

        if (poll(&stream, 1, LOOK_MS) <= 0) {
            if (is_late(until_us != 0 ? until_us : stop_until_us()))
                return;
            continue;
        }

        ssize_t written = write(STDERR_FILENO, data, size < PIECE_SIZE ? size : PIECE_SIZE);

        if (written < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (written <= 0)
            return;
        data += written;
        size -= (size_t) written;
    }
}

static size_t
start_line(char *text, size_t size, LogLevel level, const char *message)
{
    int64_t now_us = clock_unix_us();
    time_t now_s = (time_t) (now_us / 1000000);
    struct tm calendar;
    char date[24];

    gmtime_r(&now_s, &calendar);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &calendar);

    int used = snprintf(text, size, "time=%s.%03ldZ level=%s msg=\"%s\"", date,
                        (long) (now_us / 1000 % 1000), level_names[level], message);

    return used < 0 ? 0 : (size_t) used < size ? (size_t) used : size - 1;
}

static void *
write_lines(void *argument UNUSED)
{
    static char batch[BATCH_LINES * LINE_SIZE];

    pthread_mutex_lock(&state.lock);
    for (;;) {
        size_t size = 0;

        while (state.count == 0 && state.dropped == 0 && !state.stopping)
            pthread_cond_wait(&state.filled, &state.lock);
        if ((state.count == 0 && state.dropped == 0) || is_late(state.stop_until_us))
            break;
        for (int i = 0; i < BATCH_LINES - 1 && state.count > 0; i++) {
            const Line *line = &state.lines[state.first];

            memcpy(batch + size, line->text, line->size);
            size += line->size;
            state.first = (state.first + 1) % LINES_MAX;
            state.count--;
        }
        if (state.dropped > 0) {
            size_t start =
                start_line(batch + size, LINE_SIZE, LOG_LEVEL_WARNING, "log lines dropped");

            size += start + (size_t) snprintf(batch + size + start, LINE_SIZE - start,
                                              " count=%llu\n", (unsigned long long) state.dropped);
            state.dropped = 0;
        }
        pthread_mutex_unlock(&state.lock);
        write_all(batch, size, 0);
        pthread_mutex_lock(&state.lock);
    }
    state.stopping = false;
    pthread_cond_signal(&state.ended);
    pthread_mutex_unlock(&state.lock);
    return NULL;
}

bool
log_start(LogLevel least)
{
    pthread_t thread;

    pthread_once(&once, make_conditions);
    pthread_mutex_lock(&state.lock);
    state.least = least;
    /* a thread that a stop has left behind, in a write that does not return, is the only one */
    state.running = !state.stopping && pthread_create(&thread, NULL, write_lines, NULL) == 0;
    if (state.running) {
        state.stop_until_us = 0;
        pthread_detach(thread);
    }

    bool running = state.running;

    pthread_mutex_unlock(&state.lock);
    return running;
}

void
log_stop(void)
{
    struct timespec until = clock_after_ms(STOP_MAX_MS + 2 * LOOK_MS);

    pthread_mutex_lock(&state.lock);
    if (state.running) {
        state.stopping = true;
        state.running = false;
        state.stop_until_us = clock_us() + STOP_MAX_MS * 1000;
        pthread_cond_signal(&state.filled);
        while (state.stopping && pthread_cond_timedwait(&state.ended, &state.lock, &until) == 0)
            ;
    }
    pthread_mutex_unlock(&state.lock);
}

uint64_t
log_errors(void)
{
    return atomic_load(&errors);
}

/* What is in a value must not act on the terminal that shows the log, whoever forgot log_quote. */
static size_t
make_visible(char text[LINE_SIZE], size_t size)
{
    char raw[LINE_SIZE];
    size_t plain = 0;

    while (plain < size && text[plain] >= ' ' && text[plain] <= '~')
        plain++;
    if (plain == size)
        return size;
    memcpy(raw, text, size);
    return visible_cut(raw, size, VISIBLE_ONE_LINE, text, LINE_SIZE - 1);
}

bool
log_due(_Atomic int64_t *next_us)
{
    enum { INTERVAL_US = 60 * 1000000 };
    int64_t now_us = clock_us(), next = atomic_load(next_us);

    return now_us >= next && atomic_compare_exchange_strong(next_us, &next, now_us + INTERVAL_US);
}

void
log_write(LogLevel level, const char *message, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list arguments;

    if (level == LOG_LEVEL_ERROR)
        atomic_fetch_add(&errors, 1);
    if (level < state.least)
        return;

    size_t size = start_line(text, sizeof text - 1, level, message);

    if (format[0] != '\0' && size < sizeof text - 2) {
        text[size++] = ' ';
        va_start(arguments, format);
        int used = vsnprintf(text + size, sizeof text - 1 - size, format, arguments);
        va_end(arguments);
        if (used > 0)
            size += (size_t) used < sizeof text - 1 - size ? (size_t) used : sizeof text - 2 - size;
    }
    size = make_visible(text, size);
    text[size++] = '\n';

    pthread_mutex_lock(&state.lock);
    if (!state.running) {
        write_all(text, size, clock_us() + DIRECT_MAX_MS * 1000);
    } else if (state.count == LINES_MAX) {
        state.dropped++;
    } else {
        Line *line = &state.lines[(state.first + state.count) % LINES_MAX];

        memcpy(line->text, text, size);
        line->size = (uint16_t) size;
        if (state.count++ == 0)
            pthread_cond_signal(&state.filled);
    }
    pthread_mutex_unlock(&state.lock);
}

const char *
log_quote(char *buffer, size_t size, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:@+,*";
    size_t length = strlen(text), used = 0;
    uint32_t before = 0;

    if (length > 0 && length < size && strspn(text, plain) == length)
        return memcpy(buffer, text, length + 1);
    buffer[used++] = '"';
    while (length > 0) {
        char piece[VISIBLE_PIECE + 1];
        size_t step = visible_piece(&before, text, length, VISIBLE_ONE_LINE, piece);

        if (*text == '"' || *text == '\\' || *text == '\n')
            snprintf(piece, sizeof piece, "\\%c", *text == '\n' ? 'n' : *text);
        if (used + strlen(piece) + 2 > size) /* the quote and the NUL */
            break;
        memcpy(buffer + used, piece, strlen(piece));
        used += strlen(piece);
        text += step;
        length -= step;
    }
    buffer[used++] = '"';
    buffer[used] = '\0';
    return buffer;
}
