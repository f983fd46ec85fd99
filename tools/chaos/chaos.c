/* Three servers on one PostgreSQL, 64 calls in flight, and a seed that kills, stops, cuts and sets
 * clocks meanwhile; afterwards what was acknowledged is compared with what there is.
 *
 *     chaos [--seconds N] [--seed N]
 *
 * Prints one table; the exit status is 1 if anything was lost, doubled, wrong or in another tenant.
 * It needs PostgreSQL's programs; PgBouncer and libfaketime if they are there.  */
#include "calls.h"
#include "faults.h"

#include "harness/calendar.h"
#include "harness/harness.h"
#include "server/base/log.h"
#include "server/db/cluster.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TENANTS = 4,
    CALLERS = 16,      /* of each tenant */
    DECIDE_MS = 60000, /* after the last fault, for what is not decided yet */
    UP_MS = 150000     /* a killed PostgreSQL may wait for a last backend of its life before */
};

static const char *const schemas[TENANTS] = {"acme", "techcorp", "initech", "globex"};

static Place place;
static Cluster *cluster;
static Crowd crowd;
static Caller callers[TENANTS][CALLERS];
static CiqClient *clients[TENANTS];

/* ---- the place ---- */

static void
text_put(const char **setting, const char *suffix)
{
    char text[128];

    snprintf(text, sizeof text, "%s/%s", place.folder, suffix);
    setting_set(setting, text);
}

/* However the program ends, nothing of it goes on. */
static void
end_place(void)
{
    static bool is_done;

    if (is_done)
        return;
    is_done = true;
    atomic_store(&place.stop, true);
    for (int i = 0; i < SERVERS; i++) {
        int pid = atomic_load(&place.servers[i].pid);

        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
    }
    if (place.pooler.pid > 0)
        pooler_stop(&place.pooler);
    cluster_stop(cluster);
}

/* A private PostgreSQL with everything that makes a commit last, which is started again when it is
 * killed, and which lets in whoever reaches its socket. */
static void
start_postgres(Config *config)
{
    char reason[512], path[128], conninfo[256], *worker;
    FILE *file;
    long pid;

    config_defaults(config);
    text_put(&config->data_dir, "data");
    text_put(&config->runtime_dir, "run");
    config->workers = 150; /* room for all servers' connections */
    cluster = cluster_start(config, reason, sizeof reason);
    if (cluster == NULL)
        fail_msg("%s", reason);
    snprintf(path, sizeof path, "%s/data/postgres/pg_hba.conf", place.folder);
    file = fopen(path, "w");
    if (file == NULL || fputs("local all all trust\n", file) < 0 || fclose(file) != 0)
        fail_msg("cannot write %s", path);
    snprintf(place.postmaster_file, sizeof place.postmaster_file, "%s/data/postgres/postmaster.pid",
             place.folder);
    file = fopen(place.postmaster_file, "r");
    if (file == NULL || fscanf(file, "%ld", &pid) != 1)
        fail_msg("cannot read %s", place.postmaster_file);
    fclose(file);
    kill((pid_t) pid, SIGHUP);
    worker = cluster_conninfo(cluster, "ciq_worker");
    snprintf(conninfo, sizeof conninfo, "%.*s user=postgres", (int) strcspn(worker, " "), worker);
    free(worker);
    setenv("CIQ_TEST_DATABASE", conninfo, 1);
}

static bool
lets_in(void *unused)
{
    PGconn *connection = PQconnectdb(getenv("CIQ_TEST_DATABASE"));
    bool ok = PQstatus(connection) == CONNECTION_OK;

    (void) unused;
    PQfinish(connection);
    return ok;
}

/* A numbered file of the place. */
static void
path_in(char *path, const char *name, int number)
{
    char file[32], folder[64];

    snprintf(file, sizeof file, name, number);
    snprintf(folder, sizeof folder, "%s", place.folder);
    snprintf(path, 96, "%s/%s", folder, file);
}

