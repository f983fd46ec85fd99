/* The one path of every request, from top to bottom in the order of "The life of a call" in
 * docs/architecture.md.  Called by the listener (from memory) and by workers; never lets a handler
 * run before permission is decided.  */
#include "serve/dispatch.h"
#include "access/audit.h"
#include "call/auth.h"
#include "base/digest.h"
#include "access/caller.h"
#include "call/check.h"
#include "call/entry.h"
#include "call/names.h"
#include "call/packed.h"
#include "base/clock.h"
#include "db/db.h"
#include "call/host.h"
#include "call/metrics.h"
#include "base/log.h"
#include "base/pulse.h"
#include "db/queries.h"
#include "access/origin.h"
#include "access/rate.h"
#include "access/route.h"
#include "serve/methods.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- 1 envelope ---- */

static bool
check_size(Call *call, const char *field, size_t size, size_t size_max)
{
    if (size <= size_max)
        return true;
    return call_fail_field(call, field, "must be at most %zu bytes, got %zu", size_max, size);
}

/* A sender who does not know our clock says only how long it waits.  If nobody was here to read
 * what it sent, its time may be over although it seems to begin; nothing has been done, so it may
 * ask again. */
static bool
check_unread(Call *call, int64_t receive_us, int64_t timeout_us)
{
    int64_t unread_us = pulse_unread_us(call->core->pulse, receive_us);

    return !call->method->writes || unread_us < timeout_us ||
           call_fail(call, CODE_UNAVAILABLE,
                     "the server did not run for %" PRId64
                     " ms, and the call may have come too late: nothing was done",
                     unread_us / 1000);
}

/* When the caller gives up, on our clock: what was sent may have waited for long to be read. */
static bool
find_deadline(Call *call)
{
    const Request *request = call->request;
    const Core *core = call->core;
    int64_t timeout_ms =
        request->timeout_ms != 0 ? request->timeout_ms : core->config->call_timeout_ms;
    int64_t now_us = clock_us(), boot_us = clock_boot_us();

    if (timeout_ms > WIRE_TIMEOUT_MAX_MS)
        timeout_ms = WIRE_TIMEOUT_MAX_MS;
    call->deadline_us = call->receive_us + timeout_ms * 1000;
    if (request->run == 0)
        return check_unread(call, boot_us - (now_us - call->receive_us), timeout_ms * 1000);
    if (request->run != core->run)
        return call_fail(call, CODE_UNAVAILABLE,
                         "the call was meant for an earlier run of the server: nothing was done");

    uint64_t passed_us = (uint64_t) (boot_us - core->start_us);
    uint64_t left_us = request->deadline_us > passed_us ? request->deadline_us - passed_us : 0;

    if (call->deadline_us > now_us && left_us < (uint64_t) (call->deadline_us - now_us))
        call->deadline_us = now_us + (int64_t) left_us;
    return true;
}

static bool
read_envelope(Call *call, const uint8_t *data, size_t size)
{
    if (!packed_check(call, &clientiq__v1__request__descriptor, data, size))
        return false;

    Request *request = clientiq__v1__request__unpack(arena_protobuf(call->arena), size, data);

    if (request == NULL)
        return call_fail(call, CODE_INVALID_ARGUMENT, "message is not a clientiq.v1.Request");
    if (!check_size(call, "method", strlen(request->method), WIRE_METHOD_MAX) ||
        !check_size(call, "tenant", strlen(request->tenant), WIRE_TENANT_MAX) ||
        !check_size(call, "token", strlen(request->token), WIRE_TOKEN_MAX) ||
        !check_size(call, "traceparent", strlen(request->traceparent), WIRE_TRACEPARENT_MAX) ||
        !check_size(call, "origin", strlen(request->origin), WIRE_ORIGIN_MAX))
        return false;
    call->request = request;
    call->method = method_find(request->method);
    if (call->method == NULL)
        return call_fail(call, CODE_UNIMPLEMENTED, "no method %s", request->method);
    if (request->idempotency_key.len != 0 && request->idempotency_key.len != WIRE_KEY_SIZE)
        return call_fail_field(call, "idempotency_key", "must be %d bytes, got %zu", WIRE_KEY_SIZE,
                               request->idempotency_key.len);
    if (!find_deadline(call))
        return false;
    if (clock_us() >= call->deadline_us)
        return call_fail(call, CODE_DEADLINE_EXCEEDED, "the deadline passed before the call began");
    return true;
}

