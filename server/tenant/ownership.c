/* A domain is taken in one transaction, DNS is asked in none, and what it said is recorded in
 * another: if the server dies in between, the look is made again.  Runs as the owner, on a thread
 * of its own, because DNS may be slow; one that does not answer keeps nobody waiting but those of
 * its own round.  */
#include "tenant/ownership.h"
#include "base/clock.h"
#include "db/db.h"
#include "tenant/dns.h"
#include "call/internal.h"
#include "base/log.h"
#include "db/queries.h"

#include <inttypes.h>
#include <string.h>

enum {
    ROUND = 16,      /* domains that are asked about at the same time */
    ROUNDS_MAX = 64, /* of one look; another one follows at once */
    RECORD_MAX_MS = 10000
};

typedef struct TakenDomains {
    const char *id[ROUND];
    DnsQuestion questions[ROUND];
    size_t count;
} TakenDomains;

static bool
take_round(Call *call, TakenDomains *taken)
{
    const DbRow *row;

    taken->count = 0;
    db_begin(call, DB_WRITE);
    while (taken->count < ROUND) {
        if (!db_row(call, &query_domain_take, NULL, NULL, &row))
            return false;
        if (row == NULL)
            break;
        taken->id[taken->count] = call_printf(call, "%" PRId64, db_row_int64(row, "id"));
        taken->questions[taken->count] = (DnsQuestion){.name = db_row_text(row, "txt_name"),
                                                       .value = db_row_text(row, "txt_value")};
        if (taken->id[taken->count++] == NULL)
            return false;
    }
    return db_commit(call);
}

static const char *
result_name(DnsResult result)
{
    return result == DNS_FOUND ? "found" : result == DNS_MISSING ? "missing" : "unknown";
}

static bool
record_result(Call *call, const char *id, const DnsQuestion *question)
{
    const Config *config = call->core->config;
    const char *give_up_days = call_printf(call, "%" PRId64, config->domain_give_up_days);
    const char *grace_days = call_printf(call, "%" PRId64, config->domain_grace_days);
    const char *recheck_hours = call_printf(call, "%" PRId64, config->domain_recheck_hours);
    const char *retry_s = call_printf(call, "%" PRId64, config->domain_retry_s);
    const DbRow *row;
    char text[1024];

    call->deadline_us = clock_us() + RECORD_MAX_MS * 1000;
    db_begin(call, DB_WRITE);
    if (give_up_days == NULL || grace_days == NULL || recheck_hours == NULL || retry_s == NULL ||
        !db_row(call, &query_domain_checked, NULL,
                (DbArg[]){{.name = "id", .text = id},
                          {.name = "result", .text = result_name(question->result)},
                          {.name = "text", .text = question->text},
                          {.name = "give_up_days", .text = give_up_days},
                          {.name = "grace_days", .text = grace_days},
                          {.name = "recheck_hours", .text = recheck_hours},
                          {.name = "retry_s", .text = retry_s},
                          {0}},
                &row))
        return false;

    /* what servers remember changes only when the state does; a row that is gone was removed
     * meanwhile */
    bool changes =
        row != NULL && strcmp(db_row_text(row, "state"), db_row_text(row, "state_before")) != 0;

    if (changes)
        call_change(call, CHANGE_NAMES, 0);
    if (!db_commit(call))
        return false;
    if (changes) {
        log_write(LOG_LEVEL_INFO, "domain checked", "domain=%s state=%s before=%s text=%s",
                  db_row_text(row, "domain"), db_row_text(row, "state"),
                  db_row_text(row, "state_before"),
                  log_quote(text, sizeof text, db_row_text(row, "check_text")));
    }
    return true;
}

/* A row that cannot be written must not stop the others; it is due again when nobody keeps it any
 * more. */
static void
record_or_log(Call *call, const char *id, const DnsQuestion *question)
{
    Call look = *call;

    if (record_result(&look, id, question))
        return;
    db_rollback(&look);
    internal_log(&look, LOG_LEVEL_WARNING, "domain not recorded");
}

bool
ownership_work(Call *call, void *state UNUSED)
{
    const Config *config = call->core->config;
    TakenDomains taken;

    for (int i = 0; i < ROUNDS_MAX; i++) {
        call->deadline_us = clock_us() + RECORD_MAX_MS * 1000;
        if (!take_round(call, &taken))
            return false;
        if (taken.count == 0)
            return true;
        dns_find_txt(config->dns_server, config->dns_timeout_ms, call->stop_fd, taken.questions,
                     taken.count);
        for (size_t k = 0; k < taken.count; k++)
            record_or_log(call, taken.id[k], &taken.questions[k]);
    }
    call->is_unfinished = true;
    return true;
}
