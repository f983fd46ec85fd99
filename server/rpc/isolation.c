/* VerifyIsolation: tries what must be impossible, and reads in the catalog what would make it
 * possible.  The attempts run on a connection of their own, signed in as the workers are (or as the
 * tenant's role, where that can be signed in), in transactions that are always rolled back. Nothing
 * here repairs anything.  */
#include "db/db.h"
#include "db/queries.h"
#include "rpc/handlers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LOCK_MS = 200 }; /* an attempt must be refused before it waits for a lock */

/* What is known of one tenant, or (all empty) of the installation. */
typedef struct Subject {
    TenantContext context;
    bool may_login;
    const char *state, *other_schema, *other_role;
} Subject;

typedef struct Verifier {
    Call *call;
    Call attempts; /* the same call on the connection of the attempts */
    DbOptions options,
        user_options; /* of that connection, and of one signed in as a tenant's role */
    const char *platform_role, *owner_login, *a_schema;
    bool failed_only;
    VerifyIsolationResponse *response;
    VerifiedTenant *tenant; /* whose checks are counted; NULL: the installation */
    size_t room;
} Verifier;

/* ---- the report ---- */

static bool
add_check(Verifier *verifier, IsolationCheck *check)
{
    VerifyIsolationResponse *response = verifier->response;
    IsolationCheck **list;

    if (verifier->tenant != NULL) {
        verifier->tenant->checks++;
        verifier->tenant->failed += !check->ok;
    }
    if (check->ok && verifier->failed_only)
        return true;
    list = call_grow(verifier->call, response->checks, response->n_checks, &verifier->room);
    if (list == NULL)
        return false;
    response->checks = list;
    list[response->n_checks++] = check;
    return true;
}

/* The texts live as long as the call. */
static bool
add_attempt(Verifier *verifier, const char *schema, const char *subject, const char *attempt,
            const char *expected, const char *got)
{
    IsolationCheck *check = call_alloc(verifier->call, sizeof *check);

    if (check == NULL)
        return false;
    clientiq__v1__isolation_check__init(check);
    check->schema_name = (char *) (uintptr_t) schema;
    check->subject = (char *) (uintptr_t) subject;
    check->attempt = (char *) (uintptr_t) attempt;
    check->expected = (char *) (uintptr_t) expected;
    check->got = (char *) (uintptr_t) got;
    check->ok = strcmp(expected, got) == 0;
    return add_check(verifier, check);
}

/* The checks that a statement returns. */
static bool
add_checks(Verifier *verifier, Call *call, const Query *query, const DbArg *args)
{
    VerifyIsolationResponse *part = call_alloc(call, sizeof *part);

    if (part == NULL)
        return false;
    clientiq__v1__verify_isolation_response__init(part);
    if (!db_fill(call, query, NULL, args, &part->base))
        return false;
    for (size_t i = 0; i < part->n_checks; i++)
        if (!add_check(verifier, part->checks[i]))
            return false;
    return true;
}

/* ---- attempts ---- */

/* who: "tenant", "platform", or "worker" (without a role).  The transaction's context is that of a
 * real call. */
static bool
try_as(Verifier *verifier, Call *attempts, const Subject *subject, const char *who, bool login)
{
    bool ok;

    attempts->tenant = subject->context;
    db_begin(attempts, DB_WRITE);
    ok = db_script(
             attempts, script_isolation_try.text,
             (DbArg[]){{.name = "who", .text = who},
                       {.name = "login", .text = login ? "yes" : "no"},
                       {.name = "state", .text = subject->state},
                       {.name = "own", .text = subject->context.schema},
                       {.name = "role", .text = subject->context.role},
                       {.name = "other", .text = subject->other_schema},
                       {.name = "other_role", .text = subject->other_role},
                       {.name = "platform", .text = verifier->platform_role},
                       {.name = "worker", .text = verifier->call->core->installation.worker_login},
                       {.name = "owner", .text = verifier->owner_login},
                       {0}}) &&
         add_checks(verifier, attempts, &query_isolation_attempts,
                    (DbArg[]){{.name = "schema", .text = subject->context.schema}, {0}});
    if (!ok)
        verifier->call->failure = attempts->failure;
    db_rollback(attempts);
    return ok;
}