/* ---- 2 tenant ---- */

/* In schema names case matters, in host names it does not. */
static bool
find_tenant(Call *call)
{
    const char *asked = call->request->tenant, *name = asked;
    bool is_domain = host_is_domain(asked);
    char host[HOST_SIZE];
    TenantContext tenant;

    if (call->method->database == DATABASE_NONE)
        return true;
    if (asked[0] == '\0')
        return call->method->scope != SCOPE_TENANT
                   ? true
                   : call_fail_field(call, "tenant", "is required for %s", call->method->rpc);
    if (call->method->scope == SCOPE_PLATFORM)
        return call_fail_field(call, "tenant", "must be empty: %s is a call to the platform",
                               call->method->rpc);
    /* what is not a valid name is not looked up */
    if (is_domain) {
        if (host_name(call->core, asked, host) != NULL)
            return route_fail_unknown(call, asked, is_domain);
        name = host;
    } else if (names_schema_wrong(asked) != NULL) {
        return route_fail_unknown(call, asked, is_domain);
    }
    if (!route_find(call, name, is_domain, &tenant))
        return false;
    if (!route_is_there(&tenant))
        return route_fail_unknown(call, name, is_domain);
    if (!route_check_open(call, &tenant))
        return false;
    call->tenant = tenant;
    return true;
}

/* ---- 3 caller ---- */

static const char may_forward[] = "platform.forward";

/* Before they have a session, end users call public rpcs of a tenant (Login, SetPassword) through a
 * microservice, whose platform key allows it to name their address.  The key gives no other right
 * in the tenant.  False: it may not forward. */
static bool
find_forwarder(Call *call, const AuthToken *token)
{
    TenantContext tenant = db_as_platform(call);
    Caller anonymous = call->caller;
    bool found = false;

    call->forwards =
        caller_of_token(call, token, &call->caller, &found) && found && call_may(call, may_forward);
    call->caller = anonymous;
    db_as_tenant(call, &tenant);
    return call->forwards;
}

static bool
refuse_foreign(Call *call)
{
    call->failure.is_refused = true;
    return call_fail(call, CODE_UNAUTHENTICATED,
                     call->tenant.id == 0 ? "the token belongs to a tenant, not to the platform"
                                          : "the token does not belong to this tenant");
}

static bool
fail_not_found(Call *call, const AuthToken *token)
{
    if (token->kind == AUTH_TOKEN_API_KEY)
        return call_fail(call, CODE_UNAUTHENTICATED,
                         "the API key was revoked, has expired or does not exist");
    return call_fail(call, CODE_UNAUTHENTICATED, "the %ssession has ended or does not exist",
                     token->kind == AUTH_TOKEN_ACT_AS ? "act-as " : "");
}

static bool
find_caller(Call *call)
{
    const char *text = call->request->token;
    bool is_public = call->method->access == ACCESS_PUBLIC, is_key, found;
    AuthToken token;

    if (call->method->database == DATABASE_NONE)
        return true;
    if (text[0] == '\0') {
        if (call->tenant.id == 0 && call->peer.is_operator) {
            call->caller.kind = CALLER_OPERATOR;
            call->caller.permissions = call->core->installation.operator_permissions;
        }
        return true;
    }
    if (!auth_token_read(text, &token) || token.kind == AUTH_TOKEN_LINK)
        return call_fail(call, CODE_UNAUTHENTICATED,
                         "the token is neither a session's nor an API key's");
    is_key = token.kind == AUTH_TOKEN_API_KEY;
    if (is_key && token.tenant_id == 0 && call->tenant.id != 0 && is_public)
        return find_forwarder(call, &token) || refuse_foreign(call);
    if (token.tenant_id != call->tenant.id)
        return refuse_foreign(call);
    if (!caller_of_token(call, &token, &call->caller, &found))
        return false;
    /* an old session does not prevent a new sign-in */
    if (is_public && !is_key)
        return true;
    call->forwards = is_key && found && call_may(call, may_forward);
    return found || fail_not_found(call, &token);
}

