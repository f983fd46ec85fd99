/* UTF-8 as both sides read it: the limits of each form from both sides, and what is cut short.  */
#include "harness/cases.h"

#include "proto/utf8.h"

#include <stdlib.h>
#include <string.h>

typedef struct Sample {
    const char *bytes;
    size_t left, size; /* size 0: refused */
    uint32_t character;
} Sample;

/* From memory of just these bytes, so that a sanitizer sees whoever reads behind them. */
static size_t
read_exactly(const char *bytes, size_t left, uint32_t *character)
{
    char *copy = malloc(left);
    size_t size;

    assert_non_null(copy);
    memcpy(copy, bytes, left);
    size = utf8_read(copy, left, character);
    free(copy);
    return size;
}

static void
test_utf8_read__samples(void **state)
{
    static const Sample samples[] = {
        {"\0", 1, 1, 0},
        {"a", 1, 1, 'a'},
        {"\x7f", 1, 1, 0x7f},
        {"\x80", 1, 0, 0}, /* goes on with nothing */
        {"\xbf", 1, 0, 0},
        {"\xc0\x80", 2, 0, 0}, /* an overlong NUL */
        {"\xc1\xbf", 2, 0, 0}, /* an overlong U+007F */
        {"\xc2\x80", 2, 2, 0x80},
        {"\xc3\xa4", 2, 2, 0xe4},
        {"\xdf\xbf", 2, 2, 0x7ff},
        {"\xe0\x9f\xbf", 3, 0, 0}, /* an overlong U+07FF */
        {"\xe0\xa0\x80", 3, 3, 0x800},
        {"\xed\x9f\xbf", 3, 3, 0xd7ff},
        {"\xed\xa0\x80", 3, 0, 0}, /* the first surrogate */
        {"\xed\xbf\xbf", 3, 0, 0}, /* the last one */
        {"\xee\x80\x80", 3, 3, 0xe000},
        {"\xef\xbf\xbf", 3, 3, 0xffff},
        {"\xf0\x8f\xbf\xbf", 4, 0, 0}, /* an overlong U+FFFF */
        {"\xf0\x90\x80\x80", 4, 4, 0x10000},
        {"\xf0\x9f\x98\x80", 4, 4, 0x1f600},
        {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
        {"\xf4\x90\x80\x80", 4, 0, 0},         /* U+110000 */
        {"\xf5\x80\x80\x80", 4, 0, 0},         /* begins nothing */
        {"\xf8\x88\x80\x80\x80", 5, 0, 0},     /* five bytes, as UTF-8 once had */
        {"\xfc\x84\x80\x80\x80\x80", 6, 0, 0}, /* six */
        {"\xfe", 1, 0, 0},
        {"\xff", 1, 0, 0},
        {"\xc3", 1, 0, 0}, /* cut short */
        {"\xe2\x82", 2, 0, 0},
        {"\xe2", 1, 0, 0},
        {"\xf0\x9f\x98", 3, 0, 0},
        {"\xf0\x9f", 2, 0, 0},
        {"\xf0", 1, 0, 0},
        {"\xc3\0", 2, 0, 0}, /* ended by NUL */
        {"\xe2\x82\0", 3, 0, 0},
        {"\xf0\x9f\x98\0", 4, 0, 0},
        {"\xe2\x28\xa1", 3, 0, 0}, /* another character inside */
        {"\xe2\x82\x28", 3, 0, 0},
        {"\xe2\x82\xac\xe2", 4, 3, 0x20ac}, /* only the first is read */
    };

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const Sample *sample = &samples[i];
        uint32_t character = 0xdead;
        size_t size = read_exactly(sample->bytes, sample->left, &character);

        if (size != sample->size)
            fail_msg("sample %zu: %zu bytes, not %zu", i, size, sample->size);
        assert_int_equal(character, size > 0 ? sample->character : 0xdead);
    }
}

/* Of everything that can be written there is one form, and each is read as what was written. */
static void
test_utf8_read__every_character(void **state)
{
    (void) state;
    for (uint32_t character = 0; character <= 0x10ffff; character++) {
        uint8_t form[4];
        size_t size = 0;
        uint32_t read;

        if (character < 0x80)
            form[size++] = (uint8_t) character;
        else if (character < 0x800)
            form[size++] = (uint8_t) (0xc0 | character >> 6);
        else if (character < 0x10000)
            form[size++] = (uint8_t) (0xe0 | character >> 12);
        else
            form[size++] = (uint8_t) (0xf0 | character >> 18);
        if (character >= 0x10000)
            form[size++] = (uint8_t) (0x80 | (character >> 12 & 0x3f));
        if (character >= 0x800)
            form[size++] = (uint8_t) (0x80 | (character >> 6 & 0x3f));
        if (character >= 0x80)
            form[size++] = (uint8_t) (0x80 | (character & 0x3f));

        bool is_surrogate = character >= 0xd800 && character <= 0xdfff;

        assert_int_equal(utf8_read((const char *) form, size, &read), is_surrogate ? 0 : size);
        if (!is_surrogate)
            assert_int_equal(read, character);
    }
}

static void
test_utf8_valid__says_how_far(void **state)
{
    (void) state;
    assert_int_equal(utf8_valid("", 0), 0);
    assert_int_equal(utf8_valid("abc", 3), 3);
    assert_int_equal(utf8_valid("a\0b", 3), 3); /* NUL is for the caller to refuse */
    assert_int_equal(utf8_valid("a\xc3\xa4z", 4), 4);
    assert_int_equal(utf8_valid("a\xc3\xa4\xff", 4), 3);
    assert_int_equal(utf8_valid("a\xc3\xa4z", 2), 1); /* the end halves a character */
    assert_int_equal(utf8_valid("\xc0\x80", 2), 0);
}

static void
test_utf8_length__counts_characters(void **state)
{
    (void) state;
    assert_int_equal(utf8_length(""), 0);
    assert_int_equal(utf8_length("abc"), 3);
    assert_int_equal(utf8_length("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
}

static void
test_utf8_cut__halves_nothing(void **state)
{
    static const char text[] =
        "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"; /* 1, 2, 3, 4 and 1 bytes */
    static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};

    (void) state;
    for (size_t size = 0; size < sizeof ends / sizeof *ends; size++)
        assert_int_equal(utf8_cut(text, size), ends[size]);
    /* what is no UTF-8 is cut too, and not to nothing */
    assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80\x80\x80\x80", 6), 3);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_read__samples),
        cmocka_unit_test(test_utf8_read__every_character),
        cmocka_unit_test(test_utf8_valid__says_how_far),
        cmocka_unit_test(test_utf8_length__counts_characters),
        cmocka_unit_test(test_utf8_cut__halves_nothing),
    };

    return run_cases(tests, NULL, NULL);
}
