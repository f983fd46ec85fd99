/* Two tables of fixed size; an entry's place is its key's hash, and a newer one takes an older
 * one's place.  Locks are striped over the places.  */
#include "access/cache.h"
#include "base/clock.h"
#include "base/hash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    EPOCHS = 4096,  /* tenants share an epoch: one's change may forget another's entries */
    UNKNOWN = 1024, /* names that lead nowhere */
    HINTS = 16,     /* for each tenant that is kept: they are small, and serve many more tenants */
    NAME_MAX_SIZE = LIMIT_HOST + 1 /* or a schema, which is shorter */
};

typedef struct TenantEntry {
    uint64_t epoch, names_epoch;
    char name[NAME_MAX_SIZE];
    TenantContext tenant;
} TenantEntry;

/* A name is told by its hash alone, which is keyed and so long that nobody meets another's. */
typedef struct HintEntry {
    uint64_t name_hash; /* 0: empty */
    int64_t tenant_id;
} HintEntry;

typedef struct UnknownEntry {
    uint64_t names_epoch; /* 0: empty */
    char name[NAME_MAX_SIZE];
} UnknownEntry;

typedef struct SessionEntry {
    uint64_t epoch, platform_epoch; /* the latter is 0 where nothing of the platform's counts */
    int64_t expire_us;              /* monotonic */
    AuthToken token;
    CallerKind kind;
    bool is_admin;
    int64_t id, session_id;
    char *texts; /* e-mail, NUL, permissions; owned */
    size_t texts_size;
} SessionEntry;

typedef struct FactsEntry {
    uint64_t epoch;
    int64_t tenant_id, user_id;
    char *facts; /* owned */
    size_t size;
} FactsEntry;

struct Cache {
    _Atomic int64_t fresh_until_us;
    _Atomic uint64_t changes; /* of anything; the moment of a read */
    _Atomic uint64_t names_epoch;
    _Atomic uint64_t epochs[EPOCHS];
    pthread_mutex_t stripes[LIMIT_STRIPES];
    size_t tenants_max, sessions_max;
    TenantEntry *tenants;
    HintEntry *hints;
    UnknownEntry *unknown;
    SessionEntry *sessions;
    FactsEntry *facts; /* as many as sessions */
};

Cache *
cache_new(size_t tenants_max, size_t sessions_max)
{
    Cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL)
        return NULL;
    for (size_t i = 0; i < LIMIT_STRIPES; i++)
        pthread_mutex_init(&cache->stripes[i], NULL);
    for (size_t i = 0; i < EPOCHS; i++)
        atomic_init(&cache->epochs[i], 1); /* an empty entry has 0 and never matches */
    cache->names_epoch = 1;
    cache->tenants_max = tenants_max;
    cache->sessions_max = sessions_max;
    /* calloc: pages that nobody touches cost no memory */
    cache->tenants = calloc(tenants_max, sizeof *cache->tenants);
    cache->hints = calloc(tenants_max * HINTS, sizeof *cache->hints);
    cache->unknown = calloc(UNKNOWN, sizeof *cache->unknown);
    cache->sessions = calloc(sessions_max, sizeof *cache->sessions);
    cache->facts = calloc(sessions_max, sizeof *cache->facts);
    if (cache->tenants == NULL || cache->hints == NULL || cache->unknown == NULL ||
        cache->sessions == NULL || cache->facts == NULL) {
        cache_free(cache);
        return NULL;
    }
    return cache;
}

void
cache_free(Cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; cache->sessions != NULL && i < cache->sessions_max; i++)
        free(cache->sessions[i].texts);
    for (size_t i = 0; cache->facts != NULL && i < cache->sessions_max; i++)
        free(cache->facts[i].facts);
    for (size_t i = 0; i < LIMIT_STRIPES; i++)
        pthread_mutex_destroy(&cache->stripes[i]);
    free(cache->tenants);
    free(cache->hints);
    free(cache->unknown);
    free(cache->sessions);
    free(cache->facts);
    free(cache);
}

static bool
is_fresh(Cache *cache)
{
    return clock_us() < atomic_load_explicit(&cache->fresh_until_us, memory_order_acquire);
}

static _Atomic uint64_t *
epoch_of(Cache *cache, int64_t tenant_id)
{
    return &cache->epochs[(uint64_t) tenant_id % EPOCHS];
}

CacheMoment
cache_moment(const Cache *cache)
{
    return atomic_load(&cache->changes);
}

static size_t
name_place(const char *name, size_t places)
{
    return hash_bytes(name, strlen(name)) % places;
}

/* Of a token's hash, which is as random as its secret: its bytes will do. */
static size_t
token_place(const Cache *cache, const AuthToken *token)
{
    uint64_t start;

    memcpy(&start, token->hash, sizeof start);
    return start % cache->sessions_max;
}

static pthread_mutex_t *
stripe(Cache *cache, size_t place)
{
    return &cache->stripes[place % LIMIT_STRIPES];
}