/* ---- 4 permission ---- */

static bool
refuse_without(Call *call, const char *what_for)
{
    call->failure.is_refused = true;
    return call_fail(call, CODE_PERMISSION_DENIED, "%s needs the permission %s%s",
                     call->method->rpc, method_permission(call->method, call->tenant.id == 0),
                     what_for);
}

static bool
may_call(Call *call)
{
    const Method *method = call->method;

    if (call->request->explain) {
        if (!call->peer.is_operator && !call_may(call, "platform.explain"))
            return call_fail(call, CODE_PERMISSION_DENIED,
                             "explain needs the permission platform.explain");
        call->explain.wanted = true;
    }
    if (method->access == ACCESS_PUBLIC)
        return true;
    if (call->caller.kind == CALLER_ANONYMOUS)
        return call_fail(call, CODE_UNAUTHENTICATED, "%s needs a session: sign in first",
                         method->rpc);

    const char *permission = method_permission(method, call->tenant.id == 0);

    if (method->access == ACCESS_AUTHENTICATED && call->caller.kind == CALLER_API_KEY &&
        !method->by_api_key)
        return call_fail(call, CODE_PERMISSION_DENIED,
                         "%s needs a session: an API key cannot call it", method->rpc);
    if (method->access == ACCESS_AUTHENTICATED || call_may(call, permission))
        return true;
    call->must_be_own = method->own_fields != NULL && caller_account_id(&call->caller) != 0;
    return call->must_be_own || refuse_without(call, "");
}

/* Whether this field of the request names the caller. */
static bool
names_caller(const Call *call, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(call->message->descriptor, name);
    const void *value = (const char *) call->message + field->offset;
    int64_t number;

    if (field_is_absent(call->message, field))
        return false;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return strcmp(*(char *const *) value, call->request->token) == 0;
    memcpy(&number, value, sizeof number);
    return number == 0 || number == call->caller.id;
}

static bool
may_ask(Call *call)
{
    if (!call->must_be_own)
        return true;
    for (const char *const *name = call->method->own_fields; *name != NULL; name++)
        if (names_caller(call, *name))
            return true;
    return refuse_without(call, " unless it is about yourself");
}

/* An origin from a caller that may not forward is refused rather than ignored: otherwise all end
 * users of such a service would be counted as one, and nobody would see why. */
static bool
take_origin(Call *call)
{
    const char *asked = call->request->origin;
    char address[ORIGIN_SIZE];

    if (asked[0] == '\0' || call->method->database == DATABASE_NONE)
        return true;
    if (!call->forwards) {
        call->failure.is_refused = true;
        return call_fail(call, CODE_PERMISSION_DENIED, "origin needs an API key that holds %s",
                         may_forward);
    }
    if (!origin_address(asked, address))
        return call_fail_field(call, "origin", "must be an IPv4 or IPv6 address, without a port");

    const char *origin = call_strdup(call, address);

    if (origin != NULL)
        call->origin = origin;
    return origin != NULL;
}

/* Only authenticated calls count, so that strangers cannot use up the tenant's limit. */
static bool
within_rate(Call *call)
{
    uint32_t per_second = call->tenant.limits.requests_per_second;

    if (per_second == 0 || call->caller.kind == CALLER_ANONYMOUS || call->is_counted)
        return true;
    call->failure.retry_after_ms = rate_take(call->core->rate, call->tenant.id, per_second);
    return call->failure.retry_after_ms == 0 ||
           call_fail(call, CODE_RESOURCE_EXHAUSTED, RATE_REFUSAL, per_second);
}

/* ---- 5 message ---- */

static bool
read_message(Call *call)
{
    const ProtobufCMessageDescriptor *descriptor = call->method->request->descriptor;
    const ProtobufCBinaryData *payload = &call->request->payload;

    if (!packed_check(call, descriptor, payload->data, payload->len))
        return false;
    call->message = protobuf_c_message_unpack(descriptor, arena_protobuf(call->arena), payload->len,
                                              payload->data);
    if (call->message == NULL)
        return call_fail(call, CODE_INVALID_ARGUMENT, "payload is not a %s", descriptor->name);
    return entry_prepare(call, call->method->request, call->message) &&
           check_message(call, call->method->request, call->message);
}

