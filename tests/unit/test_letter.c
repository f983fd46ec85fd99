/* The text of letters: whatever names and addresses hold, a letter has the headers and parts that
 * it was given, in lines that every SMTP server takes.  */
#include "harness/harness.h"

#include "proto/visible.h"
#include "server/mail/letter.h"
#include "server/mail/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Config config;
static char folder[64];

static int
letter_setup(void **state)
{
    (void) state;
    config_defaults(&config);
    folder_new(folder);
    return 0;
}

static int
letter_teardown(void **state)
{
    (void) state;
    config_free(&config);
    folder_remove(folder);
    return 0;
}

static void
file_write(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static char *
compose(const char *company, const char *recipient, bool is_8bit)
{
    char reason[512];
    LetterValue values[] = {{"company_name", company},
                            {"first_name", "Dora"},
                            {"domain", "mine.example"},
                            {"email", recipient},
                            {"link", "https://mine.example/#token=ciq_l_x"},
                            {"hours", "72"},
                            {0}};
    Letter letter = {.template_name = "welcome",
                     .recipient = recipient,
                     .message_id = "1.2.3@test",
                     .time_s = 86400,
                     .values = values,
                     .is_8bit = is_8bit};
    char *text = letter_compose(&config, &letter, reason, sizeof reason);

    if (text == NULL)
        fail_msg("%s", reason);
    return text;
}

/* Every line ends with CRLF and is short enough; and how many lines begin with something. */
static size_t
count_lines(const char *text, const char *start)
{
    size_t count = 0;

    while (*text != '\0') {
        const char *end = strstr(text, "\r\n");

        assert_non_null(end);
        assert_null(memchr(text, '\n', (size_t) (end - text)));
        assert_true(end - text <= 998);
        count += strncmp(text, start, strlen(start)) == 0;
        text = end + 2;
    }
    return count;
}

static void
test_compose__names_begin_no_header_and_no_part(void **state)
{
    static const char *const names[] = {
        "A\r\nBcc: victim@example.com",
        "A\n\nB",
        "A\r\n\r\n--part-1.2.3-test\r\nContent-Type: text/html\r\n\r\n<script>",
        "=?UTF-8?Q?=0D=0ABcc:_victim=40example.com?=",
        "\x7f\x1b[31m",
        "\xc2\x9b\x32J",
        "a\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf",
        "half \xc3",
        "{{link}}",
        "\"><script>alert(1)</script>",
        "M\xc3\xbcller & S\xc3\xb6hne",
        "\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89\xf0\x9f\x8e\x89",
    };

    uint32_t wrong;
    size_t place;

    (void) state;
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        char *text = compose(names[i / 2], "dora@mine.example", i % 2 == 1);
        const char *body = strstr(text, "\r\n\r\n");

        assert_int_equal(count_lines(text, "Bcc:"), 0);
        assert_int_equal(count_lines(text, "Subject:"), 1);
        assert_int_equal(count_lines(text, "To:"), 1);
        assert_int_equal(count_lines(text, "--part"), 3);
        assert_int_equal(count_lines(text, "Content-Type: text/html"), 1);
        assert_null(strstr(strstr(text, "text/html"), "<script>alert"));
        for (const char *c = text; *c != '\0'; c++)
            assert_true((unsigned char) *c < 0x80 || (i % 2 == 1 && c > body));
        /* neither as it is nor in one of the encodings */
        assert_null(strstr(text, "=C2=9B"));
        assert_null(strstr(text, "=E2=80"));
        for (char *c = text; (c = strchr(c, '\r')) != NULL; c++)
            *c = c[1] == '\n' ? ' ' : *c;
        assert_true(visible_is(text, VISIBLE_LINES, &wrong, &place));
        free(text);
    }
}

