/* ciq-server: settings, log, signals, start, wait, stop.  */
#include "command.h"
#include "command_accept.h"
#include "command_archive.h"
#include "base/config.h"
#include "base/ending.h"
#include "base/log.h"
#include "call/kept.h"
#include "call/operators.h"
#include "mail/mail.h"
#include "proto/visible.h"
#include "http/http.h"
#include "serve/urls.h"
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    STOP_MS = 2500 /* what a stop may take when drain_ms is over; with half a second more for the
                      last lines of the log, the process has ended 3 seconds after it */
};

static int
show_help(void)
{
    puts(
        "usage: ciq-server [--name value …]\n"
        "       ciq-server --help | --version | --check-config\n"
        "       ciq-server create-superuser --email ADDRESS [--password-stdin | --password-file FILE]\n"
        "                                   [--name value …]\n"
        "       ciq-server export --schema-name NAME [--output FILE] [--name value …]\n"
        "       ciq-server import [--input FILE] [--check] [--schema-name NAME] [--name NAME]\n"
        "                         [--domain HOST …] [--drop-invalid] [--name value …]\n"
        "       ciq-server accept-migrations [APP/NAME …] [--name value …]\n\n"
        "Serves tenants, users and migrations over nng.  Without --database it creates and runs a\n"
        "private PostgreSQL.  SIGTERM stops it after the calls that are running have finished.\n"
        "create-superuser creates an owner of the platform, while no server uses the data directory.\n"
        "export writes one tenant to an archive, import creates a tenant from one; a server may be running\n"
        "meanwhile.  Without FILE they use standard output and input.  --check only verifies that an archive\n"
        "is complete and undamaged.  --drop-invalid leaves out contacts and texts of the tenant that today's\n"
        "rules refuse.\n"
        "accept-migrations shows which files of migrations have changed since they were applied, with which no\n"
        "server starts, and takes those that are named, as they are, for what was applied.\n");
    config_usage(stdout);
    return 0;
}

/* Everything that fails says why, so that no process ends without a line: what has said nothing is
 * a system that has nothing left. */
static int
serve(const Config *config)
{
    Server *server = NULL;

    signal(SIGPIPE, SIG_IGN);
    errno = 0;
    /* before any other thread, which all leave the signals to that one */
    if (!ending_start(config->drain_ms + STOP_MS)) {
        fprintf(stderr, "ciq-server: cannot start: there is no thread left: %s\n", strerror(errno));
        return 1;
    }
    if (!log_start(log_level_of(config->log_level)))
        log_write(LOG_LEVEL_WARNING, "no thread for the log", "%s", "");
    server = server_start(config);
    if (server != NULL) {
        log_write(LOG_LEVEL_INFO, "ready", "version=%s", CIQ_VERSION);
        ending_wait();
        server_stop(server);
    }
    /* a stop that was asked for is no failure, whatever it cut off */
    bool is_stop = server != NULL || ending_is_asked();

    if (is_stop)
        log_write(LOG_LEVEL_INFO, "stopped", "%s", "");
    ending_step("writing the end of the log");
    log_stop();
    return is_stop ? 0 : 1;
}

/* What was printed may be on a full disk, or a pipe whose reader has gone. */
static int
finish(int status)
{
    if (fflush(stdout) == 0)
        return status;
    fprintf(stderr, "ciq-server: cannot write to standard output: %s\n", strerror(errno));
    return status != 0 ? status : 1;
}

static bool
check_listening(const Config *config)
{
    Operators operators;
    char reason[512];

    if (operators_read(config->operator_uids, &operators, reason, sizeof reason) &&
        kept_check(config, reason, sizeof reason) &&
        urls_check(config, config->listen, reason, sizeof reason) &&
        http_check(config, reason, sizeof reason))
        return true;
    fprintf(stderr, "%s\n", reason);
    return false;
}

int
main(int argc, char **argv)
{
    Config config;
    int status;
    bool check_only;

    if (!visible_guard()) {
        fputs("ciq-server: no memory\n", stderr);
        return 1;
    }
    if (command_take_word(&argc, argv, "--help"))
        return finish(show_help());
    if (argc > 1 && strcmp(argv[1], "create-superuser") == 0)
        return finish(command_create_superuser(argc - 1, argv + 1));
    if (argc > 1 && strcmp(argv[1], "export") == 0)
        return finish(command_export(argc - 1, argv + 1));
    if (argc > 1 && strcmp(argv[1], "import") == 0)
        return finish(command_import(argc - 1, argv + 1));
    if (argc > 1 && strcmp(argv[1], "accept-migrations") == 0)
        return finish(command_accept(argc - 1, argv + 1));
    if (command_take_word(&argc, argv, "--help-markdown")) {
        config_markdown(stdout);
        return finish(0);
    }
    if (command_take_word(&argc, argv, "--version")) {
        puts("ciq-server " CIQ_VERSION);
        return finish(0);
    }
    check_only = command_take_word(&argc, argv, "--check-config");
    if (!command_load_config(&config, argc, argv))
        return 2;
    if (!mail_check(&config, stderr) || !check_listening(&config)) {
        config_free(&config);
        return 2;
    }
    if (check_only) {
        config_print(&config, stdout);
        config_free(&config);
        return finish(0);
    }

    status = serve(&config);
    config_free(&config);
    return status;
}
