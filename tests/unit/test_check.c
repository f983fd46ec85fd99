/* The shapes of strings and the bytes of messages before they are unpacked.  */
#include "harness/cases.h"

#include "server/call/address.h"
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

/* So many letters: for lengths. */
#define TIMES_10(text) text text text text text text text text text text
#define LETTERS_60 TIMES_10("abcdef")
#define LABEL_63 LETTERS_60 "abc"

static void
test_address_wrong(void **state)
{
    static const Sample samples[] = {
        /* one addr-spec */
        {"a@b.c", true},
        {"admin@acme.com", true},
        {"Ann.Lee@Example.COM", true},
        {"o'neil+tag@acme.co.uk", true},
        {"!#$%&'*+-/=?^_`{|}~.0@acme.com", true},
        {"a@localhost", true},
        {"a@mail", true},
        {"a@1and1.com", true},
        {"a@xn--bcher-kva.example", true},
        {LETTERS_60 "abcd@b.c", true},
        {"a@" LABEL_63 ".c", true},
        {"a@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LETTERS_60, true},
        /* with the letters of RFC 6531 */
        {"\xc3\xa4@b.c", true},
        {"\xc2\xa7@c.d", true},
        {"\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.\xe5\xb9\xbf\xe5\x91\x8a", true},
        {"m\xc3\xbcller@B\xc3\xbc"
         "cher.example",
         true},
        /* nothing before it, behind it or around it */
        {"x<victim@x.com>", false},
        {"<a@b.com>", false},
        {"Ann <a@b.com>", false},
        {"a@b.com>", false},
        {"a@b.com,evil", false},
        {"a@b.com,c@d.com", false},
        {"a@b.com;c", false},
        {"a@b.com b", false},
        {" a@b.com", false},
        {"a@b.com ", false},
        {"a@b.com\n", false},
        {"a@b.com\r\nBcc: c@d.com", false},
        {"a@b.com(comment)", false},
        {"(comment)a@b.com", false},
        {"a(comment)@b.com", false},
        {"mailto:a@b.com", false},
        {"a:b@c.com", false},
        {"group:a@b.com;", false},
        {"@relay:a@b.com", false},
        {"a@b.com:25", false},
        {"a@b.com/x", false},
        {"a@b.com?subject=x", false},
        {"a@b.com#x", false},
        {"a%b@c.com", true}, /* a relay of old for some servers, and an ordinary sign */
        /* before the @ */
        {"", false},
        {"a", false},
        {"@b.c", false},
        {"\"a\"@b.c", false},
        {"\"a b\"@b.c", false},
        {"\"a@b\"@c.d", false},
        {"a\"b@c.d", false},
        {"a\\b@c.d", false},
        {"a,b@c.d", false},
        {"a[b@c.d", false},
        {".a@b.c", false},
        {"a.@b.c", false},
        {"a..b@c.d", false},
        {".@b.c", false},
        {LETTERS_60 "abcde@b.c", false},
        {"\xc3\xa4" LETTERS_60 "abc@b.c", false}, /* 64 characters, 65 bytes */
        /* behind it */
        {"a@", false},
        {"a@b@c", false},
        {"a@@b.c", false},
        {"a@.c", false},
        {"a@.", false},
        {"a@b.", false},
        {"a@b.c.", false},
        {"a@b..c", false},
        {"a@-b.c", false},
        {"a@b-.c", false},
        {"a@b_c.d", false},
        {"a@b!c.d", false},
        {"a@*.c", false},
        {"a@" LABEL_63 "d.c", false},
        {"a@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LETTERS_60 "a", false},
        {"a@[192.0.2.1]", false},
        {"a@[IPv6:2001:db8::1]", false},
        {"a@192.0.2.1", false},
        {"a@2001:db8::1", false},
        {"a@b\xe3\x80\x82"
         "c",
         false},
        {"a@b.c\xef\xbc\x8e", false},
        {"a@b\xef\xbc\xa0"
         "c.d",
         false},
        /* what nobody sees, or takes for something else */
        {"a b@c.d", false},
        {"a\tb@c.d", false},
        {"a\n@c.d", false},
        {"a\x7f@c.d", false},
        {"a\x1b@c.d", false},
        {"a\xc2\x9b@c.d", false},
        {"a\xc2\xa0@c.d", false},
        {"a\xe3\x80\x80@c.d", false},
        {"a\xc2\xad@c.d", false},
        {"a\xe2\x80\x8b@c.d", false},
        {"a\xe2\x80\x8d@c.d", false},
        {"a\xe2\x80\xae@c.d", false},
        {"a\xef\xbb\xbf@c.d", false},
        {"a\xef\xbc\xa0"
         "b@c.d",
         false},
        {"a\xef\xbc\x9c"
         "b@c.d",
         false},
        {"a@b\xe2\x80\x8b.c", false},
        {"a@b\xc2\xad.c", false},
        {"a\xff@c.d", false},
        {"a\xc3@c.d", false},
        {"a@c\xc3", false},
    };

    (void) state;
    assert_samples(address_wrong, samples, sizeof samples / sizeof *samples);
}

static void
test_names_host_wrong(void **state)
{
    static const Sample samples[] = {
        {"acme.localhost", true},
        {"localhost", true},
        {"ACME.Localhost", true},
        {"acme.localhost.", false}, /* host_normalise cuts it */
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
        cmocka_unit_test(test_names_schema_wrong),     cmocka_unit_test(test_address_wrong),
        cmocka_unit_test(test_json_object_wrong),      cmocka_unit_test(test_names_host_wrong),
        cmocka_unit_test(test_names_permission_wrong), cmocka_unit_test(test_packed_check__strings),
    };

    return auth_init() ? run_cases(tests, NULL, NULL) : 1;
}
