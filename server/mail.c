/* MIME by hand, because a letter is a few lines and also goes into files; SMTP by libcurl.  The only file that
 * calls libcurl.  */
#include "mail.h"
#include "cluster.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    TEMPLATE_MAX = 256 * 1024, /* bytes of a template file */
    SMTP_CONNECT_S = 10,
    SMTP_MAX_S = 30,           /* one letter, all in all */
    WORD_BYTES = 16            /* of a subject in one encoded word (RFC 2047: at most 75 characters) */
};

/* ---- templates ---- */

static char *
read_file(const char *directory, const char *name)
{
    char path[1024], *text;
    FILE *file;
    size_t size;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "re");
    text = file == NULL ? NULL : malloc(TEMPLATE_MAX + 1);
    size = text == NULL ? 0 : fread(text, 1, TEMPLATE_MAX, file);
    if (text != NULL)
        text[size] = '\0';
    if (file != NULL)
        fclose(file);
    return text;
}

/* The user's file if there is one, otherwise the one that is built in; from malloc, NULL: neither. */
static char *
read_template(const Config *config, const char *template_name, const char *ending)
{
    char name[128], *text;

    snprintf(name, sizeof name, "%.100s.%s", template_name, ending);
    if (config->mail_templates[0] != '\0' &&
        (text = read_file(config->mail_templates, name)) != NULL)
        return text;
    for (const MailTemplate *row = mail_templates; row->file != NULL; row++)
        if (strcmp(row->file, name) == 0)
            return strdup(row->text);
    return NULL;
}

static void
put_value(FILE *out, const char *value, bool is_html)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (is_html && *c == '&')
            fputs("&amp;", out);
        else if (is_html && *c == '<')
            fputs("&lt;", out);
        else if (is_html && *c == '>')
            fputs("&gt;", out);
        else if (is_html && *c == '"')
            fputs("&quot;", out);
        else if (is_html && *c == '\'')
            fputs("&#39;", out);
        else if ((unsigned char) *c >= ' ')
            fputc(*c, out); /* a value is one line: no header and no part can begin in it */
    }
}

char *
mail_fill(const char *text, const MailValue *values, bool is_html)
{
    char *filled = NULL;
    size_t size;
    FILE *out = open_memstream(&filled, &size);

    if (out == NULL)
        return NULL;
    while (*text != '\0') {
        const char *end = strncmp(text, "{{", 2) == 0 ? strstr(text, "}}") : NULL;
        const MailValue *value = values;

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
    return fclose(out) == 0 ? filled : NULL;
}

/* ---- the letter ---- */

static bool
is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char) *text >= 0x80)
            return false;
    return true;
}

/* A header's text: as it is, or in encoded words (RFC 2047), each of whole characters. */
static void
put_header(FILE *out, const char *name, const char *text)
{
    fprintf(out, "%s:", name);
    if (is_ascii(text)) {
        fprintf(out, " %s\r\n", text);
        return;
    }
    while (*text != '\0') {
        size_t count = 0;

        fputs(" =?UTF-8?Q?", out);
        while (*text != '\0' && (count < WORD_BYTES || (*text & 0xc0) == 0x80)) {
            fprintf(out, "=%02X", (unsigned) (unsigned char) *text++);
            count++;
        }
        fputs(*text != '\0' ? "?=\r\n" : "?=", out);
    }
    fputs("\r\n", out);
}

static void
put_part(FILE *out, const char *boundary, const char *type, const char *text)
{
    fprintf(out, "--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
            boundary, type, is_ascii(text) ? "7bit" : "8bit");
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\r\n", out);
        else if (*text != '\r')
            fputc(*text, out);
    }
    fputs("\r\n", out);
}

static void
put_letter(FILE *out, const Config *config, const Mail *mail, const char *subject, const char *text,
           const char *html)
{
    char date[64], boundary[128];
    time_t seconds = (time_t) mail->time_s;
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
    snprintf(boundary, sizeof boundary, "part-%.60s", mail->message_id);
    for (char *c = boundary; *c != '\0'; c++)
        if (strchr("@<>", *c) != NULL)
            *c = '-';
    put_header(out, "From", config->mail_from);
    put_header(out, "To", mail->recipient);
    put_header(out, "Subject", subject);
    fprintf(out,
            "Date: %s\r\nMessage-ID: <%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n",
            date, mail->message_id, boundary);
    put_part(out, boundary, "plain", text);
    if (html != NULL)
        put_part(out, boundary, "html", html);
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
    *body = end + (*end == '\n');
    return true;
}

