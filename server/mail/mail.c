/* Writes a letter to a file, completely or not at all, or sends it with libcurl, which verifies
 * certificates.  The only file that calls libcurl.  */
#include "mail/mail.h"
#include "base/directory.h"
#include "base/secret.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SMTP_CONNECT_S = 10,
    SMTP_MAX_S = 60, /* one letter as a whole */
    SMTP_ANSWER_S =
        40,           /* one answer; also that to QUIT, for which libcurl waits after the letter */
    ANSWER_SIZE = 400 /* bytes that are kept of an SMTP server's answer */
};

/* ---- files ---- */

static bool
write_letter_bytes(int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data += written;
        size -= (size_t) written;
    }
    return true;
}

/* Under another name until it is complete, so that nobody reads half a letter. */
static MailResult
write_letter(const char *directory, const char *name, const char *letter, char *reason, size_t size)
{
    char path[1024], whole[1024];
    size_t length = strlen(letter);
    int file;

    if (!directory_make(directory, 0700)) {
        snprintf(reason, size, "cannot make %s: %s", directory, strerror(errno));
        return MAIL_DOWN;
    }
    snprintf(whole, sizeof whole, "%s/%s", directory, name);
    snprintf(path, sizeof path, "%.1000s.part", whole);
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    bool ok = file >= 0 && write_letter_bytes(file, letter, length) && fsync(file) == 0;

    if (file >= 0)
        ok = close(file) == 0 && ok;
    if (ok && rename(path, whole) == 0)
        return MAIL_SENT;
    snprintf(reason, size, "cannot write %s: %s", whole, strerror(errno));
    return MAIL_DOWN;
}

/* ---- SMTP ---- */

/* A letter that is being sent, and the server's last answer. */
typedef struct Delivery {
    const char *text;
    size_t left;
    char answer[ANSWER_SIZE]; /* the last line with a code of 4xx or 5xx; "": none so far */
    const _Atomic bool *stop;
    CURL *curl;
} Delivery;

static size_t
read_letter(char *buffer, size_t element, size_t count, void *argument)
{
    Delivery *delivery = argument;
    size_t size = element * count < delivery->left ? element * count : delivery->left;

    memcpy(buffer, delivery->text, size);
    delivery->text += size;
    delivery->left -= size;
    return size;
}

/* libcurl passes each line of the server as a header.  Only printable ASCII is kept, because it
 * goes into the database and onto terminals. */
static size_t
smtp_read_answer(char *line, size_t element, size_t count, void *argument)
{
    Delivery *delivery = argument;
    size_t size = element * count, kept = 0;

    if (size < 4 || (line[0] != '4' && line[0] != '5'))
        return size;
    for (size_t i = 0; i < size && kept + 1 < sizeof delivery->answer; i++)
        if (isprint((unsigned char) line[i]))
            delivery->answer[kept++] = line[i];
    delivery->answer[kept] = '\0';
    return size;
}

static int
ask_stop(void *argument, curl_off_t a UNUSED, curl_off_t b UNUSED, curl_off_t c UNUSED,
         curl_off_t d UNUSED)
{
    const Delivery *delivery = argument;

    if (delivery->stop == NULL || !atomic_load(delivery->stop))
        return 0;
    /* else libcurl waits for the thread that looks up the name, which may take as long as DNS */
    curl_easy_setopt(delivery->curl, CURLOPT_QUICK_EXIT, 1L);
    return 1;
}

static void
start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* If the server cannot be used, or refuses the login, that says nothing about this letter. */
static MailResult
smtp_result(CURLcode code, const char *answer)
{
    if (code == CURLE_OK)
        return MAIL_SENT;
    /* libcurl returns these two if MAIL, RCPT or DATA is refused, or the letter after its text; 421
     * is about the server (RFC 5321, 4.2.1) */
    if ((code != CURLE_SEND_ERROR && code != CURLE_WEIRD_SERVER_REPLY) ||
        strncmp(answer, "421", 3) == 0)
        return MAIL_DOWN;
    return answer[0] == '5' ? MAIL_NEVER : answer[0] == '4' ? MAIL_AGAIN : MAIL_DOWN;
}

static void
set_security(CURL *curl, const Config *config, const char *password)
{
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long) (strcmp(config->smtp_starttls, "required") == 0   ? CURLUSESSL_ALL
                             : strcmp(config->smtp_starttls, "optional") == 0 ? CURLUSESSL_TRY
                                                                              : CURLUSESSL_NONE));
    if (config->smtp_ca_file[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, config->smtp_ca_file);
    if (config->smtp_user[0] != '\0') {
        curl_easy_setopt(curl, CURLOPT_USERNAME, config->smtp_user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
    }
}

static void
set_delivery(CURL *curl, Delivery *delivery)
{
    delivery->curl = curl;
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_letter);
    curl_easy_setopt(curl, CURLOPT_READDATA, delivery);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, smtp_read_answer);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, delivery);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, ask_stop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, delivery);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static MailResult
