/* Delivers letters: to an SMTP server, or into files.  Knows no database and no call; called by
 * outbox.c on its own thread.  */
#ifndef CIQ_SERVER_MAIL_H
#define CIQ_SERVER_MAIL_H

#include "mail/letter.h"

#include <stdatomic.h>

typedef struct Mail {
    Letter letter;
    /* where there is no SMTP server: the file, and its directory, which is made if it is not there
     */
    const char *directory, *file_name;
    const _Atomic bool *stop; /* set: the server ends, and does not wait for the SMTP server */
} Mail;

typedef enum MailResult {
    MAIL_SENT,
    MAIL_AGAIN, /* not now: the SMTP server says so about this letter (4xx) */
    MAIL_NEVER, /* not at all: it refuses this letter (5xx), or the letter cannot be made */
    MAIL_DOWN   /* no letter goes now: no server, no TLS, no signing in, no room on the disk */
} MailResult;

/* Sends one letter; blocks for at most 100 seconds.  reason says what went wrong, in valid UTF-8
 * and without secrets. */
MailResult mail_send(const Config *config, const Mail *mail, char *reason, size_t size);

/* Whether the settings of mail fit each other and their files can be read; otherwise a sentence on
 * errors. */
MUST_CHECK bool mail_check(const Config *config, FILE *errors);

#endif
