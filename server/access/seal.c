/* Making seals, as the owner, in the background; and comparing them, in a call.  See seal.h.  */
#include "access/seal.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/digest.h"
#include "db/db.h"
#include "call/internal.h"
#include "call/text.h"
#include "base/log.h"
#include "db/queries.h"

#include <endian.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_FILE_MIN = 32,    /* bytes: 256 bits, if they are random */
    KEY_FILE_SIZE = 4096, /* of a longer file these count; they are more than any key needs */
    MAC_SIZE = 32,
    HASH_SIZE = 32, /* of one row */
    ID_SIZE = 8,
    TENANTS_A_LOOK = 200, /* they take turns */
    BATCH_MAX_MS = 10000, /* for each, so that a slow audit takes no time from the others */
    BATCHES_A_LOOK = 40,  /* of one audit, so that one cannot keep the others waiting */
    SEALS_A_CALL = 50     /* compared in one call: 25,000 rows, about 2 MiB of call memory */
};

bool
seal_read_key(const char *path, uint8_t key[32], char *reason, size_t size)
{
    uint8_t secret[KEY_FILE_SIZE];
    char wrong[512];
    size_t read;

    if (!secret_read_file(path, secret, sizeof secret, &read, wrong, sizeof wrong)) {
        snprintf(reason, size, "--audit-key-file: %s", wrong);
        return false;
    }
    if (read < KEY_FILE_MIN) {
        secret_wipe(secret, sizeof secret);
        snprintf(reason, size, "--audit-key-file: %.200s must have at least %d bytes, has %zu",
                 path, KEY_FILE_MIN, read);
        return false;
    }
    digest_parts((DigestPart[]){{"clientiq audit seal 1", 21}, {secret, read}}, 2, key);
    secret_wipe(secret, sizeof secret);
    return true;
}

/* ---- hashes ---- */

typedef struct Bytes {
    const uint8_t *data;
    size_t size;
} Bytes;

static Bytes
bytes_of(const DbRow *row, const char *column)
{
    Bytes bytes = {0};

    bytes.data = db_row_bytes(row, column, &bytes.size);
    return bytes.data == NULL ? (Bytes){.data = (const uint8_t *) ""} : bytes;
}

typedef struct Batch {
    int64_t tenant_id, number, total;
    Bytes before; /* the mac of the seal before */
    Bytes ids, hashes;
} Batch;

static void
batch_mac(const Call *call, const Batch *batch, uint8_t mac[MAC_SIZE])
{
    int64_t numbers[] = {batch->tenant_id, batch->number, batch->total};

    digest_mac(call->core->audit_key,
               (DigestPart[]){{"seal", 4},
                              {numbers, sizeof numbers},
                              {batch->before.data, batch->before.size},
                              {batch->ids.data, batch->ids.size},
                              {batch->hashes.data, batch->hashes.size}},
               5, mac);
}

static void
anchor_mac(const Call *call, int64_t tenant_id, int64_t seals, int64_t total, Bytes head,
           uint8_t mac[MAC_SIZE])
{
    int64_t numbers[] = {tenant_id, seals, total};

    digest_mac(call->core->audit_key,
               (DigestPart[]){{"anchor", 6}, {numbers, sizeof numbers}, {head.data, head.size}}, 3,
               mac);
}

static bool
is_mac(Bytes bytes, const uint8_t mac[MAC_SIZE])
{
    return bytes.size == MAC_SIZE && memcmp(bytes.data, mac, MAC_SIZE) == 0;
}

static void
hex_of(Bytes bytes, char text[65])
{
    sodium_bin2hex(text, 65, bytes.data, bytes.size < 32 ? bytes.size : 32);
}

static const char *
number_text(Call *call, int64_t number)
{
    return call_printf(call, "%" PRId64, number);
}

/* ---- sealing ---- */

