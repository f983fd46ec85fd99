/* A mail is taken in one transaction, sent in none, and recorded in another: if the server dies in between, it
 * is sent once more, with the same Message-ID.  The secret of its link is made when it is sent, and only its
 * hash stays.  Runs as the owner, on a thread of its own, because an SMTP server may be slow.  */
#include "outbox.h"
#include "auth.h"
#include "clock.h"
#include "cluster.h"
#include "db.h"
#include "internal.h"
#include "mail.h"
#include "queries.h"
#include "server_state.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HINTS = 256,        /* tenants with something to send; of more the sweep knows */
    MAILS_A_LOOK = 20,  /* of one tenant, so that one cannot keep the others waiting */
    TENANTS_A_LOOK = 20, /* of the sweep */
    ATTEMPTS_MAX = 20,  /* doubling from a minute to a day, this is two weeks */
    MAIL_MAX_MS = 60000,
    DIRECTORY_SIZE = 1024
};

typedef struct Hint {
    int64_t tenant_id, due_us;
} Hint;

struct Outbox {
    pthread_mutex_t lock;
    Hint hints[HINTS];
    size_t count;
    int64_t sweep_after; /* the tenant that the sweep has seen last */
};

Outbox *
outbox_new(void)
{
    Outbox *outbox = calloc(1, sizeof *outbox);

    if (outbox != NULL)
        pthread_mutex_init(&outbox->lock, NULL);
    return outbox;
}

void
outbox_free(Outbox *outbox)
{
    if (outbox == NULL)
        return;
    pthread_mutex_destroy(&outbox->lock);
    free(outbox);
}

static void
hint_at(Outbox *outbox, int64_t tenant_id, int64_t due_us)
{
    size_t i = 0;

    pthread_mutex_lock(&outbox->lock);
    while (i < outbox->count && outbox->hints[i].tenant_id != tenant_id)
        i++;
    if (i < outbox->count && due_us < outbox->hints[i].due_us)
        outbox->hints[i].due_us = due_us;
    else if (i == outbox->count && i < HINTS)
        outbox->hints[outbox->count++] = (Hint){tenant_id, due_us};
    pthread_mutex_unlock(&outbox->lock);
}

void
outbox_hint(Outbox *outbox, int64_t tenant_id)
{
    hint_at(outbox, tenant_id, clock_us());
}

/* A tenant whose hint is due; it is forgotten.  False: there is none. */
static bool
take_hint(Outbox *outbox, int64_t *tenant_id)
{
    bool found = false;

    pthread_mutex_lock(&outbox->lock);
    for (size_t i = 0; i < outbox->count && !found; i++) {
        if (outbox->hints[i].due_us > clock_us())
            continue;
        *tenant_id = outbox->hints[i].tenant_id;
        outbox->hints[i] = outbox->hints[--outbox->count];
        found = true;
    }
    pthread_mutex_unlock(&outbox->lock);
    return found;
}

/* ---- one mail ---- */

/* {domain} and {token} of the setting. */
static const char *
make_link(Call *call, const char *domain, const char *token)
{
    const MailValue values[] = {{"domain", domain}, {"token", token}, {0}};
    char *link = mail_fill(server_config(call->server)->link_url, values, false);
    const char *copy = link == NULL ? NULL : call_strdup(call, link);

    if (link != NULL)
        explicit_bzero(link, strlen(link));
    free(link);
    return copy;
}

typedef struct Taken {
    const char *id, *template_name, *recipient, *company_name, *first_name, *domain;
    char token[AUTH_TOKEN_SIZE];
    int64_t time_s;
} Taken;

/* The next mail that is due, and the hash of its link's secret.  *taken has id NULL: none is due. */
static bool
take_mail(Call *call, Taken *taken)
{
    const Config *config = server_config(call->server);
    const char *wait = call_printf(call, "%" PRId64, config->mail_retry_s);
    const char *hours = call_printf(call, "%" PRId64, config->link_hours);
    uint8_t hash[AUTH_SECRET_HASH_SIZE];
    const DbRow *row;

    *taken = (Taken){0};
    db_begin(call, DB_WRITE);
    if (wait == NULL || hours == NULL ||
        !db_row(call, &query_outbox_take, NULL, (DbArg[]){{.name = "wait", .text = wait}, {0}}, &row))
        return false;
    if (row == NULL) {
        db_rollback(call);
        return true;
    }

    const char *user_id = call_printf(call, "%" PRId64, db_row_int64(row, "user_id"));

    if (user_id == NULL ||
        !auth_token_new(call, AUTH_TOKEN_LINK, call->tenant.id, taken->token, hash) ||
        (call->tenant.id != 0 &&
         !db_queue(call, &query_token_insert, NULL,
                   (DbArg[]){{.name = "hash", .bytes = hash, .bytes_size = sizeof hash},
                             {.name = "user_id", .text = user_id},
                             {.name = "hours", .text = hours},
                             {0}})) ||
        !db_commit(call))
        return false;
    taken->id = call_printf(call, "%" PRId64, db_row_int64(row, "id"));
    taken->template_name = db_row_text(row, "template");
    taken->recipient = db_row_text(row, "recipient");
    taken->company_name = db_row_text(row, "company_name");
    taken->first_name = db_row_text(row, "first_name");
    taken->domain = db_row_text(row, "domain");
    taken->time_s = db_row_time_us(row, "create_time") / 1000000;
    return taken->id != NULL;
}