bool
cache_tenant_get(Cache *cache, const char *name, TenantContext *tenant)
{
    size_t place = name_place(name, cache->tenants_max);
    const TenantEntry *entry = &cache->tenants[place];

    if (!is_fresh(cache))
        return false;
    pthread_mutex_lock(stripe(cache, place));

    bool found = entry->epoch != 0 && strcmp(entry->name, name) == 0 &&
                 entry->epoch == *epoch_of(cache, entry->tenant.id) &&
                 entry->names_epoch == cache->names_epoch;

    if (found)
        *tenant = entry->tenant;
    pthread_mutex_unlock(stripe(cache, place));
    return found;
}

static size_t
hint_place(const Cache *cache, uint64_t name_hash)
{
    return name_hash % (cache->tenants_max * HINTS);
}

static void
put_hint(Cache *cache, const char *name, int64_t tenant_id)
{
    uint64_t name_hash = hash_bytes(name, strlen(name));
    size_t place = hint_place(cache, name_hash);

    pthread_mutex_lock(stripe(cache, place));
    cache->hints[place] = (HintEntry){name_hash, tenant_id};
    pthread_mutex_unlock(stripe(cache, place));
}

void
cache_tenant_put(Cache *cache, CacheMoment moment, const char *name, const TenantContext *tenant)
{
    size_t place = name_place(name, cache->tenants_max);
    TenantEntry *entry = &cache->tenants[place];
    uint64_t epoch = *epoch_of(cache, tenant->id), names_epoch = cache->names_epoch;

    put_hint(cache, name, tenant->id);
    /* the epochs are read before the moment is compared: a change in between makes the entry void
     */
    if (!is_fresh(cache) || cache_moment(cache) != moment || strlen(name) >= NAME_MAX_SIZE)
        return;
    pthread_mutex_lock(stripe(cache, place));
    entry->epoch = epoch;
    entry->names_epoch = names_epoch;
    memcpy(entry->name, name, strlen(name) + 1);
    entry->tenant = *tenant;
    pthread_mutex_unlock(stripe(cache, place));
}

bool
cache_tenant_hint(Cache *cache, const char *name, int64_t *id)
{
    uint64_t name_hash = hash_bytes(name, strlen(name));
    size_t place = hint_place(cache, name_hash);

    pthread_mutex_lock(stripe(cache, place));

    HintEntry entry = cache->hints[place];

    pthread_mutex_unlock(stripe(cache, place));
    if (entry.name_hash != name_hash)
        return false;
    *id = entry.tenant_id;
    return true;
}

bool
cache_unknown_get(Cache *cache, const char *name)
{
    size_t place = name_place(name, UNKNOWN);
    const UnknownEntry *entry = &cache->unknown[place];

    if (!is_fresh(cache))
        return false;
    pthread_mutex_lock(stripe(cache, place));

    bool found = entry->names_epoch == cache->names_epoch && strcmp(entry->name, name) == 0;

    pthread_mutex_unlock(stripe(cache, place));
    return found;
}

void
cache_unknown_put(Cache *cache, CacheMoment moment, const char *name)
{
    size_t place = name_place(name, UNKNOWN);
    UnknownEntry *entry = &cache->unknown[place];
    uint64_t names_epoch = cache->names_epoch; /* before the moment is compared, as above */

    if (!is_fresh(cache) || cache_moment(cache) != moment || strlen(name) >= NAME_MAX_SIZE)
        return;
    pthread_mutex_lock(stripe(cache, place));
    entry->names_epoch = names_epoch;
    memcpy(entry->name, name, strlen(name) + 1);
    pthread_mutex_unlock(stripe(cache, place));
}

static bool
is_same_token(const AuthToken *one, const AuthToken *other)
{
    return one->kind == other->kind && one->tenant_id == other->tenant_id &&
           memcmp(one->hash, other->hash, sizeof one->hash) == 0;
}

/* Its stripe is locked. */
static bool
is_session(Cache *cache, const SessionEntry *entry, const AuthToken *token)
{
    return entry->epoch != 0 && is_same_token(&entry->token, token) &&
           entry->epoch == *epoch_of(cache, token->tenant_id) &&
           (entry->platform_epoch == 0 || entry->platform_epoch == *epoch_of(cache, 0)) &&
           clock_us() < entry->expire_us;
}

bool
cache_session_has(Cache *cache, const AuthToken *token)
{
    size_t place = token_place(cache, token);
    bool found;

    if (!is_fresh(cache))
        return false;
    pthread_mutex_lock(stripe(cache, place));
    found = is_session(cache, &cache->sessions[place], token);
    pthread_mutex_unlock(stripe(cache, place));
    return found;
}

