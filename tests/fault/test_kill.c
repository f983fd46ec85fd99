/* The server, a process of its own, is killed at moments all over the life of a tenant, while
 * PostgreSQL stays: after the restart all of it has happened or nothing, what goes on by itself
 * goes on to its end, and the same call with the same key succeeds, with one effect.  */
#include "harness/fleet.h"

#include "client/call.h"
#include "client/cli/cli.h"
#include "client/cli/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOMENTS = 10 };

typedef struct Victim {
    TestDatabase database;
    ServerProcess process;
    char mail[64]; /* the folder of what a conversion mails */
    CiqClient *client;
    int unfinished; /* what the server died in */
} Victim;

/* ---- the server ---- */

static void
victim_start(Victim *victim)
{
    const char *const options[] = {"--mail-dir",
                                   victim->mail,
                                   "--workers",
                                   "2",
                                   "--password-workers",
                                   "1",
                                   "--demo-per-origin",
                                   "100000",
                                   "--verify-domains",
                                   "off",
                                   NULL};

    process_start(&victim->process, &victim->database, "", options);
    victim->client = process_operator(&victim->process);
}

static int
victim_setup(void **state)
{
    Victim *victim = calloc(1, sizeof *victim);

    assert_non_null(victim);
    folder_new(victim->mail);
    database_new(&victim->database);
    victim_start(victim);
    *state = victim;
    return 0;
}

static int
victim_teardown(void **state)
{
    Victim *victim = *state;

    ciq_client_free(victim->client);
    if (victim->process.pid != 0)
        process_stop(&victim->process);
    database_drop(&victim->database);
    folder_remove(victim->mail);
    free(victim);
    return 0;
}

/* ---- one call, and what there is ---- */

typedef struct Attempt {
    Victim *victim;
    const Method *method;
    const char *request;
    uint8_t key[WIRE_KEY_SIZE];
    bool once;
    int code;
    char text[256];
} Attempt;

static void *
attempt(void *argument)
{
    Attempt *call = argument;
    CiqError *error = NULL;
    char wrong[JSON_MESSAGE] = "";
    json_t *json = json_loads(call->request, 0, NULL);
    ProtobufCMessage *request = json_to_message(call->method->request->descriptor, json, wrong);
    ProtobufCMessage *response =
        ciq_call(call->victim->client, call->method, request,
                 &(CiqCallOptions){.idempotency_key = call->key, .once = call->once}, &error);

    call->code = error == NULL ? CODE_OK : ciq_error_code(error);
    snprintf(call->text, sizeof call->text, "%s", error == NULL ? "" : ciq_error_message(error));
    ciq_error_free(error);
    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    protobuf_c_message_free_unpacked(request, NULL);
    json_decref(json);
    return NULL;
}

/* What the registry and the database have under a name: the tenant's state, its schema, its role's
 * right to it, its domains, its users; and its demo request's state. */
static const char *
things(const Victim *victim, const char *schema)
{
    static char text[256];

    snprintf(
        text, sizeof text, "%s",
        database_value(
            &victim->database,
            "select coalesce((select t.state || ' ' || (n.oid is not null)::int "
            "|| coalesce(has_schema_privilege(t.role, n.oid, 'usage'), false)::int "
            "|| (select count(*) from public.tenants_domain d where d.tenant_id = t.id) "
            "from public.tenants_tenant t left join pg_namespace n on n.nspname = t.schema_name "
            "where coalesce(t.former_schema_name, t.schema_name) = '%s'), 'none') "
            "|| ' ' || (select count(*) from pg_namespace where nspname = '%s') "
            "|| coalesce((select ' ' || state from public.demo_demorequest "
            "where company_name = '%s'), '')",
            schema, schema, schema));
    return text;
}

/* The registry and the database agree about everything. */
static void
assert_reconciled(Victim *victim)
{
    CiqError *error = NULL;
    CiqReconcileTenantsRequest request = CLIENTIQ__V1__RECONCILE_TENANTS_REQUEST__INIT;
    CiqReconcileTenantsResponse *response = ciq_reconcile_tenants(victim->client, &request, &error);

    assert_ok(error);
    if (response->n_findings > 0)
        fail_msg("%s: %s: %s", response->findings[0]->kind, response->findings[0]->name,
                 response->findings[0]->text);
    ciq_reconcile_tenants_response_free(response);
}

/* ---- the operations ---- */

typedef struct Operation {
    const char *method;
    const char *request; /* %s is the schema's name */
    void (*prepare)(Victim *victim, const char *schema);
    const char *before, *after; /* of things() */
    const char *between;        /* what the beginning of it may be, too; NULL: nothing */
    const char *new_schema;     /* what it is called afterwards, %s again; NULL: the same */
} Operation;