/* ---- 6 transaction, 7 handler ---- */

typedef struct Packed {
    uint8_t *data;
    size_t size;
} Packed;

static bool
pack_response(Call *call, const ProtobufCMessage *response, Packed *packed)
{
    packed->size = protobuf_c_message_get_packed_size(response);
    if (packed->size > WIRE_MESSAGE_MAX - 64 * 1024) /* the envelope needs some room */
        return call_fail(call, CODE_RESOURCE_EXHAUSTED,
                         "the reply has %zu bytes, more than fit into one message: ask for less",
                         packed->size);
    packed->data = call_alloc(call, packed->size + 1);
    if (packed->data == NULL)
        return false;
    protobuf_c_message_pack(response, packed->data);
    return true;
}

/* The row of a write that must happen once. */
typedef struct Claim {
    bool wanted;
    uint8_t key[32], request_hash[32];
} Claim;

static void
make_claim(const Call *call, Claim *claim)
{
    const ProtobufCBinaryData *key = &call->request->idempotency_key;
    const ProtobufCBinaryData *payload = &call->request->payload;
    /* The same bytes make the same claim on every server and at every time, or a repeated call
     * would happen twice.  Where a caller is needed, the token says who it is or the call is
     * refused; a public rpc is served without one too, so there it does not count: a session may
     * end between two attempts, and the local operator is one over ipc:// only. */
    bool is_public = call->method->access == ACCESS_PUBLIC;
    int64_t who[2] = {is_public ? CALLER_ANONYMOUS : call->caller.kind,
                      is_public ? 0 : caller_number(&call->caller)};

    claim->wanted = call->method->writes && !call->method->never_replayed && key->len > 0;
    if (!claim->wanted)
        return;
    digest_parts((DigestPart[]){{key->data, key->len},
                                {who, sizeof who},
                                {&call->tenant.id, sizeof call->tenant.id},
                                {call->method->name, strlen(call->method->name)}},
                 4, claim->key);
    digest_parts((DigestPart[]){{payload->data, payload->len}}, 1, claim->request_hash);
}

static bool
queue_claim(Call *call, const Claim *claim)
{
    return db_queue(
        call, &query_idempotency_claim, NULL,
        (DbArg[]){{.name = "key", .bytes = claim->key, .bytes_size = 32},
                  {.name = "request_hash", .bytes = claim->request_hash, .bytes_size = 32},
                  {0}});
}

static bool
queue_stored_reply(Call *call, const Claim *claim, const Packed *packed)
{
    uint8_t *sealed;
    size_t size;

    return auth_seal(call, call->request->idempotency_key.data, packed->data, packed->size, &sealed,
                     &size) &&
           db_queue(call, &query_idempotency_store, NULL,
                    (DbArg[]){{.name = "key", .bytes = claim->key, .bytes_size = 32},
                              {.name = "reply", .bytes = sealed, .bytes_size = size},
                              {0}});
}

static bool
run_handler(Call *call, Packed *packed)
{
    const ServerMethod *method = &server_methods[call->method - methods];
    const ProtobufCMessageDescriptor *descriptor = call->method->response->descriptor;
    ProtobufCMessage *response = call_alloc(call, descriptor->sizeof_message);

    if (response == NULL)
        return false;
    descriptor->message_init(response);

    bool ok = method->query != NULL ? db_fill(call, method->query, call->message, NULL, response)
                                    : method->handler(call, call->message, response);

    return ok && pack_response(call, response, packed);
}

/* The row of the key was there already: the call has run before, or runs now. */
static bool
is_replay(const Call *call)
{
    return call->failure.query == &query_idempotency_claim &&
           call->failure.code == CODE_ALREADY_EXISTS;
}

