/* The harness of all tests that need a server; see harness.h.  */
#include "harness.h"

#include "client/cli/cli.h"
#include "client/cli/json.h"
#include "migration/embedded.h"

#include <assert.h>
#include <ftw.h>
#include <inttypes.h>
#include <nng/nng.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char world_email[] = "admin@same.example";
const char world_password[] = "correct horse battery";

enum { WAIT_MAX_MS = 10000, ASK_MS = 5 };

/* The run's PostgreSQL: a superuser's connection string without a database. */
static const char *
superuser_conninfo(void)
{
    static char conninfo[256];
    const char *named = getenv("CIQ_TEST_DATABASE");
    const char *file = getenv("CIQ_TEST_POSTGRES_FILE");

    if (named != NULL && named[0] != '\0')
        return named;
    if (conninfo[0] == '\0') {
        FILE *stream = file == NULL ? NULL : fopen(file, "r");

        if (stream == NULL || fgets(conninfo, sizeof conninfo, stream) == NULL)
            fail_msg("no PostgreSQL for tests: set CIQ_TEST_DATABASE, or run by ctest");
        if (stream != NULL)
            fclose(stream);
        conninfo[strcspn(conninfo, "\n")] = '\0';
    }
    return conninfo;
}

static PGconn *
connect_to(const char *conninfo)
{
    PGconn *connection = PQconnectdb(conninfo);

    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("cannot connect to %s: %s", conninfo, PQerrorMessage(connection));
    return connection;
}

static void
execute(PGconn *connection, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(connection));
}

void
database_new(TestDatabase *database)
{
    static int number;
    char tag[40];

    PGconn *connection = connect_to(superuser_conninfo());

    snprintf(tag, sizeof tag, "%ld_%d", (long) getpid(), ++number);
    snprintf(database->name, sizeof database->name, "ciq_test_%s", tag);
    execute(connection, "create role ciq_owner_%s login createrole password 'test'", tag);
    execute(connection, "create role ciq_worker_%s login noinherit password 'test'", tag);
    execute(connection, "create database %s owner ciq_owner_%s", database->name, tag);

    const char *host = PQhost(connection), *port = PQport(connection);

    snprintf(database->worker, sizeof database->worker,
             "host=%s port=%s dbname=%s user=ciq_worker_%s password=test", host, port,
             database->name, tag);
    snprintf(database->owner, sizeof database->owner,
             "host=%s port=%s dbname=%s user=ciq_owner_%s password=test", host, port,
             database->name, tag);
    snprintf(database->superuser, sizeof database->superuser, "%.100s dbname=%.50s",
             superuser_conninfo(), database->name);
    PQfinish(connection);
}

void
database_drop(TestDatabase *database)
{
    const char *tag = database->name + strlen("ciq_test_");
    char installation[64];
    PGconn *connection = connect_to(superuser_conninfo());

    /* the installation's roles carry its id; one that never came to be has none */
    snprintf(installation, sizeof installation, "%s",
             database_value(database, "select case when to_regclass('public.core_installation') is "
                                      "null then '' else (xpath('/row/id/text()', "
                                      "query_to_xml('select id from public.core_installation', "
                                      "false, true, '')))[1]::text end"));
    execute(connection, "drop database %s with (force)", database->name);
    if (installation[0] != '\0') {
        PGresult *roles;
        char statement[160];

        snprintf(statement, sizeof statement,
                 "select rolname from pg_roles where starts_with(rolname, 'ciq_%s_')",
                 installation);
        roles = PQexec(connection, statement);
        for (int i = 0; i < PQntuples(roles); i++)
            execute(connection, "drop role %s", PQgetvalue(roles, i, 0));
        PQclear(roles);
    }
    execute(connection, "drop role ciq_owner_%s", tag);
    execute(connection, "drop role ciq_worker_%s", tag);
    PQfinish(connection);
}

PGconn *
database_connect(const TestDatabase *database)
{
    return connect_to(database->superuser);
}

const char *
database_value(const TestDatabase *database, const char *format, ...)
{
    static char value[4096];
    char text[4096];
    va_list arguments;
    PGconn *connection = database_connect(database);

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(connection));
    snprintf(value, sizeof value, "%s",
             PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(connection);
    return value;
}

