/* Implements RFC 5322 (headers, lines of at most 998 bytes), RFC 2047 (other letters in headers)
 * and RFC 2045 (quoted printable, because not every SMTP server accepts 8-bit lines).  */
#include "mail/letter.h"
#include "base/secret.h"
#include "call/address.h"
#include "call/host.h"
#include "proto/utf8.h"
#include "proto/visible.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    TEMPLATE_MAX = 256 * 1024, /* bytes of a template file */
    LINE_MAX_BYTES = 998,      /* RFC 5322, 2.1.1 */
    FOLD_COLUMN = 70,          /* a header line breaks at the first space after this */
    QUOTED_COLUMN = 72, /* RFC 2045: at most 76 characters with a three-character byte and "=" */
    WORD_BYTES = 16     /* of a header in one encoded word (RFC 2047: at most 75 characters) */
};

/* ---- templates ---- */

typedef enum Found { FOUND, FOUND_NOT, FOUND_WRONG } Found;

/* The user's file; *text from malloc. */
static Found
read_template_file(const char *directory, const char *name, char **text, char *reason, size_t size)
{
    char path[1024];
    FILE *file;
    size_t length;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "re");
    if (file == NULL && errno == ENOENT)
        return FOUND_NOT;
    *text = file == NULL ? NULL : malloc(TEMPLATE_MAX + 1);
    if (*text == NULL) {
        snprintf(reason, size, "cannot read %s: %s", path, strerror(errno));
        if (file != NULL)
            fclose(file);
        return FOUND_WRONG;
    }
    length = fread(*text, 1, TEMPLATE_MAX + 1, file);

    bool failed = ferror(file) != 0, is_long = length > TEMPLATE_MAX;

    if (!is_long)
        (*text)[length] = '\0';
    fclose(file);
    if (!failed && !is_long && strlen(*text) == length)
        return FOUND;
    snprintf(reason, size,
             failed    ? "cannot read %s"
             : is_long ? "%s must have at most 256 KiB"
                       : "%s contains a NUL byte",
             path);
    free(*text);
    *text = NULL;
    return FOUND_WRONG;
}

static char *
built_in(const char *name)
{
    for (const LetterTemplate *row = letter_templates; row->file != NULL; row++)
        if (strcmp(row->file, name) == 0)
            return strdup(row->text);
    return NULL;
}

/* A custom text comes with custom HTML or without any: the built-in HTML would say something else.
 */
static bool
read_templates(const Config *config, const char *template_name, char **plain, char **html,
               char *reason, size_t size)
{
    char name[128];
    Found found = FOUND_NOT, rich = FOUND_NOT;

    *plain = *html = NULL;
    snprintf(name, sizeof name, "%.100s.txt", template_name);
    if (config->mail_templates[0] != '\0')
        found = read_template_file(config->mail_templates, name, plain, reason, size);
    if (found == FOUND_WRONG)
        return false;
    if (found == FOUND_NOT && (*plain = built_in(name)) == NULL) {
        snprintf(reason, size, "there is no template %s", name);
        return false;
    }
    snprintf(name, sizeof name, "%.100s.html", template_name);
    if (config->mail_templates[0] != '\0')
        rich = read_template_file(config->mail_templates, name, html, reason, size);
    if (rich == FOUND_NOT && found == FOUND_NOT)
        *html = built_in(name);
    if (rich != FOUND_WRONG)
        return true;
    free(*plain);
    *plain = NULL;
    return false;
}

/* A value is one line, in which nothing turns the direction of writing or is not seen: no header
 * and no part can begin in it, and it looks like what it is. */
static void
put_value(FILE *out, const char *value, bool is_html)
{
    size_t left = strlen(value);
    uint32_t before = 0;

    while (left > 0) {
        char piece[VISIBLE_PIECE];
        size_t size = visible_piece(&before, value, left, VISIBLE_ONE_LINE, piece);

        if (is_html && *value == '&')
            fputs("&amp;", out);
        else if (is_html && *value == '<')
            fputs("&lt;", out);
        else if (is_html && *value == '>')
            fputs("&gt;", out);
        else if (is_html && *value == '"')
            fputs("&quot;", out);
        else if (is_html && *value == '\'')
            fputs("&#39;", out);
        else
            fputs(piece, out);
        value += size;
        left -= size;
    }
}

