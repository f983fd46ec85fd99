/* Figures, each beside its baseline in the same run:
 *
 * - health: Health of the server, against a bare nng REP that echoes as many bytes.
 * - check: CheckPermission by an API key, warm, against Health and against ResolveDomain of the
 * same server.
 * - getuser: authenticated GetUser over many tenants at random, against a C loop that sends exactly
 *   the same statements through libpq, as the same worker's login, with as many connections.
 * - create: CreateTenant, against psql-like sending of the same DDL in one string on one
 * connection.
 * - growth: the same at 10, 1,000 and 10,000 tenants while GetUser runs, and its slowest hundredth
 *   then and before.
 * - flood: the slowest hundredth of GetUser while sign-ins flood the server, against the same
 *   without.
 * - fair: the median of GetUser beside floods of another tenant's and of strangers' calls, against
 *   the same without.
 * - login: a sign-in of an unknown e-mail, against one with a wrong password.
 *
 * Called by tools/bench/run, which starts the server and names its parts in the environment. Ratios
 * of medians over several rounds that take turns, so that a machine that gets slower slows both. */
#include "client/call.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, ROUND_MS = 2000, IN_FLIGHT = 64, ECHO_CONTEXTS = 128, TENANTS_MAX = 20000 };

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static const char *
environment(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL) {
        fprintf(stderr, "bench: %s is not set; start it by tools/bench/run\n", name);
        exit(2);
    }
    return value;
}

static int
compare(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return (left > right) - (left < right);
}

static double
median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

/* ---- many requests in flight on one bare REQ socket: the same client for both sides ---- */

typedef struct Load {
    nng_socket socket;
    const uint8_t *data; /* of one request; several take turns */
    const size_t *offsets;
    size_t requests;
    _Atomic size_t next, done, failed;
    _Atomic bool stop;
    _Atomic int running;
    double *times_us; /* of each call, if there is room; NULL: nobody asks */
    size_t times_max;
    _Atomic size_t times_count;
    struct Slot *slots;
    int in_flight;
} Load;

typedef struct Slot Slot;
struct Slot {
    Load *load;
    nng_ctx context;
    nng_aio *aio;
    bool receiving;
    double sent_s;
};

static void
slot_send(Slot *slot)
{
    Load *load = slot->load;
    size_t i = atomic_fetch_add(&load->next, 1) % load->requests;
    nng_msg *message;

    nng_msg_alloc(&message, 0);
    nng_msg_append(message, load->data + load->offsets[i], load->offsets[i + 1] - load->offsets[i]);
    nng_aio_set_msg(slot->aio, message);
    slot->receiving = false;
    slot->sent_s = now_s();
    nng_ctx_send(slot->context, slot->aio);
}

static void
slot_callback(void *argument)
{
    Slot *slot = argument;
    Load *load = slot->load;

    if (nng_aio_result(slot->aio) != 0) {
        atomic_fetch_add(&load->failed, 1);
        atomic_fetch_sub(&load->running, 1);
        return;
    }
    if (!slot->receiving) {
        slot->receiving = true;
        nng_ctx_recv(slot->context, slot->aio);
        return;
    }

    nng_msg *message = nng_aio_get_msg(slot->aio);

    /* a reply that failed starts with its code, field 1 */
    if (nng_msg_len(message) > 0 && *(uint8_t *) nng_msg_body(message) == 0x08)
        atomic_fetch_add(&load->failed, 1);
    nng_msg_free(message);
    atomic_fetch_add(&load->done, 1);
    if (load->times_us != NULL) {
        size_t place = atomic_fetch_add(&load->times_count, 1);

        if (place < load->times_max)
            load->times_us[place] = (now_s() - slot->sent_s) * 1e6;
    }
    if (atomic_load(&load->stop)) {
        atomic_fetch_sub(&load->running, 1);
        return;
    }
    slot_send(slot);
}