char *
mail_compose(const Config *config, const Mail *mail, char *reason, size_t size)
{
    char *plain = read_template(config, mail->template_name, "txt");
    char *rich = read_template(config, mail->template_name, "html");
    char *text = plain == NULL ? NULL : mail_fill(plain, mail->values, false);
    char *html = rich == NULL ? NULL : mail_fill(rich, mail->values, true);
    char *letter = NULL, *subject, *body;
    size_t letter_size;
    FILE *out;

    if (text == NULL)
        snprintf(reason, size, "there is no template %s.txt", mail->template_name);
    else if (!split_subject(text, &subject, &body))
        snprintf(reason, size, "the template %s.txt must begin with a line \"Subject: …\"",
                 mail->template_name);
    else if ((out = open_memstream(&letter, &letter_size)) == NULL)
        snprintf(reason, size, "no memory");
    else {
        put_letter(out, config, mail, subject, body, html);
        if (fclose(out) != 0) {
            letter = NULL;
            snprintf(reason, size, "no memory");
        }
    }
    free(plain);
    free(rich);
    free(text);
    free(html);
    return letter;
}

/* ---- files ---- */

/* Under another name until it is whole, so that nobody reads half a letter. */
static MailResult
write_letter(const char *directory, const char *name, const char *letter, char *reason, size_t size)
{
    char path[1024], whole[1024];
    size_t length = strlen(letter);
    int file;

    if (!directory_make(directory, 0700)) {
        snprintf(reason, size, "cannot make %s: %s", directory, strerror(errno));
        return MAIL_AGAIN;
    }
    snprintf(whole, sizeof whole, "%s/%s", directory, name);
    snprintf(path, sizeof path, "%.1000s.part", whole);
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    bool ok = file >= 0 && write(file, letter, length) == (ssize_t) length && fsync(file) == 0;

    if (file >= 0)
        ok = close(file) == 0 && ok;
    if (ok && rename(path, whole) == 0)
        return MAIL_SENT;
    snprintf(reason, size, "cannot write %s: %s", whole, strerror(errno));
    return MAIL_AGAIN;
}

/* ---- SMTP ---- */

typedef struct Upload {
    const char *text;
    size_t left;
} Upload;

static size_t
read_upload(char *buffer, size_t element, size_t count, void *argument)
{
    Upload *upload = argument;
    size_t size = element * count < upload->left ? element * count : upload->left;

    memcpy(buffer, upload->text, size);
    upload->text += size;
    upload->left -= size;
    return size;
}

static void
read_password(const char *path, char password[512])
{
    FILE *file = path[0] != '\0' ? fopen(path, "re") : NULL;

    password[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(password, 512, file) == NULL)
        password[0] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    fclose(file);
}

/* "ClientIQ <noreply@example.com>" is sent by noreply@example.com. */
static void
bare_address(const char *from, char address[256])
{
    const char *open = strchr(from, '<');
    const char *start = open == NULL ? from : open + 1;

    snprintf(address, 256, "%.*s", (int) strcspn(start, ">"), start);
}

static void
start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static MailResult
send_letter(const Config *config, const Mail *mail, const char *letter, char *reason, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char password[512], from[256], error[CURL_ERROR_SIZE] = "";
    Upload upload = {letter, strlen(letter)};
    struct curl_slist *recipients;
    long status = 0;
    CURL *curl;

    pthread_once(&once, start_curl);
    curl = curl_easy_init();
    recipients = curl_slist_append(NULL, mail->recipient);
    if (curl == NULL || recipients == NULL) {
        snprintf(reason, size, "no memory");
        curl_easy_cleanup(curl);
        curl_slist_free_all(recipients);
        return MAIL_AGAIN;
    }
    read_password(config->smtp_password_file, password);
    bare_address(config->mail_from, from);
    curl_easy_setopt(curl, CURLOPT_URL, config->smtp_url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long) SMTP_CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long) SMTP_MAX_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long) (strcmp(config->smtp_starttls, "required") == 0   ? CURLUSESSL_ALL
                             : strcmp(config->smtp_starttls, "optional") == 0 ? CURLUSESSL_TRY
                                                                              : CURLUSESSL_NONE));
    if (config->smtp_user[0] != '\0') {
        curl_easy_setopt(curl, CURLOPT_USERNAME, config->smtp_user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);

    CURLcode code = curl_easy_perform(curl);

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(recipients);
    explicit_bzero(password, sizeof password);
    if (code == CURLE_OK)
        return MAIL_SENT;
    snprintf(reason, size, "%s", error[0] != '\0' ? error : curl_easy_strerror(code));
    /* 530 and 535 are about us, and can be mended */
    return status >= 550 && status < 560 ? MAIL_NEVER : MAIL_AGAIN;
}

MailResult
mail_send(const Config *config, const Mail *mail, char *reason, size_t size)
{
    char *letter = mail_compose(config, mail, reason, size);
    MailResult result;

    if (letter == NULL)
        return MAIL_NEVER;
    result = config->smtp_url[0] != '\0'
                 ? send_letter(config, mail, letter, reason, size)
                 : write_letter(mail->directory, mail->file_name, letter, reason, size);
    explicit_bzero(letter, strlen(letter));
    free(letter);
    return result;
}