static void
prepare_nothing(Victim *victim, const char *schema)
{
    (void) victim;
    (void) schema;
}

static void
prepare_active(Victim *victim, const char *schema)
{
    tenant_new(victim->client, schema);
}

static void
prepare_deleted(Victim *victim, const char *schema)
{
    tenant_new(victim->client, schema);
    expect_json(victim->client, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"%s\"}", schema);
}

/* With more tables than one transaction of the purge drops. */
static void
prepare_large_deleted(Victim *victim, const char *schema)
{
    PGconn *owner = PQconnectdb(victim->database.owner);

    tenant_new(victim->client, schema);
    connection_run(
        owner,
        "do $$begin for i in 1..200 loop execute format('create table %s.more_%%s (id bigint primary key)', "
        "i); end loop; end$$",
        schema);
    PQfinish(owner);
    expect_json(victim->client, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"%s\"}", schema);
}

static void
prepare_demo(Victim *victim, const char *schema)
{
    expect_json(
        victim->client, "TenantService/CreateDemoRequest", CODE_OK, NULL,
        "{\"demo_request\": {\"company_name\": \"%s\", \"first_name\": \"Dora\", \"email\": "
        "\"dora@%s.example\"}}",
        schema, schema);
}

static void
make_request(const Victim *victim, const Operation *operation, const char *schema, char *text,
             size_t size)
{
    const char *rest = operation->request, *mark;

    text[0] = '\0';
    while ((mark = strchr(rest, '%')) != NULL) {
        size_t used = strlen(text);
        const char *value = mark[1] == 's'
                                ? schema
                                : database_value(&victim->database,
                                                 "select id from public.demo_demorequest where "
                                                 "company_name = '%s'",
                                                 schema);

        snprintf(text + used, size - used, "%.*s%s", (int) (mark - rest), rest, value);
        rest = mark + 2;
    }
    snprintf(text + strlen(text), size - strlen(text), "%s", rest);
}

typedef struct Wanted {
    const Victim *victim;
    const char *schema, *things;
} Wanted;

static bool
has_come(void *argument)
{
    const Wanted *wanted = argument;

    return strcmp(things(wanted->victim, wanted->schema), wanted->things) == 0;
}

/* One call, and after delay_us the end of the server; < 0: it lives.  Gives how long the call took.
 */