static void
load_start(Load *load, const char *url)
{
    load->slots = calloc((size_t) load->in_flight, sizeof *load->slots);
    if (nng_req0_open(&load->socket) != 0 || nng_dial(load->socket, url, NULL, 0) != 0) {
        fprintf(stderr, "bench: cannot dial %s\n", url);
        exit(1);
    }
    load->running = load->in_flight;
    for (int i = 0; i < load->in_flight; i++) {
        Slot *slot = &load->slots[i];

        slot->load = load;
        nng_ctx_open(&slot->context, load->socket);
        nng_ctx_set_ms(slot->context, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
        nng_aio_alloc(&slot->aio, slot_callback, slot);
        slot_send(slot);
    }
}

static void
load_stop(Load *load)
{
    atomic_store(&load->stop, true);
    while (atomic_load(&load->running) > 0)
        usleep(1000);
    nng_close(load->socket);
    for (int i = 0; i < load->in_flight; i++)
        nng_aio_free(load->slots[i].aio);
    free(load->slots);
}

/* Requests per second with so many in flight. */
static double
measure(const char *url, const uint8_t *data, const size_t *offsets, size_t requests, int in_flight)
{
    Load load = {.data = data, .offsets = offsets, .requests = requests, .in_flight = in_flight};
    double start, rate;

    load_start(&load, url);
    usleep(200000); /* warm */
    start = now_s();
    size_t done_before = atomic_load(&load.done);
    usleep(ROUND_MS * 1000);
    rate = (double) (atomic_load(&load.done) - done_before) / (now_s() - start);
    load_stop(&load);
    if (load.failed > 0)
        fprintf(stderr, "bench: %zu of %zu requests failed\n", (size_t) load.failed,
                (size_t) load.done);
    return rate;
}

/* A load whose calls are timed. */
static void
timed_start(Load *load, const char *url)
{
    enum { TIMES = 1 << 22 };

    load->times_us = calloc(TIMES, sizeof *load->times_us);
    load->times_max = TIMES;
    load_start(load, url);
}

/* Ends it, and gives what so much of its calls (0.5: half of them) took at most, in microseconds.
 */
static double
timed_stop(Load *load, double part)
{
    size_t count;
    double time_us;

    load_stop(load);
    count = load->times_count < load->times_max ? load->times_count : load->times_max;
    qsort(load->times_us, count, sizeof *load->times_us, compare);
    time_us = count == 0 ? 0 : load->times_us[(size_t) ((double) count * part)];
    free(load->times_us);
    if (load->failed > 0)
        fprintf(stderr, "bench: %zu of %zu requests failed\n", (size_t) load->failed,
                (size_t) load->done);
    return time_us;
}

/* What the slowest hundredth took. */
static double
timed_stop_p99(Load *load)
{
    return timed_stop(load, 0.99);
}

static double
measure_p99(const char *url, const uint8_t *data, const size_t *offsets, size_t requests,
            int in_flight)
{
    Load load = {.data = data, .offsets = offsets, .requests = requests, .in_flight = in_flight};

    timed_start(&load, url);
    usleep(ROUND_MS * 1000);
    return timed_stop_p99(&load);
}

/* ---- the echo ---- */

typedef struct Echo {
    nng_ctx context;
    nng_aio *aio;
    bool sending;
    size_t reply_size;
} Echo;

static void
echo_callback(void *argument)
{
    Echo *echo = argument;

    if (nng_aio_result(echo->aio) != 0)
        return;
    if (echo->sending) {
        echo->sending = false;
        nng_ctx_recv(echo->context, echo->aio);
        return;
    }

    nng_msg *message = nng_aio_get_msg(echo->aio);

    nng_msg_realloc(message, echo->reply_size);
    if (echo->reply_size > 0)
        memset(nng_msg_body(message), 0x42, echo->reply_size);
    nng_aio_set_msg(echo->aio, message);
    echo->sending = true;
    nng_ctx_send(echo->context, echo->aio);
}

/* In a process of its own, as the server is. */
static int
echo_main(const char *url, size_t reply_size)
{
    static Echo echoes[ECHO_CONTEXTS];
    nng_socket socket;

    if (nng_rep0_open(&socket) != 0 || nng_listen(socket, url, NULL, 0) != 0)
        return 1;
    for (int i = 0; i < ECHO_CONTEXTS; i++) {
        echoes[i].reply_size = reply_size;
        nng_ctx_open(&echoes[i].context, socket);
        nng_aio_alloc(&echoes[i].aio, echo_callback, &echoes[i]);
        nng_ctx_recv(echoes[i].context, echoes[i].aio);
    }
    puts("ready");
    fflush(stdout);
    (void) !read(STDIN_FILENO, &(char){0}, 1);
    return 0;
}

/* ---- requests ---- */

static size_t
pack_request(const char *method, const char *tenant, const char *token,
             const ProtobufCMessage *message, uint8_t *out)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t payload[256];

    request.method = (char *) (uintptr_t) method;
    request.tenant = (char *) (uintptr_t) tenant;
    request.token = (char *) (uintptr_t) token;
    request.timeout_ms = 60000;
    request.payload.data = payload;
    request.payload.len = protobuf_c_message_pack(message, payload);
    return clientiq__v1__request__pack(&request, out);
}

static void
print_row(const char *name, double ours, double baseline, const char *unit)
{
    printf("| %-28s | %10.0f | %10.0f | %s | %.2f |\n", name, ours, baseline, unit,
           ours / baseline);
    fflush(stdout);
}

