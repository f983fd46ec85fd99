/* Demo requests: taken from anybody, within limits, and turned into tenants.  */
#include "db/bind.h"
#include "call/check.h"
#include "call/entry.h"
#include "call/names.h"
#include "call/address.h"
#include "call/host.h"
#include "call/kept.h"
#include "call/slug.h"
#include "base/log.h"
#include "access/origin.h"
#include "db/queries.h"
#include "rpc/handlers.h"
#include "tenant/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool
queue_event(Call *call, int64_t id, const char *kind, const char *text)
{
    const char *who = call_actor(call), *number = call_printf(call, "%" PRId64, id);

    return who != NULL && number != NULL && text != NULL &&
           db_queue(call, &query_demo_event_insert, NULL,
                    (DbArg[]){{.name = "id", .text = number},
                              {.name = "kind", .text = kind},
                              {.name = "text", .text = text},
                              {.name = "actor", .text = who},
                              {0}});
}

static bool
set_demo_state(Call *call, int64_t id, const char *state, const char *reason, const char *tenant_id)
{
    const char *number = call_printf(call, "%" PRId64, id);
    const char *text = reason[0] != '\0' ? call_printf(call, "%s: %s", state, reason) : state;

    return number != NULL &&
           db_queue(call, &query_demo_set_state, NULL,
                    (DbArg[]){{.name = "id", .text = number},
                              {.name = "state", .text = state},
                              {.name = "reason", .text = reason},
                              {.name = "tenant_id", .text = tenant_id},
                              {0}}) &&
           queue_event(call, id, "state", text);
}

/* ---- create ---- */

static bool
fail_often(Call *call, const char *what, int64_t limit, const char *time, uint32_t retry_after_ms)
{
    call->failure.retry_after_ms = retry_after_ms;
    return call_fail(call, CODE_RESOURCE_EXHAUSTED,
                     "too many demo requests %s: %" PRId64 " in %s are allowed", what, limit, time);
}

/* What strangers may leave waiting has a bound in all, or else many addresses fill the table.  Its
 * second half is for addresses of which nothing waits yet: so those who send much, from as many
 * addresses as they have, leave room for everybody else, and nothing that was taken is dropped. */
static bool
has_room(Call *call, const DbRow *row)
{
    int64_t waiting = db_row_int64(row, "waiting"), bound = call->core->config->demo_waiting;

    /* a service that names the end user's address asks for a stranger */
    bool is_strangers = call->caller.kind == CALLER_ANONYMOUS || call->request->origin[0] != '\0';

    if (!is_strangers || waiting < bound / 2 ||
        (waiting < bound && !db_row_bool(row, "origin_waits")))
        return true;
    if (log_due(&call->core->demo_full_us))
        log_write(LOG_LEVEL_WARNING, "demo requests of strangers are refused",
                  "waiting=%" PRId64 " demo_waiting=%" PRId64, waiting, bound);
    call->failure.retry_after_ms = 3600000;
    return call_fail(call, CODE_RESOURCE_EXHAUSTED,
                     "too many demo requests wait for an answer: try again later");
}

static bool
within_limits(Call *call, const CreateDemoRequestRequest *request, const DbArg *args)
{
    const Config *config = call->core->config;
    const DbRow *row;

    if (!db_row(call, &query_demo_recent, &request->base, args, &row))
        return false;
    if (db_row_int64(row, "of_origin") >= config->demo_per_origin)
        return fail_often(call, "from this address", config->demo_per_origin, "an hour", 3600000);
    if (db_row_int64(row, "of_email") >= config->demo_per_email)
        return fail_often(call, "with this e-mail address", config->demo_per_email, "a day",
                          86400000);
    return has_room(call, row);
}

/* The address with its domain as DNS has it, and in the letters that people see: a domain's two
 * spellings are one. */