char *
letter_fill(const char *text, const LetterValue *values, bool is_html)
{
    char *filled = NULL;
    size_t size;
    FILE *out = open_memstream(&filled, &size);

    if (out == NULL)
        return NULL;
    while (*text != '\0') {
        const char *end = strncmp(text, "{{", 2) == 0 ? strstr(text, "}}") : NULL;
        const LetterValue *value = values;

        while (end != NULL && value->name != NULL &&
               (strlen(value->name) != (size_t) (end - text - 2) ||
                memcmp(value->name, text + 2, strlen(value->name)) != 0))
            value++;
        if (end == NULL || value->name == NULL) {
            fputc(*text++, out);
            continue;
        }
        put_value(out, value->value, is_html);
        text = end + 2;
    }
    if (fclose(out) == 0)
        return filled;
    free(filled);
    return NULL;
}

/* ---- addresses ---- */

/* A local part that needs no quotes: a dot-atom (RFC 5322, 3.2.3), with the letters of RFC 6532. */
static bool
is_dot_atom(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char) text[i];
        bool is_dot = c == '.' && i > 0 && i + 1 < size && text[i - 1] != '.';

        if (c < 0x80 && !is_dot && (c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z') &&
            strchr("!#$%&'*+-/=?^_`{|}~", c) == NULL)
            return false;
    }
    return size > 0;
}

static bool
is_quoted(const char *text, size_t size)
{
    if (size < 3 || text[0] != '"' || text[size - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < size; i++)
        if (text[i] == '"' || (text[i] == '\\' && ++i + 1 == size))
            return false;
    return true;
}

bool
letter_address(const char *text, char address[LETTER_ADDRESS_SIZE])
{
    const char *at = strrchr(text, '@');
    size_t local = at != NULL ? (size_t) (at - text) : 0, size = 0, place;
    char host[HOST_SIZE];
    uint32_t wrong;

    if (local == 0 || strlen(text) > LIMIT_EMAIL || memchr(text, '@', local) != NULL ||
        strchr(text, ' ') != NULL || !visible_is(text, VISIBLE_ONE_LINE, &wrong, &place) ||
        address_domain(at + 1, host) != NULL)
        return false;
    if (is_dot_atom(text, local) || is_quoted(text, local)) {
        memcpy(address, text, local);
        size = local;
    } else {
        address[size++] = '"';
        for (size_t i = 0; i < local; i++) {
            if (text[i] == '"' || text[i] == '\\')
                address[size++] = '\\';
            address[size++] = text[i];
        }
        address[size++] = '"';
    }
    snprintf(address + size, LETTER_ADDRESS_SIZE - size, "@%s", host);
    return true;
}

bool
letter_sender(const char *text, char address[LETTER_ADDRESS_SIZE])
{
    const char *open = strchr(text, '<');
    char bare[LIMIT_EMAIL + 2]; /* with the bracket behind it */
    uint32_t wrong;
    size_t place, size;

    if (!visible_is(text, VISIBLE_ONE_LINE, &wrong, &place)) /* in the name, too */
        return false;
    if (open == NULL)
        return address_wrong(text) == NULL && letter_address(text, address);
    size = strlen(open + 1);
    if (size == 0 || size >= sizeof bare || open[size] != '>')
        return false;
    memcpy(bare, open + 1, size - 1);
    bare[size - 1] = '\0';
    return address_wrong(bare) == NULL && letter_address(bare, address);
}

/* ---- headers ---- */

static bool
is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char) *text >= 0x80)
            return false;
    return true;
}