static int64_t
strike(Victim *victim, const Operation *operation, int number, int64_t delay_us)
{
    char schema[48], new_schema[48], request[512];
    pthread_t thread;
    Attempt call = {.victim = victim,
                    .request = request,
                    .once = true,
                    .method = method_by_name(operation->method)};

    snprintf(schema, sizeof schema, "%.20s%d", strchr(operation->method, '/') + 1, number);
    for (char *c = schema; *c != '\0'; c++)
        *c = (char) (*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    snprintf(new_schema, sizeof new_schema, operation->new_schema != NULL ? "%s_new" : "%s",
             schema);
    operation->prepare(victim, schema);
    make_request(victim, operation, schema, request, sizeof request);
    snprintf((char *) call.key, sizeof call.key, "key-%d-%.6s", number,
             strchr(operation->method, '/') + 1);
    assert_string_equal(things(victim, schema), operation->before);

    int64_t start_us = now_us();
    assert_int_equal(pthread_create(&thread, NULL, attempt, &call), 0);
    if (delay_us >= 0) {
        /* the fault itself, not a wait for anything */
        nanosleep(&(struct timespec){delay_us / 1000000, delay_us % 1000000 * 1000}, NULL);
        process_kill(&victim->process);
    }
    pthread_join(thread, NULL);
    int64_t duration_us = now_us() - start_us;
    int first = call.code;

    if (delay_us >= 0) {
        ciq_client_free(victim->client);
        victim->client = NULL;
        /* the transaction of the dead server ends when PostgreSQL comes to it */
        wait_for_value(&victim->database, "0",
                       "select count(*) from pg_stat_activity where datname = "
                       "current_database() and pid <> pg_backend_pid()");

        /* all or nothing, and all if the caller was told so */
        bool is_before = strcmp(things(victim, schema), operation->before) == 0;
        bool is_after = strcmp(things(victim, new_schema), operation->after) == 0;
        bool is_between =
            operation->between != NULL &&
            strncmp(things(victim, schema), operation->between, strlen(operation->between)) == 0;
        if (!is_before && !is_after && !is_between)
            fail_msg("%s after %lld us: %s", operation->method, (long long) delay_us,
                     things(victim, schema));
        if (first == CODE_OK && !is_after && !is_between)
            fail_msg("%s was acknowledged and is lost", operation->method);
        if (first != CODE_OK && first != CODE_UNAVAILABLE)
            fail_msg("%s: %s %s", operation->method, code_name(first), call.text);

        victim->unfinished += first != CODE_OK || !is_after;
        victim_start(victim);
        assert_reconciled(victim);
        call.once = false;
        attempt(&call);
    }
    if (call.code != CODE_OK)
        fail_msg("%s %s: %s %s", operation->method, request, code_name(call.code), call.text);
    wait_until("the end of what was begun", has_come,
               &(Wanted){victim, new_schema, operation->after});
    if (operation->new_schema != NULL)
        assert_string_equal(things(victim, schema), "none 0");
    /* what goes on after the call is struck, too */
    return operation->between != NULL ? now_us() - start_us : duration_us;
}

static void
strike_all_over(Victim *victim, const Operation *operation)
{
    char count[16];
    int64_t duration_us = strike(victim, operation, 0, -1);

    for (int i = 1; i <= MOMENTS; i++)
        strike(victim, operation, i, duration_us * 12 / 10 * i / MOMENTS);
    assert_reconciled(victim);
    assert_true(victim->unfinished > 0); /* or it has tried nothing */

    /* one effect each */
    snprintf(count, sizeof count, "%d", MOMENTS + 1);
    assert_string_equal(database_value(&victim->database,
                                       "select count(*) from public.core_audit where code = 0 and "
                                       "method = 'clientiq.v1.%s'",
                                       operation->method),
                        count);
    assert_string_equal(
        database_value(&victim->database,
                       "select count(*) from public.tenants_tenant t, public.role_pool p where "
                       "p.role = t.role"),
        "0");
}

static void
test_kill__create(void **state)
{
    strike_all_over(
        *state,
        &(Operation){
            .method = "TenantService/CreateTenant",
            .request =
                "{\"tenant\": {\"name\": \"K\", \"schema_name\": \"%s\"}, \"domain\": \"%s.localhost\", "
                "\"admin_email\": \"a@b.example\", \"admin_password\": \"correct horse\"}",
            .prepare = prepare_nothing,
            .before = "none 0",
            .after = "active 111 1"});
}

static void
test_kill__convert(void **state)
{
    Victim *victim = *state;

    strike_all_over(
        victim,
        &(Operation){.method = "TenantService/ConvertDemoRequest",
                     .request =
                         "{\"id\": %d, \"schema_name\": \"%s\", \"domain\": \"%s.localhost\"}",
                     .prepare = prepare_demo,
                     .before = "none 0 pending",
                     .after = "active 111 1 converted"});
    /* each contact gets one mail, and is one user */
    for (int i = 0; i <= MOMENTS; i++)
        assert_string_equal(
            database_value(
                &victim->database,
                "select (select count(*) from convertdemorequest%d.core_outbox) || ' ' || "
                "(select count(*) from convertdemorequest%d.users_customuser)",
                i, i),
            "1 1");
}

static void
test_kill__delete(void **state)
{
    strike_all_over(*state, &(Operation){.method = "TenantService/DeleteTenant",
                                         .request = "{\"schema_name\": \"%s\"}",
                                         .prepare = prepare_active,
                                         .before = "active 111 1",
                                         .after = "deleted 101 0"});
}

static void
test_kill__undelete(void **state)
{
    strike_all_over(*state, &(Operation){.method = "TenantService/UndeleteTenant",
                                         .request = "{\"schema_name\": \"%s\"}",
                                         .prepare = prepare_deleted,
                                         .before = "deleted 101 0",
                                         .after = "active 111 1"});
}

static void
test_kill__rename(void **state)
{
    strike_all_over(
        *state,
        &(Operation){.method = "TenantService/RenameTenant",
                     .request = "{\"schema_name\": \"%s\", \"new_schema_name\": \"%s_new\"}",
                     .new_schema = "%s_new",
                     .prepare = prepare_active,
                     .before = "active 111 1",
                     .after = "active 111 1"});
}

/* The job does it after the call, in several transactions. */
static void
test_kill__purge(void **state)
{
    strike_all_over(*state, &(Operation){.method = "TenantService/PurgeTenant",
                                         .request = "{\"schema_name\": \"%s\"}",
                                         .prepare = prepare_large_deleted,
                                         .before = "deleted 101 0",
                                         .after = "none 0",
                                         .between = "purging "});
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill__create, victim_setup, victim_teardown),
        cmocka_unit_test_setup_teardown(test_kill__convert, victim_setup, victim_teardown),
        cmocka_unit_test_setup_teardown(test_kill__delete, victim_setup, victim_teardown),
        cmocka_unit_test_setup_teardown(test_kill__undelete, victim_setup, victim_teardown),
        cmocka_unit_test_setup_teardown(test_kill__rename, victim_setup, victim_teardown),
        cmocka_unit_test_setup_teardown(test_kill__purge, victim_setup, victim_teardown),
    };

    return run_cases(tests, NULL, NULL);
}