static bool
read_mailbox(Call *call, const char *email, const char **mailbox, const char **letters)
{
    const char *at = strrchr(email, '@');
    char host[HOST_SIZE], host_letters[HOST_LETTERS_SIZE];

    *mailbox = *letters = email;
    if (at == NULL || address_domain(at + 1, host) != NULL)
        return true;
    host_to_letters(host, host_letters);
    *mailbox = call_printf(call, "%.*s@%s", (int) (at - email), email, host);
    *letters = call_printf(call, "%.*s@%s", (int) (at - email), email, host_letters);
    return *mailbox != NULL && *letters != NULL;
}

/* Asked once without waiting for anybody, so that a flood from one address holds no worker, and
 * once more when nobody else of this address is at it. */
bool
rpc_create_demo_request(Call *call, const CreateDemoRequestRequest *request,
                        CreateDemoRequestResponse *response)
{
    const char *who = call_actor(call), *mailbox, *letters;
    char origin[ORIGIN_SIZE];
    const DbRow *row;

    origin_key(call->origin, origin);
    if (who == NULL || !read_mailbox(call, request->demo_request->email, &mailbox, &letters))
        return false;

    const DbArg args[] = {{.name = "origin", .text = origin},
                          {.name = "actor", .text = who},
                          {.name = "mailbox", .text = mailbox},
                          {.name = "letters", .text = letters},
                          {0}};

    if (!within_limits(call, request, args) ||
        !db_queue(call, &query_demo_lock_origin, &request->base, args) ||
        !within_limits(call, request, args) ||
        !db_row(call, &query_demo_insert, &request->base, args, &row))
        return false;
    response->id = db_row_int64(row, "id");
    call->target = call_printf(call, "demo request %" PRId64, response->id);
    return true;
}

/* ---- update, reject, note ---- */

static bool
lock_demo(Call *call, const ProtobufCMessage *request, int64_t id, const DbRow **demo)
{
    if (!db_row(call, &query_demo_lock, request, NULL, demo))
        return false;
    if (*demo == NULL)
        return call_fail(call, CODE_NOT_FOUND, "no demo request %" PRId64, id);
    call->target = call_printf(call, "demo request %" PRId64, id);
    return true;
}

static bool
is_converted(Call *call, const DbRow *demo, int64_t id)
{
    if (strcmp(db_row_text(demo, "state"), "converted") != 0)
        return false;
    return !call_fail(call, CODE_FAILED_PRECONDITION,
                      "demo request %" PRId64 " has become the tenant %" PRId64, id,
                      db_row_int64(demo, "tenant_id"));
}

static const char *
state_name(Clientiq__V1__DemoState state)
{
    switch (state) {
    case CLIENTIQ__V1__DEMO_STATE__DEMO_STATE_PENDING:
        return "pending";
    case CLIENTIQ__V1__DEMO_STATE__DEMO_STATE_PROCESSING:
        return "processing";
    case CLIENTIQ__V1__DEMO_STATE__DEMO_STATE_APPROVED:
        return "approved";
    default:
        return NULL;
    }
}

bool
rpc_update_demo_request(Call *call, const UpdateDemoRequestRequest *request,
                        UpdateDemoRequestResponse *response)
{
    bool moves = bind_mask(&request->base, "demo_request.state");
    const char *state = state_name(request->demo_request->state);
    const DbRow *demo;

    if (moves && state == NULL)
        return call_fail_field(call, "demo_request.state",
                               "can be set to pending, processing or approved only");
    if (!lock_demo(call, &request->base, request->id, &demo) ||
        is_converted(call, demo, request->id))
        return false;
    return db_queue(call, &query_demo_update, &request->base, NULL) &&
           (!moves || strcmp(state, db_row_text(demo, "state")) == 0 ||
            queue_event(call, request->id, "state", state)) &&
           db_fill(call, &query_rpc_get_demo_request, &request->base, NULL, &response->base);
}