static bool
write_batch(Call *call, const Batch *batch, const DbRow *rows)
{
    uint8_t mac[MAC_SIZE], anchor[MAC_SIZE];
    const char *tenant_id = number_text(call, batch->tenant_id),
               *number = number_text(call, batch->number);
    const char *total = number_text(call, batch->total),
               *xact = number_text(call, db_row_int64(rows, "xact"));
    const char *id = number_text(call, db_row_int64(rows, "id"));
    char head[65];

    batch_mac(call, batch, mac);
    anchor_mac(call, batch->tenant_id, batch->number, batch->total, (Bytes){mac, sizeof mac},
               anchor);
    if (tenant_id == NULL || number == NULL || total == NULL || xact == NULL || id == NULL ||
        !db_queue(
            call, &query_seal_insert, NULL,
            (DbArg[]){
                {.name = "tenant_id", .text = tenant_id},
                {.name = "number", .text = number},
                {.name = "total", .text = total},
                {.name = "ids", .bytes = batch->ids.data, .bytes_size = batch->ids.size},
                {.name = "hashes", .bytes = batch->hashes.data, .bytes_size = batch->hashes.size},
                {.name = "mac", .bytes = mac, .bytes_size = sizeof mac},
                {0}}) ||
        !db_queue(call, &query_seal_anchor_update, NULL,
                  (DbArg[]){{.name = "tenant_id", .text = tenant_id},
                            {.name = "number", .text = number},
                            {.name = "total", .text = total},
                            {.name = "head", .bytes = mac, .bytes_size = sizeof mac},
                            {.name = "mac", .bytes = anchor, .bytes_size = sizeof anchor},
                            {.name = "xact", .text = xact},
                            {.name = "id", .text = id},
                            {0}}) ||
        !db_commit(call))
        return false;
    hex_of((Bytes){mac, sizeof mac}, head);
    log_write(LOG_LEVEL_INFO, "audit sealed", "tenant=%s seals=%s rows=%s head=%s", tenant_id,
              number, total, head);
    return true;
}

/* Nothing is chained to what was tampered with, or made with another key. */
static bool
check_anchor(Call *call, int64_t tenant_id, const DbRow *anchor)
{
    int64_t seals = db_row_int64(anchor, "seals");
    uint8_t mac[MAC_SIZE];

    anchor_mac(call, tenant_id, seals, db_row_int64(anchor, "total"), bytes_of(anchor, "head"),
               mac);
    return seals == 0 || is_mac(bytes_of(anchor, "mac"), mac) ||
           call_fail(call, CODE_DATA_LOSS,
                     "the anchor of audit %" PRId64 " was changed, or was made with another key",
                     tenant_id);
}

/* One batch of one audit is one transaction.  *more: there may be another. */
static bool
seal_batch(Call *call, int64_t tenant_id, const char *schema, bool *more)
{
    const char *id = number_text(call, tenant_id);
    const DbArg which[] = {{.name = "tenant_id", .text = id}, {0}};
    const DbRow *anchor, *rows;

    *more = false;
    call->tenant = (TenantContext){0};
    db_begin(call, DB_WRITE);
    if (id == NULL || !db_queue(call, &query_seal_anchor_insert, NULL, which) ||
        !db_row(call, &query_seal_anchor_lock, NULL, which, &anchor))
        return false;
    if (anchor == NULL) {
        db_rollback(call);
        return true;
    }
    if (!check_anchor(call, tenant_id, anchor))
        return false;

    const char *xact = number_text(call, db_row_int64(anchor, "cursor_xact"));
    const char *after = number_text(call, db_row_int64(anchor, "cursor_id"));
    const char *below = number_text(call, db_row_int64(anchor, "floor_id"));

    if (xact == NULL || after == NULL || below == NULL ||
        (tenant_id != 0 && !db_enter_tenant(call, tenant_id, schema)) ||
        !db_row(call, &query_seal_rows, NULL,
                (DbArg[]){{.name = "cursor_xact", .text = xact},
                          {.name = "cursor_id", .text = after},
                          {.name = "floor_id", .text = below},
                          {0}},
                &rows))
        return false;
    if (db_row_int64(rows, "count") == 0) {
        *more = db_row_bool(rows, "is_foreign");
        if (*more)
            return db_queue(call, &query_seal_anchor_restart, NULL, which) && db_commit(call);
        db_rollback(call);
        return true;
    }
    *more = true;
    return write_batch(call,
                       &(Batch){
                           .tenant_id = tenant_id,
                           .number = db_row_int64(anchor, "seals") + 1,
                           .total = db_row_int64(anchor, "total") + db_row_int64(rows, "count"),
                           .before = bytes_of(anchor, "head"),
                           .ids = bytes_of(rows, "ids"),
                           .hashes = bytes_of(rows, "hashes"),
                       },
                       rows);
}

