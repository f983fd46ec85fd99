/* A mail is taken in one transaction, sent outside of any, and recorded in another: if the server
 * dies in between, it is sent once more, with the same Message-ID.  The secret of its link is made
 * when it is sent, and only its hash is stored.  Runs with the owner's login, on a thread of its
 * own, because an SMTP server may be slow.  */
#include "mail/outbox.h"
#include "call/auth.h"
#include "call/host.h"
#include "call/metrics.h"
#include "base/clock.h"
#include "base/directory.h"
#include "db/db.h"
#include "call/internal.h"
#include "mail/hints.h"
#include "mail/limit.h"
#include "mail/mail.h"
#include "db/queries.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SWEEP_S = 5,       /* between two parts of the sweep */
    MAILS_A_LOOK = 20, /* of one tenant, so that no tenant keeps the others waiting */
    TENANTS_A_LOOK =
        200,             /* of the sweep, each one read of 0.1 ms: 10,000 tenants in four minutes */
    TENANT_LINE = 96,    /* bytes of "id schema" */
    LEASE_S = 120,       /* longer than one letter takes (mail.h) */
    LOOK_MAX_MS = 60000, /* between two letters */
    LOCK_MAX_MS = 2000,  /* a tenant that is being renamed or deleted is looked into later */
    LOCK_RETRY_S = 5,
    RENAMES_MAX = 3, /* of a tenant while one letter is sent */
    WAIT_MAX_S = 86400,
    DOWN_WAIT_MAX_S = 300, /* if no letter can be sent, this one is tried again soon */
    DOWN_PAUSE_MAX_S = 60,
    DIRECTORY_SIZE = 1024
};

struct Outbox {
    Hints hints;
    int64_t sweep_after; /* the tenant that the sweep has seen last */
    int64_t sweep_next_us;
    int64_t pause_until_us; /* no letter is sent before */
    _Atomic bool stop;
};

Outbox *
outbox_new(void)
{
    Outbox *outbox = calloc(1, sizeof *outbox);

    if (outbox != NULL)
        hints_start(&outbox->hints);
    return outbox;
}

void
outbox_stop(Outbox *outbox)
{
    if (outbox != NULL)
        atomic_store(&outbox->stop, true);
}

void
outbox_free(Outbox *outbox)
{
    if (outbox == NULL)
        return;
    hints_end(&outbox->hints);
    free(outbox);
}

static void
hint_in(Outbox *outbox, int64_t tenant_id, int64_t seconds)
{
    hints_add(&outbox->hints, tenant_id, clock_us() + seconds * 1000000);
}

void
outbox_hint(Outbox *outbox, int64_t tenant_id)
{
    hint_in(outbox, tenant_id, 0);
}

/* ---- one mail ---- */

/* The setting --link-url with its {{domain}} and {{token}} replaced. */
static const char *
make_link(Call *call, const char *domain, const char *token)
{
    const LetterValue values[] = {{"domain", domain}, {"token", token}, {0}};
    char *link = letter_fill(call->core->config->link_url, values, false);
    const char *copy = link == NULL ? NULL : call_strdup(call, link);

    if (link != NULL)
        explicit_bzero(link, strlen(link));
    free(link);
    return copy;
}

typedef struct Taken {
    const char *id, *attempts, *template_name, *recipient, *user_id;
    const char *company_name, *first_name, *domain;
    const char *hours; /* that the link is good for */
    char token[AUTH_TOKEN_SIZE];
    bool has_reader; /* the user to whom the link gives access is still there */
    bool waits;      /* nothing is sent: its address has had too many mails, and it is due later */
    MailLimit limit;
    int64_t time_s;
} Taken;

/* Begins a transaction in the tenant's schema, whatever that is called now.  *state: the tenant's;
 * NULL: it is gone.  False: the call has failed. */
