/* Addresses in one form, and which of them only this machine can use.  */
#include "harness/cases.h"

#include "base/ip.h"

#include <arpa/inet.h>
#include <string.h>

static void
test_ip__forms(void **state)
{
    static const char *const samples[][2] = {
        {"10.0.0.1", "10.0.0.1"},   {"::ffff:10.0.0.1", "10.0.0.1"}, {"::1", "::1"},
        {"0:0:0:0:0:0:0:1", "::1"}, {"2001:DB8::1", "2001:db8::1"},
    };
    static const char *const wrong[] = {"",      "10.0.0",       "10.0.0.256", "127.other.example",
                                        "[::1]", "fe80::1%eth0", "1.2.3.4:80"};
    uint8_t address[IP_SIZE];
    char text[IP_TEXT_SIZE];

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        assert_true(ip_read(samples[i][0], address));
        ip_write(address, text);
        assert_string_equal(text, samples[i][1]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(ip_read(wrong[i], address));
}

static void
test_ip__loopback(void **state)
{
    static const char *const local[] = {"127.0.0.1:80", "127.9.9.9:0", "[::1]:80", "localhost:80",
                                        "[::ffff:127.0.0.1]:80"};
    static const char *const others[] = {
        "",
        "0.0.0.0:80",
        "*:80",
        "[::]:80",
        "128.0.0.1:80",
        "127.0.0.1",
        "[::1]",
        "::1:80:80",
        "[localhost]:80",
        "localhost.example:80",
        ":80",
        "[]:80",
        "[::2]:80",
        "127.example:80",
        "[::ffff:10.0.0.1]:80",
        "[fe80::1%lo]:80",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:80"};

    (void) state;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (!ip_port_is_loopback(local[i]))
            fail_msg("%s", local[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (ip_port_is_loopback(others[i]))
            fail_msg("%s", others[i]);
}

static void
test_ip__peers(void **state)
{
    static const uint8_t one[IP_SIZE] = {[15] = 1};
    static const uint8_t four[4] = {10, 0, 0, 1};
    char text[64];

    (void) state;
    ip_print_peer(AF_INET, four, htons(80), text, sizeof text);
    assert_string_equal(text, "10.0.0.1:80");
    ip_print_peer(AF_INET6, one, htons(65535), text, sizeof text);
    assert_string_equal(text, "[::1]:65535");
    ip_print_peer(AF_UNIX, one, 0, text, sizeof text);
    assert_string_equal(text, "unknown");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip__forms),
        cmocka_unit_test(test_ip__loopback),
        cmocka_unit_test(test_ip__peers),
    };

    return run_cases(tests, NULL, NULL);
}
