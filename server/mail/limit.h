/* How many mails one mailbox gets, whoever has them sent: all tenants, all kinds of mail, all
 * servers count together, in the database.  The outbox is the only way to a mailbox, and asks here
 * before each attempt; what is over the limit waits, and nothing is lost.
 *
 * --mails-per-address in an hour, by the generic cell rate algorithm (access/throttle.h).  What
 * others have sent to somebody (invitations, welcomes) may use half of it; so a mail that its
 * recipient asked for, a password reset, never waits for those.  */
#ifndef CIQ_SERVER_MAIL_LIMIT_H
#define CIQ_SERVER_MAIL_LIMIT_H

#include "call/call.h"

enum { MAIL_LIMIT_KEY_SIZE = 33 };

typedef struct MailLimit {
    char key[MAIL_LIMIT_KEY_SIZE]; /* a keyed hash: whoever reads the table learns no address */
    const char *allowed, *interval_ms;
} MailLimit;

/* mailbox: as in sql/part/mailbox.sql; its domain's two spellings are one here.  False: the call
 * has failed. */
MUST_CHECK bool mail_limit_name(Call *call, MailLimit *limit, const char *mailbox, bool is_reset);

/* In the owner's open transaction: counts one mail.  *wait_ms: 0, or how long until one is within
 * the limit; then nothing is counted. */
MUST_CHECK bool mail_limit_take(Call *call, const MailLimit *limit, int64_t *wait_ms);

/* The mail that was counted has reached nobody (queued). */
MUST_CHECK bool mail_limit_give_back(Call *call, const MailLimit *limit);

#endif
