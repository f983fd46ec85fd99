/* Delivers letters, to an SMTP server or into files.  Knows no database and no call; called by
 * outbox.c on its own thread.  */
#ifndef CIQ_SERVER_MAIL_H
#define CIQ_SERVER_MAIL_H

#include "mail/letter.h"

#include <stdatomic.h>

typedef struct Mail {
    Letter letter;
    /* without an SMTP server: the file, and its directory, which is created if it is missing */
    const char *directory, *file_name;
    const _Atomic bool *stop; /* true: the server stops, and does not wait for the SMTP server */
} Mail;

typedef enum MailResult {
    MAIL_SENT,
    MAIL_AGAIN, /* the SMTP server refuses this letter for now (4xx) */
    MAIL_NEVER, /* it refuses this letter for good (5xx), or the letter cannot be composed */
    MAIL_DOWN   /* no letter can be sent now: no server, TLS or login fails, disk full */
} MailResult;

/* Sends one letter; blocks for at most 100 seconds.  reason says what went wrong, in valid UTF-8
 * and without secrets. */
MailResult mail_send(const Config *config, const Mail *mail, char *reason, size_t size);

/* Whether the settings of mail fit each other and their files can be read; if not, writes a
 * sentence to errors. */
MUST_CHECK bool mail_check(const Config *config, FILE *errors);

#endif