static void
bench_health(const char *transport)
{
    char name[64], ours_name[64], echo_name[64];
    double ours[ROUNDS], baseline[ROUNDS];
    uint8_t data[256];
    size_t offsets[2] = {0};
    CiqHealthCheckRequest message = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    const int flights[] = {IN_FLIGHT, 1};

    snprintf(ours_name, sizeof ours_name, "BENCH_URL_%s", transport);
    snprintf(echo_name, sizeof echo_name, "BENCH_ECHO_%s", transport);
    offsets[1] = pack_request("grpc.health.v1.Health/Check", "", "", &message.base, data);
    for (size_t f = 0; f < 2; f++) {
        for (int i = 0; i < ROUNDS; i++) {
            ours[i] = measure(environment(ours_name), data, offsets, 1, flights[f]);
            baseline[i] = measure(environment(echo_name), data, offsets, 1, flights[f]);
        }
        snprintf(name, sizeof name, "Health, %s, %d in flight", transport, flights[f]);
        print_row(name, median(ours, ROUNDS), median(baseline, ROUNDS), "calls/s");
    }
}

/* ---- GetUser ---- */

typedef struct Tenants {
    size_t count;
    char schema[TENANTS_MAX][32];
    char role[TENANTS_MAX][64];
} Tenants;

static Tenants tenants;

static PGconn *
connect_to(const char *conninfo)
{
    PGconn *connection = PQconnectdb(conninfo);

    if (PQstatus(connection) != CONNECTION_OK) {
        fprintf(stderr, "bench: %s", PQerrorMessage(connection));
        exit(1);
    }
    return connection;
}

static void
read_tenants(void)
{
    PGconn *owner = connect_to(environment("BENCH_OWNER"));
    PGresult *result =
        PQexec(owner, "select schema_name, role from public.tenants_tenant "
                      "where state = 'active' and schema_name like 'bench%' order by id");

    tenants.count = (size_t) PQntuples(result);
    for (size_t i = 0; i < tenants.count && i < TENANTS_MAX; i++) {
        snprintf(tenants.schema[i], sizeof tenants.schema[i], "%s", PQgetvalue(result, (int) i, 0));
        snprintf(tenants.role[i], sizeof tenants.role[i], "%s", PQgetvalue(result, (int) i, 1));
    }
    PQclear(result);
    PQfinish(owner);
}

/* As many at a time as the server has connections of the owner's, so that thousands do not take all
 * day. */
enum { MAKERS = 4 };

typedef struct Maker {
    pthread_t thread;
    CiqClient *client;
    size_t first, end;
} Maker;

static void *
maker_run(void *argument)
{
    Maker *maker = argument;

    for (size_t i = maker->first; i < maker->end; i += MAKERS) {
        CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
        CiqCreateTenantRequest request = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
        CiqError *error = NULL;
        char schema[32], domain[64];

        snprintf(schema, sizeof schema, "bench%zu", i);
        snprintf(domain, sizeof domain, "%s.localhost", schema);
        tenant.name = tenant.schema_name = schema;
        tenant.plan = CLIENTIQ__V1__PLAN__PLAN_ENTERPRISE; /* no limit of calls */
        request.tenant = &tenant;
        request.domain = domain;
        request.admin_email = (char *) (uintptr_t) "admin@bench.example";
        request.admin_password = (char *) (uintptr_t) "bench password";
        CiqCreateTenantResponse *response = ciq_create_tenant(maker->client, &request, &error);
        if (response == NULL) {
            fprintf(stderr, "bench: %s: %s\n", schema, ciq_error_message(error));
            exit(1);
        }
        ciq_create_tenant_response_free(response);
    }
    return NULL;
}

static void
create_tenants(size_t count)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = environment("BENCH_URL_ipc"),
                                                     .timeout_ms = 60000,
                                                     .attempts_max = 100},
                                       &error);
    Maker makers[MAKERS];

    for (size_t i = 0; i < MAKERS; i++) {
        makers[i] = (Maker){.client = client, .first = tenants.count + i, .end = count};
        pthread_create(&makers[i].thread, NULL, maker_run, &makers[i]);
    }
    for (size_t i = 0; i < MAKERS; i++)
        pthread_join(makers[i].thread, NULL);
    ciq_client_free(client);
    read_tenants();
}

/* The baseline: the same context and the same statement, prepared, in the same pipeline. */
typedef struct Loop {
    pthread_t thread;
    unsigned seed;
    double until_s;
    size_t done;
} Loop;