static bool
outbox_enter(Call *call, const char **state)
{
    const DbRow *row;

    *state = "active";
    for (int i = 0; i < RENAMES_MAX; i++) {
        db_begin(call, DB_WRITE);
        if (call->tenant.id == 0)
            return true;
        if (!db_row(call, &query_mail_tenant_lock, NULL, NULL, &row))
            return false;
        *state = row == NULL ? NULL : db_row_text(row, "state");
        if (row == NULL || strcmp(db_row_text(row, "schema_name"), call->tenant.schema) == 0)
            return true;
        /* it was renamed, and the transaction is in the schema of its old name */
        db_rollback(call);
        snprintf(call->tenant.schema, sizeof call->tenant.schema, "%s",
                 db_row_text(row, "schema_name"));
    }
    return call_fail(call, CODE_ABORTED, "the tenant was renamed %d times in a row", RENAMES_MAX);
}

/* What its recipient may have asked for, and nobody else. */
static bool
is_reset(const Taken *taken)
{
    return strcmp(taken->template_name, "reset") == 0;
}

/* Only the token's hash is stored.  The link of a reset, which anybody can ask for, works for a
 * shorter time. */
static bool
make_token(Call *call, Taken *taken)
{
    const Config *config = call->core->config;
    uint8_t hash[AUTH_SECRET_HASH_SIZE];
    const DbRow *row;

    taken->hours =
        call_printf(call, "%" PRId64, is_reset(taken) ? config->reset_hours : config->link_hours);
    if (taken->hours == NULL ||
        !auth_token_new(call, AUTH_TOKEN_LINK, call->tenant.id, taken->token, hash) ||
        !db_row(call, call->tenant.id != 0 ? &query_token_insert : &query_platform_token_insert,
                NULL,
                (DbArg[]){{.name = "hash", .bytes = hash, .bytes_size = sizeof hash},
                          {.name = "user_id", .text = taken->user_id},
                          {.name = "recipient", .text = taken->recipient},
                          {.name = "hours", .text = taken->hours},
                          {0}},
                &row))
        return false;
    taken->has_reader = row != NULL;
    return true;
}

/* Takes it back that the mail was taken: it is due when its address may get one more. */
static bool
put_off(Call *call, Taken *taken, int64_t wait_ms)
{
    const char *wait = call_printf(call, "%" PRId64, wait_ms), *state;
    const char *id = taken->id;

    db_rollback(call);
    *taken = (Taken){.waits = true};
    if (wait == NULL || !outbox_enter(call, &state))
        return false;
    if (state == NULL) {
        db_rollback(call);
        return true;
    }
    return db_queue(call, &query_outbox_wait, NULL,
                    (DbArg[]){{.name = "id", .text = id},
                              {.name = "wait_ms", .text = wait},
                              {.name = "error", .text = "waits: too many mails to this address"},
                              {0}}) &&
           db_commit(call);
}

/* What the row says, and is needed after the transaction. */
static bool
read_taken(Call *call, const DbRow *row, Taken *taken)
{
    const Config *config = call->core->config;

    taken->id = call_printf(call, "%" PRId64, db_row_int64(row, "id"));
    taken->attempts = call_printf(call, "%" PRId64, db_row_int64(row, "attempts"));
    taken->user_id = call_printf(call, "%" PRId64, db_row_int64(row, "user_id"));
    taken->template_name = db_row_text(row, "template");
    taken->recipient = db_row_text(row, "recipient");
    taken->company_name = db_row_text(row, "company_name");
    taken->first_name = db_row_text(row, "first_name");
    taken->domain = db_row_text(row, "domain");
    if (taken->domain[0] == '\0') /* the platform has no domain of its own */
        taken->domain = host_base_domain(config);
    taken->time_s = db_row_time_us(row, "create_time") / 1000000;
    return taken->id != NULL && taken->attempts != NULL && taken->user_id != NULL;
}

/* A mail for which no link can be made, such as where an app's trigger refuses it, waits as one
 * that could not be sent does, and the next one has its turn. */
static bool
keep_back(Call *call, Taken *taken)
{
    const char *id = taken->id, *attempts = taken->attempts;
    const char *error = call->failure.text;
    const char *wait = call_printf(call, "%" PRId64, call->core->config->mail_retry_s);
    const char *wait_max = call_printf(call, "%d", WAIT_MAX_S);

    if (wait == NULL || wait_max == NULL || !db_savepoint_rollback(call))
        return false;
    log_write(LOG_LEVEL_WARNING, "mail not sent", "tenant=%" PRId64 " mail=%s attempts=%s",
              call->tenant.id, id, attempts);
    *taken = (Taken){.waits = true};
    return db_queue(call, &query_outbox_failed, NULL,
                    (DbArg[]){{.name = "id", .text = id},
                              {.name = "attempts", .text = attempts},
                              {.name = "error", .text = error != NULL ? error : "unknown"},
                              {.name = "permanent", .text = "false"},
                              {.name = "wait", .text = wait},
                              {.name = "wait_max", .text = wait_max},
                              {0}}) &&
           db_commit(call);
}

