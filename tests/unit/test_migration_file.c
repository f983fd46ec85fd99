/* Migration files as editors and other tools write them: what does no harm is taken, and of the
 * rest the cause is named.  */
#include "harness/harness.h"

#include "server/migration/file.h"

#include <stdio.h>
#include <string.h>

static void
note(void *argument, const char *file, size_t line, const char *text)
{
    char *noted = argument;
    size_t used = strlen(noted);

    (void) file;
    snprintf(noted + used, 1024 - used, "%s%zu: %s", used > 0 ? "; " : "", line, text);
}

/* Reads one file; gives what is wrong with it. */
static const char *
read_file(MigrationSet *set, const char *text, size_t size)
{
    static char noted[1024];

    noted[0] = '\0';
    assert_true(migration_set_init(set, NULL, 0, note, noted));
    assert_true(migration_set_add(set, "shop", "0001_x.sql", "x.sql", text, size));
    return noted;
}

static void
test_file__is_taken(void **state)
{
    static const struct {
        const char *text;
        unsigned up_line;
        bool no_transaction;
    } taken[] = {
        {"-- migrate:up\nselect 1;\n-- migrate:down\n", 2, false},
        {"\xEF\xBB\xBF-- migrate:up\nselect 1;\n-- migrate:down\n", 2, false},
        {"\xEF\xBB\xBF-- A word.\n-- migrate:up\nselect 1;\n-- migrate:down\n", 3, false},
        {"-- migrate:up\r\nselect 1;\r\n-- migrate:down\r\n", 2, false},
        {"/*\n * (c) Example\n * -- migrate:up\n */\n\n-- migrate:up\nselect 1;\n-- migrate:down\n",
         7, false},
        {"/* one */ \n/* two\n /* three */ */\n-- migrate:up\nselect 1;\n-- migrate:down\n", 5,
         false},
        {"--migrate:up \nselect 1;\n--  migrate:down\n", 2, false},
        {"-- migrate:up transaction:false\ncreate index concurrently if not exists a on b (c);\n"
         "-- migrate:down\n",
         2, true},
        {"-- no-transaction\r\n-- migrate:up\r\ncreate index concurrently if not exists a on b (c)"
         ";\r\n-- migrate:down\r\n",
         3, true},
    };

    (void) state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        MigrationSet set;
        const char *said = read_file(&set, taken[i].text, strlen(taken[i].text));

        if (said[0] != '\0')
            fail_msg("%s: %s", taken[i].text, said);
        assert_int_equal(set.files[0].up_line, taken[i].up_line);
        assert_int_equal(set.files[0].no_transaction, taken[i].no_transaction);
        migration_set_free(&set);
    }
}

static void
test_file__names_the_cause(void **state)
{
#define TEXT_OF(text) text, sizeof(text) - 1
    static const struct {
        const char *text;
        size_t size;
        const char *said;
    } refused[] = {
        {TEXT_OF("\xFF\xFE-\0-\0 \0m\0"), "1: the file is UTF-16: save it as UTF-8"},
        {TEXT_OF("\xFE\xFF\0-\0-"), "1: the file is UTF-16"},
        {TEXT_OF("-\0-\0 \0m\0"), "1: the file is UTF-16"},
        {TEXT_OF("-- migrate:up\nselect 1;\nselect 'M\xFCller';\n-- migrate:down\n"),
         "3: this is not UTF-8: the file seems to be Latin-1"},
        {TEXT_OF("-- migrate:up\nselect 1;\0\n-- migrate:down\n"), "2: must not have a NUL"},
        {TEXT_OF("/* never closed\n-- migrate:up\nselect 1;\n-- migrate:down\n"),
         "1: the line \"-- migrate:up\" is missing"},
        {TEXT_OF("/* a */ select 1;\n-- migrate:up\nselect 1;\n-- migrate:down\n"),
         "1: statements must stand below"},
        {TEXT_OF("\n  select 1;\n-- migrate:up\n-- migrate:down\n"),
         "2: statements must stand below"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        MigrationSet set;
        const char *said = read_file(&set, refused[i].text, refused[i].size);

        if (strncmp(said, refused[i].said, strlen(refused[i].said)) != 0)
            fail_msg("wanted %s\ngot %s", refused[i].said, said);
        assert_int_not_equal(set.mistakes, 0);
        migration_set_free(&set);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file__is_taken),
        cmocka_unit_test(test_file__names_the_cause),
    };

    return run_cases(tests, NULL, NULL);
}
