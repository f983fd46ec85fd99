/* Texts in one form: composed letters, passwords by the examples of RFC 8265 and the rules of RFC
 * 8264 and RFC 5892, addresses and the letters that are taken for others.  */
#include "harness/cases.h"

#include "access/opaque.h"
#include "call/address.h"
#include "call/form.h"
#include "call/lookalike.h"

#include <inttypes.h>
#include <string.h>

enum { ARENA_SIZE = 256 * 1024 };

static void
test_form__nfc(void **state)
{
    static const struct {
        const char *text, *nfc;
    } samples[] = {
        {"", ""},
        {"plain", "plain"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"e\xcc\x81", "\xc3\xa9"},
        {"\xe2\x84\xaa", "K"},                          /* KELVIN SIGN */
        {"q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87"},     /* marks in their order */
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "한"}, /* as macOS types it */
        {"\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc"},   /* is longer composed */
        {"ｗｉｄｅ", "ｗｉｄｅ"},
        {"\xff", "\xff"},
        {"e\xcc\x81\xff", "e\xcc\x81\xff"},
    };
    Call call = {.arena = arena_new(ARENA_SIZE)};

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        assert_string_equal(form_nfc(&call, samples[i].text), samples[i].nfc);
    assert_ptr_equal(form_nfc(&call, samples[1].text), samples[1].text); /* nothing is copied */
    assert_ptr_equal(form_nfc(&call, samples[2].text), samples[2].text);
    arena_free(call.arena);
}

static void
test_form__into_has_a_bound(void **state)
{
    char out[8];

    (void) state;
    assert_true(form_into(FORM_FOLDED, "ＡＢＣ", out, sizeof out));
    assert_string_equal(out, "abc");
    assert_true(form_into(FORM_NFD, "\xc3\xa9\xc3\xa9x", out, sizeof out));
    assert_false(
        form_into(FORM_NFD, "\xc3\xa9\xc3\xa9xy", out, sizeof out)); /* no room for a NUL */
    assert_false(form_into(FORM_NFC, "\xff", out, sizeof out));
}

/* ---- passwords ---- */

typedef struct Opaque {
    const char *text, *prepared; /* NULL: refused */
    uint32_t wrong;
    size_t place;
} Opaque;

static const Opaque opaques[] = {
    /* RFC 8265, 4.3 */
    {"correct horse battery staple", "correct horse battery staple", 0, 0},
    {"Correct Horse Battery Staple", "Correct Horse Battery Staple", 0, 0},
    {"\xcf\x80\xc3\x9f\xc3\xa5", "\xcf\x80\xc3\x9f\xc3\xa5", 0, 0},
    {"Jack of \xe2\x99\xa6s", "Jack of \xe2\x99\xa6s", 0, 0},
    {"foo\xe1\x9a\x80"
     "bar",
     "foo bar", 0, 0},
    {"", NULL, 0, 0},
    {"my cat is a \tby", NULL, 0x9, 13},
    /* spaces of all kinds, and ends that are no matter of ours */
    {" a\xc2\xa0"
     "b\xe3\x80\x80",
     " a b ", 0, 0},
    {"\xe2\x80\x80x", " x", 0, 0},
    /* composed, and not more than that */
    {"scho\xcc\x88ne gru\xcc\x88\xc3\x9f"
     "e",
     "sch\xc3\xb6ne gr\xc3\xbc\xc3\x9f"
     "e",
     0, 0},
    {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "한", 0, 0},
    {"ｐａｓｓ", "ｐａｓｓ", 0, 0},
    {"\xef\xac\x81\xc2\xb2\xe2\x84\xa2", "\xef\xac\x81\xc2\xb2\xe2\x84\xa2", 0, 0},
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 0, 0},
    /* what nobody sees */
    {"a\x7f", NULL, 0x7f, 2},
    {"a\xc2\x85", NULL, 0x85, 2},
    {"\xc2\xad", NULL, 0xad, 1},
    {"a\xe2\x80\x8b", NULL, 0x200b, 2},
    {"a\xe2\x80\xae", NULL, 0x202e, 2},
    {"a\xef\xbb\xbf", NULL, 0xfeff, 2},
    {"a\xe2\x80\xa8", NULL, 0x2028, 2},
    {"\xe2\x9d\xa4\xef\xb8\x8f", NULL, 0xfe0f, 2},
    {"\xee\x80\x80", NULL, 0xe000, 1},  /* private use */
    {"\xcd\xb8", NULL, 0x378, 1},       /* not assigned */
    {"\xef\xb7\x90", NULL, 0xfdd0, 1},  /* nor ever will be */
    {"\xe1\x84\x80x", NULL, 0x1100, 1}, /* a part of a syllable */
    {"\xd9\x80", NULL, 0x640, 1},       /* exceptions of RFC 5892 */
    {"\xe3\x80\xb1", NULL, 0x3031, 1},
    /* in their context (RFC 5892, appendix A) */
    {"l\xc2\xb7l", "l\xc2\xb7l", 0, 0},
    {"a\xc2\xb7l", NULL, 0xb7, 2},
    {"\xcd\xb5\xce\xb1", "\xcd\xb5\xce\xb1", 0, 0},
    {"\xcd\xb5", NULL, 0x375, 1},
    {"\xd7\x90\xd7\xb3", "\xd7\x90\xd7\xb3", 0, 0},
    {"a\xd7\xb4", NULL, 0x5f4, 2},
    {"\xe3\x83\xbb\xe3\x82\xa2", "\xe3\x83\xbb\xe3\x82\xa2", 0, 0},
    {"a\xe3\x83\xbb", NULL, 0x30fb, 2},
    {"\xd9\xa1\xd9\xa2", "\xd9\xa1\xd9\xa2", 0, 0},
    {"\xd9\xa1\xdb\xb2", NULL, 0x661, 1},
    {"\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d", "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d", 0, 0},
    {"\xd8\xa8\xe2\x80\x8c\xd8\xa8", "\xd8\xa8\xe2\x80\x8c\xd8\xa8", 0, 0},
    {"a\xe2\x80\x8c"
     "b",
     NULL, 0x200c, 2},
    {"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9", NULL, 0x200d, 2},
};