/* The first server reaches the database over a wire that can be cut, the last one over a pooler. */
static void
make_ways(void)
{
    const TestDatabase database = place.database;
    PGconn *connection = database_connect(&database);
    char from[160], to[160], folder[96];

    snprintf(folder, sizeof folder, "%s/wire", place.folder);
    mkdir(folder, 0755);
    snprintf(from, sizeof from, "%s/.s.PGSQL.5432", folder);
    snprintf(to, sizeof to, "%s/.s.PGSQL.%s", PQhost(connection), PQport(connection));
    PQfinish(connection);
    if (strlen(from) >= sizeof place.database_wire.from ||
        strlen(to) >= sizeof place.database_wire.to ||
        proxy_start(&place.database_wire, from, to) != 0)
        fail_msg("no wire from %s to %s", from, to);
    for (int i = 0; i < SERVERS; i++) {
        ChaosServer *server = &place.servers[i];

        snprintf(server->worker, sizeof server->worker, "%s", database.worker);
        snprintf(server->owner, sizeof server->owner, "%s", database.owner);
        if (i == 0) {
            /* of two values the last counts */
            snprintf(server->worker, sizeof server->worker, "%s host=%.60s port=5432",
                     database.worker, folder);
            snprintf(server->owner, sizeof server->owner, "%s host=%.60s port=5432", database.owner,
                     folder);
        }
        if (i == SERVERS - 1 && place.has_pooler) {
            pooler_route(&place.pooler, server->worker);
            pooler_route(&place.pooler, server->owner);
        }
        path_in(server->socket, "server%d.sock", i);
        path_in(server->log, "server%d.log", i);
        path_in(from, "client%d.sock", i);
        if (proxy_start(&server->wire, from, server->socket) != 0)
            fail_msg("no wire from %s", from);
    }
}

static bool
is_up(void *argument)
{
    ChaosServer *server = argument;
    char url[128];
    CiqError *error = NULL;
    CiqHealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    bool ok = false;

    if (server_tend(&place, server)) {
        snprintf(url, sizeof url, "ipc://%s", server->socket);

        CiqClient *client = ciq_client_new(
            &(CiqOptions){.urls = url, .timeout_ms = 500, .attempts_max = 1, .connect_ms = 200},
            NULL);
        CiqHealthCheckResponse *response = ciq_check(client, &request, &error);

        ok = response != NULL;
        ciq_check_response_free(response);
        ciq_error_free(error);
        ciq_client_free(client);
    }
    return ok;
}

/* Servers wait for each other while the first one installs. */
static void
wait_for_servers(void)
{
    for (int i = 0; i < SERVERS; i++) {
        int64_t until_ms = now_ms() + UP_MS;

        while (!is_up(&place.servers[i]))
            if (now_ms() > until_ms)
                fail_msg("a server does not come up; its log is %s", place.servers[i].log);
    }
}

static void
make_place(Config *config)
{
    char path[96];

    atexit(end_place);
    folder_new(place.folder);
    chmod(place.folder, 0755);
    snprintf(path, sizeof path, "%s/mails", place.folder);
    mkdir(path, 0700);
    start_postgres(config);
    wait_until("PostgreSQL", lets_in, NULL);
    database_new(&place.database);
    place.has_pooler = pooler_is_installed();
    place.has_calendar = calendar_is_installed();
    if (place.has_pooler)
        pooler_start(&place.pooler, &place.database, 8);
    make_ways();
    if (place.has_calendar)
        calendar_prepare(place.folder, place.preload);
    wait_for_servers();
}

/* ---- the callers ---- */

/* Straight to a server, while nothing is broken yet. */
static CiqClient *
direct_client(const char *tenant)
{
    char url[128];
    CiqError *error = NULL;

    snprintf(url, sizeof url, "ipc://%s", place.servers[1].socket);

    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = url, .tenant = tenant, .timeout_ms = 20000}, &error);

    assert_ok(error);
    return client;
}

static void
sign_in_all(int tenant)
{
    char urls[512] = "";
    CiqError *error = NULL;
    CiqClient *direct = direct_client(schemas[tenant]);
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    login.email = TEXT(world_email);
    login.password = TEXT(world_password);

    CiqLoginResponse *session = ciq_login(direct, &login, &error);

    assert_ok(error);
    ciq_client_set_token(direct, session->token);
    for (int i = 0; i < SERVERS; i++)
        snprintf(urls + strlen(urls), sizeof urls - strlen(urls), "%sipc://%s", i > 0 ? "," : "",
                 place.servers[i].wire.from);
    clients[tenant] = ciq_client_new(
        &(CiqOptions){.urls = urls, .tenant = schemas[tenant], .token = session->token}, &error);
    assert_ok(error);
    ciq_login_response_free(session);
    for (int i = 0; i < CALLERS; i++) {
        char email[64];
        CiqUser user = CLIENTIQ__V1__USER__INIT;
        CiqCreateUserRequest create = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

        /* the same address and the same number in each tenant */
        snprintf(email, sizeof email, "caller%d@same.example", i);
        user.email = email;
        create.user = &user;

        CiqCreateUserResponse *made = ciq_create_user(direct, &create, &error);

        assert_ok(error);
        callers[tenant][i] = (Caller){.crowd = &crowd,
                                      .client = clients[tenant],
                                      .schema = schemas[tenant],
                                      .number = i,
                                      .user_id = made->user->id};
        ciq_create_user_response_free(made);
    }
    ciq_client_free(direct);
}