const MigrationFile *
migration_newest(const char *app)
{
    const MigrationFile *newest = NULL;

    for (size_t i = 0; i < migrations_tenant_count; i++)
        if (strcmp(migrations_tenant[i].app, app) == 0 &&
            (newest == NULL || migrations_tenant[i].number > newest->number))
            newest = &migrations_tenant[i];
    return newest;
}

void
migration_undo(const TestDatabase *database, const char *schema, const MigrationFile *file)
{
    char text[4096];
    PGconn *connection = PQconnectdb(database->owner);
    int size =
        snprintf(text, sizeof text,
                 "begin; set local search_path to %s, pg_temp; %s; "
                 "delete from core_migration where app = '%s' and name = '%s'; "
                 "update public.tenants_tenant set heads = heads || '{\"%s\": %u}' "
                 "where schema_name = '%s'; select pg_notify('ciq', 'n0'); commit",
                 schema, file->down, file->app, file->name, file->app, file->number - 1, schema);

    assert_true(size > 0 && (size_t) size < sizeof text);
    PGresult *result = PQexec(connection, text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", file->file, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

int
server_command(const TestDatabase *database, char *output, size_t size, const char *format, ...)
{
    char words[1024], line[2048];
    va_list arguments;
    size_t got;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    /* freed memory is given back soon, so that the program's own peak is measured, and not the
     * sanitizer's */
    int length = snprintf(line, sizeof line,
                          "export CIQ_DATABASE='%s' CIQ_DATABASE_OWNER='%s' CIQ_ROLE_BLOCK=16 "
                          "ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64; "
                          "{ " CIQ_BIN_DIR "/ciq-server %s; } 2>&1",
                          database->worker, database->owner, words);

    assert_true(length > 0 && (size_t) length < sizeof line);
    FILE *stream = popen(line, "r");

    if (stream == NULL)
        fail_msg("cannot run %s", line);
    got = fread(output, 1, size - 1, stream);
    output[got] = '\0';
    while (fgetc(stream) != EOF)
        ;

    int status = pclose(stream);

    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
setting_set(const char **setting, const char *value)
{
    free((void *) (uintptr_t) *setting);
    *setting = strdup(value);
}

static int
remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void) status;
    (void) kind;
    (void) place;
    return remove(path);
}

void
folder_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void
server_up(TestServer *server, TestDatabase *database, void (*change)(Config *))
{
    static int number;
    const char *transport = getenv("CIQ_TEST_TRANSPORT");
    char urls[256];

    server->database = database;
    number++;
    snprintf(server->inproc, sizeof server->inproc, "inproc://ciq-%ld-%d", (long) getpid(), number);
    snprintf(server->ipc, sizeof server->ipc, "ipc:///tmp/ciq-test-%ld-%d.sock", (long) getpid(),
             number);
    snprintf(urls, sizeof urls, "%s,%s,tcp://127.0.0.1:0", server->inproc, server->ipc);

    config_defaults(&server->config);
    setting_set(&server->config.listen, urls);
    setting_set(&server->config.database, database->worker);
    setting_set(&server->config.database_owner, database->owner);
    setting_set(&server->config.verify_domains, "off"); /* what is about proofs asks for them */
    if (getenv("CIQ_TEST_NAMED") != NULL)
        setting_set(&server->config.named_statements, getenv("CIQ_TEST_NAMED"));
    server->config.workers = 4;
    server->config.password_workers = 2;
    server->config.owner_workers = 2;
    server->config.role_block = 16;
    server->config.queue_calls = 256;
    server->config.drain_ms = 5000;
    if (change != NULL)
        change(&server->config);
    server->server = server_start(&server->config);
    if (server->server == NULL)
        fail_msg("the server does not start; its log says why");
    if (!server_url(server->server, "tcp", server->tcp, sizeof server->tcp))
        fail_msg("the server has no tcp:// URL");
    server->url = transport == NULL || strcmp(transport, "inproc") == 0 ? server->inproc
                  : strcmp(transport, "ipc") == 0                       ? server->ipc
                                                                        : server->tcp;
}

void
server_down(TestServer *server)
{
    server_stop(server->server);
    server->server = NULL;
    config_free(&server->config);
    unlink(server->ipc + strlen("ipc://"));
}

static CiqClient *
client_on(const char *url, const char *tenant, const char *token)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = url, .tenant = tenant, .token = token, .timeout_ms = 20000}, &error);

    assert_ok(error);
    assert_non_null(client);
    return client;
}

