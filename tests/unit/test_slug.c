/* Names of schemas and hosts out of what people wrote.  */
#include "harness/cases.h"

#include "call/slug.h"

#include <string.h>

static void
expect(const char *name, const char *slug)
{
    char made[41];

    slug_make(name, made, sizeof made);
    assert_string_equal(made, slug);
}

static void
test_slug__letters_of_many_scripts(void **state)
{
    (void) state;
    expect("Łódź", "lodz");
    expect("Ærø", "aero");
    expect("Straße & Söhne", "strasse_sohne");
    expect("Mu\xcc\x88ller", "muller"); /* with the mark as a character of its own */
    expect("Đặng Phương", "dang_phuong");
    expect("Ольга и Со", "olga_i_so");
    expect("Αθήνα", "athena");
    expect("ＡＣＭＥ", "acme");
    expect("ﬁnance", "finance");
}

static void
test_slug__gaps_and_ends(void **state)
{
    (void) state;
    expect("", "");
    expect("  --  ", "");
    expect("日本", "");
    expect("日本 Bank", "bank");
    expect("\xf0\x9f\x8e\x89", "");
    expect(" A.C.M.E. (UK) ", "a_c_m_e_uk");
    expect("O'Brien", "o_brien");
    expect("3M", "3m");
}

static void
test_slug__fits(void **state)
{
    char made[6];
    char longest[2001];

    (void) state;
    slug_make("abcd efgh", made, sizeof made);
    assert_string_equal(made, "abcd"); /* no underscore at the end */
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    slug_make(longest, made, sizeof made);
    assert_string_equal(made, "xxxxx");
    for (size_t i = 0; i + 2 < sizeof longest; i += 2)
        memcpy(longest + i, "\xc3\x86", 2); /* each becomes two */
    slug_make(longest, made, sizeof made);
    assert_string_equal(made, "aeaea");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slug__letters_of_many_scripts),
        cmocka_unit_test(test_slug__gaps_and_ends),
        cmocka_unit_test(test_slug__fits),
    };

    return run_cases(tests, NULL, NULL);
}