static void *
loop_run(void *argument)
{
    Loop *loop = argument;
    PGconn *connection = connect_to(environment("BENCH_WORKER"));
    const char *values[5];
    int formats[5] = {0};

    PQclear(PQexec(connection, "prepare nothing as select 1"));
    PQenterPipelineMode(connection);
    for (bool prepared = false; now_s() < loop->until_s; prepared = true) {
        size_t i = (size_t) rand_r(&loop->seed) % tenants.count;
        char path[64];
        const char *id = "1";
        PGresult *result;

        snprintf(path, sizeof path, "\"%s\", pg_temp", tenants.schema[i]);
        values[0] = tenants.role[i];
        values[1] = path;
        values[2] = "on";
        values[3] = "10000";
        values[4] = "1000";
        if (!prepared)
            PQsendPrepare(connection, "context", environment("BENCH_CONTEXT_SQL"), 0, NULL);
        PQsendQueryPrepared(connection, "context", 5, values, NULL, formats, 1);
        if (!prepared)
            PQsendPrepare(connection, "get_user", environment("BENCH_GET_USER_SQL"), 0, NULL);
        PQsendQueryPrepared(connection, "get_user", 1, &id, NULL, formats, 1);
        PQpipelineSync(connection);
        for (;;) {
            result = PQgetResult(connection);
            ExecStatusType status = result == NULL ? PGRES_EMPTY_QUERY : PQresultStatus(result);
            if (status == PGRES_FATAL_ERROR) {
                fprintf(stderr, "bench: %s", PQresultErrorMessage(result));
                exit(1);
            }
            PQclear(result);
            if (status == PGRES_PIPELINE_SYNC)
                break;
        }
        loop->done++;
    }
    PQfinish(connection);
    return NULL;
}

static double
measure_loop(int connections)
{
    Loop *loops = calloc((size_t) connections, sizeof *loops);
    double start = now_s(), warm_s = 0.3;
    size_t done = 0;

    for (int i = 0; i < connections; i++) {
        loops[i].seed = (unsigned) i * 7919 + 1;
        loops[i].until_s = start + warm_s + ROUND_MS / 1000.0;
        pthread_create(&loops[i].thread, NULL, loop_run, &loops[i]);
    }
    for (int i = 0; i < connections; i++) {
        pthread_join(loops[i].thread, NULL);
        done += loops[i].done;
    }
    free(loops);
    return (double) done / (now_s() - start);
}

/* ---- sign-ins that fail ---- */

static size_t
pack_login(const char *email, uint8_t *out)
{
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    login.email = (char *) (uintptr_t) email;
    login.password = (char *) (uintptr_t) "not the password";
    return pack_request("clientiq.v1.UserService/Login", tenants.schema[0], "", &login.base, out);
}

/* For getuser, the server of tools/bench/run takes any number of failed sign-ins, so that each of
 * the flood is hashed; for flood it has the limits of an installation, and refuses nearly all of
 * them before that. */
static void
bench_flood(const uint8_t *data, const size_t *offsets, size_t count)
{
    static const int flights[] = {1, 8};
    double flooded[ROUNDS], calm[ROUNDS];
    size_t flood_offsets[2] = {0};
    uint8_t flood_data[256];
    char name[64];

    flood_offsets[1] = pack_login("admin@bench.example", flood_data);
    for (size_t f = 0; f < 2; f++) {
        for (int i = 0; i < ROUNDS; i++) {
            Load flood = {.data = flood_data,
                          .offsets = flood_offsets,
                          .requests = 1,
                          .in_flight = IN_FLIGHT};

            calm[i] = measure_p99(environment("BENCH_URL_ipc"), data, offsets, count, flights[f]);
            load_start(&flood, environment("BENCH_URL_ipc"));
            usleep(200000);
            flooded[i] =
                measure_p99(environment("BENCH_URL_ipc"), data, offsets, count, flights[f]);
            load_stop(&flood);
        }
        snprintf(name, sizeof name, "GetUser p99 in a login flood, %d", flights[f]);
        print_row(name, median(flooded, ROUNDS), median(calm, ROUNDS), "us     ");
    }
}

/* ---- one tenant beside another's flood ---- */

enum { FLOOD_CONNECTIONS = 2, FLOOD_IN_FLIGHT = 1000, FLOOD_NAMES = 2000, FLOOD_USERS = 100000 };

/* As many users as a tenant may have, so that what looks through all of them is slow. */
static void
fill_tenant(const char *schema)
{
    PGconn *owner = connect_to(environment("BENCH_OWNER"));
    char statement[512];

    snprintf(statement, sizeof statement,
             "set search_path to %s; "
             "insert into users_customuser (email, first_name, last_name) "
             "select 'person' || i || '@bench.example', 'Anna', 'Last' || i "
             "from generate_series(1, %d) i on conflict do nothing; analyze users_customuser",
             schema, FLOOD_USERS);

    PGresult *result = PQexec(owner, statement);

    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fprintf(stderr, "bench: %s", PQerrorMessage(owner));
        exit(1);
    }
    PQclear(result);
    PQfinish(owner);
}

