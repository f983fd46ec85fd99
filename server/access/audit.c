/* Rows of core_audit, in the tenant's schema or in public.  Called by dispatch only.  */
#include "access/audit.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACES = 4096,             /* of each table; a newer one takes a place */
    INTERVAL_US = 60 * 1000000 /* between two rows about refusals of the same */
};

/* What is counted until a row is written. */
typedef struct Place {
    int64_t tenant_id, who;
    const Method *method;
    bool is_refusal;
    int64_t next_us; /* when a row about a refusal may be written again */
    int64_t count;   /* since the last row */
} Place;

/* Strangers have places of their own, so that however many calls they make they take none from
 * callers and accounts, whose rows are never left out. */
struct Audit {
    pthread_mutex_t lock;
    Place callers[PLACES], strangers[PLACES];
    int64_t paid_us; /* the rows of strangers, by the generic cell rate algorithm */
};

Audit *
audit_new(void)
{
    Audit *audit = calloc(1, sizeof *audit);

    if (audit != NULL)
        pthread_mutex_init(&audit->lock, NULL);
    return audit;
}

void
audit_free(Audit *audit)
{
    if (audit == NULL)
        return;
    pthread_mutex_destroy(&audit->lock);
    free(audit);
}

static bool
queue_row(Call *call, Code code, int64_t count)
{
    const char *code_text = call_printf(call, "%d", (int) code);
    const char *caller_text = call_printf(call, "%" PRId64, caller_number(&call->caller));
    const char *count_text = call_printf(call, "%" PRId64, count);

    return code_text != NULL && caller_text != NULL && count_text != NULL &&
           db_queue(call, &query_audit_insert, NULL,
                    (DbArg[]){{.name = "kind", .text = caller_kind_name(call->caller.kind)},
                              {.name = "caller_id", .text = caller_text},
                              {.name = "target", .text = call->target != NULL ? call->target : ""},
                              {.name = "code", .text = code_text},
                              {.name = "count", .text = count_text},
                              {0}});
}

/* Whether the call is nobody's and about no account. */
static bool
is_strangers(const Call *call)
{
    return call->caller.kind == CALLER_ANONYMOUS &&
           (call->subject == NULL || call->subject[0] != '#');
}

/* The caller, or what a call without a session is about.  An address that nobody has is somebody
 * too, so that a refusal costs the same whether the account exists or not. */
static int64_t
who_of(const Call *call)
{
    if (call->caller.kind != CALLER_ANONYMOUS)
        return (int64_t) hash_pair(call->caller.kind, caller_number(&call->caller));
    return call->subject == NULL ? 0 : (int64_t) hash_bytes(call->subject, strlen(call->subject));
}

/* Whether one more row of strangers is within the bound. */
static bool
take_strangers(Audit *audit, const Config *config, int64_t now_us)
{
    int64_t hour_us = (int64_t) 3600 * 1000000, each_us = hour_us / config->audit_strangers;

    if (audit->paid_us < now_us)
        audit->paid_us = now_us;
    if (audit->paid_us + each_us - now_us > hour_us)
        return false;
    audit->paid_us += each_us;
    return true;
}

/* How many calls the row to write now stands for; 0: none is due. */
static int64_t
take_count(Audit *audit, const Call *call, bool is_refusal)
{
    int64_t who = who_of(call), now_us = clock_us(), count = 0;
    bool strangers = is_strangers(call), within = true;
    uint64_t hash = hash_pair((int64_t) hash_pair(call->tenant.id, who), (intptr_t) call->method);
    size_t index = (hash * 2 + (is_refusal ? 1 : 0)) % PLACES;

    pthread_mutex_lock(&audit->lock);

    Place *place = strangers ? &audit->strangers[index] : &audit->callers[index];

    if (place->method != call->method || place->tenant_id != call->tenant.id || place->who != who ||
        place->is_refusal != is_refusal)
        *place = (Place){.tenant_id = call->tenant.id,
                         .who = who,
                         .method = call->method,
                         .is_refusal = is_refusal};
    place->count++;
    if (!is_refusal || now_us >= place->next_us) {
        within = !strangers || take_strangers(audit, call->core->config, now_us);
        if (within) {
            count = place->count;
            place->count = 0;
            place->next_us = now_us + INTERVAL_US;
        }
    }
    pthread_mutex_unlock(&audit->lock);
    if (!within && log_due(&call->core->audit_full_us))
        log_write(LOG_LEVEL_WARNING, "events of strangers are counted, not written",
                  "audit_strangers=%" PRId64, call->core->config->audit_strangers);
    return count;
}

bool
audit_write(Call *call)
{
    int64_t count = is_strangers(call) ? take_count(call->core->audit, call, false) : 1;

    return count == 0 || queue_row(call, CODE_OK, count);
}

void
audit_refuse(Audit *audit, Call *call)
{
    int64_t count = take_count(audit, call, true);

    if (count == 0)
        return;
    db_rollback(call);
    db_begin(call, DB_WRITE);
    if (!queue_row(call, call->failure.code, count) || !db_commit(call))
        db_rollback(call);
}