/* Encoded words (RFC 2047), each of whole characters. */
static void
put_words(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t count = 0;

        fputs(" =?UTF-8?Q?", out);
        while (*text != '\0' && (count < WORD_BYTES || utf8_goes_on(*text))) {
            fprintf(out, "=%02X", (unsigned) (unsigned char) *text++);
            count++;
        }
        fputs(*text != '\0' ? "?=\r\n" : "?=", out);
    }
}

/* Plain, in lines that break at spaces; or encoded, if there are non-ASCII letters, if it is too
 * long to rely on spaces, or if it contains what looks like an encoded word. */
static void
put_text(FILE *out, const char *name, const char *text)
{
    size_t column = strlen(name) + 1;

    fprintf(out, "%s:", name);
    if (!is_ascii(text) || strstr(text, "=?") != NULL || strlen(text) > LINE_MAX_BYTES / 2) {
        put_words(out, text);
        fputs("\r\n", out);
        return;
    }
    fputc(' ', out);
    for (; *text != '\0'; text++, column++) {
        if (*text == ' ' && text[1] != ' ' && text[1] != '\0' && column > FOLD_COLUMN) {
            fputs("\r\n", out);
            column = 0;
        }
        fputc(*text, out);
    }
    fputs("\r\n", out);
}

/* The sender's name, if there is one, and address. */
static void
put_sender(FILE *out, const char *sender, const char *address)
{
    size_t size = strcspn(sender, "<");
    char name[256];

    while (size > 0 && sender[size - 1] == ' ')
        size--;
    if (sender[0] == '"' && size > 1 && sender[size - 1] == '"') {
        sender++;
        size -= 2;
    }
    snprintf(name, sizeof name, "%.*s", (int) (strchr(sender, '<') == NULL ? 0 : size), sender);
    fputs("From:", out);
    if (is_ascii(name) && strstr(name, "=?") == NULL) {
        if (name[0] != '\0') {
            fputs(" \"", out);
            for (const char *c = name; *c != '\0'; c++) {
                if (*c == '"' || *c == '\\')
                    fputc('\\', out);
                fputc(*c, out);
            }
            fputc('"', out);
        }
    } else {
        put_words(out, name);
    }
    fprintf(out, " <%s>\r\n", address);
}

/* ---- parts ---- */

static size_t
longest_line(const char *text)
{
    size_t longest = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        longest = length > longest ? length : longest;
        text += length + (text[length] == '\n');
    }
    return longest;
}

static void
put_lines(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\r\n", out);
        else if (*text != '\r')
            fputc(*text, out);
    }
}

static void
put_quoted(FILE *out, const char *text)
{
    size_t column = 0;

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char) *text;
        bool ends_line = text[1] == '\n' || text[1] == '\r' || text[1] == '\0';

        if (c == '\n' || c == '\r') {
            fputs(c == '\n' ? "\r\n" : "", out);
            column = c == '\n' ? 0 : column;
            continue;
        }
        if (column > QUOTED_COLUMN) {
            fputs("=\r\n", out);
            column = 0;
        }
        if (c == '=' || c > 126 || (c < ' ' && c != '\t') || ((c == ' ' || c == '\t') && ends_line))
            column += (size_t) fprintf(out, "=%02X", (unsigned) c);
        else
            column += (size_t) (fputc(c, out) == c);
    }
}

static void
put_part(FILE *out, const char *boundary, const char *type, const char *text, bool is_8bit)
{
    bool is_short = longest_line(text) <= LINE_MAX_BYTES;
    const char *encoding = is_short && is_ascii(text) ? "7bit"
                           : is_short && is_8bit      ? "8bit"
                                                      : "quoted-printable";

    fprintf(out,
            "--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
            boundary, type, encoding);
    if (strcmp(encoding, "quoted-printable") == 0)
        put_quoted(out, text);
    else
        put_lines(out, text);
    fputs("\r\n", out);
}

/* ---- the letter ---- */