bool
rpc_reject_demo_request(Call *call, const RejectDemoRequestRequest *request,
                        RejectDemoRequestResponse *response)
{
    const DbRow *demo;

    return lock_demo(call, &request->base, request->id, &demo) &&
           !is_converted(call, demo, request->id) &&
           set_demo_state(call, request->id, "rejected", request->reason, "") &&
           db_fill(call, &query_rpc_get_demo_request, &request->base, NULL, &response->base);
}

bool
rpc_add_demo_note(Call *call, const AddDemoNoteRequest *request, AddDemoNoteResponse *response)
{
    const char *who = call_actor(call), *number = call_printf(call, "%" PRId64, request->id);
    const DbRow *demo;

    return who != NULL && number != NULL && lock_demo(call, &request->base, request->id, &demo) &&
           db_fill(call, &query_demo_event_insert, NULL,
                   (DbArg[]){{.name = "id", .text = number},
                             {.name = "kind", .text = "note"},
                             {.name = "text", .text = request->text},
                             {.name = "actor", .text = who},
                             {0}},
                   &response->base);
}

/* ---- convert ---- */

enum { SLUG_MAX = 40 }; /* leaves room for _100 under the 48 of a schema name */

/* As the label of a host name. */
static void
to_label(char *slug)
{
    for (char *at = slug; (at = strchr(at, '_')) != NULL;)
        *at = '-';
}

static bool
is_kept(const Call *call, const char *slug)
{
    char host[HOST_SIZE];

    snprintf(host, sizeof host, "%.*s", SLUG_MAX, slug);
    to_label(host);
    snprintf(host + strlen(host), sizeof host - strlen(host), ".%s",
             host_base_domain(call->core->config));
    return kept_host_wrong(call->core->config, host) != NULL;
}

/* A schema name out of a company's name, whatever that is written in. */
static const char *
make_slug(Call *call, int64_t id, const char *company_name)
{
    char slug[SLUG_MAX + 1];

    slug_make(company_name, slug, sizeof slug);
    if (slug[0] == '\0')
        return call_printf(call, "tenant_%" PRId64, id);
    /* it begins with a digit, or is a word that SQL, mail systems or we keep for ourselves */
    return call_printf(call, "%s%s",
                       names_schema_wrong(slug) != NULL || is_kept(call, slug) ? "t_" : "", slug);
}

/* What was not given is made from the company's name and is free; what was given may turn out to be
 * taken. */
static bool
choose_demo_names(Call *call, const ConvertDemoRequestRequest *request, const DbRow *demo,
                  const char **schema, const char **domain)
{
    const DbRow *row;
    const char *slug;

    *schema = request->schema_name;
    *domain = request->domain;
    if (request->schema_name[0] != '\0' && request->domain[0] != '\0')
        return true;
    slug = request->schema_name[0] != '\0'
               ? request->schema_name
               : make_slug(call, request->id, db_row_text(demo, "company_name"));
    if (slug == NULL || !db_queue(call, &query_demo_lock_names, NULL, NULL) ||
        !db_row(call, &query_demo_names, NULL,
                (DbArg[]){{.name = "slug", .text = slug},
                          {.name = "base", .text = host_base_domain(call->core->config)},
                          {0}},
                &row))
        return false;
    if (request->schema_name[0] == '\0')
        *schema = db_row_text(row, "schema_name");
    if (request->domain[0] == '\0')
        *domain = db_row_text(row, "domain");
    if (*schema != NULL && *domain != NULL)
        return true;
    return call_fail(call, CODE_ALREADY_EXISTS,
                     "a hundred names like %s are taken: give schema_name and domain", slug);
}

/* Written after everything else of the failed call was rolled back. */
static bool
demo_record_failure(Call *call)
{
    const char *who = call_actor(call);

    return who != NULL && db_queue(call, &query_demo_failed, NULL,
                                   (DbArg[]){{.name = "id", .text = call->record.id},
                                             {.name = "text", .text = call->failure.text},
                                             {.name = "actor", .text = who},
                                             {0}});
}

