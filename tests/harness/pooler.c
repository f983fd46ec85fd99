/* PgBouncer as a process of the test's; see pooler.h.  */
#include "harness/pooler.h"

#include "harness/cases.h"
#include "harness/file.h"
#include "harness/text.h"
#include "harness/wait.h"

#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program[] = "/usr/sbin/pgbouncer";

bool
pooler_is_installed(void)
{
    return access(program, X_OK) == 0;
}

/* One keyword's value of a connection string, of which the last counts. */
static void
conninfo_value(const char *conninfo, const char *keyword, char value[160])
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);

    assert_non_null(options);
    value[0] = '\0';
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, keyword) == 0 && option->val != NULL)
            snprintf(value, 160, "%s", option->val);
    PQconninfoFree(options);
}

static FILE *
open_file(const Pooler *pooler, const char *name)
{
    char path[96];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", pooler->folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

static void
write_files(const Pooler *pooler, const TestDatabase *database, int size)
{
    char host[160], port[160], worker[160], owner[160];
    FILE *file = open_file(pooler, "pgbouncer.ini");

    conninfo_value(database->worker, "host", host);
    conninfo_value(database->worker, "port", port);
    conninfo_value(database->worker, "user", worker);
    conninfo_value(database->owner, "user", owner);
    fprintf(file,
            "[databases]\n* = host=%s port=%s\n[pgbouncer]\nunix_socket_dir = %s\n"
            "listen_port = 6432\nlisten_addr =\npool_mode = transaction\nauth_type = trust\n"
            "auth_file = %s/users\ndefault_pool_size = %d\nmax_client_conn = 400\n"
            "logfile = %s/log\nignore_startup_parameters = extra_float_digits\n",
            host, port[0] != '\0' ? port : "5432", pooler->folder, pooler->folder, size,
            pooler->folder);
    assert_int_equal(fclose(file), 0);
    file = open_file(pooler, "users");
    fprintf(file, "\"%s\" \"test\"\n\"%s\" \"test\"\n", owner, worker);
    assert_int_equal(fclose(file), 0);
}

static bool
is_listening(void *argument)
{
    const Pooler *pooler = argument;
    char conninfo[96];

    snprintf(conninfo, sizeof conninfo, "host=%s port=6432", pooler->folder);
    return PQping(conninfo) == PQPING_OK;
}

void
pooler_start(Pooler *pooler, const TestDatabase *database, int size)
{
    char ini[96], uid[32], gid[32];
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    char *as_user[] = {TEXT("setpriv"), uid, gid, TEXT("--clear-groups"), TEXT("--"), TEXT(program),
                       TEXT("-q"),      ini, NULL};

    folder_new(pooler->folder);
    write_files(pooler, database, size);
    if (user != NULL) {
        assert_int_equal(chown(pooler->folder, user->pw_uid, user->pw_gid), 0);
        snprintf(uid, sizeof uid, "--reuid=%u", (unsigned) user->pw_uid);
        snprintf(gid, sizeof gid, "--regid=%u", (unsigned) user->pw_gid);
    }
    snprintf(ini, sizeof ini, "%s/pgbouncer.ini", pooler->folder);
    assert_int_equal(posix_spawnp(&pooler->pid, user != NULL ? "setpriv" : program, NULL, NULL,
                                  user != NULL ? as_user : as_user + 5, environ),
                     0);
    wait_until("pgbouncer", is_listening, pooler);
}

void
pooler_stop(Pooler *pooler)
{
    kill(pooler->pid, SIGTERM);
    waitpid(pooler->pid, NULL, 0);
    folder_remove(pooler->folder);
}

void
pooler_route(const Pooler *pooler, char conninfo[160])
{
    char database[160], user[160], route[160];

    conninfo_value(conninfo, "dbname", database);
    conninfo_value(conninfo, "user", user);
    snprintf(route, sizeof route, "host=%.48s port=6432 dbname=%.40s user=%.40s", pooler->folder,
             database, user);
    snprintf(conninfo, 160, "%s", route);
}
