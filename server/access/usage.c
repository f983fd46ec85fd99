/* A table for each kind, in buckets, each bucket under one of many locks.  A job collects what is
 * due, sorts it by tenant, and writes each tenant's in one transaction as the owner.  Ages are
 * measured by this server's monotonic clock and subtracted from the database's, so that servers
 * with different clocks agree.  */
#include "access/usage.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "call/internal.h"
#include "call/text.h"
#include "db/db.h"
#include "db/queries.h"
#include "migration/heads.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    SESSION_BUCKETS = 8192, /* times PLACES: as many can be used between two looks of the job */
    KEY_BUCKETS = 512,
    PLACES = 8,          /* of a bucket */
    KEY_INTERVAL_S = 60, /* between two writes of one key, at least */
    DUE_MAX = 8192, /* written in one look, as many as fit a call's memory; the rest in the next */
    TENANTS_MAX = 500,    /* the same, in transactions */
    WRITE_MAX_MS = 10000, /* for each of them */
    WRITE_LOCK_MS = 1000,
    HEAD_SESSION_USE = 5, /* of app users: since then core_session has last_use_time */
    HEAD_ANY = 0
};

/* What differs between the kinds. */
typedef struct UsageRules {
    size_t buckets;
    /* true: a use keeps its place until it is written, and where no place is free a new one is not
     * noted yet; false: a new use takes the place of the one that was used longest ago, which is
     * then not written */
    bool waits_for_place;
    /* true: the interval counts from one write to the next; false: from the use that was written,
     * because the job of these looks so often that it is written soon after */
    bool spaces_writes;
    const Query *platform, *tenant;
    uint32_t users_head; /* the migration of app users that the tenant's query needs */
    const Query *before; /* for tenants that do not have it yet */
    const char *failure;
} UsageRules;

static const UsageRules rules_of[USAGE_KINDS] = {
    [USAGE_SESSION] = {.buckets = SESSION_BUCKETS,
                       .waits_for_place = true,
                       .platform = &query_platform_session_use,
                       .tenant = &query_session_use,
                       .users_head = HEAD_SESSION_USE,
                       .before = &query_session_use_before,
                       .failure = "the last use of sessions is not written"},
    [USAGE_KEY] = {.buckets = KEY_BUCKETS,
                   .spaces_writes = true,
                   .platform = &query_api_key_use,
                   .tenant = &query_api_key_use,
                   .users_head = HEAD_ANY,
                   .failure = "the last use of API keys is not written"},
};

/* Of one session or key.  Monotonic; 0: never. */
typedef struct LastUse {
    int64_t tenant_id, id;
    int64_t use_us;
    int64_t written_us; /* the database has all uses up to here */
} LastUse;

typedef struct UsageTable {
    const UsageRules *rules;
    int64_t interval_us;
    Wake *wake; /* of the job that writes; NULL: it is not rung */
    _Atomic bool has_new;
    pthread_mutex_t stripes[LIMIT_STRIPES];
    LastUse (*buckets)[PLACES];
} UsageTable;

struct Usage {
    _Atomic bool finishing;
    UsageTable tables[USAGE_KINDS];
};

static bool
table_init(UsageTable *table, UsageKind kind, int64_t interval_s, Wake *wake)
{
    table->rules = &rules_of[kind];
    table->interval_us = interval_s * 1000000;
    table->wake = wake;
    for (size_t i = 0; i < LIMIT_STRIPES; i++)
        pthread_mutex_init(&table->stripes[i], NULL);
    /* pages that nobody touches cost no memory */
    table->buckets = calloc(table->rules->buckets, sizeof *table->buckets);
    return table->buckets != NULL;
}

Usage *
usage_new(const Config *config, Wake *sessions)
{
    Usage *usage = calloc(1, sizeof *usage);
    bool ok;

    if (usage == NULL)
        return NULL;
    /* both, so that both can be freed */
    ok = table_init(&usage->tables[USAGE_SESSION], USAGE_SESSION, config->session_use_s, sessions);
    ok = table_init(&usage->tables[USAGE_KEY], USAGE_KEY, KEY_INTERVAL_S, NULL) && ok;
    if (ok)
        return usage;
    usage_free(usage);
    return NULL;
}

