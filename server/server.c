/* Starting and stopping, in the order in which each part needs the one before.  Everything that can
 * be wrong with a configuration or a database is reported here, in one sentence, before the server
 * listens.  */
#include "server.h"
#include "call/auth.h"
#include "call/metrics.h"
#include "base/directory.h"
#include "base/secret.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/pulse.h"
#include "base/stop.h"
#include "db/cluster.h"
#include "serve/dispatch.h"
#include "tenant/dns.h"
#include "tenant/roles.h"
#include "db/listen.h"
#include "access/audit.h"
#include "access/cache.h"
#include "jobs.h"
#include "migration/apps.h"
#include "http/http.h"
#include "serve/intake.h"
#include "serve/queue.h"
#include "call/internal.h"
#include "serve/listener.h"
#include "base/log.h"
#include "migration/migrate.h"
#include "migration/trial.h"
#include "db/queries.h"
#include "access/rate.h"
#include "rpc/handlers.h"
#include "access/seal.h"
#include "serve/statements.h"
#include "access/usage.h"
#include "serve/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    START_MAX_MS = 120000,              /* for migrations and roles at start */
    WORK_MAX_MS = 7 * 24 * 3600 * 1000, /* for export and import, on which no other call waits */
    CROWD_MS = 100, /* much longer than between two calls of somebody who works, and soon over */
    PASSWORD_NICENESS = 10 /* hashing uses the time that is left over: a flood of sign-ins slows
                              other calls little */
};

struct Server {
    Core core;
    Cluster *cluster; /* the private PostgreSQL; NULL: --database names another one */
    int stop_calls_fd, stop_work_fd;
    char *conninfo_worker, *conninfo_owner;
    DbOptions worker_options, owner_options;
    char *extension_schemas, *operator_permissions; /* owned here; options and core point to them */
    Apps *apps;
    Jobs *jobs;
    Queue *queues[LANE_COUNT];
    Worker **workers;
    size_t workers_count;
    Intake *intake;
    Listener *listener;
    Http *http;
    Listen *listen; /* NULL: both logins are behind a pooler */
};

bool
server_url(const Server *server, const char *scheme, char *url, size_t size)
{
    const char *http = strcmp(scheme, "http") == 0         ? http_url(server->http)
                       : strcmp(scheme, "http-admin") == 0 ? http_admin_url(server->http)
                                                           : NULL;

    return http != NULL ? (size_t) snprintf(url, size, "%s", http) < size
                        : listener_url(server->listener, scheme, url, size);
}

static void
log_failure(const char *what, const char *reason)
{
    char text[1024];

    log_write(LOG_LEVEL_ERROR, what, "reason=%s", log_quote(text, sizeof text, reason));
}