/* A repeated key: the stored reply of the same request, if it is there. */
static bool
replay(Call *call, const Claim *claim, Packed *packed)
{
    const DbRow *row;
    size_t size, hash_size;

    db_rollback(call);
    call_forget_failure(call);
    db_begin(call, DB_READ);
    if (!db_row(call, &query_idempotency_get, NULL,
                (DbArg[]){{.name = "key", .bytes = claim->key, .bytes_size = 32}, {0}}, &row))
        return false;

    const uint8_t *hash = row == NULL ? NULL : db_row_bytes(row, "request_hash", &hash_size);
    const uint8_t *reply = row == NULL ? NULL : db_row_bytes(row, "reply", &size);

    if (hash != NULL && memcmp(hash, claim->request_hash, 32) != 0)
        return call_fail_field(call, "idempotency_key", "was used for another request");
    if (reply == NULL) {
        call->failure.retry_after_ms = 100;
        return call_fail(call, CODE_ABORTED,
                         "the first call with this idempotency key has not finished");
    }
    return auth_unseal(call, call->request->idempotency_key.data, reply, size, &packed->data,
                       &packed->size);
}

/* Right before a commit: what its caller has given up does not happen. */
static bool
check_in_time(Call *call)
{
    return clock_us() < call->deadline_us ||
           call_fail(call, CODE_DEADLINE_EXCEEDED,
                     "the deadline passed before the call was done: nothing was changed");
}

static bool
dispatch_once(Call *call, Packed *packed)
{
    Claim claim;

    if (call->method->database == DATABASE_NONE)
        return run_handler(call, packed);
    if (!call->method->writes) {
        if (call->db != NULL)
            db_begin(call, DB_READ);
        return run_handler(call, packed);
    }
    make_claim(call, &claim);
    db_begin(call, DB_WRITE);
    if ((!claim.wanted || queue_claim(call, &claim)) && run_handler(call, packed) &&
        (!claim.wanted || queue_stored_reply(call, &claim, packed)) && audit_write(call) &&
        check_in_time(call) && db_commit(call))
        return true;
    return is_replay(call) ? replay(call, &claim, packed) : false;
}

static bool
dispatch_run(Call *call, Packed *packed)
{
    bool ok = dispatch_once(call, packed);

    /* The connection knows an older schema, or older roles: nothing was written, so the call runs
     * once more, on a new one. */
    if (!ok && call->failure.is_outdated) {
        char reason[256];

        db_rollback(call);
        if (db_ready(call->db, call->stop_fd, reason, sizeof reason)) {
            call_forget_failure(call);
            ok = dispatch_once(call, packed);
        }
    }
    db_rollback(call);
    return ok;
}

/* ---- 8 reply ---- */

static void
log_call(const Call *call)
{
    const char *method = call->method != NULL    ? call->method->name
                         : call->request != NULL ? call->request->method
                                                 : "";
    const char *trace = call->request != NULL ? call->request->traceparent : "";
    LogLevel level = call->failure.code == CODE_INTERNAL || call->failure.code == CODE_DATA_LOSS
                         ? LOG_LEVEL_ERROR
                     : call->failure.detail != NULL && call->failure.code == CODE_UNAVAILABLE
                         ? LOG_LEVEL_WARNING
                         : LOG_LEVEL_INFO;
    char method_text[WIRE_METHOD_MAX * 4 + 3], trace_text[WIRE_TRACEPARENT_MAX * 4 + 3];
    char text[1024], detail[1024];

    log_write(level, "call",
              "id=%s method=%s tenant=%" PRId64 " caller=%s:%" PRId64
              " peer=%s code=%s ms=%.3f%s%s%s%s%s%s%s%s",
              call->id, log_quote(method_text, sizeof method_text, method), call->tenant.id,
              caller_kind_name(call->caller.kind), caller_number(&call->caller), call->peer.address,
              code_name((int) call->failure.code), (double) (clock_us() - call->receive_us) / 1000,
              trace[0] != '\0' ? " trace=" : "",
              trace[0] != '\0' ? log_quote(trace_text, sizeof trace_text, trace) : "",
              call->failure.text != NULL ? " text=" : "",
              call->failure.text != NULL ? log_quote(text, sizeof text, call->failure.text) : "",
              call->failure.sqlstate[0] != '\0' ? " sqlstate=" : "", call->failure.sqlstate,
              call->failure.detail != NULL ? " detail=" : "",
              call->failure.detail != NULL ? log_quote(detail, sizeof detail, call->failure.detail)
                                           : "");
}

