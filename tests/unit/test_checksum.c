/* What counts for a migration's checksum, and where statements and their pieces end.  */
#include "harness/harness.h"

#include "migration/checksum.h"
#include "migration/statement.h"

#include <string.h>

static const char *const none[] = {NULL};

static void
write_up(const char *up, char checksum[CHECKSUM_SIZE])
{
    assert_true(checksum_write(&(ChecksumParts){.depends = none, .up = up, .down = ""}, checksum));
    assert_int_equal(strlen(checksum), 66);
}

/* Whether the same is written for both. */
static bool
is_same(const char *one, const char *other)
{
    char first[CHECKSUM_SIZE], second[CHECKSUM_SIZE];

    write_up(one, first);
    write_up(other, second);
    return strcmp(first, second) == 0;
}

static void
test_checksum__comments_and_space_do_not_count(void **state)
{
    static const char *const same[][2] = {
        {"select 1;", "select 1"},
        {"select 1;", "\n\n-- one\nselect /* two /* in two */ */ 1 -- three\n;\n"},
        {"select a from t where b=-1;", "select a\n  from t\n where b = -1;"},
        {"select a<=b, c<>d", "select a <= b , c <> d"},
        {"select a::text", "select a :: text"},
        {"create function f() as $$ x $$", "create  function f ( ) as  $$ x $$"},
        {"select 1; select 2", "select 1;\n\nselect 2;;\n"},
        {"select a+-1", "select a + - 1"},
        {"select 1 -- it's", "select 1"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (!is_same(same[i][0], same[i][1]))
            fail_msg("%s is not as good as %s", same[i][0], same[i][1]);
}

static void
test_checksum__what_means_something_else_counts(void **state)
{
    static const char *const other[][2] = {
        {"select 1", "select 2"},
        {"select 'a b'", "select 'a  b'"},
        {"select 'a -- b'", "select 'a'"},
        {"select 'a''b'", "select 'a'\n'b'"},
        {"select \"a\"\"b\"", "select \"a\" \"b\""},
        {"select 'a' 'b'", "select 'a b'"},
        {"select E'\\n'", "select E '\\n'"},
        {"select U&'\\0061'", "select U & '\\0061'"},
        {"select E'\\'; drop table t; --'", "select E'\\''; drop table t; --'"},
        {"select $$ a $$", "select $$ b $$"},
        {"select $$ a $$", "select $x$ a $x$"},
        {"select $$a--b$$", "select $$a$$"},
        {"select \"A\"", "select A"},
        {"select a @-b", "select a @ -b"},
        {"select a <-b", "select a <-> b"},
        {"select ab", "select a b"},
        {"select 1; select 2", "select 1 select 2"},
        /* the end of a line is also a lone CR: what is behind it runs */
        {"select 1 -- a\rdrop table t", "select 1 -- a"},
        {"create table a$b$c (d int); select '$b$'", "create table a$b$c (d int)"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (is_same(other[i][0], other[i][1]))
            fail_msg("%s is taken for %s", other[i][0], other[i][1]);
}

static void
test_checksum__headers_and_sections_count(void **state)
{
    static const char *const depends[] = {"users/0001", NULL};
    const ChecksumParts all[] = {
        {.depends = none, .up = "select 1", .down = ""},
        {.depends = depends, .up = "select 1", .down = ""},
        {.depends = none, .up = "select 1", .down = "", .no_transaction = true},
        {.depends = none, .up = "", .down = "select 1"},
        {.depends = none, .up = "select 1", .down = "select 1"},
    };
    char checksums[5][CHECKSUM_SIZE];

    (void) state;
    for (size_t i = 0; i < 5; i++) {
        assert_true(checksum_write(&all[i], checksums[i]));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(checksums[i], checksums[j]);
    }
}

/* It is written into ledgers, so that it may never become another. */
static void
test_checksum__stays(void **state)
{
    char checksum[CHECKSUM_SIZE];

    (void) state;
    write_up("create table t (a int default -1, b text default E'\\'x'); select a->>'b' from t;\n",
             checksum);
    assert_string_equal(checksum,
                        "2:d83d9fe251a295871e80f1669612bde8826d8945fe09e09a54c5b56a48c42a06");
    checksum_write_1("select 1;\n", 10, false, checksum);
    assert_string_equal(checksum,
                        "a418396e19bfbeccbe8d7bf683be072ad163e5e31643e346099987f62a3efaa7");
    checksum_write_1("select 1;\n", 10, true, checksum);
    assert_string_equal(checksum,
                        "5b66e07c17e99e1b352e603d32424d054d818849c8db848501f39d54819c05e5");
}

/* Where one ends and the next starts. */
static void
test_statement__ends_at_its_semicolon(void **state)
{
    static const struct {
        const char *text, *first;
    } rows[] = {
        {"select 'it''s; x'; two", "select 'it''s; x'"},
        {"select E'a''b\\'; c'; two", "select E'a''b\\'; c'"},
        {"select E'a'\n 'b\\'; c'; two", "select E'a'\n 'b\\'; c'"},
        {"select date'2020-01-01\\'; two", "select date'2020-01-01\\'"},
        {"select \"a;\"\"b\"; two", "select \"a;\"\"b\""},
        {"select a$b; two $b$", "select a$b"},
        {"select $\xc3\xa4$ ; $\xc3\xa4$; two", "select $\xc3\xa4$ ; $\xc3\xa4$"},
        {"select 1 -- a;\n+ 2; two", "select 1 -- a;\n+ 2"},
        {"select 1 -- a\r; two", "select 1 -- a\r"},
        {"select /* ; /* */ ; */ 1; two", "select /* ; /* */ ; */ 1"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *start;
        char first[128];
        size_t size;

        assert_non_null(statement_next(rows[i].text, &start, &size));
        snprintf(first, sizeof first, "%.*s", (int) size, start);
        assert_string_equal(first, rows[i].first);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksum__comments_and_space_do_not_count),
        cmocka_unit_test(test_checksum__what_means_something_else_counts),
        cmocka_unit_test(test_checksum__headers_and_sections_count),
        cmocka_unit_test(test_checksum__stays),
        cmocka_unit_test(test_statement__ends_at_its_semicolon),
    };

    return run_cases(tests, NULL, NULL);
}
