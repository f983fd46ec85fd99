/* Secrets that stand in files: what is taken, what is refused and how it is said.  */
#include "harness/cases.h"

#include "proto/message.h"
#include "server/base/arena.h"
#include "server/base/secret.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static void
write_secret(const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void
assert_password(const char *bytes, size_t size, const char *expected)
{
    char password[LIMIT_PASSWORD + 1], reason[512] = "";

    write_secret(bytes, size);
    memset(password, 'x', sizeof password);
    if (!secret_read_password_file(path, password, reason, sizeof reason))
        fail_msg("refused: %s", reason);
    assert_string_equal(password, expected);
}

static void
assert_no_password(const char *from, const char *why)
{
    char password[LIMIT_PASSWORD + 1], reason[512] = "", expected[512];

    memset(password, 'x', sizeof password);
    assert_false(secret_read_password_file(from, password, reason, sizeof reason));
    snprintf(expected, sizeof expected, why, from);
    assert_string_equal(reason, expected);
    assert_string_equal(password, "");
}

static void
test_secret_read_password__first_line(void **state)
{
    (void) state;
    assert_password("secret", 6, "secret");
    assert_password("secret\n", 7, "secret");
    assert_password("secret\r\n", 8, "secret");
    assert_password("secret\nand another\n", 19, "secret");
    assert_password(" with spaces \n", 14, " with spaces ");
    assert_password("\xc3\xa4\n", 3, "\xc3\xa4");
}

static void
test_secret_read_password__size(void **state)
{
    char longest[LIMIT_PASSWORD + 1], text[LIMIT_PASSWORD + 8];

    (void) state;
    memset(longest, 'a', LIMIT_PASSWORD);
    longest[LIMIT_PASSWORD] = '\0';
    assert_password(longest, LIMIT_PASSWORD, longest);
    snprintf(text, sizeof text, "%s\r\n", longest);
    assert_password(text, strlen(text), longest);
    snprintf(text, sizeof text, "%sa", longest);
    write_secret(text, strlen(text));
    assert_no_password(path, "the password from %s has more than 1024 bytes");
    snprintf(text, sizeof text, "%sa\n", longest);
    write_secret(text, strlen(text));
    assert_no_password(path, "the password from %s has more than 1024 bytes");
}

static void
test_secret_read_password__says_what_is_wrong(void **state)
{
    (void) state;
    assert_no_password("/nowhere/password", "cannot read %s: No such file or directory");
    assert_no_password("/tmp", "cannot read %s: Is a directory");
    write_secret("", 0);
    assert_no_password(path, "the password from %s is empty");
    write_secret("\nsecret\n", 8);
    assert_no_password(path, "the password from %s is empty");
}

/* As from standard input, which no path names. */
static void
test_secret_read_password__of_a_stream(void **state)
{
    char password[LIMIT_PASSWORD + 1], reason[512] = "", text[] = "secret\n";
    FILE *stream = fmemopen(text, sizeof text - 1, "r");

    (void) state;
    assert_non_null(stream);
    assert_true(secret_read_password(stream, "a stream", password, reason, sizeof reason));
    assert_string_equal(password, "secret");
    assert_false(secret_read_password(stream, "a stream", password, reason, sizeof reason));
    assert_string_equal(reason, "the password from a stream is empty");
    fclose(stream);
}

static void
test_secret_read_file__bytes(void **state)
{
    uint8_t secret[4], nothing[4] = {0};
    char reason[512] = "";
    size_t got = 99;

    (void) state;
    write_secret("a\0\nb", 4);
    assert_true(secret_read_file(path, secret, sizeof secret, &got, reason, sizeof reason));
    assert_int_equal(got, 4);
    assert_memory_equal(secret, "a\0\nb", 4);
    write_secret("abcdef", 6);
    assert_true(secret_read_file(path, secret, sizeof secret, &got, reason, sizeof reason));
    assert_int_equal(got, 4);
    assert_memory_equal(secret, "abcd", 4);
    write_secret("", 0);
    assert_true(secret_read_file(path, secret, sizeof secret, &got, reason, sizeof reason));
    assert_int_equal(got, 0);
    memset(secret, 'x', sizeof secret);
    assert_false(secret_read_file("/tmp", secret, sizeof secret, &got, reason, sizeof reason));
    assert_string_equal(reason, "cannot read /tmp: Is a directory");
    assert_memory_equal(secret, nothing, sizeof secret);
}

static void
test_secret_random__and_wipe(void **state)
{
    uint8_t one[32], other[32], nothing[32] = {0};

    (void) state;
    secret_random(one, sizeof one);
    secret_random(other, sizeof other);
    assert_false(secret_is_equal(one, other, sizeof one));
    memcpy(other, one, sizeof one);
    assert_true(secret_is_equal(one, other, sizeof one));
    other[31] ^= 1;
    assert_false(secret_is_equal(one, other, sizeof one));
    assert_true(secret_is_equal(one, other, 31));
    secret_wipe(one, sizeof one);
    assert_memory_equal(one, nothing, sizeof one);
}

static int
file_setup(void **state)
{
    int file;

    (void) state;
    snprintf(path, sizeof path, "/tmp/ciq-secret-XXXXXX");
    file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int
file_teardown(void **state)
{
    (void) state;
    return unlink(path);
}

/* Whether the pages in which an address is are left out of core dumps. */
static bool
is_left_out(const void *address)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    unsigned long first, last;
    char line[512];
    bool is_here = false, found = false;

    assert_non_null(maps);
    while (!found && fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx ", &first, &last) == 2)
            is_here = (unsigned long) (uintptr_t) address >= first &&
                      (unsigned long) (uintptr_t) address < last;
        found = is_here && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dd") != NULL;
    }
    fclose(maps);
    return found;
}

static void
test_pages__are_in_no_core_dump(void **state)
{
    char *key = secret_pages_new(32), *plain = malloc(32);
    Arena *arena = arena_new(LIMIT_ARENA);

    (void) state;
    assert_non_null(key);
    assert_non_null(plain);
    assert_non_null(arena);
    assert_true(is_left_out(key));
    assert_true(is_left_out(arena_alloc(arena, 100)));
    assert_true(is_left_out(arena_alloc(arena, 1024 * 1024)));
    assert_false(is_left_out(plain));
    arena_free(arena);
    secret_pages_free(key, 32);
    secret_pages_free(NULL, 32);
    free(plain);
}

static void
test_message__is_overwritten(void **state)
{
    static const char password[] = "correct horse battery staple";
    nng_msg *message = message_new(sizeof password);

    (void) state;
    assert_non_null(message);
    assert_int_equal(nng_msg_len(message), sizeof password);
    memcpy(nng_msg_body(message), password, sizeof password);
    message_wipe(message);
    assert_true(sodium_is_zero(nng_msg_body(message), nng_msg_len(message)));
    message_free(message);
    message_free(NULL);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages__are_in_no_core_dump),
        cmocka_unit_test(test_message__is_overwritten),
        cmocka_unit_test(test_secret_read_password__first_line),
        cmocka_unit_test(test_secret_read_password__size),
        cmocka_unit_test(test_secret_read_password__says_what_is_wrong),
        cmocka_unit_test(test_secret_read_password__of_a_stream),
        cmocka_unit_test(test_secret_read_file__bytes),
        cmocka_unit_test(test_secret_random__and_wipe),
    };

    return sodium_init() >= 0 ? run_cases(tests, file_setup, file_teardown) : 1;
}
