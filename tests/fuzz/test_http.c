/* The bytes that anybody may send to HTTP, through the functions that read them: heads, bodies in
 * chunks, queries and JSON.  Seeds as they are, and with many small changes; the same changes each
 * time, so a failure can be repeated.  */
#include "harness/cases.h"

#include "client/call.h"
#include "proto/json_text.h"
#include "server/http/chunks.h"
#include "server/http/head.h"
#include "server/http/query.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGES = 20000, SIZE = 1024 };

static const char *const heads[] = {
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /api/v1/a.B/C?encoding=json&message=%7B%7D HTTP/1.1\r\nHost: [::1]:7480\r\n"
    "Content-Type: application/json\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n",
    "POST http://acme.localhost/x HTTP/1.1\r\nHost: acme.localhost\r\nTransfer-Encoding: chunked\r\n"
    "Connection: keep-alive, close\r\n\r\n",
};
static const char *const bodies[] = {
    "5\r\nhello\r\n0\r\n\r\n",
    "1;a=b\r\nx\r\nA\r\n0123456789\r\n000\r\nX: y\r\nZ: w\r\n\r\n",
};
static const char *const texts[] = {
    "{\"id\": \"5\", \"userMask\": \"a,b\", \"user\": {\"email\": \"a@b.c\", \"groups\": [\"x\", \"y\"], "
    "\"dateJoined\": \"2026-01-31T12:00:00.5+01:00\"}, \"updateMask\": \"firstName\"}",
    "{\"user\": {\"groups\": [null, 1.5, true, {}]}, \"id\": 1e3}",
    "encoding=json&message=%7B%22id%22%3A5%7D&base64=1&connect=v1",
};

static uint32_t state;

static uint32_t
next(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

/* A byte is changed, left out, doubled, or one of those that mean something is put in. */
static size_t
change(const char *seed, char *out)
{
    static const char marks[] = "\r\n\t :,;%/?#@[]{}\"\\\0\x7f\x80-0aA";
    size_t size = strlen(seed);

    memcpy(out, seed, size);
    for (uint32_t count = 1 + next() % 3; count > 0 && size > 1 && size < SIZE - 1; count--) {
        size_t at = next() % size;

        switch (next() % 4) {
        case 0:
            out[at] = (char) next();
            break;
        case 1:
            memmove(out + at, out + at + 1, size - at - 1);
            size--;
            break;
        case 2:
            memmove(out + at + 1, out + at, size - at);
            size++;
            break;
        default:
            out[at] = marks[next() % (sizeof marks - 1)];
        }
    }
    return size;
}

/* A head that is read leaves nothing to guess: one host, one way to know where the body ends. */
static bool
read_one_head(const char *bytes, size_t size)
{
    static Head head;
    HeadRefusal refusal;
    size_t scanned = 0, end = head_end(bytes, size, &scanned), by_bytes = 0, again = 0;
    /* of exactly the size, so that a byte too many is noticed */
    char *copy = malloc(end + 1);
    bool ok;

    for (size_t i = 1; i <= size && by_bytes == 0; i++)
        by_bytes = head_end(bytes, i, &again);
    assert_int_equal(by_bytes, end);
    assert_non_null(copy);
    memcpy(copy, bytes, end);
    ok = end > 0 && head_read(copy, end, &head, &refusal);
    if (ok) {
        assert_false(head.is_chunked && head.has_length);
        assert_true(head.path.size > 0 && head.path.at[0] == '/');
        assert_null(memchr(head.path.at, '%', head.path.size));
        assert_true(head.minor == 0 || head.host.size > 0);
        assert_true(head.count <= HEAD_FIELDS_MAX);
    } else if (end > 0) {
        assert_true(refusal.status >= 400 && refusal.status < 600 && refusal.words[0] != '\0');
    }
    free(copy);
    return ok;
}

static ChunksAnswer
read_chunks(const char *bytes, size_t size, size_t piece, char *out, size_t *out_size)
{
    Chunks chunks = {0};
    ChunksAnswer answer = CHUNKS_MORE;
    size_t at = 0, until = 0;

    *out_size = 0;
    while (until < size && answer != CHUNKS_END && answer != CHUNKS_WRONG) {
        until = size - at < piece ? size : at + piece;
        while (at < until) {
            const char *data;
            size_t used, data_size;

            answer = chunks_read(&chunks, bytes + at, until - at, &used, &data, &data_size);
            at += used;
            assert_true(at <= until);
            if (answer == CHUNKS_END || answer == CHUNKS_WRONG)
                break;
            if (answer == CHUNKS_DATA) {
                memcpy(out + *out_size, data, data_size);
                *out_size += data_size;
            }
        }
    }
    return answer == CHUNKS_DATA ? CHUNKS_MORE : answer;
}

/* Wherever a body was cut on its way, it is the same. */
static bool
read_one_body(const char *bytes, size_t size)
{
    char whole[SIZE], cut[SIZE];
    size_t whole_size, cut_size;
    ChunksAnswer answer = read_chunks(bytes, size, size, whole, &whole_size);

    for (size_t piece = 1; piece < 8; piece += 3) {
        assert_int_equal(read_chunks(bytes, size, piece, cut, &cut_size), answer);
        assert_int_equal(cut_size, whole_size);
        assert_memory_equal(cut, whole, whole_size);
    }
    return answer == CHUNKS_END;
}

static bool
read_one_text(const char *bytes, size_t size)
{
    const ProtobufCMessageDescriptor *type = &clientiq__v1__update_user_request__descriptor;
    JsonError error;
    ProtobufCMessage *message = json_read_text(type, bytes, size, JSON_IGNORE_UNKNOWN, &error);
    Slice value;
    char decoded[SIZE];
    size_t decoded_size;
    bool twice;

    if (message == NULL)
        assert_true(error.what[0] != '\0');
    value = query_value((Slice){bytes, size}, "message", &twice);
    if (value.at != NULL && query_decode(value, decoded, &decoded_size))
        assert_true(decoded_size <= value.size);
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
    return message != NULL;
}

static void
try_all(const char *const *seeds, size_t count, bool (*read)(const char *bytes, size_t size),
        bool seeds_are_good)
{
    char bytes[SIZE];
    size_t good = 0;

    state = 1;
    for (size_t i = 0; i < count; i++) {
        if (seeds_are_good)
            assert_true(read(seeds[i], strlen(seeds[i])));
        for (int j = 0; j < CHANGES; j++)
            good += read(bytes, change(seeds[i], bytes));
    }
    /* some changes do no harm, others do */
    assert_true(good > 0 && good < count * CHANGES);
}

static void
test_fuzz__heads(void **unused)
{
    (void) unused;
    try_all(heads, sizeof heads / sizeof *heads, read_one_head, true);
}

static void
test_fuzz__chunks(void **unused)
{
    (void) unused;
    try_all(bodies, sizeof bodies / sizeof *bodies, read_one_body, true);
}

static void
test_fuzz__texts(void **unused)
{
    (void) unused;
    try_all(texts, sizeof texts / sizeof *texts, read_one_text, false);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fuzz__heads),
        cmocka_unit_test(test_fuzz__chunks),
        cmocka_unit_test(test_fuzz__texts),
    };

    return run_cases(tests, NULL, NULL);
}
