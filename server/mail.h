/* Letters: made from templates, and given to an SMTP server or written into files.  Knows no database and
 * no call; called by outbox.c on its own thread.  */
#ifndef CIQ_SERVER_MAIL_H
#define CIQ_SERVER_MAIL_H

#include "compiler.h"
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A template that is built in: "welcome.txt", "welcome.html".  The first line of a .txt is the subject. */
typedef struct MailTemplate {
    const char *file, *text;
} MailTemplate;

extern const MailTemplate mail_templates[]; /* ended by file NULL */

/* What {{name}} in a template stands for; an array of them ends with a NULL name. */
typedef struct MailValue {
    const char *name, *value;
} MailValue;

typedef struct Mail {
    const char *template_name; /* "welcome" */
    const char *recipient;
    const char *message_id; /* without brackets; the same at each attempt (RFC 5322) */
    /* where there is no SMTP server: the file, and its directory, which is made if it is not there */
    const char *directory, *file_name;
    int64_t time_s;         /* Unix time of its Date */
    const MailValue *values;
} Mail;

typedef enum MailResult {
    MAIL_SENT,
    MAIL_AGAIN, /* not now: the server is not there, or says so (4xx) */
    MAIL_NEVER  /* not at all: the server refuses the letter (5xx), or there is no such template */
} MailResult;

/* Sends one letter; blocks for at most half a minute.  reason says what went wrong, without secrets. */
MailResult mail_send(const Config *config, const Mail *mail, char *reason, size_t size);

/* The letter's text as it is sent, with CRLF; from malloc.  NULL: reason says why.  For tests. */
MUST_CHECK char *mail_compose(const Config *config, const Mail *mail, char *reason, size_t size);

/* Replaces {{name}} in a text, for HTML with the five characters escaped; from malloc.  NULL: no memory. */
MUST_CHECK char *mail_fill(const char *text, const MailValue *values, bool is_html);

#endif
