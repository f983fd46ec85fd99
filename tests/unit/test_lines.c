/* Texts of one line for each element, and lists that grow in a call's memory.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/lines.h"
#include "call/call.h"

#include <string.h>

enum { ARENA_SIZE = 64 * 1024 };

static void
test_lines__count(void **state)
{
    (void) state;
    assert_int_equal(lines_count(""), 0);
    assert_int_equal(lines_count("a"), 1);
    assert_int_equal(lines_count("a\n"), 1);
    assert_int_equal(lines_count("a\n\nb"), 3);
}

static void
test_lines__are_cut_one_by_one(void **state)
{
    char text[] = "one\n\nthree\n", *rest = text;

    (void) state;
    assert_string_equal(lines_next(&rest), "one");
    assert_string_equal(lines_next(&rest), "");
    assert_string_equal(lines_next(&rest), "three");
    assert_null(lines_next(&rest));
    assert_null(lines_next(&rest));
}

static void
test_lines__have_whole_lines_and_starts(void **state)
{
    const char *text = "table: x\nother: y";

    (void) state;
    assert_true(lines_have(text, "table: x", strlen("table: x")));
    assert_true(lines_have(text, "other: y", strlen("other: y")));
    assert_false(lines_have(text, "table:", strlen("table:")));
    assert_false(lines_have(text, "table: xy", strlen("table: xy")));
    assert_true(lines_have_start(text, "other:", strlen("other:")));
    assert_false(lines_have_start(text, "x", strlen("x")));
    assert_false(lines_have_start("", "x", strlen("x")));
}

static void
test_lines__a_list_grows_and_keeps_what_it_has(void **state)
{
    enum { ELEMENTS = 300 };
    Call call = {.arena = arena_new(ARENA_SIZE)};
    int elements[ELEMENTS], **list = NULL;
    size_t room = 0;

    (void) state;
    for (size_t i = 0; i < ELEMENTS; i++) {
        list = call_grow(&call, list, i, &room);
        assert_non_null(list);
        assert_true(room > i);
        list[i] = &elements[i];
    }
    for (size_t i = 0; i < ELEMENTS; i++)
        assert_ptr_equal(list[i], &elements[i]);
    arena_free(call.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines__count),
        cmocka_unit_test(test_lines__are_cut_one_by_one),
        cmocka_unit_test(test_lines__have_whole_lines_and_starts),
        cmocka_unit_test(test_lines__a_list_grows_and_keeps_what_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