CiqClient *
client_new(const TestServer *server, const char *tenant, const char *token)
{
    return client_on(server->url, tenant, token);
}

CiqClient *
operator_new(const TestServer *server)
{
    return client_on(server->ipc, NULL, NULL);
}

void
tenant_new(CiqClient *operator, const char * schema)
{
    CiqError *error = NULL;
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest request = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    char domain[96];

    snprintf(domain, sizeof domain, "%s.localhost", schema);
    tenant.name = TEXT(schema);
    tenant.schema_name = TEXT(schema);
    tenant.plan = CLIENTIQ__V1__PLAN__PLAN_ENTERPRISE; /* no limits, unless a test is about them */
    request.tenant = &tenant;
    request.domain = domain;
    request.admin_email = TEXT(world_email);
    request.admin_password = TEXT(world_password);

    CiqCreateTenantResponse *response = ciq_create_tenant(operator, & request, &error);

    assert_ok(error);
    ciq_create_tenant_response_free(response);
}

CiqClient *
sign_in(const TestServer *server, const char *tenant, const char *email, const char *password)
{
    CiqError *error = NULL;
    CiqClient *client = client_new(server, tenant, NULL);
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    request.email = TEXT(email);
    request.password = TEXT(password);

    CiqLoginResponse *response = ciq_login(client, &request, &error);

    assert_ok(error);
    ciq_client_set_token(client, response->token);
    ciq_login_response_free(response);
    return client;
}

int64_t
user_new(CiqClient *client, const char *email, bool is_admin)
{
    CiqError *error = NULL;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

    user.email = TEXT(email);
    user.is_admin = is_admin;
    request.user = &user;
    request.password = TEXT(world_password);

    CiqCreateUserResponse *response = ciq_create_user(client, &request, &error);

    assert_ok(error);

    int64_t id = response->user->id;

    ciq_create_user_response_free(response);
    return id;
}

CiqGetUserResponse *
user_get(CiqClient *client, int64_t id, CiqError **error)
{
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

    request.id = id;
    return ciq_get_user(client, &request, error);
}

size_t
user_count(CiqClient *client, const char *search)
{
    CiqError *error = NULL;
    CiqListUsersRequest request = CLIENTIQ__V1__LIST_USERS_REQUEST__INIT;

    request.search = TEXT(search);
    request.page_size = 1000;

    CiqListUsersResponse *response = ciq_list_users(client, &request, &error);

    assert_ok(error);

    size_t count = response->n_users;

    ciq_list_users_response_free(response);
    return count;
}

/* What was closed is freed by a thread of nng's, which may not have come to it when the test ends.
 */
__attribute__((constructor)) static void
finish_nng_at_exit(void)
{
    atexit(nng_fini);
}

int
world_setup(void **state)
{
    World *world = calloc(1, sizeof *world);

    assert_non_null(world);
    database_new(&world->database);
    server_up(&world->server, &world->database, NULL);
    world->operator= operator_new(&world->server);
    tenant_new(world->operator, "acme");
    tenant_new(world->operator, "techcorp");
    world->acme = sign_in(&world->server, "acme.localhost", world_email, world_password);
    world->techcorp = sign_in(&world->server, "techcorp", world_email, world_password);
    *state = world;
    return 0;
}

int
world_teardown(void **state)
{
    World *world = *state;

    ciq_client_free(world->operator);
    ciq_client_free(world->acme);
    ciq_client_free(world->techcorp);
    server_down(&world->server);
    database_drop(&world->database);
    free(world);
    return 0;
}

int
pair_up(void **state, void (*configure)(Config *config))
{
    Pair *pair = calloc(1, sizeof *pair);
    void *world;

    assert_non_null(pair);
    world_setup(&world);
    pair->world = world;
    server_up(&pair->other, &pair->world->database, configure);
    *state = pair;
    return 0;
}

int
pair_teardown(void **state)
{
    Pair *pair = *state;
    void *world = pair->world;

    server_down(&pair->other);
    world_teardown(&world);
    free(pair);
    return 0;
}

const uint8_t ipc_greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

