/* A password or token that stands in a line. */
#include "harness/cases.h"

#include "proto/secret_line.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIZE = 9 }; /* eight bytes and a NUL */

static FILE *
stream_of(const char *text, size_t size)
{
    FILE *stream = tmpfile();

    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, size, stream), size);
    rewind(stream);
    return stream;
}

static void
test_secret_line_read__one_line(void **state)
{
    static const struct {
        const char *text, *secret; /* NULL: there is no line */
    } cases[] = {
        {"", NULL},
        {"\n", ""},
        {"\r\n", ""},
        {"\r", ""},
        {"eight8by", "eight8by"},
        {"eight8by\n", "eight8by"},
        {"eight8by\r\n", "eight8by"},
        {"eight8by\r", "eight8by"},
        {"two\nlines\n", "two"},
        {" blanks \n", " blanks "},
        {"a\rb\n", "a\rb"}, /* not cut: only the line's end goes */
        {"a\r\r\n", "a\r"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FILE *stream = stream_of(cases[i].text, strlen(cases[i].text));
        char secret[SIZE];
        SecretLine result = secret_line_read(stream, secret, sizeof secret);

        assert_int_equal(result, cases[i].secret == NULL ? SECRET_LINE_NONE : SECRET_LINE_READ);
        assert_string_equal(secret, cases[i].secret == NULL ? "" : cases[i].secret);
        fclose(stream);
    }
}

/* Cut short it would be another secret, and the next line would begin in the middle of it. */
static void
test_secret_line_read__too_long(void **state)
{
    static const char *const texts[] = {"nine9byte", "nine9byte\n", "eight8by\r\r\n",
                                        "eight8by\rx\n"};
    static const char zeros[SIZE] = "";

    (void) state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FILE *stream = stream_of(texts[i], strlen(texts[i]));
        char secret[SIZE];

        assert_int_equal(secret_line_read(stream, secret, sizeof secret), SECRET_LINE_TOO_LONG);
        assert_memory_equal(secret, zeros, SIZE);
        fclose(stream);
    }
}

static void
test_secret_line_read__line_after_line(void **state)
{
    FILE *stream = stream_of("old\r\n\nnew", 9);
    char secret[SIZE];

    (void) state;
    assert_int_equal(secret_line_read(stream, secret, sizeof secret), SECRET_LINE_READ);
    assert_string_equal(secret, "old");
    assert_int_equal(secret_line_read(stream, secret, sizeof secret), SECRET_LINE_READ);
    assert_string_equal(secret, "");
    assert_int_equal(secret_line_read(stream, secret, sizeof secret), SECRET_LINE_READ);
    assert_string_equal(secret, "new");
    assert_int_equal(secret_line_read(stream, secret, sizeof secret), SECRET_LINE_NONE);
    fclose(stream);
}

static void
test_secret_line_of_file__first_line(void **state)
{
    char path[] = "/tmp/ciq-secret-XXXXXX", secret[SIZE];
    int descriptor = mkstemp(path);

    (void) state;
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "first\nsecond\n", 13), 13);
    assert_int_equal(secret_line_of_file(path, secret, sizeof secret), SECRET_LINE_READ);
    assert_string_equal(secret, "first");
    assert_int_equal(ftruncate(descriptor, 0), 0);
    assert_int_equal(secret_line_of_file(path, secret, sizeof secret), SECRET_LINE_NONE);
    close(descriptor);
    unlink(path);

    errno = 0;
    assert_int_equal(secret_line_of_file(path, secret, sizeof secret), SECRET_LINE_UNREADABLE);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(secret_line_of_file("/tmp", secret, sizeof secret), SECRET_LINE_UNREADABLE);
    assert_int_equal(errno, EISDIR);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret_line_read__one_line),
        cmocka_unit_test(test_secret_line_read__too_long),
        cmocka_unit_test(test_secret_line_read__line_after_line),
        cmocka_unit_test(test_secret_line_of_file__first_line),
    };

    return run_cases(tests, NULL, NULL);
}