static void
test_compose__subjects(void **state)
{
    static const struct {
        const char *company, *line;
    } samples[] = {
        {"Acme",
         "Subject: Your workspace for Acme is ready\r\nDate: Fri, 02 Jan 1970 00:00:00 +0000\r\n"},
        {"An Old Company of Merchants That Has a Rather Long Name",
         "Subject: Your workspace for An Old Company of Merchants That Has a Rather\r\n Long Name is ready\r\n"},
        /* of whole characters, although the sixteenth byte is the first half of one */
        {"Xn\xc3\xa9", "Subject: =?UTF-8?Q?=59=6F=75=72=20=77=6F=72=6B=73=70=61=63=65=20=66?=\r\n"
                       " =?UTF-8?Q?=6F=72=20=58=6E=C3=A9=20=69=73=20=72=65=61=64=79?=\r\n"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char *text = compose(samples[i].company, "dora@mine.example", false);

        if (strstr(text, samples[i].line) == NULL)
            fail_msg("%s is not in\n%s", samples[i].line, text);
        free(text);
    }
}

/* A line of 1,000 bytes and more, in a template of the user's own. */
static void
test_compose__long_lines(void **state)
{
    static const char start[] = "Subject: {{first_name}}\n\n. \t \nEnd with spaces  \n=\n";
    char line[3000];

    (void) state;
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    memcpy(line, start, sizeof start - 1);
    file_write("welcome.txt", line);
    setting_set(&config.mail_templates, folder);
    for (int is_8bit = 0; is_8bit < 2; is_8bit++) {
        char *text = compose("Acme", "dora@mine.example", is_8bit == 1);

        assert_int_equal(count_lines(text, "Content-Transfer-Encoding: quoted-printable"), 1);
        assert_int_equal(count_lines(text, "End with spaces =20"), 1);
        assert_int_equal(count_lines(text, "=3D"), 1);
        assert_true(count_lines(text, "xxxxxxxx") > 38);
        /* a text of the user's own is not sent with HTML that says something else */
        assert_int_equal(count_lines(text, "Content-Type: text/html"), 0);
        free(text);
    }
    file_write("welcome.html", "<p>{{company_name}}</p>");
    char *text = compose("A & B", "dora@mine.example", true);
    assert_int_equal(count_lines(text, "<p>A &amp; B</p>"), 1);
    free(text);
    setting_set(&config.mail_templates, "");
}

typedef bool (*ReadAddress)(const char *text, char address[LETTER_ADDRESS_SIZE]);

static void
assert_addresses(ReadAddress read, const char *const samples[][2], size_t count)
{
    char address[LETTER_ADDRESS_SIZE];

    for (size_t i = 0; i < count; i++) {
        bool ok = read(samples[i][0], address);

        if (ok != (samples[i][1] != NULL))
            fail_msg("%s: %d", samples[i][0], ok);
        if (ok)
            assert_string_equal(address, samples[i][1]);
    }
}

/* What is stored may be older than the rule for addresses: it goes to whom it names, or to nobody.
 */
static void
test_address__stored_ones(void **state)
{
    static const char *const samples[][2] = {
        {"ann@example.com", "ann@example.com"},
        {"o'hara+x@example.com", "o'hara+x@example.com"},
        {"ann@localhost", "ann@localhost"},
        {"Ann@MAIL", "Ann@mail"},
        {"a,b@example.com", "\"a,b\"@example.com"},
        {"a>b@example.com", "\"a>b\"@example.com"},
        {"a\"b\\c@example.com", "\"a\\\"b\\\\c\"@example.com"},
        {"\"a,b\"@example.com", "\"a,b\"@example.com"},
        {"\"a\"b\"@example.com", "\"\\\"a\\\"b\\\"\"@example.com"},
        {"a..b@example.com", "\"a..b\"@example.com"},
        {".a@example.com", "\".a\"@example.com"},
        {"m\xc3\xbcller@b\xc3\xbc"
         "cher.example",
         "m\xc3\xbcller@xn--bcher-kva.example"},
        {"x<victim@x.com>", NULL},
        {"<victim@x.com>", NULL},
        {"Ann Lee <ann@example.com>", NULL},
        {"a@b.com,evil", NULL},
        {"a@b.com,c", NULL},
        {"a@b.com>", NULL},
        {"a@b.com:25", NULL},
        {"ann@[192.0.2.1]", NULL},
        {"a\xe2\x80\xae@example.com", NULL},
        {"ann", NULL},
        {"", NULL},
        {"<>", NULL},
        {"a@b@c", NULL},
        {"a b@example.com", NULL},
    };

    (void) state;
    assert_addresses(letter_address, samples, sizeof samples / sizeof *samples);
}

static void
test_address__of_the_sender(void **state)
{
    static const char *const samples[][2] = {
        {"ann@example.com", "ann@example.com"},
        {"Ann Lee <ann@example.com>", "ann@example.com"},
        {"\"Lee, Ann\" <ann@example.com>", "ann@example.com"},
        {"<ann@example.com>", "ann@example.com"},
        {"ClientIQ <noreply@localhost>", "noreply@localhost"},
        {"a,b@example.com", NULL},
        {"Ann <a,b@example.com>", NULL},
        {"Ann <ann@example.com> x", NULL},
        {"Ann <ann@example.com", NULL},
        {"Ann <x<ann@example.com>>", NULL},
        {"Ann <ann@example.com>,<bob@example.com>", NULL},
        {"A\xc2\x9b <ann@example.com>", NULL},
        {"A\xe2\x80\xae <ann@example.com>", NULL},
        {"<>", NULL},
        {"<", NULL},
        {"", NULL},
    };

    (void) state;
    assert_addresses(letter_sender, samples, sizeof samples / sizeof *samples);
}

/* ---- settings ---- */

static void
expect_settings(const char *error)
{
    char *said = NULL;
    size_t size;
    FILE *errors = open_memstream(&said, &size);
    bool ok = mail_check(&config, errors);

    fclose(errors);
    if (ok != (error == NULL) || (error != NULL && strstr(said, error) == NULL))
        fail_msg("%s, not %s", said, error != NULL ? error : "(right)");
    free(said);
}

/* One setting is wrong at a time. */
static void
expect_wrong(const char **setting, const char *value, const char *error)
{
    char before[512];

    snprintf(before, sizeof before, "%s", *setting);
    setting_set(setting, value);
    expect_settings(error);
    setting_set(setting, before);
}

static void
test_check__settings(void **state)
{
    char path[128];

    (void) state;
    expect_settings(NULL);
    expect_wrong(&config.smtp_url, "http://mail.example.com", "--smtp-url must be smtp://");
    expect_wrong(&config.smtp_url, "mail.example.com:587", "--smtp-url must be smtp://");
    expect_wrong(&config.smtp_url, "smtp://ann:secret@mail.example.com", "--smtp-user");
    expect_wrong(&config.smtp_url, "smtps://mail.example.com", NULL);
    expect_wrong(&config.mail_from, "ClientIQ", "--mail-from must be an address");
    expect_wrong(&config.mail_from, "A\r\nBcc: x <a@b.c>", "--mail-from");
    expect_wrong(&config.link_url, "https://{{domain}}/", "--link-url must contain {{token}}");
    expect_wrong(&config.smtp_user, "ann", "must be given together");
    expect_wrong(&config.smtp_password_file, "/etc/passwd", "must be given together");
    expect_wrong(&config.smtp_ca_file, "/nowhere/ca.pem",
                 "--smtp-ca-file: cannot read /nowhere/ca.pem");
    expect_wrong(&config.mail_templates, "/nowhere", "--mail-templates must be a directory");

    setting_set(&config.smtp_user, "ann");
    expect_wrong(&config.smtp_password_file, "/nowhere/password", "cannot read /nowhere/password");
    file_write("password", "\n");
    snprintf(path, sizeof path, "%s/password", folder);
    expect_wrong(&config.smtp_password_file, path, "is empty");
    setting_set(&config.smtp_user, "");

    file_write("welcome.txt", "Hello\n");
    expect_wrong(&config.mail_templates, folder, "must begin with a line \"Subject:");
    file_write("welcome.txt", "Subject: Hello\n\nHello\n");
    expect_wrong(&config.mail_templates, folder, NULL);
    snprintf(path, sizeof path, "%s/welcome.html", folder);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0); /* is there, and cannot be read */
    expect_wrong(&config.mail_templates, folder, "cannot read");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compose__names_begin_no_header_and_no_part),
        cmocka_unit_test(test_compose__subjects),
        cmocka_unit_test(test_compose__long_lines),
        cmocka_unit_test(test_address__stored_ones),
        cmocka_unit_test(test_address__of_the_sender),
        cmocka_unit_test(test_check__settings),
    };

    return run_cases(tests, letter_setup, letter_teardown);
}