/* Signed in as the role itself where the database lets it; else with the role set, as every call
 * has it. */
static bool
try_as_tenant(Verifier *verifier, const Subject *subject)
{
    Call user = verifier->attempts;
    char reason[256];
    bool ok;

    if (!subject->may_login)
        return try_as(verifier, &verifier->attempts, subject, "tenant", false);
    verifier->user_options.user = subject->context.role;
    user.db = db_new(&verifier->user_options);
    ok = user.db != NULL && db_ready(user.db, user.stop_fd, reason, sizeof reason)
             ? try_as(verifier, &user, subject, "tenant", true)
             : try_as(verifier, &verifier->attempts, subject, "tenant", false);
    db_free(user.db);
    return ok;
}

/* A call of a user, traced as --explain does it: the schemas that it touched. */
static bool
trace_call(Verifier *verifier, const Subject *subject)
{
    Call *call = verifier->call, traced = verifier->attempts;
    ListUsersRequest *request = call_alloc(call, sizeof *request);
    ListUsersResponse *response = call_alloc(call, sizeof *response);
    char *schemas = call_strdup(call, "");
    bool ok;

    if (request == NULL || response == NULL)
        return false;
    clientiq__v1__list_users_request__init(request);
    clientiq__v1__list_users_response__init(response);
    request->page_size = 1;
    traced.tenant = subject->context;
    traced.explain.wanted = true;
    traced.explain.statements_count = traced.explain.schemas_count = 0;
    traced.explain.schemas = NULL;
    traced.explain.statements = NULL;
    db_begin(&traced, DB_READ);
    ok = db_fill(&traced, &query_users_by_id, &request->base, NULL, &response->base);
    db_rollback(&traced);
    for (size_t i = 0; ok && schemas != NULL && i < traced.explain.schemas_count; i++)
        schemas =
            call_printf(call, "%s%s%s", schemas, i > 0 ? ", " : "", traced.explain.schemas[i]);
    if (!ok)
        schemas = call_printf(call, "%s",
                              traced.failure.detail != NULL ? traced.failure.detail
                                                            : traced.failure.text);
    return schemas != NULL && add_attempt(verifier, verifier->tenant->schema_name, "trace",
                                          "the schemas that ListUsers touches",
                                          verifier->tenant->schema_name, schemas);
}

/* ---- one tenant ---- */

static bool
read_subject(Verifier *verifier, Subject *subject, const char **broken)
{
    const VerifiedTenant *tenant = verifier->tenant;
    Call *call = verifier->call;
    const char *id = call_printf(call, "%" PRId64, tenant->id);
    const DbRow *row;

    *broken = NULL;
    if (id == NULL ||
        !db_row(call, &query_isolation_tenant, NULL,
                (DbArg[]){{.name = "id", .text = id},
                          {.name = "worker", .text = call->core->installation.worker_login},
                          {0}},
                &row))
        return false;
    if (row == NULL) {
        *broken = "the tenant is gone";
        return true;
    }
    *subject = (Subject){
        .context = {.id = tenant->id},
        .may_login = db_row_bool(row, "may_login"),
        .state = tenant->state,
        .other_schema = db_row_text(row, "other_schema"),
        .other_role = db_row_text(row, "other_role"),
    };
    snprintf(subject->context.schema, sizeof subject->context.schema, "%s", tenant->schema_name);
    snprintf(subject->context.role, sizeof subject->context.role, "%s", db_row_text(row, "role"));
    if (!db_row_bool(row, "has_schema"))
        *broken = "the schema is gone";
    else if (!db_row_bool(row, "has_role"))
        *broken = "the role is gone";
    else if (!db_row_bool(row, "worker_is_member"))
        *broken = "the workers' login cannot set the role";
    return true;
}