/* The next mail that is due, with a new link.  *taken has id NULL: none is due, or another server
 * has it, or it waits. */
static bool
take_mail(Call *call, Taken *taken)
{
    const char *lease = call_printf(call, "%d", LEASE_S), *state;
    const DbRow *row = NULL;
    int64_t wait_ms = 0;

    *taken = (Taken){0};
    if (lease == NULL || !outbox_enter(call, &state))
        return false;
    if (state != NULL && strcmp(state, "active") == 0 &&
        !db_row(call, &query_outbox_take, NULL, (DbArg[]){{.name = "lease", .text = lease}, {0}},
                &row))
        return false;
    if (row == NULL) {
        db_rollback(call);
        return true;
    }
    if (!read_taken(call, row, taken) ||
        !mail_limit_name(call, &taken->limit, db_row_text(row, "mailbox"), is_reset(taken)) ||
        !db_savepoint(call))
        return false;
    if (!make_token(call, taken) ||
        (taken->has_reader && !mail_limit_take(call, &taken->limit, &wait_ms)))
        return keep_back(call, taken);
    return wait_ms == 0 ? db_commit(call) : put_off(call, taken, wait_ms);
}

static void
mail_directory(const Config *config, char directory[DIRECTORY_SIZE])
{
    char base[DIRECTORY_SIZE / 2];

    directory_of_data(config, base, sizeof base);
    if (config->mail_dir[0] != '\0')
        snprintf(directory, DIRECTORY_SIZE, "%s", config->mail_dir);
    else
        snprintf(directory, DIRECTORY_SIZE, "%s/mail", base);
}

static bool
outbox_record(Call *call, const Taken *taken, MailResult result, const char *reason)
{
    int64_t retry_s = call->core->config->mail_retry_s;
    const char *wait = call_printf(call, "%" PRId64, retry_s), *state;
    const char *wait_max =
        call_printf(call, "%d", result == MAIL_DOWN ? DOWN_WAIT_MAX_S : WAIT_MAX_S);

    if (wait == NULL || wait_max == NULL || !outbox_enter(call, &state))
        return false;
    if (state == NULL) {
        db_rollback(call);
        return true;
    }
    if (result == MAIL_SENT)
        return db_queue(call, &query_outbox_sent, NULL,
                        (DbArg[]){{.name = "id", .text = taken->id}, {0}}) &&
               db_commit(call);
    return (result != MAIL_DOWN || mail_limit_give_back(call, &taken->limit)) &&
           db_queue(
               call, &query_outbox_failed, NULL,
               (DbArg[]){{.name = "id", .text = taken->id},
                         {.name = "attempts", .text = taken->attempts},
                         {.name = "error", .text = reason},
                         {.name = "permanent", .text = result == MAIL_NEVER ? "true" : "false"},
                         {.name = "wait", .text = wait},
                         {.name = "wait_max", .text = wait_max},
                         {0}}) &&
           db_commit(call);
}

static MailResult
deliver(Outbox *outbox, Call *call, const Taken *taken, const char *link, const char *message_id,
        const char *file_name, char *reason, size_t size)
{
    const Config *config = call->core->config;
    char directory[DIRECTORY_SIZE];

    mail_directory(config, directory);
    return mail_send(config,
                     &(Mail){
                         .letter =
                             {
                                 .template_name = taken->template_name,
                                 .recipient = taken->recipient,
                                 .message_id = message_id,
                                 .time_s = taken->time_s,
                                 .values =
                                     (LetterValue[]){
                                         {"company_name", taken->company_name},
                                         {"first_name", taken->first_name},
                                         {"domain", taken->domain},
                                         {"email", taken->recipient},
                                         {"link", link},
                                         {"hours", taken->hours},
                                         {0},
                                     },
                             },
                         .directory = directory,
                         .file_name = file_name,
                         .stop = &outbox->stop,
                     },
                     reason, size);
}

