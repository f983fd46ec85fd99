/* A table of fixed size in buckets, each under one of many locks.  The job collects what is due,
 * sorts it by tenant, and writes each tenant's in one transaction as the owner.  Ages are measured
 * by this server's monotonic clock and subtracted from the database's, so that servers with
 * different clocks agree.  */
#include "access/usage.h"
#include "base/clock.h"
#include "base/hash.h"
#include "db/db.h"
#include "call/internal.h"
#include "base/log.h"
#include "migration/plan.h"
#include "db/queries.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 8192, /* with PLACES: so many sessions can be used between two looks of the job */
    PLACES = 8,
    DUE_MAX = 8192, /* written in one look, as many as fit a call's memory; the rest in the next */
    TENANTS_MAX = 500, /* the same, in transactions */
    HEAD_LAST_USE = 5  /* of app users: since then core_session has last_use_time */
};

typedef struct Place {
    int64_t tenant_id, session_id;
    int64_t use_us,
        written_us; /* the last use, and the one that the database has; monotonic, 0: none */
} Place;

struct Use {
    const Config *config;
    Wake *wake; /* of the job that writes */
    pthread_mutex_t stripes[LIMIT_STRIPES];
    _Atomic bool has_new, finishing;
    Place places[BUCKETS][PLACES];
};

Use *
use_new(const Config *config, Wake *wake)
{
    Use *use = calloc(1, sizeof *use); /* pages that nobody touches cost no memory */

    if (use == NULL)
        return NULL;
    use->config = config;
    use->wake = wake;
    for (size_t i = 0; i < LIMIT_STRIPES; i++)
        pthread_mutex_init(&use->stripes[i], NULL);
    return use;
}

void
use_free(Use *use)
{
    if (use == NULL)
        return;
    for (size_t i = 0; i < LIMIT_STRIPES; i++)
        pthread_mutex_destroy(&use->stripes[i]);
    free(use);
}

int64_t
use_idle_s(const Config *config)
{
    return config->session_idle_minutes * 60 + 2 * config->session_use_s;
}

static size_t
bucket_of(int64_t tenant_id, int64_t session_id)
{
    return hash_pair(tenant_id, session_id) % BUCKETS;
}

/* The session's place, or one that can be taken from another whose use is written; NULL: there is
 * none. */
static Place *
find_place(Place places[PLACES], int64_t tenant_id, int64_t session_id)
{
    Place *free_place = NULL;

    for (size_t i = 0; i < PLACES; i++) {
        Place *place = &places[i];

        if (place->session_id == session_id && place->tenant_id == tenant_id)
            return place;
        if (place->use_us == place->written_us &&
            (free_place == NULL || place->use_us < free_place->use_us))
            free_place = place;
    }
    if (free_place != NULL)
        *free_place = (Place){.tenant_id = tenant_id, .session_id = session_id};
    return free_place;
}

void
use_note(Use *use, int64_t tenant_id, int64_t session_id)
{
    size_t bucket = bucket_of(tenant_id, session_id);
    pthread_mutex_t *lock = &use->stripes[bucket % LIMIT_STRIPES];

    pthread_mutex_lock(lock);

    Place *place = find_place(use->places[bucket], tenant_id, session_id);

    if (place != NULL)
        place->use_us = clock_us();
    pthread_mutex_unlock(lock);
    /* a store by every call would take the cache line from every other core */
    if (place != NULL && !atomic_load_explicit(&use->has_new, memory_order_relaxed))
        atomic_store(&use->has_new, true);
    if (place == NULL)
        wake_ring(use->wake);
}

void
use_finish(Use *use)
{
    if (use != NULL)
        atomic_store(&use->finishing, true);
}

/* ---- writing ---- */

static bool
is_due(Use *use, const Place *place, int64_t now_us)
{
    return place->use_us > place->written_us &&
           (atomic_load(&use->finishing) ||
            now_us - place->written_us >= use->config->session_use_s * 1000000);
}

static int
compare(const void *a, const void *b)
{
    const Place *left = a, *right = b;

    return (left->tenant_id > right->tenant_id) - (left->tenant_id < right->tenant_id);
}

/* Copies of what is due, by tenant.  *more: there is something that does not wait to be written, or
 * is not due. */
static size_t
collect(Use *use, Place *due, bool *more)
{
    int64_t now_us = clock_us();
    size_t count = 0;

    *more = false;
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        pthread_mutex_lock(&use->stripes[bucket % LIMIT_STRIPES]);
        for (size_t i = 0; i < PLACES; i++) {
            const Place *place = &use->places[bucket][i];

            if (count < DUE_MAX && is_due(use, place, now_us))
                due[count++] = *place;
            else if (place->use_us > place->written_us)
                *more = true;
        }
        pthread_mutex_unlock(&use->stripes[bucket % LIMIT_STRIPES]);
    }
    qsort(due, count, sizeof *due, compare);
    return count;
}