static CiqLoginResponse *
session_of(const char *schema)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = environment("BENCH_URL_ipc"), .tenant = schema, .timeout_ms = 60000},
        &error);
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    login.email = (char *) (uintptr_t) "admin@bench.example";
    login.password = (char *) (uintptr_t) "bench password";

    CiqLoginResponse *session = ciq_login(client, &login, &error);

    if (session == NULL) {
        fprintf(stderr, "bench: %s\n", ciq_error_message(error));
        exit(1);
    }
    ciq_client_free(client);
    return session;
}

/* Many calls in flight on each of two connections, beside one caller of another tenant with one
 * call at a time. */
static void
bench_fair_beside(const char *name, const Load *probe, const uint8_t *data, const size_t *offsets,
                  size_t requests)
{
    double calm[ROUNDS], flooded[ROUNDS];
    size_t refused = 0, calls = 0, answered = 0, others_refused = 0;
    char row[64];

    for (int i = 0; i < ROUNDS; i++) {
        Load floods[FLOOD_CONNECTIONS], quiet = *probe, beside = *probe;

        timed_start(&quiet, environment("BENCH_URL_ipc"));
        usleep(ROUND_MS * 1000);
        calm[i] = timed_stop(&quiet, 0.5);
        for (int c = 0; c < FLOOD_CONNECTIONS; c++) {
            floods[c] = (Load){.data = data,
                               .offsets = offsets,
                               .requests = requests,
                               .in_flight = FLOOD_IN_FLIGHT};
            load_start(&floods[c], environment("BENCH_URL_ipc"));
        }
        usleep(200000);
        timed_start(&beside, environment("BENCH_URL_ipc"));
        usleep(ROUND_MS * 1000);
        flooded[i] = timed_stop(&beside, 0.5);
        refused += beside.failed;
        calls += beside.done;
        for (int c = 0; c < FLOOD_CONNECTIONS; c++) {
            answered += floods[c].done;
            others_refused += floods[c].failed;
            load_stop(&floods[c]);
        }
    }
    snprintf(row, sizeof row, "GetUser beside %s", name);
    print_row(row, median(flooded, ROUNDS), median(calm, ROUNDS), "us     ");
    printf("| %zu of %zu of these calls failed; of %zu of the flood's, %zu |\n", refused, calls,
           answered, others_refused);
}

static void
bench_fair(void)
{
    static uint8_t data[FLOOD_NAMES * 256], probe_data[512];
    static size_t offsets[FLOOD_NAMES + 1], probe_offsets[2];
    CiqListUsersRequest list = CLIENTIQ__V1__LIST_USERS_REQUEST__INIT;
    CiqGetUserRequest get = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

    create_tenants(2);
    fill_tenant(tenants.schema[0]);

    CiqLoginResponse *busy = session_of(tenants.schema[0]), *quiet = session_of(tenants.schema[1]);
    Load probe = {.data = probe_data, .offsets = probe_offsets, .requests = 1, .in_flight = 1};

    get.id = 1;
    probe_offsets[1] = pack_request("clientiq.v1.UserService/GetUser", tenants.schema[1],
                                    quiet->token, &get.base, probe_data);
    for (size_t i = 0; i < FLOOD_NAMES; i++) {
        char name[64];

        snprintf(name, sizeof name, "invented%zu.localhost", i);
        offsets[i + 1] = offsets[i] + pack_request("clientiq.v1.UserService/GetUser", name, "",
                                                   &get.base, data + offsets[i]);
    }
    bench_fair_beside("invented tenants", &probe, data, offsets, FLOOD_NAMES);
    offsets[1] = pack_request("clientiq.v1.UserService/GetUser", tenants.schema[0], busy->token,
                              &get.base, data);
    bench_fair_beside("another's GetUser", &probe, data, offsets, 1);
    list.page_size = 1000;
    offsets[1] = pack_request("clientiq.v1.UserService/ListUsers", tenants.schema[0], busy->token,
                              &list.base, data);
    bench_fair_beside("another's pages of 1,000", &probe, data, offsets, 1);
    list.search = (char *) (uintptr_t) "xq"; /* nobody, and too short for an index */
    offsets[1] = pack_request("clientiq.v1.UserService/ListUsers", tenants.schema[0], busy->token,
                              &list.base, data);
    bench_fair_beside("another's searches", &probe, data, offsets, 1);
    ciq_login_response_free(busy);
    ciq_login_response_free(quiet);
}