void
usage_free(Usage *usage)
{
    if (usage == NULL)
        return;
    for (UsageKind kind = 0; kind < USAGE_KINDS; kind++) {
        UsageTable *table = &usage->tables[kind];

        for (size_t i = 0; i < LIMIT_STRIPES; i++)
            pthread_mutex_destroy(&table->stripes[i]);
        free(table->buckets);
    }
    free(usage);
}

int64_t
usage_idle_s(const Config *config)
{
    return config->session_idle_minutes * 60 + 2 * config->session_use_s;
}

static size_t
bucket_of(const UsageTable *table, int64_t tenant_id, int64_t id)
{
    return hash_pair(tenant_id, id) % table->rules->buckets;
}

static bool
is_waiting(const LastUse *last)
{
    return last->use_us > last->written_us;
}

/* The place of this one, or one that it may take from another; NULL: there is none. */
static LastUse *
find_use(const UsageTable *table, size_t bucket, int64_t tenant_id, int64_t id)
{
    LastUse *oldest = NULL;

    for (size_t i = 0; i < PLACES; i++) {
        LastUse *last = &table->buckets[bucket][i];

        if (last->id == id && last->tenant_id == tenant_id)
            return last;
        if ((!is_waiting(last) || !table->rules->waits_for_place) &&
            (oldest == NULL || last->use_us < oldest->use_us))
            oldest = last;
    }
    if (oldest != NULL)
        *oldest = (LastUse){.tenant_id = tenant_id, .id = id};
    return oldest;
}

void
usage_note(Usage *usage, UsageKind kind, int64_t tenant_id, int64_t id)
{
    UsageTable *table = &usage->tables[kind];
    size_t bucket = bucket_of(table, tenant_id, id);
    pthread_mutex_t *lock = &table->stripes[bucket % LIMIT_STRIPES];

    pthread_mutex_lock(lock);

    LastUse *last = find_use(table, bucket, tenant_id, id);
    bool is_noted = last != NULL;

    if (is_noted)
        last->use_us = clock_us();
    pthread_mutex_unlock(lock);
    if (!is_noted)
        wake_ring(table->wake);
    /* a store by every call would take the cache line from every other core */
    else if (!atomic_load_explicit(&table->has_new, memory_order_relaxed))
        atomic_store(&table->has_new, true);
}

void
usage_finish(Usage *usage)
{
    if (usage != NULL)
        atomic_store(&usage->finishing, true);
}

/* ---- writing ---- */

static bool
is_due(const Usage *usage, const UsageTable *table, const LastUse *last, int64_t now_us)
{
    return is_waiting(last) && (atomic_load(&usage->finishing) || last->written_us == 0 ||
                                now_us - last->written_us >= table->interval_us);
}

static int
compare_tenants(const void *a, const void *b)
{
    const LastUse *left = a, *right = b;

    return (left->tenant_id > right->tenant_id) - (left->tenant_id < right->tenant_id);
}

/* Copies of what is due, by tenant, as they are to be once they are written.  *more: something
 * waits that is not among them. */
static size_t
collect_due(const Usage *usage, UsageTable *table, LastUse *due, bool *more)
{
    int64_t now_us = clock_us();
    size_t count = 0;

    *more = false;
    for (size_t bucket = 0; bucket < table->rules->buckets; bucket++) {
        pthread_mutex_lock(&table->stripes[bucket % LIMIT_STRIPES]);
        for (size_t i = 0; i < PLACES; i++) {
            const LastUse *last = &table->buckets[bucket][i];

            if (count < DUE_MAX && is_due(usage, table, last, now_us)) {
                due[count] = *last;
                due[count++].written_us = table->rules->spaces_writes ? now_us : last->use_us;
            } else if (is_waiting(last)) {
                *more = true;
            }
        }
        pthread_mutex_unlock(&table->stripes[bucket % LIMIT_STRIPES]);
    }
    qsort(due, count, sizeof *due, compare_tenants);
    return count;
}

static void
set_written(UsageTable *table, const LastUse *written, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t bucket = bucket_of(table, written[i].tenant_id, written[i].id);

        pthread_mutex_lock(&table->stripes[bucket % LIMIT_STRIPES]);
        for (size_t j = 0; j < PLACES; j++) {
            LastUse *last = &table->buckets[bucket][j];

            if (last->id == written[i].id && last->tenant_id == written[i].tenant_id)
                last->written_us = written[i].written_us;
        }
        pthread_mutex_unlock(&table->stripes[bucket % LIMIT_STRIPES]);
    }
}

