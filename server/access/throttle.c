/* See throttle.h.  Called by the handlers of sign-in and passwords.  */
#include "access/throttle.h"
#include "base/digest.h"
#include "call/text.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/queries.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_MS = 250 }; /* before a refusal is answered */

void
throttle_name(const Call *call, Throttle *counter, const char *kind, const char *account,
              const char *origin)
{
    int64_t tenant_id = account != NULL ? call->tenant.id : 0;
    uint8_t hash[32];

    digest_parts((DigestPart[]){{call->core->installation.key, 32},
                                {"throttle", 8},
                                {kind, strlen(kind)},
                                {&tenant_id, sizeof tenant_id},
                                {account, account != NULL ? strlen(account) : 0},
                                {origin, origin != NULL ? strlen(origin) : 0}},
                 6, hash);
    counter->is_kept = account != NULL && account[0] == '#' && origin == NULL;
    sodium_bin2hex(counter->key, sizeof counter->key, hash, THROTTLE_KEY_SIZE / 2);
}

/* The counters' columns. */
typedef struct ThrottleArrays {
    const char *keys, *intervals_s, *kept;
    size_t strangers;
} ThrottleArrays;

/* NULL: the call has failed. */
static const ThrottleArrays *
make_arrays(Call *call, const Throttle *counters, size_t count)
{
    ThrottleArrays *arrays = call_alloc(call, sizeof *arrays);
    Text keys = text_new(call), intervals_s = text_new(call), kept = text_new(call);
    size_t strangers = 0;

    for (size_t i = 0; i < count; i++) {
        text_add_element(&keys, "%s", counters[i].key);
        text_add_element(&intervals_s, "%" PRId64, counters[i].interval_s);
        text_add_element(&kept, "%s", counters[i].is_kept ? "true" : "false");
        strangers += counters[i].is_kept ? 0 : 1;
    }
    if (arrays == NULL || (arrays->keys = text_end_array(&keys)) == NULL ||
        (arrays->intervals_s = text_end_array(&intervals_s)) == NULL ||
        (arrays->kept = text_end_array(&kept)) == NULL)
        return NULL;
    arrays->strangers = strangers;
    return arrays;
}

bool
throttle_read(Call *call, Throttle *counters, size_t count)
{
    const ThrottleArrays *arrays = make_arrays(call, counters, count);
    const DbRow *row = NULL;

    if (arrays == NULL)
        return false;

    TenantContext tenant = db_as_platform(call);

    db_begin(call, DB_READ);

    bool ok = db_row(call, &query_throttle_read, NULL,
                     (DbArg[]){{.name = "keys", .text = arrays->keys}, {0}}, &row);

    db_as_tenant(call, &tenant);
    if (!ok)
        return false;

    const char *text = row == NULL ? NULL : db_row_text(row, "forgiven_ms");

    for (size_t i = 0; i < count && text != NULL; i++) {
        Throttle *counter = &counters[i];
        char *end;

        counter->forgiven_ms = strtoll(text, &end, 10);
        counter->wait_ms =
            counter->forgiven_ms - (counter->allowed - 1) * counter->interval_s * 1000;
        if (counter->wait_ms < 0)
            counter->wait_ms = 0;
        text = *end == ',' ? end + 1 : end;
    }
    return text != NULL || call_fail(call, CODE_INTERNAL, "the counters cannot be read");
}

static bool
queue_count(Call *call, const ThrottleArrays *arrays)
{
    /* housekeeping looks every 30 s, which is long in a flood */
    uint64_t every = (uint64_t) call->core->config->throttle_rows / 10;
    uint64_t before = atomic_fetch_add(&call->core->strangers_counted, arrays->strangers);

    if (before / every != (before + arrays->strangers) / every)
        call_change(call, CHANGE_POOL, 0);
    return db_queue(call, &query_throttle_count, NULL,
                    (DbArg[]){{.name = "keys", .text = arrays->keys},
                              {.name = "intervals_s", .text = arrays->intervals_s},
                              {.name = "kept", .text = arrays->kept},
                              {0}});
}

bool
throttle_count(Call *call, const Throttle *counters, size_t count)
{
    const ThrottleArrays *arrays = make_arrays(call, counters, count);

    if (arrays == NULL)
        return false;

    TenantContext tenant = db_as_platform(call);

    db_begin(call, DB_WRITE);

    bool ok = queue_count(call, arrays) && db_commit(call);

    db_as_tenant(call, &tenant);
    return ok;
}

static bool
throttle_record(Call *call)
{
    return queue_count(call, call->record.data);
}

bool
throttle_count_failure(Call *call, const Throttle *counters, size_t count)
{
    call->record.data = make_arrays(call, counters, count);
    if (call->record.data == NULL)
        return false;
    call->record.write = throttle_record;
    call->record.is_platforms = true;
    return true;
}

bool
throttle_forget_and_remember(Call *call, const Throttle *forgotten, const Throttle *remembered,
                             int64_t seconds)
{
    const char *text = call_printf(call, "%" PRId64, seconds);

    if (text == NULL)
        return false;

    TenantContext tenant = db_as_platform(call);

    db_begin(call, DB_WRITE);

    bool ok = db_queue(call, &query_throttle_forget, NULL,
                       (DbArg[]){{.name = "key", .text = forgotten->key}, {0}}) &&
              db_queue(call, &query_throttle_remember, NULL,
                       (DbArg[]){{.name = "key", .text = remembered->key},
                                 {.name = "seconds", .text = text},
                                 {0}}) &&
              db_commit(call);

    db_as_tenant(call, &tenant);
    return ok;
}

/* Slows whoever asks again at once, as a flood does, to a few questions a second; a call with a
 * short deadline still gets its answer in time. */
static uint32_t
pause_of(const Call *call)
{
    int64_t left_ms = (call->deadline_us - clock_us()) / 1000;

    return left_ms >= 2 * PAUSE_MS ? PAUSE_MS : left_ms > 0 ? (uint32_t) (left_ms / 2) : 0;
}

bool
throttle_fail(Call *call, const Throttle *counter, const char *what)
{
    int64_t seconds = (counter->wait_ms + 999) / 1000, minutes = (seconds + 59) / 60;

    call->failure.retry_after_ms =
        counter->wait_ms > UINT32_MAX ? UINT32_MAX : (uint32_t) counter->wait_ms;
    call->failure.is_refused = true;
    call->failure.pause_ms = pause_of(call);
    if (seconds < 120)
        return call_fail(call, CODE_RESOURCE_EXHAUSTED, "%s: try again in %" PRId64 " s", what,
                         seconds);
    return call_fail(call, CODE_RESOURCE_EXHAUSTED, "%s: try again in %" PRId64 " minutes", what,
                     minutes);
}