bool
cache_session_get(Cache *cache, Call *call, const AuthToken *token, Caller *caller)
{
    size_t place = token_place(cache, token);
    const SessionEntry *entry = &cache->sessions[place];
    bool found = false;

    if (!is_fresh(cache))
        return false;
    pthread_mutex_lock(stripe(cache, place));
    if (is_session(cache, entry, token)) {
        char *texts = arena_alloc(call->arena, entry->texts_size);

        if (texts != NULL) {
            memcpy(texts, entry->texts, entry->texts_size);
            *caller = (Caller){
                .kind = entry->kind,
                .id = entry->id,
                .session_id = entry->session_id,
                .is_admin = entry->is_admin,
                .email = texts,
                .permissions = texts + strlen(texts) + 1,
            };
            found = true;
        }
    }
    pthread_mutex_unlock(stripe(cache, place));
    return found;
}

void
cache_session_put(Cache *cache, CacheMoment moment, const AuthToken *token, const Caller *caller,
                  int64_t expire_us)
{
    size_t place = token_place(cache, token);
    SessionEntry *entry = &cache->sessions[place];
    uint64_t epoch = *epoch_of(cache, token->tenant_id);
    uint64_t platform_epoch = caller->is_staffs ? (uint64_t) *epoch_of(cache, 0) : 0;
    size_t email_size = strlen(caller->email) + 1, permissions_size = 1;

    for (const char *held = caller->permissions; *held != '\0'; held += strlen(held) + 1)
        permissions_size += strlen(held) + 1;
    if (!is_fresh(cache) || cache_moment(cache) != moment ||
        permissions_size > CACHE_PERMISSIONS_MAX)
        return;

    char *texts = malloc(email_size + permissions_size);

    if (texts == NULL)
        return;
    memcpy(texts, caller->email, email_size);
    memcpy(texts + email_size, caller->permissions, permissions_size);

    pthread_mutex_lock(stripe(cache, place));

    char *before = entry->texts;

    *entry = (SessionEntry){
        .epoch = epoch,
        .platform_epoch = platform_epoch,
        .token = *token,
        .expire_us = expire_us,
        .kind = caller->kind,
        .is_admin = caller->is_admin,
        .id = caller->id,
        .session_id = caller->session_id,
        .texts = texts,
        .texts_size = email_size + permissions_size,
    };
    pthread_mutex_unlock(stripe(cache, place));
    free(before);
}

static size_t
facts_place(const Cache *cache, int64_t tenant_id, int64_t user_id)
{
    return hash_pair(tenant_id, user_id) % cache->sessions_max;
}

bool
cache_facts_get(Cache *cache, Call *call, int64_t tenant_id, int64_t user_id, const char **facts)
{
    size_t place = facts_place(cache, tenant_id, user_id);
    const FactsEntry *entry = &cache->facts[place];
    char *copy = NULL;

    if (!is_fresh(cache))
        return false;
    pthread_mutex_lock(stripe(cache, place));
    if (entry->epoch == *epoch_of(cache, tenant_id) && entry->tenant_id == tenant_id &&
        entry->user_id == user_id && (copy = arena_alloc(call->arena, entry->size)) != NULL)
        memcpy(copy, entry->facts, entry->size);
    pthread_mutex_unlock(stripe(cache, place));
    if (copy != NULL)
        *facts = copy;
    return copy != NULL;
}

void
cache_facts_put(Cache *cache, CacheMoment moment, int64_t tenant_id, int64_t user_id,
                const char *facts, size_t size)
{
    size_t place = facts_place(cache, tenant_id, user_id);
    FactsEntry *entry = &cache->facts[place];
    uint64_t epoch = *epoch_of(cache, tenant_id); /* before the moment is compared, as above */
    char *copy, *before;

    if (!is_fresh(cache) || cache_moment(cache) != moment || size > CACHE_FACTS_MAX ||
        (copy = malloc(size)) == NULL)
        return;
    memcpy(copy, facts, size);
    pthread_mutex_lock(stripe(cache, place));
    before = entry->facts;
    *entry = (FactsEntry){
        .epoch = epoch,
        .tenant_id = tenant_id,
        .user_id = user_id,
        .facts = copy,
        .size = size,
    };
    pthread_mutex_unlock(stripe(cache, place));
    free(before);
}

void
cache_changed_tenant(Cache *cache, int64_t tenant_id)
{
    atomic_fetch_add(epoch_of(cache, tenant_id), 1);
    atomic_fetch_add(&cache->changes, 1);
}

void
cache_changed_names(Cache *cache)
{
    atomic_fetch_add(&cache->names_epoch, 1);
    atomic_fetch_add(&cache->changes, 1);
}

void
cache_changed_all(Cache *cache)
{
    atomic_store(&cache->fresh_until_us, 0);
    for (size_t i = 0; i < EPOCHS; i++)
        atomic_fetch_add(&cache->epochs[i], 1);
    cache_changed_names(cache);
}

void
cache_heartbeat(Cache *cache, int64_t sent_us)
{
    atomic_store_explicit(&cache->fresh_until_us, sent_us + CACHE_FRESH_MS * 1000,
                          memory_order_release);
}

bool
cache_is_fresh(Cache *cache)
{
    return is_fresh(cache);
}