static bool
queue_uses(Call *call, const Query *query, const LastUse *due, size_t count)
{
    const Config *config = call->core->config;
    const char *hours = call_printf(call, "%" PRId64, config->session_hours);
    const char *idle_s = call_printf(call, "%" PRId64, usage_idle_s(config));
    Text ids = text_new(call), ages_ms = text_new(call);
    int64_t now_us = clock_us();

    for (size_t i = 0; i < count; i++) {
        text_add_element(&ids, "%" PRId64, due[i].id);
        text_add_element(&ages_ms, "%" PRId64, (now_us - due[i].use_us) / 1000);
    }

    const DbArg args[] = {{.name = "ids", .text = text_end_array(&ids)},
                          {.name = "ages_ms", .text = text_end_array(&ages_ms)},
                          {.name = "hours", .text = hours},
                          {.name = "idle_s", .text = idle_s},
                          {0}};

    return call->failure.code == CODE_OK && db_queue(call, query, NULL, args);
}

/* Writes the uses of one tenant.  A tenant that is no longer active has none. */
static bool
write_uses(Call *call, const UsageRules *rules, const LastUse *due, size_t count)
{
    const char *id = call_printf(call, "%" PRId64, due->tenant_id);
    const Query *query = rules->platform;
    const DbRow *row;

    if (id == NULL)
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
        query = heads_number(db_row_text(row, "heads"), "users") >= rules->users_head
                    ? rules->tenant
                    : rules->before;
        if (!db_enter_tenant(call, due->tenant_id, db_row_text(row, "schema_name")))
            return false;
    }
    return queue_uses(call, query, due, count) && db_commit(call);
}

typedef enum Written { WRITTEN_DONE, WRITTEN_LATER, WRITTEN_NOTHING } Written;

/* A tenant whose schema is damaged must not keep the others from being written, nor one that costs
 * the connection, or time.  LATER: it is tried again, as whether it is written is not known;
 * NOTHING: there is no database. */
static Written
write_or_log(Call *call, const UsageRules *rules, const LastUse *due, size_t count)
{
    Call write = *call;
    char reason[512], text[1024];

    write.deadline_us = clock_us() + WRITE_MAX_MS * 1000;
    write.lock_timeout_ms = WRITE_LOCK_MS;
    if (write_uses(&write, rules, due, count))
        return WRITTEN_DONE;
    db_rollback(&write);
    internal_log(&write, LOG_LEVEL_WARNING, rules->failure);
    if (!db_ready(write.db, write.stop_fd, reason, sizeof reason)) {
        log_write(LOG_LEVEL_WARNING, "job waits for the database", "reason=%s",
                  log_quote(text, sizeof text, reason));
        return WRITTEN_NOTHING;
    }
    return write.failure.code == CODE_UNAVAILABLE || write.failure.code == CODE_ABORTED
               ? WRITTEN_LATER
               : WRITTEN_DONE;
}

static bool
write_kind(Call *call, UsageKind kind)
{
    Usage *usage = call->core->usage;
    UsageTable *table = &usage->tables[kind];
    LastUse *due = call_alloc(call, DUE_MAX * sizeof *due);
    size_t count, tenants = 0, group;
    bool more;

    if (due == NULL)
        return false;
    if (!atomic_exchange(&table->has_new, false))
        return true;
    count = collect_due(usage, table, due, &more);
    for (size_t i = 0; i < count && tenants < TENANTS_MAX; i += group, tenants++) {
        for (group = 1; i + group < count && due[i + group].tenant_id == due[i].tenant_id;)
            group++;

        Written written = write_or_log(call, table->rules, &due[i], group);

        if (written == WRITTEN_NOTHING) {
            atomic_store(&table->has_new, true);
            return true;
        }
        if (written == WRITTEN_DONE)
            set_written(table, &due[i], group);
        more =
            more || written == WRITTEN_LATER || (tenants + 1 == TENANTS_MAX && i + group < count);
    }
    if (more)
        atomic_store(&table->has_new, true);
    if (count == DUE_MAX || tenants == TENANTS_MAX)
        wake_ring(table->wake);
    return true;
}

bool
usage_write_sessions(Call *call, void *state UNUSED)
{
    return write_kind(call, USAGE_SESSION);
}

bool
usage_write_keys(Call *call, void *state UNUSED)
{
    return write_kind(call, USAGE_KEY);
}
