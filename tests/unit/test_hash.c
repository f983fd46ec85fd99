/* Places in tables: the same within a process, spread, and not to be known from outside.  */
#include "harness/cases.h"

#include "server/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
test_hash_bytes__is_the_same_each_time(void **state)
{
    char name[] = "acme.example", copy[sizeof name];

    (void) state;
    memcpy(copy, name, sizeof name);
    assert_true(hash_bytes(name, strlen(name)) == hash_bytes(copy, strlen(copy)));
    assert_true(hash_bytes(name, strlen(name)) != hash_bytes(name, strlen(name) - 1));
    assert_true(hash_bytes("", 0) == hash_bytes(name, 0));
    assert_true(hash_pair(1, 2) == hash_pair(1, 2));
    assert_true(hash_pair(1, 2) != hash_pair(2, 1));
}

/* What a program made by this test says of a name. */
static uint64_t
hash_elsewhere(const char *program)
{
    char command[1024], line[64] = "";
    FILE *output;

    snprintf(command, sizeof command, "'%s' say", program);
    output = popen(command, "r");
    assert_non_null(output);
    assert_non_null(fgets(line, sizeof line, output));
    assert_int_equal(pclose(output), 0);
    return strtoull(line, NULL, 16);
}

static const char *program;

/* Knowing the function, as everybody does, is not enough to know the place. */
static void
test_hash_bytes__differs_between_processes(void **state)
{
    uint64_t here = hash_bytes("acme", 4), there = hash_elsewhere(program),
             again = hash_elsewhere(program);

    (void) state;
    assert_true(here != there);
    assert_true(here != again);
    assert_true(there != again);
}

/* Names and numbers that follow one another, as they do, fill a table evenly: of 64 places with 100
 * each by the mean, none has less than 40 or more than 180.  By chance that is a matter of once in
 * many million runs. */
static void
test_hash_bytes__spreads(void **state)
{
    enum { PLACES = 64, COUNT = 6400 };
    unsigned names[PLACES] = {0}, pairs[PLACES] = {0};
    char name[32];

    (void) state;
    for (int i = 0; i < COUNT; i++) {
        int size = snprintf(name, sizeof name, "tenant_%d", i);

        names[hash_bytes(name, (size_t) size) % PLACES]++;
        pairs[hash_pair(i / 100, i % 100) % PLACES]++;
    }
    for (int i = 0; i < PLACES; i++) {
        assert_in_range(names[i], 40, 180);
        assert_in_range(pairs[i], 40, 180);
    }
}

int
main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_bytes__is_the_same_each_time),
        cmocka_unit_test(test_hash_bytes__differs_between_processes),
        cmocka_unit_test(test_hash_bytes__spreads),
    };

    program = argv[0];
    if (argc == 2 && strcmp(argv[1], "say") == 0)
        return printf("%llx\n", (unsigned long long) hash_bytes("acme", 4)) < 0;
    return run_cases(tests, NULL, NULL);
}