static void
set_written(Use *use, const Place *written, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t bucket = bucket_of(written[i].tenant_id, written[i].session_id);

        pthread_mutex_lock(&use->stripes[bucket % LIMIT_STRIPES]);
        for (size_t j = 0; j < PLACES; j++) {
            Place *place = &use->places[bucket][j];

            if (place->session_id == written[i].session_id &&
                place->tenant_id == written[i].tenant_id)
                place->written_us = written[i].use_us;
        }
        pthread_mutex_unlock(&use->stripes[bucket % LIMIT_STRIPES]);
    }
}

/* "{1,2}" of the sessions' numbers, or of their ages. */
static const char *
array_of(Call *call, const Place *due, size_t count, bool ages)
{
    enum { NUMBER_SIZE = 21 };
    int64_t now_us = clock_us();
    char *array = call_alloc(call, count * NUMBER_SIZE + 3), *end = array;

    if (array == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        end += snprintf(end, NUMBER_SIZE + 1, "%c%" PRId64, i == 0 ? '{' : ',',
                        ages ? (now_us - due[i].use_us) / 1000 : due[i].session_id);
    memcpy(end, "}", sizeof "}");
    return array;
}

/* The uses of one tenant's sessions.  A tenant that is not active any more has none. */
static bool
write_tenant(Call *call, const Place *due, size_t count)
{
    const Config *config = call->core->config;
    const char *id = call_printf(call, "%" PRId64, due->tenant_id);
    const char *hours = call_printf(call, "%" PRId64, config->session_hours);
    const char *idle_s = call_printf(call, "%" PRId64, use_idle_s(config));
    const char *ids = array_of(call, due, count, false),
               *ages_ms = array_of(call, due, count, true);
    const Query *query = &query_platform_session_use;
    const DbRow *row;

    if (id == NULL || hours == NULL || idle_s == NULL || ids == NULL || ages_ms == NULL)
        return false;
    call->tenant = (TenantContext){0};
    db_begin(call, DB_WRITE);
    if (due->tenant_id != 0) {
        if (!db_row(call, &query_use_tenant, NULL, (DbArg[]){{.name = "id", .text = id}, {0}},
                    &row))
            return false;
        if (row == NULL) {
            db_rollback(call);
            return true;
        }
        query = plan_head(db_row_text(row, "heads"), "users") >= HEAD_LAST_USE
                    ? &query_session_use
                    : &query_session_use_before;
        if (!db_enter_tenant(call, due->tenant_id, db_row_text(row, "schema_name")))
            return false;
    }
    return db_queue(call, query, NULL,
                    (DbArg[]){{.name = "ids", .text = ids},
                              {.name = "ages_ms", .text = ages_ms},
                              {.name = "hours", .text = hours},
                              {.name = "idle_s", .text = idle_s},
                              {0}}) &&
           db_commit(call);
}

/* One tenant's damage must not keep the others' sessions from living. */
static bool
write_or_log(Call *call, const Place *due, size_t count)
{
    Call write = *call;

    if (write_tenant(&write, due, count))
        return true;
    db_rollback(&write);
    internal_log(&write, LOG_LEVEL_WARNING, "the last use of sessions is not written");
    return write.failure.code != CODE_UNAVAILABLE;
}

bool
use_write(Call *call, void *state UNUSED)
{
    Use *use = call->core->use;
    Place *due = call_alloc(call, DUE_MAX * sizeof *due);
    size_t count, tenants = 0, group;
    bool more;

    if (due == NULL)
        return false;
    if (!atomic_exchange(&use->has_new, false))
        return true;
    count = collect(use, due, &more);
    for (size_t i = 0; i < count && tenants < TENANTS_MAX; i += group, tenants++) {
        for (group = 1; i + group < count && due[i + group].tenant_id == due[i].tenant_id;)
            group++;
        if (!write_or_log(call, &due[i], group)) {
            atomic_store(&use->has_new, true);
            return true;
        }
        set_written(use, &due[i], group);
        more = more || (tenants + 1 == TENANTS_MAX && i + group < count);
    }
    if (more)
        atomic_store(&use->has_new, true);
    if (count == DUE_MAX || tenants == TENANTS_MAX)
        wake_ring(use->wake);
    return true;
}