/* One audit that cannot be sealed must not stop the others, not even if it costs the connection.
 * True: it has more. */
static bool
seal_audit(const Call *call, int64_t tenant_id, const char *schema)
{
    char reason[512], text[1024];
    bool more = true;

    for (int i = 0; i < BATCHES_A_LOOK && more; i++) {
        Call one = *call;

        one.deadline_us = clock_us() + BATCH_MAX_MS * 1000;
        if (seal_batch(&one, tenant_id, schema, &more))
            continue;
        db_rollback(&one);
        internal_log(&one, LOG_LEVEL_WARNING, "audit not sealed");
        if (!db_ready(one.db, one.stop_fd, reason, sizeof reason))
            log_write(LOG_LEVEL_WARNING, "job waits for the database", "task=seal_audits reason=%s",
                      log_quote(text, sizeof text, reason));
        return false;
    }
    return more;
}

bool
seal_audits(Call *call, void *state)
{
    Sealer *sealer = state;
    int64_t *after = &sealer->after;

    bool platform_has_more = seal_audit(call, 0, "");

    for (int i = 0; i < TENANTS_A_LOOK; i++) {
        const char *last = number_text(call, *after);
        const DbRow *tenant;

        call->tenant = (TenantContext){0};
        call->deadline_us = clock_us() + BATCH_MAX_MS * 1000;
        db_begin(call, DB_READ);
        if (last == NULL || !db_row(call, &query_seal_tenant, NULL,
                                    (DbArg[]){{.name = "after", .text = last}, {0}}, &tenant))
            return false;
        if (tenant == NULL) {
            call->is_unfinished = platform_has_more || sealer->is_behind;
            *sealer = (Sealer){0};
            return true;
        }
        *after = db_row_int64(tenant, "id");
        sealer->is_behind =
            seal_audit(call, *after, db_row_text(tenant, "schema_name")) || sealer->is_behind;
    }
    call->is_unfinished = platform_has_more || sealer->is_behind;
    return true;
}

/* ---- comparing ---- */

/* What only the platform may read, in a call that belongs to a tenant. */
static bool
platform_row(Call *call, const Query *query, const DbArg *args, const DbRow **row)
{
    TenantContext tenant = db_as_platform(call);

    db_begin(call, DB_READ);

    bool ok = db_row(call, query, NULL, args, row);

    db_as_tenant(call, &tenant);
    return ok;
}

static bool
get_seal(Call *call, int64_t number, const DbRow **seal)
{
    const char *tenant_id = number_text(call, call->tenant.id), *text = number_text(call, number);

    return tenant_id != NULL && text != NULL &&
           platform_row(call, &query_seal_get,
                        (DbArg[]){{.name = "tenant_id", .text = tenant_id},
                                  {.name = "number", .text = text},
                                  {0}},
                        seal);
}

static int64_t
id_at(Bytes ids, size_t i)
{
    uint64_t id;

    memcpy(&id, ids.data + i * ID_SIZE, sizeof id);
    return (int64_t) be64toh(id);
}

static const char *
ids_array(Call *call, Bytes ids)
{
    Text array = text_new(call);

    for (size_t i = 0; i < ids.size / ID_SIZE; i++)
        text_add_element(&array, "%" PRId64, id_at(ids, i));
    return text_end_array(&array);
}

