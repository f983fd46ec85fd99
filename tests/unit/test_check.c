/* The shapes of strings and the bytes of messages before they are unpacked.  */
#include "harness/cases.h"

#include "server/call/auth.h"
#include "server/call/json.h"
#include "server/call/names.h"
#include "server/call/packed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Sample {
    const char *text;
    bool right;
} Sample;

static void
assert_samples(const char *(*check)(const char *), const Sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *wrong = check(samples[i].text);

        if ((wrong == NULL) != samples[i].right)
            fail_msg("\"%s\": %s", samples[i].text, wrong != NULL ? wrong : "was accepted");
    }
}

static void
test_names_schema_wrong(void **state)
{
    static const Sample samples[] = {
        {"acme", true},
        {"a", true},
        {"a_1", true},
        {"abcdefghijklmnopqrstuvwxyz0123456789_abcdefghijk", true},
        {"abcdefghijklmnopqrstuvwxyz0123456789_abcdefghijkl", false},
        {"Acme", false},
        {"pg_x", false},
        {"public", false},
        {"a\"b", false},
        {"a'b", false},
        {"select", false},
        {"123", false},
        {"", false},
        {"information_schema", false},
        {"a-b", false},
        {"a b", false},
        {"\xc3\xa4", false},
        {"ciq_1", false},
        {"_a", false},
    };

    (void) state;
    assert_samples(names_schema_wrong, samples, sizeof samples / sizeof *samples);
}

static void
test_json_object_wrong(void **state)
{
    static const Sample samples[] = {
        {"{}", true},
        {" { } \n", true},
        {"{\"a\": [1, -2.5e+10, true, null, {\"b\": \"\\u00e4\\n\"}]}", true},
        {"{\"\xc3\xa4\": \"\\ud83d\\ude00\"}", true},
        {"{\"a\": 1e308}", true},
        {"", false},
        {"[]", false},
        {"1", false},
        {"\"a\"", false},
        {"null", false},
        {"{", false},
        {"{}}", false},
        {"{} {}", false},
        {"{\"a\"}", false},
        {"{\"a\": }", false},
        {"{\"a\": 1,}", false},
        {"{,}", false},
        {"{a: 1}", false},
        {"{'a': 1}", false},
        {"{\"a\": 01}", false},
        {"{\"a\": +1}", false},
        {"{\"a\": .5}", false},
        {"{\"a\": 1.}", false},
        {"{\"a\": 1e}", false},
        {"{\"a\": NaN}", false},
        {"{\"a\": [1 2]}", false},
        {"{\"a\": [1,]}", false},
        {"{\"a\": \"\n\"}", false},
        {"{\"a\": \"\\x\"}", false},
        {"{\"a\": \"\\u12g4\"}", false},
        {"{\"a\": \"b}", false},
        /* JSON, but not for jsonb, or far larger there */
        {"{\"a\": \"\\u0000\"}", false},
        {"{\"a\": \"\\ud83d\"}", false},
        {"{\"a\": \"\\ude00\\ud83d\"}", false},
        {"{\"a\": 1e309}", false},
        {"{\"a\": 1e-131000}", false},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", true},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", false},
    };

    (void) state;
    assert_samples(json_object_wrong, samples, sizeof samples / sizeof *samples);
}

static void
test_names_email_wrong(void **state)
{
    static const Sample samples[] = {
        {"a@b.c", true},
        {"admin@acme.com", true},
        {"o'neil+tag@acme.co.uk", true},
        {"\xc3\xa4@b.c", true},
        {"a@localhost", true},
        {"", false},
        {"a", false},
        {"@b.c", false},
        {"a@", false},
        {"a@b@c", false},
        {"a b@c.d", false},
        {"a\n@c.d", false},
        {"a\x7f@c.d", false},
        {"a\xc2\x9b@c.d", false},
        {"\xc2\xa7@c.d", true},
        {"a@.c", false},
        {"a@b..c", false},
        {"a@b.", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.c", false},
    };

    (void) state;
    assert_samples(names_email_wrong, samples, sizeof samples / sizeof *samples);
}

static void
test_names_host_wrong(void **state)
{
    static const Sample samples[] = {
        {"acme.localhost", true},
        {"localhost", true},
        {"ACME.Localhost.", true},
        {"app.acmecorp.com", true},
        {"a-b.c1", true},
        {"xn--bcher-kva.example", true},
        {"", false},
        {".", false},
        {"acme", false},
        {"*.acme.com", false},
        {"127.0.0.1", false},
        {"1.2.3", false},
        {"a..b", false},
        {"-a.b", false},
        {"a-.b", false},
        {"a_b.c", false},
        {"a b.c", false},
        {"b\xc3\xbc"
         "cher.example",
         false},
        {"a.b:80", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", false},
    };

    (void) state;
    assert_samples(names_host_wrong, samples, sizeof samples / sizeof *samples);
}

static void
test_names_permission_wrong(void **state)
{
    static const Sample samples[] = {
        {"users.add_customuser", true},
        {"a.b", true},
        {"app2.add_thing2", true},
        {"", false},
        {".", false},
        {"users", false},
        {"users.", false},
        {".add", false},
        {"a.b.c", false},
        {"Users.add", false},
        {"users.add user", false},
    };

    (void) state;
    assert_samples(names_permission_wrong, samples, sizeof samples / sizeof *samples);
}

typedef struct Bytes {
    const char *data;
    size_t size;
    bool right;
    const char *text;
} Bytes;

/* Request.method is field 1, a string: key 0x0a. */
static void
test_packed_check__strings(void **state)
{
    static const Bytes samples[] = {
        {"", 0, true, NULL},
        {"\x0a\x01x", 3, true, NULL},
        {"\x0a\x02\xc3\xa4", 4, true, NULL},
        {"\x0a\x03"
         "a\0b",
         5, false, "NUL"},
        {"\x0a\x01\xff", 3, false, "UTF-8"},
        {"\x0a\x02\xc0\x80", 4, false, "UTF-8"},         /* an overlong NUL */
        {"\x0a\x03\xed\xa0\x80", 5, false, "UTF-8"},     /* a surrogate */
        {"\x0a\x04\xf4\x90\x80\x80", 6, false, "UTF-8"}, /* past U+10FFFF */
        {"\x0a\x04\xf0\x9f\x98\x80", 6, true, NULL},
        {"\x0a\x02\xe2\x82", 4, false, "UTF-8"}, /* cut short */
        {"\x0a\x05x", 3, false, "is not a"},     /* truncated */
        {"\x0a", 1, false, "is not a"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, false, "is not a"},
        {"\x0b", 1, false, "is not a"},  /* a group */
        {"\xf8\x3f\x01", 3, true, NULL}, /* an unknown field */
    };

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        Call call = {.arena = arena_new(LIMIT_ARENA)};
        bool right = packed_check(&call, &clientiq__v1__request__descriptor,
                                  (const uint8_t *) samples[i].data, samples[i].size);

        if (right != samples[i].right)
            fail_msg("sample %zu: %s", i, right ? "was accepted" : call.failure.text);
        if (!right) {
            assert_int_equal(call.failure.code, CODE_INVALID_ARGUMENT);
            assert_non_null(strstr(call.failure.text, samples[i].text));
        }
        arena_free(call.arena);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_schema_wrong),     cmocka_unit_test(test_names_email_wrong),
        cmocka_unit_test(test_json_object_wrong),      cmocka_unit_test(test_names_host_wrong),
        cmocka_unit_test(test_names_permission_wrong), cmocka_unit_test(test_packed_check__strings),
    };

    return auth_init() ? run_cases(tests, NULL, NULL) : 1;
}
