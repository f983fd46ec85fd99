/* Texts for people: what is shown, what is escaped, and that nothing reaches a terminal or the log
 * another way.  */
#include "harness/cases.h"

#include "base/log.h"
#include "client/cli/text.h"
#include "proto/visible.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ZWNJ "\xe2\x80\x8c"
#define ZWJ "\xe2\x80\x8d"

/* What is not shown, and as what it is. */
static const struct {
    const char *text, *shown;
} hidden[] = {
    {"a\x1b[31mb", "a\\x1b[31mb"},
    {"\x7f", "\\x7f"},
    {"a\r\nb", "a\\x0d\\x0ab"},
    {"\xc2\x9b\x32J", "\\x9b2J"},
    {"\xc2\x80\xc2\x85\xc2\x9f", "\\x80\\x85\\x9f"},
    {"a\xc2\xad"
     "b",
     "a\\xadb"},
    {"\xd8\x9c", "\\u061c"},
    {"\xe1\xa0\x8e", "\\u180e"},
    {"\xe2\x80\x8b\xe2\x80\x8e\xe2\x80\x8f", "\\u200b\\u200e\\u200f"},
    {"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},
    {"\xe2\x80\xaa\xe2\x80\xae", "\\u202a\\u202e"},
    {"\xe2\x81\xa0\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaf", "\\u2060\\u2066\\u2069\\u206f"},
    {"\xe3\x85\xa4\xef\xbe\xa0", "\\u3164\\uffa0"},
    {"\xef\xbb\xbf", "\\ufeff"},
    {"\xef\xbf\xb9\xef\xbf\xbf", "\\ufff9\\uffff"},
    {"\xf0\x9d\x85\xb3", "\\U0001d173"},
    {"\xf3\xa0\x80\x81\xf3\xa0\x81\x81", "\\U000e0001\\U000e0041"},
    /* not UTF-8: a byte that cannot begin, half a character, a longer form, a surrogate, a bare C1
     */
    {"\xff", "\\xff"},
    {"a\xc3", "a\\xc3"},
    {"\xc0\xaf", "\\xc0\\xaf"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"\x9b\x32J", "\\x9b2J"},
    /* joiners where they change nothing that anybody sees */
    {"an" ZWJ "n", "an\\u200dn"},
    {ZWNJ "\xd9\x85", "\\u200c\xd9\x85"},
    {"\xd9\x85" ZWNJ, "\xd9\x85\\u200c"},
    {"\xd9\x85" ZWNJ ZWNJ "\xd9\x87", "\xd9\x85\\u200c\\u200c\xd9\x87"},
    {"\xd9\x85" ZWNJ "a", "\xd9\x85\\u200c"
                          "a"},
    {"\xd9\x85" ZWNJ "\xd8\x9c", "\xd9\x85\\u200c\\u061c"},
    {"\xf0\x9f\x91\xa9" ZWNJ "\xf0\x9f\x92\xbb", "\xf0\x9f\x91\xa9\\u200c\xf0\x9f\x92\xbb"},
};

/* What is. */
static const char *const shown[] = {
    "",
    "Ann O'Neil-M\xc3\xbcller <\\>",
    "\xe4\xbd\x8f\xe5\x8f\x8b \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd \xd7\x93\xd7\xa0\xd7\x94",
    "\xc2\xa0\xc2\xa7\xef\xbf\xbd",
    "e\xcc\x81 \xe9\x82\x89\xf3\xa0\x84\x80",                           /* an accent, a variant */
    "\xd9\x85\xdb\x8c" ZWNJ "\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85", /* Persian */
    "\xe0\xa6\xb0\xe0\xa7\x8d" ZWJ "\xe0\xa6\xaf",                      /* Bengali */
    "\xe0\xb4\xa8\xe0\xb5\x8d" ZWJ "\xe0\xb4\xae",                      /* Malayalam */
    "\xf0\x9f\x91\xa9" ZWJ "\xf0\x9f\x92\xbb \xf0\x9f\x8f\xb3\xef\xb8\x8f" ZWJ "\xf0\x9f\x8c\x88",
};

static void
test_visible__escapes_what_is_not_shown(void **state)
{
    uint32_t wrong;
    size_t place;

    (void) state;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        char *text = visible_copy(hidden[i].text, VISIBLE_ONE_LINE);

        assert_string_equal(text, hidden[i].shown);
        free(text);
        assert_false(visible_is(hidden[i].text, VISIBLE_ONE_LINE, &wrong, &place));
    }
    assert_false(visible_is("\xc3\xa4"
                            "b\xe2\x80\xae",
                            VISIBLE_ONE_LINE, &wrong, &place));
    assert_int_equal(wrong, 0x202e);
    assert_int_equal(place, 3);
}

static void
test_visible__leaves_the_rest(void **state)
{
    uint32_t wrong;
    size_t place;

    (void) state;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        char *text = visible_copy(shown[i], VISIBLE_ONE_LINE);

        assert_string_equal(text, shown[i]);
        free(text);
        assert_true(visible_is(shown[i], VISIBLE_ONE_LINE, &wrong, &place));
    }
    assert_true(visible_is("a\n\tb", VISIBLE_LINES, &wrong, &place));
    assert_false(visible_is("a\r\nb", VISIBLE_LINES, &wrong, &place));
}