static void
mail_directory(const Config *config, char directory[DIRECTORY_SIZE])
{
    char base[DIRECTORY_SIZE / 2];

    data_directory(config, base, sizeof base);
    if (config->mail_dir[0] != '\0')
        snprintf(directory, DIRECTORY_SIZE, "%s", config->mail_dir);
    else
        snprintf(directory, DIRECTORY_SIZE, "%s/mail", base);
}

static bool
record(Call *call, const Taken *taken, MailResult result, const char *reason)
{
    const char *attempts_max = call_printf(call, "%d", ATTEMPTS_MAX);

    db_begin(call, DB_WRITE);
    if (result == MAIL_SENT)
        return db_queue(call, &query_outbox_sent, NULL,
                        (DbArg[]){{.name = "id", .text = taken->id}, {0}}) &&
               db_commit(call);
    return attempts_max != NULL &&
           db_queue(call, &query_outbox_failed, NULL,
                    (DbArg[]){{.name = "id", .text = taken->id},
                              {.name = "error", .text = reason},
                              {.name = "permanent", .text = result == MAIL_NEVER ? "true" : "false"},
                              {.name = "attempts_max", .text = attempts_max},
                              {0}}) &&
           db_commit(call);
}

/* *sent: there was one to send. */
static bool
send_one(Call *call, bool *sent)
{
    const Config *config = server_config(call->server);
    char reason[512] = "", hours[24], directory[DIRECTORY_SIZE];
    Taken taken;

    call->deadline_us = clock_us() + MAIL_MAX_MS * 1000;
    if (!take_mail(call, &taken))
        return false;
    *sent = taken.id != NULL;
    if (!*sent)
        return true;

    const char *link = make_link(call, taken.domain, taken.token);
    const char *message_id = call_printf(call, "%" PRId64 ".%s.%" PRId64 "@clientiq", call->tenant.id,
                                         taken.id, taken.time_s);
    const char *file_name = call_printf(call, "%" PRId64 "-%s.eml", call->tenant.id, taken.id);

    if (link == NULL || message_id == NULL || file_name == NULL)
        return false;
    mail_directory(config, directory);
    snprintf(hours, sizeof hours, "%" PRId64, config->link_hours);

    Mail mail = {
        .template_name = taken.template_name,
        .recipient = taken.recipient,
        .message_id = message_id,
        .directory = directory,
        .file_name = file_name,
        .time_s = taken.time_s,
        .values =
            (MailValue[]){
                {"company_name", taken.company_name},
                {"first_name", taken.first_name},
                {"domain", taken.domain},
                {"email", taken.recipient},
                {"link", link},
                {"hours", hours},
                {0},
            },
    };
    MailResult result = mail_send(config, &mail, reason, sizeof reason);
    char text[1024];

    log_write(result == MAIL_SENT ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              result == MAIL_SENT ? "mail sent" : "mail not sent",
              "tenant=%" PRId64 " mail=%s template=%s reason=%s", call->tenant.id, taken.id,
              taken.template_name, log_quote(text, sizeof text, reason));
    return record(call, &taken, result, reason);
}

/* ---- one outbox ---- */

static bool
look_into(Call *call, int64_t tenant_id, const char *schema)
{
    const DbRow *row;
    bool sent = true;

    call->tenant = (TenantContext){.id = tenant_id};
    snprintf(call->tenant.schema, sizeof call->tenant.schema, "%s", schema);
    for (int i = 0; i < MAILS_A_LOOK && sent; i++)
        if (!send_one(call, &sent))
            return false;
    db_begin(call, DB_READ);
    if (!db_row(call, &query_outbox_due, NULL, NULL, &row))
        return false;
    if (row != NULL)
        hint_at(call->server->outbox, tenant_id,
                clock_us() + db_row_int64(row, "seconds") * 1000000);
    return true;
}

/* The tenant after this one, as the platform; *row NULL: there is none. */
static bool
next_tenant(Call *call, int64_t after, const DbRow **row)
{
    const char *text = call_printf(call, "%" PRId64, after);

    call->tenant = (TenantContext){0};
    db_begin(call, DB_READ);
    return text != NULL && db_row(call, &query_mail_tenants, NULL,
                                  (DbArg[]){{.name = "after", .text = text}, {0}}, row);
}

/* A tenant that cannot be looked into must not stop the others; what it has is due again later. */
static void
look_or_log(Call *call, int64_t tenant_id, const char *schema)
{
    Call look = *call;

    if (look_into(&look, tenant_id, schema))
        return;
    db_rollback(&look);
    internal_log(&look, LOG_LEVEL_WARNING, "outbox");
}

bool
outbox_work(Call *call)
{
    Outbox *outbox = call->server->outbox;
    const DbRow *row;
    int64_t tenant_id;

    while (take_hint(outbox, &tenant_id)) {
        if (tenant_id == 0) {
            look_or_log(call, 0, "");
            continue;
        }
        if (!next_tenant(call, tenant_id - 1, &row))
            return false;
        if (row != NULL && db_row_int64(row, "id") == tenant_id)
            look_or_log(call, tenant_id, db_row_text(row, "schema_name"));
    }
    for (int i = 0; i < TENANTS_A_LOOK; i++) {
        if (!next_tenant(call, outbox->sweep_after, &row))
            return false;
        if (row == NULL) {
            outbox->sweep_after = 0;
            look_or_log(call, 0, "");
            return true;
        }
        outbox->sweep_after = db_row_int64(row, "id");
        look_or_log(call, outbox->sweep_after, db_row_text(row, "schema_name"));
    }
    return true;
}