/* *sent: there was a mail to send, and *result says how that ended.  *goes_on: the next one may be
 * due. */
static bool
send_one(Outbox *outbox, Call *call, bool *sent, bool *goes_on, MailResult *result)
{
    char reason[512] = "", text[1024];
    Taken taken;

    call->deadline_us = clock_us() + LOOK_MAX_MS * 1000;
    call->lock_timeout_ms = LOCK_MAX_MS;
    if (!take_mail(call, &taken))
        return false;
    *sent = taken.id != NULL;
    *goes_on = *sent || taken.waits;
    if (!*sent)
        return true;

    const char *link = make_link(call, taken.domain, taken.token);
    const char *message_id =
        call_printf(call, "%" PRId64 ".%s.%" PRId64 "@%s.clientiq.internal", call->tenant.id,
                    taken.id, taken.time_s, call->core->installation.name);
    const char *file_name = call_printf(call, "%" PRId64 "-%s.eml", call->tenant.id, taken.id);

    if (link == NULL || message_id == NULL || file_name == NULL)
        return false;
    if (taken.has_reader) {
        *result = deliver(outbox, call, &taken, link, message_id, file_name, reason, sizeof reason);
    } else {
        *result = MAIL_NEVER;
        snprintf(reason, sizeof reason,
                 "the user was deleted or deactivated, or has another address now");
    }
    metrics_add(call->core->metrics,
                *result == MAIL_SENT ? METRIC_MAILS_SENT : METRIC_MAILS_FAILED);
    log_write(*result == MAIL_SENT ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              *result == MAIL_SENT ? "mail sent" : "mail not sent",
              "tenant=%" PRId64 " mail=%s template=%s attempts=%s reason=%s", call->tenant.id,
              taken.id, taken.template_name, taken.attempts, log_quote(text, sizeof text, reason));
    call->deadline_us = clock_us() + LOOK_MAX_MS * 1000;
    return outbox_record(call, &taken, *result, reason);
}

/* ---- one outbox ---- */

/* No letter is sent for a while, to nobody. */
static void
pause_all(Outbox *outbox, const Call *call)
{
    int64_t retry_s = call->core->config->mail_retry_s;

    outbox->pause_until_us =
        clock_us() + (retry_s < DOWN_PAUSE_MAX_S ? retry_s : DOWN_PAUSE_MAX_S) * 1000000;
}

/* Only reads at first: for nearly every tenant of a sweep nothing is due. */
static bool
outbox_send_due(Outbox *outbox, Call *call)
{
    for (int i = 0; i < MAILS_A_LOOK && !atomic_load(&outbox->stop); i++) {
        MailResult result = MAIL_SENT;
        const DbRow *row;
        bool sent, goes_on;

        db_begin(call, DB_READ);
        if (!db_row(call, &query_outbox_due, NULL, NULL, &row))
            return false;
        if (row == NULL)
            return true;
        if (db_row_int64(row, "seconds") > 0) {
            hint_in(outbox, call->tenant.id, db_row_int64(row, "seconds"));
            return true;
        }
        if (!send_one(outbox, call, &sent, &goes_on, &result))
            return false;
        if (!goes_on) /* another server has it, or the tenant is closed */
            return true;
        if (sent && result == MAIL_DOWN) {
            pause_all(outbox, call);
            break;
        }
    }
    outbox_hint(outbox, call->tenant.id);
    return true;
}

/* A tenant whose outbox cannot be read must not stop the others; it is tried again later.  Each
 * tenant gets the memory of one call.  False: there is no database. */
static bool
outbox_look(Outbox *outbox, const Call *base, int64_t tenant_id, const char *schema)
{
    Call call;
    char reason[512], text[1024];

    arena_wipe(base->arena);
    internal_call(&call, base->core, base->arena, base->db, LOOK_MAX_MS);
    if (!db_ready(base->db, call.stop_fd, reason, sizeof reason)) {
        log_write(LOG_LEVEL_WARNING, "outbox waits for the database", "reason=%s",
                  log_quote(text, sizeof text, reason));
        return false;
    }
    call.tenant.id = tenant_id;
    snprintf(call.tenant.schema, sizeof call.tenant.schema, "%s", schema);
    if (outbox_send_due(outbox, &call))
        return true;
    db_rollback(&call);
    internal_log(&call, LOG_LEVEL_WARNING, "outbox");
    if (call.failure.code == CODE_ABORTED || call.failure.code == CODE_UNAVAILABLE)
        hint_in(outbox, tenant_id, LOCK_RETRY_S);
    return true;
}