static void
fill_reply(Call *call, const Packed *packed, Reply *reply)
{
    clientiq__v1__reply__init(reply);
    reply->request_id = call->id;
    reply->code = (Clientiq__V1__Code) call->failure.code;
    reply->run = call->core->run;
    reply->receive_us =
        (uint64_t) (clock_boot_us() - call->core->start_us - (clock_us() - call->receive_us));
    if (call->explain.wanted) {
        reply->statements = call->explain.statements;
        reply->n_statements = call->explain.statements_count;
        reply->schemas = call->explain.schemas;
        reply->n_schemas = call->explain.schemas_count;
    }
    if (call->failure.code == CODE_OK) {
        reply->payload = (ProtobufCBinaryData){packed->size, packed->data};
        return;
    }
    if (call->failure.code == CODE_UNAVAILABLE && call->failure.retry_after_ms == 0)
        call->failure.retry_after_ms = 200;
    reply->message = (char *) (uintptr_t) (call->failure.text != NULL ? call->failure.text : "");
    reply->retry_after_ms = call->failure.retry_after_ms;
    reply->violations = call->failure.violations;
    reply->n_violations = call->failure.violations_count;
}

static bool
dispatch_serve(Call *call, const uint8_t *data, size_t size, Packed *packed)
{
    uint64_t number = atomic_fetch_add(&call->core->calls, 1);

    snprintf(call->id, sizeof call->id, "%.8s-%" PRIx64, call->core->run_id, number);
    call->caller.email = "";
    call->caller.permissions = "";
    call->origin = call->peer.address;
    call->deadline_us = call->receive_us + call->core->config->call_timeout_ms * 1000;
    if (!read_envelope(call, data, size) || !find_tenant(call) || !find_caller(call) ||
        !may_call(call) || !take_origin(call) || !read_message(call) || !may_ask(call))
        return false;
    /* a call that memory cannot answer is dispatched again by a worker, and must not count twice */
    if (call->db == NULL)
        return dispatch_run(call, packed) && within_rate(call);
    return within_rate(call) && dispatch_run(call, packed);
}

static void
count_call(const Call *call)
{
    metrics_call(call->core->metrics,
                 call->method != NULL ? (size_t) (call->method - methods) : methods_count,
                 (unsigned) call->failure.code, clock_us() - call->receive_us);
}

bool
dispatch_from_memory(Call *call, const uint8_t *data, size_t size, Reply *reply)
{
    Packed packed = {0};

    if (!dispatch_serve(call, data, size, &packed) || call->explain.wanted)
        return false;
    fill_reply(call, &packed, reply);
    count_call(call);
    return true;
}

static void
write_record(Call *call)
{
    db_rollback(call);
    db_begin(call, DB_WRITE);
    if (!call->record.write(call) || !db_commit(call))
        db_rollback(call);
}

static void
keep_record(Call *call)
{
    bool may_pass = call->failure.code == CODE_ABORTED || call->failure.code == CODE_UNAVAILABLE ||
                    call->failure.code == CODE_DEADLINE_EXCEEDED;

    if (call->record.write == NULL || may_pass)
        return;

    if (!call->record.is_platforms) {
        write_record(call);
        return;
    }

    TenantContext tenant = db_as_platform(call);

    write_record(call);
    db_as_tenant(call, &tenant);
}

void
dispatch(Call *call, const uint8_t *data, size_t size, Reply *reply)
{
    Packed packed = {0};

    metrics_add(call->core->metrics, METRIC_STARTED);
    if (!dispatch_serve(call, data, size, &packed) && call->db != NULL)
        keep_record(call);
    fill_reply(call, &packed, reply);
    metrics_add(call->core->metrics, METRIC_ENDED);
    count_call(call);
    /* after the reply, which must not show whether a row was due */
    if (call->failure.is_refused && call->db != NULL)
        audit_refuse(call->core->audit, call);
    if (call->method == NULL || call->method->database != DATABASE_NONE ||
        call->failure.code != CODE_OK)
        log_call(call);
}