/* How long one sign-in with a wrong password takes, in microseconds: the hash of a password and
 * little else. */
static double
failed_login_us(CiqClient *client, const char *email)
{
    CiqError *error = NULL;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    double start = now_s();

    login.email = (char *) (uintptr_t) email;
    login.password = (char *) (uintptr_t) "not the password";
    if (ciq_login(client, &login, &error) != NULL ||
        ciq_error_code(error) != CODE_UNAUTHENTICATED) {
        fputs("bench: a wrong password was not refused as one\n", stderr);
        exit(1);
    }
    ciq_error_free(error);
    return (now_s() - start) * 1e6;
}

/* One after the other, in turn, so that a machine that gets slower slows both. */
static void
bench_login(void)
{
    enum { LOGINS = 41 };
    static const char *const emails[] = {"nobody@bench.example", "admin@bench.example"};
    double times_us[2][LOGINS];
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = environment("BENCH_URL_ipc"),
                                                     .tenant = tenants.schema[0],
                                                     .timeout_ms = 60000},
                                       &error);

    for (int i = 0; i < LOGINS; i++)
        for (int which = 0; which < 2; which++)
            times_us[which][i] = failed_login_us(client, emails[which]);
    print_row("Login, unknown e-mail", median(times_us[0], LOGINS), median(times_us[1], LOGINS),
              "us     ");
    ciq_client_free(client);
}

/* ---- CheckPermission ---- */

static void
die_error(CiqError *error)
{
    fprintf(stderr, "bench: %s\n", ciq_error_message(error));
    exit(1);
}

/* A key of the first tenant that may check. */
static CiqCreateApiKeyResponse *
make_key(CiqClient *client)
{
    char *permissions[] = {(char *) (uintptr_t) "auth.check"};
    char name[64];
    CiqError *error = NULL;
    CiqApiKey key = CLIENTIQ__V1__API_KEY__INIT;
    CiqCreateApiKeyRequest request = CLIENTIQ__V1__CREATE_API_KEY_REQUEST__INIT;

    snprintf(name, sizeof name, "bench %d", (int) getpid());
    key.name = name;
    key.permissions = permissions;
    key.n_permissions = 1;
    request.api_key = &key;
    CiqCreateApiKeyResponse *response = ciq_create_api_key(client, &request, &error);
    if (response == NULL)
        die_error(error);
    return response;
}

/* All three are answered in the listener's callback, so the same client measures what each adds to
 * an envelope. */
static void
bench_check(void)
{
    const char *url = environment("BENCH_URL_ipc");
    char domain[64], *permissions[] = {(char *) (uintptr_t) "users.view_customuser"};
    uint8_t check_data[512], health_data[256], domain_data[256];
    size_t check_offsets[2] = {0}, health_offsets[2] = {0}, domain_offsets[2] = {0};
    double check[ROUNDS], health[ROUNDS], resolve[ROUNDS];
    CiqError *error = NULL;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqCheckPermissionRequest check_message = CLIENTIQ__V1__CHECK_PERMISSION_REQUEST__INIT;
    CiqHealthCheckRequest health_message = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    CiqResolveDomainRequest domain_message = CLIENTIQ__V1__RESOLVE_DOMAIN_REQUEST__INIT;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = url, .tenant = tenants.schema[0]}, &error);

    login.email = (char *) (uintptr_t) "admin@bench.example";
    login.password = (char *) (uintptr_t) "bench password";
    CiqLoginResponse *session = ciq_login(client, &login, &error);
    if (session == NULL)
        die_error(error);
    ciq_client_set_token(client, session->token);
    CiqCreateApiKeyResponse *key = make_key(client);

    check_message.subject_case = CLIENTIQ__V1__CHECK_PERMISSION_REQUEST__SUBJECT_SESSION_TOKEN;
    check_message.session_token = session->token;
    check_message.permissions = permissions;
    check_message.n_permissions = 1;
    check_offsets[1] = pack_request("clientiq.v1.UserService/CheckPermission", tenants.schema[0],
                                    key->token, &check_message.base, check_data);
    health_offsets[1] =
        pack_request("grpc.health.v1.Health/Check", "", "", &health_message.base, health_data);
    snprintf(domain, sizeof domain, "%s.localhost", tenants.schema[0]);
    domain_message.host = domain;
    domain_offsets[1] = pack_request("clientiq.v1.TenantService/ResolveDomain", "", "",
                                     &domain_message.base, domain_data);
    for (int i = 0; i < ROUNDS; i++) {
        check[i] = measure(url, check_data, check_offsets, 1, IN_FLIGHT);
        health[i] = measure(url, health_data, health_offsets, 1, IN_FLIGHT);
        resolve[i] = measure(url, domain_data, domain_offsets, 1, IN_FLIGHT);
    }
    print_row("CheckPermission, Health", median(check, ROUNDS), median(health, ROUNDS), "calls/s");
    print_row("CheckPermission, ResolveDomain", median(check, ROUNDS), median(resolve, ROUNDS),
              "calls/s");
    ciq_create_api_key_response_free(key);
    ciq_login_response_free(session);
    ciq_client_free(client);
}