static void
test_visible_cut__halves_nothing(void **state)
{
    char out[6];

    (void) state;
    assert_int_equal(visible_cut("ab\x1b", 3, VISIBLE_ONE_LINE, out, sizeof out), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(visible_cut("abcd\xc3\xa4", 6, VISIBLE_ONE_LINE, out, sizeof out), 4);
    assert_string_equal(out, "abcd");
}

/* JSON says exactly what it is about, and shows none of it. */
static void
test_text_print_json__escapes_and_keeps(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        json_t *json = json_pack("{s:s}", "a", hidden[i].text), *again;
        char *out;
        size_t size, place;
        uint32_t wrong;
        FILE *stream;

        if (json == NULL) /* not UTF-8, which JSON cannot say */
            continue;
        stream = open_memstream(&out, &size);
        text_print_json(json, stream);
        fclose(stream);
        assert_true(visible_is(out, VISIBLE_LINES, &wrong, &place));
        again = json_loads(out, 0, NULL);
        assert_true(json_equal(json, again));
        json_decref(json);
        json_decref(again);
        free(out);
    }
}

/* ---- where bytes leave the program ---- */

/* What run writes to standard output and standard error, in a process of its own. */
static void
output_of(void (*run)(void), char *output, size_t room)
{
    size_t size = 0;
    ssize_t got;
    int ends[2], status;

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);

    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        run();
        exit(0);
    }
    close(ends[1]);
    while (size < room - 1 && (got = read(ends[0], output + size, room - 1 - size)) > 0)
        size += (size_t) got;
    output[size] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* By printf, and a byte at a time, which is how a buffer's end may cut a character. */
static void
print_all(void)
{
    if (!visible_guard())
        abort();
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        printf("%s|\n", hidden[i].text);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        printf("%s|\n", shown[i]);
        fflush(stdout);
        for (const char *c = shown[i]; *c != '\0'; c++)
            fputc(*c, stderr);
        fputs("|\n", stderr);
    }
    for (int i = 0; i < 3000; i++)
        fputs("\xe2\x82\xac", stdout); /* longer than any buffer */
    fputs("\n\xd9\x85" ZWNJ, stdout);  /* the end decides about the joiner */
}

static void
test_visible_guard__nothing_gets_past(void **state)
{
    static char output[32768];
    const char *at = output;

    (void) state;
    output_of(print_all, output, sizeof output);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        char expected[64];

        /* a line end is one */
        snprintf(expected, sizeof expected, "%s|\n",
                 strcmp(hidden[i].text, "a\r\nb") == 0 ? "a\\x0d\nb" : hidden[i].shown);
        assert_memory_equal(at, expected, strlen(expected));
        at += strlen(expected);
    }
    for (size_t i = 0; i < 2 * (sizeof shown / sizeof *shown); i++) {
        assert_memory_equal(at, shown[i / 2], strlen(shown[i / 2]));
        at += strlen(shown[i / 2]);
        assert_memory_equal(at, "|\n", 2);
        at += 2;
    }
    for (int i = 0; i < 3000; i++, at += 3)
        assert_memory_equal(at, "\xe2\x82\xac", 3);
    assert_string_equal(at, "\n\xd9\x85\\u200c");
}

static void
log_all(void)
{
    char quoted[64];

    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        log_write(LOG_LEVEL_ERROR, "forgotten", "text=%s", hidden[i].text);
        log_write(LOG_LEVEL_ERROR, "quoted", "text=%s",
                  log_quote(quoted, sizeof quoted, hidden[i].text));
    }
    for (size_t size = 3; size < sizeof quoted; size++)
        log_write(LOG_LEVEL_ERROR, "cut", "text=%s",
                  log_quote(quoted, size, "\"\xc2\x9b\\\xf3\xa0\x80\x81\n\xc3\xa4"));
    log_write(LOG_LEVEL_ERROR, "kept", "text=\"%s\"", shown[5]);
}

static void
test_log__is_visible_and_one_line_each(void **state)
{
    static char output[65536];
    uint32_t wrong;
    size_t place, lines = 0;

    (void) state;
    output_of(log_all, output, sizeof output);
    assert_true(visible_is(output, VISIBLE_LINES, &wrong, &place));
    for (const char *c = output; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 2 * (sizeof hidden / sizeof *hidden) + 61 + 1);
    assert_non_null(strstr(output, shown[5]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_visible__escapes_what_is_not_shown),
        cmocka_unit_test(test_visible__leaves_the_rest),
        cmocka_unit_test(test_visible_cut__halves_nothing),
        cmocka_unit_test(test_text_print_json__escapes_and_keeps),
        cmocka_unit_test(test_visible_guard__nothing_gets_past),
        cmocka_unit_test(test_log__is_visible_and_one_line_each),
    };

    return run_cases(tests, NULL, NULL);
}