smtp_perform(CURL *curl, const Config *config, const char *from, struct curl_slist *recipients,
             const char *password, Delivery *delivery, char *reason, size_t size)
{
    char error[CURL_ERROR_SIZE] = "";
    CURLcode code;

    curl_easy_setopt(curl, CURLOPT_URL, config->smtp_url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long) SMTP_CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long) SMTP_MAX_S);
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long) SMTP_ANSWER_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    /* otherwise QUIT is sent when curl is cleaned up, where nothing interrupts the wait for its
     * answer */
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    set_security(curl, config, password);
    set_delivery(curl, delivery);
    code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        reason[0] = '\0';
    else if (delivery->answer[0] != '\0')
        snprintf(reason, size, "%s", delivery->answer);
    else
        snprintf(reason, size, "%s", error[0] != '\0' ? error : curl_easy_strerror(code));
    return smtp_result(code, delivery->answer);
}

static MailResult
send_letter(const Config *config, const Mail *mail, const char *text, char *reason, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char password[LIMIT_PASSWORD + 1] = "", from[LETTER_ADDRESS_SIZE], to[LETTER_ADDRESS_SIZE];
    Delivery delivery = {.text = text, .left = strlen(text), .stop = mail->stop};
    MailResult result = MAIL_DOWN;
    struct curl_slist *recipients;
    CURL *curl;

    if (!letter_sender(config->mail_from, from) || !letter_address(mail->letter.recipient, to)) {
        snprintf(reason, size, "the sender's or the recipient's e-mail address is not valid");
        return MAIL_NEVER;
    }
    if (config->smtp_user[0] != '\0' &&
        !secret_read_password_file(config->smtp_password_file, password, reason, size))
        return MAIL_DOWN;
    pthread_once(&once, start_curl);
    curl = curl_easy_init();
    recipients = curl_slist_append(NULL, to);
    if (curl != NULL && recipients != NULL)
        result = smtp_perform(curl, config, from, recipients, password, &delivery, reason, size);
    else
        snprintf(reason, size, "no memory");
    curl_easy_cleanup(curl);
    curl_slist_free_all(recipients);
    secret_wipe(password, sizeof password);
    return result;
}

MailResult
mail_send(const Config *config, const Mail *mail, char *reason, size_t size)
{
    Letter letter = mail->letter;
    bool to_server = config->smtp_url[0] != '\0';
    MailResult result;
    char *text;

    letter.is_8bit = !to_server;
    text = letter_compose(config, &letter, reason, size);
    if (text == NULL)
        return MAIL_NEVER;
    result = to_server ? send_letter(config, mail, text, reason, size)
                       : write_letter(mail->directory, mail->file_name, text, reason, size);
    secret_wipe(text, strlen(text));
    free(text);
    return result;
}

/* ---- settings ---- */

static bool
is_readable(const char *option, const char *path, FILE *errors)
{
    if (path[0] == '\0' || access(path, R_OK) == 0)
        return true;
    fprintf(errors, "--%s: cannot read %s: %s\n", option, path, strerror(errno));
    return false;
}

/* A password in the URL would be shown wherever settings are shown. */
static const char *
smtp_url_wrong(const char *url)
{
    static const char wrong[] = "must be smtp://HOST[:PORT] or smtps://HOST[:PORT]";
    CURLU *parsed = curl_url();
    char *scheme = NULL, *user = NULL;
    const char *found = NULL;

    if (parsed == NULL || curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        (strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0))
        found = wrong;
    else if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK)
        found = "must not contain a user name: use --smtp-user and --smtp-password-file instead";
    curl_free(scheme);
    curl_free(user);
    curl_url_cleanup(parsed);
    return found;
}

bool
mail_check(const Config *config, FILE *errors)
{
    char address[LETTER_ADDRESS_SIZE], password[LIMIT_PASSWORD + 1], reason[512];
    const char *wrong = config->smtp_url[0] != '\0' ? smtp_url_wrong(config->smtp_url) : NULL;

    if (wrong != NULL) {
        fprintf(errors, "--smtp-url %s\n", wrong);
        return false;
    }
    if (!letter_sender(config->mail_from, address)) {
        fprintf(errors, "--mail-from must be an address, or a name and <address>, got \"%s\"\n",
                config->mail_from);
        return false;
    }
    if (strstr(config->link_url, "{{token}}") == NULL) {
        fprintf(errors, "--link-url must contain {{token}}, got \"%s\"\n", config->link_url);
        return false;
    }
    if ((config->smtp_user[0] != '\0') != (config->smtp_password_file[0] != '\0')) {
        fprintf(errors, "--smtp-user and --smtp-password-file must be given together\n");
        return false;
    }
    if (config->smtp_password_file[0] != '\0') {
        if (!secret_read_password_file(config->smtp_password_file, password, reason,
                                       sizeof reason)) {
            fprintf(errors, "--smtp-password-file: %s\n", reason);
            return false;
        }
        secret_wipe(password, sizeof password);
    }
    if (!is_readable("smtp-ca-file", config->smtp_ca_file, errors))
        return false;
    return letter_check_templates(config, errors);
}
