/* The bytes of REQ/REP: messages that come in any pieces, and bytes that are none.  */
#include "harness/cases.h"

#include "proto/wire.h"
#include "server/call/auth.h"
#include "server/serve/frame.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t hello[] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

static void
feed(FrameReader *reader, const uint8_t *data, size_t size)
{
    void *at;
    size_t room;

    assert_true(frame_room(reader, &at, &room));
    assert_true(room >= size);
    memcpy(at, data, size);
    frame_received(reader, size);
}

/* A message of so many bytes, all of them the letter, from one who asked by this number. */
static size_t
message(bool is_ipc, uint8_t number, size_t size, char letter, uint8_t *out)
{
    const uint8_t words[4] = {0x80, 0, 0, number};
    size_t head = frame_head(is_ipc, words, sizeof words, size, out);

    memset(out + head, letter, size);
    return head + size;
}

static void
expect(FrameReader *reader, uint8_t number, size_t size, char letter)
{
    Frame frame;

    assert_int_equal(frame_next(reader, &frame), FRAME_WHOLE);
    assert_int_equal(frame.words_size, 4);
    assert_int_equal(frame.words[3], number);
    assert_int_equal(frame.size, size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(frame.data[i], letter);
    free(frame.block);
}

/* A hello and two messages that fit into the buffer, cut at every place. */
static void
test_messages__cut_anywhere(void **state)
{
    uint8_t bytes[256];

    (void) state;
    for (int ipc = 0; ipc < 2; ipc++) {
        size_t size = sizeof hello, first;

        memcpy(bytes, hello, sizeof hello);
        size += first = message(ipc, 1, 40, 'a', bytes + size);
        size += message(ipc, 2, 0, 'b', bytes + size);
        for (size_t cut = 0; cut <= size; cut++) {
            FrameReader reader = {.is_ipc = ipc};
            Frame frame;
            int whole = 0;

            feed(&reader, bytes, cut);
            while (frame_next(&reader, &frame) == FRAME_WHOLE)
                assert_int_equal(frame.words[3], ++whole);
            assert_int_equal(frame_is_unfinished(&reader),
                             cut != sizeof hello && cut != sizeof hello + first && cut != size);
            feed(&reader, bytes + cut, size - cut);
            if (whole < 1)
                expect(&reader, 1, 40, 'a');
            if (whole < 2)
                expect(&reader, 2, 0, 'b');
            assert_int_equal(frame_next(&reader, &frame), FRAME_MORE);
            assert_false(frame_is_unfinished(&reader));
            frame_reset(&reader);
        }
    }
}

/* One that does not fit comes into memory that grows with it. */
static void
test_message__larger_than_the_buffer(void **state)
{
    static const size_t sizes[] = {FRAME_BUFFER - 13, FRAME_BUFFER - 12, FRAME_BUFFER,
                                   5 * FRAME_BUFFER + 7, WIRE_MESSAGE_MAX};
    uint8_t *bytes = malloc(WIRE_MESSAGE_MAX + FRAME_HEAD_MAX);

    (void) state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        FrameReader reader = {.is_ipc = true};
        size_t size = message(true, 7, sizes[i], 'x', bytes), sent = 0;
        Frame frame;

        feed(&reader, hello, sizeof hello);
        assert_int_equal(frame_next(&reader, &frame), FRAME_MORE);
        while (sent < size) {
            void *at;
            size_t room;

            assert_true(frame_room(&reader, &at, &room));
            if (room > size - sent)
                room = size - sent;
            memcpy(at, bytes + sent, room);
            frame_received(&reader, room);
            sent += room;
            assert_true(frame_is_unfinished(&reader));
            /* never more than twice what has come, and a buffer */
            assert_true(frame_held(&reader) <= 2 * sent + FRAME_BUFFER);
            if (sent < size)
                assert_int_equal(frame_next(&reader, &frame), FRAME_MORE);
        }
        expect(&reader, 7, sizes[i], 'x');
        assert_int_equal(frame_held(&reader), 0);
        /* and the next one comes in the usual way */
        feed(&reader, bytes, message(true, 8, 3, 'y', bytes));
        expect(&reader, 8, 3, 'y');
        frame_reset(&reader);
    }
    free(bytes);
}