static void
put_letter(FILE *out, const Letter *letter, const char *sender, const char *from, const char *to,
           const char *subject, const char *text, const char *html)
{
    char date[64], boundary[128];
    time_t seconds = (time_t) letter->time_s;
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
    snprintf(boundary, sizeof boundary, "part-%.60s", letter->message_id);
    for (char *c = boundary; *c != '\0'; c++)
        if (strchr("@<>", *c) != NULL)
            *c = '-';
    put_sender(out, sender, from);
    fprintf(out, "To: %s\r\n", to);
    put_text(out, "Subject", subject);
    fprintf(
        out,
        "Date: %s\r\nMessage-ID: <%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n",
        date, letter->message_id, boundary);
    put_part(out, boundary, "plain", text, letter->is_8bit);
    if (html != NULL)
        put_part(out, boundary, "html", html, letter->is_8bit);
    fprintf(out, "--%s--\r\n", boundary);
}

/* Splits "Subject: …\n\nbody". */
static bool
split_subject(char *text, char **subject, char **body)
{
    char *end = strchr(text, '\n');

    if (strncmp(text, "Subject: ", 9) != 0 || end == NULL)
        return false;
    *end++ = '\0';
    *subject = text + 9;
    (*subject)[strcspn(*subject, "\r")] = '\0';
    end += *end == '\r';
    *body = end + (*end == '\n');
    return true;
}

static void
free_wiped(char *text)
{
    if (text != NULL)
        secret_wipe(text, strlen(text));
    free(text);
}

char *
letter_compose(const Config *config, const Letter *letter, char *reason, size_t size)
{
    char from[LETTER_ADDRESS_SIZE], to[LETTER_ADDRESS_SIZE];
    char *plain, *rich, *text, *html, *whole = NULL, *subject, *body;
    size_t whole_size;
    FILE *out;

    if (!read_templates(config, letter->template_name, &plain, &rich, reason, size))
        return NULL;
    text = letter_fill(plain, letter->values, false);
    html = rich == NULL ? NULL : letter_fill(rich, letter->values, true);
    if (text == NULL || (rich != NULL && html == NULL))
        snprintf(reason, size, "no memory");
    else if (!split_subject(text, &subject, &body))
        snprintf(reason, size, "the template %s.txt must begin with a line \"Subject: …\"",
                 letter->template_name);
    else if (!letter_sender(config->mail_from, from))
        snprintf(reason, size, "mail-from must be an address, or a name and <address>");
    else if (!letter_address(letter->recipient, to))
        snprintf(reason, size, "the recipient's e-mail address is not one that mail is sent to");
    else if ((out = open_memstream(&whole, &whole_size)) == NULL)
        snprintf(reason, size, "no memory");
    else {
        put_letter(out, letter, config->mail_from, from, to, subject, body, html);
        if (fclose(out) != 0) {
            free(whole);
            whole = NULL;
            snprintf(reason, size, "no memory");
        }
    }
    free(plain);
    free(rich);
    free_wiped(text);
    free_wiped(html);
    return whole;
}

bool
letter_check_templates(const Config *config, FILE *errors)
{
    char reason[1200];
    struct stat status;

    if (config->mail_templates[0] != '\0' &&
        (stat(config->mail_templates, &status) != 0 || !S_ISDIR(status.st_mode))) {
        fprintf(errors, "--mail-templates must be a directory, got \"%s\"\n",
                config->mail_templates);
        return false;
    }
    for (const LetterTemplate *row = letter_templates; row->file != NULL; row++) {
        const char *ending = strrchr(row->file, '.');
        char name[128], *text;

        if (ending == NULL || strcmp(ending, ".txt") != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int) (ending - row->file), row->file);
        text = letter_compose(config,
                              &(Letter){.template_name = name,
                                        .recipient = "ann@example.com",
                                        .message_id = "check",
                                        .values = (LetterValue[]){{0}}},
                              reason, sizeof reason);
        free(text);
        if (text == NULL) {
            fprintf(errors, "%s\n", reason);
            return false;
        }
    }
    return true;
}
