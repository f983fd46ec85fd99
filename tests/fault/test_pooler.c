/* Behind PgBouncer in transaction mode: every transaction may have another connection, so a
 * tenant's context that outlived its transaction would show another tenant's rows. Skipped where
 * pgbouncer is not installed.  */
#include "harness/harness.h"

#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    char folder[64];
    pid_t pid;
    TestDatabase *database;
} pooler;

static bool
is_installed(void)
{
    return access("/usr/sbin/pgbouncer", X_OK) == 0;
}

static void
write_files(void)
{
    char path[128], host[256];
    const char *tag = pooler.database->name + strlen("ciq_test_");
    FILE *file;

    /* "host=… port=… …" of the worker's connection string */
    snprintf(host, sizeof host, "%.*s", (int) strcspn(pooler.database->worker, " "),
             pooler.database->worker);
    snprintf(path, sizeof path, "%s/pgbouncer.ini", pooler.folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "[databases]\n* = %s port=5432\n[pgbouncer]\nunix_socket_dir = %s\nlisten_port = 6432\n"
            "listen_addr =\npool_mode = transaction\nauth_type = trust\nauth_file = %s/users\n"
            "default_pool_size = 2\nmax_client_conn = 200\nlogfile = %s/log\n"
            "ignore_startup_parameters = extra_float_digits\n",
            host, pooler.folder, pooler.folder, pooler.folder);
    fclose(file);
    snprintf(path, sizeof path, "%s/users", pooler.folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "\"ciq_owner_%s\" \"test\"\n\"ciq_worker_%s\" \"test\"\n", tag, tag);
    fclose(file);
}

static bool
socket_is_there(void *unused)
{
    char path[128];

    (void) unused;
    snprintf(path, sizeof path, "%s/.s.PGSQL.6432", pooler.folder);
    return access(path, F_OK) == 0;
}

static void
pooler_up(TestDatabase *database)
{
    char ini[128], uid[32], gid[32];
    const struct passwd *user = getpwnam(geteuid() == 0 ? "postgres" : "");
    char *as_user[] = {
        TEXT("setpriv"), uid, gid, TEXT("--clear-groups"), TEXT("--"), TEXT("/usr/sbin/pgbouncer"),
        TEXT("-q"),      ini, NULL};

    pooler.database = database;
    folder_new(pooler.folder);
    write_files();
    if (user != NULL) {
        assert_int_equal(chown(pooler.folder, user->pw_uid, user->pw_gid), 0);
        snprintf(uid, sizeof uid, "--reuid=%u", (unsigned) user->pw_uid);
        snprintf(gid, sizeof gid, "--regid=%u", (unsigned) user->pw_gid);
    }
    snprintf(ini, sizeof ini, "%s/pgbouncer.ini", pooler.folder);
    assert_int_equal(posix_spawnp(&pooler.pid, geteuid() == 0 ? "setpriv" : "/usr/sbin/pgbouncer",
                                  NULL, NULL, geteuid() == 0 ? as_user : as_user + 5, environ),
                     0);
    wait_until("pgbouncer", socket_is_there, NULL);
}

static void
pooler_down(void)
{
    kill(pooler.pid, SIGTERM);
    waitpid(pooler.pid, NULL, 0);
    folder_remove(pooler.folder);
}

/* Everything goes through the pooler, what the owner does too. */
static void
through_pooler(Config *config)
{
    char conninfo[256];
    const char *tag = pooler.database->name + strlen("ciq_test_");

    snprintf(conninfo, sizeof conninfo, "host=%s port=6432 dbname=%s user=ciq_worker_%s",
             pooler.folder, pooler.database->name, tag);
    setting_set(&config->database, conninfo);
    snprintf(conninfo, sizeof conninfo, "host=%s port=6432 dbname=%s user=ciq_owner_%s",
             pooler.folder, pooler.database->name, tag);
    setting_set(&config->database_owner, conninfo);
}

typedef struct CallerThread {
    const TestServer *server;
    const char *schema;
    int wrong;
} CallerThread;

static void *
call_again_and_again(void *argument)
{
    CallerThread *caller = argument;
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = caller->server->url, .tenant = caller->schema, .timeout_ms = 30000},
        &error);
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    login.email = TEXT(world_email);
    login.password = TEXT(world_password);
    CiqLoginResponse *session = ciq_login(client, &login, &error);
    if (session != NULL)
        ciq_client_set_token(client, session->token);
    caller->wrong += session == NULL;
    ciq_login_response_free(session);
    for (int i = 0; i < 100; i++) {
        CiqUser user = CLIENTIQ__V1__USER__INIT;
        CiqCreateUserRequest create = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
        char email[64];

        snprintf(email, sizeof email, "%d.%p@x.example", i, argument);
        user.email = email;
        user.department = TEXT(caller->schema);
        create.user = &user;
        CiqCreateUserResponse *made = ciq_create_user(client, &create, &error);
        CiqGetUserResponse *read = made == NULL ? NULL : user_get(client, made->user->id, &error);

        caller->wrong += read == NULL || strcmp(read->user->department, caller->schema) != 0 ||
                         strcmp(read->user->email, email) != 0;
        ciq_error_free(error);
        error = NULL;
        ciq_create_user_response_free(made);
        ciq_get_user_response_free(read);
    }
    ciq_client_free(client);
    return NULL;
}

static void
test_pooler__shows_each_tenant_its_own(void **state)
{
    enum { THREADS = 6 };
    TestDatabase database;
    TestServer server;
    CallerThread callers[THREADS];
    pthread_t threads[THREADS];

    (void) state;
    if (!is_installed())
        skip();
    database_new(&database);
    pooler_up(&database);
    server_up(&server, &database, through_pooler);
    CiqClient *platform = operator_new(&server);
    tenant_new(platform, "acme");
    tenant_new(platform, "techcorp");
    for (int i = 0; i < THREADS; i++) {
        callers[i] = (CallerThread){.server = &server, .schema = i % 2 == 0 ? "acme" : "techcorp"};
        assert_int_equal(pthread_create(&threads[i], NULL, call_again_and_again, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].wrong, 0);
    }
    assert_string_equal(database_value(&database,
                                       "select count(*) from acme.users_customuser where "
                                       "department = 'acme'"),
                        "300");
    assert_string_equal(database_value(&database,
                                       "select count(*) from acme.users_customuser where "
                                       "department not in ('', 'acme')"),
                        "0");
    /* and they went through the pooler, which has few connections */
    assert_true(atoi(database_value(&database,
                                    "select count(*) from pg_stat_activity where "
                                    "usename like 'ciq_worker%%' and datname = '%s'",
                                    database.name)) <= 2);
    ciq_client_free(platform);
    server_down(&server);
    pooler_down();
    database_drop(&database);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pooler__shows_each_tenant_its_own),
    };

    return run_cases(tests, NULL, NULL);
}