static char *
demo_text(const DbRow *demo, const char *column)
{
    return (char *) (uintptr_t) db_row_text(demo, column);
}

/* A request may be older than the rules for texts and addresses, by which a tenant and its admin
 * are made: UpdateDemoRequest corrects it. */
static bool
read_demo(Call *call, const DbRow *demo, DemoRequest *stored)
{
    const MessageInfo *info = message_info_find(&clientiq__v1__demo_request__descriptor);

    clientiq__v1__demo_request__init(stored);
    stored->company_name = demo_text(demo, "company_name");
    stored->first_name = demo_text(demo, "first_name");
    stored->last_name = demo_text(demo, "last_name");
    stored->email = demo_text(demo, "email");
    stored->phone = demo_text(demo, "phone");
    stored->job_title = demo_text(demo, "job_title");
    stored->industry = demo_text(demo, "industry");
    return entry_prepare(call, info, &stored->base) && check_message(call, info, &stored->base);
}

static bool
make_demo_tenant(Call *call, const ConvertDemoRequestRequest *request, const DbRow *demo,
                 Tenant **made)
{
    CreateTenantRequest create = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    Tenant tenant = CLIENTIQ__V1__TENANT__INIT;
    DemoRequest stored;
    const char *schema, *domain;

    if (!read_demo(call, demo, &stored) ||
        !choose_demo_names(call, request, demo, &schema, &domain))
        return false;
    tenant.name = stored.company_name;
    tenant.schema_name = (char *) (uintptr_t) schema;
    tenant.contact_email = stored.email;
    tenant.contact_phone = stored.phone;
    tenant.industry = stored.industry;
    tenant.company_size = demo_text(demo, "company_size");
    tenant.plan = request->plan;
    create.tenant = &tenant;
    create.domain = (char *) (uintptr_t) domain;
    create.admin_email = tenant.contact_email;
    return registry_create(call, &create, &query_contact_insert,
                           (DbArg[]){{.name = "email", .text = tenant.contact_email},
                                     {.name = "first_name", .text = stored.first_name},
                                     {.name = "last_name", .text = stored.last_name},
                                     {.name = "job_title", .text = stored.job_title},
                                     {.name = "phone", .text = tenant.contact_phone},
                                     {.name = "company_name", .text = tenant.name},
                                     {.name = "domain", .text = domain},
                                     {0}},
                           made);
}

bool
rpc_convert_demo_request(Call *call, const ConvertDemoRequestRequest *request,
                         ConvertDemoRequestResponse *response)
{
    const DbRow *demo;
    const char *id;

    if (!lock_demo(call, &request->base, request->id, &demo))
        return false;
    if (strcmp(db_row_text(demo, "state"), "rejected") == 0)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "demo request %" PRId64 " was rejected: set it to pending first",
                         request->id);
    if (strcmp(db_row_text(demo, "state"), "converted") == 0) {
        response->was_converted = true;
        if (db_row_int64(demo, "tenant_id") == 0)
            return call_fail(call, CODE_FAILED_PRECONDITION,
                             "the tenant that demo request %" PRId64 " became is gone",
                             request->id);
        return registry_fill(call, db_row_int64(demo, "tenant_id"), &response->tenant);
    }
    call->record.write = demo_record_failure;
    call->record.id = call_printf(call, "%" PRId64, request->id);
    if (!make_demo_tenant(call, request, demo, &response->tenant))
        return false;
    call_change(call, CHANGE_OUTBOX, response->tenant->id);
    id = call_printf(call, "%" PRId64, response->tenant->id);
    call->target = call_printf(call, "demo request %" PRId64 ", tenant %" PRId64, request->id,
                               response->tenant->id);
    return id != NULL && set_demo_state(call, request->id, "converted", "", id);
}
