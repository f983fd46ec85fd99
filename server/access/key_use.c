/* A table of fixed size in which a key's place is its hash; of two at one place the newer is
 * remembered.  */
#include "access/key_use.h"
#include "base/clock.h"
#include "base/hash.h"
#include "db/db.h"
#include "call/internal.h"
#include "base/log.h"
#include "db/queries.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    PLACES = 4096,              /* keys that are remembered at once */
    INTERVAL_US = 60 * 1000000, /* between two writes of one key */
    WRITES_MAX = 500            /* in one look of the job; the rest in the next */
};

typedef struct Place {
    int64_t tenant_id, key_id;
    int64_t use_us,
        written_us; /* the last use, and when one was last written; monotonic, 0: never */
} Place;

struct KeyUse {
    pthread_mutex_t stripes[LIMIT_STRIPES];
    Place places[PLACES];
};

KeyUse *
key_use_new(void)
{
    KeyUse *use = calloc(1, sizeof *use); /* pages that nobody touches cost no memory */

    for (size_t i = 0; use != NULL && i < LIMIT_STRIPES; i++)
        pthread_mutex_init(&use->stripes[i], NULL);
    return use;
}

void
key_use_free(KeyUse *use)
{
    if (use == NULL)
        return;
    for (size_t i = 0; i < LIMIT_STRIPES; i++)
        pthread_mutex_destroy(&use->stripes[i]);
    free(use);
}

void
key_use_note(KeyUse *use, int64_t tenant_id, int64_t key_id)
{
    size_t index = hash_pair(tenant_id, key_id) % PLACES;
    Place *place = &use->places[index];

    pthread_mutex_lock(&use->stripes[index % LIMIT_STRIPES]);
    if (place->key_id != key_id || place->tenant_id != tenant_id)
        *place = (Place){.tenant_id = tenant_id, .key_id = key_id};
    place->use_us = clock_us();
    pthread_mutex_unlock(&use->stripes[index % LIMIT_STRIPES]);
}

/* What is to be written of this place, which counts as written; false: nothing. */
static bool
take(KeyUse *use, size_t index, Place *due)
{
    Place *place = &use->places[index];
    int64_t now_us = clock_us();
    bool is_due;

    pthread_mutex_lock(&use->stripes[index % LIMIT_STRIPES]);
    is_due = place->use_us > place->written_us &&
             (place->written_us == 0 || now_us - place->written_us >= INTERVAL_US);
    *due = *place;
    if (is_due)
        place->written_us = now_us;
    pthread_mutex_unlock(&use->stripes[index % LIMIT_STRIPES]);
    return is_due;
}

static bool
write_use(Call *call, const Place *due)
{
    const char *tenant = call_printf(call, "%" PRId64, due->tenant_id);
    const char *id = call_printf(call, "%" PRId64, due->key_id);
    const char *age_ms = call_printf(call, "%" PRId64, (clock_us() - due->use_us) / 1000);
    const DbRow *row;

    if (tenant == NULL || id == NULL || age_ms == NULL)
        return false;
    db_begin(call, DB_WRITE);
    if (due->tenant_id != 0) {
        if (!db_row(call, &query_api_key_use_tenant, NULL,
                    (DbArg[]){{.name = "id", .text = tenant}, {0}}, &row))
            return false;
        if (row == NULL) {
            db_rollback(call);
            return true;
        }
        if (!db_enter_tenant(call, due->tenant_id, db_row_text(row, "schema_name")))
            return false;
    }
    return db_queue(
               call, &query_api_key_use, NULL,
               (DbArg[]){{.name = "id", .text = id}, {.name = "age_ms", .text = age_ms}, {0}}) &&
           db_commit(call);
}

bool
key_use_write(Call *call, void *state UNUSED)
{
    size_t writes = 0;
    Place due;

    for (size_t i = 0; i < PLACES && writes < WRITES_MAX; i++) {
        Call write = *call;

        if (!take(call->core->key_use, i, &due))
            continue;
        writes++;
        if (write_use(&write, &due))
            continue;
        /* one tenant's damage is not the others' */
        db_rollback(&write);
        internal_log(&write, LOG_LEVEL_WARNING, "the last use of an API key is not written");
        if (write.failure.code == CODE_UNAVAILABLE)
            return true;
    }
    return true;
}