static bool
isolation_verify(Verifier *verifier)
{
    const char *schema = verifier->tenant->schema_name, *broken;
    Subject subject;

    if (!read_subject(verifier, &subject, &broken))
        return false;
    if (!add_attempt(verifier, schema, "tenant", "its schema, its role, and the way to it", "there",
                     broken != NULL ? broken : "there"))
        return false;
    if (broken != NULL)
        return true;

    const DbArg args[] = {
        {.name = "schema", .text = schema},
        {.name = "role", .text = subject.context.role},
        {.name = "worker", .text = verifier->call->core->installation.worker_login},
        {0}};

    return try_as_tenant(verifier, &subject) &&
           try_as(verifier, &verifier->attempts, &subject, "worker", false) &&
           (strcmp(subject.state, "active") != 0 || trace_call(verifier, &subject)) &&
           add_checks(verifier, verifier->call, &query_isolation_role, args) &&
           add_checks(verifier, verifier->call, &query_isolation_rights, args) &&
           add_checks(verifier, verifier->call, &query_isolation_objects, args);
}

static bool
verify_installation(Verifier *verifier)
{
    const Subject subject = {.state = "", .other_schema = verifier->a_schema, .other_role = ""};

    return try_as(verifier, &verifier->attempts, &subject, "worker", false) &&
           try_as(verifier, &verifier->attempts, &subject, "platform", false) &&
           add_checks(verifier, verifier->call, &query_isolation_platform, NULL);
}

/* ---- the page ---- */

static bool
verify_page(Verifier *verifier, bool is_first)
{
    VerifyIsolationResponse *response = verifier->response;

    if (is_first && !verify_installation(verifier))
        return false;
    for (size_t i = 0; i < response->n_tenants; i++) {
        verifier->tenant = response->tenants[i];
        if (!isolation_verify(verifier))
            return false;
    }
    return true;
}

static bool
read_names(Verifier *verifier)
{
    const DbRow *row;

    if (!db_row(verifier->call, &query_isolation_names, NULL, NULL, &row))
        return false;
    verifier->platform_role = db_row_text(row, "platform_role");
    verifier->owner_login = db_row_text(row, "owner_login");
    verifier->a_schema = db_row_text(row, "a_schema");
    return verifier->platform_role != NULL && verifier->owner_login != NULL &&
           verifier->a_schema != NULL;
}

bool
rpc_verify_isolation(Call *call, const VerifyIsolationRequest *request,
                     VerifyIsolationResponse *response)
{
    Verifier *verifier = call_alloc(call, sizeof *verifier);
    char reason[256] = "no memory";
    bool ok;

    if (verifier == NULL ||
        !db_fill(call, &query_verify_page, &request->base, NULL, &response->base))
        return false;
    if (request->schema_name[0] != '\0' && response->n_tenants == 0)
        return call_fail(call, CODE_NOT_FOUND, "no tenant with the schema %s",
                         request->schema_name);
    *verifier = (Verifier){
        .call = call, .attempts = *call, .failed_only = request->failed, .response = response};
    if (!read_names(verifier))
        return false;
    verifier->options = *call->core->worker_options;
    verifier->options.tries = true;
    verifier->user_options = verifier->options;
    verifier->attempts.lock_timeout_ms = LOCK_MS;
    verifier->attempts.explain = (CallExplain){0};
    verifier->attempts.db = db_new(&verifier->options);
    ok = verifier->attempts.db != NULL &&
                 db_ready(verifier->attempts.db, call->stop_fd, reason, sizeof reason)
             ? verify_page(verifier, request->page_token[0] == '\0')
             : call_fail(call, CODE_UNAVAILABLE,
                         "a connection for the attempts cannot be opened: %s", reason);
    db_free(verifier->attempts.db);
    return ok;
}