static void
test_opaque__prepares(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof opaques / sizeof *opaques; i++) {
        const Opaque *sample = &opaques[i];
        Call call = {.arena = arena_new(ARENA_SIZE)};
        const char *prepared = "";
        OpaqueWrong wrong;

        assert_true(opaque_prepare(&call, sample->text, &prepared, &wrong));
        if ((prepared == NULL) != (sample->prepared == NULL) ||
            (prepared != NULL && strcmp(prepared, sample->prepared) != 0))
            fail_msg("\"%s\" became %s", sample->text, prepared != NULL ? prepared : "nothing");
        if (wrong.character != sample->wrong || wrong.place != sample->place)
            fail_msg("\"%s\": U+%04" PRIX32 " as %zu", sample->text, wrong.character, wrong.place);
        /* in its form already */
        if (prepared != NULL) {
            const char *again;

            assert_true(opaque_prepare(&call, prepared, &again, &wrong));
            assert_string_equal(again, prepared);
        }
        arena_free(call.arena);
    }
}

/* ---- addresses ---- */

static void
test_address__letters(void **state)
{
    static const struct {
        const char *text, *wrong; /* NULL: taken */
    } samples[] = {
        {"josé@example.com", NULL},
        {"мария+spam@почта.рф", NULL},
        {"мария.2026@почта.рф", NULL},
        {"用户@例子.广告", NULL},
        {"田中タロウ@example.jp", NULL}, /* scripts that are written together */
        {"οδός@example.gr", NULL},
        {"straße@example.de", NULL},
        {"k\xc4\xb1r\xc4\xb1m@example.com", NULL}, /* dotless i */
        {"\xef\xbd\x81\xef\xbd\x82@example.com", "compatibility"},
        {"\xef\xac\x81n@example.com", "compatibility"},
        {"a\xc2\xb2@example.com", "compatibility"},
        {"a@\xef\xbd\x85xample.com", "compatibility"},
        {"a\xcd\xb8@example.com", "an address alone"}, /* not assigned */
        {"a\xee\x80\x80@example.com", "an address alone"},
        {"a\xe1\x9a\x80@example.com", "an address alone"}, /* a space */
        {"\xd0\xb0"
         "dmin@acme.com",
         "several scripts"}, /* the first is Cyrillic */
        {"adm\xd1\x96n@acme.com", "several scripts"},
        {"info@\xd0\xb0"
         "cme.com",
         "several scripts"},
        {"info@xn--cme-8cd.com", "several scripts"}, /* the same */
        {"\xd1\x80\xd0\xb0\xd1\x80\xd0\xb0@acme.com", "look like Latin"},
        {"info@\xd0\xb0\xd1\x80\xd1\x80\xd3\x8f\xd0\xb5.com", "look like Latin"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const char *wrong = address_wrong(samples[i].text);

        if ((wrong == NULL) != (samples[i].wrong == NULL) ||
            (wrong != NULL && strstr(wrong, samples[i].wrong) == NULL))
            fail_msg("%s: %s", samples[i].text, wrong != NULL ? wrong : "was taken");
    }
}

static void
test_address__is_kept_in_one_form(void **state)
{
    static const struct {
        const char *text, *kept;
    } samples[] = {
        {"Ann.Lee@Example.COM", "Ann.Lee@Example.COM"},
        {"jose\xcc\x81@example.com", "josé@example.com"},
        {"\xe2\x84\xaa@example.com", "K@example.com"},
        {"info@M\xc3\x9cNCHEN.example", "info@münchen.example"},
        {"info@mu\xcc\x88nchen.example", "info@münchen.example"},
        {"info@xn--mnchen-3ya.example", "info@münchen.example"},
        {"Info@XN--MNCHEN-3YA.Example", "Info@münchen.example"},
        {"jose\xcc\x81@xn--mnchen-3ya.example", "josé@münchen.example"},
        /* what is refused later stays for it to see */
        {"\xef\xbd\x81@example.com", "\xef\xbd\x81@example.com"},
        {"a@\xef\xbd\x85xample.com", "a@\xef\xbd\x85xample.com"},
        {"e\xcc\x81", "e\xcc\x81"},
        {"e\xcc\x81@", "e\xcc\x81@"},
        {"", ""},
    };
    Call call = {.arena = arena_new(ARENA_SIZE)};

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        assert_string_equal(address_kept(&call, samples[i].text), samples[i].kept);
    arena_free(call.arena);
}

static void
test_address__has_all_its_spellings(void **state)
{
    static const struct {
        const char *text, *spellings;
    } samples[] = {
        {"ann@example.com", ""},
        {"no address at all \xc3\xa9", ""},
        {"jos\xc3\xa9@example.com", "jos\xc3\xa9@example.com jose\xcc\x81@example.com"},
        {"jose\xcc\x81@example.com", "jos\xc3\xa9@example.com jose\xcc\x81@example.com"},
        {"a@xn--mnchen-3ya.example",
         "a@m\xc3\xbcnchen.example a@mu\xcc\x88nchen.example a@xn--mnchen-3ya.example"},
        {"a@M\xc3\x9cnchen.example",
         "a@m\xc3\xbcnchen.example a@mu\xcc\x88nchen.example a@xn--mnchen-3ya.example"},
        {"\xce\x9f\xce\x94\xce\x9f\xce\xa3@e.com", "ΟΔΟΣ@e.com οδοσ@e.com οδος@e.com"},
        {"οδοσ@e.com", "οδοσ@e.com οδοσ@e.com οδος@e.com"},
        {"οδος@e.com", "οδος@e.com οδοσ@e.com οδος@e.com"},
    };
    static const char *const counted[][2] = {
        {"ann@example.com", "Ann@example.com"}, /* the statement folds ASCII */
        {"jos\xc3\xa9@example.com", "JOSE\xcc\x81@Example.com"},
        {"a@xn--mnchen-3ya.example", "a@M\xc3\x9cNCHEN.Example"},
        {"οδος@e.com", "ΟΔΟΣ@e.com"},
    };
    Call call = {.arena = arena_new(ARENA_SIZE)};

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        assert_string_equal(address_spellings(&call, samples[i].text), samples[i].spellings);
    for (size_t i = 1; i < sizeof counted / sizeof *counted; i++)
        assert_string_equal(address_counted(&call, counted[i][0]),
                            address_counted(&call, counted[i][1]));
    assert_ptr_equal(address_counted(&call, counted[0][1]), counted[0][1]);
    arena_free(call.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form__nfc),
        cmocka_unit_test(test_form__into_has_a_bound),
        cmocka_unit_test(test_opaque__prepares),
        cmocka_unit_test(test_address__letters),
        cmocka_unit_test(test_address__is_kept_in_one_form),
        cmocka_unit_test(test_address__has_all_its_spellings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