static void
start_callers(void)
{
    CiqClient *platform = direct_client(NULL);

    for (int i = 0; i < TENANTS; i++) {
        tenant_new(platform, schemas[i]);
        sign_in_all(i);
    }
    ciq_client_free(platform);
    for (int i = 0; i < TENANTS; i++)
        for (int k = 0; k < CALLERS; k++)
            if (pthread_create(&callers[i][k].thread, NULL, caller_run, &callers[i][k]) != 0)
                fail_msg("no thread");
}

static void *
give_up_later(void *argument)
{
    int64_t until_ms = now_ms() + DECIDE_MS;

    (void) argument;
    while (now_ms() < until_ms && !atomic_load(&crowd.give_up))
        (void) usleep(100000);
    atomic_store(&crowd.give_up, true);
    return NULL;
}

static void
stop_callers(void)
{
    pthread_t limit;

    atomic_store(&crowd.stop, true);
    if (pthread_create(&limit, NULL, give_up_later, NULL) != 0)
        fail_msg("no thread");
    for (int i = 0; i < TENANTS; i++)
        for (int k = 0; k < CALLERS; k++)
            pthread_join(callers[i][k].thread, NULL);
    atomic_store(&crowd.give_up, true);
    pthread_join(limit, NULL);
    for (int i = 0; i < TENANTS; i++)
        ciq_client_free(clients[i]);
}

/* ---- the end ---- */

static void
compare(void)
{
    PGconn *database = database_connect(&place.database);

    for (int i = 0; i < TENANTS; i++)
        callers_compare(database, schemas[i], callers[i], CALLERS);
    PQfinish(database);
}

static long
print(long seconds, long seed)
{
    const Wrongs *wrongs = &crowd.wrongs;
    long bad = atomic_load(&wrongs->lost) + atomic_load(&wrongs->doubled) +
               atomic_load(&wrongs->wrong) + atomic_load(&wrongs->elsewhere) +
               atomic_load(&wrongs->stale) + atomic_load(&wrongs->undecided) +
               atomic_load(&place.crashes);

    printf("| chaos: %ld s, seed %ld, %d servers, %d calls in flight%s%s | count |\n|---|---|\n",
           seconds, seed, SERVERS, TENANTS * CALLERS, place.has_pooler ? "" : ", no pooler",
           place.has_calendar ? "" : ", no calendar");
    faults_print(stdout);
    printf("| writes acknowledged | %ld |\n| reads compared | %ld |\n", atomic_load(&crowd.writes),
           atomic_load(&crowd.reads));
    printf("| writes repeated under their key | %ld |\n| longest wait for a write, ms | %ld |\n",
           atomic_load(&crowd.repeats), atomic_load(&crowd.slowest_ms));
    printf("| **lost** | %ld |\n| **doubled** | %ld |\n| **wrong** | %ld |\n",
           atomic_load(&wrongs->lost), atomic_load(&wrongs->doubled), atomic_load(&wrongs->wrong));
    printf("| **in another tenant** | %ld |\n| **older than acknowledged** | %ld |\n",
           atomic_load(&wrongs->elsewhere), atomic_load(&wrongs->stale));
    printf("| **not decided in %d s** | %ld |\n| **servers crashed** | %d |\n", DECIDE_MS / 1000,
           atomic_load(&wrongs->undecided), atomic_load(&place.crashes));
    return bad;
}

static bool
read_options(int argc, char **argv, long *seconds, long *seed)
{
    for (int i = 1; i < argc; i += 2) {
        long *number = strcmp(argv[i], "--seconds") == 0 ? seconds
                       : strcmp(argv[i], "--seed") == 0  ? seed
                                                         : NULL;
        char *end;

        if (number == NULL || i + 1 == argc)
            return false;
        *number = strtol(argv[i + 1], &end, 10);
        if (*end != '\0' || *number < 0 || *number > 86400)
            return false;
    }
    return *seconds > 0;
}

int
main(int argc, char **argv)
{
    long seconds = 60, seed = 1;
    Config config;

    if (!read_options(argc, argv, &seconds, &seed)) {
        fputs("usage: chaos [--seconds 1…86400] [--seed 0…86400]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    make_place(&config);
    start_callers();
    faults_start(&place, (uint64_t) seed);
    (void) sleep((unsigned) seconds);
    faults_stop(&place);
    wait_for_servers();
    stop_callers();
    compare();

    long bad = print(seconds, seed);

    end_place();
    config_free(&config);
    if (bad == 0)
        folder_remove(place.folder);
    else
        fprintf(stderr, "chaos: logs are in %s\n", place.folder);
    return bad == 0 ? 0 : 1;
}