/* For what fails only if the system has nothing left, and says nothing itself. */
static bool
log_unless(bool ok, const char *what)
{
    char reason[256];

    if (ok)
        return true;
    snprintf(reason, sizeof reason, "no memory, thread or file descriptor is left for %s%s%s", what,
             errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    log_failure("cannot start", reason);
    return false;
}

/* beside: the private PostgreSQL of a server that is running may be used. */
static bool
find_database(Server *server, bool beside)
{
    const Config *config = server->core.config;
    char reason[512] = "";

    if (config->database[0] != '\0') {
        if (config->database_owner[0] == '\0') {
            log_failure("cannot start", "--database and --database-owner must be given together");
            return false;
        }
        server->conninfo_worker = strdup(config->database);
        server->conninfo_owner = strdup(config->database_owner);
    } else {
        if (beside)
            server->cluster = cluster_join(config, reason, sizeof reason);
        if (server->cluster == NULL && reason[0] == '\0')
            server->cluster = cluster_start(config, reason, sizeof reason);
        if (server->cluster == NULL) {
            log_failure("cannot start the private PostgreSQL", reason);
            return false;
        }
        server->conninfo_worker = cluster_conninfo(server->cluster, "ciq_worker");
        server->conninfo_owner = cluster_conninfo(server->cluster, "ciq_owner");
    }
    return log_unless(server->conninfo_worker != NULL && server->conninfo_owner != NULL,
                      "the connection strings");
}

/* "a,b" of the setting becomes "\"a\", \"b\", " for search_path. */
static bool
quote_extension_schemas(Server *server)
{
    const char *names = server->core.config->extension_schemas;
    size_t room = strlen(names) * 5 + 1;
    char *quoted = calloc(1, room), *end = quoted;

    if (!log_unless(quoted != NULL, "the extensions' schemas"))
        return false;
    server->extension_schemas = quoted;
    while (*names != '\0') {
        size_t size = strcspn(names, ",");
        char name[64] = "";

        if (size == 0 || size >= sizeof name ||
            strspn(names, "abcdefghijklmnopqrstuvwxyz0123456789_") < size) {
            log_failure("cannot start",
                        "--extension-schemas must be names separated by commas, each of 1 to 63 "
                        "lower-case letters, digits and underscores");
            return false;
        }
        memcpy(name, names, size);
        if (strcmp(name, "public") == 0) {
            log_failure("cannot start",
                        "--extension-schemas must not name public: it holds the platform's tables");
            return false;
        }
        end += snprintf(end, room - (size_t) (end - quoted), "\"%s\", ", name);
        names += size + (names[size] == ',');
    }
    return true;
}

/* Each login has a way of its own to the database: a pooler may stand in one of them only. */
static bool
read_login(const Server *server, const char *conninfo, bool owner, char login[LIMIT_ROLE_NAME + 1],
           DbOptions *options)
{
    const Config *config = server->core.config;
    const char *named = config->named_statements;
    char reason[512] = "";
    bool pooled;

    ending_step("connecting to the database");
    if (!db_login(conninfo, server->core.stop_work_fd, login, &pooled, reason, sizeof reason)) {
        log_failure(owner ? "cannot connect as the owner's login"
                          : "cannot connect as the workers' login",
                    reason);
        return false;
    }
    *options = (DbOptions){
        .conninfo = conninfo,
        .owner = owner,
        .is_pooled = pooled,
        .named = strcmp(named, "on") == 0 || (strcmp(named, "auto") == 0 && !pooled),
        .tenant_plans = owner ? 0 : (unsigned) config->tenant_plans,
        .tenants_max = (unsigned) config->connection_tenants,
        .creations_max = (unsigned) config->connection_creations,
        .extension_schemas = server->extension_schemas,
        .platform_role = server->core.installation.platform_role,
    };
    return true;
}

static bool
read_database(Server *server)
{
    char owner_login[LIMIT_ROLE_NAME + 1];

    server->core.worker_options = &server->worker_options;
    server->core.owner_options = &server->owner_options;
    return read_login(server, server->conninfo_worker, false,
                      server->core.installation.worker_login, &server->worker_options) &&
           read_login(server, server->conninfo_owner, true, owner_login, &server->owner_options);
}

/* Reads, with the platform's role, what every server of this installation must know. */
static bool
read_installation(Server *server, Call *call)
{
    const DbRow *row;
    const uint8_t *key;
    size_t size;

    db_begin(call, DB_READ);
    if (!db_row(call, &query_installation, NULL, NULL, &row))
        return false;
    key = row == NULL ? NULL : db_row_bytes(row, "key", &size);
    if (key == NULL || size != sizeof server->core.installation.key)
        return call_fail(call, CODE_DATA_LOSS, "the installation's row is missing or damaged");
    memcpy(server->core.installation.key, key, size);
    snprintf(server->core.installation.name, sizeof server->core.installation.name, "%s",
             db_row_text(row, "id"));
    snprintf(server->core.installation.platform_role,
             sizeof server->core.installation.platform_role, "%s",
             db_row_text(row, "platform_role"));

    db_begin(call, DB_READ);
    if (!db_row(call, &query_operator_permissions, NULL, NULL, &row) || row == NULL)
        return call_fail(call, CODE_DATA_LOSS, "the platform's permissions are missing");

    const char *lines = db_row_text(row, "permissions");

    server->operator_permissions = calloc(1, strlen(lines) + 2);
    if (server->operator_permissions == NULL)
        return call_fail(call, CODE_RESOURCE_EXHAUSTED, "no memory");
    for (size_t i = 0; lines[i] != '\0'; i++)
        server->operator_permissions[i] = (char) (lines[i] == '\n' ? '\0' : lines[i]);
    server->core.installation.operator_permissions = server->operator_permissions;
    return true;
}

static bool
is_installed(Call *call, const char *worker_login)
{
    const DbRow *row;

    db_begin(call, DB_READ);
    if (!db_row(call, &query_install_state, NULL,
                (DbArg[]){{.name = "worker_login", .text = worker_login}, {0}}, &row))
        return false;
    return db_row_bool(row, "installed") ||
           call_fail(call, CODE_FAILED_PRECONDITION, "no server has ever run on this database");
}

/* What an operator has accepted belongs to what this server knows of its files. */
static bool
read_accepted(Server *server, Call *call)
{
    const DbRow *row;
    const char *lines;

    db_begin(call, DB_READ);
    if (!db_row(call, &query_migration_accepted, NULL, NULL, &row))
        return false;
    lines = row == NULL ? NULL : db_row_text(row, "lines");
    return lines != NULL && (apps_accept(server->apps, lines) ||
                             call_fail(call, CODE_RESOURCE_EXHAUSTED, "no memory"));
}

static bool
prepare_database(Server *server, ServerOpening opening)
{
    Db *db = db_new(&server->owner_options);
    Arena *arena = arena_new(LIMIT_ARENA);
    char reason[512] = "no memory";
    bool ok = false;

    ending_step("preparing the database");
    if (db != NULL && arena != NULL &&
        db_ready(db, server->core.stop_work_fd, reason, sizeof reason)) {
        Call call;

        internal_call(&call, &server->core, arena, db, START_MAX_MS);
        ok = (opening == SERVER_AS_IT_IS
                  ? is_installed(&call, server->core.installation.worker_login)
                  : migrate_shared(&call, server->core.installation.worker_login,
                                   opening == SERVER_KEEPS_CHANGED) &&
                        read_accepted(server, &call)) &&
             read_installation(server, &call) && (opening != SERVER_PREPARED || roles_check(&call));
        if (ok && opening == SERVER_PREPARED)
            trial_at_start(&call);
        if (!ok)
            internal_log(&call, LOG_LEVEL_ERROR, "cannot prepare the database");
    } else {
        log_failure("cannot connect as the owner's login", reason);
    }
    db_free(db);
    arena_free(arena);
    return ok;
}

static bool
read_operators(Server *server)
{
    char reason[512];

    if (operators_read(server->core.config->operator_uids, &server->core.operators, reason,
                       sizeof reason))
        return true;
    log_failure("cannot start", reason);
    return false;
}

static bool
read_audit_key(Server *server)
{
    const char *path = server->core.config->audit_key_file;
    char reason[512];

    if (path[0] == '\0')
        return true;
    server->core.has_audit_key = seal_read_key(path, server->core.audit_key, reason, sizeof reason);
    if (!server->core.has_audit_key)
        log_failure("cannot start", reason);
    return server->core.has_audit_key;
}

/* Hashing a password takes everybody equally long, and the owner's lane is the platform's alone:
 * only in the lane of calls one tenant's may be slow. */
static SharesSize
lane_size(const Config *config, Lane lane)
{
    size_t calls = (size_t) config->queue_calls, workers = 0, running = 0;

    switch (lane) {
    case LANE_CALLS:
        workers = (size_t) config->workers;
        running = config->tenant_workers > 0 ? (size_t) config->tenant_workers : (workers + 1) / 2;
        break;
    case LANE_PASSWORDS:
        workers = running = (size_t) config->password_workers;
        calls = calls / 8 + 1;
        break;
    case LANE_OWNER:
        workers = running = (size_t) config->owner_workers;
        calls = calls / 8 + 1;
        break;
    case LANE_COUNT:
        break;
    }
    return (SharesSize){.calls_max = calls,
                        .bytes_max = (size_t) config->queue_bytes,
                        .workers = workers,
                        .running_max = running,
                        .crowd_ms = lane == LANE_CALLS ? CROWD_MS : 0};
}

static bool
start_workers(Server *server)
{
    size_t total = 0;

    for (Lane lane = 0; lane < LANE_COUNT; lane++)
        total += lane_size(server->core.config, lane).workers;
    server->workers = calloc(total, sizeof *server->workers);
    if (server->workers == NULL)
        return false;
    for (Lane lane = 0; lane < LANE_COUNT; lane++) {
        SharesSize size = lane_size(server->core.config, lane);

        server->queues[lane] = queue_new(&size);
        if (server->queues[lane] == NULL)
            return false;
        for (size_t i = 0; i < size.workers; i++) {
            Worker *worker =
                worker_start(&server->core, server->queues[lane], i,
                             lane == LANE_OWNER ? &server->owner_options : &server->worker_options,
                             lane == LANE_PASSWORDS ? PASSWORD_NICENESS : 0);

            if (worker == NULL)
                return false;
            server->workers[server->workers_count++] = worker;
        }
    }
    return true;
}

static void *
pass_gate(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* Makes as many threads as nng does when it is first used, and ends them: where one is refused, nng
 * crashes or waits for ever instead of saying so. */
static bool
has_threads_for_nng(void)
{
    enum { CORES_MAX = 8, FOR_CORE = 4, OTHERS = 8 /* resolvers, timer, reaper */ };
    static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = (size_t) (cores < 1           ? 1
                              : cores > CORES_MAX ? CORES_MAX
                                                  : cores) *
                    FOR_CORE,
           count = 0;
    pthread_t threads[CORES_MAX * FOR_CORE + OTHERS];

    wanted += OTHERS;
    pthread_mutex_lock(&gate);
    while (count < wanted && (errno = pthread_create(&threads[count], NULL, pass_gate, &gate)) == 0)
        count++;
    pthread_mutex_unlock(&gate);

    int error = errno;

    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    errno = error;
    return count == wanted;
}

static bool
start_listening(Server *server)
{
    char reason[512], urls[512];
    const char *listen = server->core.config->listen;

    if (listen[0] == '\0') {
        char directory[256];

        if (server->core.config->runtime_dir[0] != '\0')
            snprintf(directory, sizeof directory, "%s", server->core.config->runtime_dir);
        else if (!wire_runtime_dir(directory, sizeof directory)) {
            log_failure("cannot listen", "the runtime directory's name is too long");
            return false;
        }
        if (!directory_make(directory, 0755) || !directory_is_safe(directory)) {
            log_failure("cannot listen",
                        "the runtime directory must belong to this user and be writable by nobody "
                        "else");
            return false;
        }
        snprintf(urls, sizeof urls, "ipc://%s/ciq.sock,tcp://127.0.0.1:7420", directory);
        listen = urls;
    }
    server->intake = intake_new(&server->core, server->queues);
    if (server->intake == NULL) {
        log_failure("cannot listen", "no memory");
        return false;
    }
    server->listener = listener_start(&server->core, server->intake, listen, reason, sizeof reason);
    if (server->listener != NULL)
        server->http = http_start(&server->core, server->intake,
                                  &(HttpWatched){.queues = server->queues,
                                                 .listener = server->listener,
                                                 .has_heartbeat = server->listen != NULL},
                                  reason, sizeof reason);
    if (server->http == NULL)
        log_failure("cannot listen", reason);
    return server->http != NULL;
}

static bool
make_stops(Server *server)
{
    server->stop_calls_fd = stop_new();
    server->stop_work_fd = stop_new();
    server->core.stop_calls_fd = &server->stop_calls_fd;
    server->core.stop_work_fd = &server->stop_work_fd;
    return server->stop_calls_fd >= 0 && server->stop_work_fd >= 0;
}

/* What a call needs in memory. */
static bool
make_core(Server *server)
{
    Core *core = &server->core;
    const Config *config = core->config;
    uint32_t run[2];

    secret_random(run, sizeof run);
    snprintf(core->run_id, sizeof core->run_id, "%08x%08x", run[0], run[1]);
    core->run = (uint64_t) run[0] << 32 | run[1] | 1;
    core->start_us = clock_boot_us();
    return log_unless((core->cache = cache_new((size_t) config->cache_tenants,
                                               (size_t) config->cache_sessions)) != NULL &&
                          (core->audit = audit_new()) != NULL &&
                          (core->rate = rate_new()) != NULL &&
                          (core->metrics = metrics_new(methods_count)) != NULL &&
                          (server->jobs = jobs_new(core)) != NULL,
                      "what is kept in memory") &&
           read_operators(server) && read_audit_key(server) && quote_extension_schemas(server) &&
           (core->apps = server->apps = apps_new(config->apps)) != NULL;
}

/* A server that has its database and everything that a call needs, but no thread of its own yet. */
static Server *
server_open(const Config *config, ServerOpening opening, bool beside)
{
    uint64_t errors = log_errors();
    Server *server;

    errno = 0;
    server = secret_pages_new(sizeof *server); /* it holds keys */
    if (!log_unless(server != NULL, "the server"))
        return NULL;
    server->core.config = config;
    server->stop_calls_fd = server->stop_work_fd = -1;
    if (log_unless(make_stops(server), "the server"))
        ending_raises(server->stop_work_fd);
    if (log_errors() == errors && log_unless(auth_init(), "libsodium") && make_core(server) &&
        find_database(server, beside) && read_database(server) && prepare_database(server, opening))
        return server;
    (void) log_unless(log_errors() > errors, "the start");
    server_stop(server);
    return NULL;
}

static bool
check_dns_server(const Config *config)
{
    if (strcmp(config->verify_domains, "on") != 0 || dns_server_is_valid(config->dns_server))
        return true;
    log_failure("cannot start", "--dns-server must be an IP address, or ADDRESS:PORT");
    return false;
}

/* By whichever login has a session of its own: every login may listen and notify. */
static bool
start_listen(Server *server)
{
    const char *conninfo = !server->worker_options.is_pooled  ? server->conninfo_worker
                           : !server->owner_options.is_pooled ? server->conninfo_owner
                                                              : NULL;

    if (conninfo == NULL)
        return true;
    server->listen = listen_start(&server->core, conninfo);
    return server->listen != NULL;
}

/* Before anybody can call: what is wrong in a statement would be wrong for everybody. */
static bool
check_statements(Server *server)
{
    Db *owner_db = db_new(&server->owner_options), *worker_db = db_new(&server->worker_options);
    Arena *arena = arena_new(LIMIT_ARENA);
    char reason[512] = "no memory";
    bool ok = false;

    if (owner_db != NULL && worker_db != NULL && arena != NULL &&
        db_ready(owner_db, server->core.stop_work_fd, reason, sizeof reason) &&
        db_ready(worker_db, server->core.stop_work_fd, reason, sizeof reason)) {
        Call owner, worker;

        internal_call(&owner, &server->core, arena, owner_db, START_MAX_MS);
        internal_call(&worker, &server->core, arena, worker_db, START_MAX_MS);
        ok = statements_check(&owner, &worker);
        if (!ok)
            internal_log(owner.failure.code != CODE_OK ? &owner : &worker, LOG_LEVEL_ERROR,
                         "a statement is wrong");
    } else {
        log_failure("cannot check the statements", reason);
    }
    db_free(owner_db);
    db_free(worker_db);
    arena_free(arena);
    return ok;
}

Server *
server_start(const Config *config)
{
    Server *server = server_open(config, SERVER_PREPARED, false);

    if (server == NULL)
        return NULL;
    ending_step("checking the statements");
    if (!check_dns_server(config) || !check_statements(server)) {
        server_stop(server);
        return NULL;
    }
    ending_step("starting the threads");
    errno = 0;
    server->core.pulse = pulse_start();
    if (log_unless(server->core.pulse != NULL, "the pulse") &&
        log_unless(jobs_start(server->jobs), "the jobs") &&
        log_unless(start_workers(server), "the workers") &&
        log_unless(start_listen(server), "the listener of changes") &&
        log_unless(has_threads_for_nng(), "nng") && start_listening(server)) {
        ending_raises(-1);
        atomic_store(&server->core.serving, true);
        return server;
    }
    server_stop(server);
    return NULL;
}

/* One call as if the local operator had sent it over ipc://. */
static bool
call_as_operator(Server *server, const Request *request, char *reason, size_t size)
{
    size_t data_size = clientiq__v1__request__get_packed_size(request);
    uint8_t *data = malloc(data_size + 1);
    Db *db = db_new(&server->worker_options);
    Arena *arena = arena_new(LIMIT_ARENA);
    bool ok = false;

    snprintf(reason, size, "no memory");
    if (data != NULL && db != NULL && arena != NULL &&
        db_ready(db, server->core.stop_work_fd, reason, size)) {
        Call call = {
            .core = &server->core,
            .arena = arena,
            .db = db,
            .receive_us = clock_us(),
            .peer = {.is_operator = true, .address = "ciq-server"},
        };
        Reply reply;

        clientiq__v1__request__pack(request, data);
        dispatch(&call, data, data_size, &reply);
        ok = call.failure.code == CODE_OK;
        if (!ok)
            snprintf(reason, size, "%s: %s", code_name((int) reply.code), reply.message);
    }
    if (data != NULL)
        secret_wipe(data, data_size);
    free(data);
    db_free(db);
    arena_free(arena);
    return ok;
}

bool
server_create_superuser(const Config *config, const char *email, const char *password, char *reason,
                        size_t size)
{
    Server *server = server_open(config, SERVER_PREPARED, false);
    Superuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    CreateSuperuserRequest create = CLIENTIQ__V1__CREATE_SUPERUSER_REQUEST__INIT;
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    bool ok = false;

    if (server == NULL) {
        snprintf(reason, size, "cannot use the database; the line above says why");
        return false;
    }
    superuser.email = (char *) (uintptr_t) email;
    superuser.platform_role = (char *) (uintptr_t) "owner";
    superuser.can_create_tenants = true;
    create.superuser = &superuser;
    create.password = (char *) (uintptr_t) password;
    request.method = (char *) (uintptr_t) "clientiq.v1.UserService/CreateSuperuser";
    request.payload.len = clientiq__v1__create_superuser_request__get_packed_size(&create);
    request.payload.data = malloc(request.payload.len + 1);
    if (request.payload.data == NULL) {
        snprintf(reason, size, "no memory");
    } else {
        clientiq__v1__create_superuser_request__pack(&create, request.payload.data);
        ok = call_as_operator(server, &request, reason, size);
        secret_wipe(request.payload.data, request.payload.len);
    }
    free(request.payload.data);
    server_stop(server);
    return ok;
}

bool
server_work(const Config *config, ServerOpening opening, ServerWork work, void *argument,
            char *reason, size_t size)
{
    Server *server = server_open(config, opening, true);
    Db *db = server == NULL ? NULL : db_new(&server->owner_options);
    Arena *arena = arena_new(LIMIT_ARENA);
    bool ok = false;

    snprintf(reason, size,
             server == NULL ? "cannot use the database; the line above says why" : "no memory");
    if (db != NULL && arena != NULL && db_ready(db, server->core.stop_work_fd, reason, size)) {
        Call call;

        internal_call(&call, &server->core, arena, db, WORK_MAX_MS);
        ok = work(&call, argument);
        if (!ok)
            snprintf(reason, size, "%s: %s%s%s%s", code_name((int) call.failure.code),
                     call.failure.text, call.failure.detail != NULL ? " (" : "",
                     call.failure.detail != NULL ? call.failure.detail : "",
                     call.failure.detail != NULL ? ")" : "");
    }
    db_free(db);
    arena_free(arena);
    server_stop(server);
    return ok;
}

void
server_stop(Server *server)
{
    if (server == NULL)
        return;
    ending_raises(-1);
    atomic_store(&server->core.serving, false);
    ending_step("waiting for calls that run");
    if (server->listener != NULL)
        intake_drain(server->intake, server->core.config->drain_ms);
    ending_step("stopping the workers");
    stop_raise(server->stop_calls_fd);
    for (Lane lane = 0; lane < LANE_COUNT; lane++)
        if (server->queues[lane] != NULL)
            queue_close(server->queues[lane]);
    for (size_t i = 0; i < server->workers_count; i++)
        worker_join(server->workers[i]);
    ending_step("closing the sockets");
    http_stop(server->http);
    listener_stop(server->listener);
    intake_free(server->intake);
    pulse_stop(server->core.pulse);
    ending_step("stopping the listener of changes");
    listen_stop(server->listen);
    ending_step("stopping the migration runs");
    jobs_stop(server->jobs, server->stop_work_fd);
    for (Lane lane = 0; lane < LANE_COUNT; lane++)
        queue_free(server->queues[lane]);
    ending_step("stopping the private PostgreSQL");
    cluster_stop(server->cluster);
    ending_step("the end");
    jobs_free(server->jobs);
    cache_free(server->core.cache);
    audit_free(server->core.audit);
    rate_free(server->core.rate);
    metrics_free(server->core.metrics);
    usage_free(server->core.usage);
    apps_free(server->apps);
    secret_wipe(server->core.installation.key, sizeof server->core.installation.key);
    secret_wipe(server->core.audit_key, sizeof server->core.audit_key);
    if (server->stop_calls_fd >= 0)
        close(server->stop_calls_fd);
    if (server->stop_work_fd >= 0)
        close(server->stop_work_fd);
    free(server->workers);
    free(server->operator_permissions);
    free(server->extension_schemas);
    free(server->conninfo_worker);
    free(server->conninfo_owner);
    secret_pages_free(server, sizeof *server);
}