/* ---- GetUser, measured ---- */

/* Requests of GetUser by signed-in users of count tenants at random, out of the first many. */
static void
sign_in(size_t count, size_t many, uint8_t *data, size_t *offsets)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = environment("BENCH_URL_ipc"), .timeout_ms = 60000}, &error);
    unsigned seed = 1;

    for (size_t i = 0; i < count; i++) {
        size_t t = (size_t) rand_r(&seed) % many;
        CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
        CiqGetUserRequest get = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

        login.email = (char *) (uintptr_t) "admin@bench.example";
        login.password = (char *) (uintptr_t) "bench password";
        ciq_client_set_tenant(client, tenants.schema[t]);
        CiqLoginResponse *session = ciq_login(client, &login, &error);
        if (session == NULL)
            die_error(error);
        get.id = 1;
        offsets[i + 1] =
            offsets[i] + pack_request("clientiq.v1.UserService/GetUser", tenants.schema[t],
                                      session->token, &get.base, data + offsets[i]);
        ciq_login_response_free(session);
    }
    ciq_client_free(client);
}

/* Requests of signed-in users of so many tenants. */
typedef struct SignedIn {
    size_t count, *offsets;
    uint8_t *data;
} SignedIn;

static SignedIn
sign_in_all(size_t count)
{
    SignedIn users = {count, calloc(count + 1, sizeof *users.offsets), malloc(count * 512)};

    create_tenants(count);
    sign_in(count, count, users.data, users.offsets);
    return users;
}

static void
signed_in_free(SignedIn *users)
{
    free(users->offsets);
    free(users->data);
}

static void
bench_get_user(const SignedIn *users, int connections)
{
    double ours[ROUNDS], baseline[ROUNDS];
    char name[64];

    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = measure(environment("BENCH_URL_ipc"), users->data, users->offsets, users->count,
                          IN_FLIGHT);
        baseline[i] = measure_loop(connections);
    }
    snprintf(name, sizeof name, "GetUser, %zu tenants", users->count);
    print_row(name, median(ours, ROUNDS), median(baseline, ROUNDS), "calls/s");
}

/* ---- CreateTenant ---- */

/* The DDL of a tenant, with its schema and its role in place of @schema@ and @role@. */
static char *
ddl_script(const char *ddl, const char *schema, const char *role)
{
    char *script = NULL;
    size_t size;
    FILE *stream = open_memstream(&script, &size);

    fputs("begin;\n", stream);
    for (const char *c = ddl; *c != '\0'; c++) {
        if (strncmp(c, "@schema@", 8) == 0) {
            fputs(schema, stream);
            c += 7;
        } else if (strncmp(c, "@role@", 6) == 0) {
            fputs(role, stream);
            c += 5;
        } else
            fputc(*c, stream);
    }
    fputs("commit;\n", stream);
    fclose(stream);
    return script;
}