int
ipc_connect(const char *url)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", url + strlen("ipc://"));
    if (connect(descriptor, (struct sockaddr *) &address, sizeof address) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

size_t
ipc_frame(const Request *request, uint32_t id, uint8_t *out)
{
    enum { TYPE = 1, LENGTH = 8, ID = 4 };
    size_t size = clientiq__v1__request__pack(request, out + TYPE + LENGTH + ID);

    out[0] = 1;
    for (int i = 0; i < LENGTH; i++)
        out[TYPE + i] = (uint8_t) ((uint64_t) (size + ID) >> 8 * (LENGTH - 1 - i));
    for (int i = 0; i < ID; i++)
        out[TYPE + LENGTH + i] = (uint8_t) ((id | 0x80000000) >> 8 * (ID - 1 - i));
    return TYPE + LENGTH + ID + size;
}

void
assert_ok(CiqError *error)
{
    char text[512];

    if (error == NULL)
        return;
    snprintf(text, sizeof text, "%s: %s", code_name(ciq_error_code(error)),
             ciq_error_message(error));
    ciq_error_free(error);
    fail_msg("%s", text);
}

void
assert_code(CiqError *error, Code code, const char *text)
{
    char got[512];

    if (error == NULL)
        fail_msg("succeeded, but %s was expected", code_name((int) code));
    snprintf(got, sizeof got, "%s", ciq_error_message(error));

    int got_code = ciq_error_code(error);

    ciq_error_free(error);
    if (got_code != (int) code || (text != NULL && strstr(got, text) == NULL))
        fail_msg("got %s: %s, expected %s: %s", code_name(got_code), got, code_name((int) code),
                 text != NULL ? text : "…");
}

void
wait_until(const char *what, bool (*condition)(void *argument), void *argument)
{
    struct timespec start, now;

    clock_gettime(CLOCK_MONOTONIC, &start);
    while (!condition(argument)) {
        (void) poll(NULL, 0, ASK_MS);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((now.tv_sec - start.tv_sec) * 1000 > WAIT_MAX_MS)
            fail_msg("waited too long for: %s", what);
    }
}

static json_t *
call_text(CiqClient *client, const char *name, CiqError **error, const char *text)
{
    const Method *method = method_by_name(name);
    json_error_t where;
    char wrong[256];
    json_t *json = json_loads(text, 0, &where), *answer;

    if (method == NULL)
        fail_msg("there is no method %s", name);
    if (json == NULL)
        fail_msg("%s: %s", text, where.text);

    ProtobufCMessage *request = json_to_message(method->request->descriptor, json, wrong);

    if (request == NULL)
        fail_msg("%s: %s", text, wrong);

    ProtobufCMessage *response = ciq_call(client, method, request, error);

    answer = response == NULL ? NULL : json_of_message(response);
    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    protobuf_c_message_free_unpacked(request, NULL);
    json_decref(json);
    return answer;
}

json_t *
call_json(CiqClient *client, const char *method, CiqError **error, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    assert_true(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);

    json_t *answer = call_text(client, method, error, text);

    free(text);
    return answer;
}

void
expect_json(CiqClient *client, const char *method, Code code, const char *text, const char *format,
            ...)
{
    CiqError *error = NULL;
    char *request = NULL;
    va_list arguments;

    va_start(arguments, format);
    assert_true(vasprintf(&request, format, arguments) >= 0);
    va_end(arguments);
    json_decref(call_text(client, method, &error, request));
    if ((error == NULL) != (code == CODE_OK))
        print_error("%s %s\n", method, request);
    free(request);
    if (code == CODE_OK)
        assert_ok(error);
    else
        assert_code(error, code, text);
}

const char *
json_at(const json_t *json, const char *path)
{
    static char value[4096];

    while (json != NULL && *path != '\0') {
        char name[128];
        size_t size = strcspn(path, ".");

        snprintf(name, sizeof name, "%.*s", (int) size, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(name, NULL, 10))
                                   : json_object_get(json, name);
        path += size + (path[size] == '.');
    }
    if (json_is_string(json))
        return json_string_value(json);
    snprintf(value, sizeof value, "%s",
             json_is_true(json)    ? "true"
             : json_is_false(json) ? "false"
                                   : "");
    if (json_is_integer(json))
        snprintf(value, sizeof value, "%lld", (long long) json_integer_value(json));
    if (json_is_array(json))
        snprintf(value, sizeof value, "%zu", json_array_size(json));
    return value;
}