static void
expect_wrong(bool is_ipc, const uint8_t *bytes, size_t size)
{
    FrameReader reader = {.is_ipc = is_ipc};
    Frame frame;

    feed(&reader, hello, sizeof hello);
    feed(&reader, bytes, size);
    assert_int_equal(frame_next(&reader, &frame), FRAME_WRONG);
    frame_reset(&reader);
}

static void
test_frames__that_are_wrong(void **state)
{
    uint8_t large[FRAME_HEAD_MAX];

    (void) state;
    expect_wrong(true, (const uint8_t[]){2, 0, 0, 0, 0, 0, 0, 0, 4}, 9); /* the type */
    expect_wrong(false, (const uint8_t[]){0, 0, 0, 0, 0, 0, 0, 3}, 8);   /* no room for a word */
    expect_wrong(false, (const uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0}, 8);
    expect_wrong(false, (const uint8_t[]){0x80, 0, 0, 0, 0, 0, 0, 4}, 8);
    /* words without a last one */
    expect_wrong(false, (const uint8_t[]){0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0}, 14);
    (void) frame_head(false, (const uint8_t[]){0x80, 0, 0, 1}, 4,
                      WIRE_MESSAGE_MAX + FRAME_WORDS_MAX * FRAME_WORD, large);
    expect_wrong(false, large, 8);
}

static void
test_hello__of_others(void **state)
{
    static const uint8_t others[][FRAME_HELLO] = {
        {0, 'S', 'P', 0, 0, 0x31, 0, 0}, /* REP */
        {0, 'S', 'P', 0, 0, 0x20, 0, 0}, /* PUB */
        {0, 'S', 'P', 1, 0, 0x30, 0, 0}, {0, 'S', 'P', 0, 0, 0x30, 0, 1}, "GET / H",
    };

    (void) state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        FrameReader reader = {.is_ipc = true};
        Frame frame;

        feed(&reader, others[i], FRAME_HELLO);
        assert_int_equal(frame_next(&reader, &frame), FRAME_WRONG);
        frame_reset(&reader);
    }
}

/* The words of devices come back with the answer; what passed too many is left out, and the next
 * message is read. */
static void
test_words__of_devices(void **state)
{
    uint8_t words[(FRAME_WORDS_MAX + 1) * FRAME_WORD] = {0}, bytes[256], answer[FRAME_HEAD_MAX];

    (void) state;
    for (size_t count = 1; count <= FRAME_WORDS_MAX + 1; count++) {
        FrameReader reader = {.is_ipc = false};
        Frame frame;
        size_t size = 0;

        for (size_t i = 0; i < count; i++)
            words[i * FRAME_WORD + 3] = (uint8_t) i;
        words[(count - 1) * FRAME_WORD] = 0x80;
        bytes[7] = (uint8_t) (count * FRAME_WORD + 1);
        memset(bytes, 0, 7);
        memcpy(bytes + 8, words, count * FRAME_WORD);
        size = 8 + count * FRAME_WORD;
        bytes[size++] = 'z';
        size += message(false, 9, 2, 'n', bytes + size);
        words[(count - 1) * FRAME_WORD] = 0;

        feed(&reader, hello, sizeof hello);
        feed(&reader, bytes, size);
        if (count <= FRAME_WORDS_MAX) {
            assert_int_equal(frame_next(&reader, &frame), FRAME_WHOLE);
            assert_int_equal(frame.size, 1);
            assert_int_equal(frame.data[0], 'z');
            assert_int_equal(frame_head(false, frame.words, frame.words_size, frame.size, answer),
                             8 + count * FRAME_WORD);
            assert_memory_equal(answer, bytes, 8 + count * FRAME_WORD);
        } else {
            assert_int_equal(frame_next(&reader, &frame), FRAME_SKIPPED);
        }
        expect(&reader, 9, 2, 'n');
        frame_reset(&reader);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages__cut_anywhere),
        cmocka_unit_test(test_message__larger_than_the_buffer),
        cmocka_unit_test(test_frames__that_are_wrong),
        cmocka_unit_test(test_hello__of_others),
        cmocka_unit_test(test_words__of_devices),
    };

    return auth_init() ? run_cases(tests, NULL, NULL) : 1;
}
