/* Who counts as one stranger.  */
#include "harness/harness.h"

#include "server/access/origin.h"

static void
test_origin_key__samples(void **state)
{
    static const char *const samples[][2] = {
        {"192.0.2.7:51234", "192.0.2.7"},
        {"192.0.2.7", "192.0.2.7"},
        {"[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"},
        {"2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"},
        {"2001:DB8:1:2::9", "2001:db8:1:2::/64"},
        {"[2001:db8:1:3::1]:1", "2001:db8:1:3::/64"},
        {"[::ffff:192.0.2.7]:1", "192.0.2.7"},
        {"[::1]:1", "::/64"},
        {"unknown", "unknown"},
        {"ipc:uid=1000", "ipc:uid=1000"},
        {"", ""},
        {"[", ""},
        {"a:b", "a:b"},
        {"0123456789012345678901234567890123456789012345678901234567890123456789",
         "012345678901234567890123456789012345678901234567890123456789012"},
    };
    char key[ORIGIN_SIZE];

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        origin_key(samples[i][0], key);
        assert_string_equal(key, samples[i][1]);
    }
}

static void
test_origin_address__one_form(void **state)
{
    static const char *const samples[][2] = {
        {"192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"},
        {"2001:DB8:0:0:0:0:0:9", "2001:db8::9"},
        {"2001:0db8::0009", "2001:db8::9"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"::FFFF:c000:207", "192.0.2.7"},
        {"::1", "::1"},
        {"::", "::"},
        {"", NULL},
        {"192.0.2.7:80", NULL},
        {"192.0.2", NULL},
        {"192.0.2.256", NULL},
        {"192.0.2.07", NULL},
        {"[::1]", NULL},
        {"::1%eth0", NULL},
        {"::1 ", NULL},
        {"acme.com", NULL},
    };
    char address[ORIGIN_SIZE];

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        bool is_address = origin_address(samples[i][0], address);

        assert_int_equal(is_address, samples[i][1] != NULL);
        if (is_address)
            assert_string_equal(address, samples[i][1]);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origin_key__samples),
        cmocka_unit_test(test_origin_address__one_form),
    };

    return run_cases(tests, NULL, NULL);
}
