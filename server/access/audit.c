/* Rows of core_audit, in the tenant's schema or in public.  Called by dispatch only.  */
#include "access/audit.h"
#include "base/clock.h"
#include "base/hash.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    PLACES = 1024, /* tenants × methods that are remembered; a newer one takes a place */
    INTERVAL_US = 60 * 1000000 /* between two rows of one tenant and method */
};

typedef struct Refusals {
    int64_t tenant_id;
    const Method *method;
    int64_t next_us; /* when a row may be written again */
    int64_t count;   /* refusals since the last row */
} Refusals;

struct Audit {
    pthread_mutex_t lock;
    Refusals places[PLACES];
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

bool
audit_write(Call *call)
{
    return queue_row(call, CODE_OK, 1);
}

/* How many refusals the row to write now stands for; 0: none is due. */
static int64_t
take_count(Audit *audit, const Call *call)
{
    size_t index = hash_pair(call->tenant.id, (intptr_t) call->method) % PLACES;
    Refusals *place = &audit->places[index];
    int64_t now_us = clock_us(), count = 0;

    pthread_mutex_lock(&audit->lock);
    if (place->method != call->method || place->tenant_id != call->tenant.id)
        *place = (Refusals){.tenant_id = call->tenant.id, .method = call->method};
    place->count++;
    if (now_us >= place->next_us) {
        count = place->count;
        place->count = 0;
        place->next_us = now_us + INTERVAL_US;
    }
    pthread_mutex_unlock(&audit->lock);
    return count;
}

void
audit_refuse(Audit *audit, Call *call)
{
    int64_t count = take_count(audit, call);

    if (count == 0)
        return;
    db_rollback(call);
    db_begin(call, DB_WRITE);
    if (!queue_row(call, call->failure.code, count) || !db_commit(call))
        db_rollback(call);
}