/* The rows of one seal, whose own hash is right. */
static bool
compare_rows(Call *call, int64_t number, Bytes ids, Bytes hashes)
{
    const char *array = ids_array(call, ids);
    const DbRow *rows;
    size_t there = 0;

    db_begin(call, DB_READ);
    if (array == NULL || !db_row(call, &query_seal_check, NULL,
                                 (DbArg[]){{.name = "ids", .text = array}, {0}}, &rows))
        return false;

    Bytes now_ids = bytes_of(rows, "ids"), now_hashes = bytes_of(rows, "hashes");

    for (size_t i = 0; i < ids.size / ID_SIZE; i++) {
        int64_t id = id_at(ids, i);

        if (there == now_ids.size / ID_SIZE || id_at(now_ids, there) != id)
            return call_fail(call, CODE_DATA_LOSS,
                             "event %" PRId64 " is missing, which seal %" PRId64 " has", id,
                             number);
        if (memcmp(now_hashes.data + there * HASH_SIZE, hashes.data + i * HASH_SIZE, HASH_SIZE) !=
            0)
            return call_fail(call, CODE_DATA_LOSS,
                             "event %" PRId64 " was changed after seal %" PRId64 " was made", id,
                             number);
        there++;
    }
    return true;
}

static bool
compare_seal(Call *call, int64_t number, const DbRow *before, const DbRow *seal)
{
    Batch batch = {
        .tenant_id = call->tenant.id,
        .number = number,
        .total = db_row_int64(seal, "total"),
        .before = before != NULL ? bytes_of(before, "mac") : (Bytes){.data = (const uint8_t *) ""},
        .ids = bytes_of(seal, "ids"),
        .hashes = bytes_of(seal, "hashes"),
    };
    uint8_t mac[MAC_SIZE];

    batch_mac(call, &batch, mac);
    if (!is_mac(bytes_of(seal, "mac"), mac) ||
        batch.ids.size / ID_SIZE * HASH_SIZE != batch.hashes.size)
        return call_fail(call, CODE_DATA_LOSS,
                         "seal %" PRId64 " was changed, or was made with another key", number);
    return compare_rows(call, number, batch.ids, batch.hashes);
}

/* How many seals there must be.  *seals 0: nothing was ever sealed. */
static bool
read_anchor(Call *call, SealLook *look)
{
    const char *tenant_id = number_text(call, call->tenant.id);
    const DbRow *anchor;
    uint8_t mac[MAC_SIZE];

    if (tenant_id == NULL ||
        !platform_row(call, &query_seal_anchor,
                      (DbArg[]){{.name = "tenant_id", .text = tenant_id}, {0}}, &anchor))
        return false;
    if (anchor == NULL)
        return true;
    look->seals = db_row_int64(anchor, "seals");
    look->rows = db_row_int64(anchor, "total");
    if (look->seals == 0 && db_row_int64(anchor, "newest") == 0)
        return true;
    anchor_mac(call, call->tenant.id, look->seals, look->rows, bytes_of(anchor, "head"), mac);
    if (!is_mac(bytes_of(anchor, "mac"), mac))
        return call_fail(call, CODE_DATA_LOSS,
                         "the anchor was changed, or was made with another key");
    if (db_row_int64(anchor, "newest") > look->seals)
        return call_fail(call, CODE_DATA_LOSS,
                         "the anchor was set back: it has %" PRId64
                         " seals, and there are %" PRId64,
                         look->seals, db_row_int64(anchor, "newest"));
    hex_of(bytes_of(anchor, "head"), look->head);
    return true;
}

bool
seal_verify(Call *call, int64_t after, SealLook *look)
{
    const DbRow *before = NULL, *seal;

    *look = (SealLook){.last = after};
    if (!read_anchor(call, look) || (after > 0 && !get_seal(call, after, &before)))
        return false;
    for (int i = 0; i < SEALS_A_CALL && look->last < look->seals; i++) {
        char head[65];

        if (!get_seal(call, look->last + 1, &seal))
            return false;
        if (seal == NULL)
            return call_fail(call, CODE_DATA_LOSS, "seal %" PRId64 " of %" PRId64 " is missing",
                             look->last + 1, look->seals);
        if (!compare_seal(call, look->last + 1, before, seal))
            return false;
        look->last++;
        look->seen = db_row_int64(seal, "total");
        before = seal;
        hex_of(bytes_of(seal, "mac"), head);
        if (look->last == look->seals && strcmp(head, look->head) != 0)
            return call_fail(call, CODE_DATA_LOSS, "seal %" PRId64 " is not the one of the anchor",
                             look->last);
    }
    return true;
}
