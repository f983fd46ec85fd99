/* Text that grows in a call's memory.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call/text.h"

#include <string.h>

enum { ARENA_SIZE = 64 * 1024 };

static void
test_text__is_what_was_added(void **state)
{
    Call call = {.arena = arena_new(ARENA_SIZE)};
    Text text = text_new(&call);

    (void) state;
    text_add(&text, "%s%d", "a", 1);
    text_add_bytes(&text, "bcd", 2);
    text_add(&text, "%s", "");
    assert_string_equal(text_end(&text), "a1bc");
    text_add(&text, "!");
    assert_string_equal(text_end(&text), "a1bc!");
    arena_free(call.arena);
}

static void
test_text__of_nothing_is_empty(void **state)
{
    Call call = {.arena = arena_new(ARENA_SIZE)};
    Text text = text_new(&call);

    (void) state;
    assert_string_equal(text_end(&text), "");
    arena_free(call.arena);
}

static void
test_text__array(void **state)
{
    Call call = {.arena = arena_new(ARENA_SIZE)};
    Text none = text_new(&call), one = text_new(&call), more = text_new(&call);

    (void) state;
    assert_string_equal(text_end_array(&none), "{}");
    text_add_element(&one, "%d", 7);
    assert_string_equal(text_end_array(&one), "{7}");
    for (int i = 1; i <= 3; i++)
        text_add_element(&more, "%d", i);
    assert_string_equal(text_end_array(&more), "{1,2,3}");
    arena_free(call.arena);
}

static void
test_text__lines(void **state)
{
    Call call = {.arena = arena_new(ARENA_SIZE)};
    Text text = text_new(&call);

    (void) state;
    text_add_line(&text, "one");
    text_add_line(&text, "two");
    text_add_line(&text, "");
    text_add_line(&text, "four");
    assert_string_equal(text_end(&text), "one\ntwo\n\nfour");
    arena_free(call.arena);
}

/* Pieces of every size around every doubling. */
static void
test_text__grows(void **state)
{
    static const char piece[] = "0123456789abcdef0123456789abcdef0123456789abcdef";

    (void) state;
    for (size_t size = 1; size < sizeof piece; size++) {
        Call call = {.arena = arena_new(ARENA_SIZE)};
        Text text = text_new(&call);

        for (size_t i = 0; i < 100; i++)
            if (i % 2 == 0)
                text_add_bytes(&text, piece, size);
            else
                text_add(&text, "%.*s", (int) size, piece);

        const char *all = text_end(&text);

        assert_int_equal(strlen(all), 100 * size);
        for (size_t i = 0; i < 100; i++)
            assert_memory_equal(all + i * size, piece, size);
        arena_free(call.arena);
    }
}

static void
test_text__fails_the_call_when_memory_is_used_up(void **state)
{
    Call call = {.arena = arena_new(ARENA_SIZE)};
    Text text = text_new(&call);

    (void) state;
    for (size_t i = 0; i < ARENA_SIZE; i++)
        text_add(&text, "%s", "more");
    assert_null(text_end(&text));
    assert_int_equal(call.failure.code, CODE_RESOURCE_EXHAUSTED);
    arena_free(call.arena);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__is_what_was_added),
        cmocka_unit_test(test_text__of_nothing_is_empty),
        cmocka_unit_test(test_text__array),
        cmocka_unit_test(test_text__lines),
        cmocka_unit_test(test_text__grows),
        cmocka_unit_test(test_text__fails_the_call_when_memory_is_used_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