static void
bench_create(const char *name, size_t count)
{
    PGconn *owner = connect_to(environment("BENCH_OWNER"));
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(&(CiqOptions){.urls = environment("BENCH_URL_ipc"),
                                                     .timeout_ms = 60000,
                                                     .attempts_max = 100},
                                       &error);
    double *ours = calloc(count, sizeof *ours), *baseline = calloc(count, sizeof *baseline);
    double *hash = calloc(count, sizeof *hash);
    FILE *file = fopen(environment("BENCH_DDL_FILE"), "r");
    static size_t made; /* of all calls: no name comes twice */
    char *ddl = NULL;
    size_t room = 0;

    if (file == NULL || getdelim(&ddl, &room, '\0', file) < 0) {
        fputs("bench: no DDL\n", stderr);
        exit(1);
    }
    fclose(file);
    for (size_t i = 0; i < count; i++) {
        CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
        CiqCreateTenantRequest request = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
        char schema[32], domain[64], *script;
        double start;

        /* the role is made ahead on our side, so it is on the other */
        PGresult *role =
            PQexec(owner, "select role from public.role_pool order by number desc limit 1");
        snprintf(schema, sizeof schema, "psql%d_%zu", (int) getpid(), made);
        script = ddl_script(ddl, schema, PQgetvalue(role, 0, 0));
        PQclear(role);
        start = now_s();
        PGresult *result = PQexec(owner, script);
        baseline[i] = (now_s() - start) * 1e6;
        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            fprintf(stderr, "bench: %s", PQerrorMessage(owner));
            exit(1);
        }
        PQclear(result);
        free(script);

        snprintf(schema, sizeof schema, "made%d_%zu", (int) getpid(), made);
        snprintf(domain, sizeof domain, "m%d-%zu.localhost", (int) getpid(), made++);
        tenant.name = tenant.schema_name = schema;
        tenant.plan = CLIENTIQ__V1__PLAN__PLAN_ENTERPRISE; /* no limit of calls */
        request.tenant = &tenant;
        request.domain = domain;
        request.admin_email = (char *) (uintptr_t) "admin@bench.example";
        request.admin_password = (char *) (uintptr_t) "bench password";
        start = now_s();
        CiqCreateTenantResponse *response = ciq_create_tenant(client, &request, &error);
        ours[i] = (now_s() - start) * 1e6;
        if (response == NULL) {
            fprintf(stderr, "bench: %s\n", ciq_error_message(error));
            exit(1);
        }
        ciq_create_tenant_response_free(response);
        ciq_client_set_tenant(client, schema);
        hash[i] = failed_login_us(client, "admin@bench.example");
        ciq_client_set_tenant(client, "");
    }
    print_row(name, median(ours, count) - median(hash, count), median(baseline, count), "us     ");
    ciq_client_free(client);
    PQfinish(owner);
    free(ours);
    free(baseline);
    free(hash);
    free(ddl);
}

/* Whether a tenant is made as fast where there are thousands, and what it does to the others'
 * calls. */
static void
bench_growth(size_t most)
{
    enum { SIGNED_IN = 100, IN_FLIGHT_BESIDE = 8 };
    static const size_t sizes[] = {10, 1000, 10000};
    const char *url = environment("BENCH_URL_ipc");
    uint8_t data[SIGNED_IN * 512];
    size_t offsets[SIGNED_IN + 1] = {0};
    char name[64];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sizes[i] <= most; i++) {
        create_tenants(sizes[i]);
        sign_in(SIGNED_IN, sizes[i], data, offsets);
        /* the first time only reads what PostgreSQL keeps of each schema */
        (void) measure_p99(url, data, offsets, SIGNED_IN, IN_FLIGHT_BESIDE);
        double calm = measure_p99(url, data, offsets, SIGNED_IN, IN_FLIGHT_BESIDE);
        Load load = {
            .data = data, .offsets = offsets, .requests = SIGNED_IN, .in_flight = IN_FLIGHT_BESIDE};

        snprintf(name, sizeof name, "CreateTenant at %zu tenants", sizes[i]);
        bench_create(name, 40);
        timed_start(&load, url);
        snprintf(name, sizeof name, "the same beside GetUser, %zu", sizes[i]);
        bench_create(name, 40);
        snprintf(name, sizeof name, "GetUser p99 beside, %zu tenants", sizes[i]);
        print_row(name, timed_stop_p99(&load), calm, "us     ");
    }
}

int
main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "echo") == 0)
        return echo_main(argv[2], (size_t) strtoul(argv[3], NULL, 10));
    if (argc != 3 && argc != 4) {
        fputs(
            "usage: bench TENANTS CONNECTIONS [health | create | getuser | flood | fair | growth] (by "
            "tools/bench/run)\n",
            stderr);
        return 2;
    }

    const char *part = argc == 4 ? argv[3] : "";

    read_tenants();
    puts("| what | ours | baseline | unit | ratio |\n|---|---|---|---|---|");
    if (part[0] == '\0' || strcmp(part, "health") == 0) {
        bench_health("ipc");
        bench_health("tcp");
    }
    if (strcmp(part, "fair") == 0)
        bench_fair();
    if (part[0] == '\0' || strcmp(part, "create") == 0)
        bench_create("CreateTenant, less its hash", 40);
    if (strcmp(part, "growth") == 0)
        bench_growth((size_t) strtoul(argv[1], NULL, 10));

    bool getuser = part[0] == '\0' || strcmp(part, "getuser") == 0;

    if (getuser || strcmp(part, "flood") == 0) {
        SignedIn users = sign_in_all((size_t) strtoul(argv[1], NULL, 10));

        if (getuser)
            bench_get_user(&users, atoi(argv[2]));
        bench_flood(users.data, users.offsets, users.count);
        signed_in_free(&users);
    }
    if (getuser) {
        bench_login();
        bench_check();
    }
    return 0;
}