/* ---- all outboxes ---- */

/* Up to count tenants after this one, read as the platform; one line each, from malloc. */
static bool
read_tenants(const Call *base, int64_t after, int count, char **lines)
{
    Call call;
    const DbRow *row;
    const char *text;

    arena_wipe(base->arena);
    internal_call(&call, base->core, base->arena, base->db, LOOK_MAX_MS);
    db_begin(&call, DB_READ);

    const char *after_text = call_printf(&call, "%" PRId64, after);
    const char *count_text = call_printf(&call, "%d", count);

    if (after_text == NULL || count_text == NULL ||
        !db_row(&call, &query_mail_tenants, NULL,
                (DbArg[]){{.name = "after", .text = after_text},
                          {.name = "count", .text = count_text},
                          {0}},
                &row)) {
        db_rollback(&call);
        internal_log(&call, LOG_LEVEL_WARNING, "outbox");
        return false;
    }
    text = row == NULL ? NULL : db_row_text(row, "tenants");
    *lines = strdup(text != NULL ? text : "");
    return *lines != NULL;
}

/* "12 acme"; *lines moves on to the next one.  False: there is none. */
static bool
next_tenant(const char **lines, int64_t *id, char schema[TENANT_LINE])
{
    size_t size = strcspn(*lines, "\n");

    if (size == 0 || size >= TENANT_LINE || sscanf(*lines, "%" SCNd64 " %90s", id, schema) != 2)
        return false;
    *lines += size + ((*lines)[size] == '\n');
    return true;
}

static bool
look_where_hinted(Outbox *outbox, const Call *base)
{
    int64_t now_us = clock_us(), tenant_id;

    while (outbox->pause_until_us <= clock_us() && !atomic_load(&outbox->stop) &&
           hints_take(&outbox->hints, now_us, &tenant_id)) {
        char *lines = NULL, schema[TENANT_LINE] = "";
        const char *line;
        int64_t found = 0;

        if (tenant_id != 0 && !read_tenants(base, tenant_id - 1, 1, &lines))
            return false;
        line = lines;

        bool is_there =
            tenant_id == 0 || (next_tenant(&line, &found, schema) && found == tenant_id);

        free(lines);
        if (is_there && !outbox_look(outbox, base, tenant_id, schema))
            return false;
    }
    return true;
}

/* Finds mails without a hint: of a server that was killed, or when there was no room for one. */
static bool
outbox_sweep(Outbox *outbox, const Call *base)
{
    char *lines = NULL, schema[TENANT_LINE];
    const char *line;
    int64_t id;
    bool ok = true;

    if (!read_tenants(base, outbox->sweep_after, TENANTS_A_LOOK, &lines))
        return false;
    if (lines[0] == '\0') {
        outbox->sweep_after = 0;
        ok = outbox_look(outbox, base, 0, "");
    }
    line = lines;
    while (ok && outbox->pause_until_us <= clock_us() && !atomic_load(&outbox->stop) &&
           next_tenant(&line, &id, schema)) {
        outbox->sweep_after = id;
        ok = outbox_look(outbox, base, id, schema);
    }
    free(lines);
    return ok;
}

bool
outbox_work(Call *call, void *state)
{
    Outbox *outbox = state;

    /* a failure is logged, and the next round tries again */
    if (look_where_hinted(outbox, call) && outbox->pause_until_us <= clock_us() &&
        outbox->sweep_next_us <= clock_us()) {
        outbox->sweep_next_us = clock_us() + SWEEP_S * 1000000;
        (void) !outbox_sweep(outbox, call);
    }
    call->is_unfinished =
        outbox->pause_until_us <= clock_us() && hints_are_due(&outbox->hints, clock_us());
    return true;
}
