/* See limit.h.  Called by outbox.c.  */
#include "mail/limit.h"
#include "base/digest.h"
#include "call/address.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

enum { HOUR_MS = 3600 * 1000 };

bool
mail_limit_name(Call *call, MailLimit *limit, const char *mailbox, bool is_reset)
{
    int64_t in_all = call->core->config->mails_per_address;
    const char *at = strrchr(mailbox, '@');
    char host[HOST_SIZE];
    uint8_t hash[32];

    if (at != NULL && address_domain(at + 1, host) == NULL)
        mailbox = call_printf(call, "%.*s@%s", (int) (at - mailbox), mailbox, host);
    limit->allowed = call_printf(call, "%" PRId64, is_reset ? in_all : in_all / 2);
    limit->interval_ms = call_printf(call, "%" PRId64, in_all < HOUR_MS ? HOUR_MS / in_all : 1);
    if (mailbox == NULL || limit->allowed == NULL || limit->interval_ms == NULL)
        return false;
    digest_parts(
        (DigestPart[]){{call->core->installation.key, 32}, {"mail", 4}, {mailbox, strlen(mailbox)}},
        3, hash);
    sodium_bin2hex(limit->key, sizeof limit->key, hash, MAIL_LIMIT_KEY_SIZE / 2);
    return true;
}

bool
mail_limit_take(Call *call, const MailLimit *limit, int64_t *wait_ms)
{
    const DbArg args[] = {{.name = "key", .text = limit->key},
                          {.name = "allowed", .text = limit->allowed},
                          {.name = "interval_ms", .text = limit->interval_ms},
                          {0}};
    const DbRow *row;

    *wait_ms = 0;
    if (!db_row(call, &query_mail_limit_take, NULL, args, &row))
        return false;
    if (row != NULL)
        return true;
    if (!db_row(call, &query_mail_limit_wait, NULL, args, &row))
        return false;
    /* forgotten by a sweep this moment: the next attempt counts anew */
    *wait_ms = row == NULL || db_row_int64(row, "wait_ms") == 0 ? 1 : db_row_int64(row, "wait_ms");
    return true;
}

bool
mail_limit_give_back(Call *call, const MailLimit *limit)
{
    return db_queue(call, &query_mail_limit_give_back, NULL,
                    (DbArg[]){{.name = "key", .text = limit->key},
                              {.name = "interval_ms", .text = limit->interval_ms},
                              {0}});
}
